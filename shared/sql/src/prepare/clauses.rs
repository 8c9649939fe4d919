//! Clauses of Trino's, one by one: each is written otherwise or taken out.

use sqlparser::ast::Ident;
use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::names::is_reserved;

use super::{Pass, groups};
use crate::body::parse_front;
use crate::cursor::is_word;
use crate::error::ReadError;
use crate::extras::{GroupByQuantifier, TimeTravel, TimeTravelKind};

/// Words that are aliases in Trino and something else in sqlparser, whatever follows them.
const ALIASES: [&str; 15] = [
    "COLLATE",
    "DIV",
    "IGNORE",
    "ILIKE",
    "MATCH",
    "MEMBER",
    "OPERATOR",
    "OVER",
    "OVERLAPS",
    "PARTITION",
    "REGEXP",
    "RESPECT",
    "RLIKE",
    "SIMILAR",
    "XOR",
];

/// Reserved words that follow an alias.
const BEHIND_ALIAS: [&str; 18] = [
    "CROSS",
    "EXCEPT",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "INNER",
    "INTERSECT",
    "JOIN",
    "LEFT",
    "NATURAL",
    "ON",
    "ORDER",
    "RIGHT",
    "UNION",
    "USING",
    "WHEN",
    "WHERE",
];

impl Pass<'_> {
    /// `SELECT top.x`: sqlparser takes the word for a clause of another dialect unless it is quoted.
    pub(super) fn top(&mut self) {
        let is_column = self.peek(1) == Some(&Token::Period);
        if !is_column && (self.sees(&["DISTINCT"]) || self.sees(&["ALL"])) {
            self.keep(1);
        }
        let is_name =
            self.sees(&["TOP"]) && !matches!(self.peek(1), Some(Token::Number(..) | Token::LParen));
        if is_name {
            self.quote("top");
        }
    }

    /// Whether a word ends a select item or a relation as its alias: something to name is before it, and behind it what
    /// comes after an alias.
    pub(super) fn is_alias(&self, word: &str) -> bool {
        let names = match self.out.last().map(|token| &token.token) {
            Some(Token::Word(word)) => word.quote_style.is_some() || !is_reserved(&word.value),
            Some(token) => matches!(
                token,
                Token::RParen | Token::RBracket | Token::Number(..) | Token::SingleQuotedString(_)
            ),
            None => false,
        };
        let ends = match self.peek(1) {
            None | Some(Token::Comma | Token::RParen) => true,
            // Columns behind a table's alias.
            Some(Token::LParen) => word == "PARTITION",
            behind => BEHIND_ALIAS.iter().any(|word| is_word(behind, word)),
        };
        names && ends && ALIASES.contains(&word)
    }

    /// Puts a word into quotes, so that it is a name for sqlparser as well. Trino folds quoted names too.
    pub(super) fn quote(&mut self, word: &str) {
        self.put(Token::make_word(word, Some('"')), self.index);
        self.index += 1;
    }

    pub(super) fn enter_select(&mut self) {
        let place = self.place(0);
        if let Some(level) = self.levels.last_mut() {
            level.select = Some(place);
            level.is_grouping = false;
        }
    }

    /// `FOR VERSION AS OF expression`, behind a table's name.
    pub(super) fn time_travel(&mut self, kind: TimeTravelKind) -> Result<(), ReadError> {
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
    pub(super) fn table_query(&mut self) {
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

    pub(super) fn set_operation(&mut self) -> Result<(), ReadError> {
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
    pub(super) fn column_list(&mut self) -> Result<Vec<Ident>, ReadError> {
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

    pub(super) fn group_by(&mut self) {
        self.keep(2);
        self.set_grouping(true);
        let select = self.levels.last().and_then(|level| level.select);
        let ends = self.ends_group_by(1);
        let quantifier = if self.sees(&["ALL"]) {
            GroupByQuantifier::All
        } else if self.sees(&["DISTINCT"]) {
            GroupByQuantifier::Distinct
        } else {
            return;
        };
        let goes_on = !ends || self.sees_grouping(1) || is_word(self.peek(1), "AUTO");
        if let Some(select) = select.filter(|_| goes_on) {
            self.extras.group_by.insert(select, quantifier);
            self.index += 1;
        }
    }

    /// `AUTO`, one of what is grouped by. The word is reserved, so no column that is meant is called so.
    pub(super) fn group_by_auto(&mut self) {
        self.extras.group_by_auto.insert(self.place(0));
        self.quote("auto");
    }

    pub(super) fn is_grouping(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_grouping)
    }

    pub(super) fn set_grouping(&mut self, is_grouping: bool) {
        if let Some(level) = self.levels.last_mut() {
            level.is_grouping = is_grouping;
        }
    }

    fn ends_group_by(&self, ahead: usize) -> bool {
        self.peek(ahead).is_none_or(|token| {
            matches!(token, Token::RParen)
                || matches!(token, Token::Word(word) if word.quote_style.is_none() && is_reserved(&word.value))
                || ["LIMIT", "OFFSET", "FETCH", "WINDOW"].iter().any(|word| is_word(Some(token), word))
        })
    }

    pub(super) fn sees_grouping(&self, ahead: usize) -> bool {
        ["GROUPING", "ROLLUP", "CUBE", "CASE", "CAST"]
            .iter()
            .any(|word| is_word(self.peek(ahead), word))
    }

    pub(super) fn between(&mut self) {
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
    pub(super) fn at_local(&mut self) {
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

    pub(super) fn limit(&mut self) -> Result<(), ReadError> {
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
    pub(super) fn trim(&mut self) {
        self.keep(1);
        let side = ["LEADING", "TRAILING", "BOTH"]
            .iter()
            .any(|side| is_word(self.peek(1), side));
        if side && is_word(self.peek(2), "FROM") {
            self.dropped.insert(self.index + 2);
        }
    }

    /// Whether `.*` was the last.
    pub(super) fn follows_star(&self) -> bool {
        let mut last = self.out.iter().rev().map(|token| &token.token);
        last.next() == Some(&Token::Mul) && last.next() == Some(&Token::Period)
    }

    /// sqlparser's own JSON_TABLE is that of another dialect; a table function can hold anything.
    pub(super) fn json_table(&mut self) {
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
    pub(super) fn copartition(&mut self) -> Result<(), ReadError> {
        self.index += 1;
        while self.peek(0) == Some(&Token::LParen) {
            let close = self.closing.get(self.index).copied().unwrap_or(self.index);
            self.refuse_queries(self.index, close)?;
            self.index = close + 1;
            if self.peek(0) == Some(&Token::Comma) && self.peek(1) == Some(&Token::LParen) {
                self.index += 1;
            }
        }
        Ok(())
    }
}
