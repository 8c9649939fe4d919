//! Skipper over its real router and database, its snippets under a real JavaScript engine.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, what is not there is a failure"
)]

mod functions;
mod mcp;
mod platform;
mod snippets;
