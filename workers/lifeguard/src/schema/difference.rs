//! What a snapshot changes about the tables that are known.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use townlake_core::names::TableRef;
use townlake_core::pii::PiiClass;
use townlake_core::policy::model::TableState;
use townlake_protocol::lifeguard::reviews::ColumnDecision;
use townlake_protocol::snapshot::{Snapshot, TableKind};

/// Why a snapshot cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// The same table twice.
    #[error("the table `{0}` is there twice")]
    TableTwice(TableRef),
    /// The same column twice; names count in lower case.
    #[error("the column `{column}` of `{table}` is there twice")]
    ColumnTwice {
        /// The table.
        table: TableRef,
        /// The column.
        column: String,
    },
    /// A column without a name or type.
    #[error("a column of `{0}` has no name or no type")]
    ColumnEmpty(TableRef),
}

/// A table as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// A table or a view.
    pub kind: TableKind,
    /// The table's own comment.
    pub comment: Option<String>,
    /// Whether it is gone.
    pub dropped: bool,
    /// What is decided about it.
    pub state: TableState,
    /// All columns that it ever had, by name.
    pub columns: BTreeMap<String, ColumnRow>,
}

/// A column as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRow {
    /// Its type as Trino writes it.
    pub data_type: String,
    /// Its place, from 1.
    pub ordinal: u32,
    /// The column's own comment.
    pub comment: Option<String>,
    /// Whether it is gone.
    pub dropped: bool,
    /// What is decided about it.
    pub state: ColumnDecision,
    /// The class whose mask applies.
    pub class: Option<PiiClass>,
}

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Tables as they are now; their columns are listed apart.
    pub tables: Vec<(TableRef, TableRow)>,
    /// Columns as they are now.
    pub columns: Vec<(TableRef, String, ColumnRow)>,
    /// What fell back to pending.
    pub decisions: Vec<Reopened>,
}

/// A decision that no longer fits what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// The table.
    pub table: TableRef,
    /// The column; none if it is the table itself.
    pub column: Option<String>,
    /// The state before.
    pub previous_state: &'static str,
    /// The class before.
    pub previous_class: Option<PiiClass>,
    /// The type now.
    pub data_type: Option<String>,
    /// What happened.
    pub note: String,
}

/// What the snapshot changes. A snapshot is whole: what it does not mention is gone.
pub fn difference(
    known: &BTreeMap<TableRef, TableRow>,
    snapshot: &Snapshot,
) -> Result<Change, SnapshotError> {
    let mut change = Change::default();
    let mut seen = BTreeSet::new();
    for reported in &snapshot.tables {
        let table = &reported.table;
        if !seen.insert(table) {
            return Err(SnapshotError::TableTwice(table.clone()));
        }
        let before = known.get(table);
        let mut now = TableRow {
            kind: reported.kind,
            comment: reported.comment.clone(),
            dropped: reported.dropped,
            state: before.map_or(TableState::Pending, |before| before.state),
            columns: BTreeMap::new(),
        };
        if let Some(before) = before
            && before.kind != now.kind
            && now.state == TableState::Approved
        {
            now.state = TableState::Pending;
            change.decisions.push(Reopened {
                table: table.clone(),
                column: None,
                previous_state: table_state(before.state),
                previous_class: None,
                data_type: None,
                note: format!(
                    "it was a {} and is a {} now",
                    kind(before.kind),
                    kind(now.kind)
                ),
            });
        }
        let mut columns = BTreeSet::new();
        for reported in &reported.columns {
            let name = reported.name.to_lowercase();
            if name.is_empty() || reported.data_type.is_empty() {
                return Err(SnapshotError::ColumnEmpty(table.clone()));
            }
            let row = ColumnRow {
                data_type: reported.data_type.clone(),
                ordinal: reported.ordinal,
                comment: reported.comment.clone(),
                dropped: reported.dropped,
                state: ColumnDecision::Pending,
                class: None,
            };
            let before = before.and_then(|before| before.columns.get(&name));
            put_column(&mut change, table, &name, before, row);
            if !columns.insert(name.clone()) {
                return Err(SnapshotError::ColumnTwice {
                    table: table.clone(),
                    column: name,
                });
            }
        }
        let silent = before.into_iter().flat_map(|before| &before.columns);
        for (name, before) in silent.filter(|(name, _)| !columns.contains(*name)) {
            put_column(
                &mut change,
                table,
                name,
                Some(before),
                ColumnRow {
                    dropped: true,
                    ..before.clone()
                },
            );
        }
        if before.is_none_or(|before| !same_table(before, &now)) {
            change.tables.push((table.clone(), now));
        }
    }
    for (table, before) in known
        .iter()
        .filter(|(table, before)| !before.dropped && !seen.contains(table))
    {
        let now = TableRow {
            dropped: true,
            columns: BTreeMap::new(),
            ..before.clone()
        };
        change.tables.push((table.clone(), now));
    }
    Ok(change)
}

