//! Operators: comparison, arithmetic, `IN`, `LIKE`.

use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Like, Operator};
use sqlparser::ast::{self, BinaryOperator, Spanned, Value, ValueWithSpan};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, operation, operator};

use super::expression::{Env, boolean, negate_if};
use super::{Binder, Typed};
use crate::error::{Failure, Result};
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
        let ([left, right], _) = self.operands(display(operator), left, right)?;
        let negated = operator == Operator::NotEq;
        if plain_array(&left.ty) && matches!(operator, Operator::Eq | Operator::NotEq) {
            let equal = asked("array_equal", vec![left, right], same_elements);
            return Ok(negate_if(negated, equal));
        }
        self.comparable_here(&left.ty)?;
        if matches!(left.ty, Type::Real | Type::Double) {
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
        let ([mut left, mut right], _) = self.operands("is not distinct from", left, right)?;
        self.comparable_here(&left.ty)?;
        if matches!(left.ty, Type::Real | Type::Double) {
            left = udf::number::without_negative_zero(left);
            right = udf::number::without_negative_zero(right);
        }
        Ok(boolean(binary(
            left.expr,
            Operator::IsNotDistinctFrom,
            right.expr,
        )))
    }

    /// Two operands as the operator takes them, and the type that it gives.
    pub(super) fn operands(
        &self,
        sign: &str,
        left: Typed,
        right: Typed,
    ) -> Result<([Typed; 2], Type)> {
        let answer = operation(sign, &[Some(&left.ty), Some(&right.ty)]).transpose()?;
        let known = answer.and_then(|operation| match operation.operands.as_slice() {
            [Some(a), Some(b)] => Some((a.clone(), b.clone(), operation.result?)),
            _ => None,
        });
        let (a, b, result) = known.ok_or_else(|| Failure::internal("an operator without types"))?;
        Ok(([self.coerce(left, &a)?, self.coerce(right, &b)?], result))
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
        let mut all = vec![value];
        all.extend(list);
        let common = self.common_type("IN value and list items", &all)?;
        if !common.is_comparable() {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!("Type {} is not comparable", common.in_messages()),
            ));
        }
        self.comparable_here(&common)?;
        let mut all = all.into_iter().map(|item| self.coerce(item, &common));
        let value = all
            .next()
            .ok_or_else(|| Failure::internal("IN without a value"))??;
        let list = all.collect::<Result<Vec<_>>>()?;
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
        operator("like", &[Some(&value.ty), Some(&pattern.ty)]).map_err(|problem| {
            let place = match problem.operand {
                Some(1) => pattern_place,
                _ => place,
            };
            Failure::from(problem).at(place)
        })?;
        let escape = match escape {
            None => None,
            Some(ValueWithSpan {
                value: Value::SingleQuotedString(text),
                ..
            }) => Some(text.clone()),
            Some(_) => return Err(Failure::unsupported("An ESCAPE that is no string")),
        };
        let value = match value.ty {
            Type::Char(_) => udf::text::padded(value),
            _ => self.coerce(value, &Type::Varchar(None))?,
        };
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
        let ([left, right], ty) = self.operands(&symbol, left, right)?;
        match &ty {
            Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt => {
                Ok(udf::number::integer_arithmetic(&symbol, left, right, ty))
            }
            Type::Real | Type::Double => {
                let operator = match op {
                    BinaryOperator::Plus => Operator::Plus,
                    BinaryOperator::Minus => Operator::Minus,
                    BinaryOperator::Multiply => Operator::Multiply,
                    BinaryOperator::Divide => Operator::Divide,
                    _ => Operator::Modulo,
                };
                Ok(Typed::new(binary(left.expr, operator, right.expr), ty))
            }
            Type::Decimal(..) => udf::number::decimal_arithmetic(&symbol, left, right, ty),
            _ => udf::time::arithmetic(&symbol, left, right, ty),
        }
    }

    /// Unary minus.
    pub(super) fn negate(&self, value: Typed) -> Result<Typed> {
        let ty = operator("-", &[Some(&value.ty)])?.unwrap_or(Type::Unknown);
        let value = self.coerce(value, &ty)?;
        if matches!(ty, Type::Real | Type::Double | Type::Decimal(..)) {
            return Ok(Typed::new(Expr::Negative(Box::new(value.expr)), ty));
        }
        Ok(udf::number::negate(value, ty))
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
