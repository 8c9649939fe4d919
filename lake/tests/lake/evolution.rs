//! Columns keep their values by field id, whatever they were called when a file was written.

use std::sync::Arc;

use datafusion::arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::DataType;
use iceberg::spec::{NestedField, NestedFieldRef, PrimitiveType, Type};
use townlake_lake::{Column, IcebergSchema, IcebergTable, TableDefinition};

use crate::fixture::{Fixture, cells, orders_definition, stream};

fn field(id: i32, name: &str, data_type: PrimitiveType) -> NestedFieldRef {
    NestedField::optional(id, name, Type::Primitive(data_type)).into()
}

fn order_id() -> NestedFieldRef {
    NestedField::required(1, "id", Type::Primitive(PrimitiveType::Long)).into()
}

async fn evolve(lake: &Fixture, fields: Vec<NestedFieldRef>) -> Arc<IcebergTable> {
    let schema = IcebergSchema::builder()
        .with_fields(fields)
        .build()
        .unwrap();
    lake.warehouse
        .set_schema("shop", "orders", schema, lake.stamp())
        .await
        .unwrap()
}

async fn append(lake: &Fixture, columns: Vec<(&str, datafusion::arrow::array::ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    lake.warehouse
        .append("shop", "orders", stream(batch), &lake.commitment())
        .await
        .unwrap();
}

fn longs(values: &[i64]) -> datafusion::arrow::array::ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn words(values: &[&str]) -> datafusion::arrow::array::ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test]
async fn a_renamed_column_keeps_the_values_of_old_files() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple"), (2, "pear")]).await;
    evolve(
        &lake,
        vec![order_id(), field(2, "product", PrimitiveType::String)],
    )
    .await;
    append(
        &lake,
        vec![("id", longs(&[3])), ("product", words(&["fig"]))],
    )
    .await;

    let cases: [(&str, &[&str]); 4] = [
        (
            "SELECT id, product FROM orders ORDER BY id",
            &["1|apple", "2|pear", "3|fig"],
        ),
        ("SELECT id FROM orders WHERE product = 'pear'", &["2"]),
        ("SELECT count(*) FROM orders WHERE product IS NULL", &["0"]),
        ("SELECT max(product) FROM orders", &["pear"]),
    ];
    for (sql, expected) in cases {
        assert_eq!(cells(&lake.query(sql).await), expected, "{sql}");
    }
}

#[tokio::test]
async fn two_columns_that_swapped_names_swap_their_values() {
    let lake = Fixture::new().await;
    let definition = TableDefinition {
        columns: vec![
            Column::new("a", DataType::Int64),
            Column::new("b", DataType::Int64),
        ],
        ..orders_definition()
    };
    lake.warehouse
        .create_table(&definition, lake.stamp())
        .await
        .unwrap();
    append(&lake, vec![("a", longs(&[1])), ("b", longs(&[2]))]).await;
    let long = PrimitiveType::Long;
    evolve(
        &lake,
        vec![field(1, "b", long.clone()), field(2, "a", long)],
    )
    .await;
    let rows = lake.query("SELECT a, b FROM orders WHERE a = 2").await;
    assert_eq!(cells(&rows), ["2|1"]);
}

#[tokio::test]
async fn an_added_column_is_null_in_old_files() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple")]).await;
    let text = PrimitiveType::String;
    evolve(
        &lake,
        vec![
            order_id(),
            field(3, "shop", text.clone()),
            field(2, "item", text),
        ],
    )
    .await;
    append(
        &lake,
        vec![
            ("id", longs(&[2])),
            ("shop", words(&["north"])),
            ("item", words(&["fig"])),
        ],
    )
    .await;
    let cases: [(&str, &[&str]); 3] = [
        (
            "SELECT * FROM orders ORDER BY id",
            &["1||apple", "2|north|fig"],
        ),
        ("SELECT id FROM orders WHERE shop IS NULL", &["1"]),
        ("SELECT id FROM orders WHERE shop = 'north'", &["2"]),
    ];
    for (sql, expected) in cases {
        assert_eq!(cells(&lake.query(sql).await), expected, "{sql}");
    }
}

#[tokio::test]
async fn a_column_made_again_does_not_get_the_dropped_ones_values() {
    let lake = Fixture::new().await;
    let before = lake.orders(&[(1, "apple")]).await;
    evolve(&lake, vec![order_id()]).await;
    assert_eq!(cells(&lake.query("SELECT * FROM orders").await), ["1"]);
    evolve(
        &lake,
        vec![order_id(), field(3, "item", PrimitiveType::String)],
    )
    .await;
    assert_eq!(cells(&lake.query("SELECT * FROM orders").await), ["1|"]);
    let counted = lake
        .query("SELECT count(*) FROM orders WHERE item = 'apple'")
        .await;
    assert_eq!(cells(&counted), ["0"]);

    // The snapshot of before has the columns of before.
    let now = lake.table("orders").await;
    let then = Arc::new(now.at_snapshot(before.snapshot_id().unwrap()).unwrap());
    let rows = crate::fixture::query(then, "SELECT item FROM orders").await;
    assert_eq!(cells(&rows), ["apple"]);
}

#[tokio::test]
async fn a_widened_column_reads_old_files_and_prunes_by_their_bounds() {
    let lake = Fixture::new().await;
    let definition = TableDefinition {
        columns: vec![Column::new("id", DataType::Int32)],
        ..orders_definition()
    };
    lake.warehouse
        .create_table(&definition, lake.stamp())
        .await
        .unwrap();
    let old: datafusion::arrow::array::ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    append(&lake, vec![("id", old)]).await;
    evolve(&lake, vec![field(1, "id", PrimitiveType::Long)]).await;
    append(&lake, vec![("id", longs(&[5_000_000_000]))]).await;
    let rows = lake
        .query("SELECT id FROM orders WHERE id > 1 ORDER BY id")
        .await;
    assert_eq!(cells(&rows), ["2", "5000000000"]);
    let plan = lake
        .query("EXPLAIN SELECT id FROM orders WHERE id > 3000000000")
        .await;
    assert!(plan.contains("{1 group:"), "{plan}");
}

#[tokio::test]
async fn rows_written_for_other_columns_are_a_conflict() {
    let lake = Fixture::new().await;
    lake.orders(&[(1, "apple")]).await;
    evolve(
        &lake,
        vec![order_id(), field(2, "product", PrimitiveType::String)],
    )
    .await;
    let error = lake
        .warehouse
        .append(
            "shop",
            "orders",
            stream(crate::fixture::orders_batch(&[(2, "pear")])),
            &lake.commitment(),
        )
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("(id, product)"), "{error}");
}
