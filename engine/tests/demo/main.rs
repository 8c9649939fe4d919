//! The demo company, generated into temporary folders and queried with DataFusion.

mod fixture;

mod integrity;
mod personal_data;
mod questions;
mod repetition;
