//! Access control: 2,174 statements under 57 policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, ListBuilder, RecordBatch,
    StringArray, StringBuilder, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field};
use serde_json::Value;
use townlake_engine::catalog::memory::{MemoryCatalog, columns_of, schema_of};
use townlake_engine::catalog::tpch::TpchCatalog;
use townlake_engine::catalog::{Catalog, Column};
use townlake_engine::policy::MissingSections;
use townlake_sql::types::parse_type;

use crate::client::{Answer, Client};
use crate::server::Server;

const CASES: &str = include_str!("../../../shared/core/tests/data/trino-policy/cases.json");

/// Agreement below this is a step back.
const AGREEING: usize = 1_570;

fn columns(list: &[(&str, &str)]) -> Vec<Column> {
    let typed: Vec<_> = list
        .iter()
        .map(|(name, ty)| (*name, parse_type(ty).unwrap()))
        .collect();
    columns_of(&typed)
}

fn batch(columns: &[Column], arrays: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(schema_of(columns), arrays).unwrap()
}

/// The tables that the recording's `setup` made.
fn lake() -> MemoryCatalog {
    let people = columns(&[
        ("id", "bigint"),
        ("name", "varchar"),
        ("email", "varchar"),
        ("country", "varchar"),
        ("born", "date"),
        ("score", "double"),
        ("tags", "array(varchar)"),
        ("secret", "varchar"),
    ]);
    let mut tags = ListBuilder::new(StringBuilder::new()).with_field(Arc::new(Field::new(
        "item",
        DataType::Utf8,
        true,
    )));
    tags.append_value([Some("a"), Some("b")]);
    tags.append_value([Some("b")]);
    tags.append_null();
    tags.append_value([] as [Option<&str>; 0]);
    let people_rows = batch(
        &people,
        vec![
            Arc::new(Int64Array::from(vec![1, 2, 3, 4])),
            Arc::new(StringArray::from(vec![
                Some("Ana Reis"),
                Some("Bo Lind"),
                Some("Cy Roth"),
                None,
            ])),
            Arc::new(StringArray::from(vec![
                Some("ana@x.example"),
                Some("bo@y.example"),
                Some("cy@z.example"),
                None,
            ])),
            Arc::new(StringArray::from(vec!["PT", "SE", "DE", "PT"])),
            Arc::new(Date32Array::from(vec![
                Some(7425),
                Some(5843),
                None,
                Some(11323),
            ])),
            Arc::new(Float64Array::from(vec![
                Some(1.5),
                Some(2.5),
                None,
                Some(0.0),
            ])),
            Arc::new(tags.finish()),
            Arc::new(StringArray::from(vec!["s1", "s2", "s3", "s4"])),
        ],
    );
    let orders = columns(&[
        ("order_id", "bigint"),
        ("person_id", "bigint"),
        ("amount", "decimal(12,2)"),
        ("at", "timestamp(6) with time zone"),
    ]);
    let day = 86_400_000_000_i64;
    let first = 20_454 * day + 36_000_000_000;
    let order_rows = batch(
        &orders,
        vec![
            Arc::new(Int64Array::from(vec![10, 11, 12, 13])),
            Arc::new(Int64Array::from(vec![1, 1, 2, 3])),
            Arc::new(
                Decimal128Array::from(vec![1250, 700, 9999, 1])
                    .with_data_type(DataType::Decimal128(12, 2)),
            ),
            Arc::new(
                TimestampMicrosecondArray::from(vec![
                    first,
                    first + day,
                    first + 2 * day,
                    first + 3 * day,
                ])
                .with_timezone("UTC"),
            ),
        ],
    );
    let closed = columns(&[("a", "bigint"), ("b", "varchar")]);
    let closed_rows = batch(
        &closed,
        vec![
            Arc::new(Int64Array::from(vec![1, 2])),
            Arc::new(StringArray::from(vec!["x", "y"])),
        ],
    );
    let hidden = columns(&[("a", "bigint")]);
    let hidden_rows = batch(&hidden, vec![Arc::new(Int64Array::from(Vec::<i64>::new()))]);
    // Views stand here as tables of what they show, for the lists; statements that read one are left out.
    let view = columns(&[
        ("id", "bigint"),
        ("email", "varchar"),
        ("country", "varchar"),
    ]);
    let view_rows = people_rows.project(&[0, 2, 3]).unwrap();
    let mut lake = MemoryCatalog::default();
    for schema in ["crm", "r", "system", "t1", "tpch1"] {
        lake = lake.with_schema(schema);
    }
    lake.with_table("c", "people", people, vec![people_rows])
        .and_then(|lake| lake.with_table("c", "orders", orders, vec![order_rows]))
        .and_then(|lake| lake.with_table("c", "closed", closed, vec![closed_rows]))
        .and_then(|lake| lake.with_table("hidden", "t", hidden, vec![hidden_rows]))
        .and_then(|lake| lake.with_table("c", "v_people", view.clone(), vec![view_rows.clone()]))
        .and_then(|lake| lake.with_table("c", "v_inv", view, vec![view_rows]))
        .unwrap()
}

