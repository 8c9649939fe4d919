//! How expressions begin in Trino and not in sqlparser.

use super::types::parse_type;
use super::{Trino, json, tables};
use crate::cursor::is_word;
use sqlparser::ast::{
    Array, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, LambdaFunction, LambdaFunctionParameter, LambdaSyntax, ObjectName,
    OneOrManyWithParens, TypedString,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};
use townlake_core::names::is_reserved;

/// Reads an expression's beginning, if it is one of Trino's own.
pub(super) fn parse_prefix(
    parser: &mut Parser,
    dialect: &Trino,
) -> Option<Result<Expr, ParserError>> {
    let next = &parser.peek_nth_token_ref(1).token;
    match &parser.peek_token_ref().token {
        Token::LParen => match next {
            Token::RParen => Some(parse_lambda_without_parameters(parser)),
            Token::LParen if dialect.ahead.subqueries.contains(&parser.index()) => {
                Some(parse_subquery(parser))
            }
            token if is_word(Some(token), "VALUES") => Some(parse_subquery(parser)),
            _ => None,
        },
        Token::Word(word) if word.quote_style.is_none() => {
            let next = next.clone();
            let word = word.clone();
            parse_word(&word, &next, parser, dialect)
        }
        _ => None,
    }
}

fn parse_word(
    word: &Word,
    next: &Token,
    parser: &mut Parser,
    dialect: &Trino,
) -> Option<Result<Expr, ParserError>> {
    match (word.keyword, next) {
        (Keyword::CAST, Token::LParen) => Some(parse_cast(parser, CastKind::Cast)),
        (Keyword::TRY_CAST, Token::LParen) => Some(parse_cast(parser, CastKind::TryCast)),
        // `ipaddress '::1'`: sqlparser knows only its own types before a string.
        (Keyword::NoKeyword, Token::SingleQuotedString(_)) => Some(parse_typed_string(parser)),
        // sqlparser would take what it cannot read for a name, and complain about what follows.
        (Keyword::CASE, _) => {
            parser.next_token();
            Some(parser.parse_case_expr())
        }
        (Keyword::ARRAY, Token::LBracket) => Some(parse_array(parser)),
        (Keyword::ROW, Token::LParen) => Some(parse_row(parser)),
        (Keyword::TABLE, Token::LParen) => {
            Some(tables::parse_table_argument(parser, &dialect.extras))
        }
        // `= ANY (VALUES 1, 2)`: sqlparser wants SELECT or WITH there.
        (Keyword::VALUES, _) => Some(parser.parse_query().map(Expr::Subquery)),
        (Keyword::JSON_TABLE, Token::LParen) => Some(json::parse_table(parser, &dialect.extras)),
        (_, Token::LParen) if json::is_function(&word.value) => {
            Some(json::parse_function(parser, &dialect.extras))
        }
        (_, Token::LParen) if word.value.eq_ignore_ascii_case("descriptor") => {
            Some(tables::parse_descriptor(parser))
        }
        // `FINAL LAST(x)` in a row pattern.
        (_, Token::Word(_))
            if ["RUNNING", "FINAL"]
                .iter()
                .any(|mode| word.value.eq_ignore_ascii_case(mode))
                && parser.peek_nth_token_ref(2).token == Token::LParen
                && !is_reserved_word(next) =>
        {
            parser.next_token();
            Some(parser.parse_prefix())
        }
        // Words that begin an expression of another dialect, and in Trino are plain names.
        (keyword, Token::Arrow) if begins_something(keyword) => Some(parse_lambda(parser)),
        (keyword, next) if is_plain_name(keyword, next, parser) => {
            Some(parser.parse_identifier().map(Expr::Identifier))
        }
        (_, next)
            if *next != Token::LParen
                && ["CURRENT_PATH", "CURRENT_SCHEMA"]
                    .iter()
                    .any(|name| word.value.eq_ignore_ascii_case(name)) =>
        {
            Some(parse_session_value(parser))
        }
        _ => None,
    }
}

fn is_reserved_word(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && is_reserved(&word.value))
}

/// Whether sqlparser knows the word as the start of something, and Trino as a plain name.
fn begins_something(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::INTERVAL
            | Keyword::USER
            | Keyword::SESSION_USER
            | Keyword::PRIOR
            | Keyword::LAMBDA
            | Keyword::STRUCT
            | Keyword::MAP
            | Keyword::MATCH
            | Keyword::ARRAY
            | Keyword::CONVERT
            | Keyword::OVERLAY
            | Keyword::BINARY
    )
}

