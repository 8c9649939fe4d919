#![doc = include_str!("../README.md")]

pub mod warehouse;

mod bounds;
mod commit;
mod definition;
mod error;
mod field_ids;
mod files;
mod publish;
mod table;
mod write;

pub use commit::{CommitStamp, Commitment, Expectation};
pub use definition::{COMMENT_PROPERTY, Column, TableDefinition};
pub use error::LakeError;
pub use iceberg::spec::Schema as IcebergSchema;
pub use table::IcebergTable;
pub use warehouse::Warehouse;
