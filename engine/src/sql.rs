//! Statements: queries are parsed by `townlake_sql`, the same reading that the gateway checks; what is
//! around them (SHOW, PREPARE, EXPLAIN, ...) is read here token by token.

mod cursor;
mod number;
mod statement;

use sqlparser::ast::{Expr, ObjectName, ObjectNamePart, Query};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::ReadError;

use crate::error::{Failure, Place, Result};

pub use statement::{Explain, Pattern, Show, Statement, check_parameters};

/// Reads a statement.
///
/// # Errors
/// It is none, or one that the engine does not have.
pub fn parse(text: &str) -> Result<Statement> {
    let (tokens, end) = tokens(text)?;
    statement::read(text, &numbered(tokens), end)
}

/// Reads one expression: a mask or a filter of the policy.
///
/// # Errors
/// It is none.
pub fn parse_expression(text: &str) -> Result<Expr> {
    let (tokens, end) = tokens(text)?;
    let mut list = townlake_sql::tree::expressions(&tokens, end)
        .map_err(|error| syntax(&error))?
        .into_iter();
    match (list.next(), list.next()) {
        (Some(expr), None) => Ok(expr),
        _ => Err(Failure::new(
            ErrorCode::SyntaxError,
            "more than one expression",
        )),
    }
}

pub(crate) fn parse_query(tokens: &[TokenWithSpan], end: Span) -> Result<Box<Query>> {
    townlake_sql::tree::query(tokens, end).map_err(|error| syntax(&error))
}

pub(crate) fn parse_expressions(tokens: &[TokenWithSpan], end: Span) -> Result<Vec<Expr>> {
    townlake_sql::tree::expressions(tokens, end).map_err(|error| syntax(&error))
}

fn tokens(text: &str) -> Result<(Vec<TokenWithSpan>, Span)> {
    let (tokens, end) = townlake_sql::tree::tokens(text).map_err(|error| syntax(&error))?;
    Ok((number::whole_numbers(tokens)?, end))
}

/// Each `?` gets its number, so that the tree tells which value it stands for.
fn numbered(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut n = 0;
    tokens
        .into_iter()
        .map(|mut token| {
            if matches!(&token.token, Token::Placeholder(text) if text == "?") {
                n += 1;
                token.token = Token::Placeholder(format!("?{n}"));
            }
            token
        })
        .collect()
}

/// How many `?` a text has.
///
/// # Errors
/// It cannot be split into tokens.
pub fn parameters(text: &str) -> Result<usize> {
    let (tokens, _) = townlake_sql::tree::tokens(text).map_err(|error| syntax(&error))?;
    Ok(tokens
        .iter()
        .filter(|token| matches!(&token.token, Token::Placeholder(_)))
        .count())
}

fn syntax(error: &ReadError) -> Failure {
    let code = match error {
        ReadError::NotUnderstood { .. } => ErrorCode::NotSupported,
        ReadError::TooLong { .. } => ErrorCode::QueryTextTooLarge,
        ReadError::TooDeep { .. } => ErrorCode::NotSupported,
        ReadError::MissingCatalog { .. } => ErrorCode::MissingCatalogName,
        ReadError::MissingSchema { .. } => ErrorCode::MissingSchemaName,
        _ => ErrorCode::SyntaxError,
    };
    let place = error.at().map(|at| (at.line, at.column));
    Failure::new(code, error.to_string()).at(Place(place))
}

/// A name's parts in lower case, as Trino folds all of them.
///
/// # Errors
/// A part is no identifier.
pub fn object_parts(name: &ObjectName) -> Result<Vec<String>> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Ok(ident.value.to_lowercase()),
            ObjectNamePart::Function(_) => {
                Err(Failure::unsupported("A function as part of a name"))
            }
        })
        .collect()
}
