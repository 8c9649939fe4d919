#![doc = include_str!("../README.md")]

pub mod auth;
pub mod bind;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod convert;
pub mod demo;
pub mod encode;
pub mod engine;
pub mod error;
pub mod events;
pub mod json;
pub mod policy;
pub mod query;
pub mod server;
pub mod session;
pub mod sql;
pub mod start;
pub mod temporal;
pub mod types;
pub mod udf;
pub mod zone;

mod adapt;
mod barrier;
mod fence;
mod lazy;
