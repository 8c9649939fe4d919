//! Commits: each makes one snapshot (or one change of schema or properties) and publishes it.
//!
//! `iceberg` itself commits by fast append only, so snapshots are put together here from its
//! public parts: manifests, the manifest list, table updates.

mod snapshot;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use iceberg::spec::{
    DataFile, MAIN_BRANCH, Operation, Schema, SnapshotReference, SnapshotRetention, TableMetadata,
    TableMetadataBuilder, TableMetadataRef,
};
use iceberg::{TableCreation, TableUpdate};
use uuid::Uuid;

use crate::commit::snapshot::{NewSnapshot, prepare};
use crate::definition::TableDefinition;
use crate::error::LakeError;
use crate::publish::Published;
use crate::table::IcebergTable;
use crate::warehouse::{Warehouse, check_name, full_name, identifier};
use crate::write::{Rows, check_writable, delete_files, paths, write_rows};

/// How often a commit is redone on top of somebody else's before it gives up.
const ATTEMPTS: u32 = 8;

/// The wait before the first redo; it doubles from one to the next.
const FIRST_WAIT: Duration = Duration::from_millis(5);

/// What a commit may not make up by itself.
#[derive(Debug, Clone, Copy)]
pub struct CommitStamp {
    /// The time of the commit, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Names the commit's files and, by its bits, the snapshot. Never used twice.
    pub id: Uuid,
}

/// Which state of the table a commit may be put on top of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expectation {
    /// Whatever is there: a conflict is resolved by doing the commit again.
    #[default]
    Any,
    /// This snapshot (`None`: no snapshot) and no other, because the rows were made from it.
    Snapshot(Option<i64>),
}

/// How a commit is to be made and recorded.
#[derive(Debug, Clone)]
pub struct Commitment {
    /// Time and id.
    pub stamp: CommitStamp,
    /// Further properties for the snapshot's summary, such as who ran it.
    pub properties: BTreeMap<String, String>,
    /// The state that it may be put on top of.
    pub expected: Expectation,
}

impl Commitment {
    /// A commit on top of whatever is there.
    #[must_use]
    pub fn new(stamp: CommitStamp) -> Self {
        Commitment {
            stamp,
            properties: BTreeMap::new(),
            expected: Expectation::Any,
        }
    }

    /// The same with one more property in the snapshot's summary.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: &str) -> Self {
        self.properties.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, allowed on one state of the table only.
    #[must_use]
    pub fn expecting(mut self, snapshot_id: Option<i64>) -> Self {
        self.expected = Expectation::Snapshot(snapshot_id);
        self
    }
}

/// What happens to the files that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Append,
    ReplaceAll,
}

impl Warehouse {
    /// Makes an empty table.
    ///
    /// # Errors
    /// When the name is unusable or taken, a type cannot be stored, or files cannot be written.
    pub async fn create_table(
        &self,
        definition: &TableDefinition,
        stamp: CommitStamp,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let metadata = self.new_metadata(definition, stamp).await?;
        let table = identifier(&definition.namespace, &definition.name);
        self.publish_new(&table, &metadata).await?;
        self.reread(definition).await
    }

    /// Makes a table with its first rows, in one step: nobody sees it empty.
    ///
    /// # Errors
    /// As `create_table`, and when the rows fail or do not fit.
    pub async fn create_table_as(
        &self,
        definition: &TableDefinition,
        rows: Rows,
        commitment: &Commitment,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let metadata = Arc::new(self.new_metadata(definition, commitment.stamp).await?);
        let table = identifier(&definition.namespace, &definition.name);
        let name = full_name(&table);
        let files = write_rows(&name, &metadata, &self.file_io, rows, commitment.stamp).await?;
        let new = NewSnapshot {
            metadata: Arc::clone(&metadata),
            file_io: self.file_io.clone(),
            added: files.clone(),
            change: Change::Append,
            commitment: commitment.clone(),
            attempt: 0,
        };
        let prepared = prepare(&new, None).await?;
        let builder = metadata.as_ref().clone().into_builder(None);
        let metadata = apply(builder, prepared.updates)?;
        let result = self.publish_new(&table, &metadata).await;
        if matches!(result, Err(LakeError::TableExists { .. })) {
            delete_files(&self.file_io, &prepared.files).await;
            delete_files(&self.file_io, &paths(&files)).await;
        }
        result?;
        self.reread(definition).await
    }

