//! Parquet files in folders: `DIR/<schema>/<table>/*.parquet` or `DIR/<schema>/<table>.parquet`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::session_state::SessionState;
use townlake_protocol::trino::ErrorCode;

use super::{Catalog, Column, Listed, Table};
use crate::error::{Failure, Result};
use crate::types::type_of_arrow;

/// The key of a file's own metadata that says what the table holds; with `.<column>` behind it, what a
/// column means.
const COMMENT: &str = "comment";

/// The folder of the schemas.
pub struct FilesCatalog {
    directory: PathBuf,
    state: SessionState,
}

impl FilesCatalog {
    /// Of a folder, which need not exist yet.
    pub fn new(directory: PathBuf, state: SessionState) -> Self {
        Self { directory, state }
    }

    /// The file or folder of a table. Names are compared in lower case, so nothing of a name reaches the
    /// file system that was not listed by it.
    async fn find(&self, schema: &str, table: &str) -> Result<Option<PathBuf>> {
        for (name, folder) in entries(&self.directory).await? {
            if !folder.is_dir() || name.to_lowercase() != schema {
                continue;
            }
            for (name, path) in entries(&folder).await? {
                if table_name(&name, &path).as_deref() == Some(table) {
                    return Ok(Some(path));
                }
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Catalog for FilesCatalog {
    async fn schemas(&self) -> Result<Vec<String>> {
        Ok(entries(&self.directory)
            .await?
            .into_iter()
            .filter(|(_, path)| path.is_dir())
            .map(|(name, _)| name.to_lowercase())
            .collect())
    }

    async fn tables(&self, schema: &str) -> Result<Vec<Listed>> {
        let mut tables = Vec::new();
        for (name, folder) in entries(&self.directory).await? {
            if !folder.is_dir() || name.to_lowercase() != schema {
                continue;
            }
            for (name, path) in entries(&folder).await? {
                if let Some(name) = table_name(&name, &path) {
                    tables.push(Listed {
                        name,
                        is_view: false,
                    });
                }
            }
        }
        Ok(tables)
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<Table>> {
        let Some(path) = self.find(schema, table).await? else {
            return Ok(None);
        };
        let broken = |error: &dyn std::fmt::Display| {
            Failure::new(
                ErrorCode::GenericInternalError,
                format!("the files of {schema}.{table} cannot be read: {error}"),
            )
        };
        let mut text = path.to_string_lossy().into_owned();
        if path.is_dir() {
            text.push('/');
        }
        let url = ListingTableUrl::parse(&text).map_err(|error| broken(&error))?;
        let options =
            ListingOptions::new(Arc::new(ParquetFormat::default().with_skip_metadata(false)))
                .with_file_extension(".parquet")
                .with_target_partitions(self.state.config().target_partitions());
        let config = ListingTableConfig::new(url)
            .with_listing_options(options)
            .infer_schema(&self.state)
            .await
            .map_err(|error| broken(&error))?;
        let provider = ListingTable::try_new(config).map_err(|error| broken(&error))?;
        let schema = datafusion::catalog::TableProvider::schema(&provider);
        let columns = schema
            .fields()
            .iter()
            // A type that no column here can have hides the column, as Trino's connectors do.
            .filter_map(|field| {
                Some(Column {
                    name: field.name().to_lowercase(),
                    source: field.name().clone(),
                    ty: type_of_arrow(field.data_type())?,
                    comment: schema
                        .metadata()
                        .get(&format!("{COMMENT}.{}", field.name()))
                        .cloned(),
                })
            })
            .collect();
        let comment = schema.metadata().get(COMMENT).cloned();
        Ok(Some(Table {
            columns,
            comment,
            is_view: false,
            provider: Arc::new(provider),
        }))
    }
}

/// The table that a file or folder is, by its name.
fn table_name(name: &str, path: &Path) -> Option<String> {
    if path.is_dir() {
        return Some(name.to_lowercase());
    }
    name.strip_suffix(".parquet").map(str::to_lowercase)
}

/// What is in a folder, hidden files left out; nothing if there is no folder.
async fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let failed = |error: std::io::Error| {
        Failure::new(
            ErrorCode::GenericInternalError,
            format!("the folder of the files cannot be read: {error}"),
        )
    };
    let mut list = match tokio::fs::read_dir(folder).await {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    while let Some(entry) = list.next_entry().await.map_err(failed)? {
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with(['.', '_'])
        {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
