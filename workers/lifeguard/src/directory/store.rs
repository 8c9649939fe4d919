//! The directory in the database. Every write demands that its writer still holds the claim: an answer that was
//! overtaken by a later pull is dropped.

use serde_json::json;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::{AuditEvent, AuditKind};

use super::check::CheckedDirectory;
use crate::rows::rows;
use crate::state::Condition;
use crate::{audit, state};

/// An accepted answer of the IAM.
pub struct Pulled<'a> {
    /// The claim under which it was asked.
    pub claim: &'a str,
    /// When it was asked: the content is at least this fresh.
    pub at: Timestamp,
    /// Its ETag.
    pub etag: Option<String>,
    /// Its own name for this state.
    pub source_version: String,
    /// The digest of the content.
    pub content_sha256: String,
}

/// The IAM says that nothing changed.
pub async fn confirm(db: &Database, claim: &str, at: Timestamp) -> Result<(), DatabaseError> {
    let sql =
        "UPDATE directory SET pulled_at = ?2, failure = NULL, claimed_until = 0 WHERE claim = ?1";
    db.run(sql, params![claim, at]).await.map(drop)
}

/// The pull brought nothing.
pub async fn fail(db: &Database, claim: &str, reason: &str) -> Result<(), DatabaseError> {
    let sql = "UPDATE directory SET failure = ?2, claimed_until = 0 WHERE claim = ?1";
    db.run(sql, params![claim, reason]).await.map(drop)
}

/// The same content under another name.
pub async fn rename(db: &Database, pulled: &Pulled<'_>) -> Result<(), DatabaseError> {
    db.batch(vec![accept(pulled)]).await
}

/// Other content: replaces people, groups and memberships, and raises the policy's version.
pub async fn replace(
    db: &Database,
    pulled: &Pulled<'_>,
    directory: &CheckedDirectory,
) -> Result<(), Failure> {
    let user = "svc-lifeguard"
        .parse()
        .map_err(|_| Failure::internal("`svc-lifeguard` is not a user name"))?;
    let mut event = AuditEvent::new(
        random::id("aud"),
        pulled.at,
        AuditKind::DirectoryChanged,
        user,
    );
    event.detail = json!({
        "version": pulled.source_version,
        "people": directory.people.len(),
        "groups": directory.groups.len(),
    });
    let mut statements = vec![
        Statement::new("DELETE FROM memberships", params![]),
        Statement::new("DELETE FROM groups", params![]),
        Statement::new("DELETE FROM people", params![]),
    ];
    let people = directory
        .people
        .iter()
        .map(|(user, person)| json!([user, person.name, u8::from(person.active)]));
    statements.extend(rows(
        "INSERT INTO people (user, name, active) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), \
         json_extract(value, '$[2]') FROM json_each(?1)",
        people,
    ));
    let groups = directory
        .groups
        .iter()
        .map(|(name, group)| json!([name, group.description]));
    statements.extend(rows(
        "INSERT INTO groups (name, description) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') \
         FROM json_each(?1)",
        groups,
    ));
    let memberships = directory.groups.iter().flat_map(|(name, group)| {
        group
            .members
            .iter()
            .map(move |member| json!([name, member]))
    });
    statements.extend(rows(
        "INSERT INTO memberships (group_name, user) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') \
         FROM json_each(?1)",
        memberships,
    ));
    statements.push(accept(pulled));
    statements.push(audit::record(&event, "lifeguard")?);
    // Whoever asked beside this one may have stored the same already; then there is nothing left to do.
    let condition = Condition {
        sql: "(SELECT claim IS ?1 AND content_sha256 IS NOT ?2 FROM directory)",
        values: params![pulled.claim, &pulled.content_sha256],
    };
    state::change_if(db, condition, pulled.at, statements).await?;
    Ok(())
}

fn accept(pulled: &Pulled<'_>) -> Statement {
    Statement::new(
        "UPDATE directory SET etag = ?2, source_version = ?3, content_sha256 = ?4, pulled_at = ?5, failure = NULL, \
         claimed_until = 0 WHERE claim = ?1",
        params![
            pulled.claim,
            pulled.etag.as_deref(),
            &pulled.source_version,
            &pulled.content_sha256,
            pulled.at
        ],
    )
}
