//! WITH, recursive queries included.

use sqlparser::ast::{
    Cte, JoinOperator, LimitClause, SetExpr, SetOperator, SetQuantifier, Spanned, TableFactor,
    TableWithJoins, With,
};
use sqlparser::tokenizer::Span;

use super::Binder;
use super::names::{NamedQuery, ScopeId};
use super::typing;
use crate::bound::{Column, ColumnId, Known, Relation, RelationId, RelationKind, Value};
use crate::visit::first_mention;

impl Binder<'_> {
    /// Puts the queries of a WITH into reach.
    pub(super) fn with(&mut self, with: &With, parent: Option<ScopeId>) {
        let first = self.names.queries.len();
        for cte in &with.cte_tables {
            let name = cte.alias.name.value.to_lowercase();
            let at = self.source.range(cte.alias.name.span);
            let defined = self.names.queries.iter().skip(first);
            if defined.into_iter().any(|query| query.name == name) {
                let message = format!("WITH query name '{name}' specified more than once");
                self.problem("DUPLICATE_NAMED_QUERY", message, &at);
            }
            let columns = (!cte.alias.columns.is_empty()).then(|| {
                cte.alias
                    .columns
                    .iter()
                    .map(|column| column.name.value.to_lowercase())
                    .collect::<Vec<_>>()
            });
            let recursion = with.recursive.then(|| recursion(cte, &name)).flatten();
            let relation = match recursion {
                Some((base, step, all)) => {
                    self.recursive(cte, base, step, all, &name, columns.as_deref(), parent)
                }
                None => {
                    let relation = self.query(&cte.query, parent);
                    self.check_cte_columns(cte, relation);
                    relation
                }
            };
            self.names.queries.push(NamedQuery {
                name,
                relation,
                columns,
                recursive: false,
            });
        }
    }

    fn check_cte_columns(&mut self, cte: &Cte, relation: RelationId) {
        let Some(first) = cte.alias.columns.first() else {
            return;
        };
        let given = cte.alias.columns.len();
        let at = self.source.range(first.name.span);
        if let Some(relation) = self.bound.relation(relation)
            && relation.complete
            && relation.columns.len() != given
        {
            let message = format!(
                "Column alias list has {given} entries but relation has {} columns",
                relation.columns.len()
            );
            self.problem("MISMATCHED_COLUMN_ALIASES", message, &at);
        }
        let mut seen = std::collections::HashSet::new();
        for column in &cte.alias.columns {
            let name = column.name.value.to_lowercase();
            if !seen.insert(name.clone()) {
                let at = self.source.range(column.name.span);
                let message = format!("Column name '{name}' specified more than once");
                self.problem("DUPLICATE_COLUMN_NAME", message, &at);
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one recursive query, taken apart by the caller"
    )]
    fn recursive(
        &mut self,
        cte: &Cte,
        base: &SetExpr,
        step: &SetExpr,
        all: bool,
        name: &str,
        columns: Option<&[String]>,
        parent: Option<ScopeId>,
    ) -> RelationId {
        let at = self.source.range(cte.query.span());
        let outer = self.names.queries.len();
        // The query's own WITH is in reach of both parts.
        if let Some(with) = &cte.query.with {
            self.with(with, parent);
        }
        if columns.is_none() {
            let place = self.source.range(cte.alias.name.span);
            let message = "missing column aliases in recursive WITH query";
            self.problem("MISSING_COLUMN_ALIASES", message, &place);
        }
        self.check_recursion(cte, step, name);
        let base = self.body(base, parent);
        self.check_cte_columns(cte, base);
        let renamed = |binder: &Self, of: RelationId| {
            let mut passed = binder.passed(of);
            for (column, name) in passed.iter_mut().zip(columns.unwrap_or_default()) {
                column.name = Some(name.clone());
            }
            passed
        };
        let mention = renamed(self, base);
        let complete = self.is_complete(base);
        let itself = self.push(Relation {
            kind: RelationKind::Itself { base },
            columns: mention,
            complete,
            at: self.source.range(cte.alias.name.span),
        });
        self.names.queries.push(NamedQuery {
            name: name.to_owned(),
            relation: itself,
            columns: None,
            recursive: true,
        });
        let step = self.body(step, parent);
        self.names.queries.truncate(outer);
        self.check_step(base, step, &at);
        let mut together = renamed(self, base);
        for (index, column) in together.iter_mut().enumerate() {
            let parts = [base, step].map(|relation| ColumnId {
                relation,
                column: index,
            });
            column.value = Value::Merged(
                parts
                    .into_iter()
                    .filter(|part| self.bound.column(*part).is_some())
                    .collect(),
            );
        }
        let _ = all;
        let complete = self.is_complete(base) && self.is_complete(step);
        self.push(Relation {
            kind: RelationKind::Recursive { base, step },
            columns: together,
            complete,
            at,
        })
    }

    /// Where a recursive query may stand in its own step, and what it may have around.
    fn check_recursion(&mut self, cte: &Cte, step: &SetExpr, name: &str) {
        let mut mentions = Vec::new();
        let mut outer = None;
        if let SetExpr::Select(select) = step {
            for tables in &select.from {
                collect_mentions(tables, name, &mut mentions, &mut outer);
            }
        }
        if let [_, second, ..] = mentions.as_slice() {
            let at = self.source.range(*second);
            let message = "multiple recursive references in the step relation of recursion";
            self.problem("INVALID_RECURSIVE_REFERENCE", message, &at);
            return;
        }
        let query = &cte.query;
        let behind = self.source.range(step.span());
        let (error, message, place) = if let Some(with) = &query.with {
            let place = self.source.range(with.with_token.0.span);
            let message = "immediate WITH clause in recursive query";
            ("NOT_SUPPORTED", message, Some(place))
        } else if query.order_by.is_some() {
            let place = self.source.next_word(&behind, "ORDER");
            let message = "immediate ORDER BY clause in recursive query";
            ("NOT_SUPPORTED", message, place)
        } else if let Some(LimitClause::LimitOffset {
            offset: Some(_), ..
        }) = &query.limit_clause
        {
            let place = self.source.next_word(&behind, "OFFSET");
            let message = "immediate OFFSET clause in recursive query";
            ("NOT_SUPPORTED", message, place)
        } else if query.limit_clause.is_some() || query.fetch.is_some() {
            let place = self
                .source
                .next_word(&behind, "LIMIT")
                .or_else(|| self.source.next_word(&behind, "FETCH"));
            let message = "immediate FETCH FIRST / LIMIT clause in recursive query";
            ("INVALID_LIMIT_CLAUSE", message, place)
        } else if let Some((message, place)) = outer {
            let place = self.source.range(place);
            ("INVALID_RECURSIVE_REFERENCE", message, Some(place))
        } else {
            return;
        };
        self.problem(error, message, &place.unwrap_or(behind));
    }

    /// What is added again and again must look like what there was at first.
    fn check_step(&mut self, base: RelationId, step: RelationId, at: &crate::bound::TextRange) {
        let (Some(base), Some(step)) = (self.bound.relation(base), self.bound.relation(step))
        else {
            return;
        };
        if !base.complete || !step.complete {
            return;
        }
        let place = step.at.clone();
        if base.columns.len() != step.columns.len() {
            let message = format!(
                "base and step relations of recursion have different number of fields: {}, {}",
                base.columns.len(),
                step.columns.len()
            );
            self.problem("TYPE_MISMATCH", message, &place);
            return;
        }
        let pairs: Vec<(Column, Column)> = base
            .columns
            .iter()
            .cloned()
            .zip(step.columns.iter().cloned())
            .collect();
        for (index, (base, step)) in pairs.iter().enumerate() {
            if let (Known::Known(from), Known::Known(to)) = (&step.ty, &base.ty)
                && !typing::coerces(from, to)
            {
                let message = format!(
                    "recursion step relation output type ({}) is not coercible to recursion base relation output type ({}) at column {}",
                    from.in_messages(),
                    to.in_messages(),
                    index + 1
                );
                self.problem("TYPE_MISMATCH", message, at);
            }
        }
    }
}

