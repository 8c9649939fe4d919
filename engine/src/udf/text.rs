//! Text.

use std::sync::Mutex;

use regex::Regex;
use sha2::Digest;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::cell::{Cell, Out};
use super::strict;
use crate::bind::Typed;
use crate::encode;
use crate::error::{Failure, Result};

fn misuse() -> Failure {
    Failure::internal("a text function got other arguments than it was bound for")
}

fn argument(message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

/// A varchar as a char: without its trailing spaces.
pub fn to_char(value: Typed, ty: Type) -> Typed {
    strict(format!("to_{ty}"), vec![value], ty, |row| match row {
        [Cell::Text(text)] => Ok(Out::Text(text.trim_end_matches(' ').to_owned())),
        _ => Err(misuse()),
    })
}

/// A char with all its spaces, as a varchar of that length.
pub fn padded(value: Typed) -> Typed {
    let Type::Char(n) = value.ty else {
        return value;
    };
    strict(
        format!("pad({n})"),
        vec![value],
        Type::Varchar(Some(n)),
        move |row| match row {
            [Cell::Text(text)] => Ok(Out::Text(encode::pad(text, n as usize))),
            _ => Err(misuse()),
        },
    )
}

/// `LIKE` with an escape character, or with a pattern that is no constant.
///
/// # Errors
/// The escape is not one character.
pub fn like(value: Typed, pattern: Typed, escape: Option<String>) -> Result<Typed> {
    let escape = match escape {
        None => None,
        Some(text) => {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(c), None) => Some(c),
                _ => return Err(argument("Escape string must be a single character")),
            }
        }
    };
    let cache: Mutex<Option<(String, Regex)>> = Mutex::new(None);
    let name = format!("like({})", escape.map(String::from).unwrap_or_default());
    Ok(strict(
        name,
        vec![value, pattern],
        Type::Boolean,
        move |row| match row {
            [Cell::Text(text), Cell::Text(pattern)] => {
                let regex = cached(&cache, pattern, |pattern| {
                    let source = like_to_regex(pattern, escape)?;
                    Regex::new(&source).map_err(|e| Failure::internal(e.to_string()))
                })?;
                Ok(Out::Bool(regex.is_match(text)))
            }
            _ => Err(misuse()),
        },
    ))
}

fn like_to_regex(pattern: &str, escape: Option<char>) -> Result<String> {
    let mut source = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            c if Some(c) == escape => match characters.next() {
                Some(next) if next == '%' || next == '_' || Some(next) == escape => {
                    source.push_str(&regex::escape(&next.to_string()));
                }
                _ => {
                    return Err(argument(
                        "Escape character must be followed by '%', '_' or the escape character itself",
                    ));
                }
            },
            '%' => source.push_str(".*"),
            '_' => source.push('.'),
            c => source.push_str(&regex::escape(&c.to_string())),
        }
    }
    source.push('$');
    Ok(source)
}

/// The regular expression of a pattern; the last one is kept, since most are constants.
fn cached(
    cache: &Mutex<Option<(String, Regex)>>,
    pattern: &str,
    make: impl FnOnce(&str) -> Result<Regex>,
) -> Result<Regex> {
    let mut slot = cache
        .lock()
        .map_err(|_| Failure::internal("a lock was poisoned"))?;
    match slot.as_ref() {
        Some((known, regex)) if known == pattern => Ok(regex.clone()),
        _ => {
            let regex = make(pattern)?;
            *slot = Some((pattern.to_owned(), regex.clone()));
            Ok(regex)
        }
    }
}

/// A pattern of Trino's as one of ours, where both mean the same.
fn compile(pattern: &str) -> Result<Regex> {
    // Java's and ours part ways in classes, back references and look-around; the last two do not
    // compile here, and classes are looked at per text (`checked`).
    if pattern.contains("&&")
        || pattern.contains("[[")
        || pattern.contains("\\h")
        || pattern.contains("\\Q")
    {
        return Err(Failure::unsupported(format!(
            "The regular expression `{pattern}`"
        )));
    }
    Regex::new(pattern)
        .map_err(|_| Failure::unsupported(format!("The regular expression `{pattern}`")))
}

/// Refuses what Java and we would decide differently: classes over text that is not ASCII.
fn checked(pattern: &str, text: &str) -> Result<()> {
    let classes = [
        "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\b", "\\B", "(?i", "[:", "\\p",
    ];
    if !text.is_ascii() && classes.iter().any(|class| pattern.contains(class)) {
        return Err(Failure::unsupported(
            "A regular expression with character classes over text that is not ASCII",
        ));
    }
    Ok(())
}

