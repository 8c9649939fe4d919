//! Functions over text.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf::cell::{Cell, Out};
use crate::udf::text::{is_space, map_case, pad, padded, strpos, substr};

impl Binder<'_> {
    pub(super) fn text_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let is_text = call.args.first().is_some_and(|arg| arg.ty.is_text());
        if !is_text {
            let of_bytes = call.name == "concat" && call.ty == Type::Varbinary;
            return Ok(of_bytes.then(|| joined_bytes(call)));
        }
        if matches!(call.ty, Type::Char(_)) {
            return Err(Failure::unsupported(format!(
                "{} of a char: CAST it to varchar",
                call.name
            )));
        }
        // What is trimmed has no spaces to begin with; elsewhere a char counts with its own.
        let spaces_matter = !matches!(call.name, "trim" | "ltrim" | "rtrim");
        let args = call.args.iter().cloned();
        let call = &Call {
            name: call.name,
            args: args
                .map(|arg| if spaces_matter { padded(arg) } else { arg })
                .collect(),
            ty: call.ty.clone(),
        };
        Ok(match (call.name, call.args.len()) {
            ("concat", _) if matches!(call.ty, Type::Varchar(_)) => Some(joined(call)),
            ("lower", 1) => Some(call.of_text(|text| Ok(Out::Text(map_case(text, false))))),
            ("upper", 1) => Some(call.of_text(|text| Ok(Out::Text(map_case(text, true))))),
            ("length", 1) => Some(call.of_text(|text| {
                Ok(Out::Int(
                    i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
                ))
            })),
            ("reverse", 1) => {
                Some(call.of_text(|text| Ok(Out::Text(text.chars().rev().collect()))))
            }
            ("to_utf8", 1) => Some(call.of_text(|text| Ok(Out::Bytes(text.as_bytes().to_vec())))),
            ("codepoint", 1) => Some(call.of_text(|text| {
                let mut characters = text.chars();
                match (characters.next(), characters.next()) {
                    (Some(c), None) => Ok(Out::Int(i64::from(u32::from(c)))),
                    _ => Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        "Input string must be a single character string",
                    )),
                }
            })),
            ("trim" | "ltrim" | "rtrim", 1 | 2) => Some(trimmed(call)),
            ("substr" | "substring", 2 | 3) => Some(call.strict(|row| match row {
                [Cell::Text(text), Cell::Int(start)] => Ok(Out::Text(substr(text, *start, None))),
                [Cell::Text(text), Cell::Int(start), Cell::Int(length)] => {
                    Ok(Out::Text(substr(text, *start, Some(*length))))
                }
                _ => Err(misuse()),
            })),
            ("lpad" | "rpad", 3) => {
                let left = call.name == "lpad";
                Some(call.strict(move |row| match row {
                    [Cell::Text(text), Cell::Int(length), Cell::Text(with)] => {
                        Ok(Out::Text(pad(text, *length, with, left)?))
                    }
                    _ => Err(misuse()),
                }))
            }
            _ => return Ok(search(call)),
        })
    }
}

/// Without the characters of a set, or without spaces, at one or both ends.
fn trimmed(call: &Call<'_>) -> Typed {
    let (start, end) = (call.name != "rtrim", call.name != "ltrim");
    call.strict(move |row| {
        let (text, set) = match row {
            [Cell::Text(text)] => (*text, None),
            [Cell::Text(text), Cell::Text(set)] => (*text, Some(*set)),
            _ => return Err(misuse()),
        };
        let goes = |c: char| set.map_or_else(|| is_space(c), |set| set.contains(c));
        let mut text = text;
        if start {
            text = text.trim_start_matches(goes);
        }
        if end {
            text = text.trim_end_matches(goes);
        }
        Ok(Out::Text(text.to_owned()))
    })
}

fn joined(call: &Call<'_>) -> Typed {
    call.strict(|row| {
        let mut out = String::new();
        for cell in row {
            let Cell::Text(text) = cell else {
                return Err(misuse());
            };
            out.push_str(text);
        }
        Ok(Out::Text(out))
    })
}

fn joined_bytes(call: &Call<'_>) -> Typed {
    call.strict(|row| {
        let mut out = Vec::new();
        for cell in row {
            let Cell::Bytes(bytes) = cell else {
                return Err(misuse());
            };
            out.extend_from_slice(bytes);
        }
        Ok(Out::Bytes(out))
    })
}

/// Functions that look for a text in another.
fn search(call: &Call<'_>) -> Option<Typed> {
    Some(match (call.name, call.args.len()) {
        ("starts_with", 2) => call.of_texts(|text, prefix| Ok(Out::Bool(text.starts_with(prefix)))),
        ("strpos", 2 | 3) => call.strict(|row| match row {
            [Cell::Text(text), Cell::Text(needle)] => Ok(Out::Int(strpos(text, needle, 1)?)),
            [Cell::Text(text), Cell::Text(needle), Cell::Int(instance)] => {
                Ok(Out::Int(strpos(text, needle, *instance)?))
            }
            _ => Err(misuse()),
        }),
        ("split_part", 3) => call.strict(|row| match row {
            [Cell::Text(text), Cell::Text(delimiter), Cell::Int(index)] => {
                split_part(text, delimiter, *index)
            }
            _ => Err(misuse()),
        }),
        ("split", 2) => call.of_texts(|text, delimiter| {
            if delimiter.is_empty() {
                return Err(Failure::new(
                    ErrorCode::InvalidFunctionArgument,
                    "The delimiter may not be the empty string",
                ));
            }
            let parts = text.split(delimiter).map(|part| Some(part.to_owned()));
            Ok(Out::Texts(parts.collect()))
        }),
        ("replace", 2) => call.of_texts(|text, search| {
            Ok(Out::Text(if search.is_empty() {
                text.to_owned()
            } else {
                text.replace(search, "")
            }))
        }),
        ("replace", 3) => call.strict(|row| match row {
            [Cell::Text(text), Cell::Text(search), Cell::Text(with)] => {
                Ok(Out::Text(text.replace(search, with)))
            }
            _ => Err(misuse()),
        }),
        _ => return None,
    })
}

fn split_part(text: &str, delimiter: &str, index: i64) -> Result<Out> {
    if index <= 0 {
        return Err(Failure::new(
            ErrorCode::InvalidFunctionArgument,
            "Index must be greater than zero",
        ));
    }
    let n = usize::try_from(index - 1).unwrap_or(usize::MAX);
    let part = if delimiter.is_empty() {
        if index > 2_147_483_647 {
            return Err(Failure::internal("integer overflow"));
        }
        text.chars().nth(n).map(|c| c.to_string())
    } else {
        text.split(delimiter).nth(n).map(str::to_owned)
    };
    Ok(part.map_or(Out::Null, Out::Text))
}
