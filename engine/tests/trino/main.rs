//! The engine held against answers of a real Trino 476, over HTTP, with the policy pulled over HTTP.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod environment_cases;
mod metadata_cases;
mod policy_cases;
mod reading;
mod server;
mod type_cases;
