//! The keys of a SELECT: of its groups, of DISTINCT, or of what its FROM joins.

use std::collections::BTreeSet;

use super::determined::{Determined, Ties, Trust, leaf_columns};
use super::{Key, Keys, MOST_COLUMNS, MOST_KEYS, numbered, single};
use crate::bound::{
    Bound, ColumnId, Expr, Group, JoinKind, Relation, RelationId, RelationKind, Select, Value,
};
use crate::walk;

/// What tells a SELECT's rows apart.
pub(super) fn keys(bound: &Bound, keys: &Keys, relation: &Relation, select: &Select) -> Vec<Key> {
    let id = RelationId(keys.keys.len());
    let ties = Ties::of(bound, keys, select, Trust::Certain);
    let mut found = match (&select.group, &ties) {
        (Some(group), ties) => of_group(bound, ties.as_ref(), id, group),
        (None, Some(ties)) if !has_full_join(bound, select.from) => {
            of_rows(bound, keys, ties, relation)
        }
        (None, _) => Vec::new(),
    };
    let narrow = relation.columns.len() <= MOST_COLUMNS;
    if select.distinct && found.is_empty() && relation.complete && narrow {
        let columns: Vec<(usize, Option<Vec<ColumnId>>)> = relation
            .columns
            .iter()
            .map(|column| match &column.value {
                Value::Passed(id) => walk::leaf_column(bound, *id).map(|id| vec![id]),
                Value::Computed(expr) => leaf_columns(bound, expr),
                _ => None,
            })
            .enumerate()
            .collect();
        found.push(shortest(ties.as_ref(), columns));
    }
    found
}

/// A group's keys are one key, if the query gives all of them.
fn of_group(bound: &Bound, ties: Option<&Ties<'_>>, id: RelationId, group: &Group) -> Vec<Key> {
    let [set] = group.sets.as_slice() else {
        return Vec::new();
    };
    let keys: Vec<&Expr> = set
        .iter()
        .filter_map(|position| group.keys.get(*position))
        .collect();
    if keys.is_empty() {
        return vec![single()];
    }
    if keys.len() > MOST_COLUMNS {
        return Vec::new();
    }
    let columns: Option<Vec<(usize, Option<Vec<ColumnId>>)>> = keys
        .into_iter()
        .map(|key| {
            Some((
                numbered::position(bound, id, key)?,
                leaf_columns(bound, key),
            ))
        })
        .collect();
    columns
        .map(|columns| shortest(ties, columns))
        .into_iter()
        .collect()
}

/// Columns that tell rows apart, without those that follow from the others.
fn shortest(ties: Option<&Ties<'_>>, mut columns: Vec<(usize, Option<Vec<ColumnId>>)>) -> Key {
    let mut least = columns.len() == 1;
    if let Some(ties) = ties {
        // The last ones first: names stand behind the numbers that they belong to.
        for place in (0..columns.len()).rev() {
            let Some((_, Some(dropped))) = columns.get(place) else {
                continue;
            };
            let others: Vec<ColumnId> = columns
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .flat_map(|(_, (_, ids))| plain(ids))
                .collect();
            let known = ties.determined(&[], &others);
            if dropped.iter().all(|id| known.has(*id)) {
                columns.remove(place);
            }
        }
        let sure = columns.iter().all(|(_, ids)| {
            let ids = ids.as_deref();
            ids.is_some_and(|ids| ids.iter().all(|id| ties.is_sure(id.relation)))
        });
        least = columns.len() <= 1 || sure;
    }
    Key {
        columns: columns.into_iter().map(|(place, _)| place).collect(),
        least,
    }
}

/// The column that a value is, if it is one: an expression's value does not tell the columns in it.
fn plain(ids: &Option<Vec<ColumnId>>) -> Option<ColumnId> {
    match ids.as_deref() {
        Some([only]) => Some(*only),
        _ => None,
    }
}

/// The keys of the one leaf that tells all others' rows, or one key of all leaves that do it together.
fn of_rows(bound: &Bound, keys: &Keys, ties: &Ties<'_>, relation: &Relation) -> Vec<Key> {
    let mut found = Vec::new();
    for leaf in &ties.leaves {
        if ties.determined(&[*leaf], &[]).has_rows(&ties.leaves) {
            let sure = keys.get(*leaf).iter().all(|key| key.least);
            for key in ties.keys_of(*leaf) {
                found.extend(given(bound, ties, relation, &[(*leaf, key)], sure));
            }
        }
    }
    if ties.leaves.is_empty() || ties.determined(&[], &[]).has_rows(&ties.leaves) {
        return vec![single()];
    }
    if found.is_empty() {
        let mut needed = ties.leaves.clone();
        for leaf in &ties.leaves {
            let others: Vec<RelationId> = needed
                .iter()
                .copied()
                .filter(|other| other != leaf)
                .collect();
            if ties.determined(&others, &[]).has_rows(&ties.leaves) {
                needed = others;
            }
        }
        let parts: Option<Vec<(RelationId, &BTreeSet<usize>)>> = needed
            .iter()
            .map(|leaf| Some((*leaf, ties.keys_of(*leaf).next()?)))
            .collect();
        let sure = needed.iter().all(|leaf| ties.is_sure(*leaf));
        found.extend(parts.and_then(|parts| given(bound, ties, relation, &parts, sure)));
    }
    found.truncate(MOST_KEYS);
    found
}

/// A key in the columns that the query gives, if it gives all of it or what is equal to it.
fn given(
    bound: &Bound,
    ties: &Ties<'_>,
    relation: &Relation,
    parts: &[(RelationId, &BTreeSet<usize>)],
    least: bool,
) -> Option<Key> {
    let constant = ties.determined(&[], &[]);
    let mut columns = BTreeSet::new();
    for (leaf, key) in parts {
        for column in *key {
            let wanted = ColumnId {
                relation: *leaf,
                column: *column,
            };
            if !constant.has(wanted) {
                columns.insert(place_of(bound, ties, relation, wanted)?);
            }
        }
    }
    Some(Key { columns, least })
}

/// Which output column is a column of a leaf, or tells it.
fn place_of(
    bound: &Bound,
    ties: &Ties<'_>,
    relation: &Relation,
    wanted: ColumnId,
) -> Option<usize> {
    let leaf_of = |column: &Value| match column {
        Value::Passed(id) => walk::leaf_column(bound, *id),
        _ => None,
    };
    let values = || relation.columns.iter().map(|column| leaf_of(&column.value));
    let itself = values().position(|id| id == Some(wanted));
    itself.or_else(|| {
        values().position(|id| {
            let known: Option<Determined> = id.map(|id| ties.determined(&[], &[id]));
            known.is_some_and(|known| known.has(wanted))
        })
    })
}

fn has_full_join(bound: &Bound, from: RelationId) -> bool {
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if let Some(RelationKind::Join(join)) = bound.relation(id).map(|relation| &relation.kind) {
            if join.kind == JoinKind::Full {
                return true;
            }
            open.extend([join.left, join.right]);
        }
    }
    false
}
