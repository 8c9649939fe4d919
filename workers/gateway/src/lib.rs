#![doc = include_str!("../README.md")]

pub mod app;
pub mod assets;
pub mod audit;
pub mod credential;
pub mod events;
pub mod guard;
pub mod identify;
pub mod me;
pub mod origin;
pub mod policy;
pub mod proxy;
pub mod routes;
pub mod trino;

#[cfg(target_arch = "wasm32")]
mod entry;
