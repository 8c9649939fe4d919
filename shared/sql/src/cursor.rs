//! Walks over the tokens of a statement's head, where Trino's grammar is its own.

use crate::error::ReadError;
use crate::hints::syntax_hint;
use crate::tokens::{Tokens, span_of};
use sqlparser::ast::Ident;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};
use townlake_core::advice::Span;
use townlake_core::names::is_reserved;

/// A place between two tokens.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    tokens: &'t [TokenWithSpan],
    index: usize,
    end: Span,
}

/// A dotted name as written, folded to lower case as Trino folds all names, quoted ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) parts: Vec<String>,
    /// The same parts as written.
    pub(crate) idents: Vec<Ident>,
    pub(crate) at: Span,
}

impl Name {
    pub(crate) fn dotted(&self) -> String {
        self.parts.join(".")
    }
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(tokens: &'t Tokens) -> Self {
        Self {
            tokens: &tokens.list,
            index: 0,
            end: tokens.end,
        }
    }

    /// The tokens from here to the end of the statement.
    pub(crate) fn rest(&self) -> &'t [TokenWithSpan] {
        self.tokens.get(self.index..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<&'t Token> {
        self.peek_at(0)
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Option<&'t Token> {
        self.tokens
            .get(self.index + ahead)
            .map(|token| &token.token)
    }

    pub(crate) fn advance(&mut self) {
        self.index += 1;
    }

    pub(crate) fn advance_by(&mut self, count: usize) {
        self.index += count;
    }

    /// Where the next token starts.
    pub(crate) fn at(&self) -> Span {
        self.tokens
            .get(self.index)
            .map_or(self.end, |token| span_of(token.span.start))
    }

    /// Just behind the last token of the statement.
    pub(crate) fn end(&self) -> Span {
        self.end
    }

    /// Whether the next tokens are these words, unquoted. Moves over them if so.
    pub(crate) fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.sees(words);
        if found {
            self.index += words.len();
        }
        found
    }

    /// Whether the next tokens are these words, unquoted.
    pub(crate) fn sees(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(ahead, word)| is_word(self.peek_at(ahead), word))
    }

    pub(crate) fn expect(&mut self, words: &[&str]) -> Result<(), ReadError> {
        for word in words {
            if !self.eat(&[word]) {
                return Err(self.expected(&format!("`{word}`")));
            }
        }
        Ok(())
    }

    pub(crate) fn eat_token(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.index += 1;
        }
        found
    }

    pub(crate) fn expect_token(&mut self, token: &Token) -> Result<(), ReadError> {
        if self.eat_token(token) {
            Ok(())
        } else {
            Err(self.expected(&format!("`{token}`")))
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.index >= self.tokens.len()
    }

    pub(crate) fn expect_end(&self) -> Result<(), ReadError> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(self.expected("the end of the statement"))
        }
    }

    /// One identifier, folded to lower case.
    pub(crate) fn identifier(&mut self, what: &str) -> Result<String, ReadError> {
        Ok(self.ident(what)?.value.to_lowercase())
    }

    /// One identifier as written.
    pub(crate) fn ident(&mut self, what: &str) -> Result<Ident, ReadError> {
        match self.tokens.get(self.index) {
            Some(TokenWithSpan {
                token: Token::Word(word),
                span,
            }) if word.quote_style.is_some() || !is_reserved(&word.value) => {
                self.index += 1;
                Ok(word.to_ident(*span))
            }
            _ => Err(self.expected(what)),
        }
    }

    /// `(a, b)`.
    pub(crate) fn column_list(&mut self) -> Result<Vec<Ident>, ReadError> {
        self.expect_token(&Token::LParen)?;
        let mut columns = vec![self.ident("a column")?];
        while self.eat_token(&Token::Comma) {
            columns.push(self.ident("a column")?);
        }
        self.expect_token(&Token::RParen)?;
        Ok(columns)
    }

    /// Moves over `(a, b)` if that is what comes, and gives the names; none if something else comes.
    pub(crate) fn names_in_parentheses(&mut self) -> Vec<Ident> {
        let start = self.index;
        self.column_list().unwrap_or_else(|_| {
            self.index = start;
            Vec::new()
        })
    }

    /// A name of one to `most` dotted parts.
    pub(crate) fn name(&mut self, what: &str, most: usize) -> Result<Name, ReadError> {
        let at = self.at();
        let mut idents = vec![self.ident(what)?];
        while self.peek() == Some(&Token::Period) {
            if idents.len() == most {
                let message = match most {
                    1 => format!("{what} has no parts separated by dots"),
                    _ => format!("{what} has at most {most} parts separated by dots"),
                };
                return Err(ReadError::Syntax { message, at });
            }
            self.index += 1;
            idents.push(self.ident("a name after the `.`")?);
        }
        let parts = idents.iter().map(|part| part.value.to_lowercase());
        Ok(Name {
            parts: parts.collect(),
            idents,
            at,
        })
    }

    /// A string literal's value.
    pub(crate) fn string(&mut self, what: &str) -> Result<String, ReadError> {
        match self.peek() {
            Some(Token::SingleQuotedString(text) | Token::UnicodeStringLiteral(text)) => {
                self.index += 1;
                Ok(text.clone())
            }
            _ => Err(self.expected(what)),
        }
    }

    /// Moves over a string or what is between `$$`.
    pub(crate) fn text(&mut self, what: &str) -> Result<(), ReadError> {
        if matches!(self.peek(), Some(Token::DollarQuotedString(_))) {
            self.index += 1;
            return Ok(());
        }
        self.string(what).map(drop)
    }

    /// Moves over a balanced group `( ... )`; the next token has to be its `(`.
    pub(crate) fn skip_group(&mut self) -> Result<(), ReadError> {
        self.expect_token(&Token::LParen)?;
        let mut open = 1_usize;
        while open > 0 {
            match self.peek() {
                Some(Token::LParen) => open += 1,
                Some(Token::RParen) => open -= 1,
                Some(_) => {}
                None => return Err(self.expected("`)`")),
            }
            self.index += 1;
        }
        Ok(())
    }

    /// Moves over a balanced group and gives the tokens between its parentheses.
    pub(crate) fn group(&mut self) -> Result<&'t [TokenWithSpan], ReadError> {
        let start = self.index + 1;
        self.skip_group()?;
        Ok(self
            .tokens
            .get(start..self.index.saturating_sub(1))
            .unwrap_or_default())
    }

    /// "expected X, found Y" at the next token.
    pub(crate) fn expected(&self, what: &str) -> ReadError {
        let found = match self.peek() {
            Some(token) => format!("`{token}`"),
            None => "the end of the statement".to_owned(),
        };
        let mut message = format!("expected {what}, found {found}");
        if let Some(hint) = syntax_hint(self.tokens, self.index) {
            message = format!("{message}: {hint}");
        }
        ReadError::Syntax {
            message,
            at: self.at(),
        }
    }
}

/// Whether a token is this word, unquoted.
pub(crate) fn is_word(token: Option<&Token>, word: &str) -> bool {
    matches!(token, Some(Token::Word(Word { value, quote_style: None, .. })) if value.eq_ignore_ascii_case(word))
}
