//! What statements touch, case by case: `tests/touched/*.txt`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod binding {
    pub mod case;
}

use std::fmt::Write;
use std::path::Path;

use binding::case::cases;
use townlake_sql::analysis::{Analysis, analyse};
use townlake_sql::{bind, parse};

#[test]
fn statements_touch_what_their_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/touched");
    let mut failures = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for case in cases(&text) {
            count += 1;
            let statement = parse(&case.sql, &case.session).unwrap();
            let actual = show(
                &analyse(&bind(&statement, &case.schema, &case.session)),
                &case.sql,
            );
            if actual != case.expected {
                writeln!(
                    failures,
                    "# {}\n{}\nexpected:\n{}\nfound:\n{actual}\n",
                    case.rule, case.sql, case.expected
                )
                .unwrap();
            }
        }
    }
    assert!(count > 15, "only {count} cases were found");
    assert!(failures.is_empty(), "\n{failures}");
}

/// One line for each table, column and unknown name, with what stands at its place.
fn show(analysis: &Analysis, sql: &str) -> String {
    let mut lines = Vec::new();
    let table = |position: usize| analysis.reads[position].table.written.join(".");
    for mention in &analysis.reads {
        lines.push(format!("=> reads {}", mention.table.written.join(".")));
    }
    if let Some(written) = &analysis.writes {
        lines.push(format!("=> writes {}", written.table.written.join(".")));
    }
    for mention in &analysis.columns {
        let owner = mention.table.map_or("target".to_owned(), table);
        let role = format!("{:?}", mention.role).to_lowercase();
        let at = &sql[mention.at.clone()];
        lines.push(format!("=> {owner}.{} {role} at {at}", mention.column));
    }
    for mention in &analysis.unknown {
        let among: Vec<String> = mention.among.iter().map(|at| table(*at)).collect();
        lines.push(format!(
            "=> unknown {} of {}",
            mention.column,
            among.join(", ")
        ));
    }
    if !analysis.deterministic {
        lines.push("=> differs each time".to_owned());
    }
    lines.join("\n")
}
