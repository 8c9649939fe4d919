//! Grants on tables.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use townlake_core::policy::filter::RowFilter;
use townlake_core::policy::model::Privilege;
use townlake_core::policy::pattern::TablePattern;
use townlake_kit::db::{Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::grants::{GrantEntry, GrantList, GrantOutcome, NewGrant};

use super::record::{self, GrantQuery, Kind, RecordRow, require_known, subject_columns};
use crate::app::App;
use crate::authorize::standing;
use crate::input::{Parameters, future, json_column, optional_json_column, text};
use crate::{audit, state};

const KIND: Kind = Kind {
    name: "grant",
    find: "SELECT revoked_at FROM grants WHERE id = ?1",
    revoke: "UPDATE grants SET revoked_by = ?2, revoked_at = ?3 WHERE id = ?1 AND revoked_at IS NULL",
    revoked: AuditKind::GrantRevoked,
};

/// `GET /api/grants?all=`
pub async fn list(
    State(app): State<App>,
    peer: Peer,
    Parameters(GrantQuery { all }): Parameters<GrantQuery>,
) -> Result<Json<GrantList>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        table_pattern: TablePattern,
        #[serde(deserialize_with = "json_column")]
        privileges: BTreeSet<Privilege>,
        #[serde(deserialize_with = "optional_json_column")]
        columns: Option<BTreeSet<String>>,
        row_filter: Option<RowFilter>,
        #[serde(flatten)]
        record: RecordRow,
    }
    standing(&app, &peer)
        .await?
        .require_admin(&app, "the list of grants")?;
    let now = app.clock.now();
    let sql = format!(
        "SELECT {}, table_pattern, privileges, columns, row_filter FROM grants \
         WHERE ?1 OR (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)) ORDER BY created_at DESC, id",
        RecordRow::COLUMNS
    );
    let rows: Vec<Row> = app.db.all(&sql, params![all, now]).await?;
    let grants = rows
        .into_iter()
        .map(|row| {
            Ok(GrantEntry {
                id: row.record.id.clone(),
                subject: row.record.subject()?,
                table: row.table_pattern,
                privileges: row.privileges,
                columns: row.columns,
                row_filter: row.row_filter,
                record: row.record.record(now),
            })
        })
        .collect::<Result<_, Failure>>()?;
    Ok(Json(GrantList { grants }))
}

/// `POST /api/grants`
pub async fn create(
    State(app): State<App>,
    peer: Peer,
    Json(new): Json<NewGrant>,
) -> Result<Json<GrantOutcome>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_admin(&app, "making grants")?;
    let now = app.clock.now();
    let reason = text("reason", &new.reason, 1000)?;
    future("expires_at", new.expires_at, now)?;
    if new.privileges.is_empty() {
        let failure = Failure::bad_request(
            "field_invalid",
            "`privileges` is empty: a grant gives at least one",
        );
        return Err(failure.with_hint("write `[\"select\"]` for reading"));
    }
    let columns = new.columns.map(lower_case).transpose()?;
    let limited = columns.is_some() || new.row_filter.is_some();
    if limited
        && new
            .privileges
            .iter()
            .any(|privilege| *privilege != Privilege::Select)
    {
        return Err(Failure::bad_request(
            "grant_cannot_write",
            "a grant that is limited to some columns or rows gives `select` only: an engine cannot write through a limit",
        )
        .with_hint("make one grant for reading with the limit, and another for writing without it"));
    }
    require_known(&app.db, &new.subject).await?;

    let id = random::id("grt");
    let (subject_kind, subject) = subject_columns(&new.subject);
    let insert = Statement::new(
        "INSERT INTO grants (id, subject_kind, subject, table_pattern, privileges, columns, row_filter, expires_at, \
         reason, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            &id,
            subject_kind,
            subject,
            new.table.to_string(),
            json!(new.privileges).to_string(),
            columns.as_ref().map(|columns| json!(columns).to_string()),
            new.row_filter.as_ref().map(RowFilter::as_str),
            new.expires_at,
            &reason,
            standing.user.as_str(),
            now,
        ],
    );
    let detail = json!({
        "id": id, "subject": new.subject, "table": new.table, "privileges": new.privileges, "columns": columns,
        "row_filter": new.row_filter, "expires_at": new.expires_at, "reason": reason,
    });
    let record = audit::done(&standing, AuditKind::GrantCreated, now, detail)?;
    let policy_version = state::change(&app.db, now, vec![insert, record]).await?;
    Ok(Json(GrantOutcome { id, policy_version }))
}

/// `DELETE /api/grants/{id}`
pub async fn revoke(
    State(app): State<App>,
    peer: Peer,
    Path(id): Path<String>,
) -> Result<Json<GrantOutcome>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_admin(&app, "revoking grants")?;
    record::revoke(&app, &standing, KIND, id).await.map(Json)
}

fn lower_case(columns: BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    if columns.is_empty() {
        return Err(Failure::bad_request(
            "field_invalid",
            "`columns` is empty: leave it out to give all columns",
        ));
    }
    columns
        .into_iter()
        .map(|column| text("columns", &column.to_lowercase(), 500))
        .collect()
}
