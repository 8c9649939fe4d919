//! Scalar functions: those whose meaning is Trino's. Everything else is refused by name.

use datafusion::logical_expr::{Case, Expr};
use townlake_protocol::trino::ErrorCode;

use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce};
use crate::udf::cell::{Cell, Out};
use crate::udf::{self, strict};
use crate::zone::SessionZone;

/// Functions of Trino's that the engine lacks are told from names that nobody knows.
const KNOWN: &str = include_str!("functions.txt");

fn misuse() -> Failure {
    Failure::internal("a function got other arguments than it was bound for")
}

impl Binder<'_> {
    /// A call by name.
    pub(super) fn call(&self, name: &str, args: Vec<Typed>) -> Result<Typed> {
        let given: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
        if let Some(result) = self.known(name, args)? {
            return Ok(result);
        }
        let signature = format!("{name}({})", given.join(", "));
        if KNOWN.lines().any(|known| known == name) {
            return Err(Failure::unsupported(format!("The function {signature}")));
        }
        Err(Failure::new(
            ErrorCode::FunctionNotFound,
            format!("Function '{name}' not registered"),
        ))
    }

    fn known(&self, name: &str, args: Vec<Typed>) -> Result<Option<Typed>> {
        if let Some(result) = self.text_function(name, &args)? {
            return Ok(Some(result));
        }
        if let Some(result) = self.number_function(name, &args)? {
            return Ok(Some(result));
        }
        if let Some(result) = self.time_function(name, &args)? {
            return Ok(Some(result));
        }
        Ok(match (name, args.as_slice()) {
            ("coalesce", [_, _, ..]) => Some(self.coalesce(args)?),
            ("nullif", [a, b]) => {
                let equal = self.equals(a.clone(), b.clone())?;
                let null = Typed::null(a.ty.clone());
                Some(Typed::new(
                    Expr::Case(Case::new(
                        None,
                        vec![(Box::new(equal.expr), Box::new(null.expr))],
                        Some(Box::new(a.expr.clone())),
                    )),
                    a.ty.clone(),
                ))
            }
            ("greatest" | "least", [_, ..]) => self.extreme(name == "greatest", args)?,
            ("typeof", [arg]) => Some(Typed {
                ty: Type::Varchar(None),
                ..Typed::varchar(&arg.ty.to_string())
            }),
            ("cardinality", [arg]) if matches!(arg.ty, Type::Array(_) | Type::Map(..)) => {
                Some(udf::array::cardinality(arg.clone()))
            }
            ("element_at", [list, index]) => match &list.ty {
                Type::Array(item) if index.ty.is_integer() => {
                    let item = (**item).clone();
                    let index = self.coerce(index.clone(), &Type::BigInt)?;
                    Some(udf::array::element(list.clone(), index, item, true))
                }
                _ => None,
            },
            ("map_keys" | "map_values", [map]) => match &map.ty {
                Type::Map(key, value) => {
                    let keys = name == "map_keys";
                    let item = if keys {
                        (**key).clone()
                    } else {
                        (**value).clone()
                    };
                    Some(udf::array::map_side(map.clone(), keys, item))
                }
                _ => None,
            },
            ("fail", _) => None,
            _ => None,
        })
    }

    /// `array[index]`
    pub(super) fn subscript(&self, list: Typed, index: Typed) -> Result<Typed> {
        match &list.ty {
            Type::Array(item) if index.ty.is_integer() => {
                let item = (**item).clone();
                let index = self.coerce(index, &Type::BigInt)?;
                Ok(udf::array::element(list, index, item, false))
            }
            other => Err(Failure::unsupported(format!("A subscript into {other}"))),
        }
    }

    /// A char becomes a varchar with its spaces.
    pub(super) fn padded(&self, value: Typed) -> Result<Typed> {
        match value.ty {
            Type::Unknown => self.coerce(value, &Type::Varchar(None)),
            _ => Ok(udf::text::padded(value)),
        }
    }

    fn extreme(&self, greatest: bool, args: Vec<Typed>) -> Result<Option<Typed>> {
        let refs: Vec<&Typed> = args.iter().collect();
        let Some(common) = self.common(&refs) else {
            return Ok(None);
        };
        self.same_zones(&refs)?;
        if !common.is_orderable()
            || matches!(
                common,
                Type::Real | Type::Double | Type::Array(_) | Type::Row(_)
            )
        {
            return match common {
                Type::Real | Type::Double => self.float_extreme(greatest, args, common).map(Some),
                _ => Ok(None),
            };
        }
        // Null if any is null.
        let mut args = args
            .into_iter()
            .map(|arg| self.coerce(arg, &common))
            .collect::<Result<Vec<_>>>()?
            .into_iter();
        let Some(mut best) = args.next() else {
            return Ok(None);
        };
        for next in args {
            let op = if greatest {
                sqlparser::ast::BinaryOperator::GtEq
            } else {
                sqlparser::ast::BinaryOperator::LtEq
            };
            let keep = self.compare(&op, best.clone(), next.clone())?;
            let unknown = best.expr.clone().is_null().or(next.expr.clone().is_null());
            best = Typed::new(
                Expr::Case(Case::new(
                    None,
                    vec![
                        (
                            Box::new(unknown),
                            Box::new(Typed::null(common.clone()).expr),
                        ),
                        (Box::new(keep.expr), Box::new(best.expr)),
                    ],
                    Some(Box::new(next.expr)),
                )),
                common.clone(),
            );
        }
        Ok(Some(best))
    }

    fn float_extreme(&self, greatest: bool, args: Vec<Typed>, common: Type) -> Result<Typed> {
        let args = args
            .into_iter()
            .map(|arg| self.coerce(arg, &common))
            .collect::<Result<Vec<_>>>()?;
        let name = if greatest { "greatest" } else { "least" };
        Ok(strict(
            format!("{name}({common})"),
            args,
            common,
            move |row| {
                let mut best: Option<f64> = None;
                for cell in row {
                    let Cell::Float(value) = cell else {
                        return Err(misuse());
                    };
                    if value.is_nan() {
                        return Err(Failure::unsupported(format!("{name} with NaN")));
                    }
                    best = Some(match best {
                        Some(best) if greatest => {
                            if *value > best {
                                *value
                            } else {
                                best
                            }
                        }
                        Some(best) => {
                            if *value < best {
                                *value
                            } else {
                                best
                            }
                        }
                        None => *value,
                    });
                }
                Ok(best.map_or(Out::Null, Out::Float))
            },
        ))
    }

    fn text_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let is_text = |arg: &Typed| matches!(arg.ty, Type::Varchar(_) | Type::Char(_));
        let is_nullish = |arg: &Typed| arg.ty == Type::Unknown;
        // Arrays, bytes and numbers are not text: other functions of the same name, or none.
        let texts = match name {
            "concat" | "concat_ws" => return self.concat(name, args),
            "lower" | "upper" | "length" | "reverse" | "trim" | "ltrim" | "rtrim" | "substr"
            | "substring" | "to_utf8" | "starts_with" | "strpos" | "split_part" | "replace"
            | "regexp_like" | "regexp_replace" | "regexp_extract" | "regexp_count" | "lpad"
            | "rpad" | "codepoint" | "split" | "regexp_split" => args,
            "chr" => {
                return match args {
                    [arg] if arg.ty.is_integer() => {
                        let arg = self.coerce(arg.clone(), &Type::BigInt)?;
                        Ok(Some(strict(
                            "chr",
                            vec![arg],
                            Type::Varchar(Some(1)),
                            |row| match row {
                                [Cell::Int(code)] => u32::try_from(*code)
                                    .ok()
                                    .and_then(char::from_u32)
                                    .map(|c| Out::Text(c.to_string()))
                                    .ok_or_else(|| {
                                        Failure::new(
                                            ErrorCode::InvalidFunctionArgument,
                                            format!("Not a valid Unicode code point: {code}"),
                                        )
                                    }),
                                _ => Err(misuse()),
                            },
                        )))
                    }
                    _ => Ok(None),
                };
            }
            "to_hex" => {
                return match args {
                    [arg] if arg.ty == Type::Varbinary => Ok(Some(strict(
                        "to_hex",
                        vec![arg.clone()],
                        Type::Varchar(None),
                        |row| match row {
                            [Cell::Bytes(bytes)] => Ok(Out::Text(hex::encode_upper(bytes))),
                            _ => Err(misuse()),
                        },
                    ))),
                    _ => Ok(None),
                };
            }
            "sha256" | "sha512" => {
                let which = if name == "sha256" { "sha256" } else { "sha512" };
                return match args {
                    [arg] if arg.ty == Type::Varbinary => Ok(Some(strict(
                        which,
                        vec![arg.clone()],
                        Type::Varbinary,
                        move |row| match row {
                            [Cell::Bytes(bytes)] => udf::text::hash(which, bytes)
                                .map(Out::Bytes)
                                .ok_or_else(misuse),
                            _ => Err(misuse()),
                        },
                    ))),
                    _ => Ok(None),
                };
            }
            _ => return Ok(None),
        };
        let Some(first) = texts.first() else {
            return Ok(None);
        };
        if !is_text(first) && !is_nullish(first) {
            return Ok(None);
        }
        let was_char = matches!(first.ty, Type::Char(_));
        if was_char
            && matches!(
                name,
                "lower"
                    | "upper"
                    | "reverse"
                    | "starts_with"
                    | "strpos"
                    | "replace"
                    | "split_part"
                    | "split"
            )
        {
            // These keep a char a char, or are not sure to pad as Trino does.
            return Err(Failure::unsupported(format!(
                "{name} of a char: CAST it to varchar"
            )));
        }
        let subject = self.padded(first.clone())?;
        let of = |n: usize| -> Option<Typed> {
            texts
                .get(n)
                .filter(|arg| is_text(arg) || is_nullish(arg))
                .cloned()
        };
        let text_at =
            |n: usize| -> Result<Option<Typed>> { of(n).map(|arg| self.padded(arg)).transpose() };
        let whole_at = |n: usize| -> Result<Option<Typed>> {
            match texts.get(n) {
                Some(arg) if arg.ty.is_integer() || arg.ty == Type::Unknown => {
                    self.coerce(arg.clone(), &Type::BigInt).map(Some)
                }
                _ => Ok(None),
            }
        };
        let same = subject.ty.clone();
        let unary = |run: fn(&str) -> Out, ty: Type| {
            Some(strict(
                name.to_owned(),
                vec![subject.clone()],
                ty,
                move |row| match row {
                    [Cell::Text(text)] => Ok(run(text)),
                    _ => Err(misuse()),
                },
            ))
        };
        Ok(match (name, texts.len()) {
            ("lower", 1) => unary(|t| Out::Text(udf::text::map_case(t, false)), same),
            ("upper", 1) => unary(|t| Out::Text(udf::text::map_case(t, true)), same),
            ("length", 1) => unary(
                |t| Out::Int(i64::try_from(t.chars().count()).unwrap_or(i64::MAX)),
                Type::BigInt,
            ),
            ("reverse", 1) => unary(|t| Out::Text(t.chars().rev().collect()), same),
            ("to_utf8", 1) => unary(|t| Out::Bytes(t.as_bytes().to_vec()), Type::Varbinary),
            ("trim", 1) => unary(
                |t| Out::Text(t.trim_matches(udf::text::is_space).to_owned()),
                same,
            ),
            ("ltrim", 1) => unary(
                |t| Out::Text(t.trim_start_matches(udf::text::is_space).to_owned()),
                same,
            ),
            ("rtrim", 1) => unary(
                |t| Out::Text(t.trim_end_matches(udf::text::is_space).to_owned()),
                same,
            ),
            ("codepoint", 1) if matches!(same, Type::Varchar(Some(1))) => unary(
                |t| {
                    t.chars()
                        .next()
                        .map_or(Out::Null, |c| Out::Int(i64::from(u32::from(c))))
                },
                Type::Integer,
            ),
            ("trim" | "ltrim" | "rtrim", 2) => {
                let Some(characters) = text_at(1)? else {
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
                let Some(start) = whole_at(1)? else {
                    return Ok(None);
                };
                let mut list = vec![subject, start];
                if texts.len() == 3 {
                    let Some(length) = whole_at(2)? else {
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
            ("starts_with", 2) => {
                let Some(prefix) = text_at(1)? else {
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
                let Some(needle) = text_at(1)? else {
                    return Ok(None);
                };
                let mut list = vec![subject, needle];
                if texts.len() == 3 {
                    let Some(instance) = whole_at(2)? else {
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
                let (Some(delimiter), Some(index)) = (text_at(1)?, whole_at(2)?) else {
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
                let Some(delimiter) = text_at(1)? else {
                    return Ok(None);
                };
                let ty = Type::Array(Self::arc(same));
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
                let Some(search) = text_at(1)? else {
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
                let (Some(search), Some(with)) = (text_at(1)?, text_at(2)?) else {
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
            ("lpad" | "rpad", 3) => {
                let (Some(length), Some(with)) = (whole_at(1)?, text_at(2)?) else {
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
            ("regexp_like", 2) => {
                let Some(pattern) = text_at(1)? else {
                    return Ok(None);
                };
                Some(udf::text::regex(
                    "regexp_like",
                    vec![subject, pattern],
                    Type::Boolean,
                    |regex, text, _| Ok(Out::Bool(regex.is_match(text))),
                ))
            }
            ("regexp_count", 2) => {
                let Some(pattern) = text_at(1)? else {
                    return Ok(None);
                };
                Some(udf::text::regex(
                    "regexp_count",
                    vec![subject, pattern],
                    Type::BigInt,
                    |regex, text, _| {
                        Ok(Out::Int(
                            i64::try_from(regex.find_iter(text).count()).unwrap_or(i64::MAX),
                        ))
                    },
                ))
            }
            ("regexp_replace", 2) => {
                let Some(pattern) = text_at(1)? else {
                    return Ok(None);
                };
                Some(udf::text::regex(
                    "regexp_replace",
                    vec![subject, pattern],
                    same,
                    |regex, text, _| Ok(Out::Text(regex.replace_all(text, "").into_owned())),
                ))
            }
            ("regexp_replace", 3) => {
                let (Some(pattern), Some(with)) = (text_at(1)?, text_at(2)?) else {
                    return Ok(None);
                };
                let ty = match (&same, &with.ty) {
                    (Type::Varchar(Some(x)), Type::Varchar(Some(y))) => {
                        let (x, y) = (u64::from(*x), u64::from(*y));
                        let most = x.max((x + 1) * (x + y));
                        Type::Varchar(u32::try_from(most).ok().filter(|n| *n < 2_147_483_647))
                    }
                    _ => Type::Varchar(None),
                };
                Some(udf::text::regex(
                    "regexp_replace",
                    vec![subject, pattern, with],
                    ty,
                    |regex, text, rest| {
                        let [Cell::Text(with)] = rest else {
                            return Err(misuse());
                        };
                        let with = udf::text::replacement(regex, with)?;
                        Ok(Out::Text(
                            regex.replace_all(text, with.as_str()).into_owned(),
                        ))
                    },
                ))
            }
            ("regexp_extract", 2 | 3) => {
                let Some(pattern) = text_at(1)? else {
                    return Ok(None);
                };
                let mut list = vec![subject, pattern];
                if texts.len() == 3 {
                    let Some(group) = whole_at(2)? else {
                        return Ok(None);
                    };
                    list.push(group);
                }
                Some(udf::text::regex(
                    "regexp_extract",
                    list,
                    same,
                    |regex, text, rest| {
                        let group = match rest {
                            [Cell::Int(group)] => *group,
                            _ => 0,
                        };
                        let count = regex.captures_len() - 1;
                        let group = usize::try_from(group).ok().filter(|g| *g <= count).ok_or_else(|| {
                        Failure::new(
                            ErrorCode::InvalidFunctionArgument,
                            if group < 0 {
                                "Group cannot be negative".to_owned()
                            } else {
                                format!("Pattern has {count} groups. Cannot access group {group}")
                            },
                        )
                    })?;
                        Ok(regex
                            .captures(text)
                            .and_then(|captures| captures.get(group))
                            .map_or(Out::Null, |found| Out::Text(found.as_str().to_owned())))
                    },
                ))
            }
            _ => None,
        })
    }

    fn concat(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        if name == "concat_ws" {
            return Ok(None);
        }
        if args.len() < 2 {
            return Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                "There must be two or more arguments to concat",
            ));
        }
        if args.iter().any(|arg| matches!(arg.ty, Type::Array(_))) {
            let refs: Vec<&Typed> = args.iter().collect();
            let Some(common @ Type::Array(_)) = self.common(&refs) else {
                return Ok(None);
            };
            let Type::Array(item) = &common else {
                return Ok(None);
            };
            let item = (**item).clone();
            let args = args
                .iter()
                .map(|arg| self.coerce(arg.clone(), &common))
                .collect::<Result<Vec<_>>>()?;
            return Ok(Some(udf::array::concat(args, item)));
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
            if args.iter().any(|arg| arg.ty == Type::Varbinary)
                || args.iter().all(|arg| arg.ty == Type::Unknown)
            {
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

    fn number_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let double = |run: fn(f64) -> f64| -> Result<Option<Typed>> {
            match args {
                [arg] if arg.ty.is_numeric() || arg.ty == Type::Unknown => {
                    let arg = self.coerce(arg.clone(), &Type::Double)?;
                    Ok(Some(strict(
                        name.to_owned(),
                        vec![arg],
                        Type::Double,
                        move |row| match row {
                            [Cell::Float(v)] => Ok(Out::Float(run(*v))),
                            _ => Err(misuse()),
                        },
                    )))
                }
                _ => Ok(None),
            }
        };
        match (name, args) {
            ("sqrt", _) => double(f64::sqrt),
            ("exp", _) => double(f64::exp),
            ("ln", _) => double(f64::ln),
            ("log10", _) => double(f64::log10),
            ("log2", _) => double(|v| v.ln() / 2.0_f64.ln()),
            ("radians", _) => double(f64::to_radians),
            ("degrees", _) => double(f64::to_degrees),
            ("power" | "pow", [a, b])
                if can_coerce(&a.ty, &Type::Double) && can_coerce(&b.ty, &Type::Double) =>
            {
                let a = self.coerce(a.clone(), &Type::Double)?;
                let b = self.coerce(b.clone(), &Type::Double)?;
                Ok(Some(strict(
                    "power",
                    vec![a, b],
                    Type::Double,
                    |row| match row {
                        [Cell::Float(a), Cell::Float(b)] => Ok(Out::Float(
                            if b.is_nan() || (a.abs() == 1.0 && b.is_infinite()) {
                                f64::NAN
                            } else {
                                a.powf(*b)
                            },
                        )),
                        _ => Err(misuse()),
                    },
                )))
            }
            ("pi", []) => Ok(Some(constant(std::f64::consts::PI))),
            ("e", []) => Ok(Some(constant(std::f64::consts::E))),
            ("nan", []) => Ok(Some(constant(f64::NAN))),
            ("infinity", []) => Ok(Some(constant(f64::INFINITY))),
            ("is_nan", [arg]) if matches!(arg.ty, Type::Real | Type::Double) => {
                Ok(Some(udf::number::is_nan(arg.clone())))
            }
            ("is_finite" | "is_infinite", [arg]) if can_coerce(&arg.ty, &Type::Double) => {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                let finite = name == "is_finite";
                Ok(Some(strict(
                    name.to_owned(),
                    vec![arg],
                    Type::Boolean,
                    move |row| match row {
                        [Cell::Float(v)] => Ok(Out::Bool(if finite {
                            v.is_finite()
                        } else {
                            v.is_infinite()
                        })),
                        _ => Err(misuse()),
                    },
                )))
            }
            ("mod", [a, b]) if a.ty.is_numeric() && b.ty.is_numeric() => self
                .arithmetic(
                    &sqlparser::ast::BinaryOperator::Modulo,
                    a.clone(),
                    b.clone(),
                )
                .map(Some),
            ("abs", [arg]) => self.abs(arg.clone()),
            ("sign", [arg]) => Ok(sign(arg.clone())),
            ("round" | "ceil" | "ceiling" | "floor", [arg]) => Ok(round(name, arg.clone(), None)),
            ("round", [arg, digits])
                if matches!(digits.ty, Type::TinyInt | Type::SmallInt | Type::Integer) =>
            {
                let digits = self.coerce(digits.clone(), &Type::Integer)?;
                Ok(round(name, arg.clone(), Some(digits)))
            }
            _ => Ok(None),
        }
    }

    fn abs(&self, arg: Typed) -> Result<Option<Typed>> {
        let ty = arg.ty.clone();
        let low = match ty {
            Type::TinyInt => i64::from(i8::MIN),
            Type::SmallInt => i64::from(i16::MIN),
            Type::Integer => i64::from(i32::MIN),
            Type::BigInt => i64::MIN,
            Type::Real | Type::Double | Type::Decimal(..) => 0,
            _ => return Ok(None),
        };
        let shown = ty.clone();
        Ok(Some(strict(
            format!("abs({ty})"),
            vec![arg],
            ty,
            move |row| match row {
                [Cell::Int(v)] if *v == low => Err(Failure::new(
                    ErrorCode::NumericValueOutOfRange,
                    format!("Value {v} is out of range for abs({shown})"),
                )),
                [Cell::Int(v)] => Ok(Out::Int(v.abs())),
                [Cell::Float(v)] => Ok(Out::Float(v.abs())),
                [Cell::Decimal(v)] => Ok(Out::Decimal(v.abs())),
                _ => Err(misuse()),
            },
        )))
    }

    fn time_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let session = self.session;
        let is_text = |arg: &Typed| matches!(arg.ty, Type::Varchar(_) | Type::Unknown);
        let is_moment = |arg: &Typed| {
            matches!(
                arg.ty,
                Type::Date | Type::Time(_) | Type::Timestamp(_) | Type::TimestampTz(..)
            )
        };
        let varchar = |arg: &Typed| self.coerce(arg.clone(), &Type::Varchar(None));
        let whole = |arg: &Typed| self.coerce(arg.clone(), &Type::BigInt);
        Ok(match (name, args) {
            ("now" | "current_timestamp", []) => Some(session.now(3)),
            ("current_date", []) => Some(session.today()),
            ("localtimestamp", []) => Some(session.local_now(3)),
            ("date_trunc", [unit, moment]) if is_text(unit) && is_moment(moment) => {
                Some(udf::time::truncate(varchar(unit)?, moment.clone())?)
            }
            ("date_add", [unit, n, moment])
                if is_text(unit) && n.ty.is_integer() && is_moment(moment) =>
            {
                Some(udf::time::add(varchar(unit)?, whole(n)?, moment.clone())?)
            }
            ("date_diff", [unit, a, b]) if is_text(unit) && is_moment(a) && is_moment(b) => {
                let Some(common) = self.common(&[a, b]) else {
                    return Ok(None);
                };
                if let Type::TimestampTz(..) = common {
                    // Calendar units are counted in the zone of the first.
                    self.same_zones(&[a, b])?;
                }
                let a = self.coerce(a.clone(), &common)?;
                let b = self.coerce(b.clone(), &common)?;
                Some(udf::time::diff(varchar(unit)?, a, b)?)
            }
            (
                "year" | "quarter" | "month" | "week" | "week_of_year" | "day" | "day_of_month"
                | "day_of_week" | "dow" | "day_of_year" | "doy" | "year_of_week" | "yow" | "hour"
                | "minute" | "second" | "millisecond",
                [arg],
            ) if is_moment(arg) => Some(self.extract(name, arg.clone())?),
            ("date", [arg])
                if is_text(arg) || matches!(arg.ty, Type::Timestamp(_) | Type::TimestampTz(..)) =>
            {
                Some(self.cast(arg.clone(), &Type::Date, false)?)
            }
            ("from_unixtime", [arg]) if can_coerce(&arg.ty, &Type::Double) => {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                Some(udf::time::from_unixtime(arg, &session.zone))
            }
            ("to_unixtime", [arg])
                if matches!(
                    arg.ty,
                    Type::Timestamp(_) | Type::TimestampTz(..) | Type::Date
                ) =>
            {
                let to = match &arg.ty {
                    Type::Timestamp(p) => Type::TimestampTz(*p, session.zone_name()),
                    Type::Date => Type::TimestampTz(3, session.zone_name()),
                    other => other.clone(),
                };
                Some(udf::time::to_unixtime(self.coerce(arg.clone(), &to)?))
            }
            ("at_timezone", [value, zone]) if matches!(value.ty, Type::TimestampTz(..)) => {
                Some(self.at_time_zone(value.clone(), zone)?)
            }
            ("with_timezone", [value, zone]) if matches!(value.ty, Type::Timestamp(_)) => {
                let zone = constant_zone(zone)?;
                Some(udf::time::with_zone(value.clone(), &zone))
            }
            ("last_day_of_month", [arg]) if is_moment(arg) && !matches!(arg.ty, Type::Time(_)) => {
                let date = self.cast(arg.clone(), &Type::Date, false)?;
                Some(strict(
                    "last_day_of_month",
                    vec![date],
                    Type::Date,
                    |row| match row {
                        [Cell::Int(days)] => {
                            let last = crate::temporal::date(*days).and_then(|date| {
                                use chrono::Datelike;
                                crate::temporal::add_months(date.with_day(1)?, 1)?.pred_opt()
                            });
                            last.map(|date| Out::Int(i64::from(crate::temporal::days(date))))
                                .ok_or_else(misuse)
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            _ => None,
        })
    }

    /// `EXTRACT(field FROM value)`
    pub(super) fn extract(&self, field: &str, value: Typed) -> Result<Typed> {
        const FIELDS: &[&str] = &[
            "year",
            "quarter",
            "month",
            "week",
            "week_of_year",
            "day",
            "day_of_month",
            "day_of_week",
            "dow",
            "day_of_year",
            "doy",
            "year_of_week",
            "yow",
            "hour",
            "minute",
            "second",
            "millisecond",
        ];
        match FIELDS.iter().find(|known| **known == field) {
            Some(field) if !matches!(value.ty, Type::IntervalDayTime | Type::IntervalYearMonth) => {
                udf::time::field(field, value)
            }
            _ => Err(Failure::unsupported(format!(
                "Extracting {field} from {}",
                value.ty
            ))),
        }
    }

    /// `value AT TIME ZONE zone`
    pub(super) fn at_time_zone(&self, value: Typed, zone: &Typed) -> Result<Typed> {
        match &value.ty {
            Type::TimestampTz(..) => Ok(udf::time::in_zone(value, &constant_zone(zone)?)),
            Type::Timestamp(p) => {
                let to = Type::TimestampTz(*p, self.session.zone_name());
                let value = self.coerce(value, &to)?;
                Ok(udf::time::in_zone(value, &constant_zone(zone)?))
            }
            Type::Time(_) => Err(Failure::unsupported("time with time zone")),
            other => Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Type of value must be a time or timestamp with or without time zone (actual {other})"
                ),
            )),
        }
    }
}

/// A zone has to be known when the statement is bound: it is part of the result's type here.
fn constant_zone(zone: &Typed) -> Result<SessionZone> {
    match zone.constant_text() {
        Some(name) => SessionZone::parse(name),
        None => Err(Failure::unsupported(
            "A time zone that is no constant string",
        )),
    }
}

fn constant(value: f64) -> Typed {
    Typed::literal(
        datafusion::common::ScalarValue::Float64(Some(value)),
        Type::Double,
    )
}

fn sign(arg: Typed) -> Option<Typed> {
    let ty = match &arg.ty {
        Type::Decimal(..) => Type::Decimal(1, 0),
        ty if ty.is_numeric() => ty.clone(),
        _ => return None,
    };
    Some(strict(
        format!("sign({})", arg.ty),
        vec![arg],
        ty,
        |row| match row {
            [Cell::Int(v)] => Ok(Out::Int(v.signum())),
            [Cell::Decimal(v)] => Ok(Out::Decimal(v.signum())),
            [Cell::Float(v)] if *v == 0.0 || v.is_nan() => Ok(Out::Float(*v)),
            [Cell::Float(v)] => Ok(Out::Float(v.signum())),
            _ => Err(misuse()),
        },
    ))
}

/// `round`, `ceil`, `floor`
fn round(name: &str, arg: Typed, digits: Option<Typed>) -> Option<Typed> {
    let mode = match name {
        "round" => Mode::Half,
        "floor" => Mode::Down,
        _ => Mode::Up,
    };
    let full = format!(
        "{name}({}{})",
        arg.ty,
        if digits.is_some() { ",n" } else { "" }
    );
    match arg.ty.clone() {
        ty if ty.is_integer() => match digits {
            None => Some(arg),
            Some(digits) => Some(strict(full, vec![arg, digits], ty, |row| match row {
                [Cell::Int(v), Cell::Int(digits)] => Ok(Out::Int(round_integer(*v, *digits)?)),
                _ => Err(misuse()),
            })),
        },
        ty @ (Type::Real | Type::Double) => {
            let real = ty == Type::Real;
            let mut args = vec![arg];
            args.extend(digits);
            Some(strict(full, args, ty, move |row| match row {
                [Cell::Float(v)] => Ok(Out::Float(match mode {
                    Mode::Half => round_float(*v, 0, real),
                    Mode::Down => v.floor(),
                    Mode::Up => v.ceil(),
                })),
                [Cell::Float(v), Cell::Int(digits)] => Ok(Out::Float(round_float(
                    *v,
                    i32::try_from(*digits).unwrap_or(i32::MAX),
                    real,
                ))),
                _ => Err(misuse()),
            }))
        }
        Type::Decimal(p, s) => match digits {
            None => {
                // One digit more for what rounding may carry, where something is cut off.
                let rp = (p - s + u8::from(s > 0)).clamp(1, 38);
                Some(strict(
                    full,
                    vec![arg],
                    Type::Decimal(rp, 0),
                    move |row| match row {
                        [Cell::Decimal(v)] => {
                            let step = 10_i128.pow(u32::from(s));
                            Ok(Out::Decimal(match mode {
                                Mode::Half => {
                                    crate::convert::rescale(*v, s, 0).ok_or_else(misuse)?
                                }
                                Mode::Down => v.div_euclid(step),
                                Mode::Up => -((-v).div_euclid(step)),
                            }))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            Some(digits) => {
                let rp = (p + 1).min(38);
                Some(strict(
                    full,
                    vec![arg, digits],
                    Type::Decimal(rp, s),
                    move |row| match row {
                        [Cell::Decimal(v), Cell::Int(digits)] => {
                            if *digits >= i64::from(s) {
                                return Ok(Out::Decimal(*v));
                            }
                            let cut = i64::from(s) - digits;
                            let Some(step) = u32::try_from(cut)
                                .ok()
                                .and_then(|cut| 10_i128.checked_pow(cut))
                            else {
                                return Ok(Out::Decimal(0));
                            };
                            let (quotient, rest) = (v / step, v % step);
                            let up = rest.unsigned_abs() >= step.unsigned_abs().div_ceil(2);
                            let rounded = if up { quotient + v.signum() } else { quotient };
                            rounded
                                .checked_mul(step)
                                .filter(|v| crate::convert::fits(*v, rp))
                                .map(Out::Decimal)
                                .ok_or_else(|| {
                                    Failure::new(
                                        ErrorCode::NumericValueOutOfRange,
                                        "decimal overflow",
                                    )
                                })
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
        },
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Half,
    Down,
    Up,
}

fn round_integer(value: i64, digits: i64) -> Result<i64> {
    if digits >= 0 {
        return Ok(value);
    }
    let Some(step) = u32::try_from(-digits)
        .ok()
        .and_then(|n| 10_i128.checked_pow(n))
    else {
        return Ok(0);
    };
    let value = i128::from(value);
    let (quotient, rest) = (value / step, value % step);
    let up = rest.abs() * 2 >= step;
    let rounded = if up {
        quotient + value.signum()
    } else {
        quotient
    } * step;
    i64::try_from(rounded).map_err(|_| {
        Failure::new(
            ErrorCode::NumericValueOutOfRange,
            "a rounded value is out of range",
        )
    })
}

fn round_float(value: f64, digits: i32, real: bool) -> f64 {
    if !value.is_finite() {
        return value;
    }
    // As Trino: away from zero, on the shortest decimal text of the number.
    let text = if real {
        #[expect(clippy::cast_possible_truncation, reason = "it was a 32-bit number")]
        let narrow = value as f32;
        format!("{narrow:e}")
    } else {
        format!("{value:e}")
    };
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return value;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return value;
    };
    let negative = mantissa.starts_with('-');
    let digits_text: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // Digits kept: those before the point and `digits` after it.
    let keep = exponent.saturating_add(1).saturating_add(digits);
    let length = i32::try_from(digits_text.len()).unwrap_or(i32::MAX);
    if keep >= length {
        return value;
    }
    if keep < 0 {
        return if negative { -0.0 } else { 0.0 };
    }
    let keep = usize::try_from(keep).unwrap_or(0);
    let (head, tail) = digits_text.split_at(keep);
    let mut number: u128 = head.parse().unwrap_or(0);
    if tail.as_bytes().first().is_some_and(|b| *b >= b'5') {
        number += 1;
    }
    let scale = exponent - i32::try_from(keep).unwrap_or(0) + 1;
    format!("{}{number}e{scale}", if negative { "-" } else { "" })
        .parse()
        .unwrap_or(value)
}
