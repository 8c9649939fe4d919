//! Which expressions of sqlparser's tree are Trino's.

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArgumentClause, FunctionArguments, Ident,
    UnaryOperator, Value,
};
use townlake_core::names::is_reserved;

use super::allowed::hinted;
use super::{not_understood, span};
use crate::error::ReadError;
use crate::hints::function_hint;
use crate::tokens::span_of;

/// Refuses expressions that Trino does not have. Subqueries in the others are visited by themselves.
pub(super) fn check_expression(expression: &Expr) -> Result<(), ReadError> {
    match expression {
        Expr::Identifier(name) => check_name(name),
        Expr::CompoundIdentifier(names) => names.iter().try_for_each(check_name),
        Expr::CompoundFieldAccess { .. }
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(_, _)
        | Expr::IsNotDistinctFrom(_, _)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { any: false, .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::GroupingSets(_)
        | Expr::Cube(_)
        | Expr::Rollup(_)
        | Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Wildcard(_)
        | Expr::Named { .. }
        | Expr::Lambda(_) => Ok(()),
        Expr::BinaryOp { op, right, .. } => check_operator(op, right),
        Expr::Cast {
            kind: CastKind::Cast | CastKind::TryCast,
            array: false,
            format: None,
            ..
        } => Ok(()),
        Expr::Function(function) => {
            let plain = !function.uses_odbc_syntax
                && matches!(function.parameters, FunctionArguments::None)
                && !matches!(function.args, FunctionArguments::Subquery(_));
            if !plain {
                return Err(not_understood("this kind of function call", span(function)));
            }
            check_arguments(function)?;
            check_form(function)
        }
        Expr::Interval(interval) if is_quoted(&interval.value) => Ok(()),
        Expr::Interval(_) => Err(hinted(
            "an INTERVAL without quotes",
            "write INTERVAL '1' DAY",
            expression,
        )),
        Expr::ILike { .. } => Err(hinted(
            "ILIKE",
            "write `lower(x) LIKE lower(pattern)`",
            expression,
        )),
        Expr::RLike { expr, .. } | Expr::SimilarTo { expr, .. } => Err(hinted(
            "this kind of pattern",
            "write regexp_like(x, pattern)",
            expr.as_ref(),
        )),
        Expr::Like { any: true, .. } => {
            let hint = "write a LIKE for each pattern, with OR between them";
            Err(hinted("LIKE ANY", hint, expression))
        }
        Expr::Convert { .. } => {
            let hint = "write CAST(x AS type)";
            Err(hinted("a type as an argument", hint, expression))
        }
        Expr::Collate { .. } => Err(not_understood("COLLATE", span(expression))),
        Expr::InUnnest { .. } => {
            let hint = "write contains(array, x)";
            Err(hinted("IN UNNEST", hint, expression))
        }
        _ => Err(not_understood("this kind of expression", span(expression))),
    }
}

/// sqlparser takes any word for a name where it has no other use for it.
fn check_name(name: &Ident) -> Result<(), ReadError> {
    let is_function = name.value.to_ascii_uppercase().starts_with("CURRENT_");
    if name.quote_style.is_some() || is_function || !is_reserved(&name.value) {
        return Ok(());
    }
    Err(ReadError::Syntax {
        message: format!("expected an expression, found `{}`", name.value),
        at: span_of(name.span.start),
    })
}

/// sqlparser knows the operators of all dialects.
fn check_operator(operator: &BinaryOperator, right: &Expr) -> Result<(), ReadError> {
    let hint = match operator {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::StringConcat
        | BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or => return Ok(()),
        BinaryOperator::Arrow | BinaryOperator::LongArrow => {
            "write json_extract(x, '$.path') or json_extract_scalar"
        }
        BinaryOperator::Xor => "write `a <> b`",
        BinaryOperator::MyIntegerDivide => "write `a / b`",
        BinaryOperator::Overlaps => "write `start1 < end2 AND start2 < end1`",
        _ => {
            return Err(not_understood(
                &format!("the operator `{operator}`"),
                span(right),
            ));
        }
    };
    Err(hinted(&format!("the operator `{operator}`"), hint, right))
}

/// Reserved words that Trino's grammar or this crate has calls of.
const CALLED: [&str; 15] = [
    "CURRENT_CATALOG",
    "CURRENT_PATH",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_USER",
    "GROUPING",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_TABLE",
    "JSON_VALUE",
    "LISTAGG",
    "NORMALIZE",
    "TABLE",
];

/// Refuses calls that Trino's grammar does not have, whatever the function.
fn check_form(function: &Function) -> Result<(), ReadError> {
    let [name] = function.name.0.as_slice() else {
        return Ok(());
    };
    let Some(name) = name.as_ident().filter(|name| name.quote_style.is_none()) else {
        return Ok(());
    };
    let is = |word: &str| name.value.eq_ignore_ascii_case(word);
    let is_clock = [
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "LOCALTIME",
        "LOCALTIMESTAMP",
    ]
    .into_iter()
    .any(is);
    let is_empty = matches!(&function.args, FunctionArguments::List(list) if list.args.is_empty());
    if is_clock && is_empty {
        let what = format!("`{}()`", name.value);
        return Err(hinted(&what, "write it without parentheses", function));
    }
    // sqlparser reads a call of any word.
    if is_reserved(&name.value) && !is_clock && !CALLED.into_iter().any(is) {
        let message = format!("expected an expression, found `{}`", name.value);
        let message = match function_hint(&name.value) {
            Some(hint) => format!("{message}: {hint}"),
            None => message,
        };
        return Err(ReadError::Syntax {
            message,
            at: span_of(name.span.start),
        });
    }
    match (is("LISTAGG"), function.within_group.is_empty()) {
        (true, false) | (false, true) => Ok(()),
        (true, true) => Err(hinted(
            "listagg without an order",
            "write listagg(x, ',') WITHIN GROUP (ORDER BY x)",
            function,
        )),
        (false, false) => Err(hinted(
            "WITHIN GROUP of another function than listagg",
            "a median is approx_percentile(x, 0.5)",
            function,
        )),
    }
}

fn check_arguments(function: &Function) -> Result<(), ReadError> {
    let FunctionArguments::List(list) = &function.args else {
        return Ok(());
    };
    for clause in &list.clauses {
        match clause {
            FunctionArgumentClause::OrderBy(_)
            | FunctionArgumentClause::OnOverflow(_)
            | FunctionArgumentClause::IgnoreOrRespectNulls(_) => {}
            FunctionArgumentClause::Separator(_) => {
                let hint = "write listagg(x, ',') WITHIN GROUP (ORDER BY x)";
                return Err(hinted("SEPARATOR", hint, function));
            }
            _ => return Err(not_understood("this kind of argument", span(function))),
        }
    }
    Ok(())
}

/// Whether an interval's value is a string, maybe with a sign.
fn is_quoted(value: &Expr) -> bool {
    match value {
        Expr::Value(value) => matches!(value.value, Value::SingleQuotedString(_)),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_quoted(expr),
        _ => false,
    }
}
