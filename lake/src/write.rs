//! Writes rows as Parquet data files of a table, with field ids and bounds.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::io::FileIO;
use iceberg::spec::{DataFile, DataFileFormat, FormatVersion, TableMetadata};
use iceberg::writer::base_writer::data_file_writer::DataFileWriterBuilder;
use iceberg::writer::file_writer::ParquetWriterBuilder;
use iceberg::writer::file_writer::location_generator::{
    DefaultFileNameGenerator, DefaultLocationGenerator,
};
use iceberg::writer::file_writer::rolling_writer::RollingFileWriterBuilder;
use iceberg::writer::{IcebergWriter, IcebergWriterBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tokio::task::JoinSet;

use crate::commit::CommitStamp;
use crate::error::LakeError;

/// Rows in one row group: small enough to prune by and to share between cores, large enough that
/// a column chunk compresses well.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows on their way into a table: streams that are written in parallel, each to files of its own.
pub type Rows = Vec<SendableRecordBatchStream>;

/// Refuses tables whose files this module would lay out wrongly.
pub(crate) fn check_writable(name: &str, metadata: &TableMetadata) -> Result<(), LakeError> {
    let refused = |reason: &str| {
        Err(LakeError::Unsupported {
            table: name.to_owned(),
            reason: reason.to_owned(),
        })
    };
    if metadata.format_version() != FormatVersion::V2 {
        return refused("only format version 2 is written");
    }
    if !metadata.default_partition_spec().is_unpartitioned() {
        return refused("it is partitioned, and only unpartitioned tables are written yet");
    }
    Ok(())
}

/// Writes the rows and gives the files, which are in no snapshot yet. On an error the files that
/// were finished are deleted again.
pub(crate) async fn write_rows(
    name: &str,
    metadata: &TableMetadata,
    file_io: &FileIO,
    rows: Rows,
    stamp: CommitStamp,
) -> Result<Vec<DataFile>, LakeError> {
    check_writable(name, metadata)?;
    let target: SchemaRef = Arc::new(schema_to_arrow_schema(metadata.current_schema())?);
    let mut writers = JoinSet::new();
    for (index, stream) in rows.into_iter().enumerate() {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let files = RollingFileWriterBuilder::new_with_default_file_size(
            ParquetWriterBuilder::new(properties, metadata.current_schema().clone()),
            file_io.clone(),
            DefaultLocationGenerator::new(metadata)?,
            DefaultFileNameGenerator::new(
                format!("{}-{index:03}", stamp.id.simple()),
                None,
                DataFileFormat::Parquet,
            ),
        );
        let builder = DataFileWriterBuilder::new(files);
        let (target, name) = (Arc::clone(&target), name.to_owned());
        writers.spawn(async move {
            let mut writer = builder.build(None).await?;
            let mut stream = stream;
            while let Some(batch) = stream.next().await {
                writer.write(fit(&name, &batch?, &target)?).await?;
            }
            Ok::<_, LakeError>((index, writer.close().await?))
        });
    }
    let (mut written, mut failed) = (Vec::new(), None);
    while let Some(result) = writers.join_next().await {
        match result {
            Ok(Ok(files)) => written.push(files),
            Ok(Err(error)) => failed = Some(error),
            Err(error) => {
                failed =
                    Some(datafusion::common::DataFusionError::Execution(error.to_string()).into());
            }
        }
    }
    // Writers end in any order; the manifest lists the files in the order of the streams.
    written.sort_by_key(|(index, _)| *index);
    let files: Vec<DataFile> = written.into_iter().flat_map(|(_, files)| files).collect();
    match failed {
        None => Ok(files),
        Some(error) => {
            delete_files(file_io, &paths(&files)).await;
            Err(error)
        }
    }
}

/// Deletes files that no snapshot refers to. A file that stays behind costs space and nothing
/// else, so a failure here must not hide the error that led to it.
pub(crate) async fn delete_files(file_io: &FileIO, paths: &[String]) {
    for path in paths {
        let _left_behind = file_io.delete(path.clone()).await;
    }
}

pub(crate) fn paths(files: &[DataFile]) -> Vec<String> {
    files
        .iter()
        .map(|file| file.file_path().to_owned())
        .collect()
}

/// The batch in exactly the table's types; a value that does not fit is an error, never a null.
fn fit(name: &str, batch: &RecordBatch, target: &SchemaRef) -> Result<RecordBatch, LakeError> {
    let misfit = |reason: String| LakeError::RowsDoNotFit {
        table: name.to_owned(),
        reason,
    };
    let given: Vec<&str> = batch
        .schema_ref()
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let expected: Vec<&str> = target
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    if given != expected {
        return Err(misfit(format!(
            "they have the columns ({}) and the table has ({})",
            given.join(", "),
            expected.join(", ")
        )));
    }
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = batch
        .columns()
        .iter()
        .zip(target.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                return Ok(Arc::clone(column));
            }
            cast_with_options(column, field.data_type(), &strict)
                .map_err(|e| misfit(format!("column `{}`: {e}", field.name())))
        })
        .collect::<Result<Vec<ArrayRef>, LakeError>>()?;
    RecordBatch::try_new(Arc::clone(target), columns).map_err(|e| misfit(e.to_string()))
}
