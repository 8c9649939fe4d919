//! Which tables and columns a statement names, and what in it is not followed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::bound::{
    AssignedValue, Bound, ColumnId, ExprKind, RelationId, RelationKind, Value, Write, WriteKind,
};
use crate::lineage::{TableRead, Unknown, table_name};
use crate::walk;

/// The tables read, and those written.
pub(crate) fn tables(bound: &Bound) -> (Vec<TableRead>, Vec<String>) {
    let target = bound.write.as_ref().and_then(|write| write.target);
    let target = target.map(|id| through_aliases(bound, id));
    let mut reads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (position, relation) in bound.relations.iter().enumerate() {
        match &relation.kind {
            RelationKind::Table(table) if target != Some(RelationId(position)) => {
                reads.entry(table_name(table)).or_default();
            }
            _ => {}
        }
    }
    let mut named = Named::default();
    for relation in &bound.relations {
        // What an alias or a join passes on is read only if somebody names it there.
        let passes = matches!(
            relation.kind,
            RelationKind::Alias { .. }
                | RelationKind::Join(_)
                | RelationKind::Table(_)
                | RelationKind::Itself { .. }
        );
        for column in relation.columns.iter().filter(|_| !passes) {
            named.name_value(bound, &column.value);
        }
        if let RelationKind::Join(join) = &relation.kind {
            for (left, right) in &join.using {
                named.name(bound, *left);
                named.name(bound, *right);
            }
        }
    }
    walk::every_expression(bound, &mut |expr| {
        if let ExprKind::Column(id) = &expr.kind {
            named.name(bound, *id);
        }
    });
    for assignment in bound.write.iter().flat_map(|write| &write.assignments) {
        if let AssignedValue::Column(id) = &assignment.value {
            named.name(bound, *id);
        }
    }
    if let Some(id) = bound.output {
        super::columns_of(bound, id).for_each(|id| named.name(bound, id));
    }
    for (table, column) in named.found {
        if let Some(columns) = reads.get_mut(&table) {
            columns.insert(column);
        }
    }
    let reads = reads
        .into_iter()
        .map(|(table, columns)| TableRead {
            table,
            columns: columns.into_iter().collect(),
        })
        .collect();
    let writes = bound.write.iter().map(written).collect();
    (reads, writes)
}

fn written(write: &Write) -> String {
    table_name(&write.table)
}

fn through_aliases(bound: &Bound, mut id: RelationId) -> RelationId {
    while let Some(RelationKind::Alias { of, .. }) =
        bound.relation(id).map(|relation| &relation.kind)
    {
        id = *of;
    }
    id
}

/// Base columns that are named, through the aliases and joins between them and the name.
#[derive(Default)]
struct Named {
    found: Vec<(String, String)>,
    seen: HashSet<ColumnId>,
}

impl Named {
    fn name_value(&mut self, bound: &Bound, value: &Value) {
        match value {
            Value::Passed(id) => self.name(bound, *id),
            Value::Merged(ids) => ids.iter().for_each(|id| self.name(bound, *id)),
            Value::Stored | Value::Computed(_) | Value::Unknown => {}
        }
    }

    fn name(&mut self, bound: &Bound, id: ColumnId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !self.seen.insert(id) {
                continue;
            }
            let (Some(relation), Some(column)) = (bound.relation(id.relation), bound.column(id))
            else {
                continue;
            };
            match (&relation.kind, &column.value) {
                (RelationKind::Table(table), Value::Stored) => {
                    let name = column.name.clone().unwrap_or_default();
                    self.found.push((table_name(table), name));
                }
                (_, Value::Passed(of)) => open.push(*of),
                (_, Value::Merged(of)) => open.extend(of),
                _ => {}
            }
        }
    }
}

/// What is not followed.
pub(crate) fn unknown(bound: &Bound) -> Vec<Unknown> {
    let mut found = Vec::new();
    for relation in &bound.relations {
        match &relation.kind {
            RelationKind::Opaque { what, .. } => found.push(Unknown {
                what: format!("what `{what}` makes of its input"),
                at: relation.at.clone(),
            }),
            RelationKind::Select(_) if !relation.complete => found.push(Unknown {
                what: "which columns `*` stands for: the table's columns are not known".to_owned(),
                at: relation.at.clone(),
            }),
            _ => {}
        }
    }
    walk::every_expression(bound, &mut |expr| match &expr.kind {
        ExprKind::Unresolved(name) => found.push(Unknown {
            what: format!("what `{name}` is"),
            at: expr.at.clone(),
        }),
        ExprKind::OneOf { name, .. } => found.push(Unknown {
            what: format!("which table `{name}` is a column of"),
            at: expr.at.clone(),
        }),
        ExprKind::Call(call)
            if call
                .window
                .as_ref()
                .is_some_and(|window| window.pattern.is_some()) =>
        {
            found.push(Unknown {
                what: format!(
                    "what `{}` makes of the rows that a row pattern chooses",
                    call.name
                ),
                at: expr.at.clone(),
            });
        }
        ExprKind::Opaque { what, .. } => found.push(Unknown {
            what: format!("what `{what}` makes of its operands"),
            at: expr.at.clone(),
        }),
        _ => {}
    });
    if let Some(write) = &bound.write {
        let positional = write
            .assignments
            .iter()
            .any(|assignment| assignment.column.is_none());
        if positional && write.kind == WriteKind::Insert {
            found.push(Unknown {
                what: format!(
                    "which columns of `{}` are written: they are given by position, and its columns are not known",
                    table_name(&write.table)
                ),
                at: write.table.at.clone(),
            });
        }
    }
    found.sort_by_key(|unknown| unknown.at.start);
    found
}
