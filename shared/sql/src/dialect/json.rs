//! The JSON functions of the SQL standard, with their clauses.

use std::cell::RefCell;

use sqlparser::ast::{Expr, Ident, UnaryOperator};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::prefix::call;
use super::types::parse_type;
use crate::cursor::is_word;
use crate::extras::{Extras, JsonClauses, JsonTable, JsonTableColumn};

/// Whether a function's name is one of these.
pub(super) fn is_function(name: &str) -> bool {
    [
        "JSON_QUERY",
        "JSON_VALUE",
        "JSON_EXISTS",
        "JSON_OBJECT",
        "JSON_ARRAY",
    ]
    .iter()
    .any(|function| name.eq_ignore_ascii_case(function))
}

/// Reads a whole call.
pub(super) fn parse_function(
    parser: &mut Parser,
    extras: &RefCell<Extras>,
) -> Result<Expr, ParserError> {
    let place = parser.peek_token_ref().span.start;
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let mut clauses = JsonClauses::default();
    let mut arguments = Vec::new();
    if name.value.eq_ignore_ascii_case("JSON_OBJECT") {
        parse_members(parser, &mut arguments, &mut clauses, parse_member)?;
    } else if name.value.eq_ignore_ascii_case("JSON_ARRAY") {
        parse_members(parser, &mut arguments, &mut clauses, parse_value)?;
    } else {
        clauses.passing = parse_path(parser, &mut arguments, &mut clauses.others)?;
    }
    let fixed = arguments.len();
    while !parser.consume_token(&Token::RParen) {
        parse_clause(parser, &mut arguments, &mut clauses)?;
    }
    clauses.defaults = arguments.len() - fixed;
    if clauses != JsonClauses::default() {
        extras.borrow_mut().json.insert(place, clauses);
    }
    Ok(call(name, arguments))
}

/// Reads a whole `JSON_TABLE(...)`.
pub(super) fn parse_table(
    parser: &mut Parser,
    extras: &RefCell<Extras>,
) -> Result<Expr, ParserError> {
    let place = parser.peek_token_ref().span.start;
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let mut arguments = Vec::new();
    let passing = parse_path(parser, &mut arguments, &mut Vec::new())?;
    let mut columns = Vec::new();
    parse_columns(parser, &mut arguments, &mut columns)?;
    if eat(parser, "PLAN") {
        eat(parser, "DEFAULT");
        skip_group(parser)?;
    }
    while !parser.consume_token(&Token::RParen) {
        parse_clause(parser, &mut arguments, &mut JsonClauses::default())?;
    }
    let table = JsonTable { columns, passing };
    extras.borrow_mut().json_tables.insert(place, table);
    Ok(call(name, arguments))
}

/// `x IS NOT JSON OBJECT WITH UNIQUE KEYS`. In the tree it is `NOT is_json(x)`.
pub(super) fn parse_is_json(parser: &mut Parser, left: &Expr) -> Option<Result<Expr, ParserError>> {
    if !sees(parser, 0, "IS") {
        return None;
    }
    let negated = sees(parser, 1, "NOT");
    let json = if negated { 2 } else { 1 };
    if !sees(parser, json, "JSON") {
        return None;
    }
    let span = parser.peek_nth_token_ref(json).span;
    for _ in 0..=json {
        parser.next_token();
    }
    if !eat(parser, "VALUE") && !eat(parser, "SCALAR") && !eat(parser, "ARRAY") {
        eat(parser, "OBJECT");
    }
    let unique =
        (sees(parser, 0, "WITH") || sees(parser, 0, "WITHOUT")) && sees(parser, 1, "UNIQUE");
    if unique {
        parser.next_token();
        parser.next_token();
        eat(parser, "KEYS");
    }
    let test = call(Ident::with_span(span, "is_json"), vec![left.clone()]);
    Some(Ok(if negated {
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(test),
        }
    } else {
        test
    }))
}

/// Reads one member: adds its arguments, and its clauses in words.
type ParseMember = fn(&mut Parser, &mut Vec<Expr>, &mut Vec<String>) -> Result<(), ParserError>;

