#![doc = include_str!("../README.md")]

pub mod problem;
pub mod snapshot;
pub mod lifeguard;
pub mod skimmer;
pub mod catalog;
pub mod skipper;
pub mod trino;
pub mod mcp;
