#![doc = include_str!("../README.md")]

pub mod knowledge;
pub mod routes;
pub mod search;
pub mod snapshot;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;
