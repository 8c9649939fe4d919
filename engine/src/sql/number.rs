//! Whole numbers that the tokenizer does not know: `0x1F`, `0o17`, `0b11`, `1_000`.

use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_protocol::trino::ErrorCode;

use crate::error::{Failure, Place, Result};

/// The tokens with each such number as one token, in decimal digits.
///
/// # Errors
/// A name stands right behind a number, which Trino does not take for an alias.
pub fn whole_numbers(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        if let Token::HexStringLiteral(digits) = &token.token
            && is_number(&token, digits)
        {
            token.token = decimal(digits, 16).ok_or_else(|| invalid(&token))?;
        }
        if let Token::Number(digits, false) = &token.token
            && digits.contains('_')
        {
            let plain = without_underscores(digits).ok_or_else(|| invalid(&token))?;
            token.token = Token::Number(plain, false);
        }
        let word = match &token.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.as_str()),
            _ => None,
        };
        match (out.last_mut(), word) {
            (Some(last), Some(word)) if last.span.end == token.span.start => {
                if let Token::Number(digits, false) = &last.token {
                    last.token = joined(digits, word).ok_or_else(|| invalid(&token))?;
                    last.span.end = token.span.end;
                    continue;
                }
            }
            _ => {}
        }
        out.push(token);
    }
    Ok(out)
}

/// `0x1F` and `X'1F'` are one token to the tokenizer; the first is shorter by its quotes.
fn is_number(token: &TokenWithSpan, digits: &str) -> bool {
    let length = u64::try_from(digits.chars().count()).unwrap_or(u64::MAX);
    token.span.start.line == token.span.end.line
        && token.span.end.column - token.span.start.column == length + 2
}

/// What digits and the name right behind them are together.
fn joined(digits: &str, word: &str) -> Option<Token> {
    let all = format!("{digits}{word}").to_lowercase();
    match (all.get(..2), all.get(2..)) {
        (Some("0b"), Some(rest)) => decimal(rest, 2),
        (Some("0o"), Some(rest)) => decimal(rest, 8),
        _ => decimal(&all, 10),
    }
}

/// The digits, if each underscore stands between two of them.
fn without_underscores(digits: &str) -> Option<String> {
    let is_digit = |part: Option<char>| part.is_some_and(|c| c.is_ascii_digit());
    let mut parts = digits.split('_').peekable();
    let mut first = true;
    while let Some(part) = parts.next() {
        let starts = first || is_digit(part.chars().next());
        let ends = parts.peek().is_none() || is_digit(part.chars().last());
        if !starts || !ends {
            return None;
        }
        first = false;
    }
    Some(digits.replace('_', ""))
}

fn decimal(digits: &str, radix: u32) -> Option<Token> {
    if digits.ends_with('_') || digits.contains("__") || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    Some(Token::Number(value.to_string(), false))
}

fn invalid(token: &TokenWithSpan) -> Failure {
    let start = token.span.start;
    Failure::new(
        ErrorCode::SyntaxError,
        "identifiers must not start with a digit; surround the identifier with double quotes",
    )
    .at(Place(Some((start.line, start.column))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_bases_are_decimal() {
        for (text, number) in [
            ("0x1F", Some("31")),
            ("0b11", Some("3")),
            ("0o17", Some("15")),
            ("1_000", Some("1000")),
            ("12", Some("12")),
            ("1_0.2_5", Some("10.25")),
            ("1_", None),
            ("1__0", None),
            ("0b12", None),
            ("12abc", None),
        ] {
            let read = townlake_sql::tree::tokens(text).ok();
            let read = read.and_then(|(tokens, _)| whole_numbers(tokens).ok());
            let read = read.map(|tokens| {
                tokens
                    .iter()
                    .map(|token| token.token.to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            assert_eq!(read.as_deref(), number, "{text}");
        }
    }

    #[test]
    fn bytes_and_spaced_aliases_stay() {
        for text in ["X'1F'", "1 b", "0 b11"] {
            let (tokens, _) = townlake_sql::tree::tokens(text).unwrap();
            assert_eq!(whole_numbers(tokens.clone()).unwrap(), tokens, "{text}");
        }
    }
}
