//! A generated demo and a session over its tables, under the engine's names.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use townlake_engine::demo::{DemoArguments, run};
use townlake_lake::Warehouse;

/// The moment of most tests: in the middle of a day and of a quarter.
pub const AS_OF: &str = "2026-11-21T08:00:00Z";

pub fn arguments(home: &Path, scale: f64, seed: u64, as_of: &str) -> DemoArguments {
    DemoArguments {
        home: home.to_path_buf(),
        scale,
        seed,
        as_of: as_of.parse().unwrap(),
        postgres_url_file: None,
    }
}

/// The names of the lake's tables, as the engine calls them.
pub const LAKE_TABLES: [&str; 11] = [
    "lake.billing.invoices",
    "lake.billing.subscriptions",
    "lake.billing.usage",
    "lake.dim.accounts",
    "lake.dim.customers",
    "lake.edge.bot_scores",
    "lake.edge.domain_ranks",
    "lake.edge.request_samples",
    "lake.edge.zones",
    "lake.fct.billings_allocated",
    "lake.seed.product_classification",
];

pub struct Generated {
    pub folder: tempfile::TempDir,
    pub session: SessionContext,
}

/// A small demo (300 accounts) as of that moment.
pub async fn generate(as_of: &str) -> Generated {
    let folder = tempfile::tempdir().unwrap();
    run(arguments(folder.path(), 0.1, 1, as_of)).await.unwrap();
    let session = session(folder.path()).await;
    Generated { folder, session }
}

/// `lake.*.*` and `files.support.tickets` of a generated demo.
async fn session(home: &Path) -> SessionContext {
    let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    let warehouse = Warehouse::open("lake", &home.join("warehouse"), &home.join("lake.db"))
        .await
        .unwrap();
    let lake = MemoryCatalogProvider::new();
    for namespace in warehouse.namespaces().await.unwrap() {
        let schema = MemorySchemaProvider::new();
        for name in warehouse.tables(&namespace).await.unwrap() {
            let table = warehouse.table(&namespace, &name).await.unwrap().unwrap();
            schema.register_table(name, table).unwrap();
        }
        lake.register_schema(&namespace, Arc::new(schema)).unwrap();
    }
    session.register_catalog("lake", Arc::new(lake));

    let files = MemoryCatalogProvider::new();
    files
        .register_schema("support", Arc::new(MemorySchemaProvider::new()))
        .unwrap();
    session.register_catalog("files", Arc::new(files));
    session
        .register_parquet(
            "files.support.tickets",
            home.join("files/support/tickets").to_str().unwrap(),
            ParquetReadOptions::default(),
        )
        .await
        .unwrap();
    session
}

impl Generated {
    pub async fn batches(&self, sql: &str) -> Vec<RecordBatch> {
        let frame = self.session.sql(sql).await.unwrap();
        frame.collect().await.unwrap()
    }

    /// The rows as text, one per line, cells apart by `|`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
        let options = FormatOptions::default();
        let mut rows = Vec::new();
        for batch in self.batches(sql).await {
            let formatters: Vec<ArrayFormatter> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = formatters
                    .iter()
                    .map(|formatter| formatter.value(row).to_string())
                    .collect();
                rows.push(cells.join("|"));
            }
        }
        rows
    }

    /// A query whose answer is one whole number.
    pub async fn number(&self, sql: &str) -> i64 {
        self.rows(sql).await.concat().parse().unwrap()
    }
}
