//! Puts one snapshot together: manifests, manifest list, summary.

use std::collections::HashMap;

use iceberg::TableUpdate;
use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile, ManifestContentType, ManifestEntryRef, ManifestFile, ManifestListWriter,
    ManifestWriter, ManifestWriterBuilder, Snapshot, SnapshotSummaryCollector, Summary,
    TableMetadata, TableMetadataRef,
};
use iceberg::table::Table;

use crate::commit::{Change, Commitment, main_branch, operation};
use crate::error::LakeError;
use crate::warehouse::full_name;

/// The summary's running totals, each with what a commit adds to and takes from it.
const TOTALS: [(&str, &str, &str); 6] = [
    ("total-data-files", "added-data-files", "deleted-data-files"),
    (
        "total-delete-files",
        "added-delete-files",
        "removed-delete-files",
    ),
    ("total-records", "added-records", "deleted-records"),
    ("total-files-size", "added-files-size", "removed-files-size"),
    (
        "total-position-deletes",
        "added-position-deletes",
        "removed-position-deletes",
    ),
    (
        "total-equality-deletes",
        "added-equality-deletes",
        "removed-equality-deletes",
    ),
];

/// A snapshot to be made on top of `metadata`.
pub(crate) struct NewSnapshot {
    pub metadata: TableMetadataRef,
    pub file_io: FileIO,
    pub added: Vec<DataFile>,
    pub change: Change,
    pub commitment: Commitment,
    /// From 0; each attempt writes files of its own.
    pub attempt: u32,
}

/// A snapshot that is written and not yet published.
pub(crate) struct Prepared {
    pub updates: Vec<TableUpdate>,
    /// The manifests and the manifest list, for deletion if the snapshot is not published.
    pub files: Vec<String>,
}

/// Writes the manifests and the manifest list. `table` is where the current snapshot's manifests
/// are read from; there is none for a table that is just being made.
pub(crate) async fn prepare(
    new: &NewSnapshot,
    table: Option<&Table>,
) -> Result<Prepared, LakeError> {
    let metadata = &new.metadata;
    let stamp = new.commitment.stamp;
    let snapshot_id = snapshot_id(new);
    let mut writers = Manifests {
        new,
        snapshot_id,
        written: Vec::new(),
    };
    let mut collector = SnapshotSummaryCollector::default();
    let mut manifests: Vec<ManifestFile> = Vec::new();

    if let (Some(table), Some(current)) = (table, metadata.current_snapshot()) {
        let list = table.manifest_list_reader(current).load().await?;
        for manifest in list.entries() {
            match new.change {
                Change::Append => manifests.push(manifest.clone()),
                Change::ReplaceAll => {
                    manifests.extend(removed(&mut writers, &mut collector, table, manifest).await?);
                }
            }
        }
    }
    if !new.added.is_empty() {
        let mut writer = writers.next()?;
        for file in &new.added {
            collector.add_file(
                file,
                metadata.current_schema().clone(),
                metadata.default_partition_spec().clone(),
            );
            // Below zero: the number is the snapshot's own, given when the list is written.
            writer.add_file(file.clone(), -1)?;
        }
        manifests.push(writer.write_manifest_file().await?);
    }

    let list_path = format!(
        "{}/metadata/snap-{snapshot_id}-{}-{}.avro",
        metadata.location(),
        new.attempt,
        stamp.id
    );
    let parent = metadata.current_snapshot_id();
    let sequence_number = metadata.next_sequence_number();
    let output = new.file_io.new_output(&list_path)?.writer().await?;
    let mut list = ManifestListWriter::v2(output, snapshot_id, parent, sequence_number);
    list.add_manifests(manifests.into_iter())?;
    list.close().await?;

    let snapshot = Snapshot::builder()
        .with_manifest_list(list_path.clone())
        .with_snapshot_id(snapshot_id)
        .with_parent_snapshot_id(parent)
        .with_sequence_number(sequence_number)
        .with_summary(Summary {
            operation: operation(new.change),
            additional_properties: summary(new, &collector),
        })
        .with_schema_id(metadata.current_schema_id())
        .with_timestamp_ms(snapshot_time(metadata, stamp.at_ms))
        .build();
    let mut files = writers.written;
    files.push(list_path);
    Ok(Prepared {
        updates: vec![
            TableUpdate::AddSnapshot { snapshot },
            main_branch(snapshot_id),
        ],
        files,
    })
}

