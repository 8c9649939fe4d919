//! Trino's own constructs, made into what sqlparser reads.
//!
//! What has an equal in sqlparser's grammar is written as that: `TABLE t` becomes `SELECT * FROM t`. What has none is
//! taken out and noted in `Extras`. Every token keeps its place in the user's text, and a token that is put in stands
//! at the place of the word that it is for.

use std::collections::{BTreeMap, BTreeSet};

use crate::cursor::is_word;
use crate::error::ReadError;
use crate::extras::{Extras, TimeTravelKind};
use crate::tokens::span_of;
use sqlparser::ast::Expr;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};
use townlake_core::advice::Span;
use townlake_core::names::is_reserved;

mod clauses;
mod groups;
mod patterns;
mod values;

pub(crate) use groups::closing_parentheses;
pub(crate) use patterns::Substitute;

/// Tokens that sqlparser can read.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// In the order of the text.
    pub(crate) tokens: Vec<TokenWithSpan>,
    /// Relations to put into the tree afterwards, outer ones last.
    pub(crate) substitutes: Vec<Substitute>,
}

/// Prepares the tokens of one query, expression or statement.
///
/// # Errors
/// A construct of Trino's is begun and not finished.
pub(crate) fn prepare(
    tokens: &[TokenWithSpan],
    end: Span,
    extras: &mut Extras,
) -> Result<Prepared, ReadError> {
    let mut pass = Pass {
        tokens,
        end,
        closing: closing_parentheses(tokens),
        index: 0,
        out: Vec::with_capacity(tokens.len() + 8),
        levels: vec![Level::default()],
        substitutes: Vec::new(),
        later: BTreeMap::new(),
        dropped: BTreeSet::new(),
        extras,
    };
    while pass.index <= tokens.len() {
        pass.step()?;
    }
    Ok(Prepared {
        tokens: pass.out,
        substitutes: pass.substitutes,
    })
}

/// What is open: the text itself, or a parenthesis.
#[derive(Default)]
struct Level {
    /// Its last SELECT.
    select: Option<Location>,
    /// Where its parenthesis is among the tokens put out.
    start: usize,
    /// Whether it holds the members of a `JSON_OBJECT`.
    is_object: bool,
    /// Whether the last clause was GROUP BY.
    is_grouping: bool,
}

/// One walk over the tokens.
struct Pass<'t> {
    tokens: &'t [TokenWithSpan],
    end: Span,
    /// For each `(`, where its `)` is.
    closing: Vec<usize>,
    index: usize,
    out: Vec<TokenWithSpan>,
    levels: Vec<Level>,
    substitutes: Vec<Substitute>,
    /// Tokens to put in before the token at an index; the last of them first.
    later: BTreeMap<usize, Vec<TokenWithSpan>>,
    /// Tokens to leave out.
    dropped: BTreeSet<usize>,
    extras: &'t mut Extras,
}

