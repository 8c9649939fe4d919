//! Two versions of a model: which columns mean something else now, which only moved or have a new name, and whether
//! the rows changed. Line breaks, aliases, and queries moved into CTEs or out of them change nothing.
//!
//! Both sides are compared by their lineage. The order of rows without a limit is not a row's meaning and not compared.

mod order;
mod rows;

use std::collections::HashMap;

use crate::bound::{Bound, Known};
use crate::lineage::{Canon, Lineage, Output, Part, Sources, lineage, output_texts};

pub use rows::{RowChange, grain_text};

/// What a new version of a model changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// What becomes of the columns, those of the new version in their order, then those that are gone.
    pub columns: Vec<ColumnChange>,
    /// What becomes of the rows.
    pub rows: Vec<RowChange>,
    /// The table written, old and new, if it is another.
    pub writes: Option<(Vec<String>, Vec<String>)>,
    /// Why there may be more: something that was not followed on either side.
    pub uncertain: Vec<String>,
}

/// What becomes of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnChange {
    /// It is new.
    Added {
        /// Its name.
        name: String,
    },
    /// It is gone.
    Removed {
        /// Its name.
        name: String,
    },
    /// The same under another name.
    Renamed {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// The same in another place.
    Moved {
        /// Its name.
        name: String,
        /// Its old position, from 1.
        from: usize,
        /// Its new one.
        to: usize,
    },
    /// Its value is computed otherwise, or from something else.
    Value {
        /// Its name.
        name: String,
        /// The old expression.
        from: String,
        /// The new one.
        to: String,
    },
    /// The same values are chosen by other conditions.
    Conditions {
        /// Its name.
        name: String,
        /// The old expression.
        from: String,
        /// The new one.
        to: String,
    },
    /// Its type is another.
    Type {
        /// Its name.
        name: String,
        /// The old type.
        from: String,
        /// The new one.
        to: String,
    },
}

impl Diff {
    /// Whether anything at all is different.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.rows.is_empty() && self.writes.is_none()
    }

    /// Whether what is read from the model may be different: more than names and places of columns.
    pub fn changes_meaning(&self) -> bool {
        let harmless = |change: &ColumnChange| matches!(change, ColumnChange::Moved { .. });
        !self.rows.is_empty() || self.writes.is_some() || !self.columns.iter().all(harmless)
    }
}

/// An output column as it is compared.
struct Side<'l> {
    output: &'l Output,
    /// Its expression with a `?` for each condition.
    values: String,
}

/// What the new version changes.
pub fn diff(old: &Bound, new: &Bound) -> Diff {
    let (old_lineage, new_lineage) = (lineage(old), lineage(new));
    let old_sides = sides(old, &old_lineage);
    let new_sides = sides(new, &new_lineage);
    let pairs = matches(&old_sides, &new_sides);
    let mut columns = Vec::new();
    let kept: Vec<usize> = pairs.iter().flatten().copied().collect();
    let in_place = order::longest_rising(&kept);
    for (position, (side, pair)) in new_sides.iter().zip(&pairs).enumerate() {
        let Some((from, before)) = pair.and_then(|from| Some((from, old_sides.get(from)?))) else {
            columns.push(ColumnChange::Added { name: name(side) });
            continue;
        };
        if before.output.name != side.output.name {
            columns.push(ColumnChange::Renamed {
                from: name(before),
                to: name(side),
            });
        }
        if !in_place.contains(&from) {
            columns.push(ColumnChange::Moved {
                name: name(side),
                from: from + 1,
                to: position + 1,
            });
        }
        compare(before, side, &mut columns);
    }
    for (position, side) in old_sides.iter().enumerate() {
        if !kept.contains(&position) {
            columns.push(ColumnChange::Removed { name: name(side) });
        }
    }
    let writes = (old_lineage.writes != new_lineage.writes)
        .then(|| (old_lineage.writes.clone(), new_lineage.writes.clone()));
    Diff {
        columns,
        rows: rows::changes(&old_lineage.rows, &new_lineage.rows),
        writes,
        uncertain: uncertain(&old_lineage, &new_lineage),
    }
}

fn sides<'l>(bound: &Bound, lineage: &'l Lineage) -> Vec<Side<'l>> {
    let sources = Sources::of(bound);
    let canon = Canon::of(bound, &sources, Part::Values);
    let texts = output_texts(&canon);
    let pairs = lineage.outputs.iter().zip(texts);
    pairs
        .map(|(output, values)| Side { output, values })
        .collect()
}

fn name(side: &Side<'_>) -> String {
    side.output
        .name
        .clone()
        .unwrap_or_else(|| side.output.expression.clone())
}

/// For each new column the old one that it was: the one of its name, else one that is computed the same.
fn matches(old: &[Side<'_>], new: &[Side<'_>]) -> Vec<Option<usize>> {
    let mut by_name: HashMap<&Option<String>, Vec<usize>> = HashMap::new();
    for (position, side) in old.iter().enumerate().rev() {
        by_name.entry(&side.output.name).or_default().push(position);
    }
    let mut pairs: Vec<Option<usize>> = new
        .iter()
        .map(|side| match side.output.name {
            Some(_) => by_name.get_mut(&side.output.name)?.pop(),
            None => None,
        })
        .collect();
    let taken: Vec<usize> = pairs.iter().flatten().copied().collect();
    let mut by_expression: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, side) in old.iter().enumerate().rev() {
        if !taken.contains(&position) {
            by_expression
                .entry(&side.output.expression)
                .or_default()
                .push(position);
        }
    }
    for (side, pair) in new.iter().zip(&mut pairs) {
        if pair.is_none() {
            *pair = by_expression
                .get_mut(side.output.expression.as_str())
                .and_then(Vec::pop);
        }
    }
    pairs
}

fn compare(before: &Side<'_>, after: &Side<'_>, columns: &mut Vec<ColumnChange>) {
    let (name, from, to) = (
        name(after),
        before.output.expression.clone(),
        after.output.expression.clone(),
    );
    if from != to {
        columns.push(if before.values == after.values {
            ColumnChange::Conditions { name, from, to }
        } else {
            ColumnChange::Value { name, from, to }
        });
    }
    if let (Known::Known(from), Known::Known(to)) = (&before.output.ty, &after.output.ty)
        && from != to
    {
        columns.push(ColumnChange::Type {
            name: self::name(after),
            from: from.to_string(),
            to: to.to_string(),
        });
    }
}

fn uncertain(old: &Lineage, new: &Lineage) -> Vec<String> {
    let mut reasons: Vec<String> = [("old", old), ("new", new)]
        .into_iter()
        .flat_map(|(version, lineage)| {
            let unknown = lineage.unknown.iter();
            unknown.map(move |unknown| {
                format!("the {version} version: it is not known {}", unknown.what)
            })
        })
        .collect();
    reasons.dedup();
    reasons
}
