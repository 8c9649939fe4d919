#![doc = include_str!("../README.md")]
#![expect(
    clippy::result_large_err,
    reason = "an error here is an answer: made once a call, moved once, into JSON"
)]

pub mod cut;
pub mod execute;
pub mod functions;
pub mod mcp;
pub mod query;
pub mod routes;
pub mod sandbox;
pub mod snippet;
pub mod store;
pub mod tools;

#[cfg(target_arch = "wasm32")]
mod entry;
