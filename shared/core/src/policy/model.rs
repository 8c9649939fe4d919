//! What was decided by people: who is in which group, what is granted, what is reviewed, which masks are
//! lifted. Everything else about policy follows from this and the time ([`evaluate`](super::evaluate)).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::filter::RowFilter;
use super::ids::{GrantId, PiiSessionId, UnmaskGrantId};
use super::pattern::TablePattern;
use crate::names::{GroupName, TableRef, UserName};
use crate::pii::PiiClass;
use crate::time::Timestamp;

/// All that access is decided from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Model {
    /// Grows with every change; a later model has a higher one.
    pub version: u64,
    /// Who is in which group. Only fresh memberships: stale ones are left out, which closes what they gave.
    #[serde(default)]
    pub groups: BTreeMap<GroupName, BTreeSet<UserName>>,
    /// Programs with rights of their own.
    #[serde(default)]
    pub services: Vec<Service>,
    /// The latest schema snapshot, with tombstones. A table that is not in it is closed to all but services.
    #[serde(default)]
    pub tables: BTreeMap<TableRef, KnownTable>,
    /// What reviewers decided. No entry means pending.
    #[serde(default)]
    pub reviews: BTreeMap<TableRef, TableReview>,
    /// What was granted, expired grants included.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Who may open PII sessions, and for which classes.
    #[serde(default)]
    pub unmask_grants: Vec<UnmaskGrant>,
    /// Masks lifted for one person and a time, ended sessions included.
    #[serde(default)]
    pub pii_sessions: Vec<PiiSession>,
    /// Names that the platform gives meaning to.
    #[serde(default)]
    pub settings: Settings,
}

/// Names that the platform gives meaning to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The subject of the gateway's own credential at the engine: the one principal that may act for others.
    pub gateway: String,
    /// Who decides reviews. Without it, reviews wait for the administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewers: Option<GroupName>,
    /// Who makes grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admins: Option<GroupName>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gateway: "gateway".to_owned(),
            reviewers: "reviewers".parse().ok(),
            admins: "admins".parse().ok(),
        }
    }
}

/// A program with rights of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, `svc-*`. Entries with a person's name give nothing.
    pub user: UserName,
    /// What it may do beside its grants.
    pub privileges: BTreeSet<ServicePrivilege>,
}

/// What a program may do beside its grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServicePrivilege {
    /// Read every table, unmasked and unreviewed columns included. Never write.
    Scan,
}

/// A table or view as the last snapshot that had it described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTable {
    /// A table or a view.
    pub kind: TableKind,
    /// The table's own comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// It is gone. The entry stays, so that its review holds if it comes back the same.
    #[serde(default)]
    pub dropped: bool,
    /// Its columns in order, with every name that it ever had.
    pub columns: Vec<KnownColumn>,
}

/// A table or a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// A table that holds rows.
    Table,
    /// A view: a query with a name. Reviewed and granted like a table.
    View,
}

/// A column, present or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownColumn {
    /// Its name in lower case.
    pub name: String,
    /// Its type as Trino writes it, e.g. `varchar(20)`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// It is gone. The name stays closed, since time travel still finds it.
    #[serde(default)]
    pub dropped: bool,
    /// The column's own comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What reviewers decided about a table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableReview {
    /// The table as a whole.
    pub state: TableState,
    /// Its columns. No entry means pending.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnReview>,
}

/// What was decided about a table as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableState {
    /// Not yet: listed, nothing readable.
    #[default]
    Pending,
    /// Open to grants, column by column.
    Approved,
    /// As if absent.
    Denied,
}

/// What was decided about a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReview {
    /// The decision.
    #[serde(flatten)]
    pub state: ColumnState,
    /// The column's type when it was decided. Another type since then makes the column pending again.
    #[serde(default)]
    pub reviewed_type: String,
}

/// The decision about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ColumnState {
    /// Not yet: hidden.
    Pending,
    /// Readable as it is by those with a grant.
    Clear,
    /// Readable through the mask of the class.
    Masked {
        /// What it holds.
        class: PiiClass,
    },
    /// Hidden from all.
    Denied,
}

