//! The data files that are alive in a snapshot, and which of them a query needs.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::{DFSchema, Statistics};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicate;
use iceberg::spec::{DataContentType, DataFile, DataFileFormat, ManifestContentType, SnapshotRef};
use iceberg::table::Table;

use crate::bounds::{file_statistics, nan_columns};
use crate::error::LakeError;
use crate::warehouse::full_name;

/// A data file of a snapshot, its bounds, and where it lies.
#[derive(Debug, Clone)]
pub(crate) struct LiveFile {
    /// The path on this machine, without a scheme.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// See `bounds::file_statistics`: for pruning only.
    pub bounds: Arc<Statistics>,
    /// Columns, by index, that may hold NaN, which Parquet's own bounds leave out as well.
    pub nan_columns: Vec<usize>,
}

/// Reads the manifests of a snapshot. Refuses what a plain scan of the data files would get wrong.
pub(crate) async fn live_files(
    table: &Table,
    snapshot: &SnapshotRef,
    schema: &SchemaRef,
    ids: &[i32],
) -> Result<Vec<LiveFile>, LakeError> {
    let unsupported = |reason: String| LakeError::Unsupported {
        table: full_name(table.identifier()),
        reason,
    };
    let list = table.manifest_list_reader(snapshot).load().await?;
    let mut files = Vec::new();
    for manifest_file in list.entries() {
        let manifest = manifest_file.load_manifest(table.file_io()).await?;
        for entry in manifest.entries().iter().filter(|entry| entry.is_alive()) {
            let file = entry.data_file();
            if manifest_file.content == ManifestContentType::Deletes
                || file.content_type() != DataContentType::Data
            {
                return Err(unsupported(
                    "it has delete files, which are not applied yet; compact the table first"
                        .into(),
                ));
            }
            if file.file_format() != DataFileFormat::Parquet {
                return Err(unsupported(format!(
                    "it has data files in {}, and only Parquet is read",
                    file.file_format()
                )));
            }
            if file.key_metadata().is_some() {
                return Err(unsupported("its data files are encrypted".into()));
            }
            files.push(LiveFile {
                path: local_path(file).ok_or_else(|| {
                    unsupported(format!(
                        "its data file `{}` is not on this machine",
                        file.file_path()
                    ))
                })?,
                size: file.file_size_in_bytes(),
                bounds: Arc::new(file_statistics(file, schema, ids)),
                nan_columns: nan_columns(file, schema, ids),
            });
        }
    }
    // Manifests come in no order that means anything; a stable one makes plans comparable.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn local_path(file: &DataFile) -> Option<String> {
    let path = file.file_path();
    let path = match path.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => path,
    };
    path.starts_with('/').then(|| path.to_owned())
}

/// The files that may hold a row for which all filters are true.
pub(crate) fn needed_files(
    session: &dyn Session,
    files: &[LiveFile],
    schema: &SchemaRef,
    filters: &[Expr],
) -> Vec<LiveFile> {
    // A filter that cannot prune (an unknown function, a type without bounds) keeps every file:
    // the filter itself still runs over the rows.
    keep_flags(session, files, schema, filters).map_or_else(
        || files.to_vec(),
        |keep| {
            files
                .iter()
                .zip(keep)
                .filter(|(_, keep)| *keep)
                .map(|(file, _)| file.clone())
                .collect()
        },
    )
}

fn keep_flags(
    session: &dyn Session,
    files: &[LiveFile],
    schema: &SchemaRef,
    filters: &[Expr],
) -> Option<Vec<bool>> {
    let filter = conjunction(filters.iter().cloned())?;
    let df_schema = DFSchema::try_from(Arc::clone(schema)).ok()?;
    let filter = session.create_physical_expr(filter, &df_schema).ok()?;
    let predicate = PruningPredicate::try_new(filter, Arc::clone(schema)).ok()?;
    let bounds = PrunableStatistics::new(
        files.iter().map(|file| Arc::clone(&file.bounds)).collect(),
        Arc::clone(schema),
    );
    predicate
        .prune(&bounds)
        .ok()
        .filter(|keep| keep.len() == files.len())
}
