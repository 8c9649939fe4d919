//! A query as a thing of its own: it is started, drives the engine by itself, keeps what came, and is read by its owner.
//!
//! On the runtime each is a Durable Object with its own SQLite and an alarm; natively it is a task and memory. Both are
//! [`Keep`]s around the same [`Runner`].

#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(target_arch = "wasm32")]
pub mod object;
mod rows;
mod runner;

#[cfg(not(target_arch = "wasm32"))]
pub use memory::Queries;
#[cfg(target_arch = "wasm32")]
pub use object::Queries;
pub use rows::{Collected, MAX_BYTES, MAX_ROWS};
pub use runner::{Keep, Runner};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use townlake_core::identity::Principal;
use townlake_core::names::TableRef;
use townlake_core::time::Timestamp;
use townlake_protocol::skipper::{ExecuteError, ResultColumn};

/// How long a finished query's rows are kept, in seconds.
pub const KEPT_SECONDS: i64 = 3_600;
/// How long a query may run, in seconds.
pub const MAX_RUN_SECONDS: i64 = 1_800;

/// What a query is started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Its id, which is also the name of its object.
    pub id: String,
    /// The statement.
    pub sql: String,
    /// Session properties of the engine's protocol.
    pub session: Vec<(String, String)>,
    /// Whose rights it runs with, and who may read it.
    pub principal: Principal,
    /// The tables that it reads; none if the statement cannot be read here.
    pub tables: Option<Vec<TableRef>>,
    /// What the owner could read of those tables when it was started.
    pub fingerprint: String,
}

/// A query as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What it was started with.
    pub start: Start,
    /// How far it is.
    pub status: Status,
    /// Its columns, once known.
    pub columns: Vec<ResultColumn>,
    /// The rows that are kept.
    pub row_count: usize,
    /// Their size as JSON.
    pub bytes: usize,
    /// Whether there was more than is kept.
    pub truncated: bool,
    /// When it was started.
    pub started_at: Timestamp,
}

/// How far a query is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// The engine works on it; the path is where the next page is.
    Running {
        /// On the gateway.
        next: String,
    },
    /// All rows that are kept are there.
    Finished,
    /// It was refused or it failed.
    Failed {
        /// Why.
        error: Box<ExecuteError>,
    },
}

/// What an owner gets to see of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Everything but its rows.
    pub kept: Kept,
    /// Rows as arrays of values in the order of the columns.
    pub rows: Vec<Vec<Value>>,
}
