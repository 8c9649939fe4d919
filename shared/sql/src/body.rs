//! Queries and expressions: parsed by sqlparser, their tables collected by `relations`.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{DataType, Expr, Query, TableFactor, TableWithJoins, VisitMut, VisitorMut};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use townlake_core::advice::Span;

use crate::cursor::{Cursor, is_word};
use crate::dialect::{Trino, parse_type};
use crate::error::ReadError;
use crate::extras::Extras;
use crate::limits::{MAX_RECURSION, MAX_STARTS_PER_TOKEN};
use crate::prepare::{Prepared, Substitute, prepare};
use crate::read::Reader;
use crate::relations;
use crate::syntax::{in_own_words, inside_parentheses, syntax_error};
use crate::tokens::{check_tokens, span_of};
use crate::tree::{Assignment, Change};

/// Reads a query that goes to the end of the tokens.
pub(crate) fn read_query(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let query = parse_query(tokens, end, &mut reader.extras)?;
    relations::collect(query.as_ref(), tokens, reader)?;
    reader.query = Some(query);
    Ok(())
}

/// Reads one expression that goes to the end of the tokens.
pub(crate) fn read_expression(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<Expr, ReadError> {
    let expression = parse(tokens, end, &mut reader.extras, |parser| {
        parser.parse_expr()
    })?;
    relations::collect(&expression, tokens, reader)?;
    Ok(expression)
}

/// Reads expressions with commas between them, to the end of the tokens.
pub(crate) fn read_expressions(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let expressions = parse(tokens, end, &mut reader.extras, |parser| {
        parser.parse_comma_separated(Parser::parse_expr)
    })?;
    expressions
        .iter()
        .try_for_each(|expression| relations::collect(expression, tokens, reader))
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
    let expressions = parse(tokens, cursor.at(), &mut reader.extras, |parser| {
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
        .try_for_each(|expression| relations::collect(expression, tokens, reader))
}

/// Reads `a = 1, b = 2 WHERE ...` to the end of the tokens.
pub(crate) fn read_assignments(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let (assignments, condition) = parse(tokens, end, &mut reader.extras, |parser| {
        let assignments = parser.parse_comma_separated(|parser| {
            let column = parser.parse_identifier()?;
            parser.expect_token(&Token::Eq)?;
            let value = parser.parse_expr()?;
            Ok(Assignment { column, value })
        })?;
        let condition = if parser.parse_keyword(Keyword::WHERE) {
            Some(parser.parse_expr()?)
        } else {
            None
        };
        Ok((assignments, condition))
    })?;
    assignments
        .iter()
        .map(|assignment| &assignment.value)
        .chain(&condition)
        .try_for_each(|expression| relations::collect(expression, tokens, reader))?;
    reader.change = Some(Change::Update {
        assignments,
        condition,
    });
    Ok(())
}

/// Reads a whole `MERGE` statement.
pub(crate) fn read_merge(
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let merge = parse(tokens, end, &mut reader.extras, |parser| {
        let word = parser.expect_keyword(Keyword::MERGE)?;
        parser.parse_merge(word)
    })?;
    relations::collect_merge(&merge, tokens, end, reader)?;
    reader.change = Some(Change::Merge(Box::new(merge)));
    Ok(())
}

/// Prepares all of the tokens and reads the query that they are.
pub(crate) fn parse_query(
    tokens: &[TokenWithSpan],
    end: Span,
    extras: &mut Extras,
) -> Result<Box<Query>, ReadError> {
    let user_tokens = tokens;
    let Prepared {
        tokens,
        substitutes,
    } = prepare(tokens, end, extras)?;
    check_tokens(&tokens)?;
    let explain = |tokens: &[TokenWithSpan], error| {
        in_own_words(inside_parentheses(tokens, end, error), user_tokens, end)
    };
    let mut query = run(&tokens, end, extras, |parser| parser.parse_query())
        .map_err(|error| explain(&tokens, error))?;
    if substitutes.is_empty() {
        return Ok(query);
    }
    let mut relations = HashMap::new();
    for Substitute { name, tokens } in substitutes {
        check_tokens(&tokens)?;
        let relation = run(&tokens, end, extras, |parser| parser.parse_table_factor())
            .map_err(|error| explain(&tokens, error))?;
        relations.insert(name, relation);
    }
    match query.visit(&mut PutBack { relations }) {
        ControlFlow::Continue(()) => Ok(query),
        ControlFlow::Break(()) => Err(ReadError::NotUnderstood {
            what: "TABLESAMPLE of a relation with two aliases".to_owned(),
            hint: Some("sample the table itself"),
            at: user_tokens
                .iter()
                .rfind(|token| is_word(Some(&token.token), "TABLESAMPLE"))
                .map_or(end, |token| span_of(token.span.start)),
        }),
    }
}

/// Puts relations where a name stands for them.
struct PutBack {
    relations: HashMap<String, TableFactor>,
}

impl PutBack {
    /// The relation that a table's name stands for.
    fn taken(&mut self, factor: &TableFactor) -> Option<TableFactor> {
        let TableFactor::Table { name, .. } = factor else {
            return None;
        };
        let [part] = name.0.as_slice() else {
            return None;
        };
        self.relations.remove(&part.as_ident()?.value)
    }
}

impl VisitorMut for PutBack {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::MatchRecognize { table, .. } = factor {
            if let Some(relation) = self.taken(table) {
                **table = relation;
            }
        } else if let Some(relation) = self.taken(factor)
            && let TableFactor::Table { alias, sample, .. } = factor
        {
            if sample.is_some() {
                return ControlFlow::Break(());
            }
            let table_with_joins = TableWithJoins {
                relation,
                joins: Vec::new(),
            };
            *factor = TableFactor::NestedJoin {
                table_with_joins: Box::new(table_with_joins),
                alias: alias.take(),
            };
        }
        ControlFlow::Continue(())
    }
}

/// Prepares all of the tokens and runs sqlparser over them.
pub(crate) fn parse<T>(
    tokens: &[TokenWithSpan],
    end: Span,
    extras: &mut Extras,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, ReadError> {
    let user_tokens = tokens;
    let Prepared {
        tokens,
        substitutes,
    } = prepare(tokens, end, extras)?;
    check_tokens(&tokens)?;
    if let Some(first) = substitutes
        .first()
        .and_then(|relation| relation.tokens.first())
    {
        return Err(ReadError::NotUnderstood {
            what: "this relation outside of a query".to_owned(),
            hint: None,
            at: span_of(first.span.start),
        });
    }
    run(&tokens, end, extras, read)
        .map_err(|error| in_own_words(inside_parentheses(&tokens, end, error), user_tokens, end))
}

/// Runs sqlparser over all of the prepared tokens.
pub(crate) fn run<T>(
    tokens: &[TokenWithSpan],
    end: Span,
    extras: &mut Extras,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, ReadError> {
    let (tree, length) = run_front(tokens, end, extras, read)?;
    match tokens.get(length) {
        None => Ok(tree),
        Some(next) => Err(ReadError::Syntax {
            message: format!("expected the end of the statement, found `{}`", next.token),
            at: span_of(next.span.start),
        }),
    }
}

/// Reads the constant at the start of the tokens, and gives how many of them it takes.
pub(crate) fn parse_front(tokens: &[TokenWithSpan], end: Span) -> Result<(Expr, usize), ReadError> {
    run_front(tokens, end, &mut Extras::default(), |parser| {
        // Comparisons and what binds less are not part of it.
        parser.parse_subexpr(COMPARISON)
    })
}

/// Reads the expression at the start of the tokens, and gives how many of them it takes.
pub(crate) fn parse_expression_front(
    tokens: &[TokenWithSpan],
    end: Span,
    extras: &mut Extras,
) -> Result<(Expr, usize), ReadError> {
    check_tokens(tokens)?;
    run_front(tokens, end, extras, |parser| parser.parse_expr())
}

/// Reads the type at the start of the tokens, and gives how many of them it takes.
pub(crate) fn parse_type_front(
    tokens: &[TokenWithSpan],
    end: Span,
) -> Result<(DataType, usize), ReadError> {
    // No type is as long as the function behind it may be.
    let tokens = tokens.get(..LONGEST_TYPE).unwrap_or(tokens);
    run_front(tokens, end, &mut Extras::default(), parse_type)
}

/// In tokens.
const LONGEST_TYPE: usize = 10_000;

/// How strongly sqlparser binds comparisons; what `FOR VERSION AS OF` takes binds more strongly.
pub(crate) const COMPARISON: u8 = 20;

fn run_front<T>(
    tokens: &[TokenWithSpan],
    end: Span,
    extras: &mut Extras,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<(T, usize), ReadError> {
    let budget = u64::try_from(tokens.len())
        .unwrap_or(u64::MAX)
        .saturating_mul(MAX_STARTS_PER_TOKEN)
        .saturating_add(1_000);
    let dialect = Trino::new(tokens, budget, std::mem::take(extras));
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(MAX_RECURSION)
        .with_tokens_with_locations(tokens.to_vec());
    let result = read(&mut parser);
    let length = parser.index().min(tokens.len());
    let is_exhausted = dialect.is_exhausted();
    *extras = dialect.into_extras();
    let here = tokens
        .get(length)
        .map_or(end, |token| span_of(token.span.start));
    match result {
        Ok(tree) => Ok((tree, length)),
        Err(ParserError::RecursionLimitExceeded) => {
            let what = if is_exhausted {
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
