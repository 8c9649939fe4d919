//! The policy's version and the directory's age, and changes that go with them.

use serde::Deserialize;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_kit::failure::Failure;

use crate::app::Config;
use crate::input::{moment_column, optional_moment_column};

/// Where the policy stands: one row, one query.
#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    /// The policy's version.
    pub version: u64,
    /// When the IAM last confirmed the directory.
    #[serde(deserialize_with = "optional_moment_column")]
    pub pulled_at: Option<Timestamp>,
    /// When a pull was last begun.
    #[serde(deserialize_with = "moment_column")]
    pub attempted_at: Timestamp,
    /// Until when somebody else is pulling.
    #[serde(deserialize_with = "moment_column")]
    pub claimed_until: Timestamp,
    /// Why the last pull failed.
    pub failure: Option<String>,
}

impl Head {
    /// Until when the memberships count, unless the IAM confirms them again.
    pub fn memberships_until(&self, config: &Config) -> Option<Timestamp> {
        self.pulled_at.map(|pulled_at| pulled_at.plus_seconds(config.iam_max_age_seconds))
    }

    /// Whether the memberships are young enough to count.
    pub fn is_fresh(&self, config: &Config, now: Timestamp) -> bool {
        self.memberships_until(config).is_some_and(|until| now < until)
    }
}

/// Reads where the policy stands.
pub async fn head(db: &Database) -> Result<Head, DatabaseError> {
    let sql = "SELECT policy_state.version, directory.pulled_at, directory.attempted_at, directory.claimed_until, \
               directory.failure FROM policy_state, directory";
    db.first(sql, params![])
        .await?
        .ok_or_else(|| DatabaseError::Shape("the policy state has no row".to_owned()))
}

/// The version alone.
pub async fn version(db: &Database) -> Result<u64, DatabaseError> {
    Ok(head(db).await?.version)
}

/// Writes a change of the policy: the statements and the next version, all or nothing. Answers a version that has
/// the change.
pub async fn change(db: &Database, now: Timestamp, mut statements: Vec<Statement>) -> Result<u64, DatabaseError> {
    statements.push(raise(now));
    db.batch(statements).await?;
    version(db).await
}

/// The same, if the policy is still the one that the change was computed from. `None`: it is not, compute it again.
pub async fn change_from(
    db: &Database,
    computed_from: u64,
    now: Timestamp,
    statements: Vec<Statement>,
) -> Result<Option<u64>, DatabaseError> {
    let guard = Statement::new(
        "INSERT INTO guards (holds) SELECT version = ?1 FROM policy_state",
        params![computed_from],
    );
    let mut guarded = vec![guard];
    guarded.extend(statements);
    guarded.push(raise(now));
    guarded.push(Statement::new("DELETE FROM guards", params![]));
    match db.batch(guarded).await {
        Ok(()) => Ok(Some(computed_from.saturating_add(1))),
        Err(error) if is_broken_guard(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a batch was left out because its first statement's condition no longer held.
pub fn is_broken_guard(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Constraint(message) if message.contains("guard_holds"))
}

/// How often a change is computed again before the caller is told to. Writers are few and quick: a third attempt
/// is rare already.
pub const ATTEMPTS: usize = 5;

/// What a caller is told whose change kept being overtaken.
pub fn overtaken() -> Failure {
    Failure::conflict("overtaken", "others changed the policy at the same moment, again and again")
        .with_hint("nothing was changed: send it again")
}

fn raise(now: Timestamp) -> Statement {
    Statement::new("UPDATE policy_state SET version = version + 1, changed_at = ?1", params![now])
}
