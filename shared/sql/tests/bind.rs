//! What the binder makes of a statement, case by case: `tests/bound/*.txt`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod binding {
    pub mod case;
    pub mod show;
}

use std::fmt::Write;
use std::path::Path;

use binding::case::cases;
use binding::show::show;
use townlake_sql::{bind, parse};

#[test]
fn statements_are_bound_as_their_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bound");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut failures = String::new();
    let mut count = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for case in cases(&text) {
            count += 1;
            let actual = match parse(&case.sql, &case.session) {
                Ok(statement) => show(&bind(&statement, &case.schema, &case.session), &case.sql),
                Err(error) => format!("=> refused: {error}"),
            };
            if actual != case.expected {
                writeln!(
                    failures,
                    "# {}\n{}\n{}\nexpected\n{}\n",
                    case.rule, case.sql, actual, case.expected
                )
                .unwrap();
            }
        }
    }
    assert!(count >= 250, "only {count} cases were found");
    assert!(failures.is_empty(), "\n{failures}");
}
