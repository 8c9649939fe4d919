//! What a scan reads, and what it leaves out.

use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use townlake_lake::{Column, TableDefinition};

use crate::fixture::{Fixture, cells, query, stream, try_query};

#[tokio::test]
async fn a_table_gives_back_its_rows_comments_and_figures() {
    let lake = Fixture::new().await;
    let table = lake.orders(&[(1, "apple"), (2, "pear")]).await;

    let rows = query(table.clone(), "SELECT id, item FROM orders ORDER BY id").await;
    assert_eq!(cells(&rows), ["1|apple", "2|pear"]);
    assert_eq!(
        table.comment(),
        Some("One row per order. [exact, 5 minutes]")
    );
    let columns = table.columns();
    assert_eq!(columns[1].comment.as_deref(), Some("What was bought."));
    assert!(!columns[0].field.is_nullable());
    assert_eq!(table.row_count().await.unwrap(), 2);
    assert_eq!(
        table.committed_at_ms(),
        Some(crate::fixture::START_MS + 1000)
    );
    assert_eq!(lake.warehouse.namespaces().await.unwrap(), ["shop"]);
    assert_eq!(lake.warehouse.tables("shop").await.unwrap(), ["orders"]);
    assert!(lake.warehouse.tables("none").await.unwrap().is_empty());
    assert!(lake.warehouse.table("shop", "no").await.unwrap().is_none());
}

#[tokio::test]
async fn an_empty_table_answers_with_no_rows() {
    let lake = Fixture::new().await;
    lake.warehouse
        .create_table(&crate::fixture::orders_definition(), lake.stamp())
        .await
        .unwrap();
    let rows = lake.query("SELECT count(*), max(item) FROM orders").await;
    assert_eq!(cells(&rows), ["0|"]);
    assert!(cells(&lake.query("SELECT * FROM orders").await).is_empty());
}

#[tokio::test]
async fn counting_all_rows_reads_no_file() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple"), (2, "pear")]).await;
    lake.append_orders(&[(3, "fig")]).await;
    let plan = lake.query("EXPLAIN SELECT count(*) FROM orders").await;
    assert!(!plan.contains("DataSourceExec"), "{plan}");
    assert_eq!(
        cells(&lake.query("SELECT count(*) FROM orders").await),
        ["3"]
    );
}

#[tokio::test]
async fn bounds_of_the_manifest_never_answer_a_query() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple"), (2, "pear")]).await;
    let plan = lake.query("EXPLAIN SELECT max(item) FROM orders").await;
    assert!(plan.contains("DataSourceExec"), "{plan}");
}

#[tokio::test]
async fn the_filter_stands_in_the_parquet_scan_and_leaves_out_files() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple"), (2, "pear")]).await;
    lake.append_orders(&[(100, "fig")]).await;
    let plan = lake
        .query("EXPLAIN SELECT item FROM orders WHERE id > 50")
        .await;
    assert!(plan.contains("predicate=id@0 > 50"), "{plan}");
    assert!(plan.contains("{1 group:"), "{plan}");
    let rows = lake.query("SELECT item FROM orders WHERE id > 50").await;
    assert_eq!(cells(&rows), ["fig"]);
}

#[tokio::test]
async fn files_are_spread_over_the_partitions() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "a")]).await;
    for id in 2..=6 {
        lake.append_orders(&[(id, "b")]).await;
    }
    let plan = lake.query("EXPLAIN SELECT sum(id) FROM orders").await;
    assert!(plan.contains("{4 groups:"), "{plan}");
    assert_eq!(
        cells(&lake.query("SELECT sum(id) FROM orders").await),
        ["21"]
    );
}

#[tokio::test]
async fn a_table_in_hand_stays_at_its_snapshot() {
    let lake = Fixture::new().await;
    let before = lake.orders(&[(1, "apple")]).await;
    let after = lake.append_orders(&[(2, "pear")]).await;

    let count = "SELECT count(*) FROM orders WHERE id > 0";
    assert_eq!(cells(&query(before.clone(), count).await), ["1"]);
    assert_eq!(cells(&query(after.clone(), count).await), ["2"]);
    let earlier = after.at_snapshot(before.snapshot_id().unwrap()).unwrap();
    assert_eq!(cells(&query(Arc::new(earlier), count).await), ["1"]);
    let error = after.at_snapshot(42).unwrap_err().to_string();
    assert!(error.contains("no snapshot 42"), "{error}");
}

#[tokio::test]
async fn a_table_is_loaded_once_until_somebody_commits() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple")]).await;
    let first = lake.table("orders").await;
    assert!(Arc::ptr_eq(&first, &lake.table("orders").await));
    let other_process = crate::fixture::open(lake.folder.path().into()).await;
    other_process
        .append(
            "shop",
            "orders",
            stream(crate::fixture::orders_batch(&[(2, "pear")])),
            &lake.commitment(),
        )
        .await
        .unwrap();
    assert_eq!(lake.table("orders").await.row_count().await.unwrap(), 2);
}

#[tokio::test]
async fn a_file_with_nan_is_not_left_out_by_its_bounds() {
    let lake = Fixture::new().await;
    let definition = TableDefinition {
        namespace: "shop".into(),
        name: "scores".into(),
        columns: vec![Column::new("score", DataType::Float64)],
        ..TableDefinition::default()
    };
    let scores: Float64Array = vec![1.0, f64::NAN].into();
    let batch = RecordBatch::try_from_iter(vec![("score", Arc::new(scores) as _)]).unwrap();
    let table = lake
        .warehouse
        .create_table_as(&definition, stream(batch), &lake.commitment())
        .await
        .unwrap();
    for filter in ["score = 'NaN'", "score <> 1.0", "score > 2.0"] {
        let sql = format!("SELECT count(*) FROM orders WHERE {filter}");
        assert_eq!(cells(&query(table.clone(), &sql).await), ["1"], "{filter}");
    }
}

#[tokio::test]
async fn a_lost_data_file_is_an_error_and_not_an_empty_answer() {
    let lake = Fixture::new().await;
    let table = lake.orders(&[(1, "apple")]).await;
    for file in lake.files(".parquet") {
        std::fs::remove_file(file).unwrap();
    }
    assert!(try_query(table, "SELECT item FROM orders").await.is_err());
}

#[tokio::test]
async fn statistics_are_there_once_the_files_are_known() {
    let lake = Fixture::new().await;
    let table = lake.orders(&[(1, "apple"), (7, "pear")]).await;
    assert!(table.statistics().is_none());
    table.row_count().await.unwrap();
    let statistics = table.statistics().unwrap();
    assert_eq!(statistics.num_rows.is_exact(), Some(true));
    assert_eq!(
        statistics.column_statistics[0].max_value.is_exact(),
        Some(false)
    );
}
