//! Trino's dialect for sqlparser: its own lexical rules and switches over the grammar of the generic one.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::fmt;

use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::TokenWithSpan;

use self::ahead::Ahead;
use crate::extras::Extras;

mod ahead;
mod alias;
mod infix;
mod json;
mod prefix;
mod tables;
mod types;

pub(crate) use infix::pattern_with_escape;
pub(crate) use types::parse_type;

/// Trino's dialect. It also counts how many expressions were started, to bound the parser's work.
pub(crate) struct Trino {
    starts_left: Cell<u64>,
    /// What the hooks below read and the tree has no place for. By place, so that a second try changes nothing.
    extras: RefCell<Extras>,
    ahead: Ahead,
}

impl Trino {
    /// A dialect for these tokens, that lets the parser start so many expressions.
    pub(crate) fn new(tokens: &[TokenWithSpan], starts: u64, extras: Extras) -> Self {
        Self {
            starts_left: Cell::new(starts),
            extras: RefCell::new(extras),
            ahead: Ahead::new(tokens),
        }
    }

    /// What was noted, with what was there before.
    pub(crate) fn into_extras(self) -> Extras {
        self.extras.into_inner()
    }

    /// Whether the parser was stopped because it had started too many expressions.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.starts_left.get() == 0
    }
}

/// A dialect has to have it. Written out, it does not take the code in that shows every tree of sqlparser's: a third of
/// a megabyte in WebAssembly.
impl fmt::Debug for Trino {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Trino")
    }
}

impl Dialect for Trino {
    // sqlparser asks in many places whether the dialect is the generic one, which parses most.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_identifier_start(&self, character: char) -> bool {
        character.is_ascii_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_ascii_alphanumeric() || character == '_'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        // Trino has no backquotes; they are made tokens here so that the message can say so.
        character == '"' || character == '`'
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    // `a JOIN b JOIN c ON ... ON ...`: the condition of the outer join comes last.
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        false
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn supports_select_item_multi_column_alias(&self) -> bool {
        true
    }

    fn supports_boolean_literals(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        true
    }

    fn supports_select_expr_star(&self) -> bool {
        true
    }

    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        alias::is_column_alias(*keyword, parser)
    }

    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        alias::is_table_alias(*keyword, parser)
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let left = self.starts_left.get();
        if left == 0 {
            // The one error that the parser's own second tries do not swallow.
            return Some(Err(ParserError::RecursionLimitExceeded));
        }
        self.starts_left.set(left - 1);
        prefix::parse_prefix(parser, self)
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        left: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        json::parse_is_json(parser, left)
            .or_else(|| infix::parse_in_list(parser, left, self))
            .or_else(|| infix::parse_like(parser, left, self))
    }
}