    /// Adds rows to a table. Two appends at once both get in.
    ///
    /// # Errors
    /// When there is no such table, the rows fail or do not fit, the table's columns changed
    /// meanwhile, or the expected snapshot is not the current one.
    pub async fn append(
        &self,
        namespace: &str,
        table: &str,
        rows: Rows,
        commitment: &Commitment,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        self.change_rows(namespace, table, rows, commitment, Change::Append)
            .await
    }

    /// Puts these rows in the place of all that the table has, in one snapshot.
    ///
    /// # Errors
    /// As `append`.
    pub async fn replace_all(
        &self,
        namespace: &str,
        table: &str,
        rows: Rows,
        commitment: &Commitment,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        self.change_rows(namespace, table, rows, commitment, Change::ReplaceAll)
            .await
    }

    /// Makes `schema` the table's columns. Fields keep their ids, and a new one needs an id above
    /// all that the table ever had; a data file of before goes on being read by those ids.
    ///
    /// # Errors
    /// When there is no such table, the schema is not a valid successor, or somebody else changed
    /// the table at the same time.
    pub async fn set_schema(
        &self,
        namespace: &str,
        table: &str,
        schema: Schema,
        stamp: CommitStamp,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let updates = vec![
            TableUpdate::AddSchema { schema },
            // -1 is Iceberg's "the one added last".
            TableUpdate::SetCurrentSchema { schema_id: -1 },
        ];
        self.change_metadata(namespace, table, updates, stamp).await
    }

    /// Sets table properties, such as its comment.
    ///
    /// # Errors
    /// When there is no such table or somebody else changed it at the same time.
    pub async fn set_properties(
        &self,
        namespace: &str,
        table: &str,
        properties: HashMap<String, String>,
        stamp: CommitStamp,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let updates = vec![TableUpdate::SetProperties {
            updates: properties,
        }];
        self.change_metadata(namespace, table, updates, stamp).await
    }

    async fn change_rows(
        &self,
        namespace: &str,
        table: &str,
        rows: Rows,
        commitment: &Commitment,
        change: Change,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let first = self.existing(namespace, table).await?;
        let written_for = first.table.metadata_ref();
        let name = first.name();
        check_expectation(&name, commitment, &written_for)?;
        let files = write_rows(&name, &written_for, &self.file_io, rows, commitment.stamp).await?;
        let result = self
            .commit_files(namespace, table, written_for, &files, commitment, change)
            .await;
        // These two say for certain that no snapshot has the files; after any other error one may.
        if matches!(
            result,
            Err(LakeError::Conflict { .. } | LakeError::NoSuchTable { .. })
        ) {
            delete_files(&self.file_io, &paths(&files)).await;
        }
        result
    }

