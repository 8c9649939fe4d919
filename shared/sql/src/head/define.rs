//! Statements about definitions. Types, column definitions and property lists name no table but after `LIKE`,
//! so the groups that hold them are only searched for that word.

use sqlparser::tokenizer::Token;

use super::grant::{read_principal, read_role};
use super::inline;
use crate::body;
use crate::cursor::Cursor;
use crate::error::ReadError;
use crate::read::Reader;
use crate::statement::{Access, Statement, Write};

/// Reads a whole statement that starts with `word`.
pub(super) fn read_define(
    word: &str,
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<Statement, ReadError> {
    cursor.advance();
    match word {
        "CREATE" => {
            let replaces = cursor.eat(&["OR", "REPLACE"]);
            if cursor.eat(&["TABLE"]) {
                return create_table(cursor, reader);
            }
            if cursor.eat(&["VIEW"]) {
                return create_view(cursor, reader, "CREATE VIEW");
            }
            if cursor.eat(&["MATERIALIZED", "VIEW"]) {
                return create_view(cursor, reader, "CREATE MATERIALIZED VIEW");
            }
            if cursor.sees(&["FUNCTION"]) {
                let function = inline::read_function(cursor, reader)?;
                cursor.expect_end()?;
                reader.extras.functions.push(function);
                return Ok(defined("CREATE FUNCTION"));
            }
            if replaces {
                return Err(cursor.expected("TABLE, VIEW, MATERIALIZED VIEW or FUNCTION"));
            }
            if cursor.eat(&["SCHEMA"]) {
                return create_schema(cursor);
            }
            if cursor.eat(&["CATALOG"]) {
                return create_catalog(cursor);
            }
            if cursor.eat(&["ROLE"]) {
                return read_role(word, cursor);
            }
        }
        "DROP" => {
            if let Some(kind) = relation_kind(cursor) {
                cursor.eat(&["IF", "EXISTS"]);
                let name = cursor.name("a table or view", 3)?;
                reader.note(&name, Access::Define)?;
                cursor.expect_end()?;
                return Ok(defined(&format!("DROP {kind}")));
            }
            if cursor.eat(&["FUNCTION"]) {
                cursor.eat(&["IF", "EXISTS"]);
                cursor.name("a function", 3)?;
                // The types of its parameters.
                cursor.skip_group()?;
                cursor.expect_end()?;
                return Ok(defined("DROP FUNCTION"));
            }
            for (kind, what, parts) in [("SCHEMA", "a schema", 2), ("CATALOG", "a catalog", 1)] {
                if cursor.eat(&[kind]) {
                    cursor.eat(&["IF", "EXISTS"]);
                    cursor.name(what, parts)?;
                    if !cursor.eat(&["CASCADE"]) {
                        cursor.eat(&["RESTRICT"]);
                    }
                    cursor.expect_end()?;
                    return Ok(defined(&format!("DROP {kind}")));
                }
            }
            if cursor.eat(&["ROLE"]) {
                return read_role(word, cursor);
            }
        }
        "ALTER" => {
            if let Some(kind) = relation_kind(cursor) {
                return alter(cursor, reader, kind);
            }
            if cursor.eat(&["SCHEMA"]) {
                return alter_schema(cursor);
            }
            // `ALTER kind name SET AUTHORIZATION`, for what a connector may have besides.
            if matches!(cursor.peek_at(1), Some(Token::Word(_))) {
                cursor.identifier("a kind")?;
                cursor.name("a name", 3)?;
                cursor.expect(&["SET", "AUTHORIZATION"])?;
                read_principal(cursor)?;
                cursor.expect_end()?;
                return Ok(defined("SET AUTHORIZATION"));
            }
        }
        _ => return comment(cursor, reader),
    }
    Err(cursor.expected("TABLE, VIEW, MATERIALIZED VIEW, SCHEMA, FUNCTION, ROLE or CATALOG"))
}

fn relation_kind(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    if cursor.eat(&["TABLE"]) {
        Some("TABLE")
    } else if cursor.eat(&["VIEW"]) {
        Some("VIEW")
    } else if cursor.eat(&["MATERIALIZED", "VIEW"]) {
        Some("MATERIALIZED VIEW")
    } else {
        None
    }
}

fn create_table(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    cursor.eat(&["IF", "NOT", "EXISTS"]);
    let name = cursor.name("a table", 3)?;
    // `(a, b)` goes with a query, `(a bigint, b date)` without.
    let names = cursor.names_in_parentheses();
    let columns = names.is_empty() && cursor.peek() == Some(&Token::LParen);
    let mark = reader.tables.len();
    if columns {
        read_column_definitions(cursor, reader)?;
    }
    if cursor.eat(&["COMMENT"]) {
        cursor.string("a comment as a string")?;
    }
    if cursor.eat(&["WITH"]) {
        cursor.skip_group()?;
    }
    let made_of_query = cursor.eat(&["AS"]);
    // The target comes first in the text, so it comes first in the list.
    let others = reader.tables.split_off(mark);
    reader.note_target(
        &name,
        if made_of_query {
            Access::Write
        } else {
            Access::Define
        },
    )?;
    reader.tables.extend(others);
    if let Some(target) = &mut reader.target {
        target.columns = names;
    }
    if !made_of_query {
        if !columns {
            return Err(cursor.expected("column definitions or AS and a query"));
        }
        cursor.expect_end()?;
        return Ok(defined("CREATE TABLE"));
    }
    inline::read_inline(cursor, reader)?;
    let mut query = cursor.rest();
    for tail in [&["WITH", "NO", "DATA"][..], &["WITH", "DATA"]] {
        if let Some(without) = strip_words(query, tail) {
            query = without;
            break;
        }
    }
    body::read_query(query, cursor.end(), reader)?;
    Ok(Statement::Write(Write::CreateTableAs))
}

fn strip_words<'t>(
    tokens: &'t [sqlparser::tokenizer::TokenWithSpan],
    words: &[&str],
) -> Option<&'t [sqlparser::tokenizer::TokenWithSpan]> {
    let (front, tail) = tokens.split_at_checked(tokens.len().checked_sub(words.len())?)?;
    let same = tail.iter().zip(words).all(|(token, word)| {
        matches!(&token.token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
    });
    same.then_some(front)
}

