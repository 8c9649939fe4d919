//! A Postgres database as a catalog.
//!
//! Names and types follow Trino's PostgreSQL connector: names fold to lower case, a column whose type has no
//! counterpart is not shown. Filters that mean the same on both sides run inside Postgres (`pushdown`), as
//! parameters; everything else stays above the scan.

mod connection;
mod metadata;
mod numeric;
mod pushdown;
mod scan;

use std::sync::Arc;

use townlake_sql::types::Type;

use crate::error::Result;

pub use scan::PostgresTable;

use connection::Connections;

/// A database that is reached when it is needed, and reached again after it was away.
#[derive(Debug)]
pub struct PostgresCatalog {
    connections: Arc<Connections>,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresRelation {
    /// Its name, in lower case.
    pub name: String,
    /// Whether it is a view.
    pub is_view: bool,
    /// What it says of itself.
    pub comment: Option<String>,
}

/// A column that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresColumn {
    /// Its name, in lower case.
    pub name: String,
    /// Its name as Postgres has it.
    pub remote_name: String,
    /// Its type.
    pub ty: Type,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What it says of itself.
    pub comment: Option<String>,
}

impl PostgresCatalog {
    /// A catalog over the database that a `postgres://` address names. Nothing is connected yet.
    ///
    /// # Errors
    /// The address cannot be read. The message does not repeat it, as it may hold a password.
    pub fn new(name: &str, address: &str) -> Result<Self> {
        Ok(Self {
            connections: Arc::new(Connections::new(name, address)?),
        })
    }

    /// All schemas but Postgres's own, in the order of their names.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn schemas(&self) -> Result<Vec<String>> {
        metadata::schemas(&self.connections).await
    }

    /// All tables and views of a schema, in the order of their names. None if there is no such schema.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn relations(&self, schema: &str) -> Result<Vec<PostgresRelation>> {
        metadata::relations(&self.connections, schema).await
    }

    /// A table or view, or nothing if there is none of that name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn table(&self, schema: &str, table: &str) -> Result<Option<Arc<PostgresTable>>> {
        let Some(found) = metadata::table(&self.connections, schema, table).await? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(PostgresTable::new(
            Arc::clone(&self.connections),
            found,
        ))))
    }
}

#[async_trait::async_trait]
impl super::Catalog for PostgresCatalog {
    async fn schemas(&self) -> Result<Vec<String>> {
        PostgresCatalog::schemas(self).await
    }

    async fn tables(&self, schema: &str) -> Result<Vec<super::Listed>> {
        let relations = self.relations(schema).await?;
        Ok(relations
            .into_iter()
            .map(|relation| super::Listed {
                name: relation.name,
                is_view: relation.is_view,
            })
            .collect())
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<super::Table>> {
        let Some(found) = PostgresCatalog::table(self, schema, table).await? else {
            return Ok(None);
        };
        let provider_columns = datafusion::catalog::TableProvider::schema(found.as_ref());
        let columns = found
            .columns()
            .iter()
            .zip(provider_columns.fields())
            .map(|(column, field)| super::Column {
                name: column.name.clone(),
                source: field.name().clone(),
                ty: column.ty.clone(),
                comment: column.comment.clone(),
            })
            .collect();
        let comment = found.comment().map(str::to_owned);
        Ok(Some(super::Table {
            columns,
            comment,
            is_view: false,
            provider: found,
        }))
    }
}