/// Members of an object or an array, if there are any.
fn parse_members(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
    clauses: &mut JsonClauses,
    parse: ParseMember,
) -> Result<(), ParserError> {
    let none = parser.peek_token_ref().token == Token::RParen || sees(parser, 0, "RETURNING");
    if none {
        return Ok(());
    }
    loop {
        parse(parser, arguments, &mut clauses.others)?;
        if !parser.consume_token(&Token::Comma) {
            return Ok(());
        }
    }
}

/// `KEY 'a' VALUE x` and `'a' VALUE x`; `'a' : x` was made into the latter.
fn parse_member(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
    others: &mut Vec<String>,
) -> Result<(), ParserError> {
    if sees(parser, 0, "KEY") && !sees(parser, 1, "VALUE") {
        parser.next_token();
    }
    arguments.push(parser.parse_expr()?);
    expect(parser, "VALUE")?;
    parse_value(parser, arguments, others)
}

/// `x FORMAT JSON ENCODING UTF8`.
fn parse_value(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
    others: &mut Vec<String>,
) -> Result<(), ParserError> {
    arguments.push(parser.parse_expr()?);
    parse_format(parser, others)
}

fn parse_format(parser: &mut Parser, others: &mut Vec<String>) -> Result<(), ParserError> {
    if !eat(parser, "FORMAT") {
        return Ok(());
    }
    expect(parser, "JSON")?;
    let mut clause = "FORMAT JSON".to_owned();
    if eat(parser, "ENCODING") {
        let encoding = parser.parse_identifier()?;
        clause.push_str(" ENCODING ");
        clause.push_str(&encoding.value.to_ascii_uppercase());
    }
    others.push(clause);
    Ok(())
}

/// `j FORMAT JSON, 'lax $' AS p PASSING x AS a, y AS b`. Gives the names of what is passed.
fn parse_path(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
    others: &mut Vec<String>,
) -> Result<Vec<Ident>, ParserError> {
    parse_value(parser, arguments, others)?;
    parser.expect_token(&Token::Comma)?;
    arguments.push(parser.parse_expr()?);
    if parser.parse_keyword(Keyword::AS) {
        parser.parse_identifier()?;
    }
    let mut names = Vec::new();
    if eat(parser, "PASSING") {
        loop {
            parse_value(parser, arguments, &mut Vec::new())?;
            parser.expect_keyword(Keyword::AS)?;
            names.push(parser.parse_identifier()?);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
    }
    Ok(names)
}

/// One clause behind the arguments.
fn parse_clause(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
    clauses: &mut JsonClauses,
) -> Result<(), ParserError> {
    if eat(parser, "RETURNING") {
        clauses.returning = Some(parse_type(parser)?);
        return parse_format(parser, &mut clauses.others);
    }
    if eat(parser, "DEFAULT") {
        arguments.push(parser.parse_expr()?);
        let clause = format!("DEFAULT ON {}", parse_on(parser)?);
        clauses.others.push(clause);
        return Ok(());
    }
    const CLAUSES: [&[&str]; 20] = [
        &["WITHOUT", "ARRAY", "WRAPPER"],
        &["WITHOUT", "WRAPPER"],
        &["WITH", "ARRAY", "WRAPPER"],
        &["WITH", "WRAPPER"],
        &["WITH", "CONDITIONAL", "ARRAY", "WRAPPER"],
        &["WITH", "CONDITIONAL", "WRAPPER"],
        &["WITH", "UNCONDITIONAL", "ARRAY", "WRAPPER"],
        &["WITH", "UNCONDITIONAL", "WRAPPER"],
        &["KEEP", "QUOTES", "ON", "SCALAR", "TEXT_STRING"],
        &["KEEP", "QUOTES", "ON", "SCALAR", "STRING"],
        &["KEEP", "QUOTES"],
        &["OMIT", "QUOTES", "ON", "SCALAR", "TEXT_STRING"],
        &["OMIT", "QUOTES", "ON", "SCALAR", "STRING"],
        &["OMIT", "QUOTES"],
        &["NULL", "ON", "NULL"],
        &["ABSENT", "ON", "NULL"],
        &["WITH", "UNIQUE", "KEYS"],
        &["WITH", "UNIQUE"],
        &["WITHOUT", "UNIQUE", "KEYS"],
        &["WITHOUT", "UNIQUE"],
    ];
    let matching = CLAUSES.iter().find(|words| {
        let mut numbered = words.iter().enumerate();
        numbered.all(|(ahead, word)| sees(parser, ahead, word))
    });
    if let Some(words) = matching {
        for _ in *words {
            parser.next_token();
        }
        clauses.others.push(words.join(" "));
        return Ok(());
    }
    const BEHAVIORS: [&str; 6] = ["ERROR", "NULL", "EMPTY", "TRUE", "FALSE", "UNKNOWN"];
    for behavior in BEHAVIORS {
        if eat(parser, behavior) {
            let mut clause = behavior.to_owned();
            for kind in ["ARRAY", "OBJECT"] {
                if behavior == "EMPTY" && eat(parser, kind) {
                    clause.push(' ');
                    clause.push_str(kind);
                }
            }
            clause.push_str(" ON ");
            clause.push_str(parse_on(parser)?);
            clauses.others.push(clause);
            return Ok(());
        }
    }
    let found = parser.peek_token_ref().clone();
    parser.expected("a clause of this function or `)`", found)
}

fn parse_on(parser: &mut Parser) -> Result<&'static str, ParserError> {
    parser.expect_keyword(Keyword::ON)?;
    if eat(parser, "EMPTY") {
        return Ok("EMPTY");
    }
    expect(parser, "ERROR")?;
    Ok("ERROR")
}

