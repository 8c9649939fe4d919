#![doc = include_str!("../README.md")]

pub mod app;
pub mod routes;
pub mod guard;
pub mod origin;
pub mod credential;
pub mod identify;
pub mod me;
pub mod proxy;
pub mod assets;
pub mod policy;
pub mod events;
pub mod audit;
pub mod trino;

#[cfg(target_arch = "wasm32")]
mod entry;
