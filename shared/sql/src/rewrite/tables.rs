//! Tables get other names.

use townlake_core::names::quote_identifier;

use crate::bound::{Bound, ColumnId, ExprKind, RelationId, RelationKind, Table, WriteKind};
use crate::edit::Edit;
use crate::rewrite::{star_at, word_before, written};
use crate::walk;

/// Gives each table the name that `name` says, in its parts; tables for which it says nothing keep theirs.
///
/// A table without an alias gets its old name as one, so that `orders.id` goes on meaning what it meant.
pub fn rename_tables(
    bound: &Bound,
    text: &str,
    name: impl Fn(&Table) -> Option<Vec<String>>,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    let target = bound.write.as_ref().and_then(|write| write.target);
    if let Some(write) = &bound.write
        && let Some(parts) = name(&write.table)
    {
        edits.push(Edit::replace(write.table.at.clone(), sql(&parts)));
    }
    for (position, relation) in bound.relations.iter().enumerate() {
        let id = RelationId(position);
        let RelationKind::Table(table) = &relation.kind else {
            continue;
        };
        let Some(parts) = name(table) else {
            continue;
        };
        let aliased = bound
            .relations
            .iter()
            .any(|other| matches!(&other.kind, RelationKind::Alias { of, .. } if *of == id));
        if Some(id) == target || target.is_some_and(|target| is_alias_of(bound, target, id)) {
            // UPDATE and DELETE know no alias: their columns get the new name.
            let merge = bound
                .write
                .as_ref()
                .is_some_and(|write| write.kind == WriteKind::Merge);
            if !aliased && !merge {
                let last = parts
                    .last()
                    .map(|part| quote_identifier(part))
                    .unwrap_or_default();
                requalify(bound, text, id, 1, &last, &mut edits);
            } else if !aliased {
                edits.push(Edit::insert(table.at.end, as_before(table)));
                requalify(bound, text, id, 2, &old_name(table), &mut edits);
            }
            continue;
        }
        edits.push(Edit::replace(table.at.clone(), sql(&parts)));
        if aliased || word_before(text, table.at.start) == "table" {
            continue;
        }
        let version = table.version.as_ref().map_or(0, |version| version.at.end);
        edits.push(Edit::insert(table.at.end.max(version), as_before(table)));
        requalify(bound, text, id, 2, &old_name(table), &mut edits);
    }
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    edits.dedup();
    edits
}

fn sql(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| quote_identifier(part)).collect();
    parts.join(".")
}

fn old_name(table: &Table) -> String {
    table
        .written
        .last()
        .map(|name| quote_identifier(name))
        .unwrap_or_default()
}

fn as_before(table: &Table) -> String {
    format!(" AS {}", old_name(table))
}

fn is_alias_of(bound: &Bound, alias: RelationId, id: RelationId) -> bool {
    matches!(
        bound.relation(alias).map(|relation| &relation.kind),
        Some(RelationKind::Alias { of, .. }) if *of == id
    )
}

/// Writes another qualifier before a table's columns, where there is one of at least so many parts.
fn requalify(
    bound: &Bound,
    text: &str,
    table: RelationId,
    parts: usize,
    qualifier: &str,
    edits: &mut Vec<Edit>,
) {
    let mut note = |id: ColumnId, at: std::ops::Range<usize>| {
        let of_table = walk::leaf_column(bound, id).is_some_and(|leaf| leaf.relation == table);
        let dots = dots(written(text, at.clone()));
        if let (true, Some(last)) = (of_table && dots.len() >= parts, dots.last()) {
            edits.push(Edit::replace(at.start..at.start + last, qualifier));
        }
    };
    walk::every_expression(bound, &mut |expr| {
        if let ExprKind::Column(id) = &expr.kind {
            note(*id, expr.at.clone());
        }
    });
    for relation in &bound.relations {
        if !matches!(relation.kind, RelationKind::Select(_)) {
            continue;
        }
        for column in &relation.columns {
            if let crate::bound::Value::Passed(id) = &column.value {
                note(
                    *id,
                    star_at(text, &column.at).unwrap_or_else(|| column.at.clone()),
                );
            }
        }
    }
}

/// Where the dots between the parts of a name are; none if the text is more than a name.
fn dots(text: &str) -> Vec<usize> {
    let mut quoted = false;
    let mut found = Vec::new();
    for (offset, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => found.push(offset),
            other if !(quoted || other.is_alphanumeric() || other == '_' || other == '*') => {
                return found;
            }
            _ => {}
        }
    }
    found
}
