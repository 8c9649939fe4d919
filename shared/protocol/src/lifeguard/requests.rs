//! `/api/requests`: people asking for access.

use serde::{Deserialize, Serialize};
use townlake_core::names::{GroupName, TableRef, UserName};
use townlake_core::time::Timestamp;

/// `POST /api/requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccessRequest {
    /// The table.
    pub table: TableRef,
    /// Why.
    pub reason: String,
    /// The group to join for it, if the person has one in mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
}

/// `POST /api/requests/{id}/close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseAccessRequest {
    /// What the person who asked gets to read.
    pub answer: String,
}

/// `GET /api/requests?state=open|all`: reviewers and administrators see all, others their own; newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequestList {
    /// The requests.
    pub requests: Vec<AccessRequestEntry>,
}

/// One request; also the answer to a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequestEntry {
    /// Its id.
    pub id: String,
    /// Who asks.
    pub user: UserName,
    /// For which table.
    pub table: TableRef,
    /// Why.
    pub reason: String,
    /// The group to join for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    /// Whether it still waits.
    pub state: AccessRequestState,
    /// When they asked.
    pub created_at: Timestamp,
    /// Who closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<UserName>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// What they had to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// Whether a request still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessRequestState {
    /// It waits.
    Open,
    /// Somebody answered it.
    Closed,
}
