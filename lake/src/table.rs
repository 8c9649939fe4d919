//! An Iceberg table as DataFusion scans it, pinned to one snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path;
use datafusion::physical_plan::ExecutionPlan;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{Schema, SchemaRef as IcebergSchemaRef, SnapshotRef, Transform};
use iceberg::table::Table;
use tokio::sync::OnceCell;

use crate::bounds::summed;
use crate::definition::{COMMENT_PROPERTY, Column};
use crate::error::LakeError;
use crate::field_ids::{FieldIdAdapterFactory, FieldIds};
use crate::files::{LiveFile, live_files, needed_files};
use crate::warehouse::full_name;

/// A table at one snapshot. A query that holds it reads the same rows however long it runs.
#[derive(Debug)]
pub struct IcebergTable {
    pub(crate) table: Table,
    snapshot: Option<SnapshotRef>,
    iceberg_schema: IcebergSchemaRef,
    schema: SchemaRef,
    /// The field id of each column, in the schema's order.
    ids: Vec<i32>,
    field_ids: Arc<FieldIds>,
    files: OnceCell<Arc<Vec<LiveFile>>>,
}

impl IcebergTable {
    /// The table at its current snapshot.
    pub(crate) fn new(table: Table) -> Result<Self, LakeError> {
        let snapshot = table.metadata().current_snapshot().cloned();
        let schema = table.metadata().current_schema().clone();
        Self::pinned(table, snapshot, schema)
    }

    fn pinned(
        table: Table,
        snapshot: Option<SnapshotRef>,
        iceberg_schema: IcebergSchemaRef,
    ) -> Result<Self, LakeError> {
        let schema = scan_schema(&iceberg_schema)?;
        let ids: Vec<i32> = iceberg_schema
            .as_struct()
            .fields()
            .iter()
            .map(|field| field.id)
            .collect();
        let field_ids = FieldIds {
            table: full_name(table.identifier()),
            by_name: schema
                .fields()
                .iter()
                .zip(&ids)
                .map(|(field, id)| (field.name().clone(), *id))
                .collect(),
            never_absent: never_absent(&table, &iceberg_schema),
        };
        Ok(IcebergTable {
            table,
            snapshot,
            iceberg_schema,
            schema,
            ids,
            field_ids: Arc::new(field_ids),
            files: OnceCell::new(),
        })
    }

    /// The same table as it was at an earlier snapshot, with that snapshot's columns.
    ///
    /// # Errors
    /// When the table has no such snapshot (any more).
    pub fn at_snapshot(&self, snapshot_id: i64) -> Result<Self, LakeError> {
        let metadata = self.table.metadata();
        let Some(snapshot) = metadata.snapshot_by_id(snapshot_id).cloned() else {
            return Err(LakeError::Unsupported {
                table: self.name(),
                reason: format!("it has no snapshot {snapshot_id}"),
            });
        };
        let schema = snapshot.schema(metadata)?;
        Self::pinned(self.table.clone(), Some(snapshot), schema)
    }

    /// `namespace.table`.
    #[must_use]
    pub fn name(&self) -> String {
        full_name(self.table.identifier())
    }

    /// What one row is, from the table property `comment`.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.properties().get(COMMENT_PROPERTY).map(String::as_str)
    }

    /// All table properties.
    #[must_use]
    pub fn properties(&self) -> &HashMap<String, String> {
        self.table.metadata().properties()
    }

    /// The columns with their comments, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        self.schema
            .fields()
            .iter()
            .zip(self.iceberg_schema.as_struct().fields())
            .map(|(field, iceberg)| Column {
                field: field.as_ref().clone(),
                comment: iceberg.doc.clone(),
            })
            .collect()
    }

    /// The snapshot that is read; `None` for a table that never had a row.
    #[must_use]
    pub fn snapshot_id(&self) -> Option<i64> {
        self.snapshot
            .as_ref()
            .map(|snapshot| snapshot.snapshot_id())
    }

    /// When that snapshot was committed, in milliseconds since 1970 UTC: the data's "as of".
    #[must_use]
    pub fn committed_at_ms(&self) -> Option<i64> {
        self.snapshot
            .as_ref()
            .map(|snapshot| snapshot.timestamp_ms())
    }

    /// The summary of that snapshot: `total-records`, the committer's own properties and so on.
    #[must_use]
    pub fn summary(&self) -> HashMap<String, String> {
        self.snapshot
            .as_ref()
            .map(|snapshot| snapshot.summary().additional_properties.clone())
            .unwrap_or_default()
    }

    /// The table's schema in Iceberg's terms, as the base of a changed one.
    #[must_use]
    pub fn iceberg_schema(&self) -> &Schema {
        &self.iceberg_schema
    }

    /// How many rows the snapshot holds, from the manifests.
    ///
    /// # Errors
    /// When the manifests cannot be read or the table cannot be read right.
    pub async fn row_count(&self) -> Result<u64, LakeError> {
        let rows = self.planning_statistics(&self.files().await?).num_rows;
        Ok(rows
            .get_value()
            .and_then(|rows| u64::try_from(*rows).ok())
            .unwrap_or(0))
    }

    pub(crate) fn metadata_location(&self) -> Option<&str> {
        self.table.metadata_location()
    }

    async fn files(&self) -> Result<Arc<Vec<LiveFile>>, LakeError> {
        let Some(snapshot) = &self.snapshot else {
            return Ok(Arc::new(Vec::new()));
        };
        self.files
            .get_or_try_init(|| async {
                live_files(&self.table, snapshot, &self.schema, &self.ids)
                    .await
                    .map(Arc::new)
            })
            .await
            .cloned()
    }

    fn planning_statistics(&self, files: &[LiveFile]) -> Statistics {
        summed(files.iter().map(|file| file.bounds.as_ref()), &self.schema)
    }
}

