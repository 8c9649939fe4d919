//! The real command over real files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const SCHEMA: &str = r#"{"orders": {"id": "bigint", "user_id": "bigint", "status": "varchar", "amount": "double"},
    "lake.sales.users": {"id": "bigint", "name": "varchar"}}"#;

/// A folder with these files and a schema.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("schema.json"), SCHEMA).unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_townlake"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_mistake_is_shown_with_its_line_and_a_fix() {
    let folder = folder(&[
        ("bad.sql", "SELECT id,\n\tamout\nFROM orders;\n"),
        ("good.sql", "SELECT id FROM orders"),
    ]);
    let output = run(folder.path(), "sql check . --schema schema.json");
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
error: Column 'amout' cannot be resolved
 --> ./bad.sql:2:2
  |
2 | \tamout
  | \t^^^^^
  = hint: did you mean `amount`?
  = fix: write `amount` instead of `amout` at line 2, column 2

2 files, 1 with problems
";
    assert_eq!(text(&output), expected);
}

#[test]
fn a_table_that_the_schema_lacks_is_doubtful_unless_a_model_makes_it() {
    let folder = folder(&[
        ("a.sql", "SELECT o.id, o.status FROM oders o"),
        ("daily.sql", "SELECT id FROM orders"),
        ("b.sql", "SELECT d.id FROM daily d"),
    ]);
    let output = run(folder.path(), "sql check . --json --schema schema.json");
    assert_eq!(output.status.code(), Some(0));
    let lines = lines(&output);
    let problems: Vec<_> = lines
        .iter()
        .map(|line| line["problems"].as_array().unwrap().len())
        .collect();
    assert_eq!(problems, [1, 0, 0]);
    let problem = &lines[0]["problems"][0];
    assert_eq!(problem["code"], "unknown_table");
    assert_eq!(problem["severity"], "warning");
    assert_eq!(problem["message"], "Table 'oders' does not exist");
    assert_eq!(problem["hint"], "did you mean `orders`?");
    // Its columns are followed all the same.
    let output = run(
        folder.path(),
        "sql lineage a.sql --json --schema schema.json",
    );
    assert_eq!(
        self::lines(&output)[0]["outputs"][1]["values"],
        serde_json::json!(["oders.status"])
    );
}

