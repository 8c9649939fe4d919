//! A page of an answer.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::errors::QueryError;
use super::signature::TypeSignature;

/// The version that `/v1/info` names: clients look at it to decide what they may use.
pub const INTERNAL_NODE_VERSION: &str = "476-townlake";

/// One page of an answer. The last one has no `next_uri`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryResults {
    /// The query's id.
    pub id: String,
    /// A page about the query, for people.
    pub info_uri: String,
    /// DELETE it to give up the rest of the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_cancel_uri: Option<String>,
    /// Where the next page is; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_uri: Option<String>,
    /// The columns, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<Column>>,
    /// Rows: an array of arrays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// How far it is.
    pub stats: StatementStats,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<QueryError>,
    /// What the caller should know besides.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// What kind of change was made, for statements without rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_type: Option<String>,
    /// How many rows were changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_count: Option<u64>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// The name; need not be unique.
    pub name: String,
    /// The type as text.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The type as a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_signature: Option<TypeSignature>,
}

/// How far a query is. Times are milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatementStats {
    /// `QUEUED`, `PLANNING`, `RUNNING`, `FINISHED` or `FAILED`.
    pub state: String,
    /// Whether it waits for a place.
    pub queued: bool,
    /// Whether its work is laid out.
    pub scheduled: bool,
    /// 0 to 100, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_percentage: Option<f64>,
    /// Machines at work.
    pub nodes: u32,
    /// Pieces of work.
    pub total_splits: u64,
    /// Pieces that wait.
    pub queued_splits: u64,
    /// Pieces that run.
    pub running_splits: u64,
    /// Pieces that are done.
    pub completed_splits: u64,
    /// Processor time.
    pub cpu_time_millis: u64,
    /// Time at work.
    pub wall_time_millis: u64,
    /// Time in the queue.
    pub queued_time_millis: u64,
    /// Time since the statement came.
    pub elapsed_time_millis: u64,
    /// Time to understand it.
    pub analysis_time_millis: u64,
    /// Time to plan it.
    pub planning_time_millis: u64,
    /// Rows made so far.
    pub processed_rows: u64,
    /// Bytes made so far.
    pub processed_bytes: u64,
    /// Bytes read.
    pub physical_input_bytes: u64,
    /// Most memory held at once.
    pub peak_memory_bytes: u64,
    /// Bytes written to disk for want of memory.
    pub spilled_bytes: u64,
}

/// A warning beside an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Which one.
    pub warning_code: WarningCode,
    /// In words.
    pub message: String,
}

/// Which warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningCode {
    /// Its number.
    pub code: i32,
    /// Its name.
    pub name: String,
}

/// The answer of `/v1/info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerInfo {
    /// Which version.
    pub node_version: NodeVersion,
    /// Which installation.
    pub environment: String,
    /// Whether it takes statements.
    pub coordinator: bool,
    /// Whether it is not ready yet.
    pub starting: bool,
    /// Since when, e.g. `1.50m`.
    pub uptime: String,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeVersion {
    /// As text.
    pub version: String,
}
