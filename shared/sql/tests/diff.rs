//! What two versions of a model differ in, case by case: `tests/diff/*.txt`. The versions stand apart by `---`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "binding/case.rs"]
mod case;
#[path = "binding/check.rs"]
mod check;

use case::Case;
use check::check;
use townlake_sql::diff::{Diff, diff};
use townlake_sql::{Bound, bind, parse};

#[test]
fn versions_differ_as_their_cases_say() {
    check("diff", 35, |case| {
        let (old, new) = case.sql.split_once("\n---\n").unwrap();
        let (old, new) = (bound(case, old), bound(case, new));
        // Nothing differs from itself.
        assert!(diff(&new, &new).is_empty(), "{}", case.rule);
        show(&diff(&old, &new))
    });
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
