//! The gateway's routes with a real Lifeguard behind them, an issuer and an IAM on loopback, and an engine that speaks
//! Trino's protocol.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod engine;
mod http1;
mod issuer;
mod town;

mod columns;
mod faults;
mod identity;
mod pages;
mod routes;
mod sessions;
mod statements;
