//! Rendered documents in the database. Only valid ones get here.

use serde::Deserialize;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};

use crate::input::{boolean_column, moment_column, optional_moment_column};
use crate::state::{Condition, batch_if};

/// The most text in one row; D1 takes 2 MB, and a character has up to four bytes.
const CHUNK_CHARACTERS: usize = 400_000;
/// How many documents are kept, for whoever wants to know what was served. The newest is what counts.
const KEPT: u32 = 5;
/// A promise of validity is written down again when it has grown by this many seconds: a write a minute.
const RENEW_SECONDS: i64 = 60;

/// A stored document.
#[derive(Debug, Clone, Deserialize)]
pub struct Rendered {
    /// Order of rendering.
    pub id: u64,
    /// The policy version it was rendered from.
    pub policy_version: u64,
    /// Whether memberships counted.
    #[serde(deserialize_with = "boolean_column")]
    pub memberships_fresh: bool,
    /// When it was rendered.
    #[serde(deserialize_with = "moment_column")]
    pub rendered_at: Timestamp,
    /// When the passing of time alone changes it.
    #[serde(deserialize_with = "optional_moment_column")]
    pub changes_at: Option<Timestamp>,
    /// Until when it may be served if nothing newer can be rendered.
    #[serde(deserialize_with = "moment_column")]
    pub valid_until: Timestamp,
    /// Its ETag, quotes included.
    pub etag: String,
}

/// The newest document.
pub async fn latest(db: &Database) -> Result<Option<Rendered>, DatabaseError> {
    let sql = "SELECT id, policy_version, memberships_fresh, rendered_at, changes_at, valid_until, etag \
               FROM rendered_policies ORDER BY id DESC LIMIT 1";
    db.first(sql, params![]).await
}

/// The document's text, from `"groups"` on.
pub async fn content(db: &Database, rendered: &Rendered) -> Result<String, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        text: String,
    }
    let sql = "SELECT text FROM rendered_policy_chunks WHERE policy_id = ?1 ORDER BY ordinal";
    let rows: Vec<Row> = db.all(sql, params![rendered.id]).await?;
    if rows.is_empty() {
        return Err(DatabaseError::Shape(format!(
            "the rendered policy {} has no text",
            rendered.id
        )));
    }
    Ok(rows.into_iter().map(|row| row.text).collect())
}

/// Writes a longer promise down, now and then.
pub async fn renew(
    db: &Database,
    rendered: &Rendered,
    valid_until: Timestamp,
) -> Result<(), DatabaseError> {
    if valid_until < rendered.valid_until.plus_seconds(RENEW_SECONDS) {
        return Ok(());
    }
    let sql = "UPDATE rendered_policies SET valid_until = ?2 WHERE id = ?1 AND valid_until < ?2";
    db.run(sql, params![rendered.id, valid_until])
        .await
        .map(drop)
}

/// Stores a document unless the policy has gone on since. Answers it with its id.
pub async fn put(
    db: &Database,
    rendered: Rendered,
    content: &str,
) -> Result<Option<Rendered>, DatabaseError> {
    let mut statements = vec![Statement::new(
        "INSERT INTO rendered_policies (policy_version, memberships_fresh, rendered_at, changes_at, valid_until, \
             etag) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            rendered.policy_version,
            rendered.memberships_fresh,
            rendered.rendered_at,
            rendered.changes_at,
            rendered.valid_until,
            &rendered.etag,
        ],
    )];
    for (ordinal, chunk) in chunks(content).into_iter().enumerate() {
        statements.push(Statement::new(
            "INSERT INTO rendered_policy_chunks (policy_id, ordinal, text) \
             SELECT max(id), ?1, ?2 FROM rendered_policies",
            params![ordinal, chunk],
        ));
    }
    for sql in [
        "DELETE FROM rendered_policy_chunks WHERE policy_id <= (SELECT max(id) FROM rendered_policies) - ?1",
        "DELETE FROM rendered_policies WHERE id <= (SELECT max(id) FROM rendered_policies) - ?1",
    ] {
        statements.push(Statement::new(sql, params![KEPT]));
    }
    let condition = Condition {
        sql: "(SELECT version = ?1 FROM policy_state)",
        values: params![rendered.policy_version],
    };
    if !batch_if(db, condition, statements).await? {
        return Ok(None);
    }
    // Another isolate may have stored the same version a moment later: then that one is the newest, and as good.
    Ok(latest(db)
        .await?
        .filter(|latest| latest.policy_version >= rendered.policy_version))
}

/// The text in parts of a bounded length, none of which cuts a character.
fn chunks(content: &str) -> Vec<String> {
    let characters: Vec<char> = content.chars().collect();
    characters
        .chunks(CHUNK_CHARACTERS)
        .map(|chunk| chunk.iter().collect())
        .collect()
}