/// Privileges on some tables for a group or a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Who gets it.
    pub subject: Subject,
    /// On which tables.
    pub table: TablePattern,
    /// To do what. A write privilege is in effect only where the person reads all columns unmasked and all
    /// rows: Trino refuses writes through a mask or a filter, and lists every column to whoever may write.
    pub privileges: BTreeSet<Privilege>,
    /// Only these columns, in lower case; all if absent. Such a grant gives no write privilege.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<BTreeSet<String>>,
    /// Only rows for which this holds; all if absent. Such a grant gives no write privilege.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_filter: Option<RowFilter>,
    /// Until when; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why it was given.
    #[serde(default)]
    pub reason: String,
}

/// What may be done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privilege {
    /// Read.
    Select,
    /// Add rows.
    Insert,
    /// Change rows.
    Update,
    /// Remove rows.
    Delete,
    /// Change and drop the table itself.
    Own,
}

/// Who a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// All members of a group.
    Group(GroupName),
    /// One person or service.
    User(UserName),
}

/// Permission to open PII sessions for a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmaskGrant {
    /// Its id.
    pub id: UnmaskGrantId,
    /// Who gets it.
    pub subject: Subject,
    /// Which masks may be lifted.
    pub class: PiiClass,
    /// Until when; for ever if absent. No session outlives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why it was given.
    #[serde(default)]
    pub reason: String,
}

/// Masks lifted for one person and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiiSession {
    /// Its id.
    pub id: PiiSessionId,
    /// Whose session it is.
    pub user: UserName,
    /// The suffix of the effective user, `user+pii.<nonce>`: `[a-z0-9]+`, unique among sessions. One with any
    /// other character is dead.
    pub nonce: String,
    /// Which masks it lifts. A class that the person no longer holds an unmask grant for is masked again.
    pub classes: BTreeSet<PiiClass>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Why it was opened.
    #[serde(default)]
    pub reason: String,
}

impl Model {
    /// The groups that the user is in.
    pub fn groups_of(&self, user: &UserName) -> BTreeSet<GroupName> {
        self.groups
            .iter()
            .filter(|(_, members)| members.contains(user))
            .map(|(group, _)| group.clone())
            .collect()
    }

    /// Whether the subject is the user or a group that the user is in.
    pub fn covers(&self, subject: &Subject, user: &UserName) -> bool {
        match subject {
            Subject::User(subject) => subject == user,
            Subject::Group(group) => self
                .groups
                .get(group)
                .is_some_and(|members| members.contains(user)),
        }
    }

    /// The table, unless it was never seen or is gone.
    pub fn existing_table(&self, table: &TableRef) -> Option<&KnownTable> {
        self.tables.get(table).filter(|known| !known.dropped)
    }

    /// What holds about a table now: pending unless someone decided.
    pub fn table_state(&self, table: &TableRef) -> TableState {
        self.reviews
            .get(table)
            .map(|review| review.state)
            .unwrap_or_default()
    }

    /// What holds about a column now: pending unless someone decided, and pending again if its type has
    /// changed since. A denial holds whatever the type.
    pub fn column_state(&self, table: &TableRef, column: &KnownColumn) -> ColumnState {
        let review = self
            .reviews
            .get(table)
            .and_then(|review| review.columns.get(&column.name));
        match review {
            None => ColumnState::Pending,
            Some(ColumnReview {
                state: ColumnState::Denied,
                ..
            }) => ColumnState::Denied,
            Some(review) if review.reviewed_type == column.data_type => review.state,
            Some(_) => ColumnState::Pending,
        }
    }

    /// Whether the user is a program that may read everything.
    pub fn may_scan(&self, user: &UserName) -> bool {
        user.is_service()
            && self.services.iter().any(|service| {
                &service.user == user && service.privileges.contains(&ServicePrivilege::Scan)
            })
    }

    /// The session with the id, dead or alive.
    pub fn pii_session(&self, id: &PiiSessionId) -> Option<&PiiSession> {
        self.pii_sessions.iter().find(|session| &session.id == id)
    }
}

impl Grant {
    /// Whether it still gives anything at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

impl UnmaskGrant {
    /// Whether it still gives anything at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

impl PiiSession {
    /// The name that the engine knows the session's queries by.
    pub fn effective_user(&self) -> String {
        format!("{}+pii.{}", self.user, self.nonce)
    }
}
