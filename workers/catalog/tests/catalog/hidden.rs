//! The filter, against a simpler model: what a caller finds is the same as if what they may not know of were not there.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use townlake_core::policy::model::Model;
use townlake_protocol::snapshot::Snapshot;

use crate::platform::{Platform, tables};

const WORDS: [&str; 6] = ["account", "email", "billing", "amount", "region", "salary"];

#[derive(Debug, Clone)]
struct Column {
    words: Vec<usize>,
    comment: Option<usize>,
    /// Pending, clear, masked or denied.
    state: u8,
}

#[derive(Debug, Clone)]
struct Table {
    words: Vec<usize>,
    comment: Vec<usize>,
    /// Pending, approved or denied.
    state: u8,
    granted: bool,
    columns: Vec<Column>,
}

fn column() -> impl Strategy<Value = Column> {
    (
        prop::collection::vec(0..WORDS.len(), 1..3),
        prop::option::of(0..WORDS.len()),
        0..4_u8,
    )
        .prop_map(|(words, comment, state)| Column {
            words,
            comment,
            state,
        })
}

fn table() -> impl Strategy<Value = Table> {
    (
        prop::collection::vec(0..WORDS.len(), 1..3),
        prop::collection::vec(0..WORDS.len(), 0..3),
        0..3_u8,
        any::<bool>(),
        prop::collection::vec(column(), 0..5),
    )
        .prop_map(|(words, comment, state, granted, columns)| Table {
            words,
            comment,
            state,
            granted,
            columns,
        })
}

fn phrase(words: &[usize], separator: &str) -> String {
    words
        .iter()
        .filter_map(|word| WORDS.get(*word))
        .copied()
        .collect::<Vec<_>>()
        .join(separator)
}

fn name(position: usize, table: &Table) -> String {
    format!("lake.s{position}.{}", phrase(&table.words, "_"))
}

fn column_name(position: usize, column: &Column) -> String {
    format!("{}_{position}", phrase(&column.words, "_"))
}

/// The snapshot of the tables; without what is hidden from everyone, if asked.
fn snapshot(all: &[Table], stripped: bool) -> Snapshot {
    let tables: Vec<Value> = all
        .iter()
        .enumerate()
        .filter(|(_, table)| !stripped || table.state != 2)
        .map(|(position, table)| {
            let columns: Vec<Value> = table
                .columns
                .iter()
                .enumerate()
                .filter(|(_, column)| !stripped || (table.state == 1 && matches!(column.state, 1 | 2)))
                .map(|(at, column)| {
                    json!({
                        "name": column_name(at, column), "type": "varchar", "ordinal": at,
                        "comment": column.comment.and_then(|word| WORDS.get(word)),
                    })
                })
                .collect();
            let comment = if stripped && table.state == 0 { String::new() } else { phrase(&table.comment, " ") };
            json!({ "table": name(position, table), "kind": "table", "comment": comment, "columns": columns })
        })
        .collect();
    serde_json::from_value(json!({ "taken_at": "2026-05-01T12:00:00Z", "tables": tables })).unwrap()
}

fn model(all: &[Table], snapshot: &Snapshot) -> Model {
    let mut reviews = serde_json::Map::new();
    let mut grants = Vec::new();
    for (position, table) in all.iter().enumerate() {
        let columns: serde_json::Map<String, Value> = table
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let state = match column.state {
                    0 => json!({ "state": "pending" }),
                    1 => json!({ "state": "clear", "reviewed_type": "varchar" }),
                    2 => json!({ "state": "masked", "class": "email", "reviewed_type": "varchar" }),
                    _ => json!({ "state": "denied" }),
                };
                (column_name(at, column), state)
            })
            .collect();
        let state = ["pending", "approved", "denied"]
            .get(usize::from(table.state))
            .copied()
            .unwrap_or("pending");
        reviews.insert(
            name(position, table),
            json!({ "state": state, "columns": columns }),
        );
        if table.granted {
            grants.push(json!({
                "id": format!("grt_{position}"), "subject": { "user": "ana@corp.example" },
                "table": name(position, table), "privileges": ["select"],
            }));
        }
    }
    serde_json::from_value(
        json!({ "version": 1, "tables": tables(snapshot), "reviews": reviews, "grants": grants }),
    )
    .unwrap()
}

proptest! {
    #![proptest_config(Config { cases: 48, ..Config::default() })]

    #[test]
    fn what_is_hidden_leaves_no_trace(all in prop::collection::vec(table(), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let whole = snapshot(&all, false);
            let stripped = snapshot(&all, true);
            let with_hidden = Platform::new(Some(model(&all, &whole)), &whole).await;
            let without = Platform::new(Some(model(&all, &stripped)), &stripped).await;
            for question in WORDS.iter().map(|word| (*word).to_owned()).chain(["".to_owned(), WORDS.join(" ")]) {
                for limit in [1, 10] {
                    let found = with_hidden.search("ana@corp.example", &question, limit).await;
                    let expected = without.search("ana@corp.example", &question, limit).await;
                    assert_eq!(found, expected, "{question}");
                }
            }
        });
    }
}
