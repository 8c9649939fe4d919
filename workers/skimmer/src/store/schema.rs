//! Tables and columns that were ever seen.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use townlake_core::names::TableRef;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_protocol::snapshot::{Snapshot, SnapshotColumn, SnapshotTable, TableKind};

/// Rows that one statement takes as a JSON parameter: D1 allows 2 MB a value.
const ROWS_AT_ONCE: usize = 2000;

/// All that was ever seen, tombstones included, by name.
pub async fn load(db: &Database) -> Result<Vec<SnapshotTable>, DatabaseError> {
    #[derive(Deserialize)]
    struct TableRow {
        name: TableRef,
        kind: TableKind,
        comment: Option<String>,
        dropped: i64,
    }
    #[derive(Deserialize)]
    struct ColumnRow {
        table_name: TableRef,
        name: String,
        data_type: String,
        ordinal: u32,
        comment: Option<String>,
        dropped: i64,
    }
    let tables = "SELECT name, kind, comment, dropped_at IS NOT NULL AS dropped FROM tables";
    let columns = "SELECT table_name, name, data_type, ordinal, comment, dropped_at IS NOT NULL AS dropped \
                   FROM columns ORDER BY table_name, dropped_at IS NOT NULL, ordinal, name";
    let mut known: BTreeMap<TableRef, SnapshotTable> = BTreeMap::new();
    for row in db.all::<TableRow>(tables, params![]).await? {
        let (kind, comment, dropped) = (row.kind, row.comment, row.dropped != 0);
        known.insert(
            row.name.clone(),
            SnapshotTable {
                table: row.name,
                kind,
                comment,
                dropped,
                columns: Vec::new(),
            },
        );
    }
    for row in db.all::<ColumnRow>(columns, params![]).await? {
        if let Some(table) = known.get_mut(&row.table_name) {
            table.columns.push(SnapshotColumn {
                name: row.name,
                data_type: row.data_type,
                ordinal: row.ordinal,
                comment: row.comment,
                dropped: row.dropped != 0,
            });
        }
    }
    Ok(known.into_values().collect())
}

/// Remembers a snapshot, all or nothing. What did not change keeps when it was first seen or first missed.
pub async fn store(db: &Database, snapshot: &Snapshot) -> Result<(), DatabaseError> {
    let now = snapshot.taken_at;
    let tables: Vec<_> = snapshot
        .tables
        .iter()
        .map(|table| json!([table.table, table.kind, table.comment, table.dropped]))
        .collect();
    let columns: Vec<_> = snapshot
        .tables
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|column| {
                json!([
                    table.table,
                    column.name,
                    column.data_type,
                    column.ordinal,
                    column.comment,
                    column.dropped
                ])
            })
        })
        .collect();
    let table_sql = "INSERT INTO tables (name, kind, comment, first_seen_at, dropped_at) \
         SELECT value ->> 0, value ->> 1, value ->> 2, ?2, iif(value ->> 3, ?2, NULL) FROM json_each(?1) WHERE true \
         ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, comment = excluded.comment, \
         dropped_at = iif(excluded.dropped_at IS NULL, NULL, coalesce(tables.dropped_at, excluded.dropped_at))";
    let column_sql = "INSERT INTO columns (table_name, name, data_type, ordinal, comment, first_seen_at, dropped_at) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2, iif(value ->> 5, ?2, NULL) \
         FROM json_each(?1) WHERE true \
         ON CONFLICT (table_name, name) DO UPDATE SET data_type = excluded.data_type, ordinal = excluded.ordinal, \
         comment = excluded.comment, \
         dropped_at = iif(excluded.dropped_at IS NULL, NULL, coalesce(columns.dropped_at, excluded.dropped_at))";
    let mut statements = Vec::new();
    for (sql, rows) in [(table_sql, &tables), (column_sql, &columns)] {
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            statements.push(Statement::new(sql, params![json!(chunk).to_string(), now]));
        }
    }
    if statements.is_empty() {
        Ok(())
    } else {
        db.batch(statements).await
    }
}
