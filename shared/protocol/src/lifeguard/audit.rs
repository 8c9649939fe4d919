//! The audit log: `POST /internal/audit` writes, `GET /api/audit` reads.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use townlake_core::identity::Via;
use townlake_core::names::{TableRef, UserName};
use townlake_core::time::Timestamp;

/// One thing that was done or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// The event's own id. The same event sent twice is stored once.
    pub id: String,
    /// When it happened, by the clock of whoever reports it.
    pub at: Timestamp,
    /// What happened.
    pub kind: AuditKind,
    /// Who did it: the person, never the effective user.
    pub user: UserName,
    /// The name that the engine ran it under, if it differs: `user+pii.<nonce>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_user: Option<String>,
    /// How the person proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// What they used, as the client calls itself (user agent or `X-Trino-Source`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The query that it belongs to: joins what the gateway and the engine report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// The statement as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// The tables it touches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableRef>,
    /// The columns it touches, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<AuditColumn>,
    /// The PII session that it ran under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pii_session: Option<String>,
    /// Rows that were returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes that were returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// How it ended, if this event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AuditOutcome>,
    /// The code of the refusal or error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The policy version that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<u64>,
    /// What else this kind of event has to say. Never a secret, never a row.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

impl AuditEvent {
    /// An event with only the parts that are always there.
    pub fn new(id: impl Into<String>, at: Timestamp, kind: AuditKind, user: UserName) -> Self {
        Self {
            id: id.into(),
            at,
            kind,
            user,
            effective_user: None,
            via: None,
            client: None,
            query_id: None,
            statement: None,
            tables: Vec::new(),
            columns: Vec::new(),
            pii_session: None,
            rows: None,
            bytes: None,
            elapsed_ms: None,
            outcome: None,
            code: None,
            policy_version: None,
            detail: Value::Null,
        }
    }
}

/// A column that a query touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditColumn {
    /// Its table.
    pub table: TableRef,
    /// Its name.
    pub column: String,
    /// Whether the person saw it through a mask.
    #[serde(default)]
    pub masked: bool,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// The gateway let a query through to the engine.
    QueryStarted,
    /// The gateway refused a query.
    QueryRefused,
    /// The engine reports a query's end.
    QueryCompleted,
    /// A running query was stopped because the policy no longer allows it.
    QueryStopped,
    /// A sign-in or a token was refused.
    IdentityRefused,
    /// The agent's sandbox ran a snippet.
    SnippetRun,
    /// A scan looked at tables.
    Scanned,
    /// A personal access token was made.
    TokenCreated,
    /// A personal access token was revoked.
    TokenRevoked,
    /// A grant was made.
    GrantCreated,
    /// A grant was revoked.
    GrantRevoked,
    /// An unmask grant was made.
    UnmaskGrantCreated,
    /// An unmask grant was revoked.
    UnmaskGrantRevoked,
    /// Masks were lifted for a person and a time.
    PiiSessionOpened,
    /// A PII session was ended before its time.
    PiiSessionEnded,
    /// A reviewer decided about a table and its columns.
    TableReviewed,
    /// Skimmer reported that tables or columns changed.
    SchemaChanged,
    /// The copy of the IAM changed.
    DirectoryChanged,
    /// Somebody asked for access.
    AccessRequested,
    /// A request for access was closed.
    AccessRequestClosed,
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// As asked.
    Succeeded,
    /// The policy said no.
    Refused,
    /// It broke.
    Failed,
    /// Somebody stopped it.
    Canceled,
}

/// `GET /api/audit?limit=&before=`: newest first. Administrators see all events, others their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<AuditEntry>,
    /// Pass as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<u64>,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Order of arrival.
    pub sequence: u64,
    /// The Worker that reported it.
    pub reported_by: String,
    /// The event.
    #[serde(flatten)]
    pub event: AuditEvent,
}
