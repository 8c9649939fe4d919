//! What the binder asks of `types`, with "not known" carried through.

use sqlparser::ast::{Expr as Tree, Interval, Value as Constant, ValueWithSpan};

use crate::bound::{CallKind, Expr, ExprKind, Known, SortKey, SubqueryKind, TextRange, Window};
use crate::types::{
    self, Argument, ErrorName, FrameEdge, FrameUnit, Kind, Type, TypeProblem, WindowClauses,
    can_coerce, common_super_type, parse_type,
};

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

/// A type as it is written in a statement, or why it is none.
pub(super) fn checked(text: &str) -> Typed {
    parse_type(text).map(Known::Known)
}

/// The type that both turn into; nothing if there is none.
pub(super) fn common(left: &Known<Type>, right: &Known<Type>) -> Option<Known<Type>> {
    match (left, right) {
        (Known::Known(left), Known::Known(right)) => {
            common_super_type(left, right).map(Known::Known)
        }
        _ => Some(Known::Unknown),
    }
}

/// Whether a value of the first type may stand where the second is wanted.
pub(super) fn coerces(from: &Type, to: &Type) -> bool {
    can_coerce(from, to)
}

/// The type of an operator's result.
pub(super) fn operator(sign: &str, operands: &[Expr]) -> Typed {
    let types: Vec<Option<&Type>> = operands.iter().map(type_of).collect();
    match types::operator(sign, &types)? {
        Some(ty) => Ok(Known::Known(ty)),
        None => Ok(operator_result(sign)),
    }
}

/// The type of an operator's result whatever its operands are.
pub(super) fn operator_result(sign: &str) -> Known<Type> {
    match sign {
        "+" | "-" | "*" | "/" | "%" | "||" | "at time zone" => Known::Unknown,
        _ => Known::Known(Type::Boolean),
    }
}

/// Refuses what cannot be an operand of AND and OR.
pub(super) fn logical_operand(operand: &Expr) -> Result<(), TypeProblem> {
    types::must_be(type_of(operand), &Type::Boolean, "Logical expression term")
}

/// Refuses a comparison with a subquery's rows that the types do not allow.
pub(super) fn compared_with_subquery(
    kind: SubqueryKind,
    operand: &Known<Type>,
    query: &Known<Type>,
) -> Result<(), TypeProblem> {
    let (Known::Known(operand), Known::Known(query)) = (operand, query) else {
        return Ok(());
    };
    let sign = match kind {
        SubqueryKind::All(sign) | SubqueryKind::Any(sign) => Some(sign),
        _ => None,
    };
    match (operand, query) {
        (Type::Row(_), Type::Row(fields)) => {
            let columns: Vec<Type> = fields.iter().map(|(_, ty)| ty.clone()).collect();
            types::compare_with_query(sign, operand, &columns)
        }
        _ => types::compare_with_query(sign, operand, std::slice::from_ref(query)),
    }
}

/// The type of a cast.
pub(super) fn cast(operand: &Known<Type>, wanted: &str) -> Typed {
    let wanted = parse_type(wanted)?;
    if let Known::Known(operand) = operand {
        types::check_cast(operand, &wanted)?;
    }
    Ok(Known::Known(wanted))
}

/// The type of CASE, or what is wrong and where.
pub(super) fn case(
    operand: Option<&Expr>,
    branches: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
) -> Result<Known<Type>, (TypeProblem, TextRange)> {
    let whens = branches.iter().map(|(when, _)| when);
    let results: Vec<&Expr> = branches
        .iter()
        .map(|(_, then)| then)
        .chain(otherwise)
        .collect();
    let parts: Vec<&Expr> = whens.clone().chain(results.iter().copied()).collect();
    let when_types: Vec<Option<&Type>> = whens.map(type_of).collect();
    let result_types: Vec<Option<&Type>> = results.iter().map(|expr| type_of(expr)).collect();
    types::case(operand.map(type_of), &when_types, &result_types)
        .map(told)
        .map_err(|problem| placed(problem, &parts))
}

