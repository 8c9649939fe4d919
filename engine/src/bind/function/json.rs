//! Functions over JSON. A text stands for JSON that is read on the way; one that is none gives null.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::json::{self, Json, Path, Read};
use crate::udf::cell::{Cell, Out};

impl Binder<'_> {
    pub(super) fn json_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let Some(subject) = call.args.first() else {
            return Ok(None);
        };
        let is_json = subject.ty == Type::Json;
        Ok(Some(match call.name {
            "json_parse" => call.of_text(|text| match json::read(text) {
                Read::Value(value) => Ok(Out::Text(value.canonical())),
                Read::Invalid => Err(Failure::new(
                    ErrorCode::InvalidFunctionArgument,
                    format!("Cannot convert value to JSON: '{text}'"),
                )),
                Read::Doubtful => Err(doubtful()),
            }),
            "json_format" => call.of_text(|text| Ok(Out::Text(text.to_owned()))),
            "json_array_length" => over_json(call, |value, _| match value {
                Json::Array(items) => Ok(length(items.len())),
                _ => Ok(Out::Null),
            }),
            "is_json_scalar" if is_json => {
                over_json(call, |value, _| Ok(Out::Bool(value.is_scalar())))
            }
            "json_array_get" => over_json(call, array_get),
            "json_array_contains" => contains(call),
            "json_extract" | "json_extract_scalar" | "json_size" => extraction(call, is_json)?,
            _ => return Ok(None),
        }))
    }
}

/// What a path finds. `exact` is whether the subject is JSON rather than a text.
fn extraction(call: &Call<'_>, exact: bool) -> Result<Typed> {
    let which = call.name.to_owned();
    let Some(text) = call.args.get(1).and_then(Typed::constant_text) else {
        return Err(Failure::unsupported(format!(
            "{which} with a path that is no constant"
        )));
    };
    let Some(path) = Path::parse(text) else {
        return Err(Failure::unsupported(format!("The JSON path `{text}`")));
    };
    Ok(over_json(call, move |value, _| {
        let Some(found) = path.find(value) else {
            return Ok(Out::Null);
        };
        if !exact && which != "json_size" && found.has_doubles() {
            // Trino keeps the digits as they are written.
            return Err(Failure::unsupported(
                "Taking numbers with a point out of a text: use json_parse",
            ));
        }
        Ok(match which.as_str() {
            "json_size" => match found {
                Json::Array(items) => length(items.len()),
                Json::Object(fields) => length(fields.len()),
                _ => Out::Int(0),
            },
            "json_extract" => Out::Text(found.compact()),
            _ => match found {
                Json::Null | Json::Array(_) | Json::Object(_) => Out::Null,
                Json::Text(text) => Out::Text(text.clone()),
                other => Out::Text(other.compact()),
            },
        })
    }))
}

fn doubtful() -> Failure {
    Failure::unsupported(
        "A JSON text with keys that occur twice, with large numbers, or with an end of another kind",
    )
}

fn length(count: usize) -> Out {
    Out::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A function over the JSON value of its first argument and the others; null where that is no JSON.
fn over_json(
    call: &Call<'_>,
    run: impl Fn(&Json, &[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
) -> Typed {
    call.strict(move |row| {
        let [Cell::Text(text), rest @ ..] = row else {
            return Err(misuse());
        };
        match json::read(text) {
            Read::Value(value) => run(&value, rest),
            Read::Invalid => Ok(Out::Null),
            Read::Doubtful => Err(doubtful()),
        }
    })
}

fn array_get(value: &Json, rest: &[Cell<'_>]) -> Result<Out> {
    let [Cell::Int(index)] = rest else {
        return Err(misuse());
    };
    let Json::Array(items) = value else {
        return Ok(Out::Null);
    };
    let at = if *index >= 0 {
        usize::try_from(*index).ok()
    } else {
        usize::try_from(index.unsigned_abs())
            .ok()
            .and_then(|back| items.len().checked_sub(back))
    };
    match at.and_then(|at| items.get(at)) {
        None | Some(Json::Null) => Ok(Out::Null),
        // Trino gives the text without its quotes, which is no JSON.
        Some(Json::Text(_)) => Err(Failure::unsupported(
            "json_array_get of a text: use json_extract_scalar",
        )),
        Some(found) if found.has_doubles() => Err(Failure::unsupported(
            "json_array_get of a number with a point: use json_extract",
        )),
        Some(found) => Ok(Out::Text(found.compact())),
    }
}

fn contains(call: &Call<'_>) -> Typed {
    call.strict(|row| {
        let [Cell::Text(text), wanted] = row else {
            return Err(misuse());
        };
        if matches!(wanted, Cell::Float(value) if !value.is_finite()) {
            return Ok(Out::Bool(false));
        }
        let items = match json::read(text) {
            Read::Value(Json::Array(items)) => items,
            Read::Value(_) | Read::Invalid => return Ok(Out::Null),
            Read::Doubtful => return Err(doubtful()),
        };
        Ok(Out::Bool(items.iter().any(|item| match (item, wanted) {
            (Json::Integer(item), Cell::Int(wanted)) => item == wanted,
            #[expect(clippy::float_cmp, reason = "it is the comparison that was asked for")]
            (Json::Double(item), Cell::Float(wanted)) => item == wanted,
            (Json::Boolean(item), Cell::Bool(wanted)) => item == wanted,
            (Json::Text(item), Cell::Text(wanted)) => item == wanted,
            _ => false,
        })))
    })
}
