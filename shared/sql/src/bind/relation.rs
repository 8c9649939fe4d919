//! Relations whose columns are not all known: a column is added when it is named.

use std::rc::Rc;

use super::Binder;
use super::names::{Field, Open, ScopeId, Shape};
use crate::bound::{
    Column, ColumnId, Expr, ExprKind, Known, RelationId, RelationKind, TextRange, Value,
};
use crate::limits::MAX_BOUND_COLUMNS;

impl Binder<'_> {
    /// A relation's column with a name: the one that it has, or a new one if it may have more.
    ///
    /// Nothing if it certainly has none.
    pub(super) fn demand(
        &mut self,
        id: RelationId,
        name: &str,
        at: &TextRange,
    ) -> Option<ColumnId> {
        let relation = self.bound.relation(id)?;
        let existing = relation
            .columns
            .iter()
            .position(|column| column.name.as_deref() == Some(name));
        if let Some(column) = existing {
            return Some(ColumnId {
                relation: id,
                column,
            });
        }
        if relation.complete {
            return None;
        }
        if self.columns >= MAX_BOUND_COLUMNS {
            self.note_too_large(at);
            return None;
        }
        enum Step {
            Stored,
            Of(RelationId),
            Star(RelationId),
            Sides(RelationId, RelationId),
            Unknown,
        }
        let step = match &relation.kind {
            RelationKind::Table(_) => Step::Stored,
            RelationKind::Alias { of, .. } | RelationKind::Sorted { of, .. } => Step::Of(*of),
            RelationKind::Itself { base } => Step::Of(*base),
            RelationKind::Select(select) => Step::Star(select.from),
            RelationKind::Set { left, right, .. } => Step::Sides(*left, *right),
            RelationKind::Recursive { base, step } => Step::Sides(*base, *step),
            _ => Step::Unknown,
        };
        let value = match step {
            Step::Stored => Value::Stored,
            Step::Of(of) => match self.demand(of, name, at) {
                Some(column) => Value::Passed(column),
                None => Value::Unknown,
            },
            Step::Star(from) => self.demand_star(id, from, name, at),
            Step::Sides(left, right) => one_of(name, vec![left, right], at),
            Step::Unknown => Value::Unknown,
        };
        Some(self.add_column(id, name, value, at))
    }

    /// A column of a query with `*` over relations that are not all known.
    fn demand_star(
        &mut self,
        select: RelationId,
        from: RelationId,
        name: &str,
        at: &TextRange,
    ) -> Value {
        let sources = self.names.stars.get(&select).cloned().unwrap_or_default();
        let named: Vec<RelationId> = sources
            .iter()
            .copied()
            .filter(|source| self.has_column(*source, name))
            .collect();
        let source = match (sources.as_slice(), named.as_slice()) {
            ([only], _) | (_, [only]) => *only,
            _ => return one_of(name, sources, at),
        };
        match self.demand(source, name, at) {
            Some(column) => Value::Passed(self.lift(column, &[from])),
            None => Value::Unknown,
        }
    }

    fn has_column(&self, id: RelationId, name: &str) -> bool {
        self.bound.relation(id).is_some_and(|relation| {
            relation
                .columns
                .iter()
                .any(|column| column.name.as_deref() == Some(name))
        })
    }

    fn add_column(&mut self, id: RelationId, name: &str, value: Value, at: &TextRange) -> ColumnId {
        let ty = match &value {
            Value::Passed(column) => self.type_of(*column),
            _ => Known::Unknown,
        };
        let mut index = 0;
        if let Some(relation) = self.bound.relations.get_mut(id.0) {
            index = relation.columns.len();
            relation.columns.push(Column {
                name: Some(name.to_owned()),
                ty,
                value,
                at: at.clone(),
                hidden: false,
            });
            self.columns = self.columns.saturating_add(1);
        }
        ColumnId {
            relation: id,
            column: index,
        }
    }

    /// The column as the join gives it that is one of `tops`, from the column of a side of it.
    pub(super) fn lift(&mut self, column: ColumnId, tops: &[RelationId]) -> ColumnId {
        let mut column = column;
        while !tops.contains(&column.relation) {
            let Some(join) = self.names.joins.get(&column.relation).copied() else {
                return column;
            };
            let passed = self.bound.relation(join).and_then(|relation| {
                relation
                    .columns
                    .iter()
                    .position(|other| matches!(other.value, Value::Passed(of) if of == column))
            });
            column = match passed {
                Some(index) => ColumnId {
                    relation: join,
                    column: index,
                },
                None if self.columns >= MAX_BOUND_COLUMNS => return column,
                None => {
                    let name = self.name_of(column).unwrap_or_default();
                    let at = self
                        .bound
                        .column(column)
                        .map(|column| column.at.clone())
                        .unwrap_or_default();
                    self.add_column(join, &name, Value::Passed(column), &at)
                }
            };
        }
        column
    }

    /// A column of an incomplete relation in a scope, added there so that it is found at once the next time.
    pub(super) fn demand_in(
        &mut self,
        scope: ScopeId,
        relation: RelationId,
        name: &str,
        at: &TextRange,
    ) -> Option<ColumnId> {
        let column = self.demand(relation, name, at)?;
        let tops = self.names.scope(scope)?.relations.clone();
        let column = self.lift(column, &tops);
        let scope = self.names.scope_mut(scope)?;
        let table = scope
            .open
            .iter()
            .find(|open| open.relation == relation)
            .and_then(|open| open.table.clone());
        let known = scope.fields.iter().any(|field| field.column == column);
        if !known {
            scope.push(Field {
                name: Some(name.to_owned()),
                table,
                column,
                hidden: false,
            });
        }
        Some(column)
    }

    /// A column's name.
    pub(super) fn name_of(&self, column: ColumnId) -> Option<String> {
        self.bound.column(column)?.name.clone()
    }

    /// A column's type.
    pub(super) fn type_of(&self, column: ColumnId) -> Known<crate::types::Type> {
        match self.bound.column(column) {
            Some(column) => column.ty.clone(),
            None => Known::Unknown,
        }
    }

    /// Whether all columns of a relation are known.
    pub(super) fn is_complete(&self, id: RelationId) -> bool {
        self.bound
            .relation(id)
            .is_some_and(|relation| relation.complete)
    }

    /// The columns of a relation, each passed on.
    pub(super) fn passed(&self, id: RelationId) -> Vec<Column> {
        let Some(relation) = self.bound.relation(id) else {
            return Vec::new();
        };
        relation
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| Column {
                name: column.name.clone(),
                ty: column.ty.clone(),
                value: Value::Passed(ColumnId {
                    relation: id,
                    column: index,
                }),
                at: column.at.clone(),
                hidden: column.hidden,
            })
            .collect()
    }

    /// A relation with its columns under one name.
    pub(super) fn shape(&self, id: RelationId, table: Option<Rc<[String]>>) -> Shape {
        let mut shape = Shape {
            relation: id,
            fields: Vec::new(),
            open: Vec::new(),
            tables: table.iter().cloned().collect(),
        };
        let Some(relation) = self.bound.relation(id) else {
            return shape;
        };
        shape.fields = relation
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| Field {
                name: column.name.clone(),
                table: table.clone(),
                column: ColumnId {
                    relation: id,
                    column: index,
                },
                hidden: column.hidden,
            })
            .collect();
        if !relation.complete {
            shape.open.push(Open {
                table,
                relation: id,
            });
        }
        shape
    }
}

fn one_of(name: &str, among: Vec<RelationId>, at: &TextRange) -> Value {
    Value::Computed(Box::new(Expr {
        kind: ExprKind::OneOf {
            name: name.to_owned(),
            among,
        },
        ty: Known::Unknown,
        at: at.clone(),
    }))
}
