//! Grants to lift masks in PII sessions.

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use townlake_core::pii::PiiClass;
use townlake_kit::db::{DatabaseError, Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::grants::{
    GrantOutcome, NewUnmaskGrant, UnmaskGrantEntry, UnmaskGrantList,
};

use super::record::{self, GrantQuery, Kind, RecordRow, require_known, subject_columns};
use crate::app::App;
use crate::authorize::standing;
use crate::input::{Parameters, future, text};
use crate::{audit, state};

const KIND: Kind = Kind {
    name: "unmask_grant",
    find: "SELECT revoked_at FROM unmask_grants WHERE id = ?1",
    revoke: "UPDATE unmask_grants SET revoked_by = ?2, revoked_at = ?3 WHERE id = ?1 AND revoked_at IS NULL",
    revoked: AuditKind::UnmaskGrantRevoked,
};

/// `GET /api/unmask-grants?all=`
pub async fn list(
    State(app): State<App>,
    peer: Peer,
    Parameters(GrantQuery { all }): Parameters<GrantQuery>,
) -> Result<Json<UnmaskGrantList>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        class: PiiClass,
        #[serde(flatten)]
        record: RecordRow,
    }
    standing(&app, &peer)
        .await?
        .require_admin(&app, "the list of unmask grants")?;
    let now = app.clock.now();
    let sql = format!(
        "SELECT {}, class FROM unmask_grants \
         WHERE ?1 OR (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)) ORDER BY created_at DESC, id",
        RecordRow::COLUMNS
    );
    let rows: Vec<Row> = app.db.all(&sql, params![all, now]).await?;
    let unmask_grants = rows
        .into_iter()
        .map(|row| {
            Ok(UnmaskGrantEntry {
                id: row.record.id.clone(),
                subject: row.record.subject()?,
                class: row.class,
                record: row.record.record(now),
            })
        })
        .collect::<Result<_, DatabaseError>>()?;
    Ok(Json(UnmaskGrantList { unmask_grants }))
}

/// `POST /api/unmask-grants`
pub async fn create(
    State(app): State<App>,
    peer: Peer,
    Json(new): Json<NewUnmaskGrant>,
) -> Result<Json<GrantOutcome>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_admin(&app, "making unmask grants")?;
    let now = app.clock.now();
    let reason = text("reason", &new.reason, 1000)?;
    future("expires_at", new.expires_at, now)?;
    require_known(&app.db, &new.subject).await?;

    let id = random::id("unm");
    let (subject_kind, subject) = subject_columns(&new.subject);
    let insert = Statement::new(
        "INSERT INTO unmask_grants (id, subject_kind, subject, class, expires_at, reason, created_by, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            &id,
            subject_kind,
            subject,
            new.class.as_str(),
            new.expires_at,
            &reason,
            standing.user.as_str(),
            now,
        ],
    );
    let detail = json!({
        "id": id, "subject": new.subject, "class": new.class, "expires_at": new.expires_at, "reason": reason,
    });
    let record = audit::done(&standing, AuditKind::UnmaskGrantCreated, now, detail)?;
    let policy_version = state::change(&app.db, now, vec![insert, record]).await?;
    Ok(Json(GrantOutcome { id, policy_version }))
}

/// `DELETE /api/unmask-grants/{id}`
pub async fn revoke(
    State(app): State<App>,
    peer: Peer,
    Path(id): Path<String>,
) -> Result<Json<GrantOutcome>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_admin(&app, "revoking unmask grants")?;
    record::revoke(&app, &standing, KIND, id).await.map(Json)
}
