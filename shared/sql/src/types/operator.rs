//! What operators give, and which types they take.

use std::sync::LazyLock;

use super::coerce::{can_coerce, common_super_type};
use super::declarations::Declarations;
use super::form::Answer;
use super::function::{resolve, resolve_function};
use super::solve::{Argument, Misfit};
use super::{ErrorName, Type, TypeProblem};

static OPERATORS: LazyLock<Declarations> =
    LazyLock::new(|| Declarations::of(include_str!("operators.txt")));

/// What an operator takes and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The types that the operands turn into; nothing where it depends on what is not known.
    pub operands: Vec<Option<Type>>,
    /// The type that it gives; nothing where that depends on what is not known.
    pub result: Option<Type>,
}

/// What an operator gives, by its sign in lower case: `+` (also with one operand), `and`, `not`, `=`, `<>`,
/// `is null`, `is distinct from`, `like`, `between`, `in` with the list behind the first operand,
/// `at time zone`, `||`; each predicate also with `not` inside.
///
/// # Errors
/// There is no such operator for these types.
pub fn operator(sign: &str, operands: &[Option<&Type>]) -> Answer {
    if let Some(operation) = operation(sign, operands) {
        return operation.map(|operation| operation.result);
    }
    match (sign, operands) {
        ("+", [Some(value)]) => plus(value),
        ("+", [None]) => Ok(None),
        ("||", [_, _]) => concatenation(operands),
        ("and" | "or", terms) => {
            for (index, term) in terms.iter().enumerate() {
                must_be(*term, &Type::Boolean, "Logical expression term")
                    .map_err(|problem| problem.of_operand(index))?;
            }
            Ok(Some(Type::Boolean))
        }
        ("not", [value]) => {
            must_be(*value, &Type::Boolean, "Value of logical NOT expression")
                .map_err(|problem| problem.of_operand(0))?;
            Ok(Some(Type::Boolean))
        }
        ("is null" | "is not null", _) => Ok(Some(Type::Boolean)),
        ("like" | "not like", [value, pattern @ ..]) => like(*value, pattern),
        ("between" | "not between", [value, low, high]) => between(*value, *low, *high),
        ("in" | "not in", _) => {
            common_type("IN value and list items", operands)?;
            Ok(Some(Type::Boolean))
        }
        ("at time zone", [value, ..]) => {
            at_time_zone(*value).map_err(|problem| problem.of_operand(0))
        }
        _ => Ok(None),
    }
}

/// What arithmetic, a comparison, `is distinct from` or `[]` (of arrays and maps) takes and gives; nothing
/// if the sign is none of these.
///
/// # Errors
/// There is no such operator for these types.
pub fn operation(sign: &str, operands: &[Option<&Type>]) -> Option<Result<Operation, TypeProblem>> {
    Some(match (sign, operands) {
        ("-", [_]) => lookup("negation", operands, |types| {
            format!("Cannot negate {}", spelled(types, 0))
        }),
        ("+" | "-" | "*" | "/" | "%", [_, _]) => arithmetic(sign, operands),
        ("=" | "<>" | "!=", [_, _]) => arithmetic("=", operands),
        ("<" | ">", [_, _]) => arithmetic("<", operands),
        ("<=" | ">=", [_, _]) => arithmetic("<=", operands),
        ("is distinct from" | "is not distinct from", [_, _]) => {
            lookup("is distinct from", operands, |types| {
                let (left, right) = (spelled(types, 0), spelled(types, 1));
                format!("Cannot check if {left} is identical to {right}")
            })
        }
        ("[]", [_, _]) => lookup("subscript", operands, |types| {
            let (of, index) = (spelled(types, 0), spelled(types, 1));
            format!("Cannot use {index} for subscript of {of}")
        }),
        _ => return None,
    })
}

/// What `of[index]` gives. A row's index must be written out: `literal` is the number, if it is one.
///
/// # Errors
/// There is no such place, or these types have no places.
pub fn subscript(of: Option<&Type>, index: Option<&Type>, literal: Option<i64>) -> Answer {
    let Some(Type::Row(fields)) = of else {
        return operator("[]", &[of, index]);
    };
    let Some(place) = literal else {
        return Err(TypeProblem::new(
            ErrorName::ExpressionNotConstant,
            "Subscript expression on ROW requires a constant index",
        )
        .of_operand(1));
    };
    if let Some(index) = index
        && *index != Type::Integer
    {
        let index = index.in_messages();
        return Err(TypeProblem::mismatch(format!(
            "Subscript expression on ROW requires integer index, found {index}"
        ))
        .of_operand(1));
    }
    let field = usize::try_from(place)
        .ok()
        .and_then(|place| place.checked_sub(1))
        .map(|at| fields.get(at));
    match field {
        Some(Some((_, ty))) => Ok(Some(ty.clone())),
        Some(None) => Err(TypeProblem::new(
            ErrorName::InvalidFunctionArgument,
            format!(
                "Subscript index out of bounds: {place}, max value is {}",
                fields.len()
            ),
        )
        .of_operand(1)),
        None => Err(TypeProblem::new(
            ErrorName::InvalidFunctionArgument,
            format!("Invalid subscript index: {place}. ROW indices start at 1"),
        )
        .of_operand(1)),
    }
}

