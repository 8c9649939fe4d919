//! The policy's version and the directory's age, and changes that go with them.

use serde::Deserialize;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, Value, params};
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
        self.pulled_at
            .map(|pulled_at| pulled_at.plus_seconds(config.iam_max_age_seconds))
    }

    /// Whether the memberships are young enough to count.
    pub fn is_fresh(&self, config: &Config, now: Timestamp) -> bool {
        self.memberships_until(config)
            .is_some_and(|until| now < until)
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
pub async fn change(
    db: &Database,
    now: Timestamp,
    mut statements: Vec<Statement>,
) -> Result<u64, DatabaseError> {
    statements.push(raise(now));
    db.batch(statements).await?;
    version(db).await
}

/// The same, if the condition holds. `None`: it does not, so compute the change again.
pub async fn change_if(
    db: &Database,
    condition: Condition,
    now: Timestamp,
    mut statements: Vec<Statement>,
) -> Result<Option<u64>, DatabaseError> {
    statements.push(raise(now));
    if batch_if(db, condition, statements).await? {
        version(db).await.map(Some)
    } else {
        Ok(None)
    }
}

/// Something that must be so when a batch begins: an SQL expression and its values.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Neither NULL nor 0 if it holds.
    pub sql: &'static str,
    /// The values in order.
    pub values: Vec<Value>,
}

/// Runs all statements in one transaction if the condition holds at its beginning. Answers whether it did.
pub async fn batch_if(
    db: &Database,
    condition: Condition,
    statements: Vec<Statement>,
) -> Result<bool, DatabaseError> {
    let insert = format!(
        "INSERT INTO guards (holds) SELECT coalesce({}, 0)",
        condition.sql
    );
    let mut guarded = vec![Statement::new(insert, condition.values)];
    guarded.extend(statements);
    guarded.push(Statement::new("DELETE FROM guards", params![]));
    match db.batch(guarded).await {
        Ok(()) => Ok(true),
        Err(DatabaseError::Constraint(message)) if message.contains("guard_holds") => Ok(false),
        Err(error) => Err(error),
    }
}

/// How often a change is computed again before the caller is told to. Writers are few and quick: a third attempt
/// is rare already.
pub const ATTEMPTS: usize = 5;

/// What a caller is told whose change kept being overtaken.
pub fn overtaken() -> Failure {
    Failure::conflict(
        "overtaken",
        "others changed the policy at the same moment, again and again",
    )
    .with_hint("nothing was changed: send it again")
}

fn raise(now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE policy_state SET version = version + 1, changed_at = ?1",
        params![now],
    )
}
