//! Row patterns: `MATCH_RECOGNIZE (...)` and windows with a `PATTERN`.
//!
//! A pattern names no table and no column, so it is left out: what counts for who reads the tree are measures and
//! definitions. Those of `MATCH_RECOGNIZE` stay in the tree, those of a window are kept in `Extras`.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Ident};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};
use townlake_core::names::is_reserved;

use super::Pass;
use super::groups::{closing_parentheses, opening_parenthesis, start_of_call, start_of_name};
use crate::body::run;
use crate::cursor::is_word;
use crate::error::ReadError;
use crate::extras::{RowPattern, label};

/// A relation that sqlparser does not know in its place: in front of `MATCH_RECOGNIZE` it knows plain tables only, and
/// in parentheses no relation with an alias that gets another one. A table of an impossible name stands for it until
/// the tree is there.
#[derive(Debug)]
pub(crate) struct Substitute {
    /// The name.
    pub(crate) name: String,
    /// The relation.
    pub(crate) tokens: Vec<TokenWithSpan>,
}

/// `MATCH_RECOGNIZE (...)`.
pub(super) fn match_recognize(pass: &mut Pass<'_>) -> Result<(), ReadError> {
    substitute_relation(pass);
    let open = pass.index + 1;
    let close = pass.closing.get(open).copied().unwrap_or(open);
    let mut pattern = RowPattern::default();
    let mut place = pass.place(0);
    for part in parts(pass, open + 1, close) {
        match part.kind {
            PartKind::Skip => drop_all(pass, part.start, part.end)?,
            PartKind::Pattern => {
                let word = part.word;
                if let Some(token) = pass.tokens.get(word) {
                    place = token.span.start;
                    let stand_in = TokenWithSpan {
                        token: Token::make_word("pattern", None),
                        span: token.span,
                    };
                    pass.later.entry(word + 2).or_default().push(stand_in);
                }
                drop_all(pass, part.start, word)?;
                drop_all(pass, word + 2, part.end.saturating_sub(1))?;
                pattern.variables = variables(pass, word + 2, part.end);
            }
            PartKind::Subset => {
                pattern.subsets = subsets(pass, part.start, part.end);
                drop_all(pass, part.start, part.end)?;
            }
            PartKind::Measures | PartKind::Define | PartKind::Other => {}
        }
    }
    pass.extras.row_patterns.insert(place, pattern);
    pass.keep(1);
    Ok(())
}

/// `OVER (... PATTERN ...)` and `AS (... PATTERN ...)` of a WINDOW clause: only the partition, the order and the frame
/// are left in.
pub(super) fn window(pass: &mut Pass<'_>) -> Result<(), ReadError> {
    let open = pass.index + 1;
    let close = pass.closing.get(open).copied().unwrap_or(open);
    let all = parts(pass, open + 1, close);
    if !all.iter().any(|part| part.kind == PartKind::Pattern) {
        pass.keep(1);
        return Ok(());
    }
    let place = if is_word(pass.peek(0), "OVER") {
        start_of_call(&pass.out)
    } else {
        start_of_name(&pass.out)
    };
    let mut pattern = RowPattern::default();
    for part in all {
        match part.kind {
            PartKind::Other => continue,
            PartKind::Measures => {
                pattern.measures = measures(pass, part.start + 1, part.end)?;
            }
            PartKind::Define => {
                pattern.definitions = definitions(pass, part.start + 1, part.end)?;
            }
            PartKind::Subset => pattern.subsets = subsets(pass, part.start, part.end),
            PartKind::Pattern => pattern.variables = variables(pass, part.word + 2, part.end),
            PartKind::Skip => {}
        }
        drop_all(pass, part.start, part.end)?;
    }
    if let Some(place) = place {
        pass.extras.row_patterns.insert(place, pattern);
    }
    pass.keep(1);
    Ok(())
}