/// Notes a column if it is different from before; a decision about another type does not hold. One that closes
/// holds whatever the type.
fn put_column(
    change: &mut Change,
    table: &TableRef,
    name: &str,
    before: Option<&ColumnRow>,
    mut now: ColumnRow,
) {
    if let Some(before) = before {
        (now.state, now.class) = (before.state, before.class);
        let open = matches!(before.state, ColumnDecision::Clear | ColumnDecision::Masked);
        if open && before.data_type != now.data_type {
            (now.state, now.class) = (ColumnDecision::Pending, None);
            change.decisions.push(Reopened {
                table: table.clone(),
                column: Some(name.to_owned()),
                previous_state: column_state(before.state),
                previous_class: before.class,
                data_type: Some(now.data_type.clone()),
                note: format!(
                    "its type was `{}` and is `{}` now",
                    before.data_type, now.data_type
                ),
            });
        }
    }
    if before != Some(&now) {
        change.columns.push((table.clone(), name.to_owned(), now));
    }
}

fn same_table(before: &TableRow, now: &TableRow) -> bool {
    before.kind == now.kind
        && before.comment == now.comment
        && before.dropped == now.dropped
        && before.state == now.state
}

/// The word for a kind of table.
pub fn kind(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table => "table",
        TableKind::View => "view",
    }
}

/// The word for a table's state.
pub fn table_state(state: TableState) -> &'static str {
    match state {
        TableState::Pending => "pending",
        TableState::Approved => "approved",
        TableState::Denied => "denied",
    }
}

