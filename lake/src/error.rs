//! What can go wrong with a lake table.

use datafusion::common::DataFusionError;
use thiserror::Error;

/// A failure of the warehouse, a scan or a commit.
#[derive(Debug, Error)]
pub enum LakeError {
    /// The folder or the catalog file cannot be used.
    #[error("cannot open the warehouse in `{path}`: {reason}")]
    Open {
        /// The folder or file as the caller named it.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// No such table in the catalog.
    #[error("table `{table}` does not exist")]
    NoSuchTable {
        /// `namespace.table`.
        table: String,
    },
    /// A table of that name is in the catalog already.
    #[error("table `{table}` exists already")]
    TableExists {
        /// `namespace.table`.
        table: String,
    },
    /// A namespace or table name that the catalog could not hold or a path could not carry.
    #[error("`{name}` cannot name a namespace or table: use letters, digits, `_` and `-`")]
    InvalidName {
        /// The name as given.
        name: String,
    },
    /// The table uses a feature that would be read or written wrongly.
    #[error("table `{table}` cannot be used: {reason}")]
    Unsupported {
        /// `namespace.table`.
        table: String,
        /// Which feature, and what to do.
        reason: String,
    },
    /// Rows that do not fit the table's columns.
    #[error("the rows do not fit table `{table}`: {reason}")]
    RowsDoNotFit {
        /// `namespace.table`.
        table: String,
        /// The column and what is wrong with it.
        reason: String,
    },
    /// Someone else committed, and the commit may not be redone on top of that.
    #[error("table `{table}` changed while it was being written: {reason}")]
    Conflict {
        /// `namespace.table`.
        table: String,
        /// What changed.
        reason: String,
    },
    /// The table's metadata is missing or broken.
    #[error("the metadata of table `{table}` cannot be read: {source}")]
    Metadata {
        /// `namespace.table`.
        table: String,
        /// What is wrong with it.
        source: Box<iceberg::Error>,
    },
    /// The files of the table cannot be read or written.
    #[error("table files: {0}")]
    Iceberg(#[from] Box<iceberg::Error>),
    /// The SQLite catalog cannot be read or written.
    #[error("table catalog: {0}")]
    Catalog(#[from] sqlx::Error),
    /// Planning, or the query that brings the rows.
    #[error(transparent)]
    Query(#[from] Box<DataFusionError>),
}

impl From<iceberg::Error> for LakeError {
    fn from(error: iceberg::Error) -> Self {
        LakeError::Iceberg(Box::new(error))
    }
}

impl From<DataFusionError> for LakeError {
    fn from(error: DataFusionError) -> Self {
        LakeError::Query(Box::new(error))
    }
}

impl From<datafusion::arrow::error::ArrowError> for LakeError {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        LakeError::Query(Box::new(error.into()))
    }
}

impl From<LakeError> for DataFusionError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Query(inner) => *inner,
            other => DataFusionError::External(Box::new(other)),
        }
    }
}
