//! The catalog's SQL, each statement beside the function that needs it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use townlake_core::catalog::rank::Field;
use townlake_core::catalog::words::{Term, quoted};
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_protocol::snapshot::SnapshotTable;

use crate::snapshot::kind;

/// How much a find by the beginning of a word counts.
const PREFIX_STRENGTH: f64 = 0.5;
/// And one by another spelling.
const ALTERNATIVE_STRENGTH: f64 = 0.6;
/// Shorter words are not looked up by their beginning: too much begins with them.
const MIN_PREFIX: usize = 3;

/// One dataset's row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DatasetRow {
    /// `catalog.schema.table`.
    pub name: String,
    /// `table` or `view`.
    pub kind: String,
    /// The table's own comment.
    pub comment: String,
    /// Milliseconds since 1970.
    pub seen_at: i64,
}

/// One column's row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ColumnRow {
    /// Its dataset.
    pub dataset: String,
    /// Its name.
    pub name: String,
    /// Trino's text.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The column's own comment.
    pub comment: String,
}

/// One find in the index, before anything is filtered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Found {
    /// The question's term, by position.
    pub term: usize,
    /// How well it fits.
    pub strength: f64,
    /// The dataset's name.
    pub dataset: String,
    /// The column that the text belongs to, if it is one's.
    pub column_name: Option<String>,
    /// Where it was found.
    pub field: Field,
}

/// When the stored snapshot was taken.
pub async fn newest(db: &Database) -> Result<Option<Timestamp>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        newest: Option<i64>,
    }
    let row: Option<Row> = db
        .first("SELECT max(seen_at) AS newest FROM datasets", params![])
        .await?;
    Ok(row.and_then(|row| row.newest).map(Timestamp::from_millis))
}

/// Each dataset's digest, by name.
pub async fn digests(db: &Database) -> Result<BTreeMap<String, String>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        digest: String,
    }
    let rows: Vec<Row> = db
        .all("SELECT name, digest FROM datasets", params![])
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.digest)).collect())
}

/// Statements that put a dataset with its columns and texts in the place of what was there.
pub fn replace(
    table: &SnapshotTable,
    digest: &str,
    taken_at: Timestamp,
    columns: &Value,
    entries: &Value,
) -> Vec<Statement> {
    let name = table.table.to_string();
    let of_dataset = "dataset_id = (SELECT id FROM datasets WHERE name = ?1)";
    vec![
        Statement::new(
            "INSERT INTO datasets (name, kind, comment, dropped, digest, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, comment = excluded.comment, \
             dropped = excluded.dropped, digest = excluded.digest, seen_at = excluded.seen_at",
            params![
                name.as_str(),
                kind(table),
                table.comment.as_deref().unwrap_or_default(),
                table.dropped,
                digest,
                taken_at
            ],
        ),
        Statement::new(
            format!("DELETE FROM dataset_columns WHERE {of_dataset}"),
            params![name.as_str()],
        ),
        Statement::new(
            "INSERT INTO dataset_columns (dataset_id, name, ordinal, type, comment) \
             SELECT datasets.id, json_extract(item.value, '$.name'), json_extract(item.value, '$.ordinal'), \
             json_extract(item.value, '$.type'), json_extract(item.value, '$.comment') \
             FROM datasets, json_each(?2) AS item WHERE datasets.name = ?1",
            params![name.as_str(), columns.to_string()],
        ),
        Statement::new(
            format!("DELETE FROM entries WHERE {of_dataset}"),
            params![name.as_str()],
        ),
        Statement::new(
            "INSERT INTO entries (dataset_id, column_name, field, text) \
             SELECT datasets.id, json_extract(item.value, '$.column'), json_extract(item.value, '$.field'), \
             json_extract(item.value, '$.text') \
             FROM datasets, json_each(?2) AS item WHERE datasets.name = ?1",
            params![name.as_str(), entries.to_string()],
        ),
    ]
}

/// Statements that end a snapshot: what it does not name was never there, and all of it was seen now.
pub fn settle(names: &str, taken_at: Timestamp) -> Vec<Statement> {
    vec![
        Statement::new(
            "DELETE FROM datasets WHERE name NOT IN (SELECT value FROM json_each(?1))",
            params![names],
        ),
        Statement::new("UPDATE datasets SET seen_at = ?1", params![taken_at]),
    ]
}

/// Everything in which one of the terms occurs, hidden columns included.
pub async fn find(db: &Database, terms: &[Term]) -> Result<Vec<Found>, DatabaseError> {
    let patterns: Value = terms
        .iter()
        .enumerate()
        .flat_map(|(position, term)| patterns(position, term))
        .collect();
    // CROSS JOIN keeps SQLite from putting the index before the patterns, without which MATCH has nothing to match.
    db.all(
        "SELECT json_extract(pattern.value, '$.term') AS term, \
         json_extract(pattern.value, '$.strength') AS strength, \
         datasets.name AS dataset, entries.column_name, entries.field \
         FROM json_each(?1) AS pattern \
         CROSS JOIN entries_fts \
         JOIN entries ON entries.id = entries_fts.rowid \
         JOIN datasets ON datasets.id = entries.dataset_id \
         WHERE entries_fts MATCH json_extract(pattern.value, '$.match') AND datasets.dropped = 0",
        params![patterns.to_string()],
    )
    .await
}

/// The datasets of these names (a JSON array), in order of name; all of them without names.
pub async fn datasets(
    db: &Database,
    names: Option<&[String]>,
) -> Result<Vec<DatasetRow>, DatabaseError> {
    let names = names.map(|names| json!(names).to_string());
    db.all(
        "SELECT name, kind, comment, seen_at FROM datasets \
         WHERE dropped = 0 AND (?1 IS NULL OR name IN (SELECT value FROM json_each(?1))) ORDER BY name",
        params![names],
    )
    .await
}

/// The columns of the datasets of these names, in order within each.
pub async fn columns(db: &Database, names: &[String]) -> Result<Vec<ColumnRow>, DatabaseError> {
    db.all(
        "SELECT datasets.name AS dataset, dataset_columns.name, dataset_columns.type, dataset_columns.comment \
         FROM datasets JOIN dataset_columns ON dataset_columns.dataset_id = datasets.id \
         WHERE datasets.name IN (SELECT value FROM json_each(?1)) \
         ORDER BY datasets.name, dataset_columns.ordinal",
        params![json!(names).to_string()],
    )
    .await
}

fn patterns(position: usize, term: &Term) -> Vec<Value> {
    let pattern = |text: String, strength: f64| json!({ "term": position, "match": text, "strength": strength });
    let mut patterns = vec![pattern(quoted(&term.word), 1.0)];
    if term.word.chars().count() >= MIN_PREFIX {
        patterns.push(pattern(format!("{}*", quoted(&term.word)), PREFIX_STRENGTH));
    }
    patterns.extend(
        term.alternatives
            .iter()
            .map(|word| pattern(quoted(word), ALTERNATIVE_STRENGTH)),
    );
    patterns
}
