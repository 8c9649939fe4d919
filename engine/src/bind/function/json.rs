//! Functions over JSON. A text stands for JSON that is read on the way; one that is none gives null.

use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::json::{self, Json, Path, Read};
use crate::types::{Type, can_coerce};
use crate::udf::cell::{Cell, Out};
use crate::udf::strict;

impl Binder<'_> {
    pub(super) fn json_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let Some(subject) = args.first() else {
            return Ok(None);
        };
        if !matches!(subject.ty, Type::Json | Type::Varchar(_)) {
            return Ok(None);
        }
        let is_json = subject.ty == Type::Json;
        let one = vec![subject.clone()];
        Ok(match (name, args) {
            ("json_parse", [_]) if !is_json => Some(strict(name, one, Type::Json, |row| {
                let [Cell::Text(text)] = row else {
                    return Err(misuse());
                };
                match json::read(text) {
                    Read::Value(value) => Ok(Out::Text(value.canonical())),
                    Read::Invalid => Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        format!("Cannot convert value to JSON: '{text}'"),
                    )),
                    Read::Doubtful => Err(doubtful()),
                }
            })),
            ("json_format", [_]) if is_json => {
                Some(strict(name, one, Type::Varchar(None), |row| match row {
                    [Cell::Text(text)] => Ok(Out::Text((*text).to_owned())),
                    _ => Err(misuse()),
                }))
            }
            ("json_array_length", [_]) => {
                Some(over_json(name, one, Type::BigInt, |value, _| match value {
                    Json::Array(items) => Ok(length(items.len())),
                    _ => Ok(Out::Null),
                }))
            }
            ("is_json_scalar", [_]) if is_json => {
                Some(over_json(name, one, Type::Boolean, |value, _| {
                    Ok(Out::Bool(value.is_scalar()))
                }))
            }
            ("json_array_get", [_, index]) if can_coerce(&index.ty, &Type::BigInt) => {
                let index = self.coerce(index.clone(), &Type::BigInt)?;
                Some(over_json(
                    name,
                    vec![subject.clone(), index],
                    Type::Json,
                    array_get,
                ))
            }
            ("json_array_contains", [_, wanted]) => {
                let to = match &wanted.ty {
                    Type::Boolean => Type::Boolean,
                    Type::Varchar(_) => Type::Varchar(None),
                    ty if can_coerce(ty, &Type::BigInt) => Type::BigInt,
                    ty if can_coerce(ty, &Type::Double) => Type::Double,
                    _ => return Ok(None),
                };
                let wanted = self.coerce(wanted.clone(), &to)?;
                let args = vec![subject.clone(), wanted];
                Some(contains(format!("{name}({to})"), args))
            }
            ("json_extract" | "json_extract_scalar" | "json_size", [_, path]) => {
                self.extraction(name, subject, path)?
            }
            _ => None,
        })
    }

    fn extraction(&self, name: &str, subject: &Typed, path: &Typed) -> Result<Option<Typed>> {
        let Some(text) = path.constant_text() else {
            return Err(Failure::unsupported(format!(
                "{name} with a path that is no constant"
            )));
        };
        let Some(path) = Path::parse(text) else {
            return Err(Failure::unsupported(format!("The JSON path `{text}`")));
        };
        let exact = subject.ty == Type::Json;
        let full = format!("{name}({text})");
        let args = vec![subject.clone()];
        let ty = match (name, &subject.ty) {
            ("json_size", _) => Type::BigInt,
            ("json_extract", _) => Type::Json,
            (_, ty @ Type::Varchar(_)) => ty.clone(),
            _ => Type::Varchar(None),
        };
        let which = name.to_owned();
        Ok(Some(over_json(full, args, ty, move |value, _| {
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
        })))
    }
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
    name: impl Into<String>,
    args: Vec<Typed>,
    ty: Type,
    run: impl Fn(&Json, &[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
) -> Typed {
    strict(name, args, ty, move |row| {
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

fn contains(name: String, args: Vec<Typed>) -> Typed {
    strict(name, args, Type::Boolean, |row| {
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
