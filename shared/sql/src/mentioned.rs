//! The tables of a text that cannot be read: what an editor shows while a statement is being written, and what a
//! pipeline depends on when one of its statements is broken.
//!
//! A scan over the tokens finds the names behind the words that a table follows. It decides nothing about access.

use std::collections::HashSet;

use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use townlake_core::advice::Span;
use townlake_core::names::{TableRef, is_reserved};

use crate::cursor::is_word;
use crate::dialect::Trino;
use crate::error::ReadError;
use crate::extras::Extras;
use crate::limits::MAX_CHARACTERS;
use crate::read::{Session, read};
use crate::tokens::span_of;

/// What a text mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioned {
    /// In the order of the text. A table named twice is here twice.
    pub tables: Vec<Mention>,
    /// Why the text could not be read; none if it could, and then the tables are exactly those of `read`.
    pub error: Option<ReadError>,
}

/// One mention of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The name's parts, folded to lower case.
    pub parts: Vec<String>,
    /// The full name, if the session has what the parts lack.
    pub table: Option<TableRef>,
    /// Where its name starts.
    pub at: Span,
}

/// The tables that a text mentions, as far as its tokens tell.
pub fn mentioned(text: &str, session: &Session) -> Mentioned {
    let error = match read(text, session) {
        Ok(reading) => {
            let tables = reading.tables.into_iter().map(|used| Mention {
                parts: used
                    .table
                    .to_string()
                    .split('.')
                    .map(str::to_owned)
                    .collect(),
                table: Some(used.table),
                at: used.at,
            });
            return Mentioned {
                tables: tables.collect(),
                error: None,
            };
        }
        Err(error) => error,
    };
    let mut tables = Vec::new();
    if text.len() <= MAX_CHARACTERS * 4 {
        let tokens = tokens_before_error(text);
        let queries = query_names(&tokens);
        for (parts, at) in table_names(&tokens) {
            let is_query = matches!(parts.as_slice(), [only] if queries.contains(only));
            if !is_query {
                tables.push(Mention {
                    table: complete(&parts, session),
                    parts,
                    at,
                });
            }
        }
    }
    Mentioned {
        tables,
        error: Some(error),
    }
}

/// All tokens up to the first place where the text cannot be split, e.g. a string without an end.
fn tokens_before_error(text: &str) -> Vec<TokenWithSpan> {
    let dialect = Trino::new(&[], 0, Extras::default());
    let mut tokens = Vec::new();
    // The error is the one that reading the text has given already.
    let _ = Tokenizer::new(&dialect, text).tokenize_with_location_into_buf(&mut tokens);
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    tokens
}

/// Names of common table expressions: `name AS (SELECT`, `name (a, b) AS (WITH`.
fn query_names(tokens: &[TokenWithSpan]) -> HashSet<String> {
    let mut names = HashSet::new();
    // Where the parenthesis was opened that is being closed.
    let mut open = Vec::new();
    let mut last_group = None;
    for (index, token) in tokens.iter().enumerate() {
        match &token.token {
            Token::LParen => open.push(index),
            Token::RParen => last_group = open.pop().map(|start| (start, index)),
            _ => {}
        }
        let next = |ahead: usize| tokens.get(index + ahead).map(|token| &token.token);
        let defines = is_word(next(0), "AS")
            && next(1) == Some(&Token::LParen)
            && ["SELECT", "WITH", "VALUES", "TABLE"]
                .iter()
                .any(|word| is_word(next(2), word));
        if !defines {
            continue;
        }
        let mut name = index.checked_sub(1);
        if let Some((start, end)) = last_group
            && Some(end) == name
        {
            name = start.checked_sub(1);
        }
        let name = name.and_then(|index| tokens.get(index));
        if let Some(Token::Word(word)) = name.map(|token| &token.token) {
            names.insert(word.value.to_lowercase());
        }
    }
    names
}

