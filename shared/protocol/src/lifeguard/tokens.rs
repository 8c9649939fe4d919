//! `/api/tokens`: personal access tokens, for clients that cannot sign in through Access.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use townlake_core::time::Timestamp;

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// The Trino front door.
    Query,
    /// The MCP endpoint.
    Mcp,
    /// The JSON API.
    Api,
}

impl TokenScope {
    /// All of them: what a token gets that asks for none.
    pub const ALL: [Self; 3] = [Self::Query, Self::Mcp, Self::Api];
}

/// `POST /api/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What to call it, 1 to 100 characters.
    pub name: String,
    /// How long it works, from 1 to 8760.
    pub hours: u32,
    /// What it may be used for; everything if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<TokenScope>>,
}

/// The answer to it. The only time that the token is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedToken {
    /// The token's id: a name, not a secret.
    pub id: String,
    /// The token: `tlp_` and 43 characters.
    pub token: String,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// What it may be used for.
    pub scopes: BTreeSet<TokenScope>,
}

/// `GET /api/tokens`: the caller's own, newest first, dead ones included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    /// The tokens.
    pub tokens: Vec<TokenEntry>,
}

/// One token, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEntry {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<TokenScope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Whether it works now.
    pub live: bool,
}
