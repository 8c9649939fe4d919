//! Which tables and columns exist, as Skimmer sees them: the one source of that for Lifeguard and the catalog.

use serde::{Deserialize, Serialize};
use townlake_core::names::TableRef;
use townlake_core::time::Timestamp;

/// All tables that the engine shows Skimmer, and those that were there once.
///
/// A snapshot is whole: a table that it does not mention was never seen. It is sent only after every catalog
/// answered, so that an engine that is half down does not make tables look dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When the engine was asked. Receivers keep the newest and ignore what comes late.
    pub taken_at: Timestamp,
    /// The tables, by name.
    pub tables: Vec<SnapshotTable>,
}

/// One table or view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotTable {
    /// Its full name.
    pub table: TableRef,
    /// What it is.
    pub kind: TableKind,
    /// What the source says it is. Ends in how exact and how fresh it is, e.g. `One row per account. [exact, daily]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether it was there once and is no more.
    #[serde(default)]
    pub dropped: bool,
    /// Its columns in order, the dropped ones last.
    pub columns: Vec<SnapshotColumn>,
}

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// Stored rows.
    Table,
    /// A stored query.
    View,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotColumn {
    /// Its name, as the engine writes it.
    pub name: String,
    /// Its type in Trino's words, e.g. `varchar(24)`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Its place in the table, from 1.
    pub ordinal: u32,
    /// What the source says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether it was there once and is no more. Its name stays closed.
    #[serde(default)]
    pub dropped: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_absent_and_living() {
        let snapshot: Snapshot = serde_json::from_str(
            r#"{"taken_at":"2026-05-01T12:00:00Z","tables":[{"table":"lake.dim.accounts","kind":"table",
                "columns":[{"name":"id","type":"bigint","ordinal":1}]}]}"#,
        )
        .unwrap();
        let table = snapshot.tables.first().unwrap();
        assert!(
            !table.dropped && table.comment.is_none() && !table.columns.first().unwrap().dropped
        );
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    }
}
