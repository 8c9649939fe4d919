//! What both kinds of grant have in common: a subject, a reason, a time, and an end.

use serde::Deserialize;
use serde_json::json;
use townlake_core::names::{NameError, UserName};
use townlake_core::policy::model::Subject;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_kit::failure::Failure;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::grants::{GrantOutcome, GrantRecord};

use crate::app::App;
use crate::authorize::Standing;
use crate::input::{moment_column, optional_moment_column};
use crate::{audit, state};

/// Which grants to list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct GrantQuery {
    /// The expired and revoked ones too.
    #[serde(default)]
    pub all: bool,
}

/// The columns that both tables have.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordRow {
    /// The grant's id.
    pub id: String,
    subject_kind: String,
    subject: String,
    reason: String,
    created_by: UserName,
    #[serde(deserialize_with = "moment_column")]
    created_at: Timestamp,
    #[serde(deserialize_with = "optional_moment_column")]
    expires_at: Option<Timestamp>,
    revoked_by: Option<UserName>,
    #[serde(deserialize_with = "optional_moment_column")]
    revoked_at: Option<Timestamp>,
}

impl RecordRow {
    /// The names of the columns, for SELECT.
    pub const COLUMNS: &str = "id, subject_kind, subject, reason, created_by, created_at, expires_at, revoked_by, revoked_at";

    /// Who the grant is for.
    pub fn subject(&self) -> Result<Subject, DatabaseError> {
        subject(&self.subject_kind, &self.subject)
    }

    /// The rest of it.
    pub fn record(self, now: Timestamp) -> GrantRecord {
        let live =
            self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at);
        GrantRecord {
            reason: self.reason,
            created_by: self.created_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_by: self.revoked_by,
            revoked_at: self.revoked_at,
            live,
        }
    }
}

/// The subject of a row.
pub fn subject(kind: &str, name: &str) -> Result<Subject, DatabaseError> {
    let malformed = |error: NameError| DatabaseError::Shape(error.to_string());
    match kind {
        "group" => name.parse().map(Subject::Group).map_err(malformed),
        _ => name.parse().map(Subject::User).map_err(malformed),
    }
}

/// The subject as the two columns `(subject_kind, subject)`.
pub fn subject_columns(subject: &Subject) -> (&'static str, &str) {
    match subject {
        Subject::Group(group) => ("group", group.as_str()),
        Subject::User(user) => ("user", user.as_str()),
    }
}

/// Refuses a subject that the directory does not know: a grant to a misspelt group would give nothing, silently.
pub async fn require_known(db: &Database, subject: &Subject) -> Result<(), Failure> {
    let (sql, name) = match subject {
        Subject::User(user) if user.is_service() => return Ok(()),
        Subject::User(user) => (
            "SELECT 1 AS found FROM people WHERE user = ?1",
            user.as_str(),
        ),
        Subject::Group(group) => (
            "SELECT 1 AS found FROM groups WHERE name = ?1",
            group.as_str(),
        ),
    };
    if db
        .first::<serde_json::Value>(sql, params![name])
        .await?
        .is_some()
    {
        return Ok(());
    }
    let kind = subject_columns(subject).0;
    Err(Failure::bad_request(
        "subject_unknown",
        format!("the company's directory has no {kind} `{name}`"),
    )
    .with_hint("`GET /api/groups` lists the groups"))
}

/// One of the two tables.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// For messages.
    pub name: &'static str,
    /// Looks a grant up by `?1`: whether it is revoked.
    pub find: &'static str,
    /// Revokes the grant `?1`, by `?2`, at `?3`.
    pub revoke: &'static str,
    /// What the audit log calls it.
    pub revoked: AuditKind,
}

/// Revokes a grant. One that is revoked already stays as it is.
pub async fn revoke(
    app: &App,
    standing: &Standing,
    kind: Kind,
    id: String,
) -> Result<GrantOutcome, Failure> {
    #[derive(Deserialize)]
    struct Found {
        revoked_at: Option<i64>,
    }
    let found: Found = app
        .db
        .first(kind.find, params![&id])
        .await?
        .ok_or_else(|| {
            Failure::not_found(
                kind.name,
                format!("there is no {} `{id}`", kind.name.replace('_', " ")),
            )
        })?;
    let now = app.clock.now();
    let policy_version = if found.revoked_at.is_some() {
        state::version(&app.db).await?
    } else {
        let update = Statement::new(kind.revoke, params![&id, standing.user.as_str(), now]);
        let record = audit::done(standing, kind.revoked, now, json!({"id": id}))?;
        state::change(&app.db, now, vec![update, record]).await?
    };
    Ok(GrantOutcome { id, policy_version })
}
