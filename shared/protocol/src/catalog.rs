//! The catalog's answers: what it found, and what one dataset is.
//!
//! Everything here is already cut down to what the caller may know of.

use serde::{Deserialize, Serialize};
use townlake_core::advice::NextStep;
use townlake_core::catalog::about::Exactness;
use townlake_core::names::TableRef;
use townlake_core::pii::PiiClass;
use townlake_core::time::Timestamp;

/// `GET /api/search?q=&limit=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchAnswer {
    /// The question as it was understood: its words.
    pub terms: Vec<String>,
    /// The datasets, best first.
    pub datasets: Vec<DatasetSummary>,
    /// How many were found in all.
    pub total: usize,
    /// How many of them the limit cut off.
    pub cut: usize,
}

/// One dataset in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetSummary {
    /// `catalog.schema.table`.
    pub name: TableRef,
    /// `table` or `view`.
    pub kind: String,
    /// What the table says of itself.
    pub description: String,
    /// Whether all rows are there.
    pub exactness: Exactness,
    /// How old its newest rows may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<String>,
    /// What the caller can do with it.
    pub access: Access,
    /// Columns whose name or comment holds a word of the question; the first columns if none does.
    pub columns: Vec<String>,
    /// How many columns the caller may know of.
    pub column_count: usize,
}

/// What the caller can do with a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Query at least one column.
    Granted,
    /// Know of it and ask for a grant.
    NotGranted,
    /// Wait for a reviewer.
    AwaitsReview,
}

/// `GET /api/datasets/{catalog.schema.table}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// `catalog.schema.table`.
    pub name: TableRef,
    /// `table` or `view`.
    pub kind: String,
    /// What the table says of itself.
    pub description: String,
    /// Whether all rows are there.
    pub exactness: Exactness,
    /// How old its newest rows may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<String>,
    /// What the caller can do with it.
    pub access: Access,
    /// Why not more, in words, when access is not granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<NextStep>,
    /// The columns that the caller may know of, in order.
    pub columns: Vec<Column>,
    /// When the schema was last looked at.
    pub seen_at: Timestamp,
}

/// One column that the caller may know of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as Trino writes it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The class behind whose mask the caller reads it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<PiiClass>,
    /// Whether the caller may read it, masked or not.
    pub readable: bool,
}
