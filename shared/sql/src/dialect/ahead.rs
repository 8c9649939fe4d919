//! What parentheses hold, told from the tokens before parsing: trying would double the work at each level.

use std::collections::HashSet;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::cursor::is_word;
use crate::prepare::closing_parentheses;

/// Places among the tokens that sqlparser would read wrongly.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Each `(` that opens a subquery which itself begins with a parenthesis: `((SELECT 1) UNION SELECT 2)`.
    pub(super) subqueries: HashSet<usize>,
    /// Each `(` behind IN that opens a list whose first member is in parentheses: `((SELECT 1), 2)`.
    pub(super) lists: HashSet<usize>,
}

impl Ahead {
    /// Looks through the tokens once.
    pub(super) fn new(tokens: &[TokenWithSpan]) -> Self {
        let mut ahead = Self::default();
        let closing = closing_parentheses(tokens);
        let token = |index: usize| tokens.get(index).map(|token| &token.token);
        // Whether the first token behind the parentheses that open at an index begins a query.
        let mut begins_query = false;
        for index in (0..tokens.len()).rev() {
            if token(index) != Some(&Token::LParen) {
                begins_query = is_any(token(index), &["SELECT", "WITH", "VALUES"]);
                continue;
            }
            if token(index + 1) != Some(&Token::LParen) {
                continue;
            }
            let behind = closing.get(index + 1).and_then(|close| token(close + 1));
            let goes_on = [
                "UNION",
                "EXCEPT",
                "INTERSECT",
                "ORDER",
                "LIMIT",
                "OFFSET",
                "FETCH",
            ];
            if begins_query && is_any(behind, &goes_on) {
                ahead.subqueries.insert(index);
            }
            let before = index.checked_sub(1).and_then(token);
            if behind == Some(&Token::Comma) && is_word(before, "IN") {
                ahead.lists.insert(index);
            }
        }
        ahead
    }
}

fn is_any(token: Option<&Token>, words: &[&str]) -> bool {
    words.iter().any(|word| is_word(token, word))
}
