//! Expressions.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use sqlparser::ast::{self, BinaryOperator, Spanned, UnaryOperator, Value, ValueWithSpan};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, can_coerce, extract, must_be, operator, parse_type};

use super::aggregate::Aggregation;
use super::conditional::one_zone;
use super::query::Names;
use super::scope::Scope;
use super::window::Windows;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
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
    /// A clause's condition: a boolean.
    pub(super) fn condition(&self, expr: &ast::Expr, env: &Env<'_>, clause: &str) -> Result<Expr> {
        let value = self.expression(expr, env)?;
        if !can_coerce(&value.ty, &Type::Boolean) {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "{clause} must evaluate to a boolean: actual type {}",
                    value.ty.in_messages()
                ),
            )
            .at(expr.span()));
        }
        Ok(self.coerce(value, &Type::Boolean)?.expr)
    }

    /// What AND, OR and NOT stand between; `what` starts the message.
    fn term(&self, expr: &ast::Expr, env: &Env<'_>, what: &str) -> Result<Expr> {
        let value = self.expression(expr, env)?;
        must_be(Some(&value.ty), &Type::Boolean, what)
            .map_err(|problem| Failure::from(problem).at(expr.span()))?;
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
            .find(|group| group.value == value)
            .map(|group| group.value.stored_as(&group.symbol))
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
                operator("between", &[Some(&value.ty), Some(&low.ty), Some(&high.ty)])?;
                let from = self.compare(&BinaryOperator::GtEq, value.clone(), low)?;
                let to = self.compare(&BinaryOperator::LtEq, value, high)?;
                let both = boolean(from.expr.and(to.expr));
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
                let to = parse_type(&data_type.to_string())?;
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
                let field = field.to_string();
                extract(&field, Some(&value.ty))?;
                self.extract(&field.to_lowercase(), value)
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

    fn unary(&self, op: UnaryOperator, inner: &ast::Expr, env: &Env<'_>) -> Result<Typed> {
        match op {
            UnaryOperator::Not => {
                let value = self.term(inner, env, "Value of logical NOT expression")?;
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
                operator("+", &[Some(&value.ty)])?;
                Ok(value)
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
                let l = self.term(left, env, "Logical expression term")?;
                let r = self.term(right, env, "Logical expression term")?;
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
        let result = self.not_distinct(a, b)?;
        Ok(negate_if(!negated, result))
    }

    fn array(&self, items: &[ast::Expr], env: &Env<'_>) -> Result<Typed> {
        let items = items
            .iter()
            .map(|item| self.expression(item, env))
            .collect::<Result<Vec<_>>>()?;
        let common = self.common_type("All ARRAY elements", &items)?;
        Ok(udf::array::make(self.unified(items, &common)?, common))
    }

    pub(super) fn row(&self, items: &[ast::Expr], env: &Env<'_>) -> Result<Typed> {
        let items = items
            .iter()
            .map(|item| self.expression(item, env))
            .collect::<Result<Vec<_>>>()?;
        self.row_of(items)
    }

    pub(super) fn row_of(&self, items: Vec<Typed>) -> Result<Typed> {
        one_zone(&items)?;
        Ok(udf::row::make(items))
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
