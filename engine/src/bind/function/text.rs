//! Functions over text.

use std::sync::Arc;

use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::Type;
use crate::udf::cell::{Cell, Out};
use crate::udf::{self, strict};

/// Functions whose first argument is a text and that are bound here.
const TEXT_FUNCTIONS: &[&str] = &[
    "codepoint",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "replace",
    "reverse",
    "rpad",
    "rtrim",
    "split",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "substring",
    "to_utf8",
    "trim",
    "upper",
];

/// Functions that keep a char a char, or are not sure to pad it as Trino does.
const NOT_OF_CHAR: &[&str] = &[
    "lower",
    "replace",
    "reverse",
    "split",
    "split_part",
    "starts_with",
    "strpos",
    "upper",
];

/// A call of a function over a text, its first argument.
pub(super) struct TextCall<'c> {
    binder: &'c Binder<'c>,
    name: &'c str,
    args: &'c [Typed],
    /// The text, a varchar.
    pub subject: Typed,
}

impl<'c> TextCall<'c> {
    /// Nothing if the first argument is no text: arrays, bytes and numbers have other functions of the
    /// same name, or none.
    pub(super) fn new(
        binder: &'c Binder<'c>,
        name: &'c str,
        args: &'c [Typed],
    ) -> Result<Option<Self>> {
        match args.first() {
            Some(first) if is_text(first) => Ok(Some(Self {
                binder,
                name,
                args,
                subject: match first.ty {
                    // What is trimmed has no spaces to begin with.
                    Type::Char(n) if matches!(name, "trim" | "ltrim" | "rtrim") => {
                        Typed::new(first.expr.clone(), Type::Varchar(Some(n)))
                    }
                    _ => binder.padded(first.clone())?,
                },
            })),
            _ => Ok(None),
        }
    }

    /// The nth argument if it is a text.
    pub(super) fn text(&self, n: usize) -> Result<Option<Typed>> {
        self.args
            .get(n)
            .filter(|arg| is_text(arg))
            .map(|arg| self.binder.padded(arg.clone()))
            .transpose()
    }

    /// The nth argument if it is a whole number.
    pub(super) fn whole(&self, n: usize) -> Result<Option<Typed>> {
        self.args
            .get(n)
            .filter(|arg| arg.ty.is_integer() || arg.ty == Type::Unknown)
            .map(|arg| self.binder.coerce(arg.clone(), &Type::BigInt))
            .transpose()
    }

    fn unary(self, ty: Type, run: fn(&str) -> Out) -> Option<Typed> {
        Some(strict(
            self.name.to_owned(),
            vec![self.subject],
            ty,
            move |row| match row {
                [Cell::Text(text)] => Ok(run(text)),
                _ => Err(misuse()),
            },
        ))
    }
}

fn is_text(arg: &Typed) -> bool {
    matches!(arg.ty, Type::Varchar(_) | Type::Char(_) | Type::Unknown)
}

