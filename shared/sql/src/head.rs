//! How each kind of statement begins. Queries and expressions inside are left to `body`.

use sqlparser::tokenizer::Token;
use townlake_core::names::is_reserved;

use crate::body;
use crate::cursor::{Cursor, Name, is_word};
use crate::error::ReadError;
use crate::read::{Reader, parse_at_depth};
use crate::statement::{Access, SessionOption, Show, Statement, Transaction};

mod define;
mod grant;
mod inline;
mod show;
mod write;

/// Reads a statement to the end of the text.
pub(crate) fn read_statement(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<Statement, ReadError> {
    let Some(word) = first_word(cursor) else {
        // A parenthesis opens a query as well.
        if cursor.peek() == Some(&Token::LParen) {
            return query(cursor, reader);
        }
        return Err(cursor.expected("a statement"));
    };
    match word.as_str() {
        "SELECT" | "WITH" | "VALUES" | "TABLE" => query(cursor, reader),
        "EXPLAIN" => explain(cursor, reader),
        "SHOW" => show::read_show(cursor, reader),
        "DESCRIBE" | "DESC" => describe(cursor, reader),
        "USE" => use_schema(cursor),
        "SET" => set(cursor, reader),
        "RESET" => reset(cursor),
        "PREPARE" => prepare(cursor, reader),
        "EXECUTE" => execute(cursor, reader),
        "DEALLOCATE" => deallocate(cursor),
        "START" => start_transaction(cursor),
        "COMMIT" => end_transaction(cursor, Transaction::Commit),
        "ROLLBACK" => end_transaction(cursor, Transaction::Rollback),
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "TRUNCATE" | "ANALYZE" | "REFRESH" => {
            write::read_write(&word, cursor, reader)
        }
        "CREATE" | "DROP" | "ALTER" | "COMMENT" => define::read_define(&word, cursor, reader),
        "CALL" => call(cursor, reader),
        "GRANT" | "REVOKE" | "DENY" => grant::read_grant(&word, cursor, reader),
        _ => Err(cursor.expected("a statement such as SELECT, SHOW, DESCRIBE or EXPLAIN")),
    }
}

fn first_word(cursor: &Cursor<'_>) -> Option<String> {
    match cursor.peek() {
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            Some(word.value.to_ascii_uppercase())
        }
        _ => None,
    }
}

fn query(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    inline::read_inline(cursor, reader)?;
    body::read_query(cursor.rest(), cursor.end(), reader)?;
    Ok(Statement::Query)
}

fn explain(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    let at = cursor.at();
    cursor.expect(&["EXPLAIN"])?;
    let analyze = !analyzes_table(cursor) && cursor.eat(&["ANALYZE"]);
    if analyze {
        cursor.eat(&["VERBOSE"]);
    } else if cursor.peek() == Some(&Token::LParen) && is_explain_option(cursor.peek_at(1)) {
        read_explain_options(cursor)?;
    }
    reader.enter(at)?;
    let of = Box::new(read_statement(cursor, reader)?);
    Ok(Statement::Explain { analyze, of })
}

/// Whether `EXPLAIN ANALYZE t` explains `ANALYZE t`, as Trino reads it, rather than running a statement `t`.
fn analyzes_table(cursor: &Cursor<'_>) -> bool {
    let is_name = |ahead| matches!(cursor.peek_at(ahead), Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value));
    let mut ahead = 1;
    while is_name(ahead) && cursor.peek_at(ahead + 1) == Some(&Token::Period) {
        ahead += 2;
    }
    let ends = match cursor.peek_at(ahead + 1) {
        None => true,
        behind => is_word(behind, "WITH") && cursor.peek_at(ahead + 2) == Some(&Token::LParen),
    };
    cursor.sees(&["ANALYZE"]) && is_name(ahead) && ends
}

