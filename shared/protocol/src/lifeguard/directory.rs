//! `GET /iam/v1/directory`: the company's people and groups, as the IAM tells them. `docs/iam.md` is its description
//! for those who build the other side.

use serde::{Deserialize, Serialize};

/// The whole directory. Names are plain text here; Lifeguard checks them and refuses the whole directory for one
/// that is malformed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The IAM's own name for this state.
    pub version: String,
    /// Everyone who may sign in or once could.
    pub people: Vec<DirectoryPerson>,
    /// All groups.
    pub groups: Vec<DirectoryGroup>,
}

/// A human being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPerson {
    /// The e-mail address in lower case: the user name everywhere.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// Whether the person may sign in.
    pub active: bool,
}

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryGroup {
    /// The name, as grants use it.
    pub name: String,
    /// What the group is for.
    #[serde(default)]
    pub description: String,
    /// The members' e-mail addresses.
    pub members: Vec<String>,
}

/// `GET /api/groups`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupList {
    /// All groups by name.
    pub groups: Vec<GroupEntry>,
    /// How the copy of the IAM is doing.
    pub directory: DirectoryStatus,
}

/// A group as people choose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEntry {
    /// The name.
    pub name: townlake_core::names::GroupName,
    /// What it is for.
    pub description: String,
    /// How many active people are in it.
    pub size: u64,
    /// Whether the caller is in it.
    pub member: bool,
    /// Who is in it. Only for reviewers and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<townlake_core::names::UserName>>,
}

/// How fresh the copy of the IAM is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryStatus {
    /// When the IAM last confirmed it; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled_at: Option<townlake_core::time::Timestamp>,
    /// Whether it is fresh enough to count. If not, all memberships are closed.
    pub fresh: bool,
    /// Why the last pull failed. Only for administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}