/// The manifest that says that the files of `manifest` are gone; `None` when none was alive.
async fn removed(
    writers: &mut Manifests<'_>,
    collector: &mut SnapshotSummaryCollector,
    table: &Table,
    manifest: &ManifestFile,
) -> Result<Option<ManifestFile>, LakeError> {
    if manifest.content != ManifestContentType::Data {
        return Err(LakeError::Unsupported {
            table: full_name(table.identifier()),
            reason: "it has delete files, which cannot be replaced yet; compact it first".into(),
        });
    }
    let metadata = &writers.new.metadata;
    let contents = manifest.load_manifest(table.file_io()).await?;
    let alive: Vec<ManifestEntryRef> = contents
        .entries()
        .iter()
        .filter(|entry| entry.is_alive())
        .cloned()
        .collect();
    if alive.is_empty() {
        return Ok(None);
    }
    let mut writer = writers.next()?;
    for entry in alive {
        collector.remove_file(
            entry.data_file(),
            metadata.current_schema().clone(),
            metadata.default_partition_spec().clone(),
        );
        writer.add_delete_file(
            entry.data_file().clone(),
            entry.sequence_number().unwrap_or(manifest.sequence_number),
            entry
                .file_sequence_number
                .or(Some(manifest.sequence_number)),
        )?;
    }
    Ok(Some(writer.write_manifest_file().await?))
}

/// Hands out manifest writers and keeps the paths.
struct Manifests<'a> {
    new: &'a NewSnapshot,
    snapshot_id: i64,
    written: Vec<String>,
}

impl Manifests<'_> {
    fn next(&mut self) -> Result<ManifestWriter, LakeError> {
        let metadata = &self.new.metadata;
        let path = format!(
            "{}/metadata/{}-{}-m{}.avro",
            metadata.location(),
            self.new.commitment.stamp.id,
            self.new.attempt,
            self.written.len()
        );
        let writer = ManifestWriterBuilder::new(
            self.new.file_io.new_output(&path)?,
            Some(self.snapshot_id),
            metadata.current_schema().clone(),
            metadata.default_partition_spec().as_ref().clone(),
        )
        .build_v2_data();
        self.written.push(path);
        Ok(writer)
    }
}

/// A positive number from the commit's id, another one for each attempt.
fn snapshot_id(new: &NewSnapshot) -> i64 {
    let (high, low) = new.commitment.stamp.id.as_u64_pair();
    let mixed = (high ^ low.rotate_left(17)).wrapping_add(u64::from(new.attempt));
    i64::try_from(mixed & (i64::MAX as u64)).unwrap_or(i64::MAX)
}

/// A table's log of snapshots runs forward: writers whose clocks differ by more than Iceberg's
/// minute of tolerance must not break the table for each other.
fn snapshot_time(metadata: &TableMetadata, at_ms: i64) -> i64 {
    metadata
        .current_snapshot()
        .map_or(at_ms, |current| at_ms.max(current.timestamp_ms()))
}

fn summary(new: &NewSnapshot, collector: &SnapshotSummaryCollector) -> HashMap<String, String> {
    let mut summary = collector.build();
    let previous = new
        .metadata
        .current_snapshot()
        .map(|snapshot| &snapshot.summary().additional_properties);
    for (total, added, taken) in TOTALS {
        let figure = |name: &str| {
            summary
                .get(name)
                .and_then(|value| value.parse::<u64>().ok())
                .unwrap_or(0)
        };
        // A predecessor without the total leaves it unknown, and unknown is better than wrong.
        let before = match previous {
            None => Some(0),
            Some(_) if new.change == Change::ReplaceAll => Some(figure(taken)),
            Some(previous) => previous.get(total).and_then(|v| v.parse::<u64>().ok()),
        };
        if let Some(before) = before {
            let now = (before + figure(added)).saturating_sub(figure(taken));
            summary.insert(total.to_owned(), now.to_string());
        }
    }
    for (name, value) in &new.commitment.properties {
        summary.insert(name.clone(), value.clone());
    }
    summary
}
