//! Trino's client protocol: what `/v1/statement` and the pages behind it answer.
//!
//! The same types are written by the embedded engine and by the gateway (for a refusal that it makes
//! on its own) and read wherever an answer has to be looked into. Rows stay raw JSON.

mod errors;
mod results;
mod signature;

pub use errors::{ErrorCode, ErrorLocation, ErrorType, FailureInfo, QueryError};
pub use results::{
    Column, INTERNAL_NODE_VERSION, NodeVersion, QueryResults, ServerInfo, StatementStats, Warning,
    WarningCode,
};
pub use signature::{NamedTypeSignature, RowFieldName, TypeArgument, TypeSignature};

/// The names of the headers that clients send (`X-Trino-*`), in lower case.
pub mod headers {
    /// Whose rights apply.
    pub const USER: &str = "x-trino-user";
    /// Who logged in, when it differs from the user.
    pub const ORIGINAL_USER: &str = "x-trino-original-user";
    /// The program that asks.
    pub const SOURCE: &str = "x-trino-source";
    /// The catalog of unqualified names.
    pub const CATALOG: &str = "x-trino-catalog";
    /// The schema of unqualified names.
    pub const SCHEMA: &str = "x-trino-schema";
    /// The session's time zone.
    pub const TIME_ZONE: &str = "x-trino-time-zone";
    /// Session properties, `name=value` with the value percent-encoded, separated by commas.
    pub const SESSION: &str = "x-trino-session";
    /// Prepared statements, `name=sql` with the SQL percent-encoded, separated by commas.
    pub const PREPARED_STATEMENT: &str = "x-trino-prepared-statement";
    /// What the client can do, separated by commas.
    pub const CLIENT_CAPABILITIES: &str = "x-trino-client-capabilities";
    /// Free text about the client.
    pub const CLIENT_INFO: &str = "x-trino-client-info";
    /// Answer: a prepared statement to remember.
    pub const ADDED_PREPARE: &str = "x-trino-added-prepare";
    /// Answer: a prepared statement to forget.
    pub const DEALLOCATED_PREPARE: &str = "x-trino-deallocated-prepare";
    /// Answer: the catalog from now on.
    pub const SET_CATALOG: &str = "x-trino-set-catalog";
    /// Answer: the schema from now on.
    pub const SET_SCHEMA: &str = "x-trino-set-schema";
    /// Answer: a session property to remember.
    pub const SET_SESSION: &str = "x-trino-set-session";
    /// Answer: a session property to forget.
    pub const CLEAR_SESSION: &str = "x-trino-clear-session";
    /// Answer: the transaction that was started.
    pub const STARTED_TRANSACTION: &str = "x-trino-started-transaction-id";
    /// Answer: the transaction is over.
    pub const CLEAR_TRANSACTION: &str = "x-trino-clear-transaction-id";
}
