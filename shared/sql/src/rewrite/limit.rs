//! A limit for a query's rows.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token};

use crate::bound::{Bound, ExprKind, Limit, RelationKind};
use crate::edit::Edit;
use crate::rewrite::{RewriteError, written};
use crate::text::TextMap;
use crate::tree;

/// Has a query give at most so many rows: adds a LIMIT, or lowers the one that is there.
///
/// # Errors
/// The statement's own limit is not a number that can be compared, or lets ties through.
pub fn limit(bound: &Bound, text: &str, most: u64) -> Result<Vec<Edit>, RewriteError> {
    let relation = bound
        .output
        .filter(|_| bound.write.is_none())
        .and_then(|id| bound.relation(id));
    let Some(relation) = relation else {
        return Ok(Vec::new());
    };
    let own = match &relation.kind {
        RelationKind::Select(select) => select.limit.as_ref(),
        RelationKind::Sorted { limit, .. } => limit.as_ref(),
        _ => None,
    };
    match own {
        Some(own) => lowered(text, own, most),
        None => Ok(without_count(text, false, most)),
    }
}

fn lowered(text: &str, own: &Limit, most: u64) -> Result<Vec<Edit>, RewriteError> {
    let refuse = |reason| RewriteError::Limit {
        reason,
        at: own.at.clone(),
    };
    let Some(count) = &own.count else {
        return Ok(without_count(text, true, most));
    };
    if own.with_ties {
        return Err(refuse(
            "WITH TIES may give more rows than it says; write ONLY",
        ));
    }
    let number = match &count.kind {
        ExprKind::Literal(_) => written(text, count.at.clone()).replace('_', ""),
        _ => return Err(refuse("it is not a number; write one")),
    };
    // A number with more digits than fit is larger than any other.
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    if !is_number {
        return Err(refuse("it is not a number; write one"));
    }
    match number.parse::<u64>() {
        Ok(number) if number <= most => Ok(Vec::new()),
        _ => Ok(vec![Edit::replace(count.at.clone(), most.to_string())]),
    }
}

/// A query without a number: without a limit, with `LIMIT ALL` or `OFFSET 5`, or with `FETCH FIRST ROW ONLY`.
fn without_count(text: &str, has_limit: bool, most: u64) -> Vec<Edit> {
    let Ok((tokens, end)) = tree::tokens(text) else {
        return Vec::new();
    };
    let places = TextMap::new(text);
    let mut depth = 0_usize;
    let mut before = Keyword::NoKeyword;
    for token in &tokens {
        let word = match &token.token {
            Token::LParen => {
                depth += 1;
                Keyword::NoKeyword
            }
            Token::RParen => {
                depth = depth.saturating_sub(1);
                Keyword::NoKeyword
            }
            Token::Word(word) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        // What stands in parentheses is another query's.
        if depth == 0 && before == Keyword::LIMIT && word == Keyword::ALL {
            let all = places.range(token.span);
            return all
                .map(|all| Edit::replace(all, most.to_string()))
                .into_iter()
                .collect();
        }
        if depth == 0 && has_limit && word == Keyword::FETCH {
            // Without a number that is one row.
            return Vec::new();
        }
        before = word;
    }
    // Behind the last token, before what follows it: comments, a semicolon.
    let end = places.offset(Location::new(end.line, end.column));
    vec![Edit::insert(end, format!(" LIMIT {most}"))]
}
