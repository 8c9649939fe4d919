//! Arguments of table functions.

use std::cell::RefCell;

use sqlparser::ast::Expr;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use townlake_core::names::is_reserved;

use super::prefix::call;
use super::types::parse_type;
use crate::cursor::is_word;
use crate::extras::{Extras, TableArgument, WhenEmpty};

/// `TABLE(orders) AS o (a, b) PARTITION BY a PRUNE WHEN EMPTY ORDER BY b`.
///
/// In the tree it is a call of a function `TABLE` with a name or a subquery.
pub(super) fn parse_table_argument(
    parser: &mut Parser,
    extras: &RefCell<Extras>,
) -> Result<Expr, ParserError> {
    let place = parser.peek_token_ref().span.start;
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let relation = parse_relation(parser)?;
    parser.expect_token(&Token::RParen)?;
    let argument = parse_clauses(parser)?;
    if argument != TableArgument::default() {
        extras.borrow_mut().table_arguments.insert(place, argument);
    }
    Ok(call(name, vec![relation]))
}

fn parse_relation(parser: &mut Parser) -> Result<Expr, ParserError> {
    let next = &parser.peek_token_ref().token;
    let starts_query = *next == Token::LParen
        || ["SELECT", "WITH", "VALUES"]
            .iter()
            .any(|word| is_word(Some(next), word));
    if starts_query {
        return Ok(Expr::Subquery(parser.parse_query()?));
    }
    if !matches!(next, Token::Word(_)) {
        // Not a table: whoever collects tables refuses it.
        return parser.parse_expr();
    }
    let mut parts = vec![parser.parse_identifier()?];
    while parser.consume_token(&Token::Period) {
        parts.push(parser.parse_identifier()?);
    }
    Ok(match <[_; 1]>::try_from(parts) {
        Ok([only]) => Expr::Identifier(only),
        Err(parts) => Expr::CompoundIdentifier(parts),
    })
}

fn parse_clauses(parser: &mut Parser) -> Result<TableArgument, ParserError> {
    let mut argument = TableArgument::default();
    if parser.parse_keyword(Keyword::AS) || is_alias(&parser.peek_token_ref().token) {
        argument.alias = Some(parser.parse_identifier()?);
        if parser.consume_token(&Token::LParen) {
            argument.columns = parser.parse_comma_separated(Parser::parse_identifier)?;
            parser.expect_token(&Token::RParen)?;
        }
    }
    if parser.parse_keywords(&[Keyword::PARTITION, Keyword::BY]) {
        argument.partition_by = Some(parse_partition(parser)?);
    }
    for (word, when_empty) in [("PRUNE", WhenEmpty::Prune), ("KEEP", WhenEmpty::Keep)] {
        if is_word(Some(&parser.peek_token_ref().token), word) {
            parser.next_token();
            parser.expect_keyword(Keyword::WHEN)?;
            parser.expect_keyword(Keyword::EMPTY)?;
            argument.when_empty = Some(when_empty);
        }
    }
    if parser.parse_keywords(&[Keyword::ORDER, Keyword::BY]) {
        argument.order_by = if parser.consume_token(&Token::LParen) {
            let items = parser.parse_comma_separated(Parser::parse_order_by_expr)?;
            parser.expect_token(&Token::RParen)?;
            items
        } else {
            vec![parser.parse_order_by_expr()?]
        };
    }
    Ok(argument)
}

fn parse_partition(parser: &mut Parser) -> Result<Vec<Expr>, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(vec![parser.parse_expr()?]);
    }
    if parser.consume_token(&Token::RParen) {
        return Ok(Vec::new());
    }
    let expressions = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    Ok(expressions)
}

fn is_alias(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_some()
        || !is_reserved(&word.value)
            && !["PARTITION", "PRUNE", "KEEP", "COPARTITION"]
                .iter()
                .any(|clause| word.value.eq_ignore_ascii_case(clause)))
}

/// `DESCRIPTOR(a, b bigint)`. In the tree it is a call with the names.
pub(super) fn parse_descriptor(parser: &mut Parser) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let fields = parser.parse_comma_separated(|parser| {
        let field = parser.parse_identifier()?;
        if matches!(parser.peek_token_ref().token, Token::Word(_)) {
            parse_type(parser)?;
        }
        Ok(Expr::Identifier(field))
    })?;
    parser.expect_token(&Token::RParen)?;
    Ok(call(name, fields))
}
