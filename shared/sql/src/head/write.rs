//! Statements that change rows.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::inline;
use crate::body;
use crate::cursor::Cursor;
use crate::error::ReadError;
use crate::read::Reader;
use crate::statement::{Access, Statement, Write};
use crate::tree::Change;

/// Reads a whole statement that starts with `word`.
pub(super) fn read_write(
    word: &str,
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<Statement, ReadError> {
    let write = match word {
        "INSERT" => insert(cursor, reader)?,
        "UPDATE" => update(cursor, reader)?,
        "DELETE" => delete(cursor, reader)?,
        "MERGE" => {
            merge(cursor, reader)?;
            Write::Merge
        }
        "TRUNCATE" => {
            cursor.expect(&["TRUNCATE", "TABLE"])?;
            let name = cursor.name("a table", 3)?;
            reader.note_target(&name, Access::Write)?;
            cursor.expect_end()?;
            Write::Truncate
        }
        "ANALYZE" => {
            cursor.expect(&["ANALYZE"])?;
            let name = cursor.name("a table", 3)?;
            reader.note_target(&name, Access::Write)?;
            if cursor.eat(&["WITH"]) {
                cursor.skip_group()?;
            }
            cursor.expect_end()?;
            Write::Analyze
        }
        _ => {
            cursor.expect(&["REFRESH", "MATERIALIZED", "VIEW"])?;
            let name = cursor.name("a materialized view", 3)?;
            reader.note_target(&name, Access::Write)?;
            cursor.expect_end()?;
            Write::Refresh
        }
    };
    Ok(Statement::Write(write))
}

fn insert(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Write, ReadError> {
    cursor.expect(&["INSERT", "INTO"])?;
    let name = cursor.name("a table", 3)?;
    reader.note_target(&name, Access::Write)?;
    branch(cursor, reader)?;
    // `(a, b)` is a list of columns; `(SELECT ...)` and `((SELECT ...))` are queries.
    if cursor.peek() == Some(&Token::LParen) && !opens_query(cursor.peek_at(1)) {
        let columns = cursor.column_list()?;
        if let Some(target) = &mut reader.target {
            target.columns = columns;
        }
    }
    inline::read_inline(cursor, reader)?;
    body::read_query(cursor.rest(), cursor.end(), reader)?;
    Ok(Write::Insert)
}

/// `@ branch`, behind the target.
fn branch(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    if cursor.eat_token(&Token::AtSign) {
        let branch = cursor.ident("a branch")?;
        if let Some(target) = &mut reader.target {
            target.branch = Some(branch);
        }
    }
    Ok(())
}

/// sqlparser reads all of it but the branch.
fn merge(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let all = cursor.rest();
    cursor.expect(&["MERGE", "INTO"])?;
    cursor.name("a table", 3)?;
    if cursor.peek() != Some(&Token::AtSign) {
        return body::read_merge(all, cursor.end(), reader);
    }
    let before = all.len() - cursor.rest().len();
    cursor.advance();
    let branch = cursor.ident("a branch")?;
    let front = all.get(..before).unwrap_or_default();
    body::read_merge(&[front, cursor.rest()].concat(), cursor.end(), reader)?;
    if let Some(target) = &mut reader.target {
        target.branch = Some(branch);
    }
    Ok(())
}

fn opens_query(token: Option<&Token>) -> bool {
    match token {
        Some(Token::LParen) => true,
        Some(Token::Word(word)) => {
            matches!(
                word.keyword,
                Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::TABLE
            ) && word.quote_style.is_none()
        }
        _ => false,
    }
}

fn update(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Write, ReadError> {
    cursor.expect(&["UPDATE"])?;
    let name = cursor.name("a table", 3)?;
    reader.note_target(&name, Access::Write)?;
    branch(cursor, reader)?;
    cursor.expect(&["SET"])?;
    body::read_assignments(cursor.rest(), cursor.end(), reader)?;
    Ok(Write::Update)
}

fn delete(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Write, ReadError> {
    cursor.expect(&["DELETE", "FROM"])?;
    let name = cursor.name("a table", 3)?;
    reader.note_target(&name, Access::Write)?;
    branch(cursor, reader)?;
    let condition = if cursor.eat(&["WHERE"]) {
        Some(body::read_expression(cursor.rest(), cursor.end(), reader)?)
    } else {
        cursor.expect_end()?;
        None
    };
    reader.change = Some(Change::Delete { condition });
    Ok(Write::Delete)
}
