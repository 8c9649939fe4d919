//! `SHOW ...`.

use sqlparser::tokenizer::Token;

use super::grant::read_object;
use crate::body;
use crate::cursor::Cursor;
use crate::error::ReadError;
use crate::read::Reader;
use crate::statement::{Access, Show, Statement};

/// Reads a whole `SHOW` statement.
pub(super) fn read_show(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<Statement, ReadError> {
    cursor.expect(&["SHOW"])?;
    let show = read_target(cursor, reader)?;
    cursor.expect_end()?;
    Ok(Statement::Show(show))
}

fn read_target(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Show, ReadError> {
    if cursor.eat(&["CATALOGS"]) {
        like(cursor)?;
        Ok(Show::Catalogs)
    } else if cursor.eat(&["SCHEMAS"]) {
        let catalog = match from(cursor) {
            true => Some(cursor.identifier("a catalog")?),
            false => None,
        };
        like(cursor)?;
        Ok(Show::Schemas { catalog })
    } else if cursor.eat(&["TABLES"]) {
        let mut parts = match from(cursor) {
            true => cursor.name("a schema", 2)?.parts,
            false => Vec::new(),
        };
        like(cursor)?;
        let schema = parts.pop();
        Ok(Show::Tables {
            catalog: parts.pop(),
            schema,
        })
    } else if cursor.eat(&["COLUMNS"]) {
        if !from(cursor) {
            return Err(cursor.expected("FROM and a table"));
        }
        let name = cursor.name("a table", 3)?;
        reader.note(&name, Access::Metadata)?;
        like(cursor)?;
        Ok(Show::Columns)
    } else if cursor.eat(&["CREATE"]) {
        create(cursor, reader)
    } else if cursor.eat(&["STATS", "FOR"]) {
        stats(cursor, reader)
    } else if cursor.eat(&["FUNCTIONS"]) {
        if from(cursor) {
            cursor.name("a schema", 2)?;
        }
        like(cursor)?;
        Ok(Show::Functions)
    } else if cursor.eat(&["SESSION"]) {
        like(cursor)?;
        Ok(Show::Session)
    } else if cursor.eat(&["GRANTS"]) {
        let kind = match cursor.eat(&["ON"]) {
            true => read_object(cursor, reader, Access::Metadata)?,
            false => None,
        };
        Ok(kind.map_or(Show::Grants, Show::GrantsOn))
    } else if cursor.eat(&["ROLES"])
        || cursor.eat(&["CURRENT", "ROLES"])
        || cursor.eat(&["ROLE", "GRANTS"])
    {
        if from(cursor) {
            cursor.name("a catalog", 1)?;
        }
        Ok(Show::Grants)
    } else {
        Err(cursor
            .expected("CATALOGS, SCHEMAS, TABLES, COLUMNS, CREATE, STATS, FUNCTIONS or SESSION"))
    }
}

fn from(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat(&["FROM"]) || cursor.eat(&["IN"])
}

fn like(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    if cursor.eat(&["LIKE"]) {
        cursor.string("a pattern as a string")?;
        if cursor.eat(&["ESCAPE"]) {
            cursor.string("an escape character as a string")?;
        }
    }
    Ok(())
}

fn create(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Show, ReadError> {
    for words in [&["TABLE"][..], &["VIEW"], &["MATERIALIZED", "VIEW"]] {
        if cursor.eat(words) {
            let name = cursor.name("a table", 3)?;
            reader.note(&name, Access::Metadata)?;
            return Ok(Show::Create(words.join(" ")));
        }
    }
    for word in ["SCHEMA", "FUNCTION"] {
        if cursor.eat(&[word]) {
            cursor.name("a name", 3)?;
            return Ok(Show::Create(word.to_owned()));
        }
    }
    Err(cursor.expected("TABLE, VIEW, MATERIALIZED VIEW, SCHEMA or FUNCTION"))
}

/// Figures about a table, or about a query's result, are computed from rows.
fn stats(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Show, ReadError> {
    if cursor.peek() == Some(&Token::LParen) {
        body::read_query(cursor.rest(), cursor.end(), reader)?;
        cursor.skip_group()?;
    } else {
        let name = cursor.name("a table", 3)?;
        reader.note(&name, Access::Read)?;
    }
    Ok(Show::Stats)
}