/// The functions over regular expressions; the pattern is the second argument.
pub fn regex(
    name: &str,
    args: Vec<Typed>,
    ty: Type,
    run: impl Fn(&Regex, &str, &[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
) -> Typed {
    let cache: Mutex<Option<(String, Regex)>> = Mutex::new(None);
    let full = format!("{name}({})", args.len());
    strict(full, args, ty, move |row| match row {
        [Cell::Text(text), Cell::Text(pattern), rest @ ..] => {
            checked(pattern, text)?;
            let regex = cached(&cache, pattern, compile)?;
            run(&regex, text, rest)
        }
        _ => Err(misuse()),
    })
}

/// `$1`, `${name}` and `\$` of Java's replacements as ours.
///
/// # Errors
/// A reference that is none.
pub fn replacement(regex: &Regex, text: &str) -> Result<String> {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('$') => out.push_str("$$"),
                Some(next) => out.push(next),
                None => {
                    return Err(argument(
                        "Illegal replacement sequence: ends with a backslash",
                    ));
                }
            },
            '$' => match characters.peek() {
                Some('{') => {
                    out.push_str("${");
                    characters.next();
                    let name: String = characters.by_ref().take_while(|c| *c != '}').collect();
                    if !regex.capture_names().flatten().any(|known| known == name) {
                        return Err(argument(format!(
                            "Illegal replacement sequence: unknown group {{ {name} }}"
                        )));
                    }
                    out.push_str(&name);
                    out.push('}');
                }
                Some(digit) if digit.is_ascii_digit() => {
                    let mut group = digit.to_digit(10).unwrap_or(0) as usize;
                    characters.next();
                    if group >= regex.captures_len() {
                        return Err(argument(format!(
                            "Illegal replacement sequence: unknown group {group}"
                        )));
                    }
                    while let Some(more) = characters.peek().and_then(|c| c.to_digit(10)) {
                        let longer = group * 10 + more as usize;
                        if longer >= regex.captures_len() {
                            break;
                        }
                        group = longer;
                        characters.next();
                    }
                    out.push_str(&format!("${{{group}}}"));
                }
                _ => return Err(argument("Illegal replacement sequence: $")),
            },
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Trino's `substr`: from 1, from the end if negative, nothing if 0 or outside.
pub fn substr(text: &str, start: i64, length: Option<i64>) -> String {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if start == 0 || text.is_empty() || length.is_some_and(|n| n <= 0) {
        return String::new();
    }
    let from = if start > 0 {
        start - 1
    } else {
        count.saturating_add(start)
    };
    if from < 0 || from >= count {
        return String::new();
    }
    let take = length.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    text.chars()
        .skip(usize::try_from(from).unwrap_or(0))
        .take(take)
        .collect()
}

/// Each character in the other case where that is one character.
pub fn map_case(text: &str, upper: bool) -> String {
    text.chars()
        .map(|c| {
            if c == 'İ' && !upper {
                return 'i';
            }
            let single =
                |mut mapped: Box<dyn Iterator<Item = char>>| match (mapped.next(), mapped.next()) {
                    (Some(only), None) => only,
                    _ => c,
                };
            if upper {
                single(Box::new(c.to_uppercase()))
            } else {
                single(Box::new(c.to_lowercase()))
            }
        })
        .collect()
}

/// Java's white space, which has no no-break spaces.
pub fn is_space(c: char) -> bool {
    matches!(c, '\u{9}'..='\u{d}' | '\u{1c}'..='\u{20}' | '\u{1680}' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{205f}' | '\u{3000}')
}

/// The position of the nth occurrence, from 1; 0 if there is none. From the end if negative.
///
/// # Errors
/// The instance is 0.
pub fn strpos(text: &str, needle: &str, instance: i64) -> Result<i64> {
    if instance == 0 {
        return Err(argument(
            "'instance' must not be a positive or negative number.",
        ));
    }
    if needle.is_empty() {
        return Ok(1);
    }
    // Occurrences may overlap.
    let mut starts: Vec<usize> = text
        .char_indices()
        .filter(|(i, _)| text.get(*i..).is_some_and(|rest| rest.starts_with(needle)))
        .map(|(i, _)| i)
        .collect();
    if instance < 0 {
        starts.reverse();
    }
    let n = usize::try_from(instance.unsigned_abs() - 1).unwrap_or(usize::MAX);
    Ok(starts.get(n).map_or(0, |at| {
        i64::try_from(text.get(..*at).map_or(0, |head| head.chars().count()) + 1).unwrap_or(0)
    }))
}

/// A hash of bytes.
pub fn hash(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match name {
        "sha256" => Some(sha2::Sha256::digest(bytes).to_vec()),
        "sha512" => Some(sha2::Sha512::digest(bytes).to_vec()),
        _ => None,
    }
}

/// Pads on one side with repetitions of another text.
///
/// # Errors
/// A length out of range, or nothing to pad with.
pub fn pad(text: &str, length: i64, with: &str, left: bool) -> Result<String> {
    if !(0..=2_147_483_647).contains(&length) {
        return Err(argument(
            "Target length must be in the range [0..2147483647]",
        ));
    }
    if with.is_empty() {
        return Err(argument("Padding string must not be empty"));
    }
    let length = usize::try_from(length).unwrap_or(0);
    let have = text.chars().count();
    if length <= have {
        return Ok(text.chars().take(length).collect());
    }
    if length > 10_000_000 {
        return Err(Failure::unsupported(
            "Padding to more than ten million characters",
        ));
    }
    let fill: String = with.chars().cycle().take(length - have).collect();
    Ok(if left {
        format!("{fill}{text}")
    } else {
        format!("{text}{fill}")
    })
}