/// The type of `ARRAY[...]`, or what is wrong and where.
pub(super) fn array(elements: &[Expr]) -> Result<Known<Type>, (TypeProblem, TextRange)> {
    let types: Vec<Option<&Type>> = elements.iter().map(type_of).collect();
    let parts: Vec<&Expr> = elements.iter().collect();
    types::common_type("All ARRAY elements", &types)
        .map(|item| told(item.map(Type::array_of)))
        .map_err(|problem| placed(problem, &parts))
}

/// The type of `a[b]`.
pub(super) fn subscript(of: &Expr, index: &Expr) -> Typed {
    let literal = match &index.kind {
        ExprKind::Literal(text) => text.parse().ok(),
        _ => None,
    };
    types::subscript(type_of(of), type_of(index), literal).map(told)
}

/// The type of a constant.
pub(super) fn literal(tree: &Tree) -> Typed {
    let ty = match tree {
        Tree::Value(value) => match &value.value {
            Constant::Boolean(_) => Type::Boolean,
            Constant::Null => Type::Unknown,
            Constant::Number(text, _) => types::number_literal(text)?,
            Constant::HexStringLiteral(digits) => types::binary_literal(digits)?,
            other => match text_of(other) {
                Some(text) => types::string_literal(text),
                None => return Ok(Known::Unknown),
            },
        },
        Tree::TypedString(string) => match text_of(&string.value.value) {
            Some(text) => types::typed_literal(&string.data_type.to_string(), text)?,
            None => return Ok(Known::Unknown),
        },
        Tree::Interval(interval) => return interval_type(interval),
        _ => return Ok(Known::Unknown),
    };
    Ok(Known::Known(ty))
}

/// The type of a number, with the minus if one stands before it: `-9223372036854775808` is one only with it.
pub(super) fn number(text: &str) -> Typed {
    types::number_literal(text).map(Known::Known)
}

/// The type of `json_value` and its like; nothing if the function is none of them.
pub(super) fn json(name: &str, arguments: &[Expr], returning: Option<&str>) -> Option<Typed> {
    let returning = match returning.map(parse_type).transpose() {
        Ok(returning) => returning,
        Err(problem) => return Some(Err(problem)),
    };
    let input = arguments.first().and_then(type_of);
    types::json_form(name, input, returning.as_ref()).map(|answer| answer.map(told))
}

/// Refuses a frame that reaches a distance which makes no sense with the window's order.
pub(super) fn check_frame_offset(
    unit: FrameUnit,
    edge: FrameEdge,
    offset: &Expr,
    order: &[SortKey],
) -> Result<(), TypeProblem> {
    let keys: Vec<Option<&Type>> = order.iter().map(|key| type_of(&key.expr)).collect();
    types::check_frame_offset(unit, edge, type_of(offset), &keys)
}

/// The type of a call without lambdas.
pub(super) fn call(name: &str, arguments: &[Expr]) -> Typed {
    let types: Vec<Option<&Type>> = arguments.iter().map(type_of).collect();
    match (name, arguments) {
        ("extract", [field, value]) => match &field.kind {
            ExprKind::Literal(field) => return types::extract(field, type_of(value)).map(told),
            _ => return Ok(Known::Known(Type::BigInt)),
        },
        ("position", [part, whole]) => return call("strpos", &[whole.clone(), part.clone()]),
        ("current_time" | "current_timestamp" | "localtime" | "localtimestamp", [precision]) => {
            return match &precision.kind {
                ExprKind::Literal(digits) => types::clock(name, digits.parse().ok()).map(told),
                _ => Ok(Known::Unknown),
            };
        }
        ("listagg", [_, separator, ..]) => check_separator(separator)?,
        ("normalize", [text]) => return normalized(type_of(text)),
        _ => {}
    }
    if let Some(answer) = types::special_form(name, &types) {
        return answer.map(told);
    }
    if name == "listagg" {
        return listagg(arguments);
    }
    let Some(name) = builtin(name) else {
        return Ok(Known::Unknown);
    };
    let mut arguments: Vec<Argument<'_>> = arguments.iter().map(argument).collect();
    types::resolve_function(name, &mut arguments).map(|resolved| told(resolved.result))
}

/// An argument that is no lambda, as a function sees it.
pub(super) fn argument(expr: &Expr) -> Argument<'_> {
    type_of(expr).map_or(Argument::Unknown, Argument::Value)
}