/// `(TYPE VALIDATE, FORMAT JSON)`.
fn read_explain_options(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    cursor.expect_token(&Token::LParen)?;
    loop {
        let (values, wanted) = if cursor.eat(&["TYPE"]) {
            let values = &["LOGICAL", "DISTRIBUTED", "VALIDATE", "IO"][..];
            (values, "LOGICAL, DISTRIBUTED, VALIDATE or IO")
        } else if cursor.eat(&["FORMAT"]) {
            (&["TEXT", "GRAPHVIZ", "JSON"][..], "TEXT, GRAPHVIZ or JSON")
        } else {
            return Err(cursor.expected("TYPE or FORMAT"));
        };
        if !values.iter().any(|value| cursor.eat(&[value])) {
            return Err(cursor.expected(wanted));
        }
        if !cursor.eat_token(&Token::Comma) {
            return cursor.expect_token(&Token::RParen);
        }
    }
}

fn is_explain_option(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Word(word)) if word.quote_style.is_none()
        && ["TYPE", "FORMAT"].iter().any(|option| word.value.eq_ignore_ascii_case(option)))
}

fn describe(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    cursor.advance();
    // `DESCRIBE input` is a table of that name; `DESCRIBE INPUT name` is not.
    let of_prepared = (cursor.sees(&["INPUT"]) || cursor.sees(&["OUTPUT"]))
        && matches!(cursor.peek_at(1), Some(Token::Word(_)));
    if of_prepared {
        cursor.advance();
        let name = cursor.name("a prepared statement's name", 1)?;
        cursor.expect_end()?;
        let of = Box::new(prepared(&name, reader)?);
        return Ok(Statement::DescribePrepared {
            name: name.dotted(),
            of,
        });
    }
    let name = cursor.name("a table", 3)?;
    reader.note(&name, Access::Metadata)?;
    cursor.expect_end()?;
    Ok(Statement::Show(Show::Columns))
}

fn use_schema(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["USE"])?;
    let name = cursor.name("a schema", 2)?;
    cursor.expect_end()?;
    let mut parts = name.parts.into_iter();
    Ok(match (parts.next(), parts.next()) {
        (Some(catalog), Some(schema)) => Statement::Use {
            catalog: Some(catalog),
            schema,
        },
        (schema, _) => Statement::Use {
            catalog: None,
            schema: schema.unwrap_or_default(),
        },
    })
}

fn set(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["SET"])?;
    if cursor.eat(&["SESSION", "AUTHORIZATION"]) {
        if cursor.string("a user").is_err() {
            cursor.identifier("a user as a name or a string")?;
        }
        cursor.expect_end()?;
        return Ok(Statement::Become);
    }
    if cursor.eat(&["ROLE"]) {
        cursor.identifier("a role, ALL or NONE")?;
        grant::read_catalog(cursor)?;
        cursor.expect_end()?;
        return Ok(Statement::Become);
    }
    if cursor.eat(&["TIME", "ZONE"]) {
        if cursor.eat(&["LOCAL"]) {
            cursor.expect_end()?;
        } else {
            body::read_expressions(cursor.rest(), cursor.end(), reader)?;
        }
        return Ok(Statement::SetOption(SessionOption::TimeZone));
    }
    if cursor.eat(&["PATH"]) {
        cursor.name("a path", 2)?;
        while cursor.eat_token(&Token::Comma) {
            cursor.name("a path", 2)?;
        }
        cursor.expect_end()?;
        return Ok(Statement::SetOption(SessionOption::Path));
    }
    cursor.expect(&["SESSION"])?;
    let name = cursor.name("a session property", 2)?.dotted();
    cursor.expect_token(&Token::Eq)?;
    let value = match cursor.rest() {
        [only] => match &only.token {
            Token::SingleQuotedString(text) | Token::UnicodeStringLiteral(text) => {
                Some(text.clone())
            }
            _ => None,
        },
        _ => None,
    };
    body::read_expressions(cursor.rest(), cursor.end(), reader)?;
    Ok(Statement::SetSession { name, value })
}

fn reset(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["RESET", "SESSION"])?;
    if cursor.eat(&["AUTHORIZATION"]) {
        cursor.expect_end()?;
        return Ok(Statement::Become);
    }
    let name = cursor.name("a session property", 2)?.dotted();
    cursor.expect_end()?;
    Ok(Statement::ResetSession { name })
}

