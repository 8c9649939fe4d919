//! The gateway's routes with a real Lifeguard behind them, an issuer and an IAM on loopback, and an engine that speaks
//! Trino's protocol.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking, and is read by those who change it"
)]

mod http1;
mod issuer;
mod engine;
mod town;

mod identity;
mod statements;
mod sessions;
mod pages;
mod faults;
mod routes;