/// Whether what looks like a function is part of the grammar.
pub(super) fn is_special_form(name: &str) -> bool {
    types::special_form(name, &[]).is_some() || types::json_form(name, None, None).is_some()
}

/// Whether a function without OVER takes one row or a group.
pub(super) fn kind(name: &str) -> CallKind {
    match builtin(name).and_then(types::function_kind) {
        Some(Kind::Aggregate) => CallKind::Aggregate,
        Some(Kind::Window) => CallKind::Window,
        Some(Kind::Scalar) | None => CallKind::Scalar,
    }
}

/// Refuses OVER where it must not be, its lack where it must, and clauses that the function cannot have.
pub(super) fn check_window(name: &str, window: Option<&Window>) -> Result<(), TypeProblem> {
    let Some(name) = builtin(name) else {
        return Ok(());
    };
    let clauses = window.map(|window| WindowClauses {
        has_order: !window.order.is_empty(),
        has_frame: window.frame.is_some(),
    });
    match types::function_kind(name) {
        Some(kind) => types::check_window(name, kind, clauses),
        None => Ok(()),
    }
}

/// Whether a function gives the same value for the same arguments.
pub(super) fn is_deterministic(name: &str) -> bool {
    builtin(name).is_none_or(types::is_deterministic)
}

fn type_of(expr: &Expr) -> Option<&Type> {
    match &expr.ty {
        Known::Known(ty) => Some(ty),
        Known::Unknown => None,
    }
}

fn told(ty: Option<Type>) -> Known<Type> {
    ty.map_or(Known::Unknown, Known::Known)
}

/// A problem with the place of the operand that it is about.
fn placed(problem: TypeProblem, parts: &[&Expr]) -> (TypeProblem, TextRange) {
    let place = problem.operand.and_then(|index| parts.get(index));
    let at = place.or(parts.first()).map_or(0..0, |expr| expr.at.clone());
    (problem, at)
}

/// The name of a function of Trino's own; a name with other dots is that of a catalog's function.
pub(super) fn builtin(name: &str) -> Option<&str> {
    let name = name.strip_prefix("system.builtin.").unwrap_or(name);
    (!name.contains('.')).then_some(name)
}

/// `listagg(text, ', ')`: the separator is part of the grammar.
fn check_separator(separator: &Expr) -> Result<(), TypeProblem> {
    match &separator.kind {
        ExprKind::Literal(text) if text.starts_with('\'') => Ok(()),
        _ => Err(TypeProblem::new(
            ErrorName::SyntaxError,
            "the separator of listagg must be a string, e.g. `listagg(name, ', ')`",
        )
        .of_operand(1)),
    }
}

/// `normalize(text)`: the form, a word of the grammar, is a text to the function.
fn normalized(text: Option<&Type>) -> Typed {
    let form = Type::Varchar(Some(3));
    let text = text.map_or(Argument::Unknown, Argument::Value);
    types::resolve_function("normalize", &mut [text, Argument::Value(&form)])
        .map(|resolved| told(resolved.result))
}

fn listagg(arguments: &[Expr]) -> Typed {
    match arguments.first().and_then(type_of) {
        Some(Type::Varchar(_)) | None => Ok(Known::Known(Type::Varchar(None))),
        Some(other) => Err(TypeProblem::new(
            ErrorName::TypeMismatch,
            format!(
                "Expected expression of varchar, but the argument has {} type",
                other.in_messages()
            ),
        )
        .of_operand(0)),
    }
}

/// The text of a string, whichever way it is written.
fn text_of(constant: &Constant) -> Option<&str> {
    match constant {
        Constant::SingleQuotedString(text) | Constant::UnicodeStringLiteral(text) => Some(text),
        _ => None,
    }
}

fn interval_type(interval: &Interval) -> Typed {
    // A sign may stand before the text as well as in it.
    let text = match interval.value.as_ref() {
        Tree::UnaryOp { expr, .. } => expr,
        text => text,
    };
    let Tree::Value(ValueWithSpan { value, .. }) = text else {
        return Ok(Known::Unknown);
    };
    let (Some(text), Some(first)) = (text_of(value), &interval.leading_field) else {
        return Ok(Known::Unknown);
    };
    let last = interval.last_field.as_ref().map(ToString::to_string);
    types::interval_literal(text, &first.to_string(), last.as_deref()).map(Known::Known)
}
