//! What there is to review.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Deserialize;
use townlake_core::names::{TableRef, UserName};
use townlake_core::pii::{Evidence, PiiClass};
use townlake_core::policy::model::{TableKind, TableState};
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Value, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::reviews::{
    ColumnDecision, ReviewColumn, ReviewList, ReviewProposal, ReviewTable,
};

use crate::app::App;
use crate::authorize::standing;
use crate::input::{Parameters, optional_json_column, optional_moment_column};

/// Which tables to list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct ReviewQuery {
    #[serde(default)]
    state: Which,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    /// Tables that wait for a decision, in whole or in part.
    #[default]
    Pending,
    /// All.
    All,
}

/// `GET /api/reviews?state=pending|all`
pub async fn list(
    State(app): State<App>,
    peer: Peer,
    Parameters(ReviewQuery { state }): Parameters<ReviewQuery>,
) -> Result<Json<ReviewList>, Failure> {
    standing(&app, &peer)
        .await?
        .require_reviewer(&app, "the list of reviews")?;
    let mut tables: Vec<ReviewTable> = tables(&app.db, "?1 IS NULL", Value::Null)
        .await?
        .into_values()
        .collect();
    if state == Which::Pending {
        tables.retain(waits);
    }
    Ok(Json(ReviewList { tables }))
}

/// The tables that a JSON array names, those that exist.
pub async fn tables_named(
    db: &Database,
    names: &str,
) -> Result<BTreeMap<TableRef, ReviewTable>, DatabaseError> {
    tables(
        db,
        "tables.name IN (SELECT value FROM json_each(?1))",
        names.into(),
    )
    .await
}

/// The sum of these tables' revisions: the same as long as nothing about them changes.
pub async fn revisions(db: &Database, names: &str) -> Result<u64, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        revisions: u64,
    }
    let sql = "SELECT coalesce(sum(revision), 0) AS revisions FROM tables \
               WHERE name IN (SELECT value FROM json_each(?1))";
    let row: Option<Row> = db.first(sql, params![names]).await?;
    Ok(row.map_or(0, |row| row.revisions))
}

/// Whether somebody has to decide: about the table, or about columns of a table that is open.
fn waits(table: &ReviewTable) -> bool {
    match table.state {
        TableState::Pending => true,
        TableState::Approved => table
            .columns
            .iter()
            .any(|column| column.state == ColumnDecision::Pending),
        TableState::Denied => false,
    }
}

async fn tables(
    db: &Database,
    condition: &str,
    value: Value,
) -> Result<BTreeMap<TableRef, ReviewTable>, DatabaseError> {
    #[derive(Deserialize)]
    struct Table {
        name: TableRef,
        kind: TableKind,
        comment: Option<String>,
        state: TableState,
        decided_by: Option<UserName>,
        #[serde(deserialize_with = "optional_moment_column")]
        decided_at: Option<Timestamp>,
    }
    #[derive(Deserialize)]
    struct Column {
        table_name: TableRef,
        name: String,
        #[serde(rename = "type")]
        data_type: String,
        comment: Option<String>,
        state: ColumnDecision,
        class: Option<PiiClass>,
        decided_by: Option<UserName>,
        #[serde(deserialize_with = "optional_moment_column")]
        decided_at: Option<Timestamp>,
        proposed_class: Option<PiiClass>,
        confidence: Option<f64>,
        #[serde(deserialize_with = "optional_json_column")]
        evidence: Option<Vec<Evidence>>,
    }
    let sql = format!(
        "SELECT name, kind, comment, state, decided_by, decided_at FROM tables WHERE dropped = 0 AND {condition}"
    );
    let found: Vec<Table> = db.all(&sql, params![value.clone()]).await?;
    let mut tables: BTreeMap<TableRef, ReviewTable> = found
        .into_iter()
        .map(
            |Table {
                 name,
                 kind,
                 comment,
                 state,
                 decided_by,
                 decided_at,
             }| {
                let columns = Vec::new();
                (
                    name.clone(),
                    ReviewTable {
                        table: name,
                        state,
                        kind,
                        comment,
                        decided_by,
                        decided_at,
                        columns,
                    },
                )
            },
        )
        .collect();
    let sql = format!(
        "SELECT columns.table_name, columns.name, columns.type, columns.comment, columns.state, columns.class, \
         columns.decided_by, columns.decided_at, proposals.class AS proposed_class, proposals.confidence, \
         proposals.evidence FROM columns JOIN tables ON tables.name = columns.table_name \
         LEFT JOIN proposals ON proposals.table_name = columns.table_name AND proposals.column_name = columns.name \
         WHERE columns.dropped = 0 AND tables.dropped = 0 AND {condition} ORDER BY columns.ordinal, columns.name"
    );
    for column in db.all::<Column>(&sql, params![value]).await? {
        let proposal = column.confidence.map(|confidence| ReviewProposal {
            class: column.proposed_class,
            confidence,
            evidence: column.evidence.unwrap_or_default(),
        });
        if let Some(table) = tables.get_mut(&column.table_name) {
            table.columns.push(ReviewColumn {
                name: column.name,
                data_type: column.data_type,
                comment: column.comment,
                state: column.state,
                class: column.class,
                proposal,
                decided_by: column.decided_by,
                decided_at: column.decided_at,
            });
        }
    }
    Ok(tables)
}
