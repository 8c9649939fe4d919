//! The demo company, generated into temporary folders and queried with DataFusion.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;

mod integrity;
mod personal_data;
mod questions;
mod repetition;
