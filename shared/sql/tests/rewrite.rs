//! How statements are changed, case by case: `tests/rewrite/*.txt`. `%` says which change.
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
use townlake_sql::edit::{Edit, apply};
use townlake_sql::lineage::{Lineage, lineage};
use townlake_sql::rewrite::{RewriteError, expand_stars, limit, rename_tables, replace_parameters};
use townlake_sql::{Bound, bind, parse};

#[test]
fn statements_are_changed_as_their_cases_say() {
    check("rewrite", 40, |case| {
        let (change, sql) = case.sql.split_once('\n').unwrap();
        match changed(case, change, sql) {
            Ok(edits) => {
                let after = apply(sql, &edits).unwrap();
                keeps_the_rest(sql, &after, &edits);
                let lines: Vec<String> = after.lines().map(|line| format!("=> {line}")).collect();
                lines.join("\n")
            }
            Err(error) => format!("=> refused: {error}"),
        }
    });
}

fn bound(case: &Case, sql: &str) -> Bound {
    bind(
        &parse(sql, &case.session).unwrap(),
        &case.schema,
        &case.session,
    )
}

fn changed(case: &Case, change: &str, sql: &str) -> Result<Vec<Edit>, RewriteError> {
    let before = bound(case, sql);
    let mut words = change.split(' ');
    match words.next().unwrap() {
        "%stars" => {
            let edits = expand_stars(&before, sql)?;
            let after = bound(case, &apply(sql, &edits).unwrap());
            assert_eq!(
                after.problems,
                before.problems,
                "{}",
                apply(sql, &edits).unwrap()
            );
            assert_eq!(meaning(&after), meaning(&before), "{sql}");
            // What has no star left is left alone.
            let again = apply(sql, &edits).unwrap();
            assert_eq!(expand_stars(&after, &again)?, [], "{again}");
            Ok(edits)
        }
        "%rename" => Ok(rename_tables(&before, sql, |table| {
            (table.written.last().unwrap() == "users")
                .then(|| vec!["safe".to_owned(), "Users".to_owned()])
        })),
        "%values" => {
            let values: Vec<String> = words.map(str::to_owned).collect();
            let edits = replace_parameters(&before, sql, &values)?;
            let after = bound(case, &apply(sql, &edits).unwrap());
            assert_eq!(replace_parameters(&after, sql, &[])?, []);
            Ok(edits)
        }
        "%limit" => {
            let most = words.next().unwrap().parse().unwrap();
            let edits = limit(&before, sql, most)?;
            let after = apply(sql, &edits).unwrap();
            assert_eq!(limit(&bound(case, &after), &after, most)?, [], "{after}");
            Ok(edits)
        }
        other => panic!("{other} is no change"),
    }
}

/// What a statement means, without the places in its text.
fn meaning(bound: &Bound) -> Lineage {
    let mut lineage = lineage(bound);
    for output in &mut lineage.outputs {
        output.at = 0..0;
    }
    lineage
}

/// All that stands between the edits stands there afterwards, in the same order.
fn keeps_the_rest(before: &str, after: &str, edits: &[Edit]) {
    let mut done = 0;
    let mut rest = after;
    for edit in edits {
        let kept = &before[done..edit.at.start];
        rest = rest
            .strip_prefix(kept)
            .unwrap()
            .strip_prefix(edit.text.as_str())
            .unwrap();
        done = edit.at.end;
    }
    assert_eq!(rest, &before[done..]);
}
