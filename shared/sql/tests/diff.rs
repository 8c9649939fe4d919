//! What two versions of a model differ in, case by case: `tests/diff/*.txt`. The versions stand apart by `---`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "binding/case.rs"]
mod case;

use std::fmt::Write;
use std::path::Path;

use case::{Case, cases};
use townlake_sql::diff::{Diff, diff};
use townlake_sql::{Bound, bind, parse};

#[test]
fn versions_differ_as_their_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff");
    let mut failures = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for case in cases(&text) {
            count += 1;
            let (old, new) = case.sql.split_once("\n---\n").unwrap();
            let (old, new) = (bound(&case, old), bound(&case, new));
            let actual = show(&diff(&old, &new));
            if actual != case.expected {
                writeln!(
                    failures,
                    "# {}\n{}\n{actual}\nexpected\n{}\n",
                    case.rule, case.sql, case.expected
                )
                .unwrap();
            }
            // Nothing differs from itself.
            assert!(diff(&new, &new).is_empty(), "{}", case.rule);
        }
    }
    assert!(count >= 35, "only {count} cases were found");
    assert!(failures.is_empty(), "\n{failures}");
}

fn bound(case: &Case, sql: &str) -> Bound {
    let statement = parse(sql, &case.session).unwrap();
    let bound = bind(&statement, &case.schema, &case.session);
    assert_eq!(bound.problems, [], "{sql}");
    bound
}

fn show(diff: &Diff) -> String {
    if diff.is_empty() {
        return "=> nothing".to_owned();
    }
    let columns = diff.columns.iter().map(|change| format!("{change:?}"));
    let rows = diff.rows.iter().map(|change| format!("rows {change:?}"));
    let lines: Vec<String> = columns
        .chain(rows)
        .map(|line| format!("=> {}", line.replace("lake.s.", "")))
        .collect();
    lines.join("\n")
}
