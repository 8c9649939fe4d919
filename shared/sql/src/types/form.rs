//! What looks like a function but is part of the grammar: `coalesce`, `if`, `extract`, `current_date`.

use super::coerce::{can_coerce, common_super_type};
use super::operator::{common_type, must_be};
use super::{ErrorName, Type, TypeProblem};

/// A type, nothing where it is not known, or why there is none.
pub type Answer = Result<Option<Type>, TypeProblem>;

/// What a special form gives; nothing if the name is none. JSON's forms are in `json_form`.
///
/// # Errors
/// The form does not take so many arguments, or not of these types.
pub fn special_form(name: &str, arguments: &[Option<&Type>]) -> Option<Answer> {
    let lower = name.to_ascii_lowercase();
    Some(match (lower.as_str(), arguments) {
        ("coalesce", [_, _, ..]) => common_type("All COALESCE operands", arguments),
        ("coalesce", _) => Err(wrong_count(
            "The 'coalesce' function must have at least two arguments",
        )),
        ("nullif", [first, second]) => null_if(*first, *second),
        ("nullif", _) => Err(wrong_count(
            "Invalid number of arguments for 'nullif' function",
        )),
        ("if", [condition, results @ ..]) if matches!(results, [_] | [_, _]) => {
            choice(*condition, results)
        }
        ("if", _) => Err(wrong_count("Invalid number of arguments for 'if' function")),
        ("try", [value]) => Ok(value.cloned()),
        ("try", _) => Err(wrong_count(
            "The 'try' function must have exactly one argument",
        )),
        ("format", [pattern, _, ..]) => format_text(*pattern),
        ("format", _) => Err(wrong_count(
            "The 'format' function must have at least two arguments",
        )),
        ("grouping", columns) if columns.len() <= 31 => Ok(Some(Type::Integer)),
        ("grouping", _) => Ok(Some(Type::BigInt)),
        ("row", fields) => Ok(fields
            .iter()
            .map(|ty| ty.cloned())
            .collect::<Option<Vec<_>>>()
            .map(Type::row_of)),
        ("array", items) => {
            common_type("All ARRAY elements", items).map(|item| item.map(Type::array_of))
        }
        ("current_user" | "current_catalog" | "current_schema" | "current_path", []) => {
            Ok(Some(Type::Varchar(None)))
        }
        ("current_date", []) => Ok(Some(Type::Date)),
        ("current_time", []) => Ok(Some(Type::TimeTz(3))),
        ("current_timestamp", []) => Ok(Some(Type::TimestampTz(3))),
        ("localtime", []) => Ok(Some(Type::Time(3))),
        ("localtimestamp", []) => Ok(Some(Type::Timestamp(3))),
        _ => return None,
    })
}

/// What `json_value` and its like give: their first argument, and the type behind `RETURNING`. Nothing if
/// the name is none of theirs.
///
/// # Errors
/// JSON is not read from such a value, or not given as such a type.
pub fn json_form(name: &str, input: Option<&Type>, returning: Option<&Type>) -> Option<Answer> {
    let lower = name.to_ascii_lowercase();
    let result = returning.unwrap_or(&Type::Varchar(None));
    let given = || Ok(Some(result.clone()));
    Some(match lower.as_str() {
        "json_exists" => json_input(input).map(|()| Some(Type::Boolean)),
        "json_value" => json_input(input).and_then(|()| {
            let is_scalar = result.is_text()
                || result.is_numeric()
                || *result == Type::Boolean
                || result.is_temporal()
                    && !matches!(result, Type::IntervalDayTime | Type::IntervalYearMonth);
            if is_scalar {
                return given();
            }
            Err(TypeProblem::mismatch(format!(
                "Invalid return type of function JSON_VALUE: {}",
                result.in_messages()
            )))
        }),
        "json_query" => json_input(input)
            .and_then(|()| json_output(result))
            .and_then(|()| given()),
        "json_object" | "json_array" => json_output(result).and_then(|()| given()),
        _ => return None,
    })
}

