//! What can stand in front of a query: `WITH SESSION ...` and `WITH FUNCTION ...`. `CREATE FUNCTION` reads the latter.

use sqlparser::ast::{DataType, Ident};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::body;
use crate::cursor::{Cursor, is_word};
use crate::error::ReadError;
use crate::extras::{InlineFunction, SessionProperty};
use crate::limits::MAX_FUNCTIONS;
use crate::read::Reader;

/// Reads both, if they are there. A query's own WITH stays.
pub(super) fn read_inline(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    // A common table expression may be called so: `WITH session AS (...)`, `WITH function (a) AS (...)`.
    let named = |cursor: &Cursor<'_>| matches!(cursor.peek_at(2), Some(Token::Word(word)) if word.quote_style.is_some() || !word.value.eq_ignore_ascii_case("AS"));
    if cursor.sees(&["WITH", "SESSION"]) && named(cursor) {
        cursor.advance();
        cursor.advance();
        loop {
            let at = cursor.at();
            let name = cursor.name("a session property", 2)?.dotted();
            cursor.expect_token(&Token::Eq)?;
            let value = up_to(cursor, starts_next);
            let (value, length) = body::parse_front(value, cursor.end())?;
            cursor.advance_by(length);
            let property = SessionProperty { name, value, at };
            reader.extras.session.push(property);
            if !cursor.eat_token(&Token::Comma) {
                break;
            }
        }
    }
    if cursor.sees(&["WITH", "FUNCTION"]) && named(cursor) {
        cursor.advance();
        loop {
            if reader.extras.functions.len() == MAX_FUNCTIONS {
                let what = format!("a query brings along more than {MAX_FUNCTIONS} functions");
                let at = cursor.at();
                return Err(ReadError::TooDeep { what, at });
            }
            let function = read_function(cursor, reader)?;
            reader.extras.functions.push(function);
            if !cursor.eat_token(&Token::Comma) {
                break;
            }
        }
    }
    Ok(())
}

/// `FUNCTION f(x bigint) RETURNS bigint RETURN x + 1`.
pub(super) fn read_function(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<InlineFunction, ReadError> {
    cursor.expect(&["FUNCTION"])?;
    let name = cursor.name("a function", 3)?.idents;
    cursor.expect_token(&Token::LParen)?;
    let mut parameters: Vec<(Ident, DataType)> = Vec::new();
    while !cursor.eat_token(&Token::RParen) {
        if !parameters.is_empty() {
            cursor.expect_token(&Token::Comma)?;
        }
        let parameter = cursor.ident("a parameter")?;
        parameters.push((parameter, read_type(cursor)?));
    }
    cursor.expect(&["RETURNS"])?;
    let returns = read_type(cursor)?;
    while read_characteristic(cursor)? {}
    let mut function = InlineFunction {
        name,
        parameters,
        returns,
        body: None,
    };
    if cursor.eat(&["RETURN"]) {
        let tokens = up_to(cursor, starts_next);
        let (body, length) =
            body::parse_expression_front(tokens, cursor.end(), &mut reader.extras)?;
        cursor.advance_by(length);
        function.body = Some(body);
        return Ok(function);
    }
    // The body is a program of another language.
    if cursor.eat(&["AS"]) {
        cursor.text("the function's text in `$$`")?;
        return Ok(function);
    }
    if !cursor.sees(&["BEGIN"]) {
        return Err(cursor.expected("RETURN, BEGIN or AS"));
    }
    read_block(cursor)?;
    Ok(function)
}

fn read_type(cursor: &mut Cursor<'_>) -> Result<DataType, ReadError> {
    let (data_type, length) = body::parse_type_front(cursor.rest(), cursor.end())?;
    cursor.advance_by(length);
    Ok(data_type)
}

fn read_characteristic(cursor: &mut Cursor<'_>) -> Result<bool, ReadError> {
    for words in [
        &["NOT", "DETERMINISTIC"][..],
        &["DETERMINISTIC"],
        &["RETURNS", "NULL", "ON", "NULL", "INPUT"],
        &["CALLED", "ON", "NULL", "INPUT"],
        &["SECURITY", "DEFINER"],
        &["SECURITY", "INVOKER"],
    ] {
        if cursor.eat(words) {
            return Ok(true);
        }
    }
    if cursor.eat(&["LANGUAGE"]) {
        cursor.identifier("a language")?;
        return Ok(true);
    }
    if cursor.sees(&["WITH"]) && cursor.peek_at(1) == Some(&Token::LParen) {
        cursor.advance();
        cursor.skip_group()?;
        return Ok(true);
    }
    if cursor.eat(&["COMMENT"]) {
        cursor.string("a comment as a string")?;
        return Ok(true);
    }
    Ok(false)
}

/// `BEGIN ... END`: statements about variables. They cannot hold a query, so they name no table; the words that would
/// begin one are refused.
fn read_block(cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
    while !cursor.is_at_end() {
        let ends = cursor.sees(&["END"])
            && (cursor.peek_at(1).is_none() || is_next(cursor.peek_at(1), cursor.peek_at(2)));
        let starts_query = ["SELECT", "VALUES", "TABLE", "WITH"]
            .iter()
            .any(|word| cursor.sees(&[word]));
        if starts_query {
            return Err(ReadError::NotUnderstood {
                what: "a query inside a function".to_owned(),
                hint: None,
                at: cursor.at(),
            });
        }
        cursor.advance();
        if ends {
            return Ok(());
        }
    }
    Err(cursor.expected("END and a query"))
}

/// The tokens from here up to the first outside of parentheses that begins what comes next.
fn up_to<'t>(
    cursor: &Cursor<'t>,
    is_end: fn(Option<&Token>, Option<&Token>) -> bool,
) -> &'t [TokenWithSpan] {
    let rest = cursor.rest();
    let mut open = 0_usize;
    for (index, token) in rest.iter().enumerate() {
        match token.token {
            Token::LParen | Token::LBracket => open += 1,
            Token::RParen | Token::RBracket => open = open.saturating_sub(1),
            _ => {}
        }
        let next = rest.get(index + 1).map(|token| &token.token);
        if open == 0 && is_end(Some(&token.token), next) {
            return rest.get(..index).unwrap_or_default();
        }
    }
    rest
}

fn starts_next(token: Option<&Token>, next: Option<&Token>) -> bool {
    is_next(token, next) && token != Some(&Token::LParen) || token == Some(&Token::Comma)
}

fn is_next(token: Option<&Token>, next: Option<&Token>) -> bool {
    match token {
        Some(Token::LParen) => true,
        Some(Token::Comma) => is_word(next, "FUNCTION"),
        _ => ["SELECT", "VALUES", "TABLE", "WITH"]
            .iter()
            .any(|word| is_word(token, word)),
    }
}
