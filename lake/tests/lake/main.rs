//! The warehouse against real files, a real SQLite catalog and real queries.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;

mod commits;
mod evolution;
mod foreign;
mod scans;