fn json_input(input: Option<&Type>) -> Result<(), TypeProblem> {
    match input {
        Some(ty) if !ty.is_text() && !matches!(ty, Type::Varbinary | Type::Unknown) => {
            Err(TypeProblem::mismatch(format!(
                "Cannot read input of type {} as JSON using formatting JSON",
                ty.in_messages()
            ))
            .of_operand(0))
        }
        _ => Ok(()),
    }
}

fn json_output(result: &Type) -> Result<(), TypeProblem> {
    if result.is_text() || *result == Type::Varbinary {
        return Ok(());
    }
    Err(TypeProblem::mismatch(format!(
        "Cannot output JSON value as {} using formatting JSON",
        result.in_messages()
    )))
}

/// What `current_timestamp(p)` and its like give.
///
/// # Errors
/// The precision is too large.
pub fn clock(name: &str, precision: Option<u64>) -> Answer {
    let Some(given) = precision else {
        return special_form(name, &[]).unwrap_or(Ok(None));
    };
    let checked = |of: &str| super::parse::precision(of, given);
    match name.to_ascii_lowercase().as_str() {
        "current_time" => checked("TIME WITH TIME ZONE").map(|p| Some(Type::TimeTz(p))),
        "current_timestamp" => {
            checked("TIMESTAMP WITH TIME ZONE").map(|p| Some(Type::TimestampTz(p)))
        }
        "localtime" => checked("TIME").map(|p| Some(Type::Time(p))),
        "localtimestamp" => checked("TIMESTAMP").map(|p| Some(Type::Timestamp(p))),
        _ => Ok(None),
    }
}

/// What `extract(field FROM value)` gives.
///
/// # Errors
/// The value has no such field, or there is no such field at all.
pub fn extract(field: &str, value: Option<&Type>) -> Answer {
    let field = field.to_ascii_uppercase();
    let has_day = |ty: &Type| matches!(ty, Type::Date | Type::Timestamp(_) | Type::TimestampTz(_));
    let has_zone = |ty: &Type| matches!(ty, Type::TimestampTz(_) | Type::TimeTz(_));
    let has_time = |ty: &Type| has_zone(ty) || matches!(ty, Type::Time(_) | Type::Timestamp(_));
    let fits = |ty: &Type| match field.as_str() {
        "YEAR" | "MONTH" => Some(has_day(ty) || *ty == Type::IntervalYearMonth),
        "DAY" => Some(has_day(ty) || *ty == Type::IntervalDayTime),
        "QUARTER" | "WEEK" | "DAY_OF_MONTH" | "DAY_OF_WEEK" | "DOW" | "DAY_OF_YEAR" | "DOY"
        | "YEAR_OF_WEEK" | "YOW" => Some(has_day(ty)),
        "HOUR" | "MINUTE" | "SECOND" => Some(has_time(ty) || *ty == Type::IntervalDayTime),
        "TIMEZONE_MINUTE" | "TIMEZONE_HOUR" => Some(has_zone(ty)),
        _ => None,
    };
    match fits(value.unwrap_or(&Type::Date)) {
        None => Err(TypeProblem::new(
            ErrorName::SyntaxError,
            format!("Invalid EXTRACT field: {field}"),
        )),
        Some(false) if let Some(ty) = value => Err(TypeProblem::mismatch(format!(
            "Cannot extract {field} from {}",
            ty.in_messages()
        ))),
        Some(_) => Ok(Some(Type::BigInt)),
    }
}

