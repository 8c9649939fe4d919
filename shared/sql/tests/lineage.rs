//! What the lineage of a statement is, case by case: `tests/lineage/*.txt`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "binding/case.rs"]
mod case;
#[path = "binding/check.rs"]
mod check;

use check::check;
use townlake_sql::diff::grain_text;
use townlake_sql::lineage::{BaseColumn, Lineage, lineage};
use townlake_sql::{bind, parse};

#[test]
fn lineage_is_what_its_cases_say() {
    check("lineage", 60, |case| {
        match parse(&case.sql, &case.session) {
            Ok(statement) => show(&lineage(&bind(&statement, &case.schema, &case.session))),
            Err(error) => format!("=> refused: {error}"),
        }
    });
}

/// A line for each output: name, kind, expression, `<-` values, `?` conditions, `+` rules; then what decides rows.
fn show(lineage: &Lineage) -> String {
    let mut lines = Vec::new();
    for output in &lineage.outputs {
        let name = output.name.as_deref().unwrap_or("-");
        let mut line = format!("{name}: {} {}", output.kind.name(), output.expression);
        if !output.values.is_empty() {
            line.push_str(&format!(" <- {}", list(&output.values)));
        }
        if !output.conditions.is_empty() {
            line.push_str(&format!(" ? {}", list(&output.conditions)));
        }
        for rule in &output.rules {
            let when = rule.when.as_deref().unwrap_or("else");
            line.push_str(&format!(" + {when} then {}", rule.then));
        }
        if *output.row_columns != *lineage.rows.columns {
            line.push_str(&format!(" | rows by {}", list(&output.row_columns)));
        }
        if !output.complete {
            line.push_str(" | and maybe more");
        }
        lines.push(line);
    }
    let rows = &lineage.rows;
    lines.push(format!("one row is {}", grain_text(&rows.grain)));
    if !rows.columns.is_empty() {
        lines.push(format!("rows by {}", list(&rows.columns)));
    }
    lines.push(format!("rows {}", rows.text));
    for join in &rows.joins {
        let (left, right) = (join.left.join(", "), join.right.join(", "));
        lines.push(format!(
            "{} join {left} with {right} by {:?} {:?}",
            join.kind, join.keys, join.conditions
        ));
    }
    for filter in &rows.filters {
        lines.push(format!("where {filter}"));
    }
    for read in &lineage.reads {
        lines.push(format!(
            "reads {} ({})",
            read.table,
            read.columns.join(", ")
        ));
    }
    for table in &lineage.writes {
        lines.push(format!("writes {table}"));
    }
    if !lineage.complete {
        lines.push("and maybe more columns".to_owned());
    }
    for unknown in &lineage.unknown {
        lines.push(format!("unknown {}", unknown.what));
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("=> {}", line.replace("lake.s.", "")))
        .collect();
    lines.join("\n")
}

fn list(columns: &[BaseColumn]) -> String {
    columns
        .iter()
        .map(BaseColumn::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
