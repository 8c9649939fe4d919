//! Queries and expressions: parsed by sqlparser, their tables collected by `relations`.

use sqlparser::ast::Statement as Tree;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;

use crate::cursor::Cursor;
use crate::dialect::Trino;
use crate::error::ReadError;
use crate::limits::{MAX_RECURSION, MAX_STARTS_PER_TOKEN};
use crate::read::Reader;
use crate::relations;
use crate::tokens::{lower_first, span_of};

/// Reads a query that goes to the end of the tokens.
pub(crate) fn read_query(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let query = parse(tokens, end, |parser| parser.parse_query())
        .map_err(|error| inside_parentheses(tokens, end, error))?;
    relations::collect(query.as_ref(), reader)
}

/// Reads one expression that goes to the end of the tokens.
pub(crate) fn read_expression(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let expression = parse(tokens, end, |parser| parser.parse_expr())?;
    relations::collect(&expression, reader)
}

/// Reads expressions with commas between them, to the end of the tokens.
pub(crate) fn read_expressions(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let expressions = parse(tokens, end, |parser| {
        parser.parse_comma_separated(Parser::parse_expr)
    })?;
    expressions
        .iter()
        .try_for_each(|expression| relations::collect(expression, reader))
}

/// Reads `(a, name => b)`.
pub(crate) fn read_call_arguments(
    cursor: &mut Cursor<'_>,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let tokens = cursor.group()?;
    if tokens.is_empty() {
        return Ok(());
    }
    let expressions = parse(tokens, cursor.at(), |parser| {
        parser.parse_comma_separated(|parser| {
            if matches!(parser.peek_token_ref().token, Token::Word(_))
                && parser.peek_nth_token_ref(1).token == Token::RArrow
            {
                parser.next_token();
                parser.next_token();
            }
            parser.parse_expr()
        })
    })?;
    expressions
        .iter()
        .try_for_each(|expression| relations::collect(expression, reader))
}

/// Reads `a = 1, b = 2 WHERE ...` to the end of the tokens.
pub(crate) fn read_assignments(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let expressions = parse(tokens, end, |parser| {
        let mut expressions = parser.parse_comma_separated(|parser| {
            parser.parse_identifier()?;
            parser.expect_token(&Token::Eq)?;
            parser.parse_expr()
        })?;
        if parser.parse_keyword(Keyword::WHERE) {
            expressions.push(parser.parse_expr()?);
        }
        Ok(expressions)
    })?;
    expressions
        .iter()
        .try_for_each(|expression| relations::collect(expression, reader))
}

/// Reads a whole `MERGE` statement.
pub(crate) fn read_merge(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let tree = parse(tokens, end, |parser| parser.parse_statement())?;
    match &tree {
        Tree::Merge(merge) => relations::collect_merge(merge, reader),
        _ => Err(ReadError::Syntax {
            message: "expected MERGE".to_owned(),
            at: end,
        }),
    }
}

/// Runs sqlparser over all of the tokens.
pub(crate) fn parse<T>(
    tokens: &[TokenWithSpan],
    end: Span,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, ReadError> {
    let budget = u64::try_from(tokens.len())
        .unwrap_or(u64::MAX)
        .saturating_mul(MAX_STARTS_PER_TOKEN);
    let dialect = Trino::with_budget(budget.saturating_add(1_000));
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(MAX_RECURSION)
        .with_tokens_with_locations(tokens.to_vec());
    let result = read(&mut parser);
    let next = parser.peek_token();
    let here = if next.token == Token::EOF {
        end
    } else {
        span_of(next.span.start)
    };
    match result {
        Ok(tree) if next.token == Token::EOF => Ok(tree),
        Ok(_) => Err(ReadError::Syntax {
            message: format!("expected the end of the statement, found `{}`", next.token),
            at: here,
        }),
        Err(ParserError::RecursionLimitExceeded) => {
            let what = if dialect.is_exhausted() {
                "its parentheses can be read in too many ways".to_owned()
            } else {
                format!("the parser went {MAX_RECURSION} levels deep")
            };
            Err(ReadError::TooDeep { what, at: here })
        }
        Err(ParserError::ParserError(message) | ParserError::TokenizerError(message)) => {
            Err(syntax_error(&message, tokens, end, here))
        }
    }
}

/// From sqlparser's `Expected: X, found: Y at Line: 1, Column: 2`; some of its messages have no place.
fn syntax_error(message: &str, tokens: &[TokenWithSpan], end: Span, here: Span) -> ReadError {
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
    let expected = text
        .strip_prefix("Expected")
        .map(|text| text.trim_start_matches([':', ' ']));
    match expected.and_then(|text| text.split_once(", found: ")) {
        Some((wanted, "EOF")) => {
            let message = format!("expected {wanted}, found the end of the statement");
            ReadError::Syntax {
                message,
                at: place.unwrap_or(end),
            }
        }
        Some((wanted, found)) => {
            let message = format!("expected {wanted}, found `{found}`");
            // Where it writes no colon, it has gone past the token already, and its place is the next one's.
            let at = match place {
                Some(place) if text.starts_with("Expected:") => place,
                _ => last_before(tokens, place.unwrap_or(here), found),
            };
            ReadError::Syntax { message, at }
        }
        None => ReadError::Syntax {
            message: lower_first(text),
            at: place.unwrap_or(here),
        },
    }
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
    let mut tokens = tokens;
    let mut error = error;
    // Each round goes at least one parenthesis deeper, and at most `limits::MAX_NESTING` can be open.
    while let Some((group, inner)) = failing_subquery(tokens, end, &error) {
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
        let behind = group.last().map_or(end, |token| span_of(token.span.end));
        if let Err(inner) = parse(group, behind, |parser| parser.parse_query()) {
            return Some((group, inner));
        }
        index += group.len();
    }
    None
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
