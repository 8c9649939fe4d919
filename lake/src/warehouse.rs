//! A warehouse: a folder of Iceberg tables and the SQLite catalog that says where each one stands.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use iceberg::io::{FileIO, LocalFsStorageFactory};
use iceberg::{Catalog, CatalogBuilder, NamespaceIdent, TableIdent};
use iceberg_catalog_sql::{SqlBindStyle, SqlCatalog, SqlCatalogBuilder};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::error::LakeError;
use crate::table::IcebergTable;

/// How long a writer waits for another one's lock on the catalog file before it fails.
const CATALOG_BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A folder of Iceberg tables with its SQLite catalog. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Warehouse {
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) catalog: SqlCatalog,
    pub(crate) pool: SqlitePool,
    pub(crate) file_io: FileIO,
    loaded: Mutex<HashMap<TableIdent, Arc<IcebergTable>>>,
}

impl Warehouse {
    /// Opens the warehouse in `directory`, making the folder and the catalog file where they are
    /// missing. `name` is the catalog's name in the SQLite file; other clients must use the same.
    ///
    /// # Errors
    /// When the folder or the file cannot be made or read.
    pub async fn open(
        name: &str,
        directory: &Path,
        catalog_file: &Path,
    ) -> Result<Self, LakeError> {
        let unusable = |path: &Path, reason: String| LakeError::Open {
            path: path.display().to_string(),
            reason,
        };
        std::fs::create_dir_all(directory).map_err(|e| unusable(directory, e.to_string()))?;
        let directory = directory
            .canonicalize()
            .map_err(|e| unusable(directory, e.to_string()))?;
        let Some(path) = directory.to_str() else {
            return Err(unusable(&directory, "the path is not UTF-8".into()));
        };
        let location = format!("file://{path}");

        let options = SqliteConnectOptions::new()
            .filename(catalog_file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(CATALOG_BUSY_TIMEOUT);
        let uri = options.to_url_lossy().to_string();
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|e| unusable(catalog_file, e.to_string()))?;
        let catalog = SqlCatalogBuilder::default()
            .uri(uri)
            .warehouse_location(&location)
            .sql_bind_style(SqlBindStyle::QMark)
            .with_storage_factory(Arc::new(LocalFsStorageFactory))
            .load(name, HashMap::new())
            .await
            .map_err(|e| unusable(catalog_file, e.to_string()))?;
        Ok(Warehouse {
            name: name.to_owned(),
            location,
            catalog,
            pool,
            file_io: FileIO::new_with_fs(),
            loaded: Mutex::new(HashMap::new()),
        })
    }

    /// The namespaces (schemas in SQL), sorted.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn namespaces(&self) -> Result<Vec<String>, LakeError> {
        let mut names: Vec<String> = self
            .catalog
            .list_namespaces(None)
            .await?
            .into_iter()
            .map(|namespace| namespace.inner().join("."))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The tables of a namespace, sorted; none when the namespace does not exist.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn tables(&self, namespace: &str) -> Result<Vec<String>, LakeError> {
        let namespace = NamespaceIdent::new(namespace.to_owned());
        if !self.catalog.namespace_exists(&namespace).await? {
            return Ok(Vec::new());
        }
        let mut names: Vec<String> = self
            .catalog
            .list_tables(&namespace)
            .await?
            .into_iter()
            .map(|table| table.name().to_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Makes the namespace unless it exists.
    ///
    /// # Errors
    /// When the name is unusable or the catalog cannot be written.
    pub async fn create_namespace(&self, namespace: &str) -> Result<(), LakeError> {
        check_name(namespace)?;
        let namespace = NamespaceIdent::new(namespace.to_owned());
        if !self.catalog.namespace_exists(&namespace).await? {
            self.catalog
                .create_namespace(&namespace, HashMap::new())
                .await?;
        }
        Ok(())
    }

    /// The table as it stands now, pinned to its current snapshot; `None` when there is no such
    /// table. Asking again is cheap while nobody committed: one read of the catalog's row.
    ///
    /// # Errors
    /// When the catalog or the table's metadata cannot be read.
    pub async fn table(
        &self,
        namespace: &str,
        table: &str,
    ) -> Result<Option<Arc<IcebergTable>>, LakeError> {
        let identifier = identifier(namespace, table);
        let Some(location) = self.metadata_location(&identifier).await? else {
            self.loaded().remove(&identifier);
            return Ok(None);
        };
        let known = self.loaded().get(&identifier).cloned();
        if let Some(known) = known
            && known.metadata_location() == Some(location.as_str())
        {
            return Ok(Some(known));
        }
        let loaded = self
            .catalog
            .load_table(&identifier)
            .await
            .map_err(|error| LakeError::Metadata {
                table: full_name(&identifier),
                source: Box::new(error),
            })?;
        let loaded = Arc::new(IcebergTable::new(loaded)?);
        self.loaded().insert(identifier, Arc::clone(&loaded));
        Ok(Some(loaded))
    }

    /// Takes the table out of the catalog and deletes its files.
    ///
    /// # Errors
    /// When there is no such table, or the catalog cannot be written.
    pub async fn drop_table(&self, namespace: &str, table: &str) -> Result<(), LakeError> {
        let identifier = identifier(namespace, table);
        if self.metadata_location(&identifier).await?.is_none() {
            return Err(LakeError::NoSuchTable {
                table: full_name(&identifier),
            });
        }
        self.loaded().remove(&identifier);
        self.catalog.purge_table(&identifier).await?;
        Ok(())
    }

    /// Where the current metadata of a table stands, straight from the catalog's row.
    pub(crate) async fn metadata_location(
        &self,
        table: &TableIdent,
    ) -> Result<Option<String>, LakeError> {
        let row: Option<(Option<String>,)> = sqlx::query_as(
            "SELECT metadata_location FROM iceberg_tables
             WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
               AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)",
        )
        .bind(self.name.clone())
        .bind(table.namespace().join("."))
        .bind(table.name().to_owned())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.and_then(|(location,)| location))
    }

    fn loaded(&self) -> std::sync::MutexGuard<'_, HashMap<TableIdent, Arc<IcebergTable>>> {
        // The map is a cache: whatever a panicking thread left in it is still a loaded table.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `namespace.table` of an identifier.
pub(crate) fn full_name(table: &TableIdent) -> String {
    format!("{}.{}", table.namespace().join("."), table.name())
}

pub(crate) fn identifier(namespace: &str, table: &str) -> TableIdent {
    TableIdent::new(NamespaceIdent::new(namespace.to_owned()), table.to_owned())
}

/// Names become folder names, so nothing that could leave the warehouse is let in.
pub(crate) fn check_name(name: &str) -> Result<(), LakeError> {
    let usable = !name.is_empty()
        && name.len() <= 128
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if usable {
        Ok(())
    } else {
        Err(LakeError::InvalidName {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::Commitment;

    fn is_send<T: Send>(value: T) -> T {
        value
    }

    /// Servers run these on any thread; the compiler says so here rather than in their code.
    #[expect(dead_code, reason = "compiling it is the test")]
    fn futures_can_move_between_threads(warehouse: &Warehouse, commitment: &Commitment) {
        drop(is_send(warehouse.table("a", "b")));
        drop(is_send(warehouse.metadata_location(&identifier("a", "b"))));
        drop(is_send(warehouse.drop_table("a", "b")));
        drop(is_send(warehouse.append("a", "b", Vec::new(), commitment)));
    }
}
