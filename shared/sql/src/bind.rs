//! From a parsed statement to `bound`: what every name means, as Trino would have it.
//!
//! The order of the work is Trino's own (WITH, FROM, windows, WHERE, SELECT, GROUP BY, HAVING, ORDER BY, then
//! what aggregation allows), so that the first problem found is the one that Trino would report. Unlike Trino
//! the binder goes on behind a problem.

mod aggregate;
mod alias;
mod call;
mod compound;
mod expression;
mod from;
mod group;
mod join;
mod lambda;
mod literal;
mod name;
mod names;
mod operator;
mod order;
mod pattern;
mod query;
mod relation;
mod same;
mod schema;
mod select;
mod set;
mod source;
mod subquery;
mod typing;
mod unnest;
mod window;
mod with;
mod write;

use std::collections::HashSet;

use sqlparser::ast::Spanned;
use townlake_core::names::TableRef;

pub(crate) use same::is_same;
pub use schema::{Others, Schema, SchemaColumn};

use crate::bound::{About, Bound, Problem, Relation, RelationId, TextRange};
use crate::extras::Extras;
use crate::limits::{MAX_BOUND_COLUMNS, MAX_BOUND_DEPTH, MAX_PROBLEMS};
use crate::read::Session;
use crate::tree::{ParsedStatement, tokens};
use crate::types::TypeProblem;
use names::Names;
use source::Source;

/// What is being made, and what it is made with.
struct Binder<'b> {
    source: &'b Source<'b>,
    extras: &'b Extras,
    schema: &'b Schema,
    session: &'b Session,
    bound: Bound,
    names: Names,
    depth: usize,
    columns: usize,
    too_large: bool,
    /// The places and words of the problems, each of which is told once.
    noted: HashSet<(usize, usize, String)>,
    /// How many lambdas are being tried, and how many expressions were bound for it.
    trying: usize,
    tried: usize,
    /// How many row patterns are around: in them functions mean something else.
    in_pattern: usize,
    /// Whether it is a window's row pattern: what aggregates in it aggregates no rows of the query around it.
    in_window_pattern: bool,
    /// What TABLESAMPLE says in the FROM that is being bound.
    samples: Vec<String>,
    /// The functions that the statement defines: their names, and all of each in one spelling.
    functions: Vec<(String, String)>,
    /// How many expressions were copied out of WINDOW.
    copied: usize,
}

/// Looks up every name of a statement.
///
/// Never fails: what is wrong is in the result's problems, and what is not known is said to be unknown.
pub fn bind(statement: &ParsedStatement, schema: &Schema, session: &Session) -> Bound {
    // The text was split once already, so this cannot fail but for a text without any token.
    let tokens = tokens(statement.text.text()).map_or_else(|_| Vec::new(), |(tokens, _)| tokens);
    let source = Source::new(&statement.text, &tokens);
    let mut binder = Binder::new(&source, &statement.extras, schema, session);
    if let Some(query) = &statement.query {
        binder.functions =
            call::defined(&source, &statement.extras, source.range(query.span()).start);
    }
    binder.statement(statement);
    binder.bound
}

impl<'b> Binder<'b> {
    fn new(
        source: &'b Source<'b>,
        extras: &'b Extras,
        schema: &'b Schema,
        session: &'b Session,
    ) -> Self {
        Self {
            source,
            extras,
            schema,
            session,
            bound: Bound::default(),
            names: Names::default(),
            depth: 0,
            columns: 0,
            too_large: false,
            noted: HashSet::new(),
            trying: 0,
            tried: 0,
            in_pattern: 0,
            in_window_pattern: false,
            samples: Vec::new(),
            functions: Vec::new(),
            copied: 0,
        }
    }

    /// Notes a problem that needs no more than its words.
    fn problem(&mut self, error: &'static str, message: impl Into<String>, at: &TextRange) {
        self.problem_about(error, message, at, About::Other);
    }

    /// Notes that types do not fit.
    fn type_problem(&mut self, problem: TypeProblem, at: &TextRange) {
        self.problem_about(problem.error.as_str(), problem.message, at, About::Types);
    }

    /// Notes a problem.
    fn problem_about(
        &mut self,
        error: &'static str,
        message: impl Into<String>,
        at: &TextRange,
        about: About,
    ) {
        let problem = match self.bound.problems.len() {
            0..MAX_PROBLEMS => Problem {
                error,
                message: message.into(),
                at: at.clone(),
                about,
            },
            // Who decides by the problems has to see that there may be others.
            MAX_PROBLEMS => Problem {
                error: "NOT_SUPPORTED",
                message: format!(
                    "the statement has more than {MAX_PROBLEMS} mistakes, of which this is the first: {}",
                    self.bound
                        .problems
                        .first()
                        .map_or("", |first| &first.message)
                ),
                at: at.clone(),
                about: About::Other,
            },
            _ => return,
        };
        // The same text can be bound twice: as an ordinal's target, or as a window's definition.
        let key = (at.start, at.end, problem.message.clone());
        if self.noted.insert(key) {
            self.bound.problems.push(problem);
        }
    }

    /// Runs something one level deeper, or gives up if that is too deep.
    fn deeper<T>(
        &mut self,
        at: &TextRange,
        otherwise: impl FnOnce(&mut Self) -> T,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.depth >= MAX_BOUND_DEPTH {
            let message =
                format!("the statement is nested more than {MAX_BOUND_DEPTH} levels deep");
            self.problem("STACK_OVERFLOW", message, at);
            return otherwise(self);
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    /// Adds a relation.
    fn push(&mut self, mut relation: Relation) -> RelationId {
        self.columns = self.columns.saturating_add(relation.columns.len());
        if self.columns > MAX_BOUND_COLUMNS {
            self.columns = self.columns.saturating_sub(relation.columns.len());
            relation.columns.clear();
            relation.complete = false;
            self.note_too_large(&relation.at);
        }
        self.bound.relations.push(relation);
        RelationId(self.bound.relations.len().saturating_sub(1))
    }

    /// Says once that there are too many columns.
    fn note_too_large(&mut self, at: &TextRange) {
        if !self.too_large {
            self.too_large = true;
            let message =
                format!("the statement has more than {MAX_BOUND_COLUMNS} columns in all its parts");
            self.problem("NOT_SUPPORTED", message, at);
        }
    }

    /// A table's full name, if it or the session says it all.
    fn full_name(&self, parts: &[String]) -> Option<TableRef> {
        let catalog = self.session.catalog.as_deref();
        let schema = self.session.schema.as_deref();
        match parts {
            [table] => Some(TableRef::new(catalog?, schema?, table)),
            [schema, table] => Some(TableRef::new(catalog?, schema, table)),
            [catalog, schema, table] => Some(TableRef::new(catalog, schema, table)),
            _ => None,
        }
    }
}
