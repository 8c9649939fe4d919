//! Where the words of a refused construct stand. sqlparser's tree has the places of names and values only, so from the
//! node that was found the tokens are searched for the words that are meant.

use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;

use crate::cursor::is_word;
use crate::error::ReadError;
use crate::tokens::span_of;

/// Where the words are, seen from the start of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Behind it, outside of parentheses that open there.
    Level,
    /// Behind it, however deep.
    Behind,
    /// Before it.
    Before,
}

/// What is refused (the beginning of its description), and the words that are meant: alternatives have `|` between them.
const WORDS: &[(&str, Side, &str)] = &[
    ("GROUP BY ALL", Side::Level, "GROUP BY ALL"),
    ("this kind of GROUP BY", Side::Level, "GROUP BY"),
    (
        "a clause behind the query",
        Side::Level,
        "FOR UPDATE|FOR SHARE|FOR NO|FOR KEY|FOR XML|FOR JSON|FOR BROWSE",
    ),
    ("FETCH with PERCENT", Side::Level, "PERCENT"),
    ("MINUS", Side::Level, "MINUS"),
    ("BY NAME", Side::Before, "BY NAME"),
    ("DISTINCT ON", Side::Level, "DISTINCT ON"),
    ("SELECT TOP", Side::Level, "TOP"),
    ("SELECT INTO", Side::Level, "INTO"),
    ("LATERAL VIEW", Side::Level, "LATERAL VIEW"),
    (
        "a clause of this SELECT",
        Side::Level,
        "PREWHERE|CONNECT BY|START WITH|CLUSTER BY|DISTRIBUTE BY|SORT BY|AS STRUCT|AS VALUE|EXCLUDE",
    ),
    (
        "a JOIN without a condition",
        Side::Before,
        "INNER JOIN|LEFT JOIN|LEFT OUTER JOIN|RIGHT JOIN|RIGHT OUTER JOIN|FULL JOIN|FULL OUTER JOIN|OUTER JOIN|JOIN",
    ),
    (
        "this kind of join",
        Side::Before,
        "LEFT SEMI JOIN|LEFT ANTI JOIN|SEMI JOIN|ANTI JOIN|ASOF JOIN|CROSS APPLY|OUTER APPLY|GLOBAL JOIN|JOIN",
    ),
    (
        "what follows this table",
        Side::Level,
        "WITH|PARTITION|USE INDEX|FORCE INDEX|IGNORE INDEX",
    ),
    (
        "this kind of TABLESAMPLE",
        Side::Level,
        "TABLESAMPLE|SAMPLE",
    ),
    ("PIVOT", Side::Level, "PIVOT|UNPIVOT"),
    ("this in FROM", Side::Behind, "WITH OFFSET"),
    ("an INTERVAL without quotes", Side::Before, "INTERVAL"),
    ("ILIKE", Side::Level, "ILIKE|NOT ILIKE"),
    (
        "this kind of pattern",
        Side::Level,
        "RLIKE|REGEXP|SIMILAR TO|NOT RLIKE|NOT REGEXP|NOT SIMILAR TO",
    ),
    ("LIKE ANY", Side::Level, "LIKE ANY|LIKE ALL"),
    (
        "a type as an argument",
        Side::Before,
        "CONVERT|TRY_CONVERT|SAFE_CAST",
    ),
    ("COLLATE", Side::Level, "COLLATE"),
    ("IN UNNEST", Side::Level, "IN UNNEST"),
    ("SEPARATOR", Side::Behind, "SEPARATOR"),
    ("this kind of MERGE", Side::Behind, "RETURNING|OUTPUT"),
    ("a string as an alias", Side::Level, "AS"),
];

/// The error with the place of the words that are meant, if they are found.
pub(super) fn at_its_words(error: ReadError, tokens: &[TokenWithSpan]) -> ReadError {
    let ReadError::NotUnderstood { what, hint, at } = error else {
        return error;
    };
    if let Some(text) = what
        .strip_prefix("the string ")
        .and_then(|text| text.strip_suffix(" as a name"))
    {
        let place = place_of_string(tokens, text);
        return ReadError::NotUnderstood {
            at: place.unwrap_or(at),
            what,
            hint,
        };
    }
    let known = WORDS.iter().find(|(start, ..)| what.starts_with(start));
    let found = match (known, operator_of(&what)) {
        (Some((_, side, words)), _) => find(tokens, at, *side, words),
        (None, Some(operator)) => find(tokens, at, Side::Before, operator),
        (None, None) => None,
    };
    ReadError::NotUnderstood {
        at: found.unwrap_or(at),
        what,
        hint,
    }
}

/// Where a string stands as a relation; sqlparser keeps no place of such a name.
fn place_of_string(tokens: &[TokenWithSpan], text: &str) -> Option<Span> {
    let mut pairs = tokens.iter().zip(tokens.iter().skip(1));
    let found = pairs.find(|(before, token)| {
        let follows = before.token == Token::Comma
            || ["FROM", "JOIN", "INTO"]
                .iter()
                .any(|word| is_word(Some(&before.token), word));
        follows && token.token.to_string() == text
    });
    found.map(|(_, token)| span_of(token.span.start))
}

fn operator_of(what: &str) -> Option<&str> {
    what.strip_prefix("the operator `")?.strip_suffix('`')
}

fn find(tokens: &[TokenWithSpan], from: Span, side: Side, words: &str) -> Option<Span> {
    let is_here = |index: usize| {
        words.split('|').any(|words| {
            let mut numbered = words.split(' ').enumerate();
            numbered.all(|(ahead, word)| {
                let token = tokens.get(index + ahead).map(|token| &token.token);
                is_word(token, word) || token.is_some_and(|token| token.to_string() == word)
            })
        })
    };
    let start = tokens.partition_point(|token| {
        let at = token.span.start;
        (at.line, at.column) < (from.line, from.column)
    });
    let place = |index: usize| tokens.get(index).map(|token| span_of(token.span.start));
    if side == Side::Before {
        // The longest of the alternatives begins before the shorter ones.
        let mut found = (0..start).rev().find(|index| is_here(*index))?;
        while found.checked_sub(1).is_some_and(is_here) {
            found -= 1;
        }
        return place(found);
    }
    let mut open = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.token {
            Token::LParen if side == Side::Level => open += 1,
            Token::RParen if side == Side::Level => open = open.checked_sub(1)?,
            _ if open == 0 && is_here(index) => return place(index),
            _ => {}
        }
    }
    None
}
