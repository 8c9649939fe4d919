//! What a commit leaves behind, alone and against others.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use townlake_lake::{Column, CommitStamp, Commitment, LakeError, TableDefinition};
use uuid::Uuid;

use crate::fixture::{Fixture, START_MS, cells, open, orders_batch, orders_definition, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_at_the_same_time_all_get_in() {
    const WRITERS: u64 = 6;
    let lake = Fixture::new().await;
    lake.orders(&[(0, "first")]).await;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        // A warehouse of its own: nothing but the catalog file coordinates them.
        let warehouse = open(lake.folder.path().into()).await;
        writers.spawn(async move {
            let stamp = CommitStamp {
                at_ms: START_MS + 10_000,
                id: Uuid::from_u128(1000 + u128::from(number)),
            };
            let id = i64::try_from(number).unwrap() + 1;
            warehouse
                .append(
                    "shop",
                    "orders",
                    stream(orders_batch(&[(id, "more")])),
                    &Commitment::new(stamp).with_property("writer", &number.to_string()),
                )
                .await
                .map(|_| ())
        });
    }
    while let Some(result) = writers.join_next().await {
        result.unwrap().unwrap();
    }
    let table = lake.table("orders").await;
    assert_eq!(
        cells(&lake.query("SELECT count(*), sum(id) FROM orders").await),
        ["7|21"]
    );
    let summary = table.summary();
    assert_eq!(summary["total-records"], "7");
    assert_eq!(summary["total-data-files"], "7");
    // What lost a race left nothing behind: one list and one metadata file per commit.
    assert_eq!(lake.files(".parquet").len(), 7);
    assert_eq!(lake.files(".metadata.json").len(), 7);
    let lists = lake.files(".avro");
    let lists = lists
        .iter()
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("snap-")
        })
        .count();
    assert_eq!(lists, 7);
}

#[tokio::test]
async fn the_summary_carries_totals_and_the_callers_properties() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple"), (2, "pear")]).await;
    let commitment = lake
        .commitment()
        .with_property("trino_user", "svc-transformer+run.7");
    let table = lake
        .warehouse
        .append(
            "shop",
            "orders",
            stream(orders_batch(&[(3, "fig")])),
            &commitment,
        )
        .await
        .unwrap();
    let summary = table.summary();
    let figures = [
        ("added-records", "1"),
        ("total-records", "3"),
        ("total-data-files", "2"),
        ("total-delete-files", "0"),
        ("trino_user", "svc-transformer+run.7"),
    ];
    for (name, expected) in figures {
        assert_eq!(summary[name], expected, "{name}");
    }
    assert_eq!(table.committed_at_ms(), Some(START_MS + 2000));
}

#[tokio::test]
async fn replacing_all_rows_is_one_snapshot() {
    let lake = Fixture::new().await;
    let before = lake.orders(&[(1, "apple"), (2, "pear")]).await;
    lake.append_orders(&[(3, "fig")]).await;
    let table = lake
        .warehouse
        .replace_all(
            "shop",
            "orders",
            stream(orders_batch(&[(9, "kiwi")])),
            &lake.commitment(),
        )
        .await
        .unwrap();
    assert_eq!(
        cells(&lake.query("SELECT id, item FROM orders").await),
        ["9|kiwi"]
    );
    let summary = table.summary();
    assert_eq!(summary["total-records"], "1");
    assert_eq!(summary["deleted-records"], "3");
    assert_eq!(summary["total-data-files"], "1");
    let old = Arc::new(table.at_snapshot(before.snapshot_id().unwrap()).unwrap());
    assert_eq!(old.row_count().await.unwrap(), 2);

    lake.append_orders(&[(10, "plum")]).await;
    lake.warehouse
        .replace_all("shop", "orders", vec![], &lake.commitment())
        .await
        .unwrap();
    assert_eq!(
        cells(&lake.query("SELECT count(*) FROM orders").await),
        ["0"]
    );
    assert_eq!(lake.table("orders").await.summary()["total-records"], "0");
}

#[tokio::test]
async fn a_commit_made_from_an_old_snapshot_is_a_conflict_and_leaves_no_file() {
    let lake = Fixture::new().await;
    let seen = lake.orders(&[(1, "apple")]).await;
    lake.append_orders(&[(2, "pear")]).await;
    let error = lake
        .warehouse
        .replace_all(
            "shop",
            "orders",
            stream(orders_batch(&[(9, "kiwi")])),
            &lake.commitment().expecting(seen.snapshot_id()),
        )
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::Conflict { .. }), "{error}");
    assert_eq!(lake.files(".parquet").len(), 2);
    assert_eq!(
        cells(&lake.query("SELECT count(*) FROM orders").await),
        ["2"]
    );
}

