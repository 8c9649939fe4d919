//! People asking for access. A request decides nothing: it tells those who can.

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use townlake_core::names::{GroupName, TableRef, UserName};
use townlake_core::time::Timestamp;
use townlake_kit::db::{DatabaseError, Statement, Value, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::requests::{
    AccessRequestEntry, AccessRequestList, AccessRequestState, CloseAccessRequest, NewAccessRequest,
};

use crate::app::App;
use crate::audit;
use crate::authorize::standing;
use crate::input::{Parameters, moment_column, optional_moment_column, text};

/// How many requests may wait for one person.
const MAX_OPEN: usize = 100;

/// Which requests to list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct RequestQuery {
    #[serde(default)]
    state: Which,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    #[default]
    Open,
    All,
}

/// `GET /api/requests?state=open|all`
pub async fn list(
    State(app): State<App>,
    peer: Peer,
    Parameters(RequestQuery { state }): Parameters<RequestQuery>,
) -> Result<Json<AccessRequestList>, Failure> {
    let standing = standing(&app, &peer).await?;
    let user = if standing.is_reviewer(&app) {
        None
    } else {
        Some(standing.user.as_str())
    };
    let requests = entries(
        &app,
        "(?1 IS NULL OR user = ?1) AND (?2 OR state = 'open')",
        params![user, state == Which::All],
    )
    .await?;
    Ok(Json(AccessRequestList { requests }))
}

/// `POST /api/requests`
///
/// Asking again for a table while a request for it waits answers that request.
pub async fn create(
    State(app): State<App>,
    peer: Peer,
    Json(new): Json<NewAccessRequest>,
) -> Result<Json<AccessRequestEntry>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_person("asking for access")?;
    let reason = text("reason", &new.reason, 2000)?;
    let table = new.table.to_string();
    // A denied table is as absent: a request must not tell that it exists.
    let sql = "SELECT 1 AS found FROM tables WHERE name = ?1 AND dropped = 0 AND state <> 'denied'";
    if app
        .db
        .first::<serde_json::Value>(sql, params![&table])
        .await?
        .is_none()
    {
        return Err(
            Failure::not_found("table", format!("there is no table `{table}` to ask for"))
                .with_hint("look for it in the catalog"),
        );
    }
    if let Some(group) = &new.group {
        let sql = "SELECT 1 AS found FROM groups WHERE name = ?1";
        if app
            .db
            .first::<serde_json::Value>(sql, params![group.as_str()])
            .await?
            .is_none()
        {
            let failure =
                Failure::bad_request("group_unknown", format!("there is no group `{group}`"));
            return Err(failure.with_hint("`GET /api/groups` lists the groups"));
        }
    }
    let user = standing.user.as_str();
    let waiting = entries(&app, "user = ?1 AND state = 'open'", params![user]).await?;
    if let Some(same) = waiting.iter().find(|request| request.table == new.table) {
        return Ok(Json(same.clone()));
    }
    if waiting.len() >= MAX_OPEN {
        let detail = format!("{} of your requests wait already", waiting.len());
        return Err(Failure::conflict("too_many_requests", detail)
            .with_hint("wait for some of them to be answered"));
    }
    let now = app.clock.now();
    let id = random::id("req");
    let insert = Statement::new(
        "INSERT INTO access_requests (id, user, table_name, reason, group_name, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            &id,
            user,
            &table,
            &reason,
            new.group.as_ref().map(GroupName::as_str),
            now
        ],
    );
    let detail = json!({"id": id, "table": table, "reason": reason, "group": new.group});
    let record = audit::done(&standing, AuditKind::AccessRequested, now, detail)?;
    app.db.batch(vec![insert, record]).await?;
    one(&app, &id).await.map(Json)
}

/// `POST /api/requests/{id}/close`: by reviewers and administrators, or by whoever asked.
pub async fn close(
    State(app): State<App>,
    peer: Peer,
    Path(id): Path<String>,
    Json(CloseAccessRequest { answer }): Json<CloseAccessRequest>,
) -> Result<Json<AccessRequestEntry>, Failure> {
    let standing = standing(&app, &peer).await?;
    let answer = text("answer", &answer, 2000)?;
    let request = one(&app, &id).await?;
    if request.user != standing.user && !standing.is_reviewer(&app) {
        return Err(unknown(&id));
    }
    if request.state == AccessRequestState::Closed {
        return Ok(Json(request));
    }
    let now = app.clock.now();
    let update = Statement::new(
        "UPDATE access_requests SET state = 'closed', closed_by = ?2, closed_at = ?3, answer = ?4 \
         WHERE id = ?1 AND state = 'open'",
        params![&id, standing.user.as_str(), now, &answer],
    );
    let detail = json!({"id": id, "user": request.user, "table": request.table, "answer": answer});
    let record = audit::done(&standing, AuditKind::AccessRequestClosed, now, detail)?;
    app.db.batch(vec![update, record]).await?;
    one(&app, &id).await.map(Json)
}

async fn one(app: &App, id: &str) -> Result<AccessRequestEntry, Failure> {
    entries(app, "id = ?1", params![id])
        .await?
        .pop()
        .ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Failure {
    Failure::not_found("request", format!("there is no request `{id}`"))
}

async fn entries(
    app: &App,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<AccessRequestEntry>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        user: UserName,
        table_name: TableRef,
        reason: String,
        group_name: Option<GroupName>,
        state: AccessRequestState,
        #[serde(deserialize_with = "moment_column")]
        created_at: Timestamp,
        closed_by: Option<UserName>,
        #[serde(deserialize_with = "optional_moment_column")]
        closed_at: Option<Timestamp>,
        answer: Option<String>,
    }
    let sql = format!(
        "SELECT id, user, table_name, reason, group_name, state, created_at, closed_by, closed_at, answer \
         FROM access_requests WHERE {condition} ORDER BY created_at DESC, id LIMIT 1000"
    );
    let rows: Vec<Row> = app.db.all(&sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| AccessRequestEntry {
            id: row.id,
            user: row.user,
            table: row.table_name,
            reason: row.reason,
            group: row.group_name,
            state: row.state,
            created_at: row.created_at,
            closed_by: row.closed_by,
            closed_at: row.closed_at,
            answer: row.answer,
        })
        .collect())
}
