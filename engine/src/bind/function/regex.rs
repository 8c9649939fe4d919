//! Functions over regular expressions.

use townlake_protocol::trino::ErrorCode;

use super::misuse;
use super::text::TextCall;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::Type;
use crate::udf;
use crate::udf::cell::{Cell, Out};

impl Binder<'_> {
    pub(super) fn regex_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        if !name.starts_with("regexp_") {
            return Ok(None);
        }
        let Some(call) = TextCall::new(self, name, args)? else {
            return Ok(None);
        };
        let subject = call.subject.clone();
        let same = subject.ty.clone();
        Ok(match (name, args.len()) {
            ("regexp_like", 2) => {
                let Some(pattern) = call.text(1)? else {
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
                let Some(pattern) = call.text(1)? else {
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
                let Some(pattern) = call.text(1)? else {
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
                let (Some(pattern), Some(with)) = (call.text(1)?, call.text(2)?) else {
                    return Ok(None);
                };
                let ty = match (&same, &with.ty) {
                    (Type::Varchar(Some(x)), Type::Varchar(Some(y))) => {
                        let (x, y) = (u64::from(*x), u64::from(*y));
                        // Trino's estimate: as much as the text between any two characters may become.
                        let most = x + (x * y / 2).max(y) * (x + 1);
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
                let Some(pattern) = call.text(1)? else {
                    return Ok(None);
                };
                let mut list = vec![subject, pattern];
                if args.len() == 3 {
                    let Some(group) = call.whole(2)? else {
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
}
