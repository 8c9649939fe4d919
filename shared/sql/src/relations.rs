//! Every table of a parsed tree, with common table expressions told apart from tables.
//!
//! sqlparser's tree holds the constructs of thirty dialects. Each node that can hide a table, or that Trino does not
//! have, is checked against a list of what is followed here; whatever is not on the list is refused.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, Merge, MergeAction, MergeClauseKind, ObjectName, Query, Select, SetExpr, SetOperator,
    Spanned, Statement as Tree, TableFactor, Visit, Visitor,
};
use sqlparser::tokenizer::TokenWithSpan;
use townlake_core::advice::Span;
use townlake_core::names::is_reserved;

use crate::cursor::Name;
use crate::error::ReadError;
use crate::extras::Extras;
use crate::prepare::expressions;
use crate::read::Reader;
use crate::statement::{Access, TableFunctionUse};
use crate::tokens::span_of;
use crate::visit::{first_mention, flow, visit};

mod allowed;
mod expression;
mod place;

/// Adds the tables of a tree to the reader; `tokens` are the user's that it was made of.
pub(crate) fn collect<T: Visit>(
    tree: &T,
    tokens: &[TokenWithSpan],
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let mut collector = Collector {
        reader,
        scopes: Vec::new(),
        seen: None,
    };
    visit(tree, &mut collector).map_err(|error| place::at_its_words(error, tokens))
}

/// Adds the tables of a `MERGE`: its target is written, everything else is read.
pub(crate) fn collect_merge(
    merge: &Merge,
    tokens: &[TokenWithSpan],
    end: Span,
    reader: &mut Reader<'_>,
) -> Result<(), ReadError> {
    let TableFactor::Table { name, .. } = &merge.table else {
        return Err(not_understood(
            "a MERGE into something else than a table",
            span(&merge.table),
        ));
    };
    if merge.clauses.is_empty() {
        return Err(ReadError::Syntax {
            message: "expected WHEN MATCHED or WHEN NOT MATCHED behind the condition".to_owned(),
            at: end,
        });
    }
    if merge.output.is_some() || !merge.optimizer_hints.is_empty() {
        let error = not_understood("this kind of MERGE", span(&merge.table));
        return Err(place::at_its_words(error, tokens));
    }
    for clause in &merge.clauses {
        if matches!(
            clause.clause_kind,
            MergeClauseKind::NotMatchedBySource | MergeClauseKind::NotMatchedByTarget
        ) {
            let hint = "change the rows that have no match in a statement of their own";
            let at = span_of(clause.when_token.0.span.start);
            return Err(ReadError::NotUnderstood {
                what: "WHEN NOT MATCHED BY".to_owned(),
                hint: Some(hint),
                at,
            });
        }
        if let MergeAction::Update(update) = &clause.action {
            update.assignments.iter().try_for_each(check_target)?;
        }
    }
    reader.note_target(&to_name(name)?, Access::Write)?;
    collect(merge, tokens, reader)
}

fn check_target(assignment: &Assignment) -> Result<(), ReadError> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) if name.0.len() == 1 => Ok(()),
        _ => {
            let hint = "write the column alone: SET x = s.x";
            Err(allowed::hinted(
                "a table before the column that is set",
                hint,
                assignment,
            ))
        }
    }
}

/// Refuses subqueries in what was taken out of a statement: no common table expression is in sight there.
pub(crate) fn check_constants(extras: &Extras) -> Result<(), ReadError> {
    expressions(extras).try_for_each(|expression| visit(expression, &mut NoQueries))
}

struct NoQueries;

