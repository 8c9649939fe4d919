//! Scans: one runs at a time.

use serde::Deserialize;
use serde_json::json;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_protocol::skimmer::{Scan, ScanState, ScanSummary, ScanTrigger};

/// Scans are listed for this long; one a minute makes 43,000.
const KEPT_SECONDS: i64 = 30 * 86_400;
/// A scan that gave no sign of life for this long was cut short with the isolate it ran in.
pub const DEAD_AFTER_SECONDS: i64 = 60;

/// Makes a scan the running one, if none is. Whether it did.
pub async fn claim(db: &Database, scan: &Scan, now: Timestamp) -> Result<bool, DatabaseError> {
    let cut_short =
        json!([{"what": "scan", "detail": "it was cut short; what it had found is kept"}])
            .to_string();
    let bury = "UPDATE scans SET state = 'failed', finished_at = alive_at, problems = ?1 \
                WHERE state = 'running' AND alive_at < ?2";
    db.run(
        bury,
        params![cut_short, now.plus_seconds(-DEAD_AFTER_SECONDS)],
    )
    .await?;
    let forget = "DELETE FROM scans WHERE state <> 'running' AND started_at < ?1";
    db.run(forget, params![now.plus_seconds(-KEPT_SECONDS)])
        .await?;
    let insert = "INSERT INTO scans (id, trigger, requested_by, state, started_at, alive_at, summary, problems) \
                  SELECT ?1, ?2, ?3, 'running', ?4, ?4, ?5, '[]' \
                  WHERE NOT EXISTS (SELECT 1 FROM scans WHERE state = 'running')";
    let trigger = match scan.trigger {
        ScanTrigger::Cron => "cron",
        ScanTrigger::Request => "request",
    };
    let summary = json!(scan.summary).to_string();
    let changed = db
        .run(
            insert,
            params![&scan.id, trigger, scan.requested_by.clone(), now, summary],
        )
        .await?;
    Ok(changed == 1)
}

/// A sign of life.
pub fn beat(id: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE scans SET alive_at = ?2 WHERE id = ?1 AND state = 'running'",
        params![id, now],
    )
}

/// Ends a scan.
pub async fn finish(db: &Database, scan: &Scan) -> Result<(), DatabaseError> {
    let state = match scan.state {
        ScanState::Running => "running",
        ScanState::Done => "done",
        ScanState::Partial => "partial",
        ScanState::Failed => "failed",
    };
    let sql = "UPDATE scans SET state = ?2, finished_at = ?3, alive_at = coalesce(?3, alive_at), summary = ?4, \
               problems = ?5 WHERE id = ?1";
    let (summary, problems) = (
        json!(scan.summary).to_string(),
        json!(scan.problems).to_string(),
    );
    db.run(
        sql,
        params![&scan.id, state, scan.finished_at, summary, problems],
    )
    .await?;
    Ok(())
}

/// The last scans, newest first.
pub async fn list(db: &Database, limit: u32) -> Result<Vec<Scan>, DatabaseError> {
    let sql = "SELECT id, trigger, requested_by, state, started_at, finished_at, summary, problems FROM scans \
               ORDER BY started_at DESC, rowid DESC LIMIT ?1";
    let rows: Vec<Row> = db.all(sql, params![limit]).await?;
    rows.into_iter().map(Row::into_scan).collect()
}

/// A scan that began at `since` or later and is over.
pub async fn finished_since(
    db: &Database,
    since: Timestamp,
) -> Result<Option<Scan>, DatabaseError> {
    let sql = "SELECT id, trigger, requested_by, state, started_at, finished_at, summary, problems FROM scans \
               WHERE state <> 'running' AND started_at >= ?1 ORDER BY started_at LIMIT 1";
    db.first::<Row>(sql, params![since])
        .await?
        .map(Row::into_scan)
        .transpose()
}

#[derive(Deserialize)]
struct Row {
    id: String,
    trigger: ScanTrigger,
    requested_by: Option<String>,
    state: ScanState,
    started_at: i64,
    finished_at: Option<i64>,
    summary: String,
    problems: String,
}

impl Row {
    fn into_scan(self) -> Result<Scan, DatabaseError> {
        let shape = |error: serde_json::Error| DatabaseError::Shape(error.to_string());
        let summary: ScanSummary = serde_json::from_str(&self.summary).map_err(shape)?;
        Ok(Scan {
            id: self.id,
            trigger: self.trigger,
            requested_by: self.requested_by,
            state: self.state,
            started_at: Timestamp::from_millis(self.started_at),
            finished_at: self.finished_at.map(Timestamp::from_millis),
            summary,
            problems: serde_json::from_str(&self.problems).map_err(shape)?,
        })
    }
}
