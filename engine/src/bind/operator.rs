//! Operators: comparison, arithmetic, `IN`, `LIKE`.

use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Like, Operator};
use sqlparser::ast::{self, BinaryOperator, Spanned, Value, ValueWithSpan};
use townlake_protocol::trino::ErrorCode;

use super::expression::{Env, boolean, negate_if};
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, common_super_type};
use crate::udf;
use crate::udf::elements::{Lists, asked, is_plain};

impl Binder<'_> {
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`
    pub(super) fn compare(&self, op: &BinaryOperator, left: Typed, right: Typed) -> Result<Typed> {
        let operator = match op {
            BinaryOperator::Eq => Operator::Eq,
            BinaryOperator::NotEq => Operator::NotEq,
            BinaryOperator::Lt => Operator::Lt,
            BinaryOperator::LtEq => Operator::LtEq,
            BinaryOperator::Gt => Operator::Gt,
            BinaryOperator::GtEq => Operator::GtEq,
            other => return Err(Failure::unsupported(format!("The operator {other}"))),
        };
        let mismatch = || {
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Cannot apply operator: {} {} {}",
                    left.ty,
                    display(operator),
                    right.ty
                ),
            )
        };
        let common = common_super_type(&left.ty, &right.ty).ok_or_else(mismatch)?;
        let ordering = !matches!(operator, Operator::Eq | Operator::NotEq);
        if (ordering && !common.is_orderable()) || !common.is_comparable() {
            return Err(mismatch());
        }
        if !ordering && plain_array(&common) {
            let lists = vec![self.coerce(left, &common)?, self.coerce(right, &common)?];
            let equal = asked("array_equal", lists, same_elements);
            return Ok(negate_if(operator == Operator::NotEq, equal));
        }
        self.comparable_here(&common)?;
        let left = self.coerce(left, &common)?;
        let right = self.coerce(right, &common)?;
        if matches!(common, Type::Real | Type::Double) {
            return Ok(boolean(float_comparison(operator, left, right)));
        }
        Ok(boolean(binary(left.expr, operator, right.expr)))
    }

    /// `=`
    pub(super) fn equals(&self, left: Typed, right: Typed) -> Result<Typed> {
        self.compare(&BinaryOperator::Eq, left, right)
    }

    /// `IS NOT DISTINCT FROM`
    pub(super) fn not_distinct(&self, left: Typed, right: Typed) -> Result<Typed> {
        let common = common_super_type(&left.ty, &right.ty)
            .ok_or_else(|| Failure::new(ErrorCode::TypeMismatch, "no common type"))?;
        if !common.is_comparable() {
            return Err(Failure::new(ErrorCode::TypeMismatch, "not comparable"));
        }
        self.comparable_here(&common)?;
        let mut left = self.coerce(left, &common)?;
        let mut right = self.coerce(right, &common)?;
        if matches!(common, Type::Real | Type::Double) {
            left = udf::number::without_negative_zero(left);
            right = udf::number::without_negative_zero(right);
        }
        Ok(boolean(binary(
            left.expr,
            Operator::IsNotDistinctFrom,
            right.expr,
        )))
    }

    /// Refuses to compare what Arrow compares otherwise than Trino.
    fn comparable_here(&self, ty: &Type) -> Result<()> {
        match ty {
            Type::Json | Type::Array(_) | Type::Map(..) | Type::Row(_) => {
                Err(Failure::unsupported(format!("Comparing values of {ty}")))
            }
            _ => Ok(()),
        }
    }

    /// `value IN (list)`
    pub(super) fn in_list(&self, value: Typed, list: Vec<Typed>) -> Result<Typed> {
        let mut common = value.ty.clone();
        for item in &list {
            common = common_super_type(&common, &item.ty).ok_or_else(|| {
                Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "IN value and list items must be the same type or coercible to a common type. Cannot find common type between {} and {}",
                        value.ty, item.ty
                    ),
                )
            })?;
        }
        if !common.is_comparable() {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!("Type {common} is not comparable"),
            ));
        }
        self.comparable_here(&common)?;
        let value = self.coerce(value, &common)?;
        let list = list
            .into_iter()
            .map(|item| self.coerce(item, &common))
            .collect::<Result<Vec<_>>>()?;
        if matches!(common, Type::Real | Type::Double) {
            return list
                .into_iter()
                .map(|item| float_comparison(Operator::Eq, value.clone(), item))
                .reduce(Expr::or)
                .map(boolean)
                .ok_or_else(|| Failure::new(ErrorCode::SyntaxError, "an IN list is empty"));
        }
        Ok(boolean(Expr::InList(InList::new(
            Box::new(value.expr),
            list.into_iter().map(|item| item.expr).collect(),
            false,
        ))))
    }

    /// `value LIKE pattern`
    pub(super) fn like(
        &self,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ValueWithSpan>,
        negated: bool,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let place = value.span();
        let value = self.expression(value, env)?;
        let pattern_place = pattern.span();
        let pattern = self.expression(pattern, env)?;
        let is_text = |ty: &Type| matches!(ty, Type::Varchar(_) | Type::Char(_) | Type::Unknown);
        if !is_text(&value.ty) {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Left side of LIKE expression must evaluate to a varchar (actual: {})",
                    value.ty
                ),
            )
            .at(place));
        }
        if !matches!(pattern.ty, Type::Varchar(_) | Type::Unknown) {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Pattern for LIKE expression must evaluate to a varchar (actual: {})",
                    pattern.ty
                ),
            )
            .at(pattern_place));
        }
        let escape = match escape {
            None => None,
            Some(ValueWithSpan {
                value: Value::SingleQuotedString(text),
                ..
            }) => Some(text.clone()),
            Some(_) => return Err(Failure::unsupported("An ESCAPE that is no string")),
        };
        let value = self.padded(value)?;
        let matches = match (pattern.constant_text(), &escape) {
            // DataFusion's LIKE takes a backslash for an escape; Trino's has none unless it says so.
            (Some(text), None) if !text.contains('\\') => boolean(Expr::Like(Like::new(
                false,
                Box::new(value.expr),
                Box::new(self.coerce(pattern, &Type::Varchar(None))?.expr),
                None,
                false,
            ))),
            _ => udf::text::like(value, self.coerce(pattern, &Type::Varchar(None))?, escape)?,
        };
        Ok(negate_if(negated, matches))
    }

    /// `+`, `-`, `*`, `/`, `%`
    pub(super) fn arithmetic(
        &self,
        op: &BinaryOperator,
        left: Typed,
        right: Typed,
    ) -> Result<Typed> {
        let symbol = op.to_string();
        let mismatch = || {
            Failure::new(
                ErrorCode::TypeMismatch,
                format!("Cannot apply operator: {} {symbol} {}", left.ty, right.ty),
            )
        };
        if let Some(result) = udf::time::arithmetic(&symbol, &left, &right, self.session)? {
            return Ok(result);
        }
        let common = common_super_type(&left.ty, &right.ty).ok_or_else(mismatch)?;
        match &common {
            Type::Unknown => {
                // NULL + NULL: Trino takes the first operator there is, over bigint or another.
                Err(Failure::unsupported("Arithmetic over NULL alone"))
            }
            Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt => {
                let left = self.coerce(left, &common)?;
                let right = self.coerce(right, &common)?;
                Ok(udf::number::integer_arithmetic(
                    &symbol, left, right, common,
                ))
            }
            Type::Real | Type::Double => {
                let left = self.coerce(left, &common)?;
                let right = self.coerce(right, &common)?;
                let operator = match op {
                    BinaryOperator::Plus => Operator::Plus,
                    BinaryOperator::Minus => Operator::Minus,
                    BinaryOperator::Multiply => Operator::Multiply,
                    BinaryOperator::Divide => Operator::Divide,
                    _ => Operator::Modulo,
                };
                Ok(Typed::new(binary(left.expr, operator, right.expr), common))
            }
            Type::Decimal(..) => {
                let left = self.as_decimal(left)?;
                let right = self.as_decimal(right)?;
                udf::number::decimal_arithmetic(&symbol, left, right)
            }
            _ => Err(mismatch()),
        }
    }

    /// An integer as the decimal that holds it; a decimal as it is.
    fn as_decimal(&self, value: Typed) -> Result<Typed> {
        match &value.ty {
            Type::Decimal(..) => Ok(value),
            Type::Unknown => self.coerce(value, &Type::Decimal(1, 0)),
            _ => {
                let ty = common_super_type(&value.ty, &Type::Decimal(1, 0))
                    .ok_or_else(|| Failure::internal("no decimal for a number"))?;
                self.coerce(value, &ty)
            }
        }
    }

    /// Unary minus.
    pub(super) fn negate(&self, value: Typed) -> Result<Typed> {
        match &value.ty {
            ty if ty.is_integer() => {
                let ty = ty.clone();
                Ok(udf::number::negate(value, ty))
            }
            Type::Real | Type::Double | Type::Decimal(..) => {
                let ty = value.ty.clone();
                Ok(Typed::new(Expr::Negative(Box::new(value.expr)), ty))
            }
            Type::IntervalDayTime | Type::IntervalYearMonth => {
                let ty = value.ty.clone();
                Ok(udf::number::negate(value, ty))
            }
            other => Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!("Cannot negate {other}"),
            )),
        }
    }
}

/// Whether it is an array of elements that are equal where their bytes are.
fn plain_array(ty: &Type) -> bool {
    matches!(ty, Type::Array(item) if is_plain(item))
}

/// Whether two arrays are equal: unknown where only nulls could tell.
fn same_elements(lists: &Lists<'_>) -> Option<bool> {
    if lists.len(0) != lists.len(1) {
        return Some(false);
    }
    let mut unknown = false;
    for (a, b) in lists.elements(0).zip(lists.elements(1)) {
        if lists.is_null(a) || lists.is_null(b) {
            unknown = true;
        } else if lists.key(a) != lists.key(b) {
            return Some(false);
        }
    }
    (!unknown).then_some(true)
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
}

fn display(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "=",
        Operator::NotEq => "<>",
        Operator::Lt => "<",
        Operator::LtEq => "<=",
        Operator::Gt => ">",
        _ => ">=",
    }
}

/// Arrow orders floats totally (NaN equals NaN and is above all, -0 is below 0); IEEE and Trino do not.
/// A comparison with a plain number stays a comparison that files can be pruned by, and only what lies
/// between the two orders is put right beside it.
fn float_comparison(operator: Operator, left: Typed, right: Typed) -> Expr {
    use datafusion::common::ScalarValue;
    let plain = |value: &Typed| match value.constant() {
        Some(ScalarValue::Float64(Some(v))) => v.is_finite() && *v != 0.0,
        Some(ScalarValue::Float32(Some(v))) => v.is_finite() && *v != 0.0,
        _ => false,
    };
    let other = match (plain(&left), plain(&right)) {
        (_, true) => Some(left.clone()),
        (true, _) => Some(right.clone()),
        _ => None,
    };
    match other {
        Some(other) => {
            let native = binary(left.expr, operator, right.expr);
            match operator {
                Operator::Eq | Operator::NotEq => native,
                _ => native.and(Expr::Not(Box::new(udf::number::is_nan(other).expr))),
            }
        }
        None => udf::number::float_compare(display(operator), left, right).expr,
    }
}
