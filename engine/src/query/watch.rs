//! Running queries under a changed policy.

use std::sync::{Arc, Weak};
use std::time::Duration;

use regex::Regex;
use townlake_protocol::trino::ErrorCode;

use super::{Query, Registry, State};
use crate::clock;
use crate::error::Failure;
use crate::policy::{Access, Policy};

/// Looks at every query that still gives rows, at each new version of the policy.
pub async fn recheck(registry: Weak<Registry>) {
    let mut changes = match registry.upgrade() {
        Some(registry) => registry.engine().policy.changes(),
        None => return,
    };
    while changes.changed().await.is_ok() {
        changes.borrow_and_update();
        let Some(registry) = registry.upgrade() else {
            return;
        };
        let Ok(policy) = registry.engine().policy.current() else {
            continue;
        };
        for query in registry.all() {
            check(&query, &policy);
        }
    }
}

/// Stops the query if the policy now gives its user something else than it started with.
pub fn check(query: &Query, policy: &Arc<Policy>) {
    if *query.state.lock() == State::Failed {
        return;
    }
    let Some(before) = query.access.lock().clone() else {
        return;
    };
    let session = &query.session;
    let now = Access::of_request(
        Arc::clone(policy),
        &session.principal,
        Some(&session.original_user),
        Some(&session.user),
    );
    let now = match now {
        Ok(now) => now,
        Err(failure) => {
            query.fail(changed(&failure.message));
            return;
        }
    };
    if let Err(failure) = now.check_can_execute_query() {
        query.fail(changed(&failure.message));
        return;
    }
    let reads = query.reads.lock().clone();
    for read in &reads {
        let columns: Vec<&str> = read.columns.keys().map(String::as_str).collect();
        if before.table(&read.table, &columns) != now.table(&read.table, &columns) {
            query.fail(changed(&format!(
                "access to table {} is no longer the same",
                read.table
            )));
            return;
        }
    }
    // Later changes are compared with what was found good now.
    *query.access.lock() = Some(now);
}

fn changed(what: &str) -> Failure {
    let what = what.strip_prefix("Access Denied: ").unwrap_or(what);
    Failure::new(
        ErrorCode::PermissionDenied,
        format!("Access Denied: access changed while the query ran: {what}"),
    )
}

/// Stops the query when a mask or filter that it runs under reaches the time written in it: a PII session's
/// end needs no new policy.
pub async fn expire(query: Arc<Query>) {
    let Some(deadline) = deadline(&query) else {
        return;
    };
    loop {
        let left = deadline - clock::nanos() as f64 / 1e9;
        if left <= 0.0 {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(left.min(60.0))) => {}
            () = query.cancel.cancelled() => return,
        }
    }
    query.fail(changed("the session that gave access has ended"));
}

/// The first moment after the query's start that a mask or filter compares the time with.
fn deadline(query: &Query) -> Option<f64> {
    let pattern =
        Regex::new(r"(?i)to_unixtime\s*\(\s*current_timestamp(?:\s*\(\s*\d+\s*\))?\s*\)\s*<=?\s*([0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)").ok()?;
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let start = query.session.start as f64 / 1e9;
    let reads = query.reads.lock();
    reads
        .iter()
        .flat_map(|read| read.columns.values().flatten().chain(&read.filters))
        .flat_map(|sql| pattern.captures_iter(sql))
        .filter_map(|found| found.get(1)?.as_str().parse::<f64>().ok())
        .filter(|at| *at > start)
        .min_by(f64::total_cmp)
}
