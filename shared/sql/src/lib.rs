#![doc = include_str!("../README.md")]

pub mod analysis;
pub mod bind;
pub mod bound;
pub mod diagnose;
pub mod diff;
pub mod edit;
pub mod error;
pub mod extras;
pub mod hints;
pub mod inner;
pub mod limits;
pub mod lineage;
pub mod mentioned;
pub mod nearest;
pub mod read;
pub mod rewrite;
pub mod shape;
pub mod statement;
pub mod text;
pub mod tree;
pub mod types;

mod body;
mod cursor;
mod depth;
mod dialect;
mod head;
mod literals;
mod prepare;
mod relations;
mod syntax;
mod tokens;
mod walk;

pub use analysis::{Analysis, analyse};
pub use bind::{Others, Schema, SchemaColumn, bind};
pub use bound::Bound;
pub use error::ReadError;
pub use extras::Extras;
pub use inner::{Inner, Origin, inner};
pub use mentioned::mentioned;
pub use nearest::nearest;
pub use read::{Session, read};
pub use shape::{Shape, shape};
pub use statement::{Access, Reading, Statement, TableUse};
pub use text::TextMap;
pub use tree::{ParsedStatement, parse};
