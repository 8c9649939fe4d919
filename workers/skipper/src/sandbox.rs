//! Runs a guarded snippet where it can reach nothing but Skipper's functions, as the caller.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use townlake_core::identity::Principal;
use townlake_protocol::skipper::{LogLine, Truncation};

#[cfg(target_arch = "wasm32")]
#[path = "sandbox/loader.rs"]
mod backend;
#[cfg(not(target_arch = "wasm32"))]
#[path = "sandbox/absent.rs"]
mod backend;

pub use backend::Sandbox;

/// What a snippet may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The functions of `skipper`.
    pub functions: Vec<&'static str>,
    /// Loop rounds and calls of its own functions.
    pub iterations: u64,
    /// Milliseconds from start to end. Clients give up on a call after a minute.
    pub wall_ms: u64,
    /// Calls of Skipper's functions.
    pub calls: u64,
    /// Lines of console.
    pub log_lines: u64,
    /// Characters of console.
    pub log_bytes: u64,
    /// Characters of its result.
    pub result_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            functions: crate::functions::FUNCTIONS
                .iter()
                .map(|function| function.name)
                .collect(),
            iterations: 20_000_000,
            wall_ms: 50_000,
            calls: 100,
            log_lines: 200,
            log_bytes: 8_000,
            result_bytes: 2 << 20,
        }
    }
}

/// Processor time of one snippet, in milliseconds; enforced by the runtime in production, not locally.
#[cfg(target_arch = "wasm32")]
pub const CPU_MS: u32 = 10_000;
/// Requests of one snippet to its functions; a little more than the harness lets through.
#[cfg(target_arch = "wasm32")]
pub const SUBREQUESTS: u32 = 110;

/// On whose behalf a snippet runs. Made by Skipper, carried by the runtime, out of the snippet's reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Its id, for logs.
    pub id: String,
    /// The caller.
    pub principal: Principal,
}

/// What the harness reports: data about one run, not more to be believed than the snippet.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// What the snippet returned.
    pub result: Option<Value>,
    /// What it threw.
    pub error: Option<Thrown>,
    /// What it wrote.
    pub logs: Vec<LogLine>,
    /// Lines beyond the limit.
    pub dropped_logs: u64,
    /// What it called.
    pub calls: Vec<Called>,
    /// What was cut out of the result.
    pub truncated: Vec<Truncation>,
    /// Loop rounds and calls.
    pub iterations: u64,
    /// Milliseconds.
    pub ms: u64,
}

/// Something that was thrown, with whatever fields it had.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Thrown {
    /// The error's class.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Where.
    pub stack: String,
    /// Fields of an error that one of Skipper's functions gave.
    #[serde(flatten)]
    pub fields: serde_json::Map<String, Value>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Called {
    /// Of which function.
    pub function: String,
    /// Whether it gave a result.
    pub ok: bool,
    /// How long it took.
    pub ms: u64,
    /// The query that it started or read.
    pub query_id: Option<String>,
    /// What it put before the person.
    pub display: Option<String>,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SandboxError {
    /// The engine does not take the code: a mistake that the parser leaves to it, such as a name declared twice.
    #[error("{0}")]
    Refused(String),
    /// It did not answer in time.
    #[error("the snippet did not end within {0} ms")]
    Timeout(u64),
    /// It was stopped, for processor time or memory.
    #[error("the snippet was stopped: {0}")]
    Stopped(String),
    /// It cannot be run at all.
    #[error("snippets cannot be run: {0}")]
    Unavailable(String),
}
