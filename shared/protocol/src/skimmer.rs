//! What Skimmer tells Lifeguard about columns, and its own routes under `/api/scans`.

use serde::{Deserialize, Serialize};
use townlake_core::names::TableRef;
use townlake_core::pii::{Evidence, PiiClass};
use townlake_core::time::Timestamp;

/// What Skimmer thinks of a table's columns: the body of `PUT /internal/proposals` is a list of these.
///
/// A proposal decides nothing. The column stays pending until a person has looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableProposals {
    /// The table.
    pub table: TableRef,
    /// Its newly looked at columns.
    pub columns: Vec<ColumnProposal>,
}

/// What Skimmer thinks of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProposal {
    /// The column's name.
    pub name: String,
    /// What it seems to hold; absent when nothing sensitive was found.
    pub class: Option<PiiClass>,
    /// How sure Skimmer is of `class`, from 0 to 1. Of no class: how sure that there is none.
    pub confidence: f64,
    /// Why, for the reviewer. Samples in it are masked.
    pub evidence: Vec<Evidence>,
    /// Which version of the detectors looked.
    pub detector_version: u32,
}

/// One run of Skimmer: an item of `GET /api/scans`, and the answer of `POST /api/scans`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Its id, `scn_...`.
    pub id: String,
    /// What started it.
    pub trigger: ScanTrigger,
    /// Who asked for it, if it was a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// How it stands.
    pub state: ScanState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What it saw and did.
    pub summary: ScanSummary,
    /// What went wrong, each with what it means. A scan that could look at anything is not failed by these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ScanProblem>,
}

/// What started a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanTrigger {
    /// The schedule.
    Cron,
    /// A reviewer or an admin.
    Request,
}

/// How a scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanState {
    /// Still at it.
    Running,
    /// Looked at everything that was due.
    Done,
    /// Stopped at its budget; the next one goes on from there.
    Partial,
    /// Could not learn what tables there are, or could not hand on what it found.
    Failed,
}

/// What a scan saw and did, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScanSummary {
    /// Tables and views that exist.
    pub tables: u32,
    /// Columns of them.
    pub columns: u32,
    /// Tables that were sampled.
    pub tables_sampled: u32,
    /// Columns that were looked at, because they were new, changed, or last seen by older detectors.
    pub columns_classified: u32,
    /// Of these, those that seem to hold something sensitive.
    pub columns_flagged: u32,
    /// Tables that are gone since the last scan.
    pub tables_dropped: u32,
    /// Columns that are gone since the last scan, those of dropped tables included.
    pub columns_dropped: u32,
    /// Columns that still wait for the next scan.
    pub columns_waiting: u32,
    /// Columns that the classifier model answered for.
    pub model_answers: u32,
    /// Columns for which it failed, answered late or not in the agreed form. The detectors decided alone.
    pub model_failures: u32,
}

/// Something that a scan could not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanProblem {
    /// The catalog, table or part concerned.
    pub what: String,
    /// What happened and what it means.
    pub detail: String,
}

/// The answer of `GET /api/scans`: newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scans {
    /// The scans.
    pub scans: Vec<Scan>,
}
