//! Tables with things that other writers make and that a plain scan would get wrong.

use std::str::FromStr;

use iceberg::io::FileIO;
use iceberg::spec::{
    DataContentType, DataFile, DataFileBuilder, DataFileFormat, MAIN_BRANCH, ManifestListWriter,
    ManifestWriterBuilder, Operation, Snapshot, SnapshotReference, SnapshotRetention, Struct,
    Summary, TableMetadata,
};
use iceberg::table::StaticTable;
use iceberg::{MetadataLocation, TableIdent};
use townlake_lake::LakeError;

use crate::fixture::{Fixture, START_MS, orders_batch, stream, try_query};

/// Commits one more manifest with `file`, the way a writer other than this crate would.
async fn commit_foreign(lake: &Fixture, file: DataFile) {
    let url = format!("sqlite://{}", lake.folder.path().join("lake.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let (old,): (String,) = sqlx::query_as("SELECT metadata_location FROM iceberg_tables")
        .fetch_one(&pool)
        .await
        .unwrap();
    let io = FileIO::new_with_fs();
    let identifier = TableIdent::from_strs(["shop", "orders"]).unwrap();
    let table = StaticTable::from_metadata_file(&old, identifier, io.clone())
        .await
        .unwrap()
        .into_table();
    let metadata: &TableMetadata = table.metadata();

    let path = |name: &str| format!("{}/metadata/{name}.avro", metadata.location());
    let writer = ManifestWriterBuilder::new(
        io.new_output(path("foreign")).unwrap(),
        Some(7),
        metadata.current_schema().clone(),
        metadata.default_partition_spec().as_ref().clone(),
    );
    let mut writer = match file.content_type() {
        DataContentType::Data => writer.build_v2_data(),
        _ => writer.build_v2_deletes(),
    };
    writer.add_file(file, -1).unwrap();
    let foreign = writer.write_manifest_file().await.unwrap();

    let current = metadata.current_snapshot().unwrap();
    let manifests = table.manifest_list_reader(current).load().await.unwrap();
    let output = io.new_output(path("foreign-list")).unwrap();
    let mut list = ManifestListWriter::v2(
        output.writer().await.unwrap(),
        7,
        Some(current.snapshot_id()),
        metadata.next_sequence_number(),
    );
    list.add_manifests(manifests.entries().iter().cloned().chain([foreign]))
        .unwrap();
    list.close().await.unwrap();
    let snapshot = Snapshot::builder()
        .with_manifest_list(path("foreign-list"))
        .with_snapshot_id(7)
        .with_parent_snapshot_id(Some(current.snapshot_id()))
        .with_sequence_number(metadata.next_sequence_number())
        .with_summary(Summary {
            operation: Operation::Overwrite,
            additional_properties: std::collections::HashMap::new(),
        })
        .with_schema_id(metadata.current_schema_id())
        .with_timestamp_ms(START_MS + 60_000)
        .build();
    let next = metadata
        .clone()
        .into_builder(Some(old.clone()))
        .add_snapshot(snapshot)
        .unwrap()
        .set_ref(
            MAIN_BRANCH,
            SnapshotReference::new(7, SnapshotRetention::branch(None, None, None)),
        )
        .unwrap()
        .build()
        .unwrap()
        .metadata;
    let location = MetadataLocation::from_str(&old)
        .unwrap()
        .with_next_version();
    next.write_to(&io, &location).await.unwrap();
    sqlx::query("UPDATE iceberg_tables SET metadata_location = ?")
        .bind(location.to_string())
        .execute(&pool)
        .await
        .unwrap();
}

fn file(content: DataContentType, format: DataFileFormat, path: &str) -> DataFile {
    DataFileBuilder::default()
        .content(content)
        .file_path(path.into())
        .file_format(format)
        .file_size_in_bytes(100)
        .record_count(1)
        .partition(Struct::empty())
        .partition_spec_id(0)
        .build()
        .unwrap()
}

#[tokio::test]
async fn what_cannot_be_read_right_is_refused_with_the_reason() {
    use DataContentType::{Data, EqualityDeletes, PositionDeletes};
    use DataFileFormat::{Orc, Parquet, Puffin};
    let cases = [
        (PositionDeletes, Parquet, "/d.parquet", "delete files"),
        (EqualityDeletes, Parquet, "/d.parquet", "delete files"),
        (PositionDeletes, Puffin, "/d.puffin", "delete files"),
        (Data, Orc, "/d.orc", "data files in orc"),
        (
            Data,
            Parquet,
            "s3://bucket/d.parquet",
            "not on this machine",
        ),
    ];
    for (content, format, path, expected) in cases {
        let lake = Fixture::new().await;
        lake.orders(&[(1, "apple")]).await;
        commit_foreign(&lake, file(content, format, path)).await;
        let table = lake.table("orders").await;
        for sql in ["SELECT * FROM orders", "SELECT count(*) FROM orders"] {
            let error = try_query(table.clone(), sql).await.unwrap_err().to_string();
            assert!(
                error.to_lowercase().contains(expected) && error.contains("shop.orders"),
                "{path}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_table_with_delete_files_can_be_appended_to_but_not_replaced() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple")]).await;
    let deletes = file(
        DataContentType::PositionDeletes,
        DataFileFormat::Parquet,
        "/d.parquet",
    );
    commit_foreign(&lake, deletes).await;
    let replaced = lake
        .warehouse
        .replace_all("shop", "orders", vec![], &lake.commitment())
        .await;
    assert!(matches!(replaced, Err(LakeError::Unsupported { .. })));

    let table = lake
        .warehouse
        .append(
            "shop",
            "orders",
            stream(orders_batch(&[(2, "pear")])),
            &lake.commitment(),
        )
        .await
        .unwrap();
    let summary = table.summary();
    assert_eq!(summary["added-records"], "1");
    // The foreign snapshot gave no totals, so there is none to add to.
    assert!(!summary.contains_key("total-records"));
    // Its clock was ahead; the log still runs forward.
    assert_eq!(table.committed_at_ms(), Some(START_MS + 60_000));
}
