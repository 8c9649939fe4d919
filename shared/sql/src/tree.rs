//! The trees of queries and expressions, for the engine: it plans from the same reading that the gateway checks.

use sqlparser::ast::{Expr, Query};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::TokenWithSpan;
use townlake_core::advice::Span;

use crate::body::{inside_parentheses, parse};
use crate::error::ReadError;
use crate::tokens::tokenize;

/// The tokens of one statement without white space and comments, and the place just behind the last.
///
/// # Errors
/// The text is too long, too deep, empty, holds a second statement, or a token that Trino does not have.
pub fn tokens(text: &str) -> Result<(Vec<TokenWithSpan>, Span), ReadError> {
    let tokens = tokenize(text)?;
    Ok((tokens.list, tokens.end))
}

/// The query that all of the tokens are.
///
/// # Errors
/// They are not one query.
pub fn query(tokens: &[TokenWithSpan], end: Span) -> Result<Box<Query>, ReadError> {
    parse(tokens, end, |parser| parser.parse_query())
        .map_err(|error| inside_parentheses(tokens, end, error))
}

/// The expressions that all of the tokens are, with commas between them.
///
/// # Errors
/// They are not a list of expressions.
pub fn expressions(tokens: &[TokenWithSpan], end: Span) -> Result<Vec<Expr>, ReadError> {
    parse(tokens, end, |parser| {
        parser.parse_comma_separated(Parser::parse_expr)
    })
}
