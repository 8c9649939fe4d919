//! Expressions.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Case, Expr, Like};
use sqlparser::ast::{self, BinaryOperator, Spanned, UnaryOperator, Value, ValueWithSpan};
use townlake_protocol::trino::ErrorCode;

use super::aggregate::{Aggregation, is_aggregate, not_grouped};
use super::query::Names;
use super::scope::Scope;
use super::window::Windows;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, common_super_type, parse_type};
use crate::udf;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub struct Env<'e> {
    /// The columns in reach.
    pub scope: &'e Scope<'e>,
    /// The WITH queries in reach.
    pub names: &'e Names<'e>,
    /// For messages.
    pub clause: &'static str,
    /// The aggregation of the SELECT, where aggregates may stand.
    pub aggregation: Option<&'e Aggregation>,
    /// The windows of the SELECT, where window functions may stand.
    pub windows: Option<&'e Windows<'e>>,
}

impl<'e> Env<'e> {
    /// A place where neither aggregates nor window functions may stand.
    pub fn plain(scope: &'e Scope<'e>, names: &'e Names<'e>, clause: &'static str) -> Self {
        Self {
            scope,
            names,
            clause,
            aggregation: None,
            windows: None,
        }
    }
}

impl Binder<'_> {
    /// A condition: a boolean.
    pub(super) fn condition(&self, expr: &ast::Expr, env: &Env<'_>, clause: &str) -> Result<Expr> {
        let value = self.expression(expr, env)?;
        if !matches!(value.ty, Type::Boolean | Type::Unknown) {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "{clause} must evaluate to a boolean: actual type {}",
                    value.ty
                ),
            )
            .at(expr.span()));
        }
        Ok(self.coerce(value, &Type::Boolean)?.expr)
    }

    /// Any expression.
    pub(super) fn expression(&self, expr: &ast::Expr, env: &Env<'_>) -> Result<Typed> {
        self.deeper(|| {
            if let Some(aggregation) = env.aggregation
                && !aggregation.groups.is_empty()
                && !matches!(expr, ast::Expr::Value(_) | ast::Expr::Nested(_))
                && let Some(group) = self.as_group(expr, aggregation, env)
            {
                return Ok(group);
            }
            self.expression_in(expr, env)
                .map_err(|failure| failure.at(expr.span()))
        })
    }

    /// The GROUP BY key that the expression is, if it is one.
    fn as_group(
        &self,
        expr: &ast::Expr,
        aggregation: &Aggregation,
        env: &Env<'_>,
    ) -> Option<Typed> {
        // An expression with an aggregate or a subquery in it is never a key.
        if super::aggregate::has_aggregate(expr) {
            return None;
        }
        let inner = Env {
            aggregation: None,
            windows: None,
            ..*env
        };
        let value = self.expression(expr, &inner).ok()?;
        aggregation
            .groups
            .iter()
            .find(|group| group.value.expr == value.expr)
            .map(|group| Typed::column(&group.symbol, group.value.ty.clone()))
    }

    fn expression_in(&self, expr: &ast::Expr, env: &Env<'_>) -> Result<Typed> {
        match expr {
            ast::Expr::Nested(inner) => self.expression(inner, env),
            ast::Expr::Identifier(ident) => self.name(std::slice::from_ref(ident), env),
            ast::Expr::CompoundIdentifier(parts) => self.name(parts, env),
            ast::Expr::Value(value) => self.value(value),
            ast::Expr::TypedString(typed) => self.typed_string(typed),
            ast::Expr::Interval(interval) => self.interval(interval),
            ast::Expr::UnaryOp { op, expr: inner } => self.unary(*op, inner, env),
            ast::Expr::BinaryOp { left, op, right } => self.binary(left, op, right, env),
            ast::Expr::IsNull(e) => Ok(boolean(self.expression(e, env)?.expr.is_null())),
            ast::Expr::IsNotNull(e) => Ok(boolean(self.expression(e, env)?.expr.is_not_null())),
            ast::Expr::IsDistinctFrom(a, b) => self.distinct_from(a, b, false, env),
            ast::Expr::IsNotDistinctFrom(a, b) => self.distinct_from(a, b, true, env),
            ast::Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let value = self.expression(expr, env)?;
                let low = self.expression(low, env)?;
                let high = self.expression(high, env)?;
                let types = format!("{} BETWEEN {} AND {}", value.ty, low.ty, high.ty);
                let both = (|| {
                    let from = self.compare(&BinaryOperator::GtEq, value.clone(), low)?;
                    let to = self.compare(&BinaryOperator::LtEq, value, high)?;
                    Ok(boolean(from.expr.and(to.expr)))
                })()
                .map_err(|failure: Failure| match failure.code {
                    ErrorCode::TypeMismatch => {
                        Failure::new(ErrorCode::TypeMismatch, format!("Cannot check if {types}"))
                    }
                    _ => failure,
                })?;
                Ok(negate_if(*negated, both))
            }
            ast::Expr::InList {
                expr,
                list,
                negated,
            } => {
                let value = self.expression(expr, env)?;
                let list = list
                    .iter()
                    .map(|item| self.expression(item, env))
                    .collect::<Result<Vec<_>>>()?;
                Ok(negate_if(*negated, self.in_list(value, list)?))
            }
            ast::Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => self.in_subquery(expr, subquery, *negated, env),
            ast::Expr::Exists { subquery, negated } => self.exists(subquery, *negated, env),
            ast::Expr::Subquery(query) => self.scalar_subquery(query, env),
            ast::Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => self.like(expr, pattern, escape_char.as_ref(), *negated, env),
            ast::Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref(), env),
            ast::Expr::Cast {
                kind,
                expr,
                data_type,
                array: false,
                format: None,
            } => {
                let value = self.expression(expr, env)?;
                let to = self.sql_type(data_type)?;
                match kind {
                    ast::CastKind::Cast => self.cast(value, &to, false),
                    ast::CastKind::TryCast => self.cast(value, &to, true),
                    _ => Err(Failure::new(
                        ErrorCode::SyntaxError,
                        "write CAST(... AS ...)",
                    )),
                }
            }
            ast::Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let value = self.expression(timestamp, env)?;
                let zone = self.expression(time_zone, env)?;
                self.at_time_zone(value, &zone)
            }
            ast::Expr::Extract { field, expr, .. } => {
                let value = self.expression(expr, env)?;
                self.extract(&field.to_string().to_lowercase(), value)
            }
            ast::Expr::Ceil {
                expr,
                field: ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime),
            } => {
                let value = self.expression(expr, env)?;
                self.call("ceil", vec![value])
            }
            ast::Expr::Floor {
                expr,
                field: ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime),
            } => {
                let value = self.expression(expr, env)?;
                self.call("floor", vec![value])
            }
            ast::Expr::Position { expr, r#in } => {
                let needle = self.expression(expr, env)?;
                let text = self.expression(r#in, env)?;
                self.call("strpos", vec![text, needle])
            }
            ast::Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let mut args = vec![self.expression(expr, env)?];
                match (substring_from, substring_for) {
                    (Some(from), length) => {
                        args.push(self.expression(from, env)?);
                        if let Some(length) = length {
                            args.push(self.expression(length, env)?);
                        }
                    }
                    _ => return Err(Failure::unsupported("SUBSTRING without a start")),
                }
                self.call("substr", args)
            }
            ast::Expr::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters: None,
            } => {
                let mut args = vec![self.expression(expr, env)?];
                if let Some(what) = trim_what {
                    args.push(self.expression(what, env)?);
                }
                let function = match trim_where {
                    None | Some(ast::TrimWhereField::Both) => "trim",
                    Some(ast::TrimWhereField::Leading) => "ltrim",
                    Some(ast::TrimWhereField::Trailing) => "rtrim",
                };
                self.call(function, args)
            }
            ast::Expr::Array(array) => self.array(&array.elem, env),
            ast::Expr::Tuple(items) => self.row(items, env),
            ast::Expr::CompoundFieldAccess { root, access_chain } => {
                self.access_chain(root, access_chain, env)
            }
            ast::Expr::Function(function) => self.function(function, env),
            other => Err(Failure::unsupported(describe(other))),
        }
    }

    /// A column, or a field of a row column.
    fn name(&self, parts: &[ast::Ident], env: &Env<'_>) -> Result<Typed> {
        // `current_user` and its like come as plain names.
        if let [single] = parts
            && single.quote_style.is_none()
            && let Some(value) = self.special_name(&single.value.to_lowercase())?
        {
            return Ok(value);
        }
        for known in (1..=parts.len()).rev() {
            let (column, rest) = parts.split_at(known);
            let Some(found) = env.scope.find(column)? else {
                continue;
            };
            if !rest.is_empty() && !matches!(found.field.ty, Type::Row(_)) {
                continue;
            }
            let mut value = self.field_expr(found.field, found.depth)?;
            if env.aggregation.is_some() && found.depth == 0 {
                // Grouped columns were found before this.
                let name = super::scope::lower(column).join(".");
                return Err(not_grouped(&name));
            }
            for part in rest {
                value = self.dereference(value, part)?;
            }
            return Ok(value);
        }
        let name = parts
            .iter()
            .map(|part| part.value.as_str())
            .collect::<Vec<_>>()
            .join(".");
        Err(Failure::new(
            ErrorCode::ColumnNotFound,
            format!("Column '{}' cannot be resolved", name.to_lowercase()),
        ))
    }

    fn dereference(&self, value: Typed, name: &ast::Ident) -> Result<Typed> {
        let Type::Row(fields) = &value.ty else {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!("Expression {} is not of type ROW", name.value),
            ));
        };
        let wanted = name.value.to_lowercase();
        let mut hits = fields
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| name.as_ref().is_some_and(|n| n.to_lowercase() == wanted));
        match (hits.next(), hits.next()) {
            (Some((i, (_, ty))), None) => Ok(udf::row::field(value.clone(), i, ty.clone())),
            (Some(_), Some(_)) => Err(Failure::new(
                ErrorCode::AmbiguousName,
                format!("Ambiguous row field reference: {wanted}"),
            )),
            (None, _) => Err(Failure::new(
                ErrorCode::ColumnNotFound,
                format!("Column '{wanted}' cannot be resolved"),
            )),
        }
    }

    fn access_chain(
        &self,
        root: &ast::Expr,
        chain: &[ast::AccessExpr],
        env: &Env<'_>,
    ) -> Result<Typed> {
        let mut value = self.expression(root, env)?;
        for access in chain {
            value = match access {
                ast::AccessExpr::Dot(ast::Expr::Identifier(name)) => {
                    self.dereference(value, name)?
                }
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                    let index = self.expression(index, env)?;
                    self.subscript(value, index)?
                }
                _ => return Err(Failure::unsupported("This way to reach into a value")),
            };
        }
        Ok(value)
    }

    /// A type as SQL writes it.
    pub(super) fn sql_type(&self, data_type: &ast::DataType) -> Result<Type> {
        use crate::types::TypeError;
        let text = match data_type {
            ast::DataType::Array(ast::ArrayElemTypeDef::Parenthesis(item)) => {
                return Ok(Type::Array(Self::arc(self.sql_type(item)?)));
            }
            ast::DataType::Map(key, value) => {
                return Ok(Type::Map(
                    Self::arc(self.sql_type(key)?),
                    Self::arc(self.sql_type(value)?),
                ));
            }
            other => other.to_string(),
        };
        match parse_type(&text) {
            Ok(Type::TimestampTz(p, _)) => Ok(Type::TimestampTz(p, self.session.zone_name())),
            Ok(ty) => Ok(ty),
            Err(TypeError::Unknown(_)) => Err(Failure::new(
                ErrorCode::TypeNotFound,
                format!("Unknown type: {}", text.to_lowercase()),
            )),
            Err(error @ TypeError::Unsupported(_)) => {
                Err(Failure::new(ErrorCode::NotSupported, error.to_string()))
            }
            Err(error @ TypeError::Parameter(_)) => Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                error.to_string(),
            )),
        }
    }

    fn unary(&self, op: UnaryOperator, inner: &ast::Expr, env: &Env<'_>) -> Result<Typed> {
        match op {
            UnaryOperator::Not => {
                let value = self.condition(inner, env, "Value of logical NOT expression")?;
                Ok(boolean(Expr::Not(Box::new(value))))
            }
            UnaryOperator::Minus => {
                // The smallest integers exist only with their sign.
                if let ast::Expr::Value(ValueWithSpan {
                    value: Value::Number(text, _),
                    ..
                }) = inner
                    && !text.is_empty()
                {
                    return self.number(&format!("-{text}"));
                }
                let value = self.expression(inner, env)?;
                self.negate(value)
            }
            UnaryOperator::Plus => {
                let value = self.expression(inner, env)?;
                if value.ty.is_numeric() || value.ty == Type::Unknown {
                    return Ok(value);
                }
                Err(Failure::new(
                    ErrorCode::TypeMismatch,
                    format!("Unary '+' operator cannot by applied to {} type", value.ty),
                ))
            }
            other => Err(Failure::unsupported(format!("The operator {other}"))),
        }
    }

    fn binary(
        &self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        env: &Env<'_>,
    ) -> Result<Typed> {
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let l = self.condition(left, env, "Logical expression term")?;
                let r = self.condition(right, env, "Logical expression term")?;
                Ok(boolean(if *op == BinaryOperator::And {
                    l.and(r)
                } else {
                    l.or(r)
                }))
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                // `= ALL (SELECT ...)` and its like come as AnyOp and AllOp.
                let l = self.expression(left, env)?;
                let r = self.expression(right, env)?;
                self.compare(op, l, r).map_err(|f| f.at(right.span()))
            }
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo => {
                let l = self.expression(left, env)?;
                let r = self.expression(right, env)?;
                self.arithmetic(op, l, r)
            }
            BinaryOperator::StringConcat => {
                let l = self.expression(left, env)?;
                let r = self.expression(right, env)?;
                self.call("concat", vec![l, r])
            }
            other => Err(Failure::unsupported(format!("The operator {other}"))),
        }
    }

    fn distinct_from(
        &self,
        a: &ast::Expr,
        b: &ast::Expr,
        negated: bool,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let a = self.expression(a, env)?;
        let b = self.expression(b, env)?;
        let (x, y) = (a.ty.clone(), b.ty.clone());
        let result = self
            .not_distinct(a, b)
            .map_err(|failure| match failure.code {
                ErrorCode::TypeMismatch => Failure::new(
                    ErrorCode::TypeMismatch,
                    format!("Cannot check if {x} is identical to {y}"),
                ),
                _ => failure,
            })?;
        Ok(negate_if(!negated, result))
    }

    fn like(
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

    fn case(
        &self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let operand = operand.map(|e| self.expression(e, env)).transpose()?;
        let mut whens = Vec::new();
        let mut results = Vec::new();
        for when in conditions {
            let condition = match &operand {
                None => boolean(self.condition(&when.condition, env, "CASE WHEN clause")?),
                Some(operand) => {
                    let value = self.expression(&when.condition, env)?;
                    self.compare(&BinaryOperator::Eq, operand.clone(), value)?
                }
            };
            whens.push(condition.expr);
            results.push(self.expression(&when.result, env)?);
        }
        let otherwise = otherwise.map(|e| self.expression(e, env)).transpose()?;
        let all: Vec<&Typed> = results.iter().chain(otherwise.as_ref()).collect();
        let common = self.common(&all).ok_or_else(|| {
            let types: Vec<String> = all.iter().map(|value| value.ty.to_string()).collect();
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "All CASE results must be the same type or coercible to a common type. Cannot find common type between {}",
                    types.join(" and ")
                ),
            )
        })?;
        self.same_zones(&all)?;
        let pairs = whens
            .into_iter()
            .zip(results)
            .map(|(when, then)| Ok((Box::new(when), Box::new(self.coerce(then, &common)?.expr))))
            .collect::<Result<Vec<_>>>()?;
        let otherwise = match otherwise {
            Some(value) => self.coerce(value, &common)?,
            None => Typed::null(common.clone()),
        };
        Ok(Typed::new(
            Expr::Case(Case::new(None, pairs, Some(Box::new(otherwise.expr)))),
            common,
        ))
    }

    /// `IF(condition, a, b)`
    pub(super) fn if_then(&self, condition: Expr, then: Typed, otherwise: Typed) -> Result<Typed> {
        let common = self.common(&[&then, &otherwise]).ok_or_else(|| {
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Result types for IF must be the same: {} vs {}",
                    then.ty, otherwise.ty
                ),
            )
        })?;
        self.same_zones(&[&then, &otherwise])?;
        let then = self.coerce(then, &common)?;
        let otherwise = self.coerce(otherwise, &common)?;
        Ok(Typed::new(
            Expr::Case(Case::new(
                None,
                vec![(Box::new(condition), Box::new(then.expr))],
                Some(Box::new(otherwise.expr)),
            )),
            common,
        ))
    }

    /// The first that is not null.
    pub(super) fn coalesce(&self, args: Vec<Typed>) -> Result<Typed> {
        let refs: Vec<&Typed> = args.iter().collect();
        let common = self.common(&refs).ok_or_else(|| {
            let types: Vec<String> = args.iter().map(|value| value.ty.to_string()).collect();
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "All COALESCE operands must be the same type or coercible to a common type. Cannot find common type between {}",
                    types.join(" and ")
                ),
            )
        })?;
        self.same_zones(&refs)?;
        let args = args
            .into_iter()
            .map(|arg| Ok(self.coerce(arg, &common)?.expr))
            .collect::<Result<Vec<_>>>()?;
        // CASE rather than DataFusion's coalesce, so that what comes after the first value is not
        // evaluated and cannot fail.
        let Some((last, rest)) = args.split_last() else {
            return Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                "The 'coalesce' function must have at least two arguments",
            ));
        };
        let pairs = rest
            .iter()
            .map(|arg| (Box::new(arg.clone().is_not_null()), Box::new(arg.clone())))
            .collect();
        Ok(Typed::new(
            Expr::Case(Case::new(None, pairs, Some(Box::new(last.clone())))),
            common,
        ))
    }

    /// The type that all turn into.
    pub(super) fn common(&self, values: &[&Typed]) -> Option<Type> {
        values.iter().try_fold(Type::Unknown, |common, value| {
            common_super_type(&common, &value.ty)
        })
    }

    /// A zone belongs to an expression here, so values of two zones cannot become one column.
    pub(super) fn same_zone(&self, a: &Type, b: &Type) -> Result<()> {
        match (a, b) {
            (Type::TimestampTz(_, x), Type::TimestampTz(_, y)) if x.0 != y.0 => {
                Err(Failure::unsupported(format!(
                    "One column with values in the zones {} and {}",
                    x.0, y.0
                )))
            }
            (Type::TimestampTz(_, zone), Type::Timestamp(_) | Type::Date)
            | (Type::Timestamp(_) | Type::Date, Type::TimestampTz(_, zone))
                if zone.0 != self.session.zone_name().0 =>
            {
                Err(Failure::unsupported(format!(
                    "One column with values in the zones {} and {}",
                    zone.0,
                    self.session.zone_name().0
                )))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn same_zones(&self, values: &[&Typed]) -> Result<()> {
        for pair in values.windows(2) {
            if let [a, b] = pair {
                self.same_zone(&a.ty, &b.ty)?;
            }
        }
        if let (Some(first), Some(last)) = (values.first(), values.last()) {
            self.same_zone(&first.ty, &last.ty)?;
        }
        Ok(())
    }

    fn array(&self, items: &[ast::Expr], env: &Env<'_>) -> Result<Typed> {
        let items = items
            .iter()
            .map(|item| self.expression(item, env))
            .collect::<Result<Vec<_>>>()?;
        let refs: Vec<&Typed> = items.iter().collect();
        let common = self.common(&refs).ok_or_else(|| {
            Failure::new(
                ErrorCode::TypeMismatch,
                "All ARRAY elements must be the same type or coercible to a common type.",
            )
        })?;
        self.same_zones(&refs)?;
        let items = items
            .into_iter()
            .map(|item| self.coerce(item, &common))
            .collect::<Result<Vec<_>>>()?;
        Ok(udf::array::make(items, common))
    }

    pub(super) fn row(&self, items: &[ast::Expr], env: &Env<'_>) -> Result<Typed> {
        let items = items
            .iter()
            .map(|item| self.expression(item, env))
            .collect::<Result<Vec<_>>>()?;
        Ok(udf::row::make(items))
    }

    /// A function by its name.
    fn function(&self, function: &ast::Function, env: &Env<'_>) -> Result<Typed> {
        if function.uses_odbc_syntax || !matches!(function.parameters, ast::FunctionArguments::None)
        {
            return Err(Failure::unsupported("This way to call a function"));
        }
        let name = match function.name.0.as_slice() {
            [ast::ObjectNamePart::Identifier(ident)] => ident.value.to_lowercase(),
            _ => {
                return Err(Failure::new(
                    ErrorCode::FunctionNotFound,
                    format!("Function '{}' not registered", function.name),
                ));
            }
        };
        if let Some(over) = &function.over {
            return self.window_call(&name, function, over, env);
        }
        if is_aggregate(&name) {
            return self.aggregate_call(&name, function, env);
        }
        if function.filter.is_some() || !function.within_group.is_empty() {
            return Err(Failure::new(
                ErrorCode::FunctionNotAggregate,
                format!("Filter is only valid for aggregation functions: {name}"),
            ));
        }
        if function.null_treatment.is_some() {
            return Err(Failure::new(
                ErrorCode::NullTreatmentNotAllowed,
                "Cannot specify null treatment clause for scalar function",
            ));
        }
        let args = match &function.args {
            ast::FunctionArguments::None => {
                return match self.special_name(&name)? {
                    Some(value) => Ok(value),
                    None => Err(Failure::unsupported(format!("{name} without brackets"))),
                };
            }
            ast::FunctionArguments::Subquery(_) => {
                return Err(Failure::unsupported("A subquery as an argument"));
            }
            ast::FunctionArguments::List(list) => {
                if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                    return Err(Failure::unsupported(format!("A clause within {name}(...)")));
                }
                let mut args = Vec::new();
                for arg in &list.args {
                    match arg {
                        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(arg)) => {
                            args.push(arg)
                        }
                        _ => return Err(Failure::unsupported(format!("This argument of {name}"))),
                    }
                }
                args
            }
        };
        if args.iter().any(|arg| matches!(arg, ast::Expr::Lambda(_))) {
            return Err(Failure::unsupported(format!("{name} with a lambda")));
        }
        match (name.as_str(), args.as_slice()) {
            ("try", [inner]) => {
                let _ = inner;
                Err(Failure::unsupported("TRY"))
            }
            ("if", [condition, then]) => {
                let condition = self.condition(condition, env, "IF condition")?;
                let then = self.expression(then, env)?;
                let null = Typed::null(Type::Unknown);
                self.if_then(condition, then, null)
            }
            ("if", [condition, then, otherwise]) => {
                let condition = self.condition(condition, env, "IF condition")?;
                let then = self.expression(then, env)?;
                let otherwise = self.expression(otherwise, env)?;
                self.if_then(condition, then, otherwise)
            }
            ("row", items) => {
                let items: Vec<ast::Expr> = items.iter().map(|item| (*item).clone()).collect();
                self.row(&items, env)
            }
            ("grouping", _) => Err(Failure::unsupported("grouping()")),
            _ => {
                let args = args
                    .iter()
                    .map(|arg| self.expression(arg, env))
                    .collect::<Result<Vec<_>>>()?;
                self.call(&name, args)
            }
        }
    }

    /// The functions without brackets: `current_user`, `current_date` and their like.
    fn special_name(&self, name: &str) -> Result<Option<Typed>> {
        Ok(Some(match name {
            "current_user" => {
                let mut user = Typed::varchar(&self.session.user);
                user.ty = Type::Varchar(None);
                user
            }
            "current_catalog" | "current_schema" => {
                let value = if name == "current_catalog" {
                    &self.session.catalog
                } else {
                    &self.session.schema
                };
                Typed::literal(ScalarValue::Utf8(value.clone()), Type::Varchar(None))
            }
            "current_date" | "current_timestamp" | "localtimestamp" | "current_time"
            | "localtime" => self.call(name, Vec::new())?,
            _ => return Ok(None),
        }))
    }

    fn value(&self, value: &ValueWithSpan) -> Result<Typed> {
        match &value.value {
            Value::Null => Ok(Typed::literal(ScalarValue::Null, Type::Unknown)),
            Value::Boolean(value) => Ok(Typed::boolean(*value)),
            Value::Number(text, false) => self.number(text),
            Value::SingleQuotedString(text) => Ok(Typed::varchar(text)),
            Value::UnicodeStringLiteral(text) => Ok(Typed::varchar(text)),
            Value::HexStringLiteral(text) => self.hex(text),
            Value::Placeholder(name) => self.parameter(name),
            _ => Err(Failure::unsupported(format!("The literal {value}"))),
        }
    }

    fn parameter(&self, name: &str) -> Result<Typed> {
        let index: Option<usize> = name.strip_prefix('?').and_then(|n| n.parse().ok());
        match index
            .and_then(|i| i.checked_sub(1))
            .and_then(|i| self.parameters.get(i))
        {
            Some(value) => {
                let scope = Scope {
                    fields: &[],
                    parent: None,
                };
                let names = Names::default();
                // A parameter cannot hold another one: they were bound from literals.
                self.expression(value, &Env::plain(&scope, &names, "parameter"))
            }
            None => Err(Failure::new(
                ErrorCode::InvalidParameterUsage,
                "Incorrect number of parameters: fewer values than question marks",
            )),
        }
    }
}

/// A boolean expression.
pub(super) fn boolean(expr: Expr) -> Typed {
    Typed::new(expr, Type::Boolean)
}

pub(super) fn negate_if(negated: bool, value: Typed) -> Typed {
    if negated {
        boolean(Expr::Not(Box::new(value.expr)))
    } else {
        value
    }
}

/// What a refusal calls an expression of a kind that the engine does not know.
fn describe(expr: &ast::Expr) -> String {
    let text = expr.to_string();
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        format!("The expression `{short}...`")
    } else {
        format!("The expression `{text}`")
    }
}