/// The type that all of these turn into. `what` stands at the start of the message, e.g. `All CASE results`.
///
/// # Errors
/// There is no such type.
pub fn common_type(what: &str, types: &[Option<&Type>]) -> Answer {
    let mut known: Vec<&Type> = Vec::new();
    for ty in types.iter().copied().flatten() {
        if !known.contains(&ty) {
            known.push(ty);
        }
    }
    let refuse = |common: &Type, ty: &Type| {
        let place = types.iter().position(|found| *found == Some(ty));
        let all: Vec<String> = known
            .iter()
            .map(|ty| ty.in_messages().to_string())
            .collect();
        let mut problem = TypeProblem::mismatch(format!(
            "{what} must be the same type or coercible to a common type. Cannot find common type between {} and {}, all types (without duplicates): [{}]",
            common.in_messages(),
            ty.in_messages(),
            all.join(", ")
        ));
        problem.operand = place;
        problem
    };
    let mut common = Type::Unknown;
    for ty in &known {
        common = common_super_type(&common, ty).ok_or_else(|| refuse(&common, ty))?;
    }
    for ty in &known {
        if !can_coerce(ty, &common) {
            return Err(refuse(&common, ty));
        }
    }
    Ok((!types.contains(&None)).then_some(common))
}

/// Fails unless a value of the type may stand where `wanted` is needed. `what` starts the message.
///
/// # Errors
/// It does not turn into it.
pub fn must_be(ty: Option<&Type>, wanted: &Type, what: &str) -> Result<(), TypeProblem> {
    match ty {
        Some(ty) if !can_coerce(ty, wanted) => Err(TypeProblem::mismatch(format!(
            "{what} must evaluate to a {} (actual: {})",
            wanted.in_messages(),
            ty.in_messages()
        ))),
        _ => Ok(()),
    }
}

/// Looks an operator up as a function is.
fn lookup(
    name: &str,
    operands: &[Option<&Type>],
    refusal: impl Fn(&[Option<&Type>]) -> String,
) -> Result<Operation, TypeProblem> {
    let candidates = OPERATORS.named(name);
    let mut arguments = as_arguments(operands);
    match resolve(candidates, &mut arguments) {
        Ok((operands, result)) => Ok(Operation { operands, result }),
        Err(Misfit::Problem(problem)) => Err(problem),
        Err(Misfit::No | Misfit::Unknown) => Err(TypeProblem::mismatch(refusal(operands))),
    }
}

fn as_arguments<'a>(operands: &[Option<&'a Type>]) -> Vec<Argument<'a>> {
    operands
        .iter()
        .map(|operand| operand.map_or(Argument::Unknown, Argument::Value))
        .collect()
}

fn spelled(types: &[Option<&Type>], at: usize) -> String {
    types
        .get(at)
        .copied()
        .flatten()
        .map(|ty| ty.in_messages().to_string())
        .unwrap_or_default()
}

fn arithmetic(sign: &str, operands: &[Option<&Type>]) -> Result<Operation, TypeProblem> {
    lookup(sign, operands, |types| {
        let (left, right) = (spelled(types, 0), spelled(types, 1));
        format!("Cannot apply operator: {left} {sign} {right}")
    })
}

fn plus(value: &Type) -> Answer {
    if value.is_integer() || matches!(value, Type::Real | Type::Double) {
        return Ok(Some(value.clone()));
    }
    // Trino's own slip: it leaves the decimals out.
    Err(TypeProblem::mismatch(format!(
        "Unary '+' operator cannot by applied to {} type",
        value.in_messages()
    )))
}

fn concatenation(operands: &[Option<&Type>]) -> Answer {
    let mut arguments = as_arguments(operands);
    resolve_function("concat", &mut arguments).map(|resolved| resolved.result)
}

fn like(value: Option<&Type>, patterns: &[Option<&Type>]) -> Answer {
    if !value.is_some_and(Type::is_text) {
        must_be(value, &Type::Varchar(None), "Left side of LIKE expression")
            .map_err(|problem| problem.of_operand(0))?;
    }
    let names = ["Pattern for LIKE expression", "Escape for LIKE expression"];
    for (index, (pattern, name)) in patterns.iter().zip(names).enumerate() {
        must_be(*pattern, &Type::Varchar(None), name)
            .map_err(|problem| problem.of_operand(index + 1))?;
    }
    Ok(Some(Type::Boolean))
}

fn between(value: Option<&Type>, low: Option<&Type>, high: Option<&Type>) -> Answer {
    let mut common = Type::Unknown;
    for ty in [value, low, high].into_iter().flatten() {
        match common_super_type(&common, ty) {
            Some(wider) if wider.is_orderable() => common = wider,
            _ => {
                let [value, low, high] = [0, 1, 2].map(|at| spelled(&[value, low, high], at));
                return Err(TypeProblem::mismatch(format!(
                    "Cannot check if {value} is BETWEEN {low} and {high}"
                )));
            }
        }
    }
    Ok(Some(Type::Boolean))
}

fn at_time_zone(value: Option<&Type>) -> Answer {
    match value {
        None => Ok(None),
        Some(Type::Time(p) | Type::TimeTz(p)) => Ok(Some(Type::TimeTz(*p))),
        Some(Type::Timestamp(p) | Type::TimestampTz(p)) => Ok(Some(Type::TimestampTz(*p))),
        Some(other) => Err(TypeProblem::mismatch(format!(
            "Type of value must be a time or timestamp with or without time zone (actual {})",
            other.in_messages()
        ))),
    }
}