/// `m OVER w`, without parentheses: a measure.
pub(super) fn measure_call(pass: &mut Pass<'_>) {
    let is_measure = match pass.out.last().map(|token| &token.token) {
        Some(Token::Word(word)) => {
            word.quote_style.is_some()
                || !is_reserved(&word.value) && word.keyword != Keyword::NULLS
        }
        _ => false,
    };
    let has_window = match pass.peek(1) {
        Some(Token::LParen) => true,
        Some(Token::Word(word)) => word.quote_style.is_some() || !is_reserved(&word.value),
        _ => false,
    };
    if is_measure && has_window {
        pass.extras.measure_calls.extend(start_of_name(&pass.out));
        pass.put(Token::LParen, pass.index);
        pass.put(Token::RParen, pass.index);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartKind {
    Measures,
    Skip,
    Pattern,
    Subset,
    Define,
    Other,
}

struct Part {
    kind: PartKind,
    start: usize,
    /// Where the part's main word is.
    word: usize,
    end: usize,
}

/// The clauses of a row pattern between two places, in order.
fn parts(pass: &Pass<'_>, start: usize, end: usize) -> Vec<Part> {
    let token = |index: usize| pass.tokens.get(index).map(|token| &token.token);
    let sees = |index: usize, words: &[&str]| {
        let mut numbered = words.iter().enumerate();
        numbered.all(|(ahead, word)| is_word(token(index + ahead), word))
    };
    let mut parts: Vec<Part> = Vec::new();
    let mut index = start;
    let mut begin = |kind, index: usize, word| {
        if let Some(last) = parts.last_mut() {
            last.end = index;
        }
        parts.push(Part {
            kind,
            start: index,
            word,
            end,
        });
    };
    begin(PartKind::Other, start, start);
    while index < end {
        let opens = token(index + 1) == Some(&Token::LParen);
        if sees(index, &["MEASURES"]) {
            begin(PartKind::Measures, index, index);
        } else if ["ROWS", "RANGE", "GROUPS"]
            .iter()
            .any(|word| sees(index, &[word, "BETWEEN"]))
            || sees(index, &["ONE", "ROW"])
            || sees(index, &["ALL", "ROWS", "PER"])
        {
            begin(PartKind::Other, index, index);
        } else if sees(index, &["AFTER", "MATCH"]) {
            begin(PartKind::Skip, index, index);
        } else if (sees(index, &["INITIAL", "PATTERN"]) || sees(index, &["SEEK", "PATTERN"]))
            && token(index + 2) == Some(&Token::LParen)
        {
            begin(PartKind::Pattern, index, index + 1);
            index += 1;
        } else if sees(index, &["PATTERN"]) && opens {
            begin(PartKind::Pattern, index, index);
        } else if sees(index, &["SUBSET"]) && matches!(token(index + 1), Some(Token::Word(_))) {
            begin(PartKind::Subset, index, index);
        } else if sees(index, &["DEFINE"]) && matches!(token(index + 1), Some(Token::Word(_))) {
            begin(PartKind::Define, index, index);
        }
        index = match token(index) {
            Some(Token::LParen) => pass.closing.get(index).map_or(index, |close| *close) + 1,
            _ => index + 1,
        };
    }
    parts
}

fn drop_all(pass: &mut Pass<'_>, start: usize, end: usize) -> Result<(), ReadError> {
    pass.refuse_queries(start, end)?;
    pass.dropped.extend(start..end);
    Ok(())
}

fn variables(pass: &Pass<'_>, start: usize, end: usize) -> BTreeSet<String> {
    let inside = pass.tokens.get(start..end).unwrap_or_default();
    let words = inside.iter().filter_map(|token| match &token.token {
        Token::Word(word) => Some(label(&word.to_ident(token.span))),
        _ => None,
    });
    words.collect()
}

/// The names before each `=`.
fn subsets(pass: &Pass<'_>, start: usize, end: usize) -> Vec<Ident> {
    let inside = pass.tokens.get(start..end).unwrap_or_default();
    let pairs = inside.iter().zip(inside.iter().skip(1));
    let names = pairs.filter_map(|(name, behind)| match &name.token {
        Token::Word(word) if behind.token == Token::Eq => Some(word.to_ident(name.span)),
        _ => None,
    });
    names.collect()
}

fn measures(
    pass: &mut Pass<'_>,
    start: usize,
    end: usize,
) -> Result<Vec<(Expr, Ident)>, ReadError> {
    let tokens = pass.tokens.get(start..end).unwrap_or_default();
    run(tokens, pass.end, pass.extras, |parser| {
        parser.parse_comma_separated(|parser| {
            let value = parser.parse_expr()?;
            parser.expect_keyword(Keyword::AS)?;
            Ok((value, parser.parse_identifier()?))
        })
    })
}

fn definitions(
    pass: &mut Pass<'_>,
    start: usize,
    end: usize,
) -> Result<Vec<(Ident, Expr)>, ReadError> {
    let tokens = pass.tokens.get(start..end).unwrap_or_default();
    run(tokens, pass.end, pass.extras, |parser: &mut Parser<'_>| {
        parser.parse_comma_separated(|parser| {
            let name = parser.parse_identifier()?;
            parser.expect_keyword(Keyword::AS)?;
            Ok((name, parser.parse_expr()?))
        })
    })
}

/// Takes a relation in parentheses off the end of what is put out, with its alias, and leaves a name for it.
fn substitute_relation(pass: &mut Pass<'_>) {
    let Some(start) = start_of_derived_table(&pass.out) else {
        return;
    };
    substitute(pass, start);
}

fn substitute(pass: &mut Pass<'_>, start: usize) {
    let tokens = pass.out.split_off(start);
    let Some(first) = tokens.first() else {
        return;
    };
    let name = stand_in(first.span.start);
    pass.out.push(TokenWithSpan {
        token: Token::make_word(&name, Some('"')),
        span: first.span,
    });
    pass.substitutes.push(Substitute { name, tokens });
}

/// Takes `(t x)` off the end of what is put out if another alias follows: sqlparser has one alias for a table. `start` is
/// where the parenthesis is.
pub(super) fn substitute_aliased(pass: &mut Pass<'_>, start: usize) {
    let before = start.checked_sub(1).and_then(|before| pass.out.get(before));
    let before = before.map(|token| &token.token);
    let is_relation = matches!(before, Some(Token::Comma | Token::LParen))
        || is_word(before, "FROM")
        || is_word(before, "JOIN");
    let inside = pass.out.len().checked_sub(1);
    let inside = inside.and_then(|end| pass.out.get(start + 1..end));
    if is_relation
        && (is_word(pass.peek(0), "AS") || pass.names_table(0))
        && inside.is_some_and(is_aliased)
    {
        substitute(pass, start);
    }
}

/// Whether the tokens are a table's name or a group in parentheses, and an alias, maybe with columns.
fn is_aliased(tokens: &[TokenWithSpan]) -> bool {
    let closing = closing_parentheses(tokens);
    let token = |index: usize| tokens.get(index).map(|token| &token.token);
    let is_name = |index: usize| matches!(token(index), Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value));
    let behind_group = |index: usize| closing.get(index).map_or(index, |close| close + 1);
    let mut index = 0;
    if token(0) == Some(&Token::LParen) {
        index = behind_group(0);
    } else {
        while is_name(index) && token(index + 1) == Some(&Token::Period) {
            index += 2;
        }
        if !is_name(index) {
            return false;
        }
        index += 1;
    }
    if is_word(token(index), "AS") {
        index += 1;
    }
    if !is_name(index) {
        return false;
    }
    index += 1;
    if token(index) == Some(&Token::LParen) {
        index = behind_group(index);
    }
    if is_word(token(index), "TABLESAMPLE") {
        index = behind_group(index + 2);
    }
    index == tokens.len()
}

