//! Where groups, names and constants end, told from tokens alone.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};
use townlake_core::names::is_reserved;

/// For each `(` and `[`, the index of what closes it; for all else, and where there is none, the number of tokens.
pub(crate) fn closing_parentheses(tokens: &[TokenWithSpan]) -> Vec<usize> {
    let mut closing = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen | Token::LBracket => open.push(index),
            Token::RParen | Token::RBracket => {
                let start = open.pop().and_then(|start: usize| closing.get_mut(start));
                if let Some(end) = start {
                    *end = index;
                }
            }
            _ => {}
        }
    }
    closing
}

/// Where the dotted name that ends a list of tokens begins.
pub(super) fn start_of_name(tokens: &[TokenWithSpan]) -> Option<Location> {
    let mut start = None;
    let mut wants_name = true;
    for token in tokens.iter().rev() {
        match (&token.token, wants_name) {
            (Token::Word(word), true)
                if word.quote_style.is_some() || !is_reserved(&word.value) =>
            {
                start = Some(token.span.start);
            }
            (Token::Period, false) => {}
            _ => break,
        }
        wants_name = !wants_name;
    }
    start
}

/// A token behind the constant of a time travel that starts at `start`, and not far behind it.
pub(super) fn end_of_constant(tokens: &[TokenWithSpan], start: usize) -> usize {
    let mut open = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match &token.token {
            Token::LParen | Token::LBracket => open += 1,
            Token::RParen | Token::RBracket if open == 0 => return index,
            Token::RParen | Token::RBracket => open -= 1,
            Token::Comma if open == 0 => return index,
            Token::Word(word) if open == 0 && word.quote_style.is_none() => {
                let ends = matches!(
                    word.keyword,
                    Keyword::AS
                        | Keyword::FOR
                        | Keyword::FROM
                        | Keyword::WHERE
                        | Keyword::GROUP
                        | Keyword::HAVING
                        | Keyword::ORDER
                        | Keyword::UNION
                        | Keyword::EXCEPT
                        | Keyword::INTERSECT
                        | Keyword::JOIN
                        | Keyword::CROSS
                        | Keyword::INNER
                        | Keyword::LEFT
                        | Keyword::RIGHT
                        | Keyword::FULL
                        | Keyword::NATURAL
                        | Keyword::ON
                        | Keyword::USING
                        | Keyword::WHEN
                );
                if ends {
                    return index;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// Where the parenthesis that closes at `close` opens.
pub(super) fn opening_parenthesis(tokens: &[TokenWithSpan], close: usize) -> Option<usize> {
    let mut open = 0_usize;
    for (index, token) in tokens.get(..=close)?.iter().enumerate().rev() {
        match token.token {
            Token::RParen => open += 1,
            Token::LParen => {
                open = open.checked_sub(1)?;
                if open == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the name of the function begins whose call ends a list of tokens, `FILTER (...)` and `IGNORE NULLS` included;
/// or that of a measure, which has no parentheses.
pub(super) fn start_of_call(tokens: &[TokenWithSpan]) -> Option<Location> {
    let mut rest = tokens;
    loop {
        let last = rest.last()?;
        let before = rest.get(..rest.len().checked_sub(1)?)?;
        match &last.token {
            Token::RParen => rest = rest.get(..opening_parenthesis(rest, before.len())?)?,
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::FILTER
                | Keyword::NULLS
                | Keyword::IGNORE
                | Keyword::RESPECT
                | Keyword::GROUP
                | Keyword::WITHIN => rest = before,
                _ => return start_of_name(rest),
            },
            _ => return start_of_name(rest),
        }
    }
}
