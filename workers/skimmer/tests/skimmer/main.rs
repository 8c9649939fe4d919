//! Skimmer over a real database, a server of Trino's protocol and a model endpoint over a real socket.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod access;
mod engine;
mod model;
mod model_server;
mod neighbours;
mod platform;
mod scans;
