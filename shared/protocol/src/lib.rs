#![doc = include_str!("../README.md")]

pub mod catalog;
pub mod lifeguard;
pub mod mcp;
pub mod problem;
pub mod skimmer;
pub mod skipper;
pub mod snapshot;
pub mod trino;
