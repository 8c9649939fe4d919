//! `POST /internal/identify`: from a verified user or a token to a principal with groups.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use townlake_core::identity::PrincipalKind;
use townlake_core::names::{GroupName, UserName};

use super::tokens::TokenScope;

/// On each answer that depends on the policy: its version.
pub const POLICY_VERSION_HEADER: &str = "x-townlake-policy-version";

/// On each answer of `GET /internal/policy`, 304 included: until when the document may be used (RFC 3339).
pub const VALID_UNTIL_HEADER: &str = "x-townlake-valid-until";

/// Whom to identify: `{"user": "ana@corp.example"}` or `{"token_sha256": "<64 hex digits>"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifyRequest {
    /// A user whose identity the gateway has verified already.
    User(UserName),
    /// The SHA-256 in hex of a personal access token.
    TokenSha256(String),
}

/// Who it is. Anyone unknown, inactive or with a dead token gets a 401 problem instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Whose rights apply.
    pub user: UserName,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// The user's groups, as fresh as the policy demands.
    pub groups: BTreeSet<GroupName>,
    /// The token that was used, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// What the token may be used for; without a token, everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<TokenScope>>,
    /// The policy's version at that moment.
    pub policy_version: u64,
}