/// The names behind FROM, JOIN, INTO, UPDATE, TABLE and the like, and behind the commas of a FROM.
fn table_names(tokens: &[TokenWithSpan]) -> Vec<(Vec<String>, Span)> {
    let mut found = Vec::new();
    // For each open parenthesis, and for the text itself: whether a comma is followed by a table, and whether it is
    // a function's in which FROM means something else.
    let mut levels = vec![(false, false)];
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let before = |back: usize| {
            let index = index.checked_sub(back)?;
            tokens.get(index).map(|token| &token.token)
        };
        let mut expects_table = false;
        match &token.token {
            Token::LParen => {
                let from_is_part = ["EXTRACT", "TRIM", "SUBSTRING", "OVERLAY", "POSITION"]
                    .iter()
                    .any(|word| is_word(before(1), word));
                levels.push((false, from_is_part));
                // `FROM (a JOIN b)`.
                expects_table = ["FROM", "JOIN"].iter().any(|word| is_word(before(1), word));
            }
            Token::RParen if levels.len() > 1 => {
                levels.pop();
            }
            Token::Comma => expects_table = levels.last().is_some_and(|level| level.0),
            Token::Word(word) if word.quote_style.is_none() => {
                let word = word.value.to_ascii_uppercase();
                let part = levels.last().is_some_and(|level| level.1);
                let distinct = word == "FROM" && is_word(before(1), "DISTINCT") && {
                    is_word(before(2), "IS") || is_word(before(3), "IS")
                };
                let in_from = match word.as_str() {
                    "FROM" if !part && !distinct => Some(true),
                    "WHERE" | "GROUP" | "HAVING" | "ORDER" | "SELECT" | "UNION" | "EXCEPT"
                    | "INTERSECT" | "WINDOW" | "LIMIT" | "OFFSET" | "FETCH" | "SET" => Some(false),
                    _ => None,
                };
                if let (Some(in_from), Some(level)) = (in_from, levels.last_mut()) {
                    level.0 = in_from;
                }
                expects_table = in_from == Some(true)
                    || matches!(word.as_str(), "JOIN" | "INTO" | "UPDATE" | "TABLE" | "VIEW")
                    || word == "USING"
                        && is_word(tokens.first().map(|token| &token.token), "MERGE");
            }
            _ => {}
        }
        index += 1;
        if expects_table {
            while ["IF", "NOT", "EXISTS", "LATERAL"]
                .iter()
                .any(|word| is_word(tokens.get(index).map(|token| &token.token), word))
            {
                index += 1;
            }
            if let Some((parts, length)) = name_at(tokens, index) {
                let at = tokens
                    .get(index)
                    .map_or(Span { line: 1, column: 1 }, |token| {
                        span_of(token.span.start)
                    });
                index += length;
                // A function, not a table.
                let called = tokens.get(index).map(|token| &token.token) == Some(&Token::LParen)
                    && parts
                        .last()
                        .is_some_and(|name| name == "unnest" || name == "table");
                if !called {
                    found.push((parts, at));
                }
            }
        }
    }
    found
}

/// A dotted name, and how many tokens it takes.
fn name_at(tokens: &[TokenWithSpan], start: usize) -> Option<(Vec<String>, usize)> {
    let mut parts = Vec::new();
    let mut index = start;
    loop {
        match tokens.get(index).map(|token| &token.token) {
            Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value) => {
                parts.push(word.value.to_lowercase());
            }
            _ => break,
        }
        index += 1;
        if tokens.get(index).map(|token| &token.token) != Some(&Token::Period) || parts.len() == 3 {
            break;
        }
        index += 1;
    }
    (!parts.is_empty()).then_some((parts, index - start))
}

fn complete(parts: &[String], session: &Session) -> Option<TableRef> {
    let catalog = session.catalog.as_deref();
    match parts {
        [table] => Some(TableRef::new(catalog?, session.schema.as_deref()?, table)),
        [schema, table] => Some(TableRef::new(catalog?, schema, table)),
        [catalog, schema, table] => Some(TableRef::new(catalog, schema, table)),
        _ => None,
    }
}
