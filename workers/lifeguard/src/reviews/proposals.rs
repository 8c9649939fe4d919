//! What Skimmer thinks of columns. It decides nothing: reviewers see it beside the column.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use townlake_kit::db::params;
use townlake_kit::failure::Failure;
use townlake_kit::identity::Caller;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::reviews::StoredProposals;
use townlake_protocol::skimmer::TableProposals;

use crate::app::App;
use crate::rows::rows_with;

/// `PUT /internal/proposals`
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    Json(tables): Json<Vec<TableProposals>>,
) -> Result<Json<StoredProposals>, Failure> {
    caller.require(&["skimmer"])?;
    for column in tables.iter().flat_map(|table| &table.columns) {
        if !(0.0..=1.0).contains(&column.confidence) {
            let detail = format!(
                "the confidence of `{}` is {}, from 0 to 1 are allowed",
                column.name, column.confidence
            );
            return Err(Failure::bad_request("proposal_malformed", detail));
        }
    }
    let known = known_columns(&app, &tables).await?;
    let mut unknown = Vec::new();
    let mut rows = Vec::new();
    for table in &tables {
        for column in &table.columns {
            let name = column.name.to_lowercase();
            let evidence = json!(column.evidence).to_string();
            if known.contains(&(table.table.to_string(), name.clone())) {
                rows.push(json!([
                    table.table,
                    name,
                    column.class,
                    column.confidence,
                    evidence,
                    column.detector_version
                ]));
            } else {
                unknown.push(format!("{}.{name}", table.table));
            }
        }
    }
    let stored = rows.len() as u64;
    // An older detector does not overwrite what a newer one said.
    let statements = rows_with(
        "INSERT INTO proposals (table_name, column_name, class, confidence, evidence, detector_version, proposed_at) \
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), \
         json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), ?2 \
         FROM json_each(?1) WHERE true \
         ON CONFLICT (table_name, column_name) DO UPDATE SET class = excluded.class, \
         confidence = excluded.confidence, evidence = excluded.evidence, \
         detector_version = excluded.detector_version, proposed_at = excluded.proposed_at \
         WHERE excluded.detector_version >= proposals.detector_version",
        rows.into_iter(),
        params![app.clock.now()],
    );
    if !statements.is_empty() {
        app.db.batch(statements).await?;
    }
    Ok(Json(StoredProposals { stored, unknown }))
}

async fn known_columns(
    app: &App,
    tables: &[TableProposals],
) -> Result<BTreeSet<(String, String)>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        table_name: String,
        name: String,
    }
    let names = json!(tables.iter().map(|table| &table.table).collect::<Vec<_>>()).to_string();
    let sql = "SELECT table_name, name FROM columns WHERE table_name IN (SELECT value FROM json_each(?1))";
    let rows: Vec<Row> = app.db.all(sql, params![names]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.table_name, row.name))
        .collect())
}
