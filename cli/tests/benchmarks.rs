//! The lineage of every query of TPC-H and TPC-DS, column by column: `tests/benchmarks/*.txt`.
//!
//! The queries are in the folder that `TOWNLAKE_SQL_CORPUS` names (`tools/test/corpus.mjs` fetches them).
//! `shared/sql/tests/sqlglot/compare.py` has sqlglot's second opinion on the same columns.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn benchmark_queries_have_their_lineage() {
    let Some(corpus) = std::env::var_os("TOWNLAKE_SQL_CORPUS") else {
        println!("not run: TOWNLAKE_SQL_CORPUS names no folder of statements");
        return;
    };
    let expectations = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/benchmarks");
    for set in ["tpch", "tpcds"] {
        let output = Command::new(env!("CARGO_BIN_EXE_townlake"))
            .args(["sql", "lineage", "--json", "--schema"])
            .arg(expectations.join(format!("{set}.json")))
            .arg(Path::new(&corpus).join(set))
            .output()
            .unwrap();
        let mut actual = String::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let report: Value = serde_json::from_str(line).unwrap();
            show(&report, &mut actual);
        }
        let expected = std::fs::read_to_string(expectations.join(format!("{set}.txt"))).unwrap();
        for (actual, expected) in actual.lines().zip(expected.lines()) {
            assert_eq!(actual, expected, "{set}");
        }
        assert_eq!(actual.lines().count(), expected.lines().count(), "{set}");
    }
}

/// A line for each column: the query, its place and name, `<-` values, `?` conditions.
fn show(report: &Value, text: &mut String) {
    let file = report["file"].as_str().unwrap();
    let query = Path::new(file).file_stem().unwrap().to_string_lossy();
    let list = |columns: &Value| {
        let columns = columns.as_array().unwrap().iter();
        columns
            .map(|column| last_parts(column.as_str().unwrap()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (position, output) in report["outputs"].as_array().unwrap().iter().enumerate() {
        let name = output["name"].as_str().unwrap_or("-");
        write!(text, "{query} {} {name}", position + 1).unwrap();
        for (sign, columns) in [
            ("<-", list(&output["values"])),
            ("?", list(&output["conditions"])),
        ] {
            if !columns.is_empty() {
                write!(text, " {sign} {columns}").unwrap();
            }
        }
        text.push('\n');
    }
}

/// A column with its table's last name.
fn last_parts(column: &str) -> String {
    let parts: Vec<&str> = column.split('.').collect();
    parts[parts.len().saturating_sub(2)..].join(".")
}
