//! The embedded engine: Trino's protocol, SQL and access rules over DataFusion.
//!
//! Start reading at `server` (requests), `query` (a query's life), `bind` (SQL to plan, and where the
//! policy is enforced) and `policy` (where it comes from).

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
