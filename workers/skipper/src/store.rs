//! Skipper's SQL: what a caller can come back for.

use serde::Deserialize;
use townlake_core::names::UserName;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};

/// The most characters of one stored piece: below the 2 MB of a value even if each takes four bytes.
const PIECE: usize = 400_000;

/// One thing to come back for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResultRow {
    /// `qry_...` or `res_...`.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A result to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewResult<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose it is.
    pub owner: &'a UserName,
    /// What it is.
    pub title: &'a str,
    /// Now.
    pub created_at: Timestamp,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// Records a query, so that it can be listed.
pub async fn add_query(db: &Database, result: NewResult<'_>) -> Result<(), DatabaseError> {
    db.batch(vec![forget_expired(result.created_at), add(result)])
        .await
}

/// Keeps a text with the queries that it may rest on.
pub async fn add_text(
    db: &Database,
    result: NewResult<'_>,
    text: &str,
    queries: &[String],
) -> Result<(), DatabaseError> {
    let mut statements = vec![forget_expired(result.created_at), add(result)];
    let characters: Vec<char> = text.chars().collect();
    for (position, piece) in characters.chunks(PIECE).enumerate() {
        statements.push(Statement::new(
            "INSERT INTO result_pieces (result_id, position, text) VALUES (?1, ?2, ?3)",
            params![result.id, position, piece.iter().collect::<String>()],
        ));
    }
    statements.extend(queries.iter().map(|query| {
        Statement::new(
            "INSERT OR IGNORE INTO result_queries (result_id, query_id) VALUES (?1, ?2)",
            params![result.id, query],
        )
    }));
    db.batch(statements).await
}

/// What a caller can come back for, newest first.
pub async fn list(
    db: &Database,
    owner: &UserName,
    now: Timestamp,
) -> Result<Vec<ResultRow>, DatabaseError> {
    db.all(
        "SELECT id, title, created_at FROM results WHERE owner = ?1 AND expires_at > ?2 ORDER BY created_at DESC LIMIT 50",
        params![owner.as_str(), now],
    )
    .await
}

/// The text of a result of the owner's.
pub async fn text(
    db: &Database,
    id: &str,
    owner: &UserName,
    now: Timestamp,
) -> Result<Option<String>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        text: String,
    }
    let pieces: Vec<Row> = db
        .all(
            "SELECT result_pieces.text FROM results JOIN result_pieces ON result_pieces.result_id = results.id \
             WHERE results.id = ?1 AND results.owner = ?2 AND results.expires_at > ?3 ORDER BY result_pieces.position",
            params![id, owner.as_str(), now],
        )
        .await?;
    Ok((!pieces.is_empty()).then(|| pieces.into_iter().map(|piece| piece.text).collect()))
}

/// The queries that a result may rest on.
pub async fn queries_of(db: &Database, id: &str) -> Result<Vec<String>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        query_id: String,
    }
    let rows: Vec<Row> = db
        .all(
            "SELECT query_id FROM result_queries WHERE result_id = ?1 ORDER BY query_id",
            params![id],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.query_id).collect())
}

fn add(result: NewResult<'_>) -> Statement {
    Statement::new(
        "INSERT INTO results (id, owner, title, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            result.id,
            result.owner.as_str(),
            result.title,
            result.created_at,
            result.expires_at
        ],
    )
}

fn forget_expired(now: Timestamp) -> Statement {
    Statement::new("DELETE FROM results WHERE expires_at <= ?1", params![now])
}
