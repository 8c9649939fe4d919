//! The tables of a text that cannot be read: what an editor shows while a statement is being written, and what a
//! pipeline depends on when one of its statements is broken.
//!
//! A scan over the tokens finds the names behind the words that a table follows. It decides nothing about access.

use std::collections::HashSet;

use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use townlake_core::advice::Span;
use townlake_core::names::{TableRef, is_reserved};

use crate::cursor::is_word;
use crate::dialect::Trino;
use crate::error::ReadError;
use crate::extras::Extras;
use crate::limits::MAX_CHARACTERS;
use crate::prepare::closing_parentheses;
use crate::read::{Session, read};
use crate::text::TextMap;
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
        let queries = query_names(&without_templates(&tokens));
        for (parts, at) in table_names(&tokens) {
            // A name at the end of the text may be the beginning of one.
            let is_cut = !text.ends_with(char::is_whitespace)
                && tokens
                    .last()
                    .is_some_and(|last| span_of(last.span.start) == at);
            let is_query = matches!(parts.as_slice(), [only] if queries.contains(only)
                || is_cut && queries.iter().any(|query| query.starts_with(only)));
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
    let (mut tokens, error) = split(text);
    if let Some(quote) = error.and_then(|at| lone_quote(text, &tokens, at)) {
        let mut without = text.to_owned();
        without.replace_range(quote..=quote, " ");
        tokens = split(&without).0;
    }
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    tokens
}

/// All tokens up to the first place where the text cannot be split, and that place.
fn split(text: &str) -> (Vec<TokenWithSpan>, Option<Location>) {
    let dialect = Trino::new(&[], 0, Extras::default());
    let mut tokens = Vec::new();
    let result = Tokenizer::new(&dialect, text).tokenize_with_location_into_buf(&mut tokens);
    (tokens, result.err().map(|error| error.location))
}

/// The quote that lost its other one: it takes SQL for a string and strings for SQL, and strings have no line breaks.
fn lone_quote(text: &str, tokens: &[TokenWithSpan], error: Location) -> Option<usize> {
    let suspect = tokens.iter().find(|token| {
        matches!(token.token, Token::SingleQuotedString(_) | Token::Word(_))
            && token.span.start.line < token.span.end.line
    });
    let start = TextMap::new(text).offset(suspect.map_or(error, |token| token.span.start));
    let rest = text.get(start..)?;
    (rest.starts_with(['\'', '"']) && rest.contains('\n')).then_some(start)
}

/// Names of common table expressions: `name AS (`, `name (a, b) AS MATERIALIZED (`, and with the parenthesis or the
/// query or the AS lost: `name AS SELECT`, `name AS ({{`, `, name (SELECT`.
fn query_names(tokens: &[TokenWithSpan]) -> HashSet<String> {
    let mut names = HashSet::new();
    let token = |index: usize| tokens.get(index).map(|token| &token.token);
    // Where the parenthesis was opened that is being closed.
    let mut open = Vec::new();
    let mut last_group = None;
    for (index, here) in tokens.iter().enumerate() {
        match &here.token {
            Token::LParen => open.push(index),
            Token::RParen => last_group = open.pop().map(|start| (start, index)),
            _ => {}
        }
        // Other dialects have `AS MATERIALIZED (` and `AS NOT MATERIALIZED (`.
        let opens = (index + 1..=index + 3)
            .find(|at| !is_any(token(*at), &["NOT", "MATERIALIZED"]))
            .unwrap_or(index + 1);
        let is_query = |at| is_any(token(at), &["SELECT", "WITH", "VALUES", "TABLE"]);
        let is_defined = is_word(Some(&here.token), "AS")
            && (is_query(opens) || token(opens) == Some(&Token::LParen));
        // `, name (SELECT`: the AS is lost.
        let may_be_defined = here.token == Token::LParen && is_query(index + 1);
        if !is_defined && !may_be_defined {
            continue;
        }
        let mut name = index.checked_sub(1);
        if let Some((start, end)) = last_group
            && Some(end) == name
        {
            name = start.checked_sub(1);
        }
        let before = name.and_then(|name| token(name.checked_sub(1)?));
        // `CREATE TABLE s.name AS SELECT`.
        let is_target =
            before == Some(&Token::Period) || is_any(before, &["TABLE", "VIEW", "EXISTS"]);
        let is_next = before == Some(&Token::Comma) || is_any(before, &["WITH", "RECURSIVE"]);
        if let Some(Token::Word(word)) = name.and_then(token)
            && !is_target
            && (is_defined || is_next)
        {
            names.insert(word.value.to_lowercase());
        }
    }
    names
}

fn is_any(token: Option<&Token>, words: &[&str]) -> bool {
    words.iter().any(|word| is_word(token, word))
}

