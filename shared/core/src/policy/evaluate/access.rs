//! The answer: what one asker may do with one table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::names::TableRef;
use crate::pii::PiiClass;
use crate::policy::ids::{GrantId, PiiSessionId};
use crate::policy::model::{KnownColumn, Privilege};
use crate::time::Timestamp;

/// What one asker may do with one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableAccess {
    /// The table.
    pub table: TableRef,
    /// How much of it they may know of.
    pub visibility: Visibility,
    /// What they may do. Has `select` exactly if the table is readable.
    pub privileges: BTreeSet<Privilege>,
    /// The columns that the table has, in its order, the hidden ones included. Not for the asker's eyes as it
    /// is: show only those that are not hidden.
    pub columns: Vec<ColumnDecision>,
    /// Only rows for which this SQL holds; all if none.
    pub row_filter: Option<String>,
    /// Names that the table had once. Closed, as time travel still finds them.
    pub closed_names: BTreeSet<String>,
    /// The live grants on the table that cover the asker.
    pub grants: Vec<GrantId>,
    /// The PII session that is in effect.
    pub session: Option<PiiSessionId>,
}

/// How much of a table an asker may know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Nothing: it does not exist, or it is denied, which must look the same.
    Absent,
    /// That it exists.
    Listed,
    /// Some of its columns.
    Readable,
    /// All of it, as it describes only what its reader may see: `information_schema` and the like.
    Metadata,
}

/// What an asker reads of one column, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDecision {
    /// Its name.
    pub name: String,
    /// Its type as Trino writes it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// What they read.
    #[serde(flatten)]
    pub access: ColumnAccess,
    /// The SQL that stands for the column, if it is not read as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Only in rows for which this SQL holds; NULL in the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_where: Option<String>,
    /// What decided.
    pub reason: ColumnReason,
}

/// What an asker reads of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "access", rename_all = "snake_case")]
pub enum ColumnAccess {
    /// The value.
    Clear,
    /// The mask of the class.
    Masked {
        /// What the column holds.
        class: PiiClass,
    },
    /// The value until a time, then the mask of the class.
    Unmasked {
        /// What the column holds.
        class: PiiClass,
        /// When the mask is back.
        until: Timestamp,
    },
    /// Nothing, not even its name.
    Hidden,
}

/// What decided about a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnReason {
    /// A reviewer found nothing sensitive in it.
    ReviewedAsClear,
    /// A reviewer said what it holds.
    ReviewedAsMasked,
    /// The same, and the asker's PII session lifts the mask.
    LiftedBySession,
    /// The asker is a program that reads everything.
    Scan,
    /// Nobody has reviewed the table yet.
    TableAwaitsReview,
    /// Nobody has reviewed the column yet.
    AwaitsReview,
    /// It was reviewed when it had another type.
    TypeChanged {
        /// The type that was reviewed.
        reviewed: String,
    },
    /// A reviewer denied it to all.
    Denied,
    /// It is open, but no grant gives it to the asker.
    NotGranted,
}

impl TableAccess {
    /// Access without columns.
    pub(super) fn bare(table: &TableRef, visibility: Visibility) -> Self {
        Self {
            table: table.clone(),
            visibility,
            privileges: BTreeSet::new(),
            columns: Vec::new(),
            row_filter: None,
            closed_names: BTreeSet::new(),
            grants: Vec::new(),
            session: None,
        }
    }

    /// The decision about a column, if the table has it.
    pub fn column(&self, name: &str) -> Option<&ColumnDecision> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that the asker may know of, in order: what `SELECT *` stands for.
    pub fn readable_columns(&self) -> impl Iterator<Item = &ColumnDecision> {
        self.columns
            .iter()
            .filter(|column| column.access != ColumnAccess::Hidden)
    }

    /// Whether anything can be read.
    pub fn is_readable(&self) -> bool {
        matches!(self.visibility, Visibility::Readable | Visibility::Metadata)
    }
}

impl ColumnDecision {
    pub(super) fn hidden(column: &KnownColumn, reason: ColumnReason) -> Self {
        Self {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            access: ColumnAccess::Hidden,
            mask: None,
            only_where: None,
            reason,
        }
    }
}
