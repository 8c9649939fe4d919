//! Queries and expressions: parsed by sqlparser, their tables collected by `relations`.

use sqlparser::ast::{Query, Statement as Tree};
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
pub(crate) fn read_query(tokens: &[TokenWithSpan], end: Span, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let query = parse(tokens, end, |parser| parser.parse_query())
        .map_err(|error| inside_parentheses(tokens, end, error))?;
    relations::collect(query.as_ref(), reader)
}

/// Reads one expression that goes to the end of the tokens.
pub(crate) fn read_expression(tokens: &[TokenWithSpan], end: Span, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let expression = parse(tokens, end, |parser| parser.parse_expr())?;
    relations::collect(&expression, reader)
}

/// Reads expressions with commas between them, to the end of the tokens.
pub(crate) fn read_expressions(tokens: &[TokenWithSpan], end: Span, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let expressions = parse(tokens, end, |parser| parser.parse_comma_separated(Parser::parse_expr))?;
    expressions.iter().try_for_each(|expression| relations::collect(expression, reader))
}

/// Reads `(a, name => b)`.
pub(crate) fn read_call_arguments(cursor: &mut Cursor<'_>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
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
    expressions.iter().try_for_each(|expression| relations::collect(expression, reader))
}

/// Reads `a = 1, b = 2 WHERE ...` to the end of the tokens.
pub(crate) fn read_assignments(tokens: &[TokenWithSpan], end: Span, reader: &mut Reader<'_>) -> Result<(), ReadError> {
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
    expressions.iter().try_for_each(|expression| relations::collect(expression, reader))
}

/// Reads a whole `MERGE` statement.
pub(crate) fn read_merge(tokens: &[TokenWithSpan], end: Span, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let tree = parse(tokens, end, |parser| parser.parse_statement())?;
    match &tree {
        Tree::Merge(merge) => relations::collect_merge(merge, reader),
        _ => Err(ReadError::Syntax { message: "expected MERGE".to_owned(), at: end }),
    }
}

/// Runs sqlparser over all of the tokens.
fn parse<T>(
    tokens: &[TokenWithSpan],
    end: Span,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, ReadError> {
    let budget = u64::try_from(tokens.len()).unwrap_or(u64::MAX).saturating_mul(MAX_STARTS_PER_TOKEN);
    let dialect = Trino::with_budget(budget.saturating_add(1_000));
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(MAX_RECURSION)
        .with_tokens_with_locations(tokens.to_vec());
    let result = read(&mut parser);
    let next = parser.peek_token();
    let here = if next.token == Token::EOF { end } else { span_of(next.span.start) };
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
            Err(syntax_error(&message, end, here))
        }
    }
}

/// From sqlparser's `Expected: X, found: Y at Line: 1, Column: 2`.
fn syntax_error(message: &str, end: Span, here: Span) -> ReadError {
    let (text, place) = match message.rsplit_once(" at Line: ") {
        Some((text, place)) => (text, place.split_once(", Column: ")),
        None => (message, None),
    };
    let at = place
        .and_then(|(line, column)| Some(Span { line: line.parse().ok()?, column: column.parse().ok()? }))
        .unwrap_or(if text.ends_with("found: EOF") { end } else { here });
    let message = match text.strip_prefix("Expected: ").and_then(|text| text.split_once(", found: ")) {
        Some((wanted, "EOF")) => format!("expected {wanted}, found the end of the statement"),
        Some((wanted, found)) => format!("expected {wanted}, found `{found}`"),
        None => lower_first(text),
    };
    ReadError::Syntax { message, at }
}

/// Finds the real place of an error in a subquery.
///
/// sqlparser tries `(` in FROM as a subquery first; when that fails, for whatever reason inside, it goes back and
/// then complains about the word SELECT. So the subquery is read again by itself, and its own error is the answer.
fn inside_parentheses(tokens: &[TokenWithSpan], end: Span, error: ReadError) -> ReadError {
    let mut tokens = tokens;
    let mut error = error;
    // Each round goes one parenthesis deeper, and at most `limits::MAX_NESTING` can be open.
    while let ReadError::Syntax { at, .. } = &error {
        let Some(index) = tokens.iter().position(|token| span_of(token.span.start) == *at) else { break };
        let starts_query = index > 0
            && matches!(tokens.get(index - 1), Some(token) if token.token == Token::LParen)
            && matches!(tokens.get(index), Some(TokenWithSpan { token: Token::Word(word), .. })
                if matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES));
        if !starts_query {
            break;
        }
        tokens = group_from(tokens.get(index..).unwrap_or_default());
        let closing = tokens.last().map_or(end, |token| span_of(token.span.end));
        match parse::<Box<Query>>(tokens, closing, |parser| parser.parse_query()) {
            Ok(_) => break,
            Err(inner) => error = inner,
        }
    }
    error
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

