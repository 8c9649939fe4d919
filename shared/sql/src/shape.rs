//! A statement's shape: what stays the same when only its values differ. History is counted by it.

use std::fmt::Write;

use sqlparser::tokenizer::Token;

use crate::error::ReadError;
use crate::tree::tokens;

/// A statement without its values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The statement in one line: names and words in lower case, one space between tokens, each constant a `?`,
    /// and lists of constants a single one.
    pub text: String,
    /// The text's FNV-1a hash of 64 bits (Fowler, Noll, Vo), which is the same on every machine and in every version.
    pub hash: u64,
}

/// The shape of a statement.
///
/// # Errors
/// The text is too long, too deep, empty, holds a second statement, or a token that Trino does not have.
pub fn shape(text: &str) -> Result<Shape, ReadError> {
    let (tokens, _) = tokens(text)?;
    let mut words: Vec<String> = Vec::with_capacity(tokens.len());
    for token in &tokens {
        match word(&token.token) {
            Some(word) => words.push(word),
            None => push_constant(&mut words),
        }
    }
    let mut text = String::new();
    for (position, word) in words.iter().enumerate() {
        let before = position.checked_sub(1).and_then(|before| words.get(before));
        if before.is_some_and(|before| is_spaced(before, word)) {
            text.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{word}");
    }
    Ok(Shape {
        hash: fnv1a(&text),
        text,
    })
}

/// A token's text, or none for a constant.
fn word(token: &Token) -> Option<String> {
    Some(match token {
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::UnicodeStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_) => return None,
        // Trino folds quoted names too.
        Token::Word(word) if word.quote_style.is_some() => {
            townlake_core::names::quote_identifier(&word.value.to_lowercase())
        }
        Token::Word(word) => word.value.to_lowercase(),
        other => other.to_string(),
    })
}

/// Adds a constant, or nothing if it only makes a list of constants longer.
fn push_constant(words: &mut Vec<String>) {
    if let [.., constant, comma] = words.as_slice()
        && constant == "?"
        && comma == ","
    {
        words.pop();
    } else {
        words.push("?".to_owned());
    }
}

/// Whether a space stands between two tokens.
fn is_spaced(before: &str, after: &str) -> bool {
    let is_open = matches!(before, "(" | "." | "[");
    let is_closed = matches!(after, ")" | "." | "," | "]" | "[");
    let is_call = after == "("
        && before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
        && !is_clause(before);
    !(is_open || is_closed || is_call)
}

/// Words before a parenthesis that are no function's name.
fn is_clause(word: &str) -> bool {
    [
        "in", "as", "from", "join", "and", "or", "not", "on", "where", "select", "values", "over",
        "exists", "using", "by", "union", "all", "any", "then", "when", "else", "with", "having",
    ]
    .contains(&word)
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_differ_in_values_have_one_shape() {
        for (statement, expected) in [
            ("SELECT 1", "select ?"),
            (
                "select  A.\"b\"\n from lake.Dim.t a -- why",
                "select a.b from lake.dim.t a",
            ),
            (
                "SELECT * FROM t WHERE x IN (1, 2, 3) AND y = 'é'",
                "select * from t where x in (?) and y = ?",
            ),
            (
                "SELECT count(*), round(x, 2) FROM t",
                "select count(*), round(x, ?) from t",
            ),
            (
                "SELECT \"Odd Name\", DATE '2026-01-01' FROM t",
                "select \"odd name\", date ? from t",
            ),
            ("VALUES (1, 'a'), (2, 'b')", "values (?), (?)"),
            ("SELECT a[1], -5, ? FROM t", "select a[?], - ?, ? from t"),
        ] {
            assert_eq!(shape(statement).unwrap().text, expected, "{statement}");
        }
        assert_eq!(shape("SELECT 1").unwrap(), shape("select  'x'").unwrap());
        assert_eq!(shape("SELECT 1").unwrap().hash, fnv1a("select ?"));
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
