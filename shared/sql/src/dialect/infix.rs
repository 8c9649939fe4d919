//! Operators that Trino reads otherwise than sqlparser.

use sqlparser::ast::Expr;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::cursor::is_word;

/// `x IN ((SELECT 1), 2)`: sqlparser takes the first parenthesis for a subquery that is all there is.
pub(super) fn parse_in_list(parser: &mut Parser, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let token = |ahead: usize| &parser.peek_nth_token_ref(ahead).token;
    let negated = is_word(Some(token(0)), "NOT");
    let word = usize::from(negated);
    let opens = is_word(Some(token(word)), "IN")
        && *token(word + 1) == Token::LParen
        && *token(word + 2) == Token::LParen;
    if !opens {
        return None;
    }
    let mut ahead = word + 3;
    let mut open = 1_usize;
    while open > 0 {
        match token(ahead) {
            Token::LParen => open += 1,
            Token::RParen => open -= 1,
            Token::EOF => return None,
            _ => {}
        }
        ahead += 1;
    }
    if *token(ahead) != Token::Comma {
        return None;
    }
    for _ in 0..word + 2 {
        parser.next_token();
    }
    Some(parse_list(parser, left, negated))
}

fn parse_list(parser: &mut Parser, left: &Expr, negated: bool) -> Result<Expr, ParserError> {
    let list = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::InList {
        expr: Box::new(left.clone()),
        list,
        negated,
    })
}
