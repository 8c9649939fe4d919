//! What sqlparser complains about, said about the user's own words and place.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;

use crate::body::run;
use crate::error::ReadError;
use crate::extras::Extras;
use crate::hints::syntax_hint;
use crate::tokens::{lower_first, span_of};

/// From sqlparser's `Expected: X, found: Y at Line: 1, Column: 2`; some of its messages have no place.
pub(crate) fn syntax_error(
    message: &str,
    tokens: &[TokenWithSpan],
    end: Span,
    here: Span,
) -> ReadError {
    let (text, place) = match message.rsplit_once(" at Line: ") {
        Some((text, place)) => (text, place.split_once(", Column: ")),
        None => (message, None),
    };
    let place = place.and_then(|(line, column)| {
        Some(Span {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    });
    // It shows the token as its own code would.
    if text.starts_with("No infix parser") {
        let at = place.unwrap_or(here);
        let found = tokens.iter().find(|token| span_of(token.span.start) == at);
        let operator = found.map_or_else(String::new, |token| token.to_string());
        return ReadError::NotUnderstood {
            what: format!("the operator `{operator}`"),
            hint: None,
            at,
        };
    }
    let expected = text
        .strip_prefix("Expected")
        .map(|text| text.trim_start_matches([':', ' ']));
    match expected.and_then(|text| text.split_once(", found: ")) {
        Some((wanted, "EOF")) => {
            let message = format!(
                "expected {}, found the end of the statement",
                in_words(wanted)
            );
            ReadError::Syntax {
                message,
                at: place.unwrap_or(end),
            }
        }
        Some((wanted, found)) => {
            let message = format!("expected {}, found `{found}`", in_words(wanted));
            // Where it writes no colon, it has gone past the token already, and its place is the next one's.
            let at = match place {
                Some(place) if text.starts_with("Expected:") => place,
                _ => last_before(tokens, place.unwrap_or(here), found),
            };
            ReadError::Syntax { message, at }
        }
        None => ReadError::Syntax {
            // Two of the joins are other dialects'.
            message: lower_first(text).replace("OUTER, SEMI, ANTI or JOIN", "JOIN"),
            at: place.unwrap_or(here),
        },
    }
}

/// sqlparser's words for what it wants, in those of this crate.
fn in_words(wanted: &str) -> String {
    match wanted {
        "identifier" => "a name".to_owned(),
        "SELECT, VALUES, or a subquery in the query body" => "a query".to_owned(),
        "a concrete value" => "a value".to_owned(),
        "literal int" | "literal number" => "a number".to_owned(),
        "an identifier after AS" => "a name after AS".to_owned(),
        token if !token.chars().any(char::is_alphanumeric) => format!("`{token}`"),
        other => other.to_owned(),
    }
}

/// The same error about the user's own tokens: some of those that sqlparser sees were put in for others.
pub(crate) fn in_own_words(error: ReadError, tokens: &[TokenWithSpan], end: Span) -> ReadError {
    let ReadError::Syntax { mut message, at } = error else {
        return error;
    };
    let place = (at.line, at.column);
    let index = tokens.partition_point(|token| {
        let start = token.span.start;
        (start.line, start.column) < place
    });
    let met = tokens
        .get(index)
        .filter(|token| span_of(token.span.start) == at);
    if let (Some(met), Some((wanted, _))) = (met, message.split_once(", found ")) {
        message = format!("{wanted}, found `{}`", met.token);
    }
    let is_known = met.is_some() || at == end;
    if let Some(hint) = syntax_hint(tokens, index).filter(|_| is_known) {
        message = format!("{message}: {hint}");
    }
    ReadError::Syntax { message, at }
}

/// Where the parser met a token: the one that it stands at, or the one that it has just taken.
fn last_before(tokens: &[TokenWithSpan], here: Span, text: &str) -> Span {
    let behind = |token: &&TokenWithSpan| {
        let at = span_of(token.span.start);
        (at.line, at.column) <= (here.line, here.column)
    };
    let met = tokens
        .iter()
        .take_while(behind)
        .filter(|token| token.token.to_string() == text)
        .last();
    met.map_or(here, |token| span_of(token.span.start))
}

/// How many times all tokens may be read again to find an error's place. Deeply nested long texts would take longer
/// than anyone waits for a better message.
const MAX_READ_AGAIN: usize = 4;

/// Finds the real place of an error in a subquery.
///
/// sqlparser tries `(` in FROM as a subquery first; when that fails, for whatever reason inside, it goes back and
/// complains about something else further on. So the subqueries are read again by themselves, outermost first, and
/// the error of the first that fails is the answer.
pub(crate) fn inside_parentheses(
    tokens: &[TokenWithSpan],
    end: Span,
    error: ReadError,
) -> ReadError {
    let mut left = tokens.len().saturating_mul(MAX_READ_AGAIN).max(10_000);
    let mut tokens = tokens;
    let mut error = error;
    // Each round goes at least one parenthesis deeper, and at most `limits::MAX_NESTING` can be open.
    while let Some((group, inner)) = failing_subquery(tokens, end, &error, &mut left) {
        tokens = group;
        error = inner;
    }
    error
}

/// The first subquery that begins before the error and cannot be read by itself.
fn failing_subquery<'t>(
    tokens: &'t [TokenWithSpan],
    end: Span,
    error: &ReadError,
    left: &mut usize,
) -> Option<(&'t [TokenWithSpan], ReadError)> {
    let ReadError::Syntax { at, .. } = error else {
        return None;
    };
    let mut index = 0;
    while let Some(rest) = tokens.get(index..).filter(|rest| !rest.is_empty()) {
        index += 1;
        let [open, first, ..] = rest else { break };
        let start = span_of(open.span.start);
        if (start.line, start.column) > (at.line, at.column) {
            break;
        }
        let starts_query = open.token == Token::LParen
            && matches!(&first.token, Token::Word(word) if word.quote_style.is_none()
                && matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES));
        if !starts_query {
            continue;
        }
        let group = group_from(rest.get(1..).unwrap_or_default());
        *left = left.checked_sub(group.len())?;
        let behind = group.last().map_or(end, |token| span_of(token.span.end));
        let mut ignored = Extras::default();
        let result = run(group, behind, &mut ignored, |parser| parser.parse_query());
        let is_open = group.len() + 1 == rest.len();
        match result {
            Err(inner) => return Some((group, not_closed(inner, start))),
            Ok(_) if is_open => {
                let message = format!("{STATEMENT_END}, found the end of the statement");
                let inner = ReadError::Syntax { message, at: end };
                return Some((group, not_closed(inner, start)));
            }
            Ok(_) => {}
        }
        index += group.len();
    }
    None
}

/// How `run` begins when tokens are left.
const STATEMENT_END: &str = "expected the end of the statement";

/// Behind a query in parentheses the closing one is expected, not the statement's end.
fn not_closed(error: ReadError, opened: Span) -> ReadError {
    let ReadError::Syntax { message, at } = error else {
        return error;
    };
    let Span { line, column } = opened;
    let message = match message.strip_prefix(STATEMENT_END) {
        Some(found) => {
            format!("expected the `)` of the `(` at line {line}, column {column}{found}")
        }
        None => message,
    };
    ReadError::Syntax { message, at }
}

/// The tokens up to the parenthesis that closes the group they are in.
fn group_from(tokens: &[TokenWithSpan]) -> &[TokenWithSpan] {
    let mut open = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen => open += 1,
            Token::RParen if open == 0 => return tokens.get(..index).unwrap_or(tokens),
            Token::RParen => open -= 1,
            _ => {}
        }
    }
    tokens
}
