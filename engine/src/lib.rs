//! The embedded engine: Trino's protocol, SQL and access rules over DataFusion.
//!
//! Start reading at `server` (requests), `query` (a query's life), `bind` (SQL to plan, and where the
//! policy is enforced) and `policy` (where it comes from).

pub mod server;
pub mod query;
pub mod engine;
pub mod policy;
pub mod auth;
pub mod events;
pub mod config;
pub mod start;
pub mod demo;
pub mod session;
pub mod sql;
pub mod bind;
pub mod catalog;
pub mod types;
pub mod convert;
pub mod temporal;
pub mod zone;
pub mod udf;
pub mod encode;
pub mod error;
pub mod clock;

mod adapt;
mod barrier;
mod fence;
mod lazy;
