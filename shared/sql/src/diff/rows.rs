//! Whether two versions have the same rows, and if not, what makes them others.

use crate::lineage::{GrainPart, JoinUse, Rows};

/// What becomes of a model's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// A condition is new.
    FilterAdded(String),
    /// A condition is gone.
    FilterRemoved(String),
    /// A join is new.
    JoinAdded(String),
    /// A join is gone.
    JoinRemoved(String),
    /// A table is read that was not read before.
    TableAdded(String),
    /// A table is no longer read.
    TableRemoved(String),
    /// One row is something else.
    Grain {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// They are made in another way: both in one spelling.
    Other {
        /// How they were made.
        from: String,
        /// How they are made.
        to: String,
    },
}

/// What makes the rows others, if they are.
pub(super) fn changes(old: &Rows, new: &Rows) -> Vec<RowChange> {
    if old.text == new.text {
        return Vec::new();
    }
    let mut changes = Vec::new();
    let (removed, added) = apart(&old.tables, &new.tables);
    changes.extend(added.into_iter().map(RowChange::TableAdded));
    changes.extend(removed.into_iter().map(RowChange::TableRemoved));
    let joins = |rows: &Rows| rows.joins.iter().map(join_text).collect::<Vec<_>>();
    let (removed, added) = apart(&joins(old), &joins(new));
    changes.extend(added.into_iter().map(RowChange::JoinAdded));
    changes.extend(removed.into_iter().map(RowChange::JoinRemoved));
    let (removed, added) = apart(&old.filters, &new.filters);
    changes.extend(added.into_iter().map(RowChange::FilterAdded));
    changes.extend(removed.into_iter().map(RowChange::FilterRemoved));
    if old.grain != new.grain {
        changes.push(RowChange::Grain {
            from: grain_text(&old.grain),
            to: grain_text(&new.grain),
        });
    }
    if changes.is_empty() {
        changes.push(RowChange::Other {
            from: old.text.clone(),
            to: new.text.clone(),
        });
    }
    changes
}

/// What only the first list has, and what only the second has.
fn apart(old: &[String], new: &[String]) -> (Vec<String>, Vec<String>) {
    let mut removed = old.to_vec();
    let mut added = Vec::new();
    for text in new {
        match removed.iter().position(|other| other == text) {
            Some(position) => {
                removed.remove(position);
            }
            None => added.push(text.clone()),
        }
    }
    (removed, added)
}

fn join_text(join: &JoinUse) -> String {
    let mut conditions: Vec<String> = join
        .keys
        .iter()
        .map(|(left, right)| format!("{left} = {right}"))
        .collect();
    conditions.extend(join.conditions.iter().cloned());
    let (left, right) = (join.left.join(", "), join.right.join(", "));
    if conditions.is_empty() {
        return format!("{left} {} join {right}", join.kind);
    }
    format!(
        "{left} {} join {right} on {}",
        join.kind,
        conditions.join(" and ")
    )
}

/// What one row is, in words.
pub fn grain_text(grain: &[GrainPart]) -> String {
    let parts: Vec<String> = grain
        .iter()
        .map(|part| match part {
            GrainPart::Row(table) => format!("a row of {table}"),
            GrainPart::Keys(keys) => format!("a combination of {}", keys.join(", ")),
            GrainPart::Sets(sets) => {
                let sets: Vec<String> = sets
                    .iter()
                    .map(|set| format!("({})", set.join(", ")))
                    .collect();
                format!("a combination for each of {}", sets.join(", "))
            }
            GrainPart::Distinct(columns) => format!("a different {}", columns.join(", ")),
            GrainPart::Unknown => "unknown".to_owned(),
        })
        .collect();
    if parts.is_empty() {
        "the only one".to_owned()
    } else {
        parts.join(" with ")
    }
}
