//! `/api/grants` and `/api/unmask-grants`: who may read which tables, and lift which masks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use townlake_core::names::UserName;
use townlake_core::pii::PiiClass;
use townlake_core::policy::filter::RowFilter;
use townlake_core::policy::model::{Privilege, Subject};
use townlake_core::policy::pattern::TablePattern;
use townlake_core::time::Timestamp;

/// `POST /api/grants`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// Who gets it: `{"group": "analysts"}` or `{"user": "ana@corp.example"}`.
    pub subject: Subject,
    /// On which tables, e.g. `lake.dim.*`.
    pub table: TablePattern,
    /// To do what.
    pub privileges: BTreeSet<Privilege>,
    /// Only these columns; all reviewed ones if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<BTreeSet<String>>,
    /// Only rows for which this SQL condition holds; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_filter: Option<RowFilter>,
    /// Until when; until revoked if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// The answer to a new grant of either kind, and to its revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantOutcome {
    /// The grant's id.
    pub id: String,
    /// The policy version that has it.
    pub policy_version: u64,
}

/// `GET /api/grants`: newest first; with `?all=true` the expired and revoked ones too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantList {
    /// The grants.
    pub grants: Vec<GrantEntry>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantEntry {
    /// Its id.
    pub id: String,
    /// Who gets it.
    pub subject: Subject,
    /// On which tables.
    pub table: TablePattern,
    /// To do what.
    pub privileges: BTreeSet<Privilege>,
    /// Only these columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<BTreeSet<String>>,
    /// Only rows for which this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_filter: Option<RowFilter>,
    /// Until when and by whom.
    #[serde(flatten)]
    pub record: GrantRecord,
}

/// `POST /api/unmask-grants`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUnmaskGrant {
    /// Who gets it.
    pub subject: Subject,
    /// Which masks may be lifted in a PII session.
    pub class: PiiClass,
    /// Until when; until revoked if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// `GET /api/unmask-grants`: newest first; with `?all=true` the expired and revoked ones too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmaskGrantList {
    /// The grants.
    pub unmask_grants: Vec<UnmaskGrantEntry>,
}

/// One unmask grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmaskGrantEntry {
    /// Its id.
    pub id: String,
    /// Who gets it.
    pub subject: Subject,
    /// Which masks may be lifted.
    pub class: PiiClass,
    /// Until when and by whom.
    #[serde(flatten)]
    pub record: GrantRecord,
}

/// Since when, until when, by whom and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRecord {
    /// Why it was given.
    pub reason: String,
    /// Who gave it.
    pub created_by: UserName,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Who revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<UserName>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Whether it gives anything now.
    pub live: bool,
}
