//! `GET /api/explain?table=&column=&user=&session=&viewers=`: what someone sees of a table, and why.

use serde::{Deserialize, Serialize};
use townlake_core::advice::Advice;
use townlake_core::policy::explain::{Explanation, Viewer};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainAnswer {
    /// What they see, and which grant, review or missing piece decides.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// What to do next, if something is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
    /// Everyone who sees it. Only with `viewers=true`, and only for reviewers and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewers: Option<Vec<Viewer>>,
    /// The policy version that this holds for.
    pub policy_version: u64,
}
