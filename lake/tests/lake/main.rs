//! The warehouse against real files, a real SQLite catalog and real queries.

mod fixture;

mod commits;
mod evolution;
mod foreign;
mod scans;
