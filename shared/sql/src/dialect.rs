//! Trino's dialect for sqlparser: its own lexical rules and switches over the grammar of the generic one.

use std::any::TypeId;
use std::cell::{Cell, RefCell};

use sqlparser::ast::{CastKind, DataType, Expr, Ident, ObjectName, ObjectNamePart, TypedString};
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::extras::Extras;

/// Trino's dialect. It also counts how many expressions were started, to bound the parser's work.
#[derive(Debug)]
pub(crate) struct Trino {
    starts_left: Cell<u64>,
    /// What the hooks below read and the tree has no place for. By place, so that a second try changes nothing.
    extras: RefCell<Extras>,
}

impl Trino {
    /// A dialect that lets the parser start so many expressions.
    pub(crate) fn new(starts: u64, extras: Extras) -> Self {
        Self {
            starts_left: Cell::new(starts),
            extras: RefCell::new(extras),
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

    fn supports_unicode_string_literal(&self) -> bool {
        true
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

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
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

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let left = self.starts_left.get();
        if left == 0 {
            // The one error that the parser's own second tries do not swallow.
            return Some(Err(ParserError::RecursionLimitExceeded));
        }
        self.starts_left.set(left - 1);
        let Token::Word(word) = &parser.peek_token_ref().token else {
            return None;
        };
        if word.quote_style.is_some() {
            return None;
        }
        let next = parser.peek_nth_token_ref(1);
        match (word.keyword, &next.token) {
            (Keyword::CAST, Token::LParen) => Some(parse_cast(parser, CastKind::Cast)),
            (Keyword::TRY_CAST, Token::LParen) => Some(parse_cast(parser, CastKind::TryCast)),
            // `ipaddress '::1'`: sqlparser knows only its own types before a string.
            (Keyword::NoKeyword, Token::SingleQuotedString(_)) => Some(parse_typed_string(parser)),
            _ => None,
        }
    }
}

fn parse_cast(parser: &mut Parser, kind: CastKind) -> Result<Expr, ParserError> {
    parser.next_token();
    parser.expect_token(&Token::LParen)?;
    let expr = parser.parse_expr()?;
    parser.expect_keyword(Keyword::AS)?;
    let data_type = parse_type(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast {
        kind,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    })
}

fn parse_typed_string(parser: &mut Parser) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    let value = parser.parse_value()?;
    let data_type = DataType::Custom(ObjectName::from(vec![name]), Vec::new());
    Ok(Expr::TypedString(TypedString {
        data_type,
        value,
        uses_odbc_syntax: false,
    }))
}

/// A type of Trino's, e.g. `array(row(a bigint, "b" varchar(10)))`, kept as text: no type names a table.
fn parse_type(parser: &mut Parser) -> Result<DataType, ParserError> {
    let mut text = String::new();
    let mut open = 0_usize;
    let first = parser.peek_token_ref().clone();
    loop {
        let token = &parser.peek_token_ref().token;
        let belongs = match token {
            Token::Word(_) | Token::Number(_, _) | Token::Lt | Token::Gt => true,
            Token::Comma => open > 0,
            Token::LParen => {
                open += 1;
                true
            }
            Token::RParen if open > 0 => {
                open -= 1;
                true
            }
            _ => false,
        };
        if !belongs {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&token.to_string());
        parser.next_token();
    }
    if !matches!(first.token, Token::Word(_)) || open > 0 {
        return parser.expected("a type", first);
    }
    let name = ObjectNamePart::Identifier(Ident::with_span(first.span, text));
    Ok(DataType::Custom(ObjectName(vec![name]), Vec::new()))
}