/// `COLUMNS (a bigint PATH '$.a' DEFAULT 1 ON EMPTY, b FOR ORDINALITY, NESTED PATH '$.c' COLUMNS (...))`.
fn parse_columns(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
    columns: &mut Vec<JsonTableColumn>,
) -> Result<(), ParserError> {
    expect(parser, "COLUMNS")?;
    parser.expect_token(&Token::LParen)?;
    loop {
        if sees(parser, 0, "NESTED") && is_path(parser) {
            parser.next_token();
            eat(parser, "PATH");
            parser.parse_value()?;
            if parser.parse_keyword(Keyword::AS) {
                parser.parse_identifier()?;
            }
            parse_columns(parser, arguments, columns)?;
        } else {
            columns.push(parse_column(parser, arguments)?);
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(())
}

fn is_path(parser: &Parser) -> bool {
    sees(parser, 1, "PATH")
        || matches!(
            parser.peek_nth_token_ref(1).token,
            Token::SingleQuotedString(_) | Token::UnicodeStringLiteral(_)
        )
}

fn parse_column(
    parser: &mut Parser,
    arguments: &mut Vec<Expr>,
) -> Result<JsonTableColumn, ParserError> {
    let name = parser.parse_identifier()?;
    if parser.parse_keyword(Keyword::FOR) {
        expect(parser, "ORDINALITY")?;
        return Ok(JsonTableColumn {
            name,
            data_type: None,
        });
    }
    let data_type = Some(parse_type(parser)?);
    parse_format(parser, &mut Vec::new())?;
    if eat(parser, "PATH") {
        parser.parse_value()?;
    }
    while !matches!(
        parser.peek_token_ref().token,
        Token::Comma | Token::RParen | Token::EOF
    ) {
        parse_clause(parser, arguments, &mut JsonClauses::default())?;
    }
    Ok(JsonTableColumn { name, data_type })
}

fn skip_group(parser: &mut Parser) -> Result<(), ParserError> {
    parser.expect_token(&Token::LParen)?;
    let mut open = 1_usize;
    while open > 0 {
        let token = parser.next_token();
        match token.token {
            Token::LParen => open += 1,
            Token::RParen => open -= 1,
            Token::Comma | Token::Word(_) => {}
            _ => return parser.expected("a plan", token),
        }
    }
    Ok(())
}

fn sees(parser: &Parser, ahead: usize, word: &str) -> bool {
    is_word(Some(&parser.peek_nth_token_ref(ahead).token), word)
}

fn eat(parser: &mut Parser, word: &str) -> bool {
    let found = sees(parser, 0, word);
    if found {
        parser.next_token();
    }
    found
}

fn expect(parser: &mut Parser, word: &str) -> Result<(), ParserError> {
    if eat(parser, word) {
        return Ok(());
    }
    let found = parser.peek_token_ref().clone();
    parser.expected(word, found)
}
