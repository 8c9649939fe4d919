//! What tables and columns exist, as Skimmer reports it. What changed since the last report falls back to pending;
//! what is gone stays as a tombstone.

mod difference;
mod store;

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::audit::{AuditEvent, AuditKind};
use townlake_protocol::snapshot::Snapshot;

use crate::app::App;
use crate::{audit, state};

use difference::difference;
pub use difference::{column_state, table_state};

/// The answer to a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SnapshotOutcome {
    /// How many tables and columns are different from before.
    pub changed: usize,
    /// How many tables and columns fell back to pending.
    pub reopened: usize,
    /// Whether the snapshot was left out because a newer one is there.
    pub late: bool,
    /// The policy version that has it.
    pub policy_version: u64,
}

/// `PUT /internal/snapshot`
pub async fn put(
    State(app): State<App>,
    peer: Peer,
    Json(snapshot): Json<Snapshot>,
) -> Result<Json<SnapshotOutcome>, Failure> {
    peer.caller.require(&["skimmer"])?;
    for _ in 0..state::ATTEMPTS {
        if let Some(outcome) = attempt(&app, &peer, &snapshot).await? {
            return Ok(Json(outcome));
        }
    }
    Err(state::overtaken())
}

async fn attempt(
    app: &App,
    peer: &Peer,
    snapshot: &Snapshot,
) -> Result<Option<SnapshotOutcome>, Failure> {
    let policy_version = state::version(&app.db).await?;
    // Read before what it guards, so that a change in between is noticed.
    let seen = store::seen(&app.db).await?;
    if seen
        .taken_at
        .is_some_and(|newest| snapshot.taken_at < newest)
    {
        return Ok(Some(SnapshotOutcome {
            changed: 0,
            reopened: 0,
            late: true,
            policy_version,
        }));
    }
    let known = store::known(&app.db).await?;
    let change = difference(&known, snapshot)
        .map_err(|error| Failure::bad_request("snapshot_malformed", error.to_string()))?;
    let changed = change.tables.len() + change.columns.len();
    if changed == 0 {
        store::take(&app.db, snapshot.taken_at).await?;
        return Ok(Some(SnapshotOutcome {
            changed,
            reopened: 0,
            late: false,
            policy_version,
        }));
    }
    let now = app.clock.now();
    let reopened = change.decisions.len();
    let user = peer.principal.user.clone();
    let mut event = AuditEvent::new(
        townlake_kit::random::id("aud"),
        now,
        AuditKind::SchemaChanged,
        user.clone(),
    );
    event.detail = json!({
        "tables": change.tables.len(), "columns": change.columns.len(), "reopened": reopened,
        "taken_at": snapshot.taken_at,
    });
    let mut statements = store::statements(&change, snapshot.taken_at, &user, now);
    statements.push(audit::record(&event, "lifeguard")?);
    let version = state::change_if(&app.db, seen.still_holds(), now, statements).await?;
    Ok(version.map(|policy_version| SnapshotOutcome {
        changed,
        reopened,
        late: false,
        policy_version,
    }))
}