fn prepare(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    let at = cursor.at();
    cursor.expect(&["PREPARE"])?;
    let name = cursor.name("a name for the statement", 1)?.dotted();
    cursor.expect(&["FROM"])?;
    reader.enter(at)?;
    let of = Box::new(read_statement(cursor, reader)?);
    Ok(Statement::Prepare { name, of })
}

fn execute(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["EXECUTE"])?;
    // `EXECUTE immediate` runs a prepared statement of that name.
    if cursor.sees(&["IMMEDIATE"]) && !matches!(cursor.peek_at(1), None | Some(Token::Word(_))) {
        cursor.advance();
        let at = cursor.at();
        let text = cursor.string("the statement as a string")?;
        read_arguments(cursor, reader)?;
        let of = Box::new(inner(&text, at, reader)?);
        return Ok(Statement::ExecuteImmediate { of });
    }
    let name = cursor.name("a prepared statement's name", 1)?;
    read_arguments(cursor, reader)?;
    let of = Box::new(prepared(&name, reader)?);
    Ok(Statement::Execute {
        name: name.dotted(),
        of,
    })
}

fn read_arguments(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    if cursor.eat(&["USING"]) {
        body::read_expressions(cursor.rest(), cursor.end(), reader)
    } else {
        cursor.expect_end()
    }
}

fn prepared(name: &Name, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    let wanted = name.dotted();
    let text = reader
        .session
        .prepared
        .iter()
        .find(|(known, _)| known.to_lowercase() == wanted);
    let Some((_, text)) = text else {
        return Err(ReadError::NotPrepared {
            name: wanted,
            at: name.at,
        });
    };
    inner(text, name.at, reader)
}

/// Reads a statement that is not part of the text itself; its places are the place that brought it in.
fn inner(
    text: &str,
    at: townlake_core::advice::Span,
    reader: &mut Reader<'_>,
) -> Result<Statement, ReadError> {
    reader.enter(at)?;
    let reading = parse_at_depth(text, reader.session, reader.depth)
        .map_err(|error| error.moved_to(at))?
        .reading;
    reader
        .tables
        .extend(reading.tables.into_iter().map(|mut used| {
            used.at = at;
            used
        }));
    reader
        .table_functions
        .extend(reading.table_functions.into_iter().map(|mut used| {
            used.at = at;
            used
        }));
    Ok(reading.statement)
}

fn deallocate(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["DEALLOCATE", "PREPARE"])?;
    let name = cursor.name("a prepared statement's name", 1)?.dotted();
    cursor.expect_end()?;
    Ok(Statement::Deallocate { name })
}

fn start_transaction(cursor: &mut Cursor<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["START", "TRANSACTION"])?;
    let mut more = !cursor.is_at_end();
    while more {
        let known = [
            &["READ", "ONLY"][..],
            &["READ", "WRITE"],
            &["ISOLATION", "LEVEL", "READ", "UNCOMMITTED"],
            &["ISOLATION", "LEVEL", "READ", "COMMITTED"],
            &["ISOLATION", "LEVEL", "REPEATABLE", "READ"],
            &["ISOLATION", "LEVEL", "SERIALIZABLE"],
        ];
        if !known.iter().any(|words| cursor.eat(words)) {
            return Err(cursor.expected("READ ONLY, READ WRITE or ISOLATION LEVEL"));
        }
        more = cursor.eat_token(&Token::Comma);
    }
    cursor.expect_end()?;
    Ok(Statement::Transaction(Transaction::Start))
}

fn end_transaction(cursor: &mut Cursor<'_>, step: Transaction) -> Result<Statement, ReadError> {
    cursor.advance();
    cursor.eat(&["WORK"]);
    cursor.expect_end()?;
    Ok(Statement::Transaction(step))
}

fn call(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<Statement, ReadError> {
    cursor.expect(&["CALL"])?;
    let procedure = cursor.name("a procedure", 3)?.dotted();
    body::read_call_arguments(cursor, reader)?;
    cursor.expect_end()?;
    Ok(Statement::Call { procedure })
}