impl Binder<'_> {
    pub(super) fn text_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        if name == "concat" {
            return self.concat(args);
        }
        if TEXT_FUNCTIONS.binary_search(&name).is_err() {
            return Ok(None);
        }
        if matches!(args.first(), Some(first) if matches!(first.ty, Type::Char(_)))
            && NOT_OF_CHAR.binary_search(&name).is_ok()
        {
            return Err(Failure::unsupported(format!(
                "{name} of a char: CAST it to varchar"
            )));
        }
        let Some(call) = TextCall::new(self, name, args)? else {
            return Ok(None);
        };
        let (subject, same) = (call.subject.clone(), call.subject.ty.clone());
        Ok(match (name, args.len()) {
            ("lower", 1) => call.unary(same, |t| Out::Text(udf::text::map_case(t, false))),
            ("upper", 1) => call.unary(same, |t| Out::Text(udf::text::map_case(t, true))),
            ("length", 1) => call.unary(Type::BigInt, |t| {
                Out::Int(i64::try_from(t.chars().count()).unwrap_or(i64::MAX))
            }),
            ("reverse", 1) => call.unary(same, |t| Out::Text(t.chars().rev().collect())),
            ("to_utf8", 1) => call.unary(Type::Varbinary, |t| Out::Bytes(t.as_bytes().to_vec())),
            ("trim", 1) => call.unary(same, |t| {
                Out::Text(t.trim_matches(udf::text::is_space).to_owned())
            }),
            ("ltrim", 1) => call.unary(same, |t| {
                Out::Text(t.trim_start_matches(udf::text::is_space).to_owned())
            }),
            ("rtrim", 1) => call.unary(same, |t| {
                Out::Text(t.trim_end_matches(udf::text::is_space).to_owned())
            }),
            ("codepoint", 1) if same == Type::Varchar(Some(1)) => call.unary(Type::Integer, |t| {
                t.chars()
                    .next()
                    .map_or(Out::Null, |c| Out::Int(i64::from(u32::from(c))))
            }),
            ("trim" | "ltrim" | "rtrim", 2) => {
                let Some(characters) = call.text(1)? else {
                    return Ok(None);
                };
                let (start, end) = (name != "rtrim", name != "ltrim");
                Some(strict(
                    format!("{name}2"),
                    vec![subject, characters],
                    same,
                    move |row| match row {
                        [Cell::Text(text), Cell::Text(set)] => {
                            let mut text = *text;
                            if start {
                                text = text.trim_start_matches(|c| set.contains(c));
                            }
                            if end {
                                text = text.trim_end_matches(|c| set.contains(c));
                            }
                            Ok(Out::Text(text.to_owned()))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            ("substr" | "substring", 2 | 3) => {
                let Some(start) = call.whole(1)? else {
                    return Ok(None);
                };
                let mut list = vec![subject, start];
                if args.len() == 3 {
                    let Some(length) = call.whole(2)? else {
                        return Ok(None);
                    };
                    list.push(length);
                }
                Some(strict(
                    format!("substr{}", list.len()),
                    list,
                    same,
                    |row| match row {
                        [Cell::Text(text), Cell::Int(start)] => {
                            Ok(Out::Text(udf::text::substr(text, *start, None)))
                        }
                        [Cell::Text(text), Cell::Int(start), Cell::Int(length)] => {
                            Ok(Out::Text(udf::text::substr(text, *start, Some(*length))))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            ("lpad" | "rpad", 3) => {
                let (Some(length), Some(with)) = (call.whole(1)?, call.text(2)?) else {
                    return Ok(None);
                };
                let left = name == "lpad";
                Some(strict(
                    name.to_owned(),
                    vec![subject, length, with],
                    Type::Varchar(None),
                    move |row| match row {
                        [Cell::Text(text), Cell::Int(length), Cell::Text(with)] => {
                            Ok(Out::Text(udf::text::pad(text, *length, with, left)?))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            _ => return search(&call, name, args.len()),
        })
    }

    /// A char becomes a varchar with its spaces.
    pub(in crate::bind) fn padded(&self, value: Typed) -> Result<Typed> {
        match value.ty {
            Type::Unknown => self.coerce(value, &Type::Varchar(None)),
            _ => Ok(udf::text::padded(value)),
        }
    }

    fn concat(&self, args: &[Typed]) -> Result<Option<Typed>> {
        if args.len() < 2 {
            return Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                "There must be two or more arguments to concat",
            ));
        }
        if args.iter().any(|arg| matches!(arg.ty, Type::Array(_))) {
            return Ok(None);
        }
        if args.iter().all(|arg| matches!(arg.ty, Type::Char(_))) {
            return Err(Failure::unsupported(
                "concat of chars: CAST them to varchar",
            ));
        }
        if !args
            .iter()
            .all(|arg| matches!(arg.ty, Type::Varchar(_) | Type::Char(_) | Type::Unknown))
            || args.iter().all(|arg| arg.ty == Type::Unknown)
        {
            let given: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
            if args.iter().all(|arg| arg.ty == Type::Varbinary) {
                return Ok(Some(joined_bytes(args.to_vec())));
            }
            if args.iter().any(|arg| arg.ty == Type::Unknown) {
                return Ok(None);
            }
            return Err(Failure::new(
                ErrorCode::FunctionNotFound,
                format!(
                    "Unexpected parameters ({}) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)",
                    given.join(", ")
                ),
            ));
        }
        let args = args
            .iter()
            .map(|arg| self.padded(arg.clone()))
            .collect::<Result<Vec<_>>>()?;
        let count = args.len();
        Ok(Some(strict(
            format!("concat{count}"),
            args,
            Type::Varchar(None),
            |row| {
                let mut out = String::new();
                for cell in row {
                    let Cell::Text(text) = cell else {
                        return Err(misuse());
                    };
                    out.push_str(text);
                }
                Ok(Out::Text(out))
            },
        )))
    }
}

fn joined_bytes(args: Vec<Typed>) -> Typed {
    strict(
        format!("concat_bytes{}", args.len()),
        args,
        Type::Varbinary,
        |row| {
            let mut out = Vec::new();
            for cell in row {
                let Cell::Bytes(bytes) = cell else {
                    return Err(misuse());
                };
                out.extend_from_slice(bytes);
            }
            Ok(Out::Bytes(out))
        },
    )
}

/// Functions that look for a text in another.
fn search(call: &TextCall<'_>, name: &str, count: usize) -> Result<Option<Typed>> {
    let subject = call.subject.clone();
    let same = subject.ty.clone();
    Ok(match (name, count) {
        ("starts_with", 2) => {
            let Some(prefix) = call.text(1)? else {
                return Ok(None);
            };
            Some(strict(
                "starts_with",
                vec![subject, prefix],
                Type::Boolean,
                |row| match row {
                    [Cell::Text(text), Cell::Text(prefix)] => {
                        Ok(Out::Bool(text.starts_with(prefix)))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        ("strpos", 2 | 3) => {
            let Some(needle) = call.text(1)? else {
                return Ok(None);
            };
            let mut list = vec![subject, needle];
            if count == 3 {
                let Some(instance) = call.whole(2)? else {
                    return Ok(None);
                };
                list.push(instance);
            }
            Some(strict(
                format!("strpos{}", list.len()),
                list,
                Type::BigInt,
                |row| match row {
                    [Cell::Text(text), Cell::Text(needle)] => {
                        Ok(Out::Int(udf::text::strpos(text, needle, 1)?))
                    }
                    [Cell::Text(text), Cell::Text(needle), Cell::Int(instance)] => {
                        Ok(Out::Int(udf::text::strpos(text, needle, *instance)?))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        ("split_part", 3) => {
            let (Some(delimiter), Some(index)) = (call.text(1)?, call.whole(2)?) else {
                return Ok(None);
            };
            Some(strict(
                "split_part",
                vec![subject, delimiter, index],
                same,
                |row| match row {
                    [Cell::Text(text), Cell::Text(delimiter), Cell::Int(index)] => {
                        if *index <= 0 {
                            return Err(Failure::new(
                                ErrorCode::InvalidFunctionArgument,
                                "Index must be greater than zero",
                            ));
                        }
                        let n = usize::try_from(index - 1).unwrap_or(usize::MAX);
                        let part = if delimiter.is_empty() {
                            if *index > 2_147_483_647 {
                                return Err(Failure::internal("integer overflow"));
                            }
                            text.chars().nth(n).map(|c| c.to_string())
                        } else {
                            text.split(delimiter).nth(n).map(str::to_owned)
                        };
                        Ok(part.map_or(Out::Null, Out::Text))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        ("split", 2) => {
            let Some(delimiter) = call.text(1)? else {
                return Ok(None);
            };
            let ty = Type::Array(Arc::new(same));
            Some(strict(
                "split",
                vec![subject, delimiter],
                ty,
                |row| match row {
                    [Cell::Text(_), Cell::Text("")] => Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        "The delimiter may not be the empty string",
                    )),
                    [Cell::Text(text), Cell::Text(delimiter)] => Ok(Out::Texts(
                        text.split(delimiter)
                            .map(|part| Some(part.to_owned()))
                            .collect(),
                    )),
                    _ => Err(misuse()),
                },
            ))
        }
        ("replace", 2) => {
            let Some(search) = call.text(1)? else {
                return Ok(None);
            };
            Some(strict(
                "replace2",
                vec![subject, search],
                same,
                |row| match row {
                    [Cell::Text(text), Cell::Text("")] => Ok(Out::Text((*text).to_owned())),
                    [Cell::Text(text), Cell::Text(search)] => {
                        Ok(Out::Text(text.replace(search, "")))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        ("replace", 3) => {
            let (Some(search), Some(with)) = (call.text(1)?, call.text(2)?) else {
                return Ok(None);
            };
            let ty = match (&same, &with.ty) {
                (Type::Varchar(Some(x)), Type::Varchar(Some(z))) => {
                    let most = u64::from(*x) + u64::from(*z) * (u64::from(*x) + 1);
                    Type::Varchar(u32::try_from(most).ok().filter(|n| *n < 2_147_483_647))
                }
                _ => Type::Varchar(None),
            };
            Some(strict(
                "replace3",
                vec![subject, search, with],
                ty,
                |row| match row {
                    [Cell::Text(text), Cell::Text(search), Cell::Text(with)] => {
                        Ok(Out::Text(text.replace(search, with)))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        _ => None,
    })
}
