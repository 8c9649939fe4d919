//! What the gateway reports to the audit log.

use http::{HeaderMap, header};
use serde_json::json;
use townlake_core::identity::Principal;
use townlake_core::names::TableRef;
use townlake_kit::http::HttpError;
use townlake_kit::{log, random};
use townlake_protocol::lifeguard::audit::{AuditEvent, AuditKind, AuditOutcome};
use townlake_protocol::trino::headers;

use crate::app::App;
use crate::origin::single;

/// The longest text of a statement that is kept. A row of the database holds two megabytes at most.
const MAX_STATEMENT_BYTES: usize = 128 << 10;
/// The longest name of a client that is kept.
const MAX_CLIENT_BYTES: usize = 200;

/// What a client calls itself.
pub fn client_name(client: &HeaderMap) -> Option<String> {
    let name =
        single(client, headers::SOURCE).or_else(|| single(client, header::USER_AGENT.as_str()))?;
    Some(cut(name, MAX_CLIENT_BYTES).to_owned())
}

/// An event about a query.
pub fn event(
    app: &App,
    id: String,
    kind: AuditKind,
    principal: &Principal,
    client: Option<&str>,
) -> AuditEvent {
    let mut event = AuditEvent::new(id, app.clock.now(), kind, principal.user.clone());
    event.via = Some(principal.via);
    event.client = client.map(str::to_owned);
    event
}

/// An event's own id.
pub fn new_id() -> String {
    random::id("aud")
}

/// Adds the statement to an event, cut if it is very long.
pub fn with_statement(mut event: AuditEvent, statement: &str) -> AuditEvent {
    let kept = cut(statement, MAX_STATEMENT_BYTES);
    if kept.len() < statement.len() {
        event.detail =
            json!({ "statement_bytes": statement.len(), "statement_cut_at": kept.len() });
    }
    event.statement = Some(kept.to_owned());
    event
}

/// Adds what was refused, and why.
pub fn with_refusal(mut event: AuditEvent, code: &str, tables: Vec<TableRef>) -> AuditEvent {
    event.outcome = Some(AuditOutcome::Refused);
    event.code = Some(code.to_owned());
    event.tables = tables;
    event
}

/// Writes an event to the log.
///
/// # Errors
/// The log did not take it.
pub async fn record(app: &App, event: AuditEvent) -> Result<(), HttpError> {
    let answer: Result<serde_json::Value, HttpError> = app
        .lifeguard
        .send_json(http::Method::POST, "/internal/audit", None, &[event])
        .await;
    answer.map(drop)
}

/// Writes an event to the log; says so in the Worker's own log if that fails, without the event's content.
pub async fn record_or_warn(app: &App, event: AuditEvent) {
    let (id, kind) = (event.id.clone(), event.kind);
    if let Err(error) = record(app, event).await {
        log::error(
            "an audit event was lost",
            &[
                ("id", id.into()),
                ("kind", json!(kind)),
                ("cause", error.to_string().into()),
            ],
        );
    }
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
