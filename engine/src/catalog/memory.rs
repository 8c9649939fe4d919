//! Tables in memory, given when the engine is built: for tests, and the parts of other catalogs that are
//! made on the fly.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use townlake_sql::types::Type;

use super::{Catalog, Column, Listed, Table};
use crate::error::{Failure, Result};
use crate::types::arrow_type;

/// Schemas of tables of batches.
#[derive(Default)]
pub struct MemoryCatalog {
    schemas: BTreeMap<String, BTreeMap<String, Table>>,
}

/// The Arrow schema of columns in the engine's own representation.
pub fn schema_of(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(
        columns
            .iter()
            .map(|column| Field::new(&column.source, arrow_type(&column.ty), true))
            .collect::<Vec<_>>(),
    ))
}

/// Columns of names and types.
pub fn columns_of(columns: &[(&str, Type)]) -> Vec<Column> {
    columns
        .iter()
        .map(|(name, ty)| Column::new(name, ty.clone()))
        .collect()
}

impl MemoryCatalog {
    /// With a schema, which may stay empty.
    #[must_use]
    pub fn with_schema(mut self, schema: &str) -> Self {
        self.schemas.entry(schema.to_owned()).or_default();
        self
    }

    /// With a table of these batches.
    ///
    /// # Errors
    /// The batches are not of these columns.
    pub fn with_table(
        mut self,
        schema: &str,
        table: &str,
        columns: Vec<Column>,
        batches: Vec<RecordBatch>,
    ) -> Result<Self> {
        let provider = MemTable::try_new(schema_of(&columns), vec![batches])?;
        let entry = Table {
            columns,
            comment: None,
            is_view: false,
            provider: Arc::new(provider),
        };
        self.schemas
            .entry(schema.to_owned())
            .or_default()
            .insert(table.to_owned(), entry);
        Ok(self)
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn schemas(&self) -> Result<Vec<String>> {
        Ok(self.schemas.keys().cloned().collect())
    }

    async fn tables(&self, schema: &str) -> Result<Vec<Listed>> {
        Ok(self
            .schemas
            .get(schema)
            .into_iter()
            .flat_map(BTreeMap::iter)
            .map(|(name, table)| Listed {
                name: name.clone(),
                is_view: table.is_view,
            })
            .collect())
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<Table>> {
        Ok(self
            .schemas
            .get(schema)
            .and_then(|tables| tables.get(table))
            .cloned())
    }
}

/// A batch of columns of text, `bigint` and `boolean`, row by row.
///
/// # Errors
/// A row has another number of values than there are columns.
pub fn text_batch(columns: &[Column], rows: &[Vec<Option<String>>]) -> Result<RecordBatch> {
    use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray};
    let arrays = columns
        .iter()
        .enumerate()
        .map(|(i, column)| -> ArrayRef {
            let values = rows.iter().map(|row| row.get(i).cloned().flatten());
            match column.ty {
                Type::BigInt => Arc::new(
                    values
                        .map(|v| v.and_then(|v| v.parse().ok()))
                        .collect::<Int64Array>(),
                ),
                Type::Boolean => Arc::new(
                    values
                        .map(|v| v.and_then(|v| v.parse().ok()))
                        .collect::<BooleanArray>(),
                ),
                _ => Arc::new(values.collect::<StringArray>()),
            }
        })
        .collect();
    RecordBatch::try_new_with_options(
        schema_of(columns),
        arrays,
        &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.len())),
    )
    .map_err(|error| Failure::internal(error.to_string()))
}
