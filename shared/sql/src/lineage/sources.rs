//! Which columns of tables each column of each relation is made of, and which decide its rows.
//!
//! One pass over the relations in their order: what a relation is made of stands before it, so nothing is
//! asked for twice and no chain of queries, however long, is followed by recursion.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::bound::{
    Bound, ColumnId, Expr, ExprKind, Relation, RelationId, RelationKind, SetOperation, Value,
};
use crate::lineage::origin::{BaseId, Origin, Role, RowOrigin};
use crate::lineage::{BaseColumn, Kind};

/// How often a statement is gone through for what its recursive queries hand on from step to step.
const MOST_PASSES: usize = 12;

/// The origins of a whole statement.
pub(crate) struct Sources<'b> {
    bound: &'b Bound,
    tables: Vec<String>,
    table_ids: HashMap<String, BaseId>,
    columns: Vec<(BaseId, &'b str)>,
    column_ids: HashMap<(BaseId, &'b str), BaseId>,
    origins: Vec<Vec<Rc<Origin>>>,
    rows: Vec<Rc<RowOrigin>>,
    /// What a first pass found, for what stands behind the relation that mentions it: a query in ORDER BY.
    before: Option<Box<Sources<'b>>>,
    looked_ahead: Cell<bool>,
    /// The recursive query that each mention of one inside itself is of.
    recursive: HashMap<RelationId, RelationId>,
    /// Whether the passes ended before nothing was found any more.
    unfinished: bool,
}

impl<'b> Sources<'b> {
    /// Follows every column of a statement.
    pub(crate) fn of(bound: &'b Bound) -> Self {
        let mut found = Self::pass(bound, None);
        let mut again = found.looked_ahead.get();
        for _ in 0..MOST_PASSES {
            if !again {
                return found;
            }
            found.before = None;
            let next = Self::pass(bound, Some(Box::new(found)));
            again = next.grew();
            found = next;
        }
        // A recursive query that hands its columns on further than that: they may be made of more.
        found.unfinished = again;
        found
    }

    /// Whether a recursive query's mention of itself has sources that it had not in the pass before.
    fn grew(&self) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let mut mentions = self.recursive.keys();
        mentions.any(|id| {
            let (now, then) = (self.origins.get(id.0), before.origins.get(id.0));
            let counts = |origins: Option<&Vec<Rc<Origin>>>| {
                let origins = origins.into_iter().flatten();
                origins
                    .map(|origin| origin.values.len() + origin.conditions.len())
                    .collect::<Vec<_>>()
            };
            counts(now) != counts(then)
        })
    }

    fn pass(bound: &'b Bound, before: Option<Box<Self>>) -> Self {
        let mut sources = Self {
            bound,
            tables: Vec::new(),
            table_ids: HashMap::new(),
            columns: Vec::new(),
            column_ids: HashMap::new(),
            origins: Vec::with_capacity(bound.relations.len()),
            rows: Vec::with_capacity(bound.relations.len()),
            before,
            looked_ahead: Cell::new(false),
            recursive: recursive(bound),
            unfinished: false,
        };
        for (position, relation) in bound.relations.iter().enumerate() {
            let mut origins = sources.origins_of(relation);
            if matches!(relation.kind, RelationKind::Itself { .. }) {
                sources.add_steps(RelationId(position), &mut origins);
            }
            // An ORDER BY may name the relation's own columns, so these come first.
            sources.origins.push(origins);
            let rows = sources.rows_of(relation);
            sources.rows.push(rows);
        }
        sources
    }

    /// What a column is made of.
    pub(crate) fn column(&self, id: ColumnId) -> Option<&Rc<Origin>> {
        match self.origins.get(id.relation.0) {
            Some(columns) => columns.get(id.column),
            None => {
                self.looked_ahead.set(true);
                self.before.as_ref()?.column(id)
            }
        }
    }

    /// What decides a relation's rows.
    pub(crate) fn rows(&self, id: RelationId) -> Option<&Rc<RowOrigin>> {
        match self.rows.get(id.0) {
            Some(rows) => Some(rows),
            None => {
                self.looked_ahead.set(true);
                self.before.as_ref()?.rows(id)
            }
        }
    }

    /// Whether columns may be made of more than was found.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// The statement.
    pub(crate) fn bound(&self) -> &'b Bound {
        self.bound
    }

    /// A base table's name.
    pub(crate) fn table_name(&self, id: BaseId) -> &str {
        self.tables.get(id as usize).map_or("", String::as_str)
    }

    /// The names of base tables, in order.
    pub(crate) fn table_names(&self, ids: &[BaseId]) -> Vec<String> {
        let mut names: Vec<_> = ids
            .iter()
            .map(|id| self.table_name(*id).to_owned())
            .collect();
        names.sort_unstable();
        names
    }

    /// The names of base columns, in order.
    pub(crate) fn column_names(&self, ids: &[BaseId]) -> Vec<BaseColumn> {
        let mut names: Vec<_> = ids
            .iter()
            .filter_map(|id| self.columns.get(*id as usize))
            .map(|(table, column)| BaseColumn {
                table: self.table_name(*table).to_owned(),
                column: (*column).to_owned(),
            })
            .collect();
        names.sort_unstable();
        names
    }

    fn intern_table(&mut self, name: String) -> BaseId {
        if let Some(id) = self.table_ids.get(&name) {
            return *id;
        }
        let id = self.tables.len() as BaseId;
        self.tables.push(name.clone());
        self.table_ids.insert(name, id);
        id
    }

    fn intern_column(&mut self, table: BaseId, column: &'b str) -> BaseId {
        *self.column_ids.entry((table, column)).or_insert_with(|| {
            self.columns.push((table, column));
            (self.columns.len() - 1) as BaseId
        })
    }

    fn origins_of(&mut self, relation: &'b Relation) -> Vec<Rc<Origin>> {
        let stored_in = match &relation.kind {
            RelationKind::Table(table) => Some(self.intern_table(super::table_name(table))),
            _ => None,
        };
        let mut origins: Vec<Rc<Origin>> = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let origin = match (&column.value, stored_in) {
                (Value::Stored, Some(table)) => {
                    let name = column.name.as_deref().unwrap_or_default();
                    Rc::new(Origin {
                        values: vec![self.intern_column(table, name)],
                        kind: Kind::Identity,
                        ..Origin::default()
                    })
                }
                (Value::Passed(id), _) => self.passed(*id),
                (Value::Merged(ids), _) => Rc::new(self.merged(ids)),
                (Value::Computed(expr), _) => Rc::new(match &relation.kind {
                    RelationKind::Unnest { arguments } if is_ordinality(expr) => {
                        self.place_in(arguments)
                    }
                    RelationKind::Values(rows) => self.listed(rows, origins.len()),
                    RelationKind::Opaque {
                        what, arguments, ..
                    } if what == "MATCH_RECOGNIZE" => self.measured(expr, arguments),
                    _ => self.expression(expr),
                }),
                (Value::Stored | Value::Unknown, _) => Rc::new(self.unknown_in(relation)),
            };
            origins.push(origin);
        }
        origins
    }

    /// A recursive query's mention of itself gives what the step before it gave, not only what the first one did.
    fn add_steps(&self, mention: RelationId, origins: &mut [Rc<Origin>]) {
        let Some(whole) = self.recursive.get(&mention) else {
            return;
        };
        self.looked_ahead.set(true);
        let Some(before) = &self.before else {
            return;
        };
        for (column, origin) in origins.iter_mut().enumerate() {
            let id = ColumnId {
                relation: *whole,
                column,
            };
            if let Some(step) = before.column(id) {
                let mut both = origin.as_ref().clone();
                both.take(step, Role::Value);
                both.kind = both.kind.max(step.kind);
                both.settle();
                *origin = Rc::new(both);
            }
        }
    }

    /// What a column is made of, unknown if there is no such column.
    pub(crate) fn passed(&self, id: ColumnId) -> Rc<Origin> {
        self.column(id).cloned().unwrap_or_else(|| {
            Rc::new(Origin {
                kind: Kind::Unknown,
                unknown: true,
                ..Origin::default()
            })
        })
    }

    fn merged(&self, ids: &[ColumnId]) -> Origin {
        Origin::of_several(ids.iter().map(|id| self.passed(*id).as_ref().clone()))
    }

    /// The place in an array differs row by row; how far it goes the array decides.
    fn place_in(&self, arguments: &[Expr]) -> Origin {
        let mut origin = Origin {
            kind: Kind::Expression,
            ..Origin::default()
        };
        for argument in arguments {
            self.add(argument, Role::Condition, &mut origin);
        }
        origin.settle();
        origin
    }

    /// Of which rows a measure is made, the order and the definitions decide.
    fn measured(&self, measure: &Expr, deciding: &[Expr]) -> Origin {
        let mut origin = self.expression(measure);
        for expr in deciding {
            self.add(expr, Role::Condition, &mut origin);
        }
        origin.kind = origin.kind.max(Kind::Expression);
        origin.settle();
        origin
    }

    /// A column of VALUES is made of what all rows hold there.
    fn listed(&self, rows: &[Vec<Expr>], column: usize) -> Origin {
        let mut origin = Origin::default();
        for part in rows.iter().filter_map(|row| row.get(column)) {
            let part = self.expression(part);
            origin.take(&part, Role::Value);
            origin.kind = origin.kind.max(part.kind);
        }
        origin.settle();
        origin
    }

    /// A column of something that is not followed inside: it may be made of all that goes in.
    fn unknown_in(&self, relation: &Relation) -> Origin {
        let mut origin = Origin::default();
        if let RelationKind::Opaque {
            inputs, arguments, ..
        } = &relation.kind
        {
            for input in inputs {
                for part in self.origins.get(input.0).into_iter().flatten() {
                    origin.take(part, Role::Value);
                }
            }
            for argument in arguments {
                self.add(argument, Role::Value, &mut origin);
            }
        }
        origin.kind = Kind::Unknown;
        origin.unknown = true;
        origin.settle();
        origin
    }

    fn rows_of(&self, relation: &Relation) -> Rc<RowOrigin> {
        if let RelationKind::Alias { of, .. } | RelationKind::Itself { base: of } = &relation.kind {
            return self.rows(*of).cloned().unwrap_or_default();
        }
        let mut origin = Origin::default();
        for input in relation.kind.inputs() {
            if let Some(rows) = self.rows(input) {
                origin.rows.take(rows);
            }
        }
        match &relation.kind {
            RelationKind::Table(table) => {
                let id = self.table_ids.get(&super::table_name(table));
                origin.rows.tables.extend(id);
            }
            RelationKind::Select(select) => {
                for expr in select.filter.iter().chain(&select.having) {
                    self.add(expr, Role::Rows, &mut origin);
                }
                for key in select.group.iter().flat_map(|group| &group.keys) {
                    self.add(key, Role::Rows, &mut origin);
                }
                if select.limit.is_some() {
                    for key in &select.order {
                        self.add(&key.expr, Role::Rows, &mut origin);
                    }
                }
                if select.distinct {
                    self.add_all_columns(self.rows.len(), &mut origin);
                }
            }
            RelationKind::Sorted {
                order,
                limit: Some(_),
                ..
            } => {
                for key in order {
                    self.add(&key.expr, Role::Rows, &mut origin);
                }
            }
            RelationKind::Join(join) => {
                if let Some(expr) = &join.condition {
                    self.add(expr, Role::Rows, &mut origin);
                }
                for id in join.using.iter().flat_map(|(left, right)| [*left, *right]) {
                    origin.take(&self.passed(id), Role::Rows);
                }
            }
            RelationKind::Set {
                operation,
                all,
                left,
                right,
            } if (!*all || *operation != SetOperation::Union) => {
                self.add_all_columns(left.0, &mut origin);
                self.add_all_columns(right.0, &mut origin);
            }
            RelationKind::Unnest { arguments } | RelationKind::Opaque { arguments, .. } => {
                for argument in arguments {
                    self.add(argument, Role::Rows, &mut origin);
                }
            }
            _ => {}
        }
        origin.settle();
        Rc::new(origin.rows)
    }

    fn add_all_columns(&self, relation: usize, origin: &mut Origin) {
        for part in self.origins.get(relation).into_iter().flatten() {
            origin.take(part, Role::Rows);
        }
    }
}

/// For each mention of a recursive query inside itself the query.
fn recursive(bound: &Bound) -> HashMap<RelationId, RelationId> {
    let mut wholes = HashMap::new();
    for (position, relation) in bound.relations.iter().enumerate() {
        if let RelationKind::Recursive { base, .. } = &relation.kind {
            wholes.insert(*base, RelationId(position));
        }
    }
    let relations = bound.relations.iter().enumerate();
    relations
        .filter_map(|(position, relation)| match &relation.kind {
            RelationKind::Itself { base } => Some((RelationId(position), *wholes.get(base)?)),
            _ => None,
        })
        .collect()
}

/// Whether an expression is the column that `WITH ORDINALITY` adds.
fn is_ordinality(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.name == "ordinality")
}
