//! A warehouse in a temporary folder and short ways to fill and query it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{SessionConfig, SessionContext};
use townlake_lake::{Column, CommitStamp, Commitment, IcebergTable, TableDefinition, Warehouse};
use uuid::Uuid;

/// The first commit's time in the tests: 2023-11-14.
pub const START_MS: i64 = 1_700_000_000_000;

pub struct Fixture {
    pub warehouse: Warehouse,
    pub folder: tempfile::TempDir,
    commits: AtomicU64,
}

impl Fixture {
    /// A warehouse with the namespace `shop`.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = open(folder.path().into()).await;
        warehouse.create_namespace("shop").await.unwrap();
        Fixture {
            warehouse,
            folder,
            commits: AtomicU64::new(0),
        }
    }

    pub fn stamp(&self) -> CommitStamp {
        let number = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        CommitStamp {
            at_ms: START_MS + i64::try_from(number).unwrap() * 1000,
            id: Uuid::from_u128(u128::from(number)),
        }
    }

    pub fn commitment(&self) -> Commitment {
        Commitment::new(self.stamp())
    }

    pub async fn table(&self, name: &str) -> Arc<IcebergTable> {
        self.warehouse.table("shop", name).await.unwrap().unwrap()
    }

    /// `shop.orders` with these (id, item) rows.
    pub async fn orders(&self, rows: &[(i64, &str)]) -> Arc<IcebergTable> {
        self.warehouse
            .create_table_as(
                &orders_definition(),
                stream(orders_batch(rows)),
                &self.commitment(),
            )
            .await
            .unwrap()
    }

    pub async fn append_orders(&self, rows: &[(i64, &str)]) -> Arc<IcebergTable> {
        self.warehouse
            .append(
                "shop",
                "orders",
                stream(orders_batch(rows)),
                &self.commitment(),
            )
            .await
            .unwrap()
    }

    /// The answer over the current `orders`, as a table of text.
    pub async fn query(&self, sql: &str) -> String {
        query(self.table("orders").await, sql).await
    }

    /// Every file of the warehouse of the given kind.
    pub fn files(&self, suffix: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_str().unwrap().ends_with(suffix) {
                    found.push(path);
                }
            }
        }
        found
    }
}

pub async fn open(folder: PathBuf) -> Warehouse {
    Warehouse::open("lake", &folder.join("warehouse"), &folder.join("lake.db"))
        .await
        .unwrap()
}

pub fn orders_definition() -> TableDefinition {
    TableDefinition {
        namespace: "shop".into(),
        name: "orders".into(),
        columns: vec![
            Column::new("id", DataType::Int64).required(),
            Column::new("item", DataType::Utf8).with_comment("What was bought."),
        ],
        comment: Some("One row per order. [exact, 5 minutes]".into()),
        ..TableDefinition::default()
    }
}

pub fn orders_batch(rows: &[(i64, &str)]) -> RecordBatch {
    use datafusion::arrow::array::{Int64Array, StringArray};
    RecordBatch::try_from_iter(vec![
        (
            "id",
            Arc::new(rows.iter().map(|r| r.0).collect::<Int64Array>()) as _,
        ),
        (
            "item",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.1))) as _,
        ),
    ])
    .unwrap()
}

pub fn stream(batch: RecordBatch) -> Vec<SendableRecordBatchStream> {
    vec![Box::pin(RecordBatchStreamAdapter::new(
        batch.schema(),
        futures::stream::iter([Ok(batch)]),
    ))]
}

pub fn session() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(4))
}

pub async fn query(table: Arc<IcebergTable>, sql: &str) -> String {
    try_query(table, sql).await.unwrap()
}

pub async fn try_query(table: Arc<IcebergTable>, sql: &str) -> datafusion::common::Result<String> {
    let session = session();
    session.register_table("orders", table)?;
    let batches = session.sql(sql).await?.collect().await?;
    Ok(pretty_format_batches(&batches)?.to_string())
}

/// The cells of a text table, one row per line: `1|apple`.
pub fn cells(table: &str) -> Vec<String> {
    table
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(1)
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(str::trim)
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect()
}
