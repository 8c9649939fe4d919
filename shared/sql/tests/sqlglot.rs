//! Where sqlglot sees other sources than we do, ours are what `tests/sqlglot/disagreements.txt` says, for a reason that
//! it names. `tests/sqlglot/compare.py` finds out whether these are all.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "binding/case.rs"]
mod case;

use std::collections::BTreeSet;
use std::path::Path;

use case::{Case, cases};
use townlake_sql::lineage::{BaseColumn, Output, lineage};
use townlake_sql::{bind, parse};

#[test]
fn disagreements_are_as_they_are_explained() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sqlglot/disagreements.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let reasons: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("#! ")?.split_once(": ")?.0))
        .collect();
    let cases = cases(&text);
    assert!(
        cases.len() >= 60,
        "only {} statements were found",
        cases.len()
    );
    for case in &cases {
        assert!(reasons.contains(case.rule.as_str()), "{}", case.rule);
        check(case);
    }
}

fn check(case: &Case) {
    let statement = parse(&case.sql, &case.session).unwrap();
    let outputs = lineage(&bind(&statement, &case.schema, &case.session)).outputs;
    for line in case.expected.lines() {
        let line = line.strip_prefix("=> ").unwrap();
        let (place, columns) = line.split_once(": ").unwrap();
        let (ours, theirs) = columns.split_once(" | ").unwrap();
        assert_ne!(ours, theirs, "{}: {line}", case.sql);
        let place: usize = place.parse().unwrap();
        let found = outputs
            .get(place - 1)
            .map_or_else(|| "no such column".to_owned(), sources);
        assert_eq!(found, ours, "{}: {line}", case.sql);
    }
}

/// What an output's value is made of or chosen by, tables by the last part of their names.
fn sources(output: &Output) -> String {
    let short = |column: &BaseColumn| {
        let table = column.table.rsplit('.').next().unwrap();
        format!("{table}.{}", column.column)
    };
    let columns = output.values.iter().chain(&output.conditions);
    let columns: BTreeSet<String> = columns.map(short).collect();
    if columns.is_empty() {
        return "nothing".to_owned();
    }
    columns.into_iter().collect::<Vec<_>>().join(", ")
}
