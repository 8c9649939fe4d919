#![doc = include_str!("../README.md")]

pub mod routes;
pub mod mcp;
pub mod execute;
pub mod snippet;
pub mod sandbox;
pub mod functions;
pub mod tools;
pub mod query;
pub mod cut;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;
