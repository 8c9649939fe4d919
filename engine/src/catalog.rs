//! What there is to read: catalogs, their schemas and tables.

pub mod files;
pub mod information_schema;
pub mod jdbc;
pub mod lake;
pub mod memory;
pub mod postgres;
pub mod system;
pub mod tpch;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use townlake_core::names::TableRef;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use crate::error::{Failure, Result};
use crate::policy::Access;

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name in lower case.
    pub name: String,
    /// Its name in the provider's schema.
    pub source: String,
    /// Its type.
    pub ty: Type,
    /// What it means.
    pub comment: Option<String>,
}

impl Column {
    /// A column whose source has the same name.
    pub fn new(name: &str, ty: Type) -> Self {
        Self {
            name: name.to_owned(),
            source: name.to_owned(),
            ty,
            comment: None,
        }
    }
}

/// A table that can be read.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// What it holds.
    pub comment: Option<String>,
    /// Whether it is a view of the source.
    pub is_view: bool,
    /// Reads it.
    pub provider: Arc<dyn TableProvider>,
}

/// A table's entry in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name in lower case.
    pub name: String,
    /// Whether it is a view of the source.
    pub is_view: bool,
}

/// A catalog.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// The schemas' names.
    ///
    /// # Errors
    /// The source does not answer.
    async fn schemas(&self) -> Result<Vec<String>>;

    /// The tables of a schema; none of one that does not exist.
    ///
    /// # Errors
    /// The source does not answer.
    async fn tables(&self, schema: &str) -> Result<Vec<Listed>>;

    /// A table, if it exists.
    ///
    /// # Errors
    /// The source does not answer.
    async fn table(&self, schema: &str, table: &str) -> Result<Option<Table>>;
}

/// All catalogs by name.
#[derive(Clone, Default)]
pub struct Catalogs(Arc<BTreeMap<String, Arc<dyn Catalog>>>);

impl Catalogs {
    /// Of these.
    pub fn new(catalogs: BTreeMap<String, Arc<dyn Catalog>>) -> Self {
        Self(Arc::new(catalogs))
    }

    /// Their names, `system` included.
    pub fn names(&self) -> Vec<String> {
        self.0
            .keys()
            .cloned()
            .chain(["system".to_owned()])
            .collect()
    }

    /// One of them (`system` is none: it is made of the others).
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Catalog>> {
        self.0.get(name)
    }

    /// The schemas of a catalog with its `information_schema`.
    ///
    /// # Errors
    /// No such catalog, or the source does not answer.
    pub async fn schemas(&self, catalog: &str) -> Result<Vec<String>> {
        let mut schemas = match self.get(catalog) {
            Some(catalog) => catalog.schemas().await?,
            None if catalog == "system" => {
                system::SCHEMAS.iter().map(|s| (*s).to_owned()).collect()
            }
            None => return Err(catalog_not_found(catalog)),
        };
        schemas.push(information_schema::NAME.to_owned());
        schemas.sort();
        schemas.dedup();
        Ok(schemas)
    }

    /// The tables of a schema.
    ///
    /// # Errors
    /// No such catalog, or the source does not answer.
    pub async fn tables(&self, catalog: &str, schema: &str) -> Result<Vec<Listed>> {
        let mut tables = if schema == information_schema::NAME {
            information_schema::TABLES
                .iter()
                .map(|name| Listed {
                    name: (*name).to_owned(),
                    is_view: false,
                })
                .collect()
        } else {
            match self.get(catalog) {
                Some(catalog) => catalog.tables(schema).await?,
                None if catalog == "system" => system::tables(schema),
                None => return Err(catalog_not_found(catalog)),
            }
        };
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tables)
    }

    /// A table as a caller meets it: `information_schema` and `system` show what the caller may see.
    ///
    /// # Errors
    /// Catalog, schema or table do not exist, or the source does not answer.
    pub async fn table(&self, name: &TableRef, access: &Access) -> Result<Table> {
        let found = if name.schema == information_schema::NAME {
            if self.get(&name.catalog).is_none() && name.catalog != "system" {
                return Err(catalog_not_found(&name.catalog));
            }
            information_schema::table(self, &name.catalog, &name.table, &access.while_running())
        } else {
            match self.get(&name.catalog) {
                Some(catalog) => catalog.table(&name.schema, &name.table).await?,
                None if name.catalog == "system" => {
                    system::table(self, &name.schema, &name.table, access)
                }
                None => return Err(catalog_not_found(&name.catalog)),
            }
        };
        match found {
            Some(table) => Ok(table),
            None => {
                if !self.schemas(&name.catalog).await?.contains(&name.schema) {
                    return Err(Failure::new(
                        ErrorCode::SchemaNotFound,
                        format!("Schema '{}' does not exist", name.schema),
                    ));
                }
                self.check_metadata_table(name, access).await?;
                Err(Failure::new(
                    ErrorCode::TableNotFound,
                    format!("Table '{name}' does not exist"),
                ))
            }
        }
    }

    /// The tables beside a table, `people$files` and its like, are not here; whoever may not select from
    /// one is told just that, as in Trino.
    async fn check_metadata_table(&self, name: &TableRef, access: &Access) -> Result<()> {
        let Some((table, kind)) = name.table.rsplit_once('$') else {
            return Ok(());
        };
        let Some(catalog) = self.get(&name.catalog) else {
            return Ok(());
        };
        if !METADATA_TABLES.contains(&kind) || catalog.table(&name.schema, table).await?.is_none() {
            return Ok(());
        }
        access.check_can_select(name, &[])?;
        Err(Failure::unsupported(format!("The table {name}")))
    }
}

/// The tables beside an Iceberg table.
const METADATA_TABLES: &[&str] = &[
    "all_entries",
    "all_manifests",
    "entries",
    "files",
    "history",
    "manifests",
    "metadata_log_entries",
    "partitions",
    "properties",
    "refs",
    "snapshots",
];

/// Trino's words for a catalog that is not there.
pub fn catalog_not_found(name: &str) -> Failure {
    Failure::new(
        ErrorCode::CatalogNotFound,
        format!("Catalog '{name}' not found"),
    )
}

/// The tables that a statement names, looked up before it is bound.
#[derive(Default)]
pub struct Resolved(BTreeMap<TableRef, Result<Table>>);

impl Resolved {
    /// Whether the name was looked up.
    pub fn knows(&self, name: &TableRef) -> bool {
        self.0.contains_key(name)
    }

    /// Notes what a name stands for.
    pub fn insert(&mut self, name: TableRef, table: Result<Table>) {
        self.0.insert(name, table);
    }

    /// The table of a name.
    ///
    /// # Errors
    /// Why there is none.
    pub fn find(&self, name: &TableRef) -> Result<&Table> {
        match self.0.get(name) {
            Some(Ok(table)) => Ok(table),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(Failure::internal(format!(
                "the table {name} was not looked up"
            ))),
        }
    }
}
