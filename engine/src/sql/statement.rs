//! What kinds of statements there are.

use sqlparser::ast::{Expr, Query};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;
use townlake_protocol::trino::ErrorCode;

use super::cursor::Cursor;
use super::{parse_expressions, parse_query};
use crate::error::{Failure, Place, Result};

/// A statement of those that the engine has.
#[derive(Debug, Clone)]
pub enum Statement {
    /// `SELECT`, `WITH`, `VALUES`, `TABLE`
    Query(Box<Query>),
    /// `EXPLAIN`
    Explain(Explain, Box<Query>),
    /// `SHOW`, `DESCRIBE`
    Show(Show),
    /// `USE`
    Use {
        /// The catalog, if named.
        catalog: Option<String>,
        /// The schema.
        schema: String,
        /// Where the name stands.
        place: Place,
    },
    /// `SET SESSION name = value`
    SetSession {
        /// One part, or a catalog and one part.
        name: Vec<String>,
        /// The value, an expression.
        value: Box<Expr>,
    },
    /// `RESET SESSION name`
    ResetSession(Vec<String>),
    /// `PREPARE name FROM text`
    Prepare {
        /// Its name.
        name: String,
        /// Its text.
        text: String,
    },
    /// `EXECUTE name USING ...`
    Execute {
        /// Its name.
        name: String,
        /// The values.
        parameters: Vec<Expr>,
        /// Where the name stands.
        place: Place,
    },
    /// `EXECUTE IMMEDIATE 'text' USING ...`
    ExecuteImmediate {
        /// The text.
        text: String,
        /// The values.
        parameters: Vec<Expr>,
    },
    /// `DEALLOCATE PREPARE name`
    Deallocate(String),
    /// `DESCRIBE OUTPUT name`
    DescribeOutput(String),
    /// `DESCRIBE INPUT name`
    DescribeInput(String),
    /// `START TRANSACTION`
    StartTransaction,
    /// `COMMIT` and `ROLLBACK`
    EndTransaction(&'static str),
}

/// What `EXPLAIN` is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explain {
    /// The plan as text.
    Plan,
    /// Whether the statement is valid.
    Validate,
}

/// What `SHOW` and `DESCRIBE` ask for.
#[derive(Debug, Clone)]
pub enum Show {
    /// `SHOW CATALOGS`
    Catalogs {
        /// A pattern.
        like: Option<Pattern>,
    },
    /// `SHOW SCHEMAS`
    Schemas {
        /// Of which catalog.
        catalog: Option<String>,
        /// A pattern.
        like: Option<Pattern>,
        /// Where the name stands.
        place: Place,
    },
    /// `SHOW TABLES`
    Tables {
        /// Of which schema: no, one or two parts.
        schema: Vec<String>,
        /// A pattern.
        like: Option<Pattern>,
        /// Where the name stands.
        place: Place,
    },
    /// `SHOW COLUMNS`, `DESCRIBE`
    Columns {
        /// Of which table.
        table: Vec<String>,
        /// A pattern.
        like: Option<Pattern>,
        /// Where the statement starts.
        place: Place,
    },
    /// `SHOW CREATE TABLE`
    CreateTable {
        /// Which.
        table: Vec<String>,
        /// Where the name stands.
        place: Place,
    },
    /// `SHOW FUNCTIONS`
    Functions,
    /// `SHOW SESSION`
    Session,
}

/// `LIKE 'pattern' ESCAPE 'c'`
#[derive(Debug, Clone)]
pub struct Pattern {
    /// With `%` and `_`.
    pub text: String,
    /// The escape character, if any.
    pub escape: Option<String>,
}

/// Statements that Trino has and this engine has not, by their first words.
const OTHERS: &[&str] = &[
    "ALTER", "ANALYZE", "CALL", "COMMENT", "CREATE", "DELETE", "DENY", "DROP", "GRANT", "INSERT",
    "MERGE", "REFRESH", "REVOKE", "TRUNCATE", "UPDATE",
];

