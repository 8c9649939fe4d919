//! The recording, read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use townlake_core::policy::document::{Groups, Rules};

/// All of it.
#[derive(Deserialize)]
pub struct Recording {
    /// The group file.
    pub groups: Groups,
    /// The twelve sections of each policy.
    pub policies: BTreeMap<String, Rules>,
    /// The statements, in the order in which they ran.
    pub cases: Vec<Case>,
}

/// One statement and its answer.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Under which policy.
    pub policy: String,
    /// The token's subject.
    pub principal: String,
    /// `X-Trino-Original-User`.
    pub original_user: Option<String>,
    /// `X-Trino-User`.
    pub user: Option<String>,
    /// The statement.
    pub sql: String,
    /// The answer's rows.
    pub rows: Option<Vec<Vec<Value>>>,
    /// The error's name.
    pub error: Option<String>,
    /// The error's text.
    pub message: Option<String>,
}

impl Recording {
    /// Reads it from the test data.
    pub fn read() -> Self {
        serde_json::from_str(include_str!("../data/trino-policy/cases.json")).unwrap()
    }
}
