//! A grant's row filter: one boolean SQL expression, kept as text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::UserName;

/// Why a text is not a row filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RowFilterError {
    /// Nothing but spaces.
    #[error("the row filter is empty: leave it out to give all rows")]
    Empty,
    /// A bracket without its partner.
    #[error("the row filter has a bracket without its partner at character {0}")]
    Bracket(usize),
    /// A quote that is never closed.
    #[error("the row filter has a quote that is not closed, at character {0}")]
    Quote(usize),
    /// A comment, a semicolon or another sign that would swallow or end what the filter is put into, or that
    /// engines read differently.
    #[error(
        "the row filter has a comment, a semicolon or one of $, #, ` and \\ at character {0}: write one plain expression"
    )]
    Break(usize),
    /// A word that touches a quote: some engines then read backslashes in the text.
    #[error(
        "the row filter has a quote right after a word at character {0}: put a space between them"
    )]
    Prefix(usize),
}

/// One boolean SQL expression over the table's columns. Its quotes and brackets are balanced and it holds no
/// comment, so that it can stand in brackets inside other SQL without reaching out of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowFilter(String);

impl RowFilter {
    /// The expression.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same with `current_user` written out as the user. A PII session runs as `user+pii.<nonce>`, and
    /// a filter that names the person must go on meaning the person.
    pub fn for_user(&self, user: &UserName) -> String {
        let mut text = String::with_capacity(self.0.len());
        for token in tokens(&self.0).flatten() {
            if token.kind == Kind::Word && token.text.eq_ignore_ascii_case("current_user") {
                text.push('\'');
                text.push_str(user.as_str());
                text.push('\'');
            } else {
                text.push_str(token.text);
            }
        }
        text
    }
}

/// Whether the SQL asks who runs it, so that the same text gives two people different rows.
pub fn depends_on_caller(sql: &str) -> bool {
    const WORDS: [&str; 5] = [
        "current_user",
        "current_groups",
        "session_user",
        "current_role",
        "user",
    ];
    tokens(sql).flatten().any(|token| {
        token.kind == Kind::Word
            && WORDS
                .iter()
                .any(|word| token.text.eq_ignore_ascii_case(word))
    })
}

impl FromStr for RowFilter {
    type Err = RowFilterError;

    fn from_str(text: &str) -> Result<Self, RowFilterError> {
        let text = text.trim();
        let mut open = Vec::new();
        let mut empty = true;
        let mut before = Kind::Space;
        for token in tokens(text) {
            let token = token?;
            let after_word = std::mem::replace(&mut before, token.kind) == Kind::Word;
            match token.kind {
                Kind::Quoted if after_word => return Err(RowFilterError::Prefix(token.at)),
                Kind::Space => continue,
                Kind::Open => open.push((token.at, token.text)),
                Kind::Close => match (open.pop(), token.text) {
                    (Some((_, "(")), ")") | (Some((_, "[")), "]") => {}
                    _ => return Err(RowFilterError::Bracket(token.at)),
                },
                Kind::Break => return Err(RowFilterError::Break(token.at)),
                Kind::Word | Kind::Quoted | Kind::Other => {}
            }
            empty = false;
        }
        match open.last() {
            Some((at, _)) => Err(RowFilterError::Bracket(*at)),
            None if empty => Err(RowFilterError::Empty),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for RowFilter {
    type Error = RowFilterError;

    fn try_from(text: String) -> Result<Self, RowFilterError> {
        text.parse()
    }
}

impl From<RowFilter> for String {
    fn from(filter: RowFilter) -> Self {
        filter.0
    }
}

impl fmt::Display for RowFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Quoted,
    Open,
    Close,
    Break,
    Other,
}

struct Token<'a> {
    kind: Kind,
    text: &'a str,
    /// Position in characters, from 1.
    at: usize,
}

/// The filter cut into what matters here. Lexical rules on which Trino and DataFusion agree: a quote is
/// doubled to stand for itself, a backslash is an ordinary character.
fn tokens(text: &str) -> impl Iterator<Item = Result<Token<'_>, RowFilterError>> {
    let mut rest = text;
    let mut at = 1;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '\'' | '"' => match quoted_length(rest, first) {
                Some(length) => (Kind::Quoted, length),
                None => {
                    rest = "";
                    return Some(Err(RowFilterError::Quote(at)));
                }
            },
            '(' | '[' => (Kind::Open, 1),
            ')' | ']' => (Kind::Close, 1),
            ';' | '$' | '#' | '`' | '\\' => (Kind::Break, 1),
            '-' if rest.starts_with("--") => (Kind::Break, 2),
            '/' if rest.starts_with("/*") => (Kind::Break, 2),
            c if c.is_whitespace() => (Kind::Space, first.len_utf8()),
            c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            _ => (Kind::Other, first.len_utf8()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        let start = at;
        at += token.chars().count();
        Some(Ok(Token {
            kind,
            text: token,
            at: start,
        }))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Bytes up to and with the closing quote; none if it never closes.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_cannot_reach_out_of_its_brackets() {
        for (text, wanted) in [
            ("country = 'PT'", Ok(())),
            ("name = 'it''s; -- fine)'", Ok(())),
            ("id IN (SELECT id FROM lake.dim.a)", Ok(())),
            ("\"odd ) name\" = 1", Ok(())),
            ("a = 1) OR (1 = 1", Err(RowFilterError::Bracket(6))),
            ("(a = 1", Err(RowFilterError::Bracket(1))),
            ("a[1) = 1", Err(RowFilterError::Bracket(4))),
            ("a = 'x", Err(RowFilterError::Quote(5))),
            ("a = 1 -- b", Err(RowFilterError::Break(7))),
            ("a = 1 /* b */", Err(RowFilterError::Break(7))),
            ("a = 1; DROP TABLE b", Err(RowFilterError::Break(6))),
            ("regexp_like(a, '\\d') AND b = DATE '2026-01-01'", Ok(())),
            ("a = $$ ( $$ ) OR (true", Err(RowFilterError::Break(5))),
            ("a = `b`", Err(RowFilterError::Break(5))),
            ("a = E'\\' ( ' )", Err(RowFilterError::Prefix(6))),
            ("  ", Err(RowFilterError::Empty)),
        ] {
            assert_eq!(text.parse::<RowFilter>().map(|_| ()), wanted, "{text}");
        }
    }

    #[test]
    fn the_person_is_written_out_outside_of_quotes_only() {
        let filter: RowFilter =
            "owner = CURRENT_USER OR note = 'current_user' OR my_current_user = 1"
                .parse()
                .unwrap();
        assert_eq!(
            filter.for_user(&"ana@corp.example".parse().unwrap()),
            "owner = 'ana@corp.example' OR note = 'current_user' OR my_current_user = 1"
        );
    }
}
