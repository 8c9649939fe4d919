//! The copy of the company's IAM: who there is, who is in which group, and how long ago the IAM said so.
//!
//! One request at a time pulls (a claim in the database decides which, across isolates); the others go on with what
//! is there. An answer that cannot be believed in whole changes nothing. What the IAM does not confirm any more
//! stays until `IAM_MAX_AGE_SECONDS`, then nobody is in any group.

mod check;
mod pull;
mod store;

use townlake_kit::failure::Failure;

use crate::app::App;
use crate::state::{self, Head};

/// Where the policy stands, after the directory was pulled if that was due.
pub async fn current(app: &App) -> Result<Head, Failure> {
    let mut head = state::head(&app.db).await?;
    let now = app.clock.now();
    if is_due(app, &head) {
        if let Some(claim) = pull::take_claim(app, now).await? {
            return pull::pull(app, head, &claim, now).await;
        }
        head = state::head(&app.db).await?;
    }
    // Somebody else pulls and nothing that counts is there yet: ask beside them rather than turn people away. Not
    // if the IAM is known to fail, so that nobody waits for what will not come.
    if !head.is_fresh(&app.config, now) && head.failure.is_none() {
        if let Some(claim) = pull::running_claim(app, now).await? {
            return pull::pull(app, head, &claim, now).await;
        }
        head = state::head(&app.db).await?;
    }
    Ok(head)
}

/// Whether this request should try to pull. Whoever wins the claim does.
fn is_due(app: &App, head: &Head) -> bool {
    let now = app.clock.now();
    let due = now >= head.attempted_at.plus_seconds(app.config.refresh_seconds);
    due && now >= head.claimed_until
}