impl Pass<'_> {
    fn step(&mut self) -> Result<(), ReadError> {
        if let Some(mut tokens) = self.later.remove(&self.index) {
            while let Some(token) = tokens.pop() {
                self.out.push(token);
            }
        }
        let Some(token) = self.tokens.get(self.index) else {
            self.index += 1;
            return Ok(());
        };
        if self.dropped.remove(&self.index) {
            self.index += 1;
            return Ok(());
        }
        match &token.token {
            Token::LParen => {
                let is_object = self.index > 0
                    && is_word(self.out.last().map(|token| &token.token), "JSON_OBJECT");
                self.levels.push(Level {
                    start: self.out.len(),
                    is_object,
                    ..Level::default()
                });
            }
            Token::RParen => {
                let level = self.levels.pop();
                self.keep(1);
                if let Some(level) = level {
                    patterns::substitute_aliased(self, level.start);
                }
                return Ok(());
            }
            // `'a' : x` in a JSON_OBJECT means the same as `'a' VALUE x`.
            Token::Colon if self.levels.last().is_some_and(|level| level.is_object) => {
                self.put(Token::make_keyword("VALUE"), self.index);
                self.index += 1;
                return Ok(());
            }
            Token::Word(word) if word.quote_style.is_none() => {
                return self.word(&word.value.to_ascii_uppercase());
            }
            _ => {}
        }
        self.keep(1);
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), ReadError> {
        match word {
            // sqlparser takes these words for operators and clauses even where nothing of such follows.
            _ if self.is_alias(word) => self.quote(&word.to_ascii_lowercase()),
            "SELECT" => {
                self.enter_select();
                self.keep(1);
                self.top();
            }
            "FOR" if self.sees(&["FOR", "VERSION", "AS", "OF"]) => {
                return self.time_travel(TimeTravelKind::Version);
            }
            "FOR" if self.sees(&["FOR", "TIMESTAMP", "AS", "OF"]) => {
                return self.time_travel(TimeTravelKind::Timestamp);
            }
            // sqlparser takes these words for clauses even where nothing of a clause follows.
            "LATERAL" if self.peek(1) != Some(&Token::LParen) => self.quote("lateral"),
            "RETURNING" if !self.names_table(1) => self.quote("returning"),
            // What quantifies has no dot behind it.
            "ALL" | "ANY" | "SOME" if self.peek(1) == Some(&Token::Period) => {
                self.quote(&word.to_ascii_lowercase());
            }
            "TABLE" if self.names_table(1) => self.table_query(),
            "VALUES" => values::wrap_rows(self),
            "UNION" | "EXCEPT" | "INTERSECT" => return self.set_operation(),
            "GROUP" if self.sees(&["GROUP", "BY"]) => self.group_by(),
            "AUTO" if self.is_grouping() => self.group_by_auto(),
            "HAVING" | "ORDER" | "WINDOW" => {
                self.set_grouping(false);
                self.keep(1);
            }
            "BETWEEN" => self.between(),
            "AT" if self.sees(&["AT", "LOCAL"]) => self.at_local(),
            "LIMIT" => return self.limit(),
            "JSON_TABLE" if self.peek(1) == Some(&Token::LParen) => self.json_table(),
            "COPARTITION" if self.peek(1) == Some(&Token::LParen) => return self.copartition(),
            "MATCH_RECOGNIZE" if self.peek(1) == Some(&Token::LParen) => {
                return patterns::match_recognize(self);
            }
            "OVER" => {
                patterns::measure_call(self);
                if self.peek(1) == Some(&Token::LParen) {
                    return patterns::window(self);
                }
                self.keep(1);
            }
            "TRIM" if self.peek(1) == Some(&Token::LParen) => self.trim(),
            "AS" if self.peek(1) == Some(&Token::LParen) && self.follows_star() => {
                let star = self.out.last().map(|token| token.span.start);
                self.index += 1;
                let columns = self.column_list()?;
                self.extras
                    .star_columns
                    .extend(star.map(|star| (star, columns)));
            }
            "AS" if self.peek(1) == Some(&Token::LParen) && !self.opens_query(1) => {
                return patterns::window(self);
            }
            _ => self.keep(1),
        }
        Ok(())
    }

    /// Whether a parenthesis ahead is a subquery's.
    fn opens_query(&self, ahead: usize) -> bool {
        self.peek(ahead) == Some(&Token::LParen)
            && ["SELECT", "WITH", "VALUES", "TABLE"]
                .iter()
                .any(|word| is_word(self.peek(ahead + 1), word))
    }

    fn names_table(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value))
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens
            .get(self.index + ahead)
            .map(|token| &token.token)
    }

    fn sees(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(ahead, word)| is_word(self.peek(ahead), word))
    }

    /// Refuses a query among tokens that are left out: nothing that names a table may be. A function may have the name
    /// of a clause.
    fn refuse_queries(&self, start: usize, end: usize) -> Result<(), ReadError> {
        let left_out = self.tokens.get(start..end).unwrap_or_default();
        let query = left_out.iter().find(|token| {
            ["SELECT", "WITH", "VALUES", "TABLE", "FROM"]
                .iter()
                .any(|word| is_word(Some(&token.token), word))
        });
        match query {
            None => Ok(()),
            Some(query) => Err(ReadError::NotUnderstood {
                what: "a subquery in this place".to_owned(),
                hint: None,
                at: span_of(query.span.start),
            }),
        }
    }

    /// Where a token starts.
    fn place(&self, ahead: usize) -> Location {
        let end = Location::new(self.end.line, self.end.column);
        self.tokens
            .get(self.index + ahead)
            .map_or(end, |token| token.span.start)
    }

    fn span(&self, ahead: usize) -> Span {
        span_of(self.place(ahead))
    }

    /// Moves tokens over as they are.
    fn keep(&mut self, count: usize) {
        let end = (self.index + count).min(self.tokens.len());
        self.out
            .extend_from_slice(self.tokens.get(self.index..end).unwrap_or_default());
        self.index = end;
    }

    /// Puts in a token, at the place of another one.
    fn put(&mut self, token: Token, at: usize) {
        let span = self
            .tokens
            .get(at)
            .or(self.tokens.last())
            .map_or_else(sqlparser::tokenizer::Span::empty, |token| token.span);
        self.out.push(TokenWithSpan { token, span });
    }

    fn expected_at(&self, ahead: usize, what: &str) -> ReadError {
        let found = match self.peek(ahead) {
            Some(token) => format!("`{token}`"),
            None => "the end of the statement".to_owned(),
        };
        ReadError::Syntax {
            message: format!("expected {what}, found {found}"),
            at: self.span(ahead),
        }
    }
}

/// The expressions that were taken out.
pub(crate) fn expressions(extras: &Extras) -> impl Iterator<Item = &Expr> {
    let travels = extras.time_travel.values().map(|travel| &travel.expression);
    let arguments = extras.table_arguments.values().flat_map(|argument| {
        let partitions = argument.partition_by.iter().flatten();
        partitions.chain(argument.order_by.iter().map(|item| &item.expr))
    });
    let patterns = extras.row_patterns.values().flat_map(|pattern| {
        let measures = pattern.measures.iter().map(|(value, _)| value);
        measures.chain(pattern.definitions.iter().map(|(_, value)| value))
    });
    let functions = extras
        .functions
        .iter()
        .filter_map(|function| function.body.as_ref());
    let session = extras.session.iter().map(|property| &property.value);
    travels
        .chain(arguments)
        .chain(patterns)
        .chain(functions)
        .chain(session)
}