/// Whether such a word is a column's name here.
fn is_plain_name(keyword: Keyword, next: &Token, parser: &Parser) -> bool {
    begins_something(keyword)
        && match keyword {
            Keyword::INTERVAL => !begins_interval(next, parser),
            Keyword::USER | Keyword::SESSION_USER => *next != Token::LParen,
            _ => !matches!(
                next,
                Token::LParen | Token::LBrace | Token::SingleQuotedString(_)
            ),
        }
}

/// `map -> map + 1`.
fn parse_lambda(parser: &mut Parser) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::Arrow)?;
    let parameter = LambdaFunctionParameter {
        name,
        data_type: None,
    };
    Ok(Expr::Lambda(LambdaFunction {
        params: OneOrManyWithParens::One(parameter),
        body: Box::new(parser.parse_expr()?),
        syntax: LambdaSyntax::Arrow,
    }))
}

/// `INTERVAL '1' DAY`, or what people write for it: `INTERVAL 1 DAY`, `INTERVAL n DAY`. `interval + 1` is a sum.
fn begins_interval(next: &Token, parser: &Parser) -> bool {
    let behind = &parser.peek_nth_token_ref(2).token;
    match next {
        Token::Plus | Token::Minus => matches!(behind, Token::SingleQuotedString(_)),
        Token::Word(_) => [
            "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND",
        ]
        .iter()
        .any(|unit| is_word(Some(behind), unit)),
        Token::LParen
        | Token::Number(..)
        | Token::Placeholder(_)
        | Token::SingleQuotedString(_)
        | Token::UnicodeStringLiteral(_) => true,
        _ => false,
    }
}

/// `CURRENT_SCHEMA`, which sqlparser takes for a column.
fn parse_session_value(parser: &mut Parser) -> Result<Expr, ParserError> {
    let name = ObjectName::from(vec![parser.parse_identifier()?]);
    Ok(Expr::Function(Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::None,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }))
}

/// `() -> 1`.
fn parse_lambda_without_parameters(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    parser.expect_token(&Token::RParen)?;
    parser.expect_token(&Token::Arrow)?;
    Ok(Expr::Lambda(LambdaFunction {
        params: OneOrManyWithParens::Many(Vec::new()),
        body: Box::new(parser.parse_expr()?),
        syntax: LambdaSyntax::Arrow,
    }))
}

/// `(VALUES 1)` and `((SELECT 1) UNION SELECT 2)`: sqlparser wants SELECT or WITH behind the parenthesis.
fn parse_subquery(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let query = parser.parse_query()?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Subquery(query))
}

fn parse_cast(parser: &mut Parser, kind: CastKind) -> Result<Expr, ParserError> {
    parser.next_token();
    parser.expect_token(&Token::LParen)?;
    let expr = parser.parse_expr()?;
    parser.expect_keyword(Keyword::AS)?;
    let data_type = parse_type(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast {
        kind,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    })
}

fn parse_typed_string(parser: &mut Parser) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    let value = parser.parse_value()?;
    let data_type = DataType::Custom(ObjectName::from(vec![name]), Vec::new());
    Ok(Expr::TypedString(TypedString {
        data_type,
        value,
        uses_odbc_syntax: false,
    }))
}

/// `ARRAY[1, 2]`.
fn parse_array(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.next_token();
    parser.expect_token(&Token::LBracket)?;
    let mut elem = Vec::new();
    if parser.peek_token_ref().token != Token::RBracket {
        elem = parser.parse_comma_separated(Parser::parse_expr)?;
    }
    parser.expect_token(&Token::RBracket)?;
    Ok(Expr::Array(Array { elem, named: true }))
}

/// `ROW(1, 2 AS b)`.
fn parse_row(parser: &mut Parser) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let mut fields = Vec::new();
    if parser.peek_token_ref().token != Token::RParen {
        fields = parser.parse_comma_separated(|parser| {
            let expr = parser.parse_expr()?;
            let named = parser.parse_keyword(Keyword::AS)
                || matches!(parser.peek_token_ref().token, Token::Word(_));
            if !named {
                return Ok(expr);
            }
            let name = parser.parse_identifier()?;
            let expr = Box::new(expr);
            Ok(Expr::Named { expr, name })
        })?;
    }
    parser.expect_token(&Token::RParen)?;
    Ok(call(name, fields))
}

/// A call of a function with these arguments.
pub(super) fn call(name: Ident, arguments: Vec<Expr>) -> Expr {
    let args = arguments
        .into_iter()
        .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
        .collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