/// The word for a column's state.
pub fn column_state(state: ColumnDecision) -> &'static str {
    match state {
        ColumnDecision::Pending => "pending",
        ColumnDecision::Clear => "clear",
        ColumnDecision::Masked => "masked",
        ColumnDecision::Denied => "denied",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `kind [dropped]: name type [dropped], ...`, for one table `a.b.c`; none if it is empty.
    fn snapshot(text: &str) -> Snapshot {
        let tables = text.split_once(':').map(|(head, columns)| {
            let columns = columns.split(',').map(str::trim).filter(|column| !column.is_empty());
            serde_json::json!({
                "table": "a.b.c", "kind": head.split(' ').next(), "dropped": head.ends_with("dropped"),
                "columns": columns.enumerate().map(|(index, column)| {
                    let mut words = column.split(' ');
                    serde_json::json!({"name": words.next(), "type": words.next(), "ordinal": index + 1,
                        "dropped": words.next().is_some()})
                }).collect::<Vec<_>>(),
            })
        });
        let tables: Vec<_> = tables.into_iter().collect();
        serde_json::from_value(
            serde_json::json!({"taken_at": "2026-05-01T12:00:00Z", "tables": tables}),
        )
        .unwrap()
    }

    fn apply(known: &mut BTreeMap<TableRef, TableRow>, change: Change) {
        for (table, mut row) in change.tables {
            row.columns = known
                .get(&table)
                .map(|before| before.columns.clone())
                .unwrap_or_default();
            known.insert(table, row);
        }
        for (table, name, row) in change.columns {
            known.get_mut(&table).unwrap().columns.insert(name, row);
        }
    }

    fn reviewed(text: &str) -> BTreeMap<TableRef, TableRow> {
        let mut known = BTreeMap::new();
        apply(
            &mut known,
            difference(&BTreeMap::new(), &snapshot(text)).unwrap(),
        );
        for row in known.values_mut() {
            row.state = TableState::Approved;
            for (name, column) in &mut row.columns {
                (column.state, column.class) = match name.as_str() {
                    "secret" => (ColumnDecision::Denied, None),
                    "mail" => (ColumnDecision::Masked, Some(PiiClass::Email)),
                    _ => (ColumnDecision::Clear, None),
                };
            }
        }
        known
    }

    fn states(known: &BTreeMap<TableRef, TableRow>) -> String {
        known
            .values()
            .map(|row| {
                let columns = row.columns.iter().map(|(name, column)| {
                    let gone = if column.dropped { " gone" } else { "" };
                    format!("{name} {}{gone}", column_state(column.state))
                });
                let gone = if row.dropped { " gone" } else { "" };
                format!(
                    "{}{gone}: {}",
                    table_state(row.state),
                    columns.collect::<Vec<_>>().join(", ")
                )
            })
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn what_changed_is_pending_and_what_is_gone_stays_named() {
        for (before, after, wanted) in [
            ("table: id bigint", "table: id bigint", "approved: id clear"),
            (
                "table: id bigint",
                "table: id bigint, new bigint",
                "approved: id clear, new pending",
            ),
            (
                "table: id bigint",
                "table: id varchar",
                "approved: id pending",
            ),
            (
                "table: mail varchar(9)",
                "table: mail varchar(20)",
                "approved: mail pending",
            ),
            (
                "table: secret varchar",
                "table: secret bigint",
                "approved: secret denied",
            ),
            (
                "table: id bigint, a date",
                "table: id bigint",
                "approved: a clear gone, id clear",
            ),
            (
                "table: id bigint, a date",
                "table: id bigint, a date gone",
                "approved: a clear gone, id clear",
            ),
            (
                "table: id bigint",
                "table dropped: id bigint gone",
                "approved gone: id clear gone",
            ),
            ("table: id bigint", "", "approved gone: id clear"),
            ("table: id bigint", "view: id bigint", "pending: id clear"),
            ("table: id bigint", "table: ID bigint", "approved: id clear"),
        ] {
            let mut known = reviewed(before);
            let change = difference(&known, &snapshot(after)).unwrap();
            apply(&mut known, change);
            assert_eq!(states(&known), wanted, "{before} -> {after}");
        }
    }

    #[test]
    fn a_review_holds_when_the_same_comes_back() {
        let mut known = reviewed("table: id bigint, mail varchar");
        let whole = known.clone();
        for step in ["", "table: id bigint, mail varchar"] {
            let change = difference(&known, &snapshot(step)).unwrap();
            apply(&mut known, change);
        }
        assert_eq!(known, whole);
        for step in [
            "table: id varchar, mail varchar",
            "table: id bigint, mail varchar",
        ] {
            let change = difference(&known, &snapshot(step)).unwrap();
            apply(&mut known, change);
        }
        assert_eq!(
            states(&known),
            "approved: id pending, mail masked",
            "what was something else in between"
        );
    }

    #[test]
    fn the_same_snapshot_again_changes_nothing() {
        let known = reviewed("table: id bigint, mail varchar");
        assert_eq!(
            difference(&known, &snapshot("table: id bigint, mail varchar")).unwrap(),
            Change::default()
        );
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        for text in [
            "table: id bigint, id varchar",
            "table: id bigint, ID bigint",
        ] {
            let found = difference(&BTreeMap::new(), &snapshot(text));
            assert!(
                matches!(found, Err(SnapshotError::ColumnTwice { .. })),
                "{text}"
            );
        }
        let mut twice = snapshot("table: id bigint");
        twice.tables.extend(twice.tables.clone());
        assert!(matches!(
            difference(&BTreeMap::new(), &twice),
            Err(SnapshotError::TableTwice(_))
        ));
    }
}
