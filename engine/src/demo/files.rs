//! The Parquet files of `files.support`.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;

use super::columns::{longs, moments, optional_moments, texts};
use super::support::Ticket;

/// What the table says of itself, in each file's footer under the key `comment`.
const TICKETS_COMMENT: &str =
    "One row per support ticket, as the customer wrote it. [exact, hourly]";

/// Comments of columns, under the keys `comment.<column>`.
const COLUMN_COMMENTS: &[(&str, &str)] = &[
    ("account_id", "The account in lake.dim.accounts."),
    ("created_at", "UTC."),
    ("closed_at", "UTC; empty while the ticket is open."),
    ("category", "billing, technical, abuse or account."),
    (
        "body",
        "Free text: may name people and hold their addresses and numbers.",
    ),
];

/// How many files the tickets are in.
const FILES: usize = 2;

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The folder or a file.
    #[error("`{path}`: {source}")]
    Io {
        path: String,
        source: std::io::Error,
    },
    /// Parquet's own.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// Writes the tickets into `folder`, in place of what was there. Nobody sees half of them: the
/// folder is filled under another name first.
pub fn write_tickets(folder: &Path, tickets: &[Ticket]) -> Result<(), FilesError> {
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |source| FilesError::Io { path, source }
    };
    let unfinished = folder.with_extension("unfinished");
    for old in [&unfinished, folder] {
        if old.exists() {
            std::fs::remove_dir_all(old).map_err(io(old))?;
        }
    }
    std::fs::create_dir_all(&unfinished).map_err(io(&unfinished))?;
    let size = tickets.len().div_ceil(FILES).max(1);
    for (number, part) in tickets.chunks(size).enumerate() {
        let path = unfinished.join(format!("part-{number:04}.parquet"));
        let file = File::create(&path).map_err(io(&path))?;
        let batch = batch(part).map_err(ParquetError::from)?;
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties()))?;
        writer.write(&batch)?;
        writer.close()?;
    }
    std::fs::rename(&unfinished, folder).map_err(io(folder))
}

fn properties() -> WriterProperties {
    let mut footer = vec![KeyValue::new("comment".into(), TICKETS_COMMENT.to_owned())];
    for (column, comment) in COLUMN_COMMENTS {
        footer.push(KeyValue::new(
            format!("comment.{column}"),
            (*comment).to_owned(),
        ));
    }
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(footer))
        .build()
}

fn batch(tickets: &[Ticket]) -> Result<RecordBatch, datafusion::arrow::error::ArrowError> {
    RecordBatch::try_from_iter(vec![
        ("ticket_id", longs(tickets.iter().map(|t| t.id))),
        ("account_id", longs(tickets.iter().map(|t| t.account_id))),
        (
            "created_at",
            moments(tickets.iter().map(|t| t.created_at_micros)),
        ),
        (
            "closed_at",
            optional_moments(tickets.iter().map(|t| t.closed_at_micros)),
        ),
        ("category", texts(tickets.iter().map(|t| t.category))),
        ("priority", texts(tickets.iter().map(|t| t.priority))),
        ("status", texts(tickets.iter().map(|t| t.status))),
        ("subject", texts(tickets.iter().map(|t| &t.subject))),
        ("body", texts(tickets.iter().map(|t| &t.body))),
    ])
}
