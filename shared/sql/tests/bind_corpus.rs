//! Binds TPC-H and TPC-DS with their tables: the `*.sql` below the folder that `TOWNLAKE_SQL_CORPUS` names, as in
//! `corpus.rs`. None of them may have a problem, and no column may be without a table or a type.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use townlake_sql::bound::Known;
use townlake_sql::types::parse_type;
use townlake_sql::{Others, Schema, SchemaColumn, Session, bind, parse};

/// Each table's columns and their types, by table.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn benchmarks_are_bound_without_a_problem() {
    let Some(folder) = std::env::var_os("TOWNLAKE_SQL_CORPUS") else {
        println!("not run: TOWNLAKE_SQL_CORPUS names no folder of statements");
        return;
    };
    let session = Session::default();
    let mut failures = Vec::new();
    for set in ["tpch", "tpcds"] {
        let tables = tables(set);
        let mut files: Vec<_> = std::fs::read_dir(Path::new(&folder).join(set))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{set} has no statements");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let statement = parse(&text, &session).unwrap();
            let mut schema = Schema::new(Others::Missing);
            for used in &statement.reading.tables {
                if let Some(columns) = tables.get(&used.table.table) {
                    schema.insert(used.table.clone(), columns.clone());
                }
            }
            let bound = bind(&statement, &schema, &session);
            for problem in &bound.problems {
                failures.push(format!("{}: {}", file.display(), problem.message));
            }
            let output = bound.output.and_then(|id| bound.relation(id)).unwrap();
            for column in &output.columns {
                if column.ty == Known::Unknown {
                    failures.push(format!("{}: {:?} has no type", file.display(), column.name));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The tables of a set. In Trino's own TPC-H the columns have no prefix.
fn tables(set: &str) -> BTreeMap<String, Vec<SchemaColumn>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cli/tests/benchmarks");
    let text = std::fs::read_to_string(folder.join(format!("{set}.json"))).unwrap();
    let tables: Tables = serde_json::from_str(&text).unwrap();
    tables
        .into_iter()
        .map(|(table, columns)| {
            let columns = columns
                .into_iter()
                .map(|(name, ty)| {
                    let name = match name.split_once('_') {
                        Some((_, short)) if set == "tpch" => short,
                        _ => name.as_str(),
                    };
                    SchemaColumn::new(name, Known::Known(parse_type(&ty).unwrap()))
                })
                .collect();
            (table, columns)
        })
        .collect()
}
