//! Iceberg tables, read by `townlake-lake`.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use townlake_lake::{LakeError, Warehouse};
use townlake_protocol::trino::ErrorCode;

use super::{Catalog, Column, Listed, Table};
use crate::error::{Failure, Result};
use crate::types::type_of_arrow;

/// A warehouse folder and its SQLite catalog.
pub struct LakeCatalog {
    warehouse: Warehouse,
}

fn failed(error: &LakeError) -> Failure {
    Failure::new(ErrorCode::IcebergInvalidMetadata, error.to_string())
}

impl LakeCatalog {
    /// Opens it.
    ///
    /// # Errors
    /// The folder or the file cannot be read.
    pub async fn open(name: &str, directory: &Path, file: &Path) -> Result<Self> {
        let warehouse = Warehouse::open(name, directory, file)
            .await
            .map_err(|error| failed(&error))?;
        Ok(Self { warehouse })
    }
}

#[async_trait]
impl Catalog for LakeCatalog {
    async fn schemas(&self) -> Result<Vec<String>> {
        self.warehouse
            .namespaces()
            .await
            .map_err(|error| failed(&error))
    }

    async fn tables(&self, schema: &str) -> Result<Vec<Listed>> {
        let names = self
            .warehouse
            .tables(schema)
            .await
            .map_err(|error| failed(&error))?;
        Ok(names
            .into_iter()
            .map(|name| Listed {
                name,
                is_view: false,
            })
            .collect())
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<Table>> {
        let found = self
            .warehouse
            .table(schema, table)
            .await
            .map_err(|error| failed(&error))?;
        let Some(found) = found else { return Ok(None) };
        let columns = found
            .columns()
            .into_iter()
            .filter_map(|column| {
                Some(Column {
                    name: column.field.name().to_lowercase(),
                    source: column.field.name().clone(),
                    ty: type_of_arrow(column.field.data_type())?,
                    comment: column.comment,
                })
            })
            .collect();
        let comment = found.comment().map(str::to_owned);
        Ok(Some(Table {
            columns,
            comment,
            is_view: false,
            provider: found as Arc<_>,
        }))
    }
}
