//! Literals that sqlparser splits otherwise than Trino: `U&'...' UESCAPE '!'`, `0xFF`, `0b1`, `0o7`, and `>>`, which in
//! Trino only closes two types.

use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use crate::cursor::is_word;
use crate::error::ReadError;
use crate::tokens::span_of;

/// Puts together what belongs together.
///
/// # Errors
/// A literal is not one of Trino's, or something follows a number without a space.
pub(crate) fn join(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, ReadError> {
    let mut joined: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let rest = tokens.get(index..).unwrap_or_default();
        let length = match &token.token {
            Token::Word(word) if word.quote_style.is_none() => {
                unicode_string(&word.value, rest, &mut joined)?
            }
            Token::Number(digits, false) => number(digits, rest, &mut joined)?,
            Token::HexStringLiteral(digits) => hexadecimal(digits, rest, &mut joined)?,
            Token::ShiftRight => {
                let middle = Location::new(token.span.start.line, token.span.start.column + 1);
                for span in [
                    Span::new(token.span.start, middle),
                    Span::new(middle, token.span.end),
                ] {
                    let token = Token::Gt;
                    joined.push(TokenWithSpan { token, span });
                }
                1
            }
            _ => 0,
        };
        if length == 0 {
            joined.push(token.clone());
        }
        index += length.max(1);
    }
    Ok(joined)
}

/// `U&'...'`: how many tokens it takes, 0 if it is none.
fn unicode_string(
    word: &str,
    tokens: &[TokenWithSpan],
    joined: &mut Vec<TokenWithSpan>,
) -> Result<usize, ReadError> {
    let [prefix, and, text, behind @ ..] = tokens else {
        return Ok(0);
    };
    let Token::SingleQuotedString(value) = &text.token else {
        return Ok(0);
    };
    let one = prefix.span.end == and.span.start && and.span.end == text.span.start;
    if !word.eq_ignore_ascii_case("u") || and.token != Token::Ampersand || !one {
        return Ok(0);
    }
    let mut words = behind
        .iter()
        .enumerate()
        .filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
    let (escape, length) = match (words.next(), words.next()) {
        (Some((_, first)), Some((index, second))) if is_word(Some(&first.token), "UESCAPE") => {
            (escape_character(second)?, index + 4)
        }
        _ => ('\\', 3),
    };
    let Some(decoded) = decode(value, escape) else {
        return Err(ReadError::Syntax {
            message: format!(
                "expected four hexadecimal digits, `+` and six, or `{escape}` behind each `{escape}`"
            ),
            at: span_of(prefix.span.start),
        });
    };
    joined.push(TokenWithSpan {
        token: Token::UnicodeStringLiteral(decoded),
        span: Span::new(prefix.span.start, text.span.end),
    });
    Ok(length)
}

fn escape_character(token: &TokenWithSpan) -> Result<char, ReadError> {
    if let Token::SingleQuotedString(text) = &token.token {
        let mut characters = text.chars();
        if let (Some(escape), None) = (characters.next(), characters.next()) {
            let taken = escape.is_ascii_hexdigit() || "+'\" ".contains(escape);
            if escape.is_ascii() && !taken && !escape.is_ascii_control() {
                return Ok(escape);
            }
        }
    }
    Err(ReadError::Syntax {
        message: format!(
            "expected one character in quotes behind UESCAPE that is no hexadecimal digit, found `{}`",
            token.token
        ),
        at: span_of(token.span.start),
    })
}

fn decode(text: &str, escape: char) -> Option<String> {
    let mut decoded = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != escape {
            decoded.push(character);
            continue;
        }
        let first = characters.next()?;
        if first == escape {
            decoded.push(escape);
            continue;
        }
        let mut digits = String::new();
        let length = if first == '+' {
            6
        } else {
            digits.push(first);
            4
        };
        while digits.len() < length {
            digits.push(characters.next()?);
        }
        if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        decoded.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
    }
    Some(decoded)
}

/// `0b1` and `0XFF`, which sqlparser takes for a number and a name: how many tokens it takes, 0 if it is none.
fn number(
    digits: &str,
    tokens: &[TokenWithSpan],
    joined: &mut Vec<TokenWithSpan>,
) -> Result<usize, ReadError> {
    let [first, second, ..] = tokens else {
        return Ok(0);
    };
    let Token::Word(word) = &second.token else {
        return Ok(0);
    };
    // `1.FROM` is a number and a word in Trino too.
    if first.span.end != second.span.start || word.quote_style.is_some() || digits.ends_with('.') {
        return Ok(0);
    }
    let mut characters = word.value.chars();
    let radix = match characters.next() {
        Some('x' | 'X') => 16,
        Some('b' | 'B') => 2,
        Some('o' | 'O') => 8,
        _ => 0,
    };
    let span = Span::new(first.span.start, second.span.end);
    match integer(characters.as_str(), radix).filter(|_| digits == "0") {
        Some(value) => {
            joined.push(TokenWithSpan {
                token: Token::Number(value, false),
                span,
            });
            Ok(2)
        }
        None => Err(digit_name(&format!("{digits}{}", word.value), span)),
    }
}

/// `0xFF` and `0xFF_FF`, which sqlparser takes for a string like `X'FF'`.
fn hexadecimal(
    digits: &str,
    tokens: &[TokenWithSpan],
    joined: &mut Vec<TokenWithSpan>,
) -> Result<usize, ReadError> {
    let [token, behind @ ..] = tokens else {
        return Ok(0);
    };
    let columns = token
        .span
        .end
        .column
        .saturating_sub(token.span.start.column);
    if usize::try_from(columns).ok() != Some(digits.chars().count() + 2) {
        return Ok(0);
    }
    let (more, end) = match behind {
        [next, ..] if next.span.start == token.span.end => match &next.token {
            Token::Word(word) if word.quote_style.is_none() => (word.value.as_str(), next.span.end),
            _ => ("", token.span.end),
        },
        _ => ("", token.span.end),
    };
    let span = Span::new(token.span.start, end);
    match integer(&format!("{digits}{more}"), 16) {
        Some(value) => {
            joined.push(TokenWithSpan {
                token: Token::Number(value, false),
                span,
            });
            Ok(if more.is_empty() { 1 } else { 2 })
        }
        // Too large for a number: left as it is, the bytes of a string.
        None => Ok(0),
    }
}

/// The decimal digits of an integer with underscores between its digits.
fn integer(digits: &str, radix: u32) -> Option<String> {
    if radix == 0 || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let plain = digits.replace('_', "");
    u64::from_str_radix(&plain, radix)
        .ok()
        .map(|value| value.to_string())
}

fn digit_name(text: &str, span: Span) -> ReadError {
    ReadError::Syntax {
        message: format!(
            "`{text}` is neither a number nor a name: names that start with a digit go into double quotes"
        ),
        at: span_of(span.start),
    }
}
