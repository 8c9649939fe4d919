//! What statements touch, case by case: `tests/touched/*.txt`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod binding {
    pub mod case;
    pub mod check;
}

use binding::check::check;
use townlake_sql::analysis::{Analysis, analyse};
use townlake_sql::{bind, parse};

#[test]
fn statements_touch_what_their_cases_say() {
    check("touched", 15, |case| {
        let statement = parse(&case.sql, &case.session).unwrap();
        show(
            &analyse(&bind(&statement, &case.schema, &case.session)),
            &case.sql,
        )
    });
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