fn catalogs() -> BTreeMap<String, Arc<dyn Catalog>> {
    let memory = MemoryCatalog::default()
        .with_schema("default")
        .with_schema("own");
    BTreeMap::from([
        ("lake".to_owned(), Arc::new(lake()) as Arc<dyn Catalog>),
        ("memory".to_owned(), Arc::new(memory) as Arc<dyn Catalog>),
        (
            "tpch".to_owned(),
            Arc::new(TpchCatalog { partitions: 1 }) as Arc<dyn Catalog>,
        ),
    ])
}

/// Statements over what the engine does not have at all: views of its own.
fn is_left_out(sql: &str) -> bool {
    sql.contains("v_people") || sql.contains("v_inv")
}

#[tokio::test(flavor = "multi_thread")]
async fn access_control_answers_as_trino_does() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut server = Server::start(catalogs(), MissingSections::Open).await;
    let client = Client::new(&server.url);
    let (mut agree, mut refused, mut left_out) = (0, 0, 0);
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    let mut other_words: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    let mut current = String::new();
    // Once a case has written, the tables are no longer those of this test.
    let mut written: Vec<&str> = Vec::new();
    for case in cases["cases"].as_array().unwrap() {
        let text = |key: &str| case.get(key).and_then(Value::as_str);
        let policy = text("policy").unwrap();
        if policy != current {
            server
                .set_policy(&cases["groups"], &cases["policies"][policy])
                .await;
            current = policy.to_owned();
            written.clear();
        }
        let sql = text("sql").unwrap();
        let mut headers = Vec::new();
        if let Some(user) = text("user") {
            headers.push(("x-trino-user", user));
        }
        if let Some(user) = text("original_user") {
            headers.push(("x-trino-original-user", user));
        }
        let writes = case.get("update").is_some_and(|update| !update.is_null());
        if is_left_out(sql) || written.iter().any(|table| sql.contains(table)) {
            left_out += 1;
            continue;
        }
        if writes && text("error").is_none() {
            written.extend(
                ["people", "orders", "closed"]
                    .iter()
                    .filter(|table| sql.contains(**table)),
            );
        }
        let answer = client.run(sql, text("principal").unwrap(), &headers).await;
        let verdict = match (&answer, text("error")) {
            (Answer::Failed { name, .. }, _) if name == "NOT_SUPPORTED" => {
                refused += 1;
                *refusals.entry(sql.to_owned()).or_default() += 1;
                continue;
            }
            (Answer::Failed { name, message }, Some(error)) => {
                let same = name == error
                    && (error != "PERMISSION_DENIED" && error != "TABLE_NOT_FOUND"
                        || Some(message.as_str()) == text("message"));
                if !same {
                    *other_words
                        .entry(format!("{name} for {error}: {sql}"))
                        .or_default() += 1;
                    continue;
                }
                true
            }
            // It shows less than Trino, not something else.
            (Answer::Failed { name, .. }, None) => {
                refused += 1;
                *refusals.entry(format!("{name}: {sql}")).or_default() += 1;
                continue;
            }
            (Answer::Rows { columns, rows, .. }, None) => {
                let expected: Vec<&str> = case["columns"]
                    .as_array()
                    .map(|list| list.iter().filter_map(Value::as_str).collect())
                    .unwrap_or_default();
                let empty = Vec::new();
                let mut expected_rows = case["rows"].as_array().unwrap_or(&empty).clone();
                let mut rows = rows.clone();
                if !sql.contains("ORDER BY") {
                    expected_rows.sort_by_key(Value::to_string);
                    rows.sort_by_key(Value::to_string);
                }
                *columns == expected && rows == expected_rows
            }
            _ => false,
        };
        if verdict {
            agree += 1;
        } else {
            wrong.push(format!(
                "[{policy}] {sql}\n    Trino: {case}\n    here:  {answer:?}"
            ));
        }
    }
    let otherwise: usize = other_words.values().sum();
    println!(
        "access control: {agree} agree, {otherwise} refused in other words than Trino's, {refused} not supported, \
         {left_out} left out, {} wrong",
        wrong.len()
    );
    for (what, count) in other_words {
        println!("  in other words {count:4}: {what}");
    }
    for (sql, count) in refusals {
        println!("  refused {count:4}: {sql}");
    }
    assert!(
        wrong.is_empty(),
        "{} answers differ from Trino's, e.g.\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    assert!(agree >= AGREEING, "only {agree} answers agree with Trino's");
}