/// Where FROM names the recursive query, and the first place where an outer join would lose its rows. Subqueries are left
/// out: the name may mean something else there.
fn collect_mentions(
    tables: &TableWithJoins,
    name: &str,
    mentions: &mut Vec<Span>,
    outer: &mut Option<(&'static str, Span)>,
) {
    let first = mentions.len();
    collect_in_factor(&tables.relation, name, mentions, outer);
    for join in &tables.joins {
        let left = mentions.get(first).copied();
        let mark = mentions.len();
        collect_in_factor(&join.relation, name, mentions, outer);
        let right = mentions.get(mark).copied();
        let lost = match &join.join_operator {
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => {
                right.map(|at| ("recursive reference in right source of LEFT join", at))
            }
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => {
                left.map(|at| ("recursive reference in left source of RIGHT join", at))
            }
            JoinOperator::FullOuter(_) => left
                .map(|at| ("recursive reference in left source of FULL join", at))
                .or(right.map(|at| ("recursive reference in right source of FULL join", at))),
            _ => None,
        };
        *outer = outer.or(lost);
    }
}

fn collect_in_factor(
    factor: &TableFactor,
    name: &str,
    mentions: &mut Vec<Span>,
    outer: &mut Option<(&'static str, Span)>,
) {
    match factor {
        TableFactor::Table { name: table, .. } => {
            if let [part] = table.0.as_slice()
                && let Some(part) = part.as_ident()
                && part.value.to_lowercase() == name
            {
                mentions.push(part.span);
            }
        }
        TableFactor::NestedJoin {
            table_with_joins, ..
        } => collect_mentions(table_with_joins, name, mentions, outer),
        _ => {}
    }
}

/// The two parts of a query that mentions itself in the second one.
fn recursion<'c>(cte: &'c Cte, name: &str) -> Option<(&'c SetExpr, &'c SetExpr, bool)> {
    let SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier,
        left,
        right,
    } = cte.query.body.as_ref()
    else {
        return None;
    };
    first_mention(right.as_ref(), name).is_some().then_some((
        left,
        right,
        *set_quantifier == SetQuantifier::All,
    ))
}
