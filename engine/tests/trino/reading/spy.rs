//! Tables that note what is scanned of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as PlanResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use townlake_engine::catalog::memory::{MemoryCatalog, columns_of};
use townlake_engine::catalog::{Catalog, Listed, Table};
use townlake_engine::error::Result;
use townlake_sql::types::parse_type;

/// The tables of schema `s`, and their columns.
pub const TABLES: [(&str, &[(&str, &str)]); 4] = [
    (
        "t",
        &[
            ("a", "bigint"),
            ("b", "varchar"),
            ("c", "bigint"),
            ("d", "varchar"),
        ],
    ),
    ("u", &[("a", "bigint"), ("e", "varchar"), ("f", "bigint")]),
    ("v", &[("g", "bigint"), ("b", "varchar")]),
    ("w", &[("a", "bigint"), ("b", "varchar"), ("h", "varchar")]),
];

/// Which columns of which table were scanned.
#[derive(Debug, Clone, Default)]
pub struct Scans(Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>);

impl Scans {
    /// What was scanned since the last time.
    pub fn take(&self) -> BTreeMap<String, BTreeSet<String>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A catalog of empty tables.
pub struct SpyCatalog {
    tables: MemoryCatalog,
    scans: Scans,
}

impl SpyCatalog {
    pub fn new(scans: Scans) -> Self {
        let mut tables = MemoryCatalog::default();
        for (table, columns) in TABLES {
            let columns: Vec<_> = columns
                .iter()
                .map(|(name, ty)| (*name, parse_type(ty).unwrap()))
                .collect();
            tables = tables
                .with_table("s", table, columns_of(&columns), Vec::new())
                .unwrap();
        }
        Self { tables, scans }
    }
}

#[async_trait]
impl Catalog for SpyCatalog {
    async fn schemas(&self) -> Result<Vec<String>> {
        self.tables.schemas().await
    }

    async fn tables(&self, schema: &str) -> Result<Vec<Listed>> {
        self.tables.tables(schema).await
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<Table>> {
        let found = self.tables.table(schema, table).await?;
        Ok(found.map(|found| Table {
            provider: Arc::new(Spy {
                table: table.to_owned(),
                of: Arc::clone(&found.provider),
                scans: self.scans.clone(),
            }),
            ..found
        }))
    }
}

/// A table whose scans are noted.
#[derive(Debug)]
struct Spy {
    table: String,
    of: Arc<dyn TableProvider>,
    scans: Scans,
}

#[async_trait]
impl TableProvider for Spy {
    fn schema(&self) -> SchemaRef {
        self.of.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        self.of.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let schema = self.schema();
        let all: Vec<usize> = (0..schema.fields().len()).collect();
        let names = projection
            .unwrap_or(&all)
            .iter()
            .map(|position| schema.field(*position).name().clone())
            .chain(
                filters
                    .iter()
                    .flat_map(Expr::column_refs)
                    .map(|column| column.name.clone()),
            );
        self.scans
            .0
            .lock()
            .unwrap()
            .entry(self.table.clone())
            .or_default()
            .extend(names);
        self.of.scan(state, projection, filters, limit).await
    }
}
