//! One way through sqlparser's trees.
//!
//! The compiler makes the code that walks a tree again for each type of visitor, a tenth of a megabyte of WebAssembly
//! every time. Here all of them are one type.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ObjectName, Query, Select, Spanned, Statement, TableFactor, Visit, Visitor,
};
use sqlparser::tokenizer::Span;

use crate::error::ReadError;

/// Shows a tree to a visitor, in the order of the text.
pub(crate) fn visit(
    tree: &impl Visit,
    visitor: &mut dyn Visitor<Break = ReadError>,
) -> Result<(), ReadError> {
    match tree.visit(&mut Any(visitor)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// What a visitor answers: go on, or stop with the error.
pub(crate) fn flow(result: Result<(), ReadError>) -> ControlFlow<ReadError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// Where a relation is first mentioned by this name alone. `name` is in lower case.
pub(crate) fn first_mention(tree: &impl Visit, name: &str) -> Option<Span> {
    let mut mentions = Mentions { name, first: None };
    // The visitor never stops.
    let _ = visit(tree, &mut mentions);
    mentions.first
}

struct Mentions<'n> {
    name: &'n str,
    first: Option<Span>,
}

impl Visitor for Mentions<'_> {
    type Break = ReadError;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<ReadError> {
        if self.first.is_none()
            && let [part] = relation.0.as_slice()
            && part
                .as_ident()
                .is_some_and(|part| part.value.to_lowercase() == self.name)
        {
            self.first = Some(part.span());
        }
        ControlFlow::Continue(())
    }
}

/// Passes on what the visitors of this crate look at.
struct Any<'v>(&'v mut dyn Visitor<Break = ReadError>);

impl Visitor for Any<'_> {
    type Break = ReadError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<ReadError> {
        self.0.pre_visit_query(query)
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<ReadError> {
        self.0.post_visit_query(query)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<ReadError> {
        self.0.pre_visit_select(select)
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<ReadError> {
        self.0.pre_visit_relation(name)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<ReadError> {
        self.0.pre_visit_table_factor(factor)
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<ReadError> {
        self.0.pre_visit_expr(expression)
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<ReadError> {
        self.0.pre_visit_statement(statement)
    }
}
