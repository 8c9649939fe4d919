#![doc = include_str!("../README.md")]

pub mod access;
#[cfg(target_arch = "wasm32")]
pub mod ai;
pub mod background;
pub mod clock;
pub mod db;
pub mod entry;
pub mod failure;
pub mod http;
pub mod identity;
pub mod json;
pub mod log;
pub mod policy;
pub mod random;
pub mod send;
pub mod trino;
