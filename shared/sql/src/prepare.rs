//! Trino's own constructs, made into what sqlparser reads.
//!
//! What has an equal in sqlparser's grammar is written as that: `TABLE t` becomes `SELECT * FROM t`. What has none is
//! taken out and noted in `Extras`. Every token keeps its place in the user's text, and a token that is put in stands
//! at the place of the word that it is for.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Expr, Ident};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};
use townlake_core::advice::Span;

use crate::body::parse_front;
use crate::cursor::{is_reserved, is_word};
use crate::error::ReadError;
use crate::extras::{Extras, GroupByQuantifier, TimeTravel, TimeTravelKind};
use crate::tokens::span_of;

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
    /// Whether it holds the members of a `JSON_OBJECT`.
    is_object: bool,
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
                    select: None,
                    is_object,
                });
            }
            Token::RParen => {
                self.levels.pop();
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
            "TABLE" if self.names_table(1) => self.table_query(),
            "VALUES" => values::wrap_rows(self),
            "UNION" | "EXCEPT" | "INTERSECT" => return self.set_operation(),
            "GROUP" if self.sees(&["GROUP", "BY"]) => self.group_by(),
            "BETWEEN" => self.between(),
            "AT" if self.sees(&["AT", "LOCAL"]) => self.at_local(),
            "LIMIT" => return self.limit(),
            "JSON_TABLE" if self.peek(1) == Some(&Token::LParen) => self.json_table(),
            "COPARTITION" if self.peek(1) == Some(&Token::LParen) => self.copartition(),
            "MATCH_RECOGNIZE" if self.peek(1) == Some(&Token::LParen) => {
                patterns::match_recognize(self);
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

    /// `SELECT top.x`: sqlparser takes the word for a clause of another dialect unless it is quoted.
    fn top(&mut self) {
        if self.sees(&["DISTINCT"]) || self.sees(&["ALL"]) {
            self.keep(1);
        }
        let is_name =
            self.sees(&["TOP"]) && !matches!(self.peek(1), Some(Token::Number(..) | Token::LParen));
        if is_name {
            self.quote("top");
        }
    }

    /// Puts a word into quotes, so that it is a name for sqlparser as well. Trino folds quoted names too.
    fn quote(&mut self, word: &str) {
        self.put(Token::make_word(word, Some('"')), self.index);
        self.index += 1;
    }

    fn enter_select(&mut self) {
        let place = self.place(0);
        if let Some(level) = self.levels.last_mut() {
            level.select = Some(place);
        }
    }

    /// `FOR VERSION AS OF expression`, behind a table's name.
    fn time_travel(&mut self, kind: TimeTravelKind) -> Result<(), ReadError> {
        let start = self.index + 4;
        let window = self
            .tokens
            .get(start..groups::end_of_constant(self.tokens, start))
            .unwrap_or_default();
        let Some(table) = groups::start_of_name(&self.out) else {
            return Err(self.expected_at(0, "a table before"));
        };
        if self.extras.time_travel.contains_key(&table) {
            return Err(self.expected_at(0, "only one time for a table"));
        }
        let (expression, length) = parse_front(window, self.span(4))?;
        let travel = TimeTravel { kind, expression };
        self.extras.time_travel.insert(table, travel);
        self.index = start + length;
        Ok(())
    }

    /// `TABLE t` is short for `SELECT * FROM t`.
    fn table_query(&mut self) {
        self.enter_select();
        for token in [
            Token::make_keyword("SELECT"),
            Token::Mul,
            Token::make_keyword("FROM"),
        ] {
            self.put(token, self.index);
        }
        self.index += 1;
    }

    fn set_operation(&mut self) -> Result<(), ReadError> {
        self.keep(1);
        if self.sees(&["ALL"]) || self.sees(&["DISTINCT"]) {
            self.keep(1);
        }
        if !self.sees(&["CORRESPONDING"]) {
            return Ok(());
        }
        let mut columns = Vec::new();
        self.index += 1;
        if self.sees(&["BY"]) {
            self.index += 1;
            columns = self.column_list()?;
        }
        let right = self
            .tokens
            .get(self.index..)
            .unwrap_or_default()
            .iter()
            .find(|token| token.token != Token::LParen);
        if let Some(right) = right {
            self.extras.corresponding.insert(right.span.start, columns);
        }
        Ok(())
    }

    /// `(a, b)`.
    fn column_list(&mut self) -> Result<Vec<Ident>, ReadError> {
        let mut columns = Vec::new();
        let mut wanted = &Token::LParen;
        while self.peek(0) == Some(wanted) {
            let name = match self.tokens.get(self.index + 1) {
                Some(TokenWithSpan {
                    token: Token::Word(word),
                    span,
                }) if word.quote_style.is_some() || !is_reserved(&word.value) => {
                    word.to_ident(*span)
                }
                _ => return Err(self.expected_at(1, "a column")),
            };
            columns.push(name);
            self.index += 2;
            wanted = &Token::Comma;
        }
        if columns.is_empty() {
            return Err(self.expected_at(0, "`(`"));
        }
        if self.peek(0) != Some(&Token::RParen) {
            return Err(self.expected_at(0, "`)`"));
        }
        self.index += 1;
        Ok(columns)
    }

    fn group_by(&mut self) {
        self.keep(2);
        let select = self.levels.last().and_then(|level| level.select);
        let ends = self.peek(1).is_none_or(|token| {
            matches!(token, Token::RParen)
                || matches!(token, Token::Word(word) if word.quote_style.is_none() && is_reserved(&word.value))
                || ["LIMIT", "OFFSET", "FETCH", "WINDOW"].iter().any(|word| is_word(Some(token), word))
        });
        if self.sees(&["AUTO"]) && ends {
            self.extras.group_by_auto.extend(select);
            self.put(Token::make_keyword("ALL"), self.index);
            self.index += 1;
            return;
        }
        let quantifier = if self.sees(&["ALL"]) {
            GroupByQuantifier::All
        } else if self.sees(&["DISTINCT"]) {
            GroupByQuantifier::Distinct
        } else {
            return;
        };
        if let Some(select) = select.filter(|_| !ends || self.sees_grouping(1)) {
            self.extras.group_by.insert(select, quantifier);
            self.index += 1;
        }
    }

    fn sees_grouping(&self, ahead: usize) -> bool {
        ["GROUPING", "ROLLUP", "CUBE", "CASE", "CAST"]
            .iter()
            .any(|word| is_word(self.peek(ahead), word))
    }

    fn between(&mut self) {
        self.keep(1);
        let symmetric = self.sees(&["SYMMETRIC"]);
        if !symmetric && !self.sees(&["ASYMMETRIC"]) {
            return;
        }
        // A column may be called so: `BETWEEN symmetric AND 5`.
        let starts_bound = match self.peek(1) {
            Some(Token::Word(_)) => !is_word(self.peek(1), "AND"),
            Some(token) => !matches!(
                token,
                Token::Period
                    | Token::LBracket
                    | Token::Mul
                    | Token::Div
                    | Token::Mod
                    | Token::StringConcat
            ),
            None => false,
        };
        if starts_bound {
            self.index += 1;
            if symmetric {
                self.extras.symmetric.insert(self.place(0));
            }
        }
    }

    /// The session's time zone is what `current_timezone()` gives.
    fn at_local(&mut self) {
        self.keep(1);
        for token in [
            Token::make_keyword("TIME"),
            Token::make_keyword("ZONE"),
            Token::make_word("current_timezone", None),
            Token::LParen,
            Token::RParen,
        ] {
            self.put(token, self.index);
        }
        self.index += 1;
    }

    fn limit(&mut self) -> Result<(), ReadError> {
        self.keep(1);
        let count = matches!(
            self.peek(0),
            Some(Token::Number(..) | Token::Placeholder(_))
        );
        if count && is_word(self.peek(1), "OFFSET") {
            return Err(ReadError::Syntax {
                message:
                    "expected the end of the query, found `OFFSET`: Trino wants OFFSET before LIMIT"
                        .to_owned(),
                at: self.span(1),
            });
        }
        Ok(())
    }

    /// `TRIM(LEADING FROM x)`: sqlparser wants a string before FROM, or no FROM.
    fn trim(&mut self) {
        self.keep(1);
        let side = ["LEADING", "TRAILING", "BOTH"]
            .iter()
            .any(|side| is_word(self.peek(1), side));
        if side && is_word(self.peek(2), "FROM") {
            self.dropped.insert(self.index + 2);
        }
    }

    /// Whether `.*` was the last.
    fn follows_star(&self) -> bool {
        let mut last = self.out.iter().rev().map(|token| &token.token);
        last.next() == Some(&Token::Mul) && last.next() == Some(&Token::Period)
    }

    /// sqlparser's own JSON_TABLE is that of another dialect; a table function can hold anything.
    fn json_table(&mut self) {
        self.put(Token::make_keyword("TABLE"), self.index);
        self.put(Token::LParen, self.index);
        let close = self.closing.get(self.index + 1).copied();
        if let Some((close, near)) = close.and_then(|close| Some((close, self.tokens.get(close)?)))
        {
            let token = TokenWithSpan {
                token: Token::RParen,
                span: near.span,
            };
            self.later.entry(close + 1).or_default().push(token);
        }
        self.keep(1);
    }

    /// `COPARTITION (a, b), (c, d)`: which table arguments are partitioned alike changes no column.
    fn copartition(&mut self) {
        self.index += 1;
        while self.peek(0) == Some(&Token::LParen) {
            let close = self.closing.get(self.index).copied();
            self.index = close.unwrap_or(self.index) + 1;
            if self.peek(0) == Some(&Token::Comma) && self.peek(1) == Some(&Token::LParen) {
                self.index += 1;
            }
        }
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
