//! Statements about who may do what: `GRANT`, `REVOKE`, `DENY` and roles. Whether anyone may send them is not asked here.

use sqlparser::tokenizer::Token;
use townlake_core::names::is_reserved;

use crate::cursor::{Cursor, is_word};
use crate::error::ReadError;
use crate::read::Reader;
use crate::statement::{Access, Statement};

/// Reads a whole statement that starts with `word`.
pub(super) fn read_grant(
    word: &str,
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<Statement, ReadError> {
    cursor.advance();
    let takes = word == "REVOKE";
    let only_roles = takes && cursor.eat(&["ADMIN", "OPTION", "FOR"]);
    let mut only_privileges = word == "DENY"
        || takes && cursor.eat(&["GRANT", "OPTION", "FOR"])
        || cursor.sees(&["ALL", "PRIVILEGES"]);
    if !cursor.eat(&["ALL", "PRIVILEGES"]) {
        only_privileges |= read_privileges(cursor)?;
    }
    let of_privileges = !only_roles && cursor.eat(&["ON"]);
    if of_privileges {
        let kind = read_object(cursor, reader, Access::Define)?;
        cursor.expect(&[if takes { "FROM" } else { "TO" }])?;
        read_principal(cursor)?;
        if word == "GRANT" && cursor.eat(&["WITH"]) {
            cursor.expect(&["GRANT", "OPTION"])?;
        }
        cursor.expect_end()?;
        let verb = kind.map_or_else(|| word.to_owned(), |kind| format!("{word} ON {kind}"));
        return Ok(Statement::Define { verb });
    }
    if only_privileges {
        return Err(cursor.expected("ON and a table"));
    }
    cursor.expect(&[if takes { "FROM" } else { "TO" }])?;
    read_principal(cursor)?;
    while cursor.eat_token(&Token::Comma) {
        read_principal(cursor)?;
    }
    if !takes && cursor.eat(&["WITH"]) {
        cursor.expect(&["ADMIN", "OPTION"])?;
    }
    if cursor.eat(&["GRANTED", "BY"]) {
        read_grantor(cursor)?;
    }
    read_catalog(cursor)?;
    cursor.expect_end()?;
    Ok(Statement::Define {
        verb: format!("{word} ROLE"),
    })
}

/// What `CREATE ROLE` and `DROP ROLE` have behind those words.
pub(super) fn read_role(word: &str, cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    if word == "DROP" {
        cursor.eat(&["IF", "EXISTS"]);
    }
    cursor.identifier("a role")?;
    if word == "CREATE" && cursor.eat(&["WITH"]) {
        cursor.expect(&["ADMIN"])?;
        read_grantor(cursor)?;
    }
    read_catalog(cursor)?;
    cursor.expect_end()?;
    Ok(Statement::Define {
        verb: format!("{word} ROLE"),
    })
}

/// `[kind] name`, behind ON. A table is noted; of something else the kind is given.
pub(super) fn read_object(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
    access: Access,
) -> Result<Option<String>, ReadError> {
    let kind = match cursor.peek() {
        _ if cursor.eat(&["TABLE"]) => None,
        // Of `ON t TO u` the first word is the table.
        Some(Token::Word(word))
            if is_name(cursor.peek_at(1)) && !is_word(cursor.peek_at(1), "TO") =>
        {
            cursor.advance();
            Some(word.value.to_uppercase())
        }
        _ => None,
    };
    match kind {
        None => {
            let name = cursor.name("a table", 3)?;
            reader.note(&name, access)?;
        }
        Some(_) => {
            cursor.name("a name", 3)?;
        }
    }
    Ok(kind)
}

/// `USER name`, `ROLE name` or `name`.
pub(super) fn read_principal(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    let is_kind = (cursor.sees(&["USER"]) || cursor.sees(&["ROLE"])) && is_name(cursor.peek_at(1));
    // `TO user GRANTED BY admin`: a user may be called `user`.
    let is_last = is_word(cursor.peek_at(1), "GRANTED") && is_word(cursor.peek_at(2), "BY");
    if is_kind && !is_last {
        cursor.advance();
    }
    cursor.identifier("a user or role").map(drop)
}

fn read_grantor(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    if cursor.eat(&["CURRENT_USER"]) || cursor.eat(&["CURRENT_ROLE"]) {
        return Ok(());
    }
    read_principal(cursor)
}

/// `IN catalog`, if it is there.
pub(super) fn read_catalog(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    if cursor.eat(&["IN"]) {
        cursor.identifier("a catalog")?;
    }
    Ok(())
}

/// Privileges or roles, and whether one of them is a word that only a privilege can be.
fn read_privileges(cursor: &mut Cursor<'_>) -> Result<bool, ReadError> {
    let mut found = false;
    loop {
        let is_privilege = ["CREATE", "SELECT", "DELETE", "INSERT"]
            .iter()
            .any(|word| cursor.eat(&[word]));
        if !is_privilege {
            cursor.identifier("a privilege or a role")?;
        }
        found |= is_privilege;
        if !cursor.eat_token(&Token::Comma) {
            return Ok(found);
        }
    }
}

fn is_name(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value))
}
