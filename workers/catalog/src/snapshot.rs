//! Takes in Skimmer's schema snapshot. Repeating it changes nothing.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use townlake_core::catalog::{about, words};
use townlake_kit::db::{Database, DatabaseError};
use townlake_protocol::snapshot::{Snapshot, SnapshotTable, TableKind};

use crate::store;

/// Datasets written in one transaction. Each is a handful of statements, so a batch stays far below D1's limits.
const DATASETS_PER_BATCH: usize = 20;

/// Stores the snapshot and says how many datasets changed. One that is older than what is stored changes nothing.
pub async fn store(db: &Database, snapshot: &Snapshot) -> Result<usize, DatabaseError> {
    if store::newest(db)
        .await?
        .is_some_and(|newest| snapshot.taken_at < newest)
    {
        return Ok(0);
    }
    let known = store::digests(db).await?;
    let mut changed = 0;
    for tables in snapshot.tables.chunks(DATASETS_PER_BATCH) {
        let mut statements = Vec::new();
        for table in tables {
            let digest = digest(table);
            if known.get(&table.table.to_string()) != Some(&digest) {
                statements.extend(store::replace(
                    table,
                    &digest,
                    snapshot.taken_at,
                    &columns(table),
                    &entries(table),
                ));
                changed += 1;
            }
        }
        if !statements.is_empty() {
            db.batch(statements).await?;
        }
    }
    let names: Vec<String> = snapshot
        .tables
        .iter()
        .map(|table| table.table.to_string())
        .collect();
    db.batch(store::settle(&json!(names).to_string(), snapshot.taken_at))
        .await?;
    Ok(changed)
}

/// The table's kind as text.
pub fn kind(table: &SnapshotTable) -> &'static str {
    match table.kind {
        TableKind::Table => "table",
        TableKind::View => "view",
    }
}

fn digest(table: &SnapshotTable) -> String {
    // A snapshot's table always serialises; were it not to, the empty digest would only cost a write.
    hex::encode(Sha256::digest(
        serde_json::to_vec(table).unwrap_or_default(),
    ))
}

fn columns(table: &SnapshotTable) -> Value {
    table
        .columns
        .iter()
        .filter(|column| !column.dropped)
        .map(|column| {
            json!({
                "name": column.name.to_lowercase(),
                "ordinal": column.ordinal,
                "type": column.data_type,
                "comment": column.comment.as_deref().unwrap_or_default(),
            })
        })
        .collect()
}

/// The texts that search looks in. What a caller may not know of is filtered out when it is found.
fn entries(table: &SnapshotTable) -> Value {
    let name = &table.table;
    let path = format!(
        "{} {}",
        words::index_text(&name.catalog),
        words::index_text(&name.schema)
    );
    let description = about::parse(table.comment.as_deref().unwrap_or_default()).description;
    let mut entries = vec![
        json!({ "field": "name", "text": words::index_text(&name.table) }),
        json!({ "field": "path", "text": path }),
        json!({ "field": "description", "text": description }),
    ];
    for column in table.columns.iter().filter(|column| !column.dropped) {
        let name = column.name.to_lowercase();
        entries.push(
            json!({ "column": name, "field": "column", "text": words::index_text(&column.name) }),
        );
        if let Some(comment) = column
            .comment
            .as_ref()
            .filter(|comment| !comment.is_empty())
        {
            entries.push(json!({ "column": name, "field": "column_comment", "text": comment }));
        }
    }
    Value::Array(entries)
}