pub(super) fn read(text: &str, tokens: &[TokenWithSpan], end: Span) -> Result<Statement> {
    let mut cursor = Cursor {
        tokens,
        index: 0,
        end,
    };
    let word = cursor.word().unwrap_or_default();
    match word.as_str() {
        "EXPLAIN" => explain(&mut cursor),
        "SHOW" => show(&mut cursor),
        "DESCRIBE" | "DESC" => describe(&mut cursor),
        "USE" => {
            cursor.index += 1;
            let place = cursor.place();
            let mut parts = cursor.name()?.into_iter();
            cursor.expect_end()?;
            match (parts.next(), parts.next(), parts.next()) {
                (Some(schema), None, _) => Ok(Statement::Use { catalog: None, schema, place }),
                (Some(catalog), Some(schema), None) => {
                    Ok(Statement::Use { catalog: Some(catalog), schema, place })
                }
                _ => Err(cursor.expected("catalog.schema")),
            }
        }
        "SET" => {
            cursor.index += 1;
            if !cursor.eat(&["SESSION"]) {
                return Err(Failure::unsupported("SET of anything but SESSION"));
            }
            if cursor.word().as_deref() == Some("AUTHORIZATION") {
                return Err(Failure::unsupported("SET SESSION AUTHORIZATION"));
            }
            let name = cursor.name()?;
            if !cursor.eat_token(&Token::Eq) {
                return Err(cursor.expected("'='"));
            }
            let mut values = parse_expressions(cursor.rest(), end)?.into_iter();
            match (values.next(), values.next()) {
                (Some(value), None) => Ok(Statement::SetSession { name, value: Box::new(value) }),
                _ => Err(cursor.expected("one value")),
            }
        }
        "RESET" => {
            cursor.index += 1;
            cursor.expect(&["SESSION"])?;
            let name = cursor.name()?;
            cursor.expect_end()?;
            Ok(Statement::ResetSession(name))
        }
        "PREPARE" => {
            cursor.index += 1;
            let name = cursor.identifier()?;
            cursor.expect(&["FROM"])?;
            let start = cursor.place();
            let prepared = tail(text, start).ok_or_else(|| cursor.expected("a statement"))?;
            // What is prepared must be a statement; it is checked again when it runs.
            super::parse(&prepared)?;
            Ok(Statement::Prepare { name, text: prepared })
        }
        "EXECUTE" => execute(&mut cursor),
        "DEALLOCATE" => {
            cursor.index += 1;
            cursor.expect(&["PREPARE"])?;
            let name = cursor.identifier()?;
            cursor.expect_end()?;
            Ok(Statement::Deallocate(name))
        }
        "START" => {
            cursor.expect(&["START", "TRANSACTION"])?;
            Ok(Statement::StartTransaction)
        }
        "COMMIT" | "ROLLBACK" => {
            cursor.index += 1;
            cursor.eat(&["WORK"]);
            cursor.expect_end()?;
            Ok(Statement::EndTransaction(if word == "COMMIT" { "COMMIT" } else { "ROLLBACK" }))
        }
        other if OTHERS.contains(&other) => {
            Err(Failure::new(
                ErrorCode::NotSupported,
                format!("{other} is not supported: the embedded engine only reads"),
            )
            .at(cursor.place()))
        }
        "SELECT" | "WITH" | "VALUES" | "TABLE" => query(&cursor),
        _ if cursor.peek() == Some(&Token::LParen) => query(&cursor),
        _ => Err(cursor.expected(
            "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', 'DEALLOCATE', 'DELETE', 'DENY', 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', 'INSERT', 'MERGE', 'PREPARE', 'REFRESH', 'RESET', 'REVOKE', 'ROLLBACK', 'SET', 'SHOW', 'START', 'TRUNCATE', 'UPDATE', 'USE', <query>",
        )),
    }
}

fn query(cursor: &Cursor<'_>) -> Result<Statement> {
    Ok(Statement::Query(parse_query(cursor.rest(), cursor.end)?))
}

/// The text from a place to its end.
fn tail(text: &str, place: Place) -> Option<String> {
    let (line, column) = place.0?;
    let mut rest = text;
    for _ in 1..line {
        rest = rest.split_once('\n')?.1;
    }
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let tail: String = rest.chars().skip(column).collect();
    Some(tail.trim_end().trim_end_matches(';').to_owned())
}

fn explain(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.index += 1;
    if cursor.word().as_deref() == Some("ANALYZE") {
        return Err(Failure::unsupported("EXPLAIN ANALYZE"));
    }
    let mut kind = Explain::Plan;
    let option = cursor.peek() == Some(&Token::LParen)
        && matches!(
            cursor.tokens.get(cursor.index + 1).map(|token| &token.token),
            Some(Token::Word(word)) if ["TYPE", "FORMAT"].iter().any(|o| word.value.eq_ignore_ascii_case(o))
        );
    if option {
        cursor.index += 1;
        loop {
            if cursor.eat(&["TYPE"]) {
                kind = match cursor.word().as_deref() {
                    Some("LOGICAL" | "DISTRIBUTED") => Explain::Plan,
                    Some("VALIDATE") => Explain::Validate,
                    _ => return Err(Failure::unsupported("This type of EXPLAIN")),
                };
                cursor.index += 1;
            } else if cursor.eat(&["FORMAT"]) {
                if !cursor.eat(&["TEXT"]) {
                    return Err(Failure::unsupported("This format of EXPLAIN"));
                }
            } else {
                return Err(cursor.expected("'FORMAT', 'TYPE'"));
            }
            if !cursor.eat_token(&Token::Comma) {
                break;
            }
        }
        if !cursor.eat_token(&Token::RParen) {
            return Err(cursor.expected("')'"));
        }
    }
    match cursor.word().as_deref() {
        Some("SELECT" | "WITH" | "VALUES" | "TABLE") => {}
        _ if cursor.peek() == Some(&Token::LParen) => {}
        _ => return Err(Failure::unsupported("EXPLAIN of anything but a query")),
    }
    Ok(Statement::Explain(
        kind,
        parse_query(cursor.rest(), cursor.end)?,
    ))
}

