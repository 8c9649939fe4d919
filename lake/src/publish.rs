//! Makes new metadata the table's current one, in the SQLite catalog.

use std::str::FromStr;

use iceberg::spec::TableMetadata;
use iceberg::{Catalog, MetadataLocation, TableIdent};

use crate::error::LakeError;
use crate::warehouse::{Warehouse, full_name};
use crate::write::delete_files;

/// What became of an attempt to publish.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// The metadata is the table's current one now.
    Yes,
    /// Somebody else was first: nothing changed.
    No,
}

impl Warehouse {
    /// Replaces the metadata at `old` by `metadata`, if the catalog still says `old`.
    pub(crate) async fn publish(
        &self,
        table: &TableIdent,
        old: &str,
        metadata: &TableMetadata,
    ) -> Result<Published, LakeError> {
        let location = MetadataLocation::from_str(old)?
            .with_next_version()
            .with_new_metadata(metadata);
        metadata.write_to(&self.file_io, &location).await?;
        let location = location.to_string();
        let changed = sqlx::query(
            "UPDATE iceberg_tables SET metadata_location = ?1, previous_metadata_location = ?2
             WHERE catalog_name = ?3 AND table_namespace = ?4 AND table_name = ?5
               AND metadata_location = ?2",
        )
        .bind(location.clone())
        .bind(old.to_owned())
        .bind(self.name.clone())
        .bind(table.namespace().join("."))
        .bind(table.name().to_owned())
        .execute(&self.pool)
        .await?
        .rows_affected();
        if changed == 1 {
            return Ok(Published::Yes);
        }
        // Only this definite "no" makes the file garbage: after an error of the catalog the row
        // may well point to it.
        delete_files(&self.file_io, &[location]).await;
        Ok(Published::No)
    }

    /// Puts a new table into the catalog.
    pub(crate) async fn publish_new(
        &self,
        table: &TableIdent,
        metadata: &TableMetadata,
    ) -> Result<(), LakeError> {
        let location = MetadataLocation::new_with_metadata(metadata.location(), metadata);
        metadata.write_to(&self.file_io, &location).await?;
        let location = location.to_string();
        match self.catalog.register_table(table, location.clone()).await {
            Ok(_) => Ok(()),
            Err(error) => {
                // Two writers may both have seen no table; the catalog's primary key lets one in.
                match self.metadata_location(table).await? {
                    Some(current) if current == location => Ok(()),
                    Some(_) => {
                        delete_files(&self.file_io, &[location]).await;
                        Err(LakeError::TableExists {
                            table: full_name(table),
                        })
                    }
                    None => Err(error.into()),
                }
            }
        }
    }
}