#[tokio::test]
async fn rows_that_do_not_fit_are_refused_and_leave_no_file() {
    let lake = Fixture::new().await;
    let definition = TableDefinition {
        columns: vec![
            Column::new("id", DataType::Int32),
            Column::new("item", DataType::Utf8),
        ],
        ..orders_definition()
    };
    lake.warehouse
        .create_table(&definition, lake.stamp())
        .await
        .unwrap();
    let batch = |name: &str, id: i64| {
        RecordBatch::try_from_iter(vec![
            (name, Arc::new(Int64Array::from(vec![id])) as _),
            ("item", Arc::new(StringArray::from(vec!["x"])) as _),
        ])
        .unwrap()
    };
    let cases = [
        (batch("number", 1), "(number, item)"),
        (batch("id", 5_000_000_000), "column `id`"),
    ];
    for (batch, expected) in cases {
        let error = lake
            .warehouse
            .append("shop", "orders", stream(batch), &lake.commitment())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(lake.files(".parquet").is_empty());
    assert_eq!(lake.table("orders").await.snapshot_id(), None);
}

#[tokio::test]
async fn a_query_that_fails_half_way_leaves_the_table_as_it_was() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple")]).await;
    let batch = orders_batch(&[(2, "pear")]);
    let failing = RecordBatchStreamAdapter::new(
        batch.schema(),
        futures::stream::iter([
            Ok(batch),
            Err(DataFusionError::Execution("the source went away".into())),
        ]),
    );
    let error = lake
        .warehouse
        .append(
            "shop",
            "orders",
            vec![Box::pin(failing)],
            &lake.commitment(),
        )
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("the source went away"), "{error}");
    assert_eq!(
        cells(&lake.query("SELECT count(*) FROM orders").await),
        ["1"]
    );
}

#[tokio::test]
async fn a_name_is_taken_once_and_free_again_after_a_drop() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple")]).await;
    let again = lake
        .warehouse
        .create_table(&orders_definition(), lake.stamp())
        .await
        .unwrap_err();
    assert!(matches!(again, LakeError::TableExists { .. }), "{again}");
    lake.warehouse.drop_table("shop", "orders").await.unwrap();
    assert!(lake.files(".parquet").is_empty());
    let gone = lake.warehouse.drop_table("shop", "orders").await;
    assert!(matches!(gone, Err(LakeError::NoSuchTable { .. })));
    let error = lake
        .warehouse
        .append("shop", "orders", vec![], &lake.commitment())
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::NoSuchTable { .. }), "{error}");
    lake.orders(&[(2, "pear")]).await;
    assert_eq!(
        cells(&lake.query("SELECT item FROM orders").await),
        ["pear"]
    );
}

#[tokio::test]
async fn names_cannot_leave_the_warehouse() {
    let lake = Fixture::new().await;
    for name in ["", "..", "a/b", "a.b", "a b", "\0"] {
        let definition = TableDefinition {
            name: name.into(),
            ..orders_definition()
        };
        let error = lake
            .warehouse
            .create_table(&definition, lake.stamp())
            .await
            .unwrap_err();
        assert!(matches!(error, LakeError::InvalidName { .. }), "{name:?}");
        assert!(lake.warehouse.create_namespace(name).await.is_err());
    }
}

#[tokio::test]
async fn types_are_stored_without_loss_of_values() {
    let lake = Fixture::new().await;
    let definition = TableDefinition {
        name: "small".into(),
        columns: vec![
            Column::new("tiny", DataType::Int8),
            Column::new("word", DataType::Utf8View),
        ],
        ..orders_definition()
    };
    let batch = RecordBatch::try_from_iter(vec![
        (
            "tiny",
            Arc::new(Int32Array::from(vec![Some(-7), None])) as _,
        ),
        ("word", Arc::new(StringArray::from(vec!["é", "水"])) as _),
    ])
    .unwrap();
    let table = lake
        .warehouse
        .create_table_as(&definition, stream(batch), &lake.commitment())
        .await
        .unwrap();
    let rows = crate::fixture::query(table, "SELECT * FROM orders").await;
    assert_eq!(cells(&rows), ["-7|é", "|水"]);
}

#[tokio::test]
async fn a_comment_can_be_changed_without_a_new_snapshot() {
    let lake = Fixture::new().await;
    let before = lake.orders(&[(1, "apple")]).await;
    let after = lake
        .warehouse
        .set_properties(
            "shop",
            "orders",
            HashMap::from([("comment".into(), "Orders. [exact, daily]".into())]),
            lake.stamp(),
        )
        .await
        .unwrap();
    assert_eq!(after.comment(), Some("Orders. [exact, daily]"));
    assert_eq!(after.snapshot_id(), before.snapshot_id());
}