#[test]
fn a_star_has_the_columns_in_the_order_of_the_schema() {
    let folder = folder(&[("a.sql", "SELECT * FROM orders")]);
    let output = run(
        folder.path(),
        "sql lineage a.sql --json --schema schema.json",
    );
    let report = lines(&output).remove(0);
    let names: Vec<_> = report["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|output| &output["name"])
        .collect();
    assert_eq!(names, ["id", "user_id", "status", "amount"]);
}

#[test]
fn a_star_of_unknown_columns_is_an_output_of_its_own() {
    let folder = folder(&[(
        "a.sql",
        "WITH c AS (SELECT * FROM raw.events) SELECT * FROM c",
    )]);
    let output = run(
        folder.path(),
        "sql lineage a.sql --json --schema schema.json",
    );
    let report = lines(&output).remove(0);
    assert_eq!(report["complete"], false);
    assert_eq!(report["outputs"][0]["name"], "*");
    assert_eq!(
        report["outputs"][0]["values"],
        serde_json::json!(["raw.events.*"])
    );
}

#[test]
fn files_without_problems_end_with_zero() {
    let folder = folder(&[
        ("models/a.sql", "SELECT id FROM orders"),
        ("models/deep/b.SQL", "SELECT 1"),
        ("models/notes.txt", "no SQL"),
    ]);
    let output = run(folder.path(), "sql check models --schema schema.json");
    assert_eq!(text(&output), "2 files, no problems\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_cannot_be_followed_ends_with_two() {
    let folder = folder(&[
        ("a.sql", "SELECT 1"),
        ("wrong.json", "[]"),
        ("empty/notes.txt", ""),
    ]);
    for arguments in [
        "sql",
        "sql check",
        "sql check nowhere.sql",
        "sql check empty",
        "sql check a.sql --schema nowhere.json",
        "sql check a.sql --schema wrong.json",
        "sql diff a.sql empty",
        "sql frobnicate a.sql",
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(!output.stderr.is_empty(), "{arguments}");
    }
    assert_eq!(run(folder.path(), "--help").status.code(), Some(0));
}

#[test]
fn lineage_is_one_object_a_line() {
    let folder = folder(&[
        (
            "total.sql",
            "SELECT u.name, sum(CASE WHEN o.status = 'paid' THEN o.amount ELSE 0 END) AS paid\n\
             FROM orders o JOIN sales.users u ON o.user_id = u.id GROUP BY u.name;",
        ),
        ("broken.sql", "SELECT a FROM x JOIN y.z ON WHERE"),
    ]);
    let output = run(
        folder.path(),
        "sql lineage broken.sql total.sql --json --schema schema.json",
    );
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    let [broken, total] = lines.as_slice() else {
        unreachable!("two files");
    };
    assert_eq!(broken["ok"], false);
    assert_eq!(broken["error"]["line"], 1);
    assert!(
        broken["error"]["message"]
            .as_str()
            .unwrap()
            .contains("expected")
    );
    let tables: Vec<_> = broken["reads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|read| &read["table"])
        .collect();
    assert_eq!(tables, ["x", "y.z"]);
    assert_eq!(total["file"], "total.sql");
    assert_eq!(total["ok"], true);
    assert_eq!(total["error"], Value::Null);
    assert_eq!(
        total["reads"],
        serde_json::json!([
            {"table": "orders", "columns": ["amount", "status", "user_id"]},
            {"table": "sales.users", "columns": ["id", "name"]},
        ])
    );
    let paid = &total["outputs"][1];
    assert_eq!(paid["name"], "paid");
    assert_eq!(paid["type"], "double");
    assert_eq!(paid["kind"], "aggregate");
    assert_eq!(paid["values"], serde_json::json!(["orders.amount"]));
    assert_eq!(paid["conditions"], serde_json::json!(["orders.status"]));
    assert_eq!(paid["rows"], serde_json::json!(["orders", "sales.users"]));
    assert_eq!(
        paid["rules"],
        serde_json::json!([
            {"when": "orders.status = 'paid'", "then": "orders.amount"},
            {"when": null, "then": "0"},
        ])
    );
    assert_eq!(
        total["rows"]["joins"][0]["keys"],
        serde_json::json!([["orders.user_id", "sales.users.id"]])
    );
    assert_eq!(total["unknown"], serde_json::json!([]));
}

#[test]
fn a_file_of_several_statements_has_the_last_ones_outputs() {
    let folder = folder(&[(
        "load.sql",
        "---\nkind: table\n---\nCREATE TABLE fresh AS SELECT id FROM orders;\nINSERT INTO old SELECT u.name AS n FROM users u; -- done\n",
    )]);
    let output = run(
        folder.path(),
        "sql lineage load.sql --json --schema schema.json",
    );
    let report = lines(&output).remove(0);
    assert_eq!(report["ok"], true);
    assert_eq!(report["writes"], serde_json::json!(["fresh", "old"]));
    let tables: Vec<_> = report["reads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|read| &read["table"])
        .collect();
    assert_eq!(tables, ["orders", "users"]);
    assert_eq!(report["outputs"].as_array().unwrap().len(), 1);
    assert_eq!(
        report["outputs"][0]["values"],
        serde_json::json!(["users.name"])
    );
}

#[test]
fn an_error_in_a_later_statement_has_its_place_in_the_file() {
    let folder = folder(&[("two.sql", "SELECT 1;\n  SELECT id FROM\n  ;")]);
    let output = run(folder.path(), "sql check two.sql --json");
    let report = lines(&output).remove(0);
    assert_eq!(report["error"]["line"], 2);
    let folder = self::folder(&[("two.sql", "SELECT 1; SELECT nope FROM orders")]);
    let output = run(
        folder.path(),
        "sql check two.sql --json --schema schema.json",
    );
    let report = lines(&output).remove(0);
    assert_eq!(
        (&report["error"]["line"], &report["error"]["column"]),
        (&1.into(), &18.into())
    );
}

#[test]
fn templates_and_bytes_that_are_no_text_are_told_apart() {
    let folder = folder(&[("t.sql", "SELECT {{ column }} FROM orders")]);
    fs::write(folder.path().join("b.sql"), b"SELECT '\xff'").unwrap();
    let output = run(folder.path(), "sql check t.sql b.sql --json");
    let lines = lines(&output);
    assert!(
        lines[0]["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("templates")
    );
    assert!(
        lines[1]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("cannot be read")
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn versions_are_compared_by_what_they_mean() {
    let folder = folder(&[
        ("old/same.sql", "SELECT id FROM orders WHERE status = 'x'"),
        (
            "new/same.sql",
            "WITH c AS (SELECT * FROM orders)\nSELECT id FROM c WHERE (status = 'x')",
        ),
        ("old/value.sql", "SELECT amount AS a FROM orders"),
        ("new/value.sql", "SELECT amount * 2 AS a FROM orders"),
        ("old/gone.sql", "SELECT 1"),
    ]);
    let output = run(folder.path(), "sql diff old new --schema schema.json");
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
gone.sql: removed
value.sql: changed
  a has another value
    old orders.amount
    new orders.amount * 2
3 models, 2 different
";
    assert_eq!(text(&output), expected);
    let output = run(
        folder.path(),
        "sql diff old/same.sql new/same.sql --json --schema schema.json",
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(lines(&output)[0]["status"], "same");
}

#[test]
fn keys_tell_joins_of_many_with_many() {
    let folder = folder(&[
        (
            "pairs.sql",
            "SELECT o.id FROM orders o JOIN users u ON o.status = u.name",
        ),
        (
            "keys.json",
            r#"{"orders": [["id"]], "sales.users": [["id"]]}"#,
        ),
    ]);
    let check = |arguments: &str| {
        let arguments = format!("sql check pairs.sql --json --schema schema.json{arguments}");
        lines(&run(folder.path(), &arguments)).remove(0)["problems"].clone()
    };
    assert_eq!(check(""), serde_json::json!([]));
    assert_eq!(check(" --keys keys.json")[0]["code"], "many_to_many");
    fs::write(folder.path().join("keys.json"), r#"{"users": [["name"]]}"#).unwrap();
    assert_eq!(check(" --keys keys.json"), serde_json::json!([]));
    fs::write(folder.path().join("keys.json"), "[]").unwrap();
    let refused = run(folder.path(), "sql check pairs.sql --keys keys.json");
    assert_eq!(refused.status.code(), Some(2));
}
