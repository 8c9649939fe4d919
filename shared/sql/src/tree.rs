//! The trees of statements: sqlparser's, for the binder, lineage and the engine.
//!
//! All of them plan from the same reading that the gateway checks.

use sqlparser::ast::{Expr, Ident, Merge, Query};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::TokenWithSpan;
use townlake_core::advice::Span;
use townlake_core::names::TableRef;

use crate::body;
use crate::error::ReadError;
use crate::extras::Extras;
use crate::read::{Session, parse_at_depth};
use crate::statement::Reading;
use crate::text::TextMap;
use crate::tokens::{span_of, tokenize};

/// A statement with its trees.
///
/// Every place in the trees is a place of the user's text; `text` tells the bytes. What Trino's SQL has and
/// sqlparser's tree has not is in `extras`, by place. `EXPLAIN` and `PREPARE` have the trees of the statement that
/// they hold. A statement inside a string (`EXECUTE IMMEDIATE`) or of another text (`EXECUTE`) has none: parse that text.
#[derive(Debug, Clone)]
pub struct ParsedStatement {
    /// What it does, and every table that it names.
    pub reading: Reading,
    /// Its query: of `SELECT`, `INSERT`, `CREATE TABLE AS`, of a view's definition, of `SHOW STATS FOR (...)`.
    pub query: Option<Box<Query>>,
    /// What `INSERT`, `CREATE TABLE`, `CREATE VIEW`, `UPDATE`, `DELETE`, `MERGE` and the like write or define.
    pub target: Option<Target>,
    /// How `UPDATE`, `DELETE` and `MERGE` change rows.
    pub change: Option<Change>,
    /// What the trees do not show.
    pub extras: Extras,
    /// The user's text, and where its lines are.
    pub text: TextMap,
}

/// The table that a statement writes, or the table or view that it defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its full name.
    pub table: TableRef,
    /// The name as written.
    pub name: Vec<Ident>,
    /// The columns named behind it, in order; none if none are named.
    pub columns: Vec<Ident>,
    /// The branch: `INSERT INTO t @ branch`.
    pub branch: Option<Ident>,
}

/// How rows are changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `UPDATE`.
    Update {
        /// In order.
        assignments: Vec<Assignment>,
        /// `WHERE`.
        condition: Option<Expr>,
    },
    /// `DELETE`.
    Delete {
        /// `WHERE`.
        condition: Option<Expr>,
    },
    /// `MERGE`.
    Merge(Box<Merge>),
}

/// `column = value` of an `UPDATE`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// What is set.
    pub column: Ident,
    /// To what.
    pub value: Expr,
}

/// Parses one statement to its last token.
///
/// # Errors
/// The text is not one statement of Trino's SQL, is larger or deeper than `limits` allow, or holds something
/// that is not understood here.
pub fn parse(text: &str, session: &Session) -> Result<ParsedStatement, ReadError> {
    parse_at_depth(text, session, 0)
}

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
/// They are not one query, or hold a construct that the tree alone does not show.
pub fn query(tokens: &[TokenWithSpan], end: Span) -> Result<Box<Query>, ReadError> {
    complete(|extras| body::parse_query(tokens, end, extras))
}

/// The expressions that all of the tokens are, with commas between them.
///
/// # Errors
/// They are not a list of expressions, or hold a construct that the tree alone does not show.
pub fn expressions(tokens: &[TokenWithSpan], end: Span) -> Result<Vec<Expr>, ReadError> {
    complete(|extras| {
        body::parse(tokens, end, extras, |parser| {
            parser.parse_comma_separated(Parser::parse_expr)
        })
    })
}

/// A tree that says everything. Whoever has no `Extras` would run another query than the user's.
fn complete<T>(read: impl FnOnce(&mut Extras) -> Result<T, ReadError>) -> Result<T, ReadError> {
    let mut extras = Extras::default();
    let tree = read(&mut extras)?;
    match extras.first() {
        None => Ok(tree),
        Some((what, place)) => Err(ReadError::NotUnderstood {
            what: what.to_owned(),
            hint: None,
            at: span_of(place),
        }),
    }
}
