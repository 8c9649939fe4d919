//! `/api/pii-sessions`: masks lifted for one person, some classes and a time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use townlake_core::pii::PiiClass;
use townlake_core::time::Timestamp;

/// `POST /api/pii-sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPiiSession {
    /// Which masks to lift. Each needs an unmask grant.
    pub classes: BTreeSet<PiiClass>,
    /// For how long, from 1 to 60.
    pub minutes: u32,
    /// Why, on record for whoever asks later.
    pub reason: String,
}

/// The answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedPiiSession {
    /// The session's id, for the session property `pii_session`: a name, not a secret.
    pub id: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Which masks it lifts.
    pub classes: BTreeSet<PiiClass>,
    /// The name that the engine runs its queries under.
    pub effective_user: String,
    /// The policy version that knows the session.
    pub policy_version: u64,
}

/// `GET /api/pii-sessions`: the caller's own, newest first, the last hundred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiiSessionList {
    /// The sessions.
    pub pii_sessions: Vec<PiiSessionEntry>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiiSessionEntry {
    /// Its id.
    pub id: String,
    /// Which masks it lifts.
    pub classes: BTreeSet<PiiClass>,
    /// Why it was opened.
    pub reason: String,
    /// The name that the engine runs its queries under.
    pub effective_user: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When its owner ended it earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Whether it lifts anything now.
    pub live: bool,
}

/// The answer to `DELETE /api/pii-sessions/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedPiiSession {
    /// The session's id.
    pub id: String,
    /// The policy version that has forgotten it.
    pub policy_version: u64,
}
