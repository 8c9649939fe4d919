#![doc = include_str!("../README.md")]

pub mod app;
pub mod classify;
pub mod discover;
pub mod model;
pub mod routes;
pub mod sample;
pub mod scan;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;
