//! Who is asking: one verified caller, made in one place (the gateway) and carried between the parts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::names::{GroupName, UserName};
use crate::pii::PiiClass;
use crate::time::Timestamp;

/// A verified caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Whose rights apply.
    pub user: UserName,
    /// The groups that the company's IAM puts the user in, as fresh as the policy demands.
    pub groups: BTreeSet<GroupName>,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// How the caller proved who they are.
    pub via: Via,
    /// The PII session that this request runs under, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pii: Option<PiiSessionRef>,
}

impl Principal {
    /// Whether the caller is in the group.
    pub fn is_in(&self, group: &GroupName) -> bool {
        self.groups.contains(group)
    }
}

/// A person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A human being.
    Person,
    /// A program with a name of its own (`svc-*`).
    Service,
}

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A token of Cloudflare Access (or of the local issuer that plays it).
    Access,
    /// A personal access token.
    Token,
    /// Another Worker of the platform, by its service binding.
    Internal,
}

/// A live PII session: which masks are lifted for this request, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiiSessionRef {
    /// The session's id: a name, not a secret.
    pub id: String,
    /// The suffix of the effective user, `user+pii.<nonce>`.
    pub nonce: String,
    /// The classes whose masks are lifted.
    pub classes: BTreeSet<PiiClass>,
    /// When it ends.
    pub expires_at: Timestamp,
}
