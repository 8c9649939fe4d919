//! `/api/reviews`: what Skimmer proposes, what reviewers decide.

use serde::{Deserialize, Serialize};
use townlake_core::names::{TableRef, UserName};
use townlake_core::pii::{Evidence, PiiClass};
use townlake_core::policy::model::{TableKind, TableState};
use townlake_core::time::Timestamp;

/// What was decided about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnDecision {
    /// Not yet: hidden.
    Pending,
    /// Readable as it is by those with a grant.
    Clear,
    /// Readable through the mask of its class.
    Masked,
    /// Hidden from all.
    Denied,
}

/// The answer to `PUT /internal/proposals` ([`TableProposals`](crate::skimmer::TableProposals)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredProposals {
    /// How many columns got a proposal.
    pub stored: u64,
    /// Columns that the last snapshot does not have, as `c.s.t.column`; nothing was stored for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// `GET /api/reviews?state=pending|all`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewList {
    /// Tables by name: with `pending`, those that wait for a decision in whole or in part.
    pub tables: Vec<ReviewTable>,
}

/// A table and what is decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewTable {
    /// The table.
    pub table: TableRef,
    /// What is decided about it as a whole.
    pub state: TableState,
    /// A table or a view.
    pub kind: TableKind,
    /// The table's own comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who decided last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<UserName>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// Its present columns in order.
    pub columns: Vec<ReviewColumn>,
}

/// A column and what is decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewColumn {
    /// The column.
    pub name: String,
    /// Its type as Trino writes it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The column's own comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What is decided.
    pub state: ColumnDecision,
    /// The class whose mask applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<PiiClass>,
    /// What Skimmer thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ReviewProposal>,
    /// Who decided last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<UserName>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// What Skimmer thinks of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewProposal {
    /// The class; none if nothing sensitive was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<PiiClass>,
    /// How sure of the class, from 0 to 1; without one, how sure that there is none.
    pub confidence: f64,
    /// Why. Samples in it are masked.
    pub evidence: Vec<Evidence>,
}

/// `POST /api/reviews`: decisions on some tables, all or none of which are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// The tables.
    pub tables: Vec<TableDecision>,
}

/// A decision on one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDecision {
    /// The table.
    pub table: TableRef,
    /// What to decide about it as a whole.
    pub state: TableState,
    /// What to decide about some columns.
    #[serde(default)]
    pub columns: Vec<ColumnChoice>,
    /// What to do with the columns that are pending and not named; nothing if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<RemainingColumns>,
    /// Why, for those who come later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A decision on one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnChoice {
    /// The column.
    pub name: String,
    /// The decision.
    pub decision: ColumnDecision,
    /// The class, for `masked` only. Left out, the proposed one is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<PiiClass>,
    /// The type that the reviewer saw. If given and no longer so, the decision is refused.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
}

/// What to do with pending columns that a decision does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemainingColumns {
    /// All of them are readable as they are.
    Clear,
    /// As Skimmer proposes: masked where it found a class, clear where it found nothing, pending where it has not
    /// looked.
    Proposal,
    /// They wait.
    Pending,
}

/// The answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewOutcome {
    /// How many tables and columns have another state than before.
    pub changed: u64,
    /// The policy version that has it.
    pub policy_version: u64,
}
