//! Reads a table: the wanted columns, the filters that Postgres can answer, rows as they arrive.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    SendableRecordBatchStream,
};
use futures::{Stream, StreamExt, TryStreamExt};

mod columns;

use super::PostgresColumn;
use super::connection::{Connection, Connections};
use super::metadata::Found;
use super::pushdown::{Condition, condition, quote};
use crate::error::Failure;
use crate::types::arrow_type;

/// Rows in one batch: DataFusion's own default.
const BATCH_ROWS: usize = 8192;

/// A table or view as it was when the statement was planned.
#[derive(Debug)]
pub struct PostgresTable {
    connections: Arc<Connections>,
    found: Found,
    schema: SchemaRef,
}

impl PostgresTable {
    pub(super) fn new(connections: Arc<Connections>, found: Found) -> Self {
        let schema = Arc::new(Schema::new(
            found.columns.iter().map(field).collect::<Vec<_>>(),
        ));
        Self {
            connections,
            found,
            schema,
        }
    }

    /// The columns that can be read, in order, with Trino's types.
    pub fn columns(&self) -> &[PostgresColumn] {
        &self.found.columns
    }

    /// What the table says of itself.
    pub fn comment(&self) -> Option<&str> {
        self.found.comment.as_deref()
    }
}

fn field(column: &PostgresColumn) -> Field {
    // Always nullable: another session may drop the constraint between planning and reading.
    Field::new(&column.name, arrow_type(&column.ty), true)
}

#[async_trait]
impl TableProvider for PostgresTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(
                |filter| match condition(std::slice::from_ref(*filter), &self.found.columns) {
                    Some(_) => TableProviderFilterPushDown::Exact,
                    None => TableProviderFilterPushDown::Unsupported,
                },
            )
            .collect())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<PostgresColumn> = match projection {
            Some(indices) => indices
                .iter()
                .filter_map(|index| self.found.columns.get(*index))
                .cloned()
                .collect(),
            None => self.found.columns.clone(),
        };
        let pushed = condition(filters, &self.found.columns).ok_or_else(|| {
            DataFusionError::Internal(
                "a filter was pushed to Postgres that it cannot answer".to_owned(),
            )
        })?;
        let sql = statement(&self.found, &wanted, &pushed, limit);
        let schema = Arc::new(Schema::new(wanted.iter().map(field).collect::<Vec<_>>()));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(PostgresScan {
            connections: Arc::clone(&self.connections),
            sql,
            values: pushed.values,
            columns: wanted.into(),
            schema,
            properties: Arc::new(properties),
        }))
    }
}

fn statement(
    found: &Found,
    wanted: &[PostgresColumn],
    pushed: &Condition,
    limit: Option<usize>,
) -> String {
    // A count needs rows but no column of them.
    let list = if wanted.is_empty() {
        "1".to_owned()
    } else {
        wanted
            .iter()
            .map(columns::expression)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut sql = format!(
        "SELECT {list} FROM {}.{}",
        quote(&found.remote_schema),
        quote(&found.remote_table)
    );
    if !pushed.sql.is_empty() {
        sql.push_str(&format!(" WHERE {}", pushed.sql));
    }
    if let Some(limit) = limit {
        sql.push_str(&format!(" LIMIT {limit}"));
    }
    sql
}

/// One statement to Postgres.
#[derive(Debug)]
struct PostgresScan {
    connections: Arc<Connections>,
    sql: String,
    values: Vec<String>,
    columns: Arc<[PostgresColumn]>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for PostgresScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PostgresScan: catalog={}, sql={}",
            self.connections.catalog(),
            self.sql
        )?;
        if !self.values.is_empty() {
            write!(f, ", parameters={:?}", self.values)?;
        }
        Ok(())
    }
}

impl ExecutionPlan for PostgresScan {
    fn name(&self) -> &str {
        "PostgresScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            Err(DataFusionError::Internal(
                "a Postgres scan has no children".to_owned(),
            ))
        }
    }

    fn execute(
        &self,
        _partition: usize,
        _context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batches = futures::stream::once(read(
            Arc::clone(&self.connections),
            self.sql.clone(),
            self.values.clone(),
            Arc::clone(&self.columns),
            Arc::clone(&self.schema),
        ))
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        )))
    }
}

/// What a stream of batches holds on to. The rows come before the connection, so that they are dropped first.
struct Reading {
    rows: std::pin::Pin<Box<tokio_postgres::RowStream>>,
    connection: Connection,
    connections: Arc<Connections>,
    columns: Arc<[PostgresColumn]>,
    schema: SchemaRef,
    ended: bool,
}

async fn read(
    connections: Arc<Connections>,
    sql: String,
    values: Vec<String>,
    columns: Arc<[PostgresColumn]>,
    schema: SchemaRef,
) -> Result<impl Stream<Item = Result<RecordBatch>> + Send> {
    let mut connection = connections.get().await?;
    let failed = |error: tokio_postgres::Error| DataFusionError::from(connections.failed(&error));
    let rows = connection.query_raw(&sql, &values).await.map_err(failed)?;
    connection.begin_reading();
    let reading = Reading {
        rows: Box::pin(rows),
        connection,
        connections,
        columns,
        schema,
        ended: false,
    };
    Ok(futures::stream::try_unfold(reading, next_batch))
}

async fn next_batch(mut reading: Reading) -> Result<Option<(RecordBatch, Reading)>> {
    if reading.ended {
        return Ok(None);
    }
    let mut builders: Vec<columns::Builder> =
        reading.columns.iter().map(columns::Builder::new).collect();
    let mut count = 0;
    while count < BATCH_ROWS {
        match reading.rows.next().await {
            Some(Ok(row)) => {
                for (index, builder) in builders.iter_mut().enumerate() {
                    builder
                        .append(&row, index)
                        .map_err(|reason| unreadable(&reading, index, &reason))?;
                }
                count += 1;
            }
            Some(Err(error)) => return Err(reading.connections.failed(&error).into()),
            None => {
                reading.ended = true;
                reading.connection.end_reading();
                break;
            }
        }
    }
    if count == 0 {
        return Ok(None);
    }
    let arrays: Vec<ArrayRef> = builders
        .into_iter()
        .map(columns::Builder::finish)
        .collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&reading.schema), arrays, &options)?;
    Ok(Some((batch, reading)))
}

/// Names the column, never the value.
fn unreadable(reading: &Reading, index: usize, reason: &str) -> DataFusionError {
    let column = reading
        .columns
        .get(index)
        .map_or("?", |column| column.name.as_str());
    let catalog = reading.connections.catalog();
    Failure::new(
        townlake_protocol::trino::ErrorCode::JdbcError,
        format!("catalog `{catalog}`: a value of column `{column}` cannot be read: {reason}"),
    )
    .into()
}
