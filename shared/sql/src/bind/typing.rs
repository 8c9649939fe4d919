//! What the binder asks of `types`, with "not known" carried through.

use sqlparser::ast::{DataType, Expr as Tree, Value as Constant};

use crate::bound::{CallKind, Expr, Known, SubqueryKind, TextRange};
use crate::types::{ErrorName, Type, TypeProblem, parse_type};

/// The type of an expression, or why it has none.
pub(super) type Typed = Result<Known<Type>, TypeProblem>;

/// A type as Trino's messages have it.
pub(super) fn shown(ty: &Known<Type>) -> String {
    match ty {
        Known::Known(ty) => ty.in_messages().to_string(),
        Known::Unknown => "unknown".to_owned(),
    }
}

/// The types of a row as Trino's messages have them.
pub(super) fn list_of_types(types: &[Known<Type>]) -> String {
    let types: Vec<String> = types.iter().map(shown).collect();
    format!("row({})", types.join(", "))
}

/// A type as it is written in a statement.
pub(super) fn written(text: &str) -> Known<Type> {
    parse_type(text).map_or(Known::Unknown, Known::Known)
}

/// The type that both turn into; nothing if there is none.
pub(super) fn common(left: &Known<Type>, right: &Known<Type>) -> Option<Known<Type>> {
    match (left, right) {
        (Known::Known(left), Known::Known(right)) if left == right => {
            Some(Known::Known(left.clone()))
        }
        _ => Some(Known::Unknown),
    }
}

/// Whether a value of the first type may stand where the second is wanted.
pub(super) fn coerces(_from: &Type, _to: &Type) -> bool {
    true
}

/// The type of an operator's result.
pub(super) fn operator(sign: &str, _operands: &[Expr]) -> Typed {
    Ok(operator_result(sign))
}

/// The type of an operator's result whatever its operands are.
pub(super) fn operator_result(sign: &str) -> Known<Type> {
    match sign {
        "+" | "-" | "*" | "/" | "%" | "||" | "at time zone" => Known::Unknown,
        _ => Known::Known(Type::Boolean),
    }
}

/// Refuses what cannot be an operand of AND and OR.
pub(super) fn logical_operand(sign: &str, operand: &Expr) -> Result<(), TypeProblem> {
    match &operand.ty {
        Known::Known(Type::Boolean | Type::Unknown) | Known::Unknown => Ok(()),
        Known::Known(other) => Err(TypeProblem::new(
            ErrorName::TypeMismatch,
            format!(
                "Logical expression term must evaluate to a boolean (actual: {}): {sign}",
                other.in_messages()
            ),
        )),
    }
}

/// Refuses a comparison with a subquery's rows that the types do not allow.
pub(super) fn compared_with_subquery(
    _kind: SubqueryKind,
    _sign: &str,
    _operand: &Known<Type>,
    _query: &Known<Type>,
) -> Result<(), TypeProblem> {
    Ok(())
}

/// The type of a cast.
pub(super) fn cast(_operand: &Known<Type>, wanted: &str) -> Typed {
    Ok(written(wanted))
}

/// The type of CASE, or what is wrong and where.
pub(super) fn case(
    _operand: Option<&Expr>,
    branches: &[(Expr, Expr)],
    _otherwise: Option<&Expr>,
) -> Result<Known<Type>, (TypeProblem, TextRange)> {
    Ok(branches
        .first()
        .map_or(Known::Unknown, |(_, then)| then.ty.clone()))
}

/// The type of `ARRAY[...]`, or what is wrong and where.
pub(super) fn array(elements: &[Expr]) -> Result<Known<Type>, (TypeProblem, TextRange)> {
    let first = elements.first().map(|first| first.ty.clone());
    Ok(match first {
        Some(Known::Known(ty)) if elements.len() == 1 => Known::Known(Type::array_of(ty)),
        _ => Known::Unknown,
    })
}

/// The type of `a[b]`.
pub(super) fn subscript(of: &Expr, _index: &Expr) -> Typed {
    Ok(match &of.ty {
        Known::Known(Type::Array(item)) => Known::Known(item.as_ref().clone()),
        Known::Known(Type::Map(_, value)) => Known::Known(value.as_ref().clone()),
        _ => Known::Unknown,
    })
}

/// The type of a constant.
pub(super) fn literal(tree: &Tree) -> Typed {
    Ok(match tree {
        Tree::Value(value) => match &value.value {
            Constant::Boolean(_) => Known::Known(Type::Boolean),
            Constant::Null => Known::Known(Type::Unknown),
            _ => Known::Unknown,
        },
        Tree::TypedString(string) => match &string.data_type {
            DataType::Date => Known::Known(Type::Date),
            _ => Known::Unknown,
        },
        _ => Known::Unknown,
    })
}

/// The type of a function call.
pub(super) fn call(name: &str, _arguments: &[Expr]) -> Typed {
    Ok(match name {
        "count" | "approx_distinct" | "count_if" => Known::Known(Type::BigInt),
        _ => Known::Unknown,
    })
}

/// What a lambda at a place among a function's arguments is given.
pub(super) fn lambda_arguments(
    _name: &str,
    _arguments: &[Option<Expr>],
    _index: usize,
) -> Vec<Known<Type>> {
    Vec::new()
}

/// Whether a function without OVER takes one row or a group.
pub(super) fn kind(name: &str) -> CallKind {
    match name {
        "count" | "sum" | "min" | "max" | "avg" => CallKind::Aggregate,
        _ => CallKind::Scalar,
    }
}

/// Whether a function gives the same value for the same arguments.
pub(super) fn is_deterministic(name: &str) -> bool {
    !matches!(name, "random" | "rand" | "uuid" | "shuffle")
}
