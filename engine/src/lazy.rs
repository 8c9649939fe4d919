//! Small tables whose rows are made when they are scanned.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;

use crate::catalog::memory::schema_of;
use crate::catalog::{Column, Table};
use crate::error::Result;

/// Makes the rows. The filters are hints: the rows are filtered again.
pub type Rows = Arc<dyn Fn(Vec<Expr>) -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync>;

/// A table of such rows.
pub struct LazyTable {
    schema: SchemaRef,
    rows: Rows,
}

impl LazyTable {
    /// As a catalog's table.
    pub fn table(columns: Vec<Column>, rows: Rows) -> Table {
        let schema = schema_of(&columns);
        Table {
            columns,
            comment: None,
            is_view: false,
            provider: Arc::new(Self { schema, rows }),
        }
    }
}

impl fmt::Debug for LazyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyTable")
    }
}

#[async_trait]
impl TableProvider for LazyTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let batch = (self.rows)(filters.to_vec()).await?;
        MemTable::try_new(Arc::clone(&self.schema), vec![vec![batch]])?
            .scan(state, projection, &[], limit)
            .await
    }
}
