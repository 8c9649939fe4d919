//! What JDBC's driver of a Trino 476 asks, word for word, and what a Trino answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use townlake_engine::catalog::Catalog;
use townlake_engine::catalog::tpch::TpchCatalog;
use townlake_engine::policy::MissingSections;

use crate::client::{Answer, Client};
use crate::server::Server;

const TABLES: &str = r"SELECT TABLE_CAT, TABLE_SCHEM, TABLE_NAME, TABLE_TYPE, REMARKS,
  TYPE_CAT, TYPE_SCHEM, TYPE_NAME,   SELF_REFERENCING_COL_NAME, REF_GENERATION
FROM system.jdbc.tables
WHERE TABLE_CAT = 'tpch' AND TABLE_SCHEM LIKE 'tiny' ESCAPE '\' AND TABLE_NAME LIKE 'na%' ESCAPE '\'
ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME";

const COLUMNS: &str = r"SELECT TABLE_CAT, TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, DATA_TYPE,
  TYPE_NAME, COLUMN_SIZE, BUFFER_LENGTH, DECIMAL_DIGITS, NUM_PREC_RADIX,
  NULLABLE, REMARKS, COLUMN_DEF, SQL_DATA_TYPE, SQL_DATETIME_SUB,
  CHAR_OCTET_LENGTH, ORDINAL_POSITION, IS_NULLABLE,
  SCOPE_CATALOG, SCOPE_SCHEMA, SCOPE_TABLE,
  SOURCE_DATA_TYPE, IS_AUTOINCREMENT, IS_GENERATEDCOLUMN
FROM system.jdbc.columns
WHERE TABLE_CAT = 'tpch' AND TABLE_SCHEM LIKE 'tiny' ESCAPE '\' AND TABLE_NAME LIKE 'nation' ESCAPE '\' AND COLUMN_NAME LIKE 'n%' ESCAPE '\'
ORDER BY TABLE_CAT, TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION";

const SCHEMAS: &str = r"SELECT TABLE_SCHEM, TABLE_CATALOG
FROM system.jdbc.schemas
WHERE TABLE_CATALOG = 'tpch' AND TABLE_SCHEM LIKE 't%' ESCAPE '\'
ORDER BY TABLE_CATALOG, TABLE_SCHEM";

fn cases() -> Vec<(&'static str, Value)> {
    vec![
        (
            TABLES,
            json!([[
                "tpch", "tiny", "nation", "TABLE", null, null, null, null, null, null
            ]]),
        ),
        (
            COLUMNS,
            json!([
                [
                    "tpch",
                    "tiny",
                    "nation",
                    "nationkey",
                    -5,
                    "bigint",
                    19,
                    0,
                    null,
                    10,
                    1,
                    null,
                    null,
                    null,
                    null,
                    null,
                    1,
                    "YES",
                    null,
                    null,
                    null,
                    null,
                    null,
                    null
                ],
                [
                    "tpch",
                    "tiny",
                    "nation",
                    "name",
                    12,
                    "varchar(25)",
                    25,
                    0,
                    null,
                    null,
                    1,
                    null,
                    null,
                    null,
                    null,
                    25,
                    2,
                    "YES",
                    null,
                    null,
                    null,
                    null,
                    null,
                    null
                ],
            ]),
        ),
        (SCHEMAS, json!([["tiny", "tpch"]])),
        (
            "SELECT TABLE_TYPE FROM system.jdbc.table_types ORDER BY TABLE_TYPE",
            json!([["TABLE"], ["VIEW"]]),
        ),
        (
            "SELECT DATA_TYPE, PRECISION, CASE_SENSITIVE FROM system.jdbc.types WHERE TYPE_NAME = 'bigint'",
            json!([[-5, 19, false]]),
        ),
        ("SELECT CLASS_NAME FROM system.jdbc.udts", json!([])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn drivers_find_tables_columns_and_types() {
    let tpch: Arc<dyn Catalog> = Arc::new(TpchCatalog { partitions: 1 });
    let server = Server::start(
        BTreeMap::from([("tpch".to_owned(), tpch)]),
        MissingSections::Refused,
    )
    .await;
    let client = Client::new(&server.url);
    for (sql, expected) in cases() {
        match client.run(sql, "ana", &[]).await {
            Answer::Rows { rows, .. } => assert_eq!(Value::Array(rows), expected, "{sql}"),
            Answer::Failed { message, .. } => panic!("{sql}: {message}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_without_rows_say_that_they_have_no_columns() {
    let server = Server::start(BTreeMap::new(), MissingSections::Refused).await;
    for sql in [
        "USE system.jdbc",
        "PREPARE p FROM SELECT 1",
        "START TRANSACTION",
    ] {
        let last = Client::new(&server.url).last_page(sql, "ana").await;
        assert_eq!(last["columns"], json!([]), "{sql}: {last}");
        assert!(last["updateType"].is_string(), "{sql}: {last}");
    }
}