#[async_trait]
impl TableProvider for IcebergTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        self.files
            .get()
            .map(|files| self.planning_statistics(files))
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // The bounds and the Parquet scan leave out what cannot match; the filter still decides.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files().await?;
        let files = needed_files(session, &files, &self.schema, filters);
        let statistics = self.planning_statistics(&files);

        let object_store_url = ObjectStoreUrl::local_filesystem();
        let runtime = session.runtime_env();
        let reader = CachedParquetFileReaderFactory::new(
            runtime.object_store(&object_store_url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let mut options = session.default_table_options().parquet;
        if nan_may_hide(&files, projection) {
            options.global.pruning = false;
            options.global.enable_page_index = false;
        }
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(reader));
        let groups = file_groups(files, session.config().target_partitions())?;
        let config = FileScanConfigBuilder::new(object_store_url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::new(FieldIdAdapterFactory(Arc::clone(
                &self.field_ids,
            )))))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Whether a projected column may hold NaN. DataFusion then must not skip row groups: their bounds
/// say nothing about NaN, so `x <> 1` would lose it. A filter, be it of the query or found while
/// running, is only ever about projected columns.
fn nan_may_hide(files: &[LiveFile], projection: Option<&Vec<usize>>) -> bool {
    files
        .iter()
        .flat_map(|file| &file.nan_columns)
        .any(|column| projection.is_none_or(|columns| columns.contains(column)))
}

/// Spreads the files over the partitions, the largest first onto the emptiest.
fn file_groups(mut files: Vec<LiveFile>, partitions: usize) -> Result<Vec<FileGroup>> {
    files.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
    let count = partitions.clamp(1, files.len().max(1));
    let mut groups: Vec<(u64, Vec<PartitionedFile>)> = vec![(0, Vec::new()); count];
    for file in files {
        // The path stands in the manifest as it is on disk; `PartitionedFile::new` would encode it.
        let location = Path::parse(&file.path).map_err(|e| {
            DataFusionError::Execution(format!("`{}` is not a usable path: {e}", file.path))
        })?;
        let meta = ObjectMeta {
            location,
            // Data files are never changed in place, so the time plays no part in caching.
            last_modified: Default::default(),
            size: file.size,
            e_tag: None,
            version: None,
        };
        if let Some(emptiest) = groups.iter_mut().min_by_key(|(size, _)| *size) {
            emptiest.0 += file.size;
            emptiest.1.push(PartitionedFile::new_from_meta(meta));
        }
    }
    Ok(groups
        .into_iter()
        .map(|(_, files)| FileGroup::new(files))
        .collect())
}

/// The Arrow schema of a scan: without field ids and comments on its columns, which would follow
/// every result about. Nested fields keep theirs, since a data file's own type has them too.
fn scan_schema(schema: &Schema) -> Result<SchemaRef, LakeError> {
    let arrow = schema_to_arrow_schema(schema)?;
    let fields: Vec<Field> = arrow
        .fields()
        .iter()
        .map(|field| {
            Field::new(
                field.name(),
                plain_type(field.data_type()),
                field.is_nullable(),
            )
        })
        .collect();
    Ok(Arc::new(ArrowSchema::new(fields)))
}

/// `iceberg` reads binary columns as `LargeBinary`, while Parquet files give `Binary`.
fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeBinary => DataType::Binary,
        other => other.clone(),
    }
}

/// Columns whose absence from a data file does not mean null.
fn never_absent(table: &Table, schema: &Schema) -> HashMap<i32, &'static str> {
    let mut reasons = HashMap::new();
    for field in schema.as_struct().fields() {
        if field.initial_default.is_some() {
            reasons.insert(
                field.id,
                "it was added with a default value, which is not filled in yet",
            );
        }
    }
    for spec in table.metadata().partition_specs_iter() {
        for field in spec.fields() {
            if field.transform == Transform::Identity {
                reasons.insert(
                    field.source_id,
                    "its value stands only in the partition's metadata, which is not read yet",
                );
            }
        }
    }
    reasons
}
