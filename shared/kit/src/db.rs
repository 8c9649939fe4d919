//! A Worker's own database: D1 on the runtime, SQLite natively, over the same migrations.
//!
//! Rows come back by column name through serde; both sides go through `serde_json::Value`, so that a type that
//! reads a row natively reads it on D1. SQLite has no booleans: read them as integers.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use thiserror::Error;

#[cfg(target_arch = "wasm32")]
#[path = "db/d1.rs"]
mod backend;
#[cfg(not(target_arch = "wasm32"))]
#[path = "db/sqlite.rs"]
mod backend;

pub use backend::Database;

/// One value bound to `?1`, `?2`, ...
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A whole number. On D1 it must fit 53 bits.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A text.
    Text(String),
}

/// A statement and its values, for a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// One SQL statement with `?1`, `?2`, ... in it.
    pub sql: String,
    /// The values in order.
    pub values: Vec<Value>,
}

impl Statement {
    /// A statement with its values.
    pub fn new(sql: impl Into<String>, values: Vec<Value>) -> Self {
        Self {
            sql: sql.into(),
            values,
        }
    }
}

/// Values for a statement: `params![name, 3, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
pub use crate::params;

/// Why the database did not do as told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DatabaseError {
    /// A constraint or a trigger of the schema refused the change; nothing of the batch was written.
    #[error("the database refused the change: {0}")]
    Constraint(String),
    /// The row does not have the expected shape.
    #[error("a row cannot be read: {0}")]
    Shape(String),
    /// Anything else, the connection included.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl DatabaseError {
    /// Sorts a message of SQLite or D1, which differ in everything but these words.
    pub(crate) fn from_message(message: String) -> Self {
        if message.contains("constraint") || message.contains("CONSTRAINT") {
            Self::Constraint(message)
        } else {
            Self::Failed(message)
        }
    }
}

pub(crate) fn read<T: DeserializeOwned>(row: Json) -> Result<T, DatabaseError> {
    serde_json::from_value(row).map_err(|error| DatabaseError::Shape(error.to_string()))
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Integer(yes.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<townlake_core::time::Timestamp> for Value {
    /// Milliseconds since the epoch, so that SQL can compare.
    fn from(moment: townlake_core::time::Timestamp) -> Self {
        Self::Integer(moment.as_millis())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
