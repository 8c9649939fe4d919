//! Which columns tell a relation's rows apart, as far as the schema's keys and the statement itself say.
//!
//! A key is a list of positions in the relation's columns; one without columns says that there is one row at most.
//! Nothing is a key that is not one: what cannot be told has none. Start reading at `Keys::of`; `determined` says what
//! follows from what in one FROM.

mod determined;
mod numbered;
mod select;

use std::collections::BTreeSet;

use crate::bound::{
    Bound, ColumnId, ExprKind, Limit, Relation, RelationId, RelationKind, SetOperation, Table,
    Value,
};

pub(crate) use determined::{Ties, Trust, leaf_columns, sides_of};

/// The position of a key's column that the statement does not name: nothing can be equal to it.
const UNNAMED: usize = usize::MAX;

/// How many keys of one relation are kept.
const MOST_KEYS: usize = 4;

/// A key of more columns than this is nobody's to compare, and dear to follow.
const MOST_COLUMNS: usize = 24;

/// Columns that tell rows apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Their positions.
    pub(crate) columns: BTreeSet<usize>,
    /// Whether none of them depends on the others, so that fewer do not do: of several columns that a query groups by,
    /// only the keys of the tables below can say that.
    pub(crate) least: bool,
}

/// The keys of all relations of a statement.
pub(crate) struct Keys {
    keys: Vec<Vec<Key>>,
}

impl Keys {
    /// What is known of a statement's relations.
    pub(crate) fn of(bound: &Bound) -> Self {
        let mut keys = Self {
            keys: Vec::with_capacity(bound.relations.len()),
        };
        let mut outside: Vec<bool> = Vec::with_capacity(bound.relations.len());
        for relation in &bound.relations {
            let depends = depends_on_outside(bound, relation, &outside);
            outside.push(depends);
            let mut found = keys.of_relation(bound, relation);
            if depends {
                // For each row outside other rows: only that there is one of them holds for each.
                found.retain(|key| key.columns.is_empty());
            }
            if let Some(single) = found.iter().position(|key| key.columns.is_empty()) {
                found.swap(0, single);
                found.truncate(1);
            }
            found.retain(|key| key.columns.len() <= MOST_COLUMNS);
            found.truncate(MOST_KEYS);
            keys.keys.push(found);
        }
        keys
    }

    /// A relation's keys; none if it is not known to have any.
    pub(crate) fn get(&self, id: RelationId) -> &[Key] {
        self.keys.get(id.0).map_or(&[], Vec::as_slice)
    }

    fn of_relation(&self, bound: &Bound, relation: &Relation) -> Vec<Key> {
        match &relation.kind {
            RelationKind::Table(table) => of_table(relation, table),
            RelationKind::Alias { of, .. } => self.passed(relation, *of),
            RelationKind::Sorted { of, limit, .. } if !is_one(limit.as_ref()) => {
                self.passed(relation, *of)
            }
            RelationKind::Sorted { .. } | RelationKind::OneRow => vec![single()],
            RelationKind::Values(rows) if rows.len() == 1 => vec![single()],
            RelationKind::Select(select) if is_one(select.limit.as_ref()) => vec![single()],
            RelationKind::Select(select) => select::keys(bound, self, relation, select),
            RelationKind::Set {
                operation,
                all,
                left,
                right,
            } => {
                let mut keys = match operation {
                    SetOperation::Union => Vec::new(),
                    SetOperation::Intersect => {
                        let mut keys = self.get(*left).to_vec();
                        keys.extend(self.get(*right).iter().cloned());
                        keys
                    }
                    SetOperation::Except => self.get(*left).to_vec(),
                };
                if !all
                    && keys.is_empty()
                    && relation.complete
                    && relation.columns.len() <= MOST_COLUMNS
                {
                    let columns: BTreeSet<usize> = (0..relation.columns.len()).collect();
                    keys.push(Key {
                        least: columns.len() == 1,
                        columns,
                    });
                }
                keys
            }
            _ => Vec::new(),
        }
    }

    /// The keys of the relation below, at the places where their columns are passed on.
    fn passed(&self, relation: &Relation, of: RelationId) -> Vec<Key> {
        let place = |column: &usize| {
            let id = ColumnId {
                relation: of,
                column: *column,
            };
            relation
                .columns
                .iter()
                .position(|passed| matches!(passed.value, Value::Passed(from) if from == id))
                .unwrap_or(UNNAMED)
        };
        let keys = self.get(of).iter();
        keys.map(|key| Key {
            columns: key.columns.iter().map(place).collect(),
            least: key.least,
        })
        .collect()
    }
}

/// The key of what has one row at most.
pub(crate) fn single() -> Key {
    Key {
        columns: BTreeSet::new(),
        least: true,
    }
}

fn of_table(relation: &Relation, table: &Table) -> Vec<Key> {
    let place = |name: &String| {
        relation
            .columns
            .iter()
            .position(|column| column.name.as_ref() == Some(name))
            .unwrap_or(UNNAMED)
    };
    table
        .keys
        .iter()
        .map(|names| Key {
            columns: names.iter().map(place).collect(),
            least: true,
        })
        .collect()
}

fn is_one(limit: Option<&Limit>) -> bool {
    limit.is_some_and(|limit| {
        let one = limit.count.as_ref().is_some_and(
            |count| matches!(&count.kind, ExprKind::Literal(text) if matches!(text.as_str(), "0" | "1")),
        );
        !limit.with_ties && (one || limit.one)
    })
}

/// Whether a relation's rows depend on a row of a query around it.
fn depends_on_outside(bound: &Bound, relation: &Relation, outside: &[bool]) -> bool {
    let inputs = relation.kind.inputs();
    if inputs
        .iter()
        .any(|input| outside.get(input.0).copied().unwrap_or(true))
    {
        return true;
    }
    let RelationKind::Select(select) = &relation.kind else {
        return false;
    };
    let mut inside = BTreeSet::new();
    let mut open = vec![select.from];
    while let Some(id) = open.pop() {
        inside.insert(id);
        if let Some(RelationKind::Join(join)) = bound.relation(id).map(|relation| &relation.kind) {
            open.extend([join.left, join.right]);
        }
    }
    let mut depends = false;
    let filters = select.filter.iter().chain(&select.having);
    filters.for_each(|filter| {
        crate::walk::each_inside(filter, &mut |expr| {
            if let ExprKind::Column(id) = &expr.kind {
                depends |= !inside.contains(&id.relation);
            }
        });
    });
    depends
}
