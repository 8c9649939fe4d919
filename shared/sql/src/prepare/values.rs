//! `VALUES 1, 2` and `VALUES ROW(1, 2)`: sqlparser wants each row in parentheses of its own.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Pass;
use crate::cursor::is_word;

/// Moves over `VALUES`, and plans a parenthesis around each row that has none.
pub(super) fn wrap_rows(pass: &mut Pass<'_>) {
    pass.keep(1);
    let mut start = pass.index;
    loop {
        let end = wrap_row(pass, start);
        match pass.tokens.get(end).map(|token| &token.token) {
            Some(Token::Comma) => start = end + 1,
            _ => break,
        }
    }
}

/// Plans the parentheses of the row that starts here, and gives where it ends.
fn wrap_row(pass: &mut Pass<'_>, start: usize) -> usize {
    if token(pass, start) == Some(&Token::LParen) {
        let behind = pass.closing.get(start).map_or(start, |close| close + 1);
        // A MERGE goes on with WHEN.
        let ends = ends_row(token(pass, behind)) || is_word(token(pass, behind), "WHEN");
        if ends && !starts_query(token(pass, start + 1)) {
            return behind;
        }
    }
    let mut end = start;
    while !ends_row(token(pass, end)) {
        end = match token(pass, end) {
            Some(Token::LParen | Token::LBracket) => {
                pass.closing.get(end).map_or(end, |close| close + 1)
            }
            _ => end + 1,
        };
    }
    if end > start {
        plan(pass, start, Token::LParen);
        plan(pass, end, Token::RParen);
    }
    end
}

fn plan(pass: &mut Pass<'_>, index: usize, put: Token) {
    let Some(near) = pass.tokens.get(index).or(pass.tokens.last()) else {
        return;
    };
    let added = TokenWithSpan {
        token: put,
        span: near.span,
    };
    pass.later.entry(index).or_default().push(added);
}

fn token<'p>(pass: &'p Pass<'_>, index: usize) -> Option<&'p Token> {
    pass.tokens.get(index).map(|token| &token.token)
}

fn starts_query(token: Option<&Token>) -> bool {
    ["SELECT", "WITH", "VALUES", "TABLE"]
        .iter()
        .any(|word| is_word(token, word))
}

fn ends_row(token: Option<&Token>) -> bool {
    match token {
        None | Some(Token::Comma | Token::RParen) => true,
        Some(Token::Word(word)) if word.quote_style.is_none() => matches!(
            word.keyword,
            Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::ORDER
                | Keyword::OFFSET
                | Keyword::LIMIT
                | Keyword::FETCH
        ),
        Some(_) => false,
    }
}
