//! The audit log: written with what it records, in the same transaction; never changed.

use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use townlake_core::time::Timestamp;
use townlake_kit::db::{DatabaseError, Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::{Caller, Peer};
use townlake_kit::json::Json;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::{AuditEntry, AuditEvent, AuditKind, AuditPage};

use crate::app::App;
use crate::authorize::{Standing, standing};
use crate::input::{Parameters, json_column};

/// The most events of one request, either way.
const MAX_EVENTS: usize = 1000;

/// The statement that writes an event. An event that is there already is left as it is.
pub fn record(event: &AuditEvent, reported_by: &str) -> Result<Statement, Failure> {
    let text =
        serde_json::to_string(event).map_err(|error| Failure::internal(error.to_string()))?;
    let kind =
        serde_json::to_value(event.kind).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Statement::new(
        "INSERT INTO audit_events (id, at, kind, user, query_id, reported_by, event) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            &event.id,
            event.at,
            kind.as_str().unwrap_or_default(),
            event.user.as_str(),
            event.query_id.as_deref(),
            reported_by,
            text,
        ],
    ))
}

/// The statement that records what somebody did here.
pub fn done(
    standing: &Standing,
    kind: AuditKind,
    now: Timestamp,
    detail: Value,
) -> Result<Statement, Failure> {
    let mut event = AuditEvent::new(random::id("aud"), now, kind, standing.user.clone());
    event.via = Some(standing.via);
    event.detail = detail;
    record(&event, "lifeguard")
}

/// `POST /internal/audit`
pub async fn append(
    State(app): State<App>,
    caller: Caller,
    Json(events): Json<Vec<AuditEvent>>,
) -> Result<Json<Appended>, Failure> {
    caller.require(&["gateway", "skipper", "skimmer"])?;
    if events.len() > MAX_EVENTS {
        return Err(Failure::bad_request(
            "too_many_events",
            format!("at most {MAX_EVENTS} events a request"),
        ));
    }
    for event in &events {
        if !(1..=200).contains(&event.id.len()) {
            return Err(Failure::bad_request(
                "event_id_invalid",
                "an event's id has 1 to 200 bytes",
            ));
        }
    }
    let statements = events
        .iter()
        .map(|event| record(event, caller.name()))
        .collect::<Result<Vec<_>, _>>()?;
    if !statements.is_empty() {
        app.db.batch(statements).await?;
    }
    Ok(Json(Appended {
        accepted: events.len(),
    }))
}

/// The answer to new events.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Appended {
    /// How many events are in the log, those that were there before included.
    pub accepted: usize,
}

/// Which events to list.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditQuery {
    limit: Option<usize>,
    before: Option<u64>,
}

/// `GET /api/audit?limit=&before=`
pub async fn list(
    State(app): State<App>,
    peer: Peer,
    Parameters(AuditQuery { limit, before }): Parameters<AuditQuery>,
) -> Result<Json<AuditPage>, Failure> {
    let standing = standing(&app, &peer).await?;
    let limit = limit.unwrap_or(100).clamp(1, MAX_EVENTS);
    let user = (!standing.is_admin(&app)).then(|| standing.user.to_string());
    Ok(Json(page(&app, user, before, limit).await?))
}

async fn page(
    app: &App,
    user: Option<String>,
    before: Option<u64>,
    limit: usize,
) -> Result<AuditPage, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        sequence: u64,
        reported_by: String,
        #[serde(deserialize_with = "json_column")]
        event: AuditEvent,
    }
    let before = before.unwrap_or(i64::MAX as u64 >> 10);
    let (sql, values) = match user {
        None => (
            "SELECT sequence, reported_by, event FROM audit_events WHERE sequence < ?1 \
             ORDER BY sequence DESC LIMIT ?2",
            params![before, limit],
        ),
        Some(user) => (
            "SELECT sequence, reported_by, event FROM audit_events WHERE sequence < ?1 AND user = ?3 \
             ORDER BY sequence DESC LIMIT ?2",
            params![before, limit, user],
        ),
    };
    let rows: Vec<Row> = app.db.all(sql, values).await?;
    let next_before = (rows.len() == limit)
        .then(|| rows.last().map(|row| row.sequence))
        .flatten();
    let events = rows
        .into_iter()
        .map(
            |Row {
                 sequence,
                 reported_by,
                 event,
             }| AuditEntry {
                sequence,
                reported_by,
                event,
            },
        )
        .collect();
    Ok(AuditPage {
        events,
        next_before,
    })
}