/// What `CASE` gives: the type compared with each WHEN if there is one, the WHENs, and all results.
///
/// # Errors
/// A condition is not boolean, a WHEN cannot be compared, or the results have no common type. The problem's
/// operand counts through the WHENs and then through the results.
pub fn case(
    operand: Option<Option<&Type>>,
    whens: &[Option<&Type>],
    results: &[Option<&Type>],
) -> Answer {
    match operand {
        None => {
            for (index, when) in whens.iter().enumerate() {
                must_be(*when, &Type::Boolean, "CASE WHEN clause")
                    .map_err(|problem| problem.of_operand(index))?;
            }
        }
        Some(operand) => check_whens(operand, whens)?,
    }
    common_type("All CASE results", results).map_err(|mut problem| {
        problem.operand = problem.operand.map(|index| index + whens.len());
        problem
    })
}

/// The type that a value and a query's one column, or a row and a query's columns, are compared as:
/// `x IN (SELECT ...)`, `x > ALL (SELECT ...)`; the sign is nothing for `IN`.
///
/// # Errors
/// They cannot be compared.
pub fn compare_with_query(
    sign: Option<&str>,
    value: &Type,
    columns: &[Type],
) -> Result<(), TypeProblem> {
    let row = match value {
        Type::Row(_) | Type::Unknown => value.clone(),
        single => Type::row_of([single.clone()]),
    };
    let query = Type::row_of(columns.iter().cloned());
    let Some(common) = common_super_type(&row, &query) else {
        return Err(TypeProblem::mismatch(format!(
            "Value expression and result of subquery must be of the same type: {} vs {}",
            row.in_messages(),
            query.in_messages()
        )));
    };
    let (needed, is_able) = match sign {
        None => return Ok(()),
        Some("=" | "<>" | "!=") => ("comparable", common.is_comparable()),
        Some(_) => ("orderable", common.is_orderable()),
    };
    if is_able {
        return Ok(());
    }
    Err(TypeProblem::mismatch(format!(
        "Type [{}] must be {needed} in order to be used in quantified comparison",
        common.in_messages()
    )))
}

fn wrong_count(message: &str) -> TypeProblem {
    TypeProblem::new(ErrorName::InvalidFunctionArgument, message)
}

fn null_if(first: Option<&Type>, second: Option<&Type>) -> Answer {
    if let (Some(first), Some(second)) = (first, second)
        && common_super_type(first, second).is_none()
    {
        return Err(TypeProblem::mismatch(format!(
            "Types are not comparable with NULLIF: {} vs {}",
            first.in_messages(),
            second.in_messages()
        )));
    }
    Ok(first.cloned())
}

fn choice(condition: Option<&Type>, results: &[Option<&Type>]) -> Answer {
    must_be(condition, &Type::Boolean, "IF condition").map_err(|problem| problem.of_operand(0))?;
    match results {
        [Some(yes), Some(no)] => common_super_type(yes, no)
            .filter(|common| can_coerce(yes, common) && can_coerce(no, common))
            .map(Some)
            .ok_or_else(|| {
                TypeProblem::mismatch(format!(
                    "Result types for IF must be the same: {} vs {}",
                    yes.in_messages(),
                    no.in_messages()
                ))
            }),
        [result] => Ok(result.cloned()),
        _ => Ok(None),
    }
}

fn format_text(pattern: Option<&Type>) -> Answer {
    match pattern {
        Some(Type::Varchar(_)) | None => Ok(Some(Type::Varchar(None))),
        Some(other) => Err(TypeProblem::mismatch(format!(
            "Type of first argument to format() must be VARCHAR (actual: {})",
            other.in_messages()
        ))),
    }
}

fn check_whens(operand: Option<&Type>, whens: &[Option<&Type>]) -> Result<(), TypeProblem> {
    let Some(operand) = operand else {
        return Ok(());
    };
    let mut common = operand.clone();
    for (index, when) in whens.iter().enumerate() {
        let Some(when) = when else {
            continue;
        };
        common = common_super_type(&common, when).ok_or_else(|| {
            TypeProblem::mismatch(format!(
                "CASE operand type does not match WHEN clause operand type: {} vs {}",
                operand.in_messages(),
                when.in_messages()
            ))
            .of_operand(index)
        })?;
    }
    Ok(())
}
