//! Walks over a statement's tokens.

use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;
use townlake_protocol::trino::ErrorCode;

use crate::error::{Failure, Place, Result};

/// A place between two tokens.
pub(super) struct Cursor<'t> {
    pub tokens: &'t [TokenWithSpan],
    pub index: usize,
    pub end: Span,
}

impl<'t> Cursor<'t> {
    pub fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.index).map(|token| &token.token)
    }

    pub fn rest(&self) -> &'t [TokenWithSpan] {
        self.tokens.get(self.index..).unwrap_or_default()
    }

    pub fn place(&self) -> Place {
        match self.tokens.get(self.index) {
            Some(token) => token.span.into(),
            None => Place(Some((self.end.line, self.end.column))),
        }
    }

    /// The next token as an unquoted word in upper case.
    pub fn word(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Word(word)) if word.quote_style.is_none() => {
                Some(word.value.to_ascii_uppercase())
            }
            _ => None,
        }
    }

    /// Goes over these words if they are next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(i, wanted)| {
            matches!(
                self.tokens.get(self.index + i).map(|token| &token.token),
                Some(Token::Word(word)) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted)
            )
        });
        if found {
            self.index += words.len();
        }
        found
    }

    pub fn eat_token(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.index += 1;
        }
        found
    }

    pub fn expected(&self, what: &str) -> Failure {
        let found = match self.peek() {
            Some(token) => format!("mismatched input '{token}'"),
            None => "mismatched input '<EOF>'".to_owned(),
        };
        Failure::new(
            ErrorCode::SyntaxError,
            format!("{found}. Expecting: {what}"),
        )
        .at(self.place())
    }

    pub fn expect(&mut self, words: &[&str]) -> Result<()> {
        if self.eat(words) {
            Ok(())
        } else {
            Err(self.expected(&format!("'{}'", words.join(" "))))
        }
    }

    pub fn expect_end(&self) -> Result<()> {
        if self.index >= self.tokens.len() {
            Ok(())
        } else {
            Err(self.expected("<EOF>"))
        }
    }

    pub fn identifier(&mut self) -> Result<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                self.index += 1;
                Ok(word.value.to_lowercase())
            }
            _ => Err(self.expected("<identifier>")),
        }
    }

    /// A dotted name in lower case.
    pub fn name(&mut self) -> Result<Vec<String>> {
        let mut parts = vec![self.identifier()?];
        while self.eat_token(&Token::Period) {
            parts.push(self.identifier()?);
        }
        Ok(parts)
    }

    pub fn string(&mut self) -> Result<String> {
        match self.peek() {
            Some(Token::SingleQuotedString(text)) => {
                self.index += 1;
                Ok(text.clone())
            }
            _ => Err(self.expected("<string>")),
        }
    }
}
