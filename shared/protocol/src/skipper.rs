//! What Skipper answers: one envelope for every `execute`, and the parts of it.
//!
//! Fields are in camelCase, since snippets and agents read them as JavaScript.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use townlake_core::advice::{Advice, NextStep};
use townlake_core::catalog::about::Exactness;
use townlake_core::names::TableRef;
use townlake_core::time::Timestamp;

use crate::problem::Problem;

/// The result of `execute`. Always of this form, whatever went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Whether the snippet ran to its end.
    pub ok: bool,
    /// What it returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ExecuteError>,
    /// What it wrote to the console, cut to a limit.
    pub logs: Vec<LogLine>,
    /// Lines that the limit cut off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_logs: u64,
    /// Which of Skipper's functions it called, in order.
    pub calls: Vec<Call>,
    /// What it used and what it had.
    pub budget: Budget,
    /// What was cut out of the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<Truncation>,
    /// Results for the person to look at, that the snippet did not take in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub displays: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What kind of thing went wrong: what a program would branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The snippet cannot be parsed; nothing of it ran.
    Syntax,
    /// It threw.
    #[default]
    Runtime,
    /// It took too long.
    Timeout,
    /// It spent its budget of loop rounds, calls or output.
    Limit,
    /// The caller may not. The rest of the error says what would have to be granted or reviewed, and by whom.
    Permission,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The SQL is wrong, or the engine failed on it.
    Sql,
    /// A function was called with something that it does not take.
    Invalid,
    /// A part of the platform does not answer; trying again may help.
    Unavailable,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteError {
    /// Which kind of thing.
    #[serde(default)]
    pub kind: ErrorKind,
    /// What, in words.
    pub message: String,
    /// A stable word for the rule that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The line of the author's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Which rule or missing piece decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The best next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Names that were perhaps meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
    /// Steps that can be taken with a click or a command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<NextStep>,
    /// Where in the SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql_line: Option<u64>,
    /// The column there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql_column: Option<u64>,
}

impl ExecuteError {
    /// An error with its message only.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same with the best next step.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the word for the rule.
    pub fn with_code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// Advice of another part, as this surface says it.
    pub fn from_advice(kind: ErrorKind, advice: Advice) -> Self {
        let Advice {
            code,
            title,
            detail,
            hint,
            next,
            span,
        } = advice;
        Self {
            kind,
            message: title,
            code: Some(code).filter(|code| !code.is_empty()),
            detail: Some(detail).filter(|detail| !detail.is_empty()),
            hint,
            next,
            sql_line: span.map(|span| span.line),
            sql_column: span.map(|span| span.column),
            ..Self::default()
        }
    }
}

impl From<Problem> for ExecuteError {
    fn from(problem: Problem) -> Self {
        let kind = match problem.status {
            401 | 403 => ErrorKind::Permission,
            404 => ErrorKind::NotFound,
            408 | 504 => ErrorKind::Timeout,
            413 | 429 => ErrorKind::Limit,
            400..=499 => ErrorKind::Invalid,
            _ => ErrorKind::Unavailable,
        };
        Self::from_advice(kind, problem.into_advice())
    }
}

/// One line of the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `log`, `info`, `debug`, `warn` or `error`.
    pub level: String,
    /// It.
    pub text: String,
}

/// One call of a function of Skipper's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Which.
    pub function: String,
    /// Whether it gave a result.
    pub ok: bool,
    /// How long it took.
    pub ms: u64,
    /// The query that it started or read. It goes on even if the snippet failed later: fetch it rather than start it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
}

/// What a snippet used and what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Milliseconds from start to end.
    pub ms: u64,
    /// How many it had.
    pub limit_ms: u64,
    /// Loop rounds and calls of its own functions.
    pub iterations: u64,
    /// How many it had.
    pub limit_iterations: u64,
}

/// Something that was cut out of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncation {
    /// Where, e.g. `rows` or `rows[3].note`; empty for the whole.
    pub path: String,
    /// How many elements or characters are left.
    pub kept: u64,
    /// How many there were.
    pub total: u64,
    /// The resource that holds all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// What `search` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchResult {
    /// Functions that `execute` can call.
    pub functions: Vec<FunctionSummary>,
    /// Datasets that the caller may know of.
    pub datasets: Vec<crate::catalog::DatasetSummary>,
    /// How many datasets were found beyond those.
    pub cut: usize,
    /// What to do with this.
    pub hint: String,
}

/// One function that `execute` can call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSummary {
    /// Its name, after `skipper.`.
    pub name: String,
    /// Its TypeScript signature.
    pub signature: String,
    /// What it does.
    pub description: String,
}

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// When the rows were read.
    pub as_of: Timestamp,
    /// The tables that they come from, as far as the statement says and the caller may know of them.
    pub tables: Vec<AboutTable>,
    /// Whether every table is exact; none if not all of them say.
    pub exact: Option<bool>,
    /// Columns of those tables that the caller reads through a mask.
    pub masked_columns: Vec<String>,
}

/// One table that an answer rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AboutTable {
    /// `catalog.schema.table`.
    pub name: TableRef,
    /// Whether all rows are there.
    pub exactness: Exactness,
    /// How old its newest rows may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<String>,
}

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultColumn {
    /// Its name.
    pub name: String,
    /// Its type as Trino writes it.
    #[serde(rename = "type")]
    pub data_type: String,
}