/// The names behind FROM, JOIN, INTO, UPDATE, TABLE and the like, and behind the commas of a FROM.
fn table_names(tokens: &[TokenWithSpan]) -> Vec<(Vec<String>, Span)> {
    let mut found = Vec::new();
    // For each open parenthesis, and for the text itself: whether a comma is followed by a table, and whether it is
    // a function's in which FROM means something else.
    let mut levels = vec![(false, false)];
    let closing = closing_parentheses(tokens);
    let token = |index: usize| tokens.get(index).map(|token| &token.token);
    let merges = tokens.windows(2).any(|pair| {
        matches!(pair, [merge, into] if is_word(Some(&merge.token), "MERGE") && is_word(Some(&into.token), "INTO"))
    });
    let mut index = 0;
    while let Some(here) = tokens.get(index) {
        let before = |back: usize| index.checked_sub(back).and_then(token);
        let mut expects_table = false;
        // Whether a parenthesis behind the name makes it a function's.
        let mut may_be_called = false;
        // Whether a comma behind the name makes it a column's, of a query that lost its SELECT.
        let mut may_be_listed = false;
        match &here.token {
            Token::LBrace if opens_template(tokens, index) => {
                index = read_template(tokens, index, &mut found);
                continue;
            }
            Token::LParen => {
                let functions = ["EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"];
                let from_is_part = is_any(before(1), &functions);
                levels.push((false, from_is_part));
                // `FROM (a JOIN b)`.
                expects_table = is_any(before(1), &["FROM", "JOIN"]);
                may_be_listed = true;
            }
            Token::RParen if levels.len() > 1 => {
                levels.pop();
            }
            Token::Comma => {
                expects_table = levels.last().is_some_and(|level| level.0);
                may_be_called = true;
            }
            Token::Word(word) if word.quote_style.is_none() => {
                let word = word.value.to_ascii_uppercase();
                let part = levels.last().is_some_and(|level| level.1);
                let distinct = word == "FROM" && is_word(before(1), "DISTINCT") && {
                    is_word(before(2), "IS") || is_word(before(3), "IS")
                };
                let in_from = match word.as_str() {
                    "FROM" if !part && !distinct => Some(true),
                    "WHERE" | "GROUP" | "HAVING" | "ORDER" | "BY" | "SELECT" | "UNION"
                    | "EXCEPT" | "INTERSECT" | "WINDOW" | "LIMIT" | "OFFSET" | "FETCH" | "SET" => {
                        Some(false)
                    }
                    _ => None,
                };
                if let (Some(in_from), Some(level)) = (in_from, levels.last_mut()) {
                    level.0 = in_from;
                }
                // The next one is a query's, and the function lost its parenthesis.
                if let ("FROM", Some(level)) = (word.as_str(), levels.last_mut()) {
                    level.1 = false;
                }
                may_be_called = in_from == Some(true) || word == "JOIN";
                expects_table = may_be_called
                    || matches!(word.as_str(), "INTO" | "TABLE")
                    || word == "UPDATE" && !is_word(token(index + 1), "SET")
                    || word == "VIEW" && !is_word(before(1), "LATERAL")
                    || word == "USING" && merges;
            }
            _ => {}
        }
        index += 1;
        if expects_table {
            while is_any(token(index), &["IF", "NOT", "EXISTS", "LATERAL"]) {
                index += 1;
            }
            if let Some((parts, length)) = name_at(tokens, index) {
                let at = tokens
                    .get(index)
                    .map_or(Span { line: 1, column: 1 }, |token| {
                        span_of(token.span.start)
                    });
                index += length;
                // Before a space or a query it is a table that lost what followed it.
                let is_called = token(index) == Some(&Token::LParen)
                    && follows_directly(tokens, index)
                    && !is_any(token(index + 1), &["SELECT", "WITH", "VALUES"])
                    && closing
                        .get(index)
                        .is_some_and(|close| *close < tokens.len());
                let is_listed = token(index) == Some(&Token::Comma);
                if !(is_called && may_be_called || is_listed && may_be_listed) {
                    found.push((parts, at));
                }
            }
        }
    }
    found
}

/// Whether nothing stands between a token and the one before it.
fn follows_directly(tokens: &[TokenWithSpan], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|index| tokens.get(index));
    let ends = before.map(|token| token.span.end);
    ends == tokens.get(index).map(|token| token.span.start)
}

/// Whether `{{`, `{%` or `{#` of a template begins here.
fn opens_template(tokens: &[TokenWithSpan], index: usize) -> bool {
    matches!(
        tokens.get(index + 1).map(|token| &token.token),
        Some(Token::LBrace | Token::Mod | Token::Sharp)
    )
}

/// The tokens that stand outside of templates.
fn without_templates(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut outside = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        if token.token == Token::LBrace && opens_template(tokens, index) {
            index = read_template(tokens, index, &mut Vec::new());
        } else {
            outside.push(token.clone());
            index += 1;
        }
    }
    outside
}

/// Notes the tables that a template's `ref('a')` and `source('a', 'b')` stand for, and gives where it ends.
fn read_template(
    tokens: &[TokenWithSpan],
    start: usize,
    found: &mut Vec<(Vec<String>, Span)>,
) -> usize {
    let token = |index: usize| tokens.get(index).map(|token| &token.token);
    let is_comment = token(start + 1) == Some(&Token::Sharp);
    let mut index = start + 2;
    while let Some(here) = tokens.get(index) {
        let ends = matches!(here.token, Token::RBrace | Token::Mod | Token::Sharp)
            && token(index + 1) == Some(&Token::RBrace);
        if ends {
            return index + 2;
        }
        let is_source = is_word(Some(&here.token), "SOURCE");
        let calls = (is_source || is_word(Some(&here.token), "REF"))
            && token(index + 1) == Some(&Token::LParen)
            && !is_comment;
        index += 1;
        if calls {
            let names = tokens
                .iter()
                .skip(index + 1)
                .map(|token| &token.token)
                .take_while(|token| **token != Token::RParen)
                .filter_map(template_string);
            let mut parts: Vec<String> = names.collect();
            if !is_source {
                // A package may stand before the model.
                parts.drain(..parts.len().saturating_sub(1));
            }
            if !parts.is_empty() && parts.len() <= 3 {
                found.push((parts, span_of(here.span.start)));
            }
        }
    }
    index
}

fn template_string(token: &Token) -> Option<String> {
    match token {
        Token::SingleQuotedString(text) => Some(text.to_lowercase()),
        Token::Word(word) if word.quote_style == Some('"') => Some(word.value.to_lowercase()),
        _ => None,
    }
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
