//! Operators that Trino reads otherwise than sqlparser.

use sqlparser::ast::Expr;
use sqlparser::parser::{Parser, ParserError};

use super::Trino;
use crate::cursor::is_word;

/// `x IN ((SELECT 1), 2)`: sqlparser takes the first parenthesis for a subquery that is all there is.
pub(super) fn parse_in_list(
    parser: &mut Parser,
    left: &Expr,
    dialect: &Trino,
) -> Option<Result<Expr, ParserError>> {
    let negated = is_word(Some(&parser.peek_token_ref().token), "NOT");
    let open = if negated { 2 } else { 1 };
    if !dialect.ahead.lists.contains(&(parser.index() + open)) {
        return None;
    }
    for _ in 0..=open {
        parser.next_token();
    }
    Some(parse_list(parser, left, negated))
}

fn parse_list(parser: &mut Parser, left: &Expr, negated: bool) -> Result<Expr, ParserError> {
    let list = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&sqlparser::tokenizer::Token::RParen)?;
    Ok(Expr::InList {
        expr: Box::new(left.clone()),
        list,
        negated,
    })
}