    async fn commit_files(
        &self,
        namespace: &str,
        table: &str,
        written_for: TableMetadataRef,
        files: &[DataFile],
        commitment: &Commitment,
        change: Change,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let mut wait = FIRST_WAIT;
        for attempt in 0..ATTEMPTS {
            let current = self.existing(namespace, table).await?;
            let metadata = current.table.metadata_ref();
            let name = current.name();
            check_writable(&name, &metadata)?;
            check_expectation(&name, commitment, &metadata)?;
            if metadata.uuid() != written_for.uuid()
                || metadata.current_schema_id() != written_for.current_schema_id()
            {
                return Err(LakeError::Conflict {
                    table: name,
                    reason: "its columns are not those that the rows were written for".into(),
                });
            }
            let new = NewSnapshot {
                metadata: Arc::clone(&metadata),
                file_io: self.file_io.clone(),
                added: files.to_vec(),
                change,
                commitment: commitment.clone(),
                attempt,
            };
            let prepared = prepare(&new, Some(&current.table)).await?;
            let old = current.table.metadata_location_result()?.to_owned();
            let builder = metadata.as_ref().clone().into_builder(Some(old.clone()));
            let next = apply(builder, prepared.updates)?;
            match self
                .publish(current.table.identifier(), &old, &next)
                .await?
            {
                Published::Yes => return self.existing(namespace, table).await,
                Published::No => {
                    delete_files(&self.file_io, &prepared.files).await;
                }
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(LakeError::Conflict {
            table: format!("{namespace}.{table}"),
            reason: format!("{ATTEMPTS} attempts each met another commit; try again"),
        })
    }

    async fn change_metadata(
        &self,
        namespace: &str,
        table: &str,
        updates: Vec<TableUpdate>,
        stamp: CommitStamp,
    ) -> Result<Arc<IcebergTable>, LakeError> {
        let current = self.existing(namespace, table).await?;
        let old = current.table.metadata_location_result()?.to_owned();
        let builder = current
            .table
            .metadata()
            .clone()
            .into_builder(Some(old.clone()));
        // Metadata never gets older, whatever the committer's clock says.
        let at_ms = stamp.at_ms.max(current.table.metadata().last_updated_ms());
        let next = timed(apply(builder, updates)?, at_ms)?;
        match self
            .publish(current.table.identifier(), &old, &next)
            .await?
        {
            Published::Yes => self.existing(namespace, table).await,
            Published::No => Err(LakeError::Conflict {
                table: current.name(),
                reason: "somebody else committed first; try again".into(),
            }),
        }
    }

    async fn new_metadata(
        &self,
        definition: &TableDefinition,
        stamp: CommitStamp,
    ) -> Result<TableMetadata, LakeError> {
        check_name(&definition.namespace)?;
        check_name(&definition.name)?;
        let table = identifier(&definition.namespace, &definition.name);
        if self.metadata_location(&table).await?.is_some() {
            return Err(LakeError::TableExists {
                table: full_name(&table),
            });
        }
        // A table of this name may have been dropped and its folder left: each gets its own.
        let location = format!(
            "{}/{}/{}-{}",
            self.location,
            definition.namespace,
            definition.name,
            stamp.id.simple()
        );
        let creation = TableCreation::builder()
            .name(definition.name.clone())
            .location(location)
            .schema(definition.iceberg_schema()?)
            .properties(definition.all_properties())
            .build();
        let metadata = TableMetadataBuilder::from_table_creation(creation)?
            .build()?
            .metadata;
        timed(metadata, stamp.at_ms)
    }

    async fn existing(&self, namespace: &str, table: &str) -> Result<Arc<IcebergTable>, LakeError> {
        self.table(namespace, table)
            .await?
            .ok_or_else(|| LakeError::NoSuchTable {
                table: format!("{namespace}.{table}"),
            })
    }

    async fn reread(&self, definition: &TableDefinition) -> Result<Arc<IcebergTable>, LakeError> {
        self.existing(&definition.namespace, &definition.name).await
    }
}

fn check_expectation(
    name: &str,
    commitment: &Commitment,
    metadata: &TableMetadata,
) -> Result<(), LakeError> {
    match commitment.expected {
        Expectation::Snapshot(expected) if metadata.current_snapshot_id() != expected => {
            Err(LakeError::Conflict {
                table: name.to_owned(),
                reason: "its current snapshot is not the one that the rows were made from".into(),
            })
        }
        Expectation::Any | Expectation::Snapshot(_) => Ok(()),
    }
}

fn apply(
    mut builder: TableMetadataBuilder,
    updates: Vec<TableUpdate>,
) -> Result<TableMetadata, LakeError> {
    for update in updates {
        builder = update.apply(builder)?;
    }
    Ok(builder.build()?.metadata)
}

/// `iceberg` stamps metadata with the machine's clock unless a snapshot brings a time; the stored
/// form is the one place where the commit's own time can be set.
fn timed(metadata: TableMetadata, at_ms: i64) -> Result<TableMetadata, LakeError> {
    let unexpected = |error: serde_json::Error| {
        LakeError::from(iceberg::Error::new(
            iceberg::ErrorKind::Unexpected,
            format!("the table's metadata does not survive its own format: {error}"),
        ))
    };
    let mut stored = serde_json::to_value(metadata).map_err(unexpected)?;
    if let Some(fields) = stored.as_object_mut() {
        fields.insert("last-updated-ms".into(), at_ms.into());
    }
    serde_json::from_value(stored).map_err(unexpected)
}

/// The updates that make `snapshot_id` the current state of the table.
pub(crate) fn main_branch(snapshot_id: i64) -> TableUpdate {
    TableUpdate::SetSnapshotRef {
        ref_name: MAIN_BRANCH.to_owned(),
        reference: SnapshotReference::new(snapshot_id, SnapshotRetention::branch(None, None, None)),
    }
}

/// What the summary calls the change.
pub(crate) fn operation(change: Change) -> Operation {
    match change {
        Change::Append => Operation::Append,
        Change::ReplaceAll => Operation::Overwrite,
    }
}
