//! The last look at each column, and what Lifeguard still has to be told.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::json;
use townlake_core::names::TableRef;
use townlake_core::pii::{Evidence, PiiClass};
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, params};
use townlake_protocol::skimmer::{ColumnProposal, TableProposals};

/// What became of asking the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// No model is bound.
    Unbound,
    /// It answered.
    Answered,
    /// It failed.
    Failed,
}

impl ModelState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::Answered => "answered",
            Self::Failed => "failed",
        }
    }
}

/// A look at a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// The column.
    pub column: String,
    /// The type it had.
    pub data_type: String,
    /// The class, if one seems to fit.
    pub class: Option<PiiClass>,
    /// How sure, from 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Which detectors looked.
    pub detector_version: u32,
    /// Whether values were seen, or none were needed.
    pub sampled: bool,
    /// What became of asking the model.
    pub model: ModelState,
}

/// What decides whether a column is looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The type it had.
    pub data_type: String,
    /// Which detectors looked.
    pub detector_version: u32,
    /// Whether values were seen, or none were needed.
    pub sampled: bool,
    /// What became of asking the model.
    pub model: ModelState,
    /// How often the model has failed in a row.
    pub model_failures: u32,
    /// When.
    pub looked_at: Timestamp,
}

/// All last looks, by table and column.
pub async fn looks(db: &Database) -> Result<HashMap<(TableRef, String), Look>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        table_name: TableRef,
        column_name: String,
        data_type: String,
        detector_version: u32,
        sampled: i64,
        model: ModelState,
        model_failures: u32,
        looked_at: i64,
    }
    let sql = "SELECT table_name, column_name, data_type, detector_version, sampled, model, model_failures, looked_at \
               FROM classifications";
    let rows: Vec<Row> = db.all(sql, params![]).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let look = Look {
                data_type: row.data_type,
                detector_version: row.detector_version,
                sampled: row.sampled != 0,
                model: row.model,
                model_failures: row.model_failures,
                looked_at: Timestamp::from_millis(row.looked_at),
            };
            ((row.table_name, row.column_name), look)
        })
        .collect())
}

/// Stores looks at columns of a table; Lifeguard is to be told of them.
pub async fn store(
    db: &Database,
    table: &TableRef,
    classifications: &[Classification],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let rows: Vec<_> = classifications
        .iter()
        .map(|look| {
            json!([
                look.column,
                look.data_type,
                look.class,
                look.confidence,
                json!(look.evidence).to_string(),
                look.detector_version,
                i64::from(look.sampled),
                look.model.as_str(),
            ])
        })
        .collect();
    let sql = "INSERT INTO classifications (table_name, column_name, data_type, class, confidence, evidence, \
         detector_version, sampled, model, model_failures, looked_at, sent_at) \
         SELECT ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
         iif(value ->> 7 = 'failed', 1, 0), ?3, NULL FROM json_each(?1) WHERE true \
         ON CONFLICT (table_name, column_name) DO UPDATE SET data_type = excluded.data_type, class = excluded.class, \
         confidence = excluded.confidence, evidence = excluded.evidence, detector_version = excluded.detector_version, \
         sampled = excluded.sampled, model = excluded.model, \
         model_failures = iif(excluded.model = 'failed', classifications.model_failures + 1, 0), \
         looked_at = excluded.looked_at, sent_at = NULL";
    db.run(
        sql,
        params![json!(rows).to_string(), table.to_string(), now],
    )
    .await?;
    Ok(())
}

/// Looks that Lifeguard has not taken yet, of at most `limit` columns.
pub async fn unsent(db: &Database, limit: u32) -> Result<Vec<TableProposals>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        table_name: TableRef,
        column_name: String,
        class: Option<PiiClass>,
        confidence: f64,
        evidence: String,
        detector_version: u32,
    }
    let sql = "SELECT table_name, column_name, class, confidence, evidence, detector_version FROM classifications \
               WHERE sent_at IS NULL ORDER BY table_name, column_name LIMIT ?1";
    let rows: Vec<Row> = db.all(sql, params![limit]).await?;
    let mut tables: BTreeMap<TableRef, Vec<ColumnProposal>> = BTreeMap::new();
    for row in rows {
        let evidence = serde_json::from_str(&row.evidence)
            .map_err(|error| DatabaseError::Shape(format!("evidence: {error}")))?;
        tables
            .entry(row.table_name)
            .or_default()
            .push(ColumnProposal {
                name: row.column_name,
                class: row.class,
                confidence: row.confidence,
                evidence,
                detector_version: row.detector_version,
            });
    }
    Ok(tables
        .into_iter()
        .map(|(table, columns)| TableProposals { table, columns })
        .collect())
}

/// Notes that Lifeguard has taken these. A look that was renewed since then stays unsent.
pub async fn sent(
    db: &Database,
    proposals: &[TableProposals],
    read_at: Timestamp,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let names: Vec<_> = proposals
        .iter()
        .flat_map(|table| {
            table
                .columns
                .iter()
                .map(|column| json!([table.table, column.name]))
        })
        .collect();
    let sql = "UPDATE classifications SET sent_at = ?2 WHERE looked_at <= ?3 AND sent_at IS NULL AND EXISTS \
               (SELECT 1 FROM json_each(?1) WHERE value ->> 0 = table_name AND value ->> 1 = column_name)";
    db.run(sql, params![json!(names).to_string(), now, read_at])
        .await?;
    Ok(())
}
