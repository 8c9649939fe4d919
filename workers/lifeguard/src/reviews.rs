//! Reviews: what reviewers decide about tables and columns, with what Skimmer proposes beside it.

mod decide;
mod list;
mod proposals;

use std::collections::BTreeSet;

use axum::extract::State;
use serde_json::{Value, json};
use townlake_core::names::TableRef;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::reviews::{ReviewOutcome, ReviewRequest};

use crate::app::App;
use crate::authorize::{Standing, standing};
use crate::rows::{rows, rows_with};
use crate::schema::{column_state, table_state};
use crate::state::Condition;
use crate::{audit, state};

pub use decide::{Decided, decide};
pub use list::list;
pub use proposals::put as put_proposals;

/// `POST /api/reviews`
pub async fn create(
    State(app): State<App>,
    peer: Peer,
    Json(request): Json<ReviewRequest>,
) -> Result<Json<ReviewOutcome>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_reviewer(&app, "deciding reviews")?;
    for _ in 0..state::ATTEMPTS {
        if let Some(outcome) = attempt(&app, &standing, &request).await? {
            return Ok(Json(outcome));
        }
    }
    Err(state::overtaken())
}

async fn attempt(
    app: &App,
    standing: &Standing,
    request: &ReviewRequest,
) -> Result<Option<ReviewOutcome>, Failure> {
    let names: Vec<&TableRef> = request
        .tables
        .iter()
        .map(|decision| &decision.table)
        .collect();
    let names = json!(names).to_string();
    // Read before what it guards, so that a change in between is noticed.
    let seen = list::revisions(&app.db, &names).await?;
    let under_review = list::tables_named(&app.db, &names).await?;
    let decided = decide(&under_review, request)?;
    let changed = (decided.tables.len() + decided.columns.len()) as u64;
    let now = app.clock.now();
    let record = audit::done(
        standing,
        AuditKind::TableReviewed,
        now,
        detail(request, changed),
    )?;
    if changed == 0 {
        // Decided again as it is: on record, but nothing for an engine to fetch.
        app.db.batch(vec![record]).await?;
        let policy_version = state::version(&app.db).await?;
        return Ok(Some(ReviewOutcome {
            changed,
            policy_version,
        }));
    }
    let mut statements = statements(&decided, standing, now);
    statements.push(record);
    let condition = Condition {
        sql: "(SELECT coalesce(sum(revision), 0) = ?2 FROM tables \
              WHERE name IN (SELECT value FROM json_each(?1)))",
        values: params![names, seen],
    };
    let version = state::change_if(&app.db, condition, now, statements).await?;
    Ok(version.map(|policy_version| ReviewOutcome {
        changed,
        policy_version,
    }))
}

/// What the audit log says of it. Every single decision is in `review_decisions`; a row has its limits.
fn detail(request: &ReviewRequest, changed: u64) -> Value {
    match request.tables.len() {
        0..=20 => json!({"changed": changed, "decisions": request}),
        tables => json!({"changed": changed, "tables": tables}),
    }
}

fn statements(decided: &Decided, standing: &Standing, now: Timestamp) -> Vec<Statement> {
    let user = standing.user.as_str();
    let tables = decided
        .tables
        .iter()
        .map(|table| json!([table.table, table_state(table.state)]));
    let mut statements = rows_with(
        "UPDATE tables SET state = json_extract(value, '$[1]'), decided_by = ?2, decided_at = ?3 \
         FROM json_each(?1) AS decided WHERE tables.name = json_extract(decided.value, '$[0]')",
        tables,
        params![user, now],
    );
    let columns = decided.columns.iter().map(|column| {
        json!([
            column.table,
            column.name,
            column_state(column.state),
            column.class
        ])
    });
    statements.extend(rows_with(
        "UPDATE columns SET state = json_extract(value, '$[2]'), class = json_extract(value, '$[3]'), \
         decided_by = ?2, decided_at = ?3 FROM json_each(?1) AS decided \
         WHERE columns.table_name = json_extract(decided.value, '$[0]') \
         AND columns.name = json_extract(decided.value, '$[1]')",
        columns,
        params![user, now],
    ));
    statements.extend(rows_with(
        "INSERT INTO review_decisions (table_name, column_name, previous_state, previous_class, state, class, type, \
         note, decided_by, decided_at) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), \
         json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]'), \
         json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'), ?2, ?3 \
         FROM json_each(?1)",
        history(decided),
        params![user, now],
    ));
    let touched = decided.tables.iter().map(|table| &table.table);
    let touched: BTreeSet<_> = touched
        .chain(decided.columns.iter().map(|column| &column.table))
        .collect();
    statements.extend(rows(
        "UPDATE tables SET revision = revision + 1 WHERE name IN (SELECT value FROM json_each(?1))",
        touched.into_iter().map(|table| json!(table)),
    ));
    statements
}

fn history(decided: &Decided) -> impl Iterator<Item = Value> {
    let tables = decided.tables.iter().map(|table| {
        json!([
            table.table,
            null,
            table_state(table.previous_state),
            null,
            table_state(table.state),
            null,
            null,
            table.note,
        ])
    });
    let columns = decided.columns.iter().map(|column| {
        json!([
            column.table,
            column.name,
            column_state(column.previous_state),
            column.previous_class,
            column_state(column.state),
            column.class,
            column.data_type,
            column.note,
        ])
    });
    tables.chain(columns)
}
