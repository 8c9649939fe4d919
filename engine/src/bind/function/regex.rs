//! Functions over regular expressions.

use ::regex::Regex;
use townlake_protocol::trino::ErrorCode;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf;
use crate::udf::cell::{Cell, Out};

impl Binder<'_> {
    pub(super) fn regex_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let run: Run = match (call.name, call.args.len()) {
            ("regexp_like", 2) => |regex, text, _| Ok(Out::Bool(regex.is_match(text))),
            ("regexp_count", 2) => |regex, text, _| {
                Ok(Out::Int(
                    i64::try_from(regex.find_iter(text).count()).unwrap_or(i64::MAX),
                ))
            },
            ("regexp_replace", 2) => {
                |regex, text, _| Ok(Out::Text(regex.replace_all(text, "").into_owned()))
            }
            ("regexp_replace", 3) => |regex, text, rest| {
                let [Cell::Text(with)] = rest else {
                    return Err(misuse());
                };
                let with = udf::text::replacement(regex, with)?;
                Ok(Out::Text(
                    regex.replace_all(text, with.as_str()).into_owned(),
                ))
            },
            ("regexp_split", 2) => |regex, text, _| {
                matches(regex, text)?;
                let parts = regex.split(text).map(|part| Some(part.to_owned()));
                Ok(Out::Texts(parts.collect()))
            },
            ("regexp_extract_all", 2 | 3) => |regex, text, rest| {
                let group = group(regex, rest)?;
                matches(regex, text)?;
                let found = regex
                    .captures_iter(text)
                    .map(|captures| captures.get(group).map(|found| found.as_str().to_owned()));
                Ok(Out::Texts(found.collect()))
            },
            ("regexp_position", 2..=4) => {
                |regex, text, rest| position(regex, text, rest).map(Out::Int)
            }
            ("regexp_extract", 2 | 3) => |regex, text, rest| {
                let group = group(regex, rest)?;
                Ok(regex
                    .captures(text)
                    .and_then(|captures| captures.get(group))
                    .map_or(Out::Null, |found| Out::Text(found.as_str().to_owned())))
            },
            _ => return Ok(None),
        };
        let args = call.args.iter().cloned().map(udf::text::padded).collect();
        Ok(Some(udf::text::regex(
            call.name,
            args,
            call.ty.clone(),
            run,
        )))
    }
}

/// What is done with the expression, the text, and the arguments behind the two.
type Run = fn(&Regex, &str, &[Cell<'_>]) -> Result<Out>;

/// The group that is asked for; the whole match if none is.
fn group(regex: &Regex, rest: &[Cell<'_>]) -> Result<usize> {
    let group = match rest {
        [Cell::Int(group)] => *group,
        _ => 0,
    };
    let count = regex.captures_len() - 1;
    usize::try_from(group)
        .ok()
        .filter(|group| *group <= count)
        .ok_or_else(|| {
            argument(if group < 0 {
                "Group cannot be negative".to_owned()
            } else {
                format!("Pattern has {count} groups. Cannot access group {group}")
            })
        })
}

fn argument(message: String) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

/// Where the matches start and end. Matches of nothing are counted differently by Trino.
fn matches(regex: &Regex, text: &str) -> Result<Vec<(usize, usize)>> {
    let all: Vec<(usize, usize)> = regex
        .find_iter(text)
        .map(|found| (found.start(), found.end()))
        .collect();
    if all.iter().any(|(start, end)| start == end) {
        return Err(Failure::unsupported(
            "A regular expression that matches an empty text",
        ));
    }
    Ok(all)
}

/// The character at which the nth match from a character on starts, from 1; -1 if there is none.
fn position(regex: &Regex, text: &str, rest: &[Cell<'_>]) -> Result<i64> {
    let number = |n: usize| match rest.get(n) {
        Some(Cell::Int(number)) => *number,
        _ => 1,
    };
    let (start, occurrence) = (number(0), number(1));
    if start < 1 {
        return Err(argument(
            "start position cannot be smaller than 1".to_owned(),
        ));
    }
    if occurrence < 1 {
        return Err(argument("occurrence cannot be smaller than 1".to_owned()));
    }
    let skipped = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let Some((from, _)) = text.char_indices().nth(skipped) else {
        return Ok(-1);
    };
    let all = matches(regex, text.get(from..).unwrap_or(""))?;
    if from > 0 && regex.as_str().contains(['^', '\\']) {
        return Err(Failure::unsupported(
            "regexp_position from a later character with a pattern that looks around",
        ));
    }
    let nth = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    Ok(all.get(nth).map_or(-1, |(at, _)| {
        let before = text.get(..from + at).map_or(0, |head| head.chars().count());
        i64::try_from(before + 1).unwrap_or(i64::MAX)
    }))
}
