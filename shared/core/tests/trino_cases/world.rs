//! The tables behind the recording, and just enough SQL to compute what masks and filters make of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use townlake_core::names::TableRef;

/// Catalogs that the recorded server had.
pub const CATALOGS: [&str; 4] = ["lake", "memory", "system", "tpch"];
/// Schemas of its catalog `lake`.
pub const SCHEMAS: [&str; 8] = [
    "c",
    "crm",
    "hidden",
    "information_schema",
    "r",
    "system",
    "t1",
    "tpch1",
];
/// The columns of `lake.c.people`.
pub const PEOPLE: [&str; 8] = [
    "id", "name", "email", "country", "born", "score", "tags", "secret",
];

/// Which tables exist, and whether rows were changed.
pub struct World {
    tables: BTreeMap<TableRef, Vec<&'static str>>,
    /// Rows were added, changed or removed, so that they are no longer as below.
    pub written: bool,
}

impl World {
    /// As the set-up made it.
    pub fn new() -> Self {
        let tables: [(&str, &[&str]); 6] = [
            ("lake.c.people", &PEOPLE),
            ("lake.c.orders", &["order_id", "person_id", "amount", "at"]),
            ("lake.c.closed", &["a", "b"]),
            ("lake.hidden.t", &["a"]),
            ("lake.c.v_people", &["id", "email", "country"]),
            ("lake.c.v_inv", &["id", "email", "country"]),
        ];
        Self {
            tables: tables
                .into_iter()
                .map(|(name, columns)| (table(name), columns.to_vec()))
                .collect(),
            written: false,
        }
    }

    /// The table's columns; None if it does not exist.
    pub fn columns(&self, name: &str) -> Option<&[&'static str]> {
        self.tables.get(&table(name)).map(Vec::as_slice)
    }

    /// The tables of the schema `lake.c`, by name.
    pub fn of_schema_c(&self) -> Vec<&TableRef> {
        self.tables
            .keys()
            .filter(|table| table.schema == "c")
            .collect()
    }

    /// The columns of a table of this world.
    pub fn columns_of(&self, table: &TableRef) -> &[&'static str] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// Drops the table.
    pub fn drop(&mut self, name: &str) {
        self.tables.remove(&table(name));
    }
}

/// The type of a column: the same name has the same type in all tables here.
pub fn type_of(column: &str) -> &'static str {
    match column {
        "id" | "order_id" | "person_id" | "a" => "bigint",
        "born" => "date",
        "score" => "double",
        "tags" => "array(varchar)",
        "amount" => "decimal(12,2)",
        "at" => "timestamp(6) with time zone",
        _ => "varchar",
    }
}

/// A table's name.
pub fn table(name: &str) -> TableRef {
    name.parse().unwrap()
}

/// The raw rows of `lake.c.people`.
pub fn people() -> Vec<BTreeMap<&'static str, Value>> {
    [
        json!([
            1,
            "Ana Reis",
            "ana@x.example",
            "PT",
            "1990-05-01",
            1.5,
            ["a", "b"],
            "s1"
        ]),
        json!([
            2,
            "Bo Lind",
            "bo@y.example",
            "SE",
            "1985-12-31",
            2.5,
            ["b"],
            "s2"
        ]),
        json!([3, "Cy Roth", "cy@z.example", "DE", null, null, null, "s3"]),
        json!([4, null, null, "PT", "2001-01-01", 0.0, [], "s4"]),
    ]
    .iter()
    .map(|row| {
        PEOPLE
            .into_iter()
            .zip(row.as_array().unwrap().iter().cloned())
            .collect()
    })
    .collect()
}

/// Whether the recorded filter lets the row through.
pub fn passes(filter: &str, row: &BTreeMap<&str, Value>) -> bool {
    match filter {
        "false" => false,
        "country = 'PT'" => row["country"] == "PT",
        other => panic!("an unknown filter: {other}"),
    }
}

/// What the recorded mask makes of the value. None: it has not the column's type, so that Trino refuses it.
pub fn masked(mask: &str, user: &str, value: &Value) -> Option<Value> {
    Some(match mask {
        "CAST(regexp_replace(email, '^[^@]*', '***') AS varchar)" => {
            value.as_str().map_or(Value::Null, |email| {
                let (_, domain) = email.split_once('@').unwrap();
                json!(format!("***@{domain}"))
            })
        }
        "CAST(NULL AS varchar)" | "CAST(NULL AS double)" => Value::Null,
        "CAST(date_trunc('year', born) AS date)" => value
            .as_str()
            .map_or(Value::Null, |date| json!(format!("{}-01-01", &date[..4]))),
        "CAST(ARRAY[] AS array(varchar))" => json!([]),
        "CAST(IF(current_user = 'ana@corp.com', email, 'no') AS varchar)" => {
            if user == "ana@corp.com" {
                value.clone()
            } else {
                json!("no")
            }
        }
        "CAST(IF(to_unixtime(current_timestamp) < 1, email, NULL) AS varchar)" => Value::Null,
        "CAST(IF(to_unixtime(current_timestamp) < 9999999999, name, NULL) AS varchar)" => {
            value.clone()
        }
        "'x'" => return None,
        other => panic!("an unknown mask: {other}"),
    })
}