fn like(cursor: &mut Cursor<'_>) -> Result<Option<Pattern>> {
    if !cursor.eat(&["LIKE"]) {
        cursor.expect_end()?;
        return Ok(None);
    }
    let text = cursor.string()?;
    let escape = if cursor.eat(&["ESCAPE"]) {
        Some(cursor.string()?)
    } else {
        None
    };
    cursor.expect_end()?;
    Ok(Some(Pattern { text, escape }))
}

fn show(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.index += 1;
    let from = |cursor: &mut Cursor<'_>| cursor.eat(&["FROM"]) || cursor.eat(&["IN"]);
    if cursor.eat(&["CATALOGS"]) {
        return Ok(Statement::Show(Show::Catalogs {
            like: like(cursor)?,
        }));
    }
    if cursor.eat(&["SCHEMAS"]) {
        let mut place = Place(Some((1, 1)));
        let catalog = if from(cursor) {
            place = Place(Some((1, 1)));
            Some(cursor.identifier()?)
        } else {
            None
        };
        return Ok(Statement::Show(Show::Schemas {
            catalog,
            like: like(cursor)?,
            place,
        }));
    }
    if cursor.eat(&["TABLES"]) {
        let schema = if from(cursor) {
            cursor.name()?
        } else {
            Vec::new()
        };
        if schema.len() > 2 {
            return Err(cursor.expected("catalog.schema"));
        }
        return Ok(Statement::Show(Show::Tables {
            schema,
            like: like(cursor)?,
            place: Place(Some((1, 1))),
        }));
    }
    if cursor.eat(&["COLUMNS"]) {
        if !from(cursor) {
            return Err(cursor.expected("'FROM', 'IN'"));
        }
        let table = cursor.name()?;
        return Ok(Statement::Show(Show::Columns {
            table,
            like: like(cursor)?,
            place: Place(Some((1, 1))),
        }));
    }
    if cursor.eat(&["CREATE", "TABLE"]) || cursor.eat(&["CREATE", "VIEW"]) {
        let place = Place(Some((1, 1)));
        let table = cursor.name()?;
        cursor.expect_end()?;
        return Ok(Statement::Show(Show::CreateTable { table, place }));
    }
    if cursor.eat(&["FUNCTIONS"]) {
        cursor.expect_end()?;
        return Ok(Statement::Show(Show::Functions));
    }
    if cursor.eat(&["SESSION"]) {
        cursor.expect_end()?;
        return Ok(Statement::Show(Show::Session));
    }
    match cursor.word().as_deref() {
        Some("STATS" | "GRANTS" | "ROLES" | "ROLE" | "CURRENT" | "CREATE" | "BRANCHES") => {
            Err(Failure::unsupported(format!("SHOW {}", cursor.word().unwrap_or_default())))
        }
        _ => Err(cursor.expected(
            "'CATALOGS', 'COLUMNS', 'CREATE', 'CURRENT', 'FUNCTIONS', 'GRANTS', 'ROLE', 'ROLES', 'SCHEMAS', 'SESSION', 'STATS', 'TABLES'",
        )),
    }
}

fn describe(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.index += 1;
    let prepared = matches!(
        cursor.tokens.get(cursor.index + 1).map(|t| &t.token),
        Some(Token::Word(_))
    );
    if prepared && cursor.eat(&["OUTPUT"]) {
        let name = cursor.identifier()?;
        cursor.expect_end()?;
        return Ok(Statement::DescribeOutput(name));
    }
    if prepared && cursor.eat(&["INPUT"]) {
        let name = cursor.identifier()?;
        cursor.expect_end()?;
        return Ok(Statement::DescribeInput(name));
    }
    let table = cursor.name()?;
    cursor.expect_end()?;
    Ok(Statement::Show(Show::Columns {
        table,
        like: None,
        place: Place(Some((1, 1))),
    }))
}

fn execute(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.index += 1;
    let using = |cursor: &mut Cursor<'_>| -> Result<Vec<Expr>> {
        if cursor.eat(&["USING"]) {
            return parse_expressions(cursor.rest(), cursor.end);
        }
        cursor.expect_end()?;
        Ok(Vec::new())
    };
    if cursor.word().as_deref() == Some("IMMEDIATE")
        && matches!(
            cursor.tokens.get(cursor.index + 1).map(|t| &t.token),
            Some(Token::SingleQuotedString(_))
        )
    {
        cursor.index += 1;
        let text = cursor.string()?;
        let parameters = using(cursor)?;
        return Ok(Statement::ExecuteImmediate { text, parameters });
    }
    let place = cursor.place();
    let name = cursor.identifier()?;
    let parameters = using(cursor)?;
    Ok(Statement::Execute {
        name,
        parameters,
        place,
    })
}

/// The number of values must be that of the question marks.
///
/// # Errors
/// It is not.
pub fn check_parameters(text: &str, given: usize) -> Result<()> {
    let wanted = super::parameters(text)?;
    if wanted == given {
        return Ok(());
    }
    Err(Failure::new(
        ErrorCode::InvalidParameterUsage,
        format!("Incorrect number of parameters: expected {wanted} but found {given}"),
    ))
}