impl Visitor for NoQueries {
    type Break = ReadError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<ReadError> {
        flow(Err(not_understood("a subquery in this place", span(query))))
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<ReadError> {
        flow(expression::check_expression(expression))
    }
}

/// What one query's WITH has defined so far, and what it is about to.
#[derive(Default)]
struct Scope {
    /// Names that stand for queries, in lower case.
    names: HashSet<String>,
    /// The queries of this WITH, by address.
    coming: HashMap<*const Query, Coming>,
}

/// A common table expression before its query has ended.
struct Coming {
    /// What it will be called, in lower case.
    name: String,
    /// Whether it is of a WITH RECURSIVE.
    recursive: bool,
}

struct Collector<'c, 's> {
    reader: &'c mut Reader<'s>,
    scopes: Vec<Scope>,
    /// The name that `pre_visit_table_factor` has dealt with; any other relation's name is unexpected.
    seen: Option<*const ObjectName>,
}

impl Visitor for Collector<'_, '_> {
    type Break = ReadError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<ReadError> {
        flow(self.enter(query))
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<ReadError> {
        self.scopes.pop();
        // A common table expression's name begins behind it: inside, the name still means the table.
        if let Some(scope) = self.scopes.last_mut()
            && let Some(ended) = scope.coming.remove(&std::ptr::from_ref(query))
        {
            scope.names.insert(ended.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<ReadError> {
        flow(allowed::check_select(select))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<ReadError> {
        flow(self.read_factor(factor))
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<ReadError> {
        if self.seen.is_some_and(|seen| std::ptr::eq(seen, name)) {
            return ControlFlow::Continue(());
        }
        flow(Err(not_understood(
            &format!("the name `{name}` in this place"),
            span(name),
        )))
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<ReadError> {
        flow(self.read_expression(expression))
    }

    fn pre_visit_statement(&mut self, statement: &Tree) -> ControlFlow<ReadError> {
        flow(Err(not_understood(
            "a statement inside another one",
            span(statement),
        )))
    }
}

impl Collector<'_, '_> {
    fn enter(&mut self, query: &Query) -> Result<(), ReadError> {
        allowed::check_query(query)?;
        let mut scope = Scope::default();
        if let Some(name) = self.recursive_name(query) {
            check_recursion(query, &name)?;
            scope.names.insert(name);
        }
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let coming = Coming {
                    name: cte.alias.name.value.to_lowercase(),
                    recursive: with.recursive,
                };
                scope
                    .coming
                    .insert(std::ptr::from_ref(cte.query.as_ref()), coming);
            }
        }
        self.scopes.push(scope);
        Ok(())
    }

    /// The name that a query may use for itself: only in WITH RECURSIVE, and only as a UNION.
    fn recursive_name(&self, query: &Query) -> Option<String> {
        let coming = self.scopes.last()?.coming.get(&std::ptr::from_ref(query))?;
        let is_union = matches!(
            query.body.as_ref(),
            SetExpr::SetOperation {
                op: SetOperator::Union,
                ..
            }
        );
        (coming.recursive && is_union).then(|| coming.name.clone())
    }

    fn is_query_name(&self, name: &Name) -> bool {
        match name.parts.as_slice() {
            [only] => self.scopes.iter().any(|scope| scope.names.contains(only)),
            _ => false,
        }
    }

    fn read(&mut self, name: &Name) -> Result<(), ReadError> {
        if self.is_query_name(name) {
            Ok(())
        } else {
            self.reader.note(name, Access::Read)
        }
    }

    fn read_factor(&mut self, factor: &TableFactor) -> Result<(), ReadError> {
        allowed::check_factor(factor)?;
        match factor {
            TableFactor::Table { name, .. } => {
                self.seen = Some(&raw const *name);
                let place = name.span().start;
                if self.reader.extras.time_travel.contains_key(&place) {
                    self.reader.placed.insert(place);
                }
                self.read(&to_name(name)?)
            }
            TableFactor::TableFunction {
                expr: Expr::Function(function),
                ..
            } => self.read_table_function(function),
            _ => Ok(()),
        }
    }

    fn read_table_function(&mut self, function: &Function) -> Result<(), ReadError> {
        let name = to_name(&function.name)?;
        let place = function.name.span().start;
        if self.reader.extras.json_tables.contains_key(&place) {
            return Ok(());
        }
        self.reader.table_functions.push(TableFunctionUse {
            name: name.parts,
            at: name.at,
        });
        Ok(())
    }

    fn read_expression(&mut self, expression: &Expr) -> Result<(), ReadError> {
        expression::check_expression(expression)?;
        match expression {
            Expr::Function(function) if is_table_argument(function) => {
                self.read_table_argument(function)
            }
            _ => Ok(()),
        }
    }

    /// `TABLE(orders)` as an argument of a table function.
    fn read_table_argument(&mut self, function: &Function) -> Result<(), ReadError> {
        let FunctionArguments::List(list) = &function.args else {
            return Err(not_understood("this TABLE argument", span(function)));
        };
        match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(name)))] => {
                self.read(&identifiers(std::slice::from_ref(name), span(function))?)
            }
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::CompoundIdentifier(names)))] => {
                self.read(&identifiers(names, span(function))?)
            }
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Subquery(_)))] => Ok(()),
            _ => Err(not_understood("this TABLE argument", span(function))),
        }
    }
}

fn is_table_argument(function: &Function) -> bool {
    match function.name.0.as_slice() {
        [part] => part.as_ident().is_some_and(|name| {
            name.quote_style.is_none() && name.value.eq_ignore_ascii_case("table")
        }),
        _ => false,
    }
}

/// In its first part a recursive query would name the table that it hides, or itself without an end.
fn check_recursion(query: &Query, own_name: &str) -> Result<(), ReadError> {
    let SetExpr::SetOperation { left, .. } = query.body.as_ref() else {
        return Ok(());
    };
    match first_mention(left.as_ref(), own_name) {
        Some(at) => Err(not_understood(
            &format!("`{own_name}` in the first part of its own recursive query"),
            span_of(at.start),
        )),
        None => Ok(()),
    }
}

fn to_name(name: &ObjectName) -> Result<Name, ReadError> {
    let at = span(name);
    let parts = name
        .0
        .iter()
        .map(|part| part.as_ident().cloned())
        .collect::<Option<Vec<_>>>();
    identifiers(
        &parts.ok_or_else(|| not_understood(&format!("the name `{name}`"), at))?,
        at,
    )
}

fn identifiers(identifiers: &[Ident], at: Span) -> Result<Name, ReadError> {
    let parts = identifiers
        .iter()
        .map(|part| match part.quote_style {
            None if is_reserved(&part.value) && !part.value.eq_ignore_ascii_case("json_table") => {
                Err(ReadError::Syntax {
                    message: format!("expected a name, found `{}`", part.value),
                    at: span_of(part.span.start),
                })
            }
            None | Some('"') => Ok(part.value.to_lowercase()),
            Some(_) => Err(not_understood(
                &format!("the string '{}' as a name", part.value),
                at,
            )),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Name {
        parts,
        idents: identifiers.to_vec(),
        at,
    })
}

/// Where a node starts; the start of the text for the few nodes that sqlparser gives no place.
fn span(node: &impl Spanned) -> Span {
    let Span { line, column } = span_of(node.span().start);
    Span {
        line: line.max(1),
        column: column.max(1),
    }
}

fn not_understood(what: &str, at: Span) -> ReadError {
    ReadError::NotUnderstood {
        what: what.to_owned(),
        hint: None,
        at,
    }
}