/// `( name type ..., LIKE other INCLUDING PROPERTIES )`.
fn read_column_definitions(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    cursor.expect_token(&Token::LParen)?;
    loop {
        if cursor.eat(&["LIKE"]) {
            let name = cursor.name("a table", 3)?;
            reader.note(&name, Access::Metadata)?;
        } else {
            // So that a query whose AS was forgotten is not taken for columns.
            cursor.ident("a column's name")?;
        }
        loop {
            match cursor.peek() {
                Some(Token::LParen) => cursor.skip_group()?,
                Some(Token::RParen) => {
                    cursor.advance();
                    return Ok(());
                }
                Some(Token::Comma) => {
                    cursor.advance();
                    break;
                }
                Some(_) => cursor.advance(),
                None => return Err(cursor.expected("`)`")),
            }
        }
    }
}

fn create_view(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
    verb: &str,
) -> Result<Statement, ReadError> {
    cursor.eat(&["IF", "NOT", "EXISTS"]);
    let name = cursor.name("a view", 3)?;
    reader.note_target(&name, Access::Define)?;
    while !cursor.eat(&["AS"]) {
        if cursor.eat(&["COMMENT"]) {
            cursor.string("a comment as a string")?;
        } else if cursor.eat(&["SECURITY"]) {
            if !cursor.eat(&["DEFINER"]) && !cursor.eat(&["INVOKER"]) {
                return Err(cursor.expected("DEFINER or INVOKER"));
            }
        } else if cursor.eat(&["GRACE", "PERIOD", "INTERVAL"]) {
            cursor.string("an interval as a string")?;
            cursor.identifier("DAY, HOUR, MINUTE or SECOND")?;
        } else if cursor.eat(&["WITH"]) {
            cursor.skip_group()?;
        } else {
            return Err(cursor.expected("AS and a query"));
        }
    }
    inline::read_inline(cursor, reader)?;
    body::read_query(cursor.rest(), cursor.end(), reader)?;
    Ok(defined(verb))
}

