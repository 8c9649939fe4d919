//! Functions that compare, spell and join texts.

use std::collections::HashMap;

use datafusion::arrow::array::Array;
use townlake_protocol::trino::ErrorCode;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf::cell::{Cell, Out, reader};

impl Binder<'_> {
    pub(super) fn words_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        Ok(Some(match (call.name, call.args.len()) {
            ("concat_ws", _) => concat_ws(call),
            ("translate", 3) => call.strict(|row| match row {
                [Cell::Text(text), Cell::Text(from), Cell::Text(to)] => {
                    Ok(Out::Text(translate(text, from, to)))
                }
                _ => Err(misuse()),
            }),
            ("levenshtein_distance", 2) => call.of_texts(levenshtein),
            ("hamming_distance", 2) => call.of_texts(hamming),
            ("soundex", 1) => call.of_text(soundex),
            ("luhn_check", 1) => call.of_text(luhn),
            ("url_encode", 1) => call.of_text(|text| Ok(Out::Text(url_encode(text)))),
            ("url_decode", 1) => call.of_text(url_decode),
            _ => return Ok(None),
        }))
    }
}

fn argument(message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

/// Texts, or one array of them, with a separator between those that are not null.
fn concat_ws(call: &Call<'_>) -> Typed {
    call.nullable(|row| {
        let [Cell::Text(separator), rest @ ..] = row else {
            return Ok(Out::Null);
        };
        let mut parts: Vec<String> = Vec::new();
        for cell in rest {
            match cell {
                Cell::Text(text) => parts.push((*text).to_owned()),
                Cell::List(list) => {
                    let read = reader(list)?;
                    parts.extend((0..list.len()).filter_map(|at| match read(at) {
                        Cell::Text(text) => Some(text.to_owned()),
                        _ => None,
                    }));
                }
                // An array that is null makes all of it null; a text that is null is left out.
                Cell::Null if matches!(rest, [Cell::Null]) => {
                    return Err(Failure::unsupported("concat_ws of a null alone"));
                }
                _ => {}
            }
        }
        Ok(Out::Text(parts.join(separator)))
    })
}

/// Each character of the second text becomes the one at its place in the third, or nothing.
fn translate(text: &str, from: &str, to: &str) -> String {
    let mut map: HashMap<char, Option<char>> = HashMap::new();
    let mut targets = to.chars();
    for c in from.chars() {
        let target = targets.next();
        map.entry(c).or_insert(target);
    }
    text.chars()
        .filter_map(|c| map.get(&c).copied().unwrap_or(Some(c)))
        .collect()
}

fn levenshtein(a: &str, b: &str) -> Result<Out> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().saturating_mul(b.len()) > 1_000_000 {
        return Err(argument(
            "The combined inputs for Levenshtein distance are too large",
        ));
    }
    let mut before: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut now = vec![i + 1];
        for (j, (y, corners)) in b.iter().zip(before.windows(2)).enumerate() {
            let [diagonal, above] = corners else {
                return Err(misuse());
            };
            let left = now.get(j).copied().unwrap_or(0);
            now.push(
                (diagonal + usize::from(x != y))
                    .min(above + 1)
                    .min(left + 1),
            );
        }
        before = now;
    }
    Ok(number(before.last().copied().unwrap_or(0)))
}

fn hamming(a: &str, b: &str) -> Result<Out> {
    if a.chars().count() != b.chars().count() {
        return Err(argument(
            "The input strings to hamming_distance function must have the same length",
        ));
    }
    Ok(number(
        a.chars().zip(b.chars()).filter(|(x, y)| x != y).count(),
    ))
}

fn number(count: usize) -> Out {
    Out::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn soundex(text: &str) -> Result<Out> {
    /// Of A to Z; 0 for what has no sound of its own.
    const SOUNDS: &[u8; 26] = b"01230120022455012623010202";
    let sound = |c: char| -> Result<char> {
        u8::try_from(c)
            .ok()
            .and_then(|c| SOUNDS.get(usize::from(c.checked_sub(b'A')?)))
            .map(|sound| char::from(*sound))
            .ok_or_else(|| argument(format!("The character is not mapped: {c}")))
    };
    let mut letters = text
        .chars()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_uppercase);
    let Some(first) = letters.next() else {
        return Ok(Out::Text(String::new()));
    };
    let mut last = sound(first)?;
    let mut out = first.to_string();
    for letter in letters {
        if out.len() == 4 {
            break;
        }
        if matches!(letter, 'H' | 'W') {
            continue;
        }
        let next = sound(letter)?;
        if next != '0' && next != last {
            out.push(next);
        }
        last = next;
    }
    Ok(Out::Text(format!("{out:0<4}")))
}

fn luhn(text: &str) -> Result<Out> {
    if text.is_empty() {
        return Ok(Out::Bool(false));
    }
    let mut sum = 0;
    for (i, c) in text.chars().rev().enumerate() {
        let digit = c
            .to_digit(10)
            .ok_or_else(|| argument("Input contains non-digit character"))?;
        let doubled = digit * 2;
        sum += match (i % 2, doubled) {
            (0, _) => digit,
            (_, 10..) => doubled - 9,
            _ => doubled,
        };
    }
    Ok(Out::Bool(sum % 10 == 0))
}

/// As forms are sent.
fn url_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn url_decode(text: &str) -> Result<Out> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let pair: Vec<u8> = bytes.by_ref().take(2).collect();
                let decoded = hex::decode(&pair).ok().filter(|decoded| decoded.len() == 1);
                out.extend(decoded.ok_or_else(|| argument("an escape with % is incomplete"))?);
            }
            byte => out.push(byte),
        }
    }
    match String::from_utf8(out) {
        Ok(text) => Ok(Out::Text(text)),
        Err(_) => Err(Failure::unsupported("url_decode to what is no UTF-8")),
    }
}