/// No table of a user's can have the name: names have no line feeds in the texts that sqlparser's tokens come from
/// unless quoted, and then this one is still of the place where a parenthesis is.
fn stand_in(place: Location) -> String {
    format!("relation\n{}:{}", place.line, place.column)
}

/// Where a subquery or a join in parentheses begins that ends a list of tokens, maybe with an alias and columns.
fn start_of_derived_table(tokens: &[TokenWithSpan]) -> Option<usize> {
    let token = |index: usize| tokens.get(index).map(|token| &token.token);
    let is_name = |index: usize| match token(index) {
        Some(Token::Word(word)) => word.quote_style.is_some() || !is_reserved(&word.value),
        _ => false,
    };
    let mut last = tokens.len().checked_sub(1)?;
    if token(last) == Some(&Token::RParen) {
        let open = opening_parenthesis(tokens, last)?;
        let before = open.checked_sub(1)?;
        if is_word(token(before), "TABLE") {
            return Some(before);
        }
        if !is_name(before) || is_word(token(before), "LATERAL") {
            return Some(open);
        }
        // Columns behind an alias.
        last = before;
    }
    if !is_name(last) {
        return None;
    }
    let mut before = last.checked_sub(1)?;
    if is_word(token(before), "AS") {
        before = before.checked_sub(1)?;
    }
    if token(before) != Some(&Token::RParen) {
        return None;
    }
    let open = opening_parenthesis(tokens, before)?;
    let is_function = open
        .checked_sub(1)
        .filter(|before| is_word(token(*before), "TABLE"));
    is_function.or(Some(open))
}