fn create_schema(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.eat(&["IF", "NOT", "EXISTS"]);
    cursor.name("a schema", 2)?;
    read_authorization(cursor)?;
    if cursor.eat(&["WITH"]) {
        cursor.skip_group()?;
    }
    cursor.expect_end()?;
    Ok(defined("CREATE SCHEMA"))
}

fn create_catalog(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.eat(&["IF", "NOT", "EXISTS"]);
    cursor.identifier("a catalog")?;
    cursor.expect(&["USING"])?;
    cursor.identifier("a connector")?;
    if cursor.eat(&["COMMENT"]) {
        cursor.string("a comment as a string")?;
    }
    read_authorization(cursor)?;
    if cursor.eat(&["WITH"]) {
        cursor.skip_group()?;
    }
    cursor.expect_end()?;
    Ok(defined("CREATE CATALOG"))
}

fn read_authorization(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    if cursor.eat(&["AUTHORIZATION"]) {
        read_principal(cursor)?;
    }
    Ok(())
}

fn alter_schema(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.name("a schema", 2)?;
    if cursor.eat(&["RENAME", "TO"]) {
        cursor.identifier("the new name")?;
    } else if cursor.eat(&["SET", "AUTHORIZATION"]) {
        read_principal(cursor)?;
    } else {
        return Err(cursor.expected("RENAME TO or SET AUTHORIZATION"));
    }
    cursor.expect_end()?;
    Ok(defined("ALTER SCHEMA"))
}

fn defined(verb: &str) -> Statement {
    Statement::Define {
        verb: verb.to_owned(),
    }
}

fn alter(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
    kind: &str,
) -> Result<Statement, ReadError> {
    cursor.eat(&["IF", "EXISTS"]);
    let name = cursor.name("a table or view", 3)?;
    reader.note(&name, Access::Define)?;
    if cursor.eat(&["EXECUTE"]) {
        let procedure = cursor.name("a procedure", 1)?.dotted();
        if cursor.peek() == Some(&Token::LParen) {
            body::read_call_arguments(cursor, reader)?;
        }
        if cursor.eat(&["WHERE"]) {
            body::read_expression(cursor.rest(), cursor.end(), reader)?;
        } else {
            cursor.expect_end()?;
        }
        return Ok(Statement::TableExecute { procedure });
    }
    if cursor.eat(&["SET", "AUTHORIZATION"]) {
        read_principal(cursor)?;
        cursor.expect_end()?;
        return Ok(defined("SET AUTHORIZATION"));
    }
    if cursor.eat(&["RENAME", "TO"]) {
        let target = cursor.name("the new name", 3)?;
        reader.note(&target, Access::Define)?;
        cursor.expect_end()?;
    } else {
        let known = ["ADD", "DROP", "RENAME", "ALTER", "SET"]
            .iter()
            .any(|word| cursor.sees(&[word]));
        if !known {
            return Err(cursor.expected("RENAME, ADD, DROP, ALTER, SET or EXECUTE"));
        }
        // What follows defines columns and properties, which name no table.
    }
    Ok(defined(&format!("ALTER {kind}")))
}

fn comment(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["ON"])?;
    let on_column = cursor.eat(&["COLUMN"]);
    if !on_column && !cursor.eat(&["TABLE"]) && !cursor.eat(&["VIEW"]) {
        return Err(cursor.expected("TABLE, VIEW or COLUMN"));
    }
    let mut name = cursor.name("a name", if on_column { 4 } else { 3 })?;
    if on_column {
        name.parts.pop();
        if name.parts.is_empty() {
            return Err(ReadError::Syntax {
                message: "expected a column with its table, as in `table.column`".to_owned(),
                at: name.at,
            });
        }
    }
    reader.note(&name, Access::Define)?;
    cursor.expect(&["IS"])?;
    if !cursor.eat(&["NULL"]) {
        cursor.string("a comment as a string")?;
    }
    cursor.expect_end()?;
    Ok(defined("COMMENT"))
}
