#![doc = include_str!("../README.md")]

pub mod bound;
pub mod error;
pub mod limits;
pub mod read;
pub mod statement;
pub mod tree;
pub mod types;

mod body;
mod cursor;
mod depth;
mod dialect;
mod head;
mod relations;
mod tokens;

pub use error::ReadError;
pub use read::{Session, read};
pub use statement::{Access, Reading, Statement, TableUse};
