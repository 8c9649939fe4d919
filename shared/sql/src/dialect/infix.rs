//! Operators that Trino reads otherwise than sqlparser.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ValueWithSpan};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::Trino;
use super::prefix::call;
use crate::body::COMPARISON;
use crate::cursor::is_word;

/// What stands for a pattern with an escape that is no literal. Only `parse_like` writes it without quotes.
const PATTERN_WITH_ESCAPE: &str = "$like_pattern";

/// The pattern and the escape of a LIKE whose escape is an expression.
pub(crate) fn pattern_with_escape(pattern: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::Function(function) = pattern else {
        return None;
    };
    let ([name], FunctionArguments::List(list)) = (function.name.0.as_slice(), &function.args)
    else {
        return None;
    };
    let name = name.as_ident()?;
    if name.quote_style.is_some() || name.value != PATTERN_WITH_ESCAPE {
        return None;
    }
    match list.args.as_slice() {
        [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern)),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(escape)),
        ] => Some((pattern, escape)),
        _ => None,
    }
}

/// `x LIKE y ESCAPE z`: sqlparser wants a literal behind ESCAPE.
pub(super) fn parse_like(
    parser: &mut Parser,
    left: &Expr,
    dialect: &Trino,
) -> Option<Result<Expr, ParserError>> {
    let negated = is_word(Some(&parser.peek_token_ref().token), "NOT");
    let word = usize::from(negated);
    let is_like = is_word(Some(&parser.peek_nth_token_ref(word).token), "LIKE")
        && !is_word(Some(&parser.peek_nth_token_ref(word + 1).token), "ANY");
    if !is_like {
        return None;
    }
    for _ in 0..=word {
        parser.next_token();
    }
    Some(
        parse_pattern(parser, dialect).map(|(pattern, escape_char)| Expr::Like {
            negated,
            any: false,
            expr: Box::new(left.clone()),
            pattern: Box::new(pattern),
            escape_char,
        }),
    )
}

fn parse_pattern(
    parser: &mut Parser,
    dialect: &Trino,
) -> Result<(Expr, Option<ValueWithSpan>), ParserError> {
    let pattern = parser.parse_subexpr(dialect.prec_value(Precedence::Like))?;
    let escape_is_literal = matches!(
        parser.peek_nth_token_ref(1).token,
        Token::SingleQuotedString(_) | Token::UnicodeStringLiteral(_)
    );
    if escape_is_literal {
        return Ok((pattern, parser.parse_escape_char()?));
    }
    let place = parser.peek_token_ref().span;
    if !parser.parse_keyword(Keyword::ESCAPE) {
        return Ok((pattern, None));
    }
    let escape = parser.parse_subexpr(COMPARISON)?;
    let name = Ident::with_span(place, PATTERN_WITH_ESCAPE);
    Ok((call(name, vec![pattern, escape]), None))
}

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
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::InList {
        expr: Box::new(left.clone()),
        list,
        negated,
    })
}
