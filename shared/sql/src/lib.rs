#![doc = include_str!("../README.md")]

pub mod read;
pub mod statement;
pub mod error;
pub mod limits;
pub mod tree;

mod dialect;
mod tokens;
mod depth;
mod cursor;
mod head;
mod body;
mod relations;

pub use error::ReadError;
pub use read::{Session, read};
pub use statement::{Access, Reading, Statement, TableUse};
