//! Reports for people.

use std::fmt::Write;

use townlake_sql::diff::{ColumnChange, RowChange, grain_text};
use townlake_sql::lineage::{BaseColumn, Lineage, Output};

use crate::analysis::{FileReport, Problem};
use crate::compare::Difference;
use crate::lines;

/// The longest expression that is printed whole.
const LONGEST: usize = 100;

/// `check`: what is wrong, with the line and a fix. Nothing for a file that is well.
pub(crate) fn check(report: &FileReport) -> String {
    let mut text = String::new();
    for problem in report.error.iter().chain(&report.problems) {
        text.push_str(&shown(
            &report.file.display().to_string(),
            &report.text,
            problem,
        ));
    }
    text
}

/// The last line.
pub(crate) fn summary(files: usize, well: usize) -> String {
    let plural = if files == 1 { "" } else { "s" };
    match files - well {
        0 => format!("{files} file{plural}, no problems\n"),
        problems => format!("{files} file{plural}, {problems} with problems\n"),
    }
}

fn shown(file: &str, text: &str, problem: &Problem) -> String {
    let mut shown = format!("{}: {}\n", problem.severity.name(), problem.message);
    let margin = " ".repeat(problem.at.line.to_string().len());
    let _ = writeln!(
        shown,
        "{margin}--> {file}:{}:{}",
        problem.at.line, problem.at.column
    );
    shown.push_str(&lines::excerpt(text, problem.at, problem.width));
    if let Some(hint) = &problem.hint {
        let _ = writeln!(shown, "{margin} = hint: {hint}");
    }
    for fix in &problem.fix {
        let at = lines::place(text, fix.start);
        let place = format!("line {}, column {}", at.line, at.column);
        let old = text.get(fix.start..fix.end).unwrap_or_default();
        let _ = if old.is_empty() {
            writeln!(
                shown,
                "{margin} = fix: add `{}` at {place}",
                fix.text.trim()
            )
        } else {
            writeln!(
                shown,
                "{margin} = fix: write `{}` instead of `{old}` at {place}",
                fix.text
            )
        };
    }
    shown.push('\n');
    shown
}

/// `lineage`: tables, rows, and each column with its sources.
pub(crate) fn lineage(report: &FileReport) -> String {
    let mut text = format!("{}\n", report.file.display());
    if let Some(problem) = &report.error {
        text.push_str(&shown(
            &report.file.display().to_string(),
            &report.text,
            problem,
        ));
    }
    for read in &report.reads {
        let _ = writeln!(
            text,
            "  reads   {} ({})",
            read.table,
            read.columns.join(", ")
        );
    }
    for table in &report.writes {
        let _ = writeln!(text, "  writes  {table}");
    }
    if let Some(lineage) = &report.lineage {
        rows(lineage, &mut text);
        for output in &lineage.outputs {
            column(output, &mut text);
        }
        if !lineage.complete {
            text.push_str("  and the columns of `*`, which are not known\n");
        }
    }
    for (what, at) in &report.unknown {
        let _ = writeln!(
            text,
            "  unknown {what} (line {}, column {})",
            at.line, at.column
        );
    }
    text.push('\n');
    text
}

fn rows(lineage: &Lineage, text: &mut String) {
    let rows = &lineage.rows;
    if !lineage.outputs.is_empty() {
        let _ = writeln!(text, "  one row is {}", grain_text(&rows.grain));
    }
    for join in &rows.joins {
        let keys: Vec<String> = join
            .keys
            .iter()
            .map(|(left, right)| format!("{left} = {right}"))
            .collect();
        let conditions: Vec<String> = keys
            .into_iter()
            .chain(join.conditions.iter().cloned())
            .collect();
        let [left, right] = [&join.left, &join.right].map(|side| match side.as_slice() {
            [] => "values".to_owned(),
            tables => tables.join(", "),
        });
        let on = if conditions.is_empty() { "" } else { " on " };
        let _ = writeln!(
            text,
            "  {} join of {left} and {right}{on}{}",
            join.kind,
            conditions.join(" and ")
        );
    }
    for filter in &rows.filters {
        let _ = writeln!(text, "  where {}", short(filter));
    }
}

fn column(output: &Output, text: &mut String) {
    let name = output.name.as_deref().unwrap_or("(no name)");
    let _ = writeln!(
        text,
        "  {name}: {} {}",
        output.kind.name(),
        short(&output.expression)
    );
    let list = |columns: &[BaseColumn]| {
        columns
            .iter()
            .map(BaseColumn::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !output.values.is_empty() {
        let _ = writeln!(text, "    from {}", list(&output.values));
    }
    if !output.conditions.is_empty() {
        let _ = writeln!(text, "    chosen by {}", list(&output.conditions));
    }
    for rule in &output.rules {
        let _ = match &rule.when {
            Some(when) => writeln!(text, "    when {} then {}", short(when), short(&rule.then)),
            None => writeln!(text, "    else {}", short(&rule.then)),
        };
    }
    if !output.complete {
        text.push_str("    and maybe more, which is not known\n");
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}

/// `diff`: what changed in each model.
pub(crate) fn differences(differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences {
        if difference.is_same() {
            continue;
        }
        let _ = writeln!(text, "{}: {}", difference.name, difference.status());
        if let Some((file, problem)) = &difference.error {
            let (line, column) = (problem.at.line, problem.at.column);
            let _ = writeln!(text, "  {file}:{line}:{column}: {}", problem.message);
        }
        let Some(diff) = &difference.diff else {
            continue;
        };
        for change in &diff.columns {
            column_change(change, &mut text);
        }
        for change in &diff.rows {
            row_change(change, &mut text);
        }
        if let Some((from, to)) = &diff.writes {
            let _ = writeln!(
                text,
                "  writes {} instead of {}",
                to.join(", "),
                from.join(", ")
            );
        }
        for reason in &diff.uncertain {
            let _ = writeln!(text, "  not certain: {reason}");
        }
    }
    let same = differences
        .iter()
        .filter(|difference| difference.is_same())
        .count();
    let plural = if differences.len() == 1 { "" } else { "s" };
    let _ = writeln!(
        text,
        "{} model{plural}, {} different",
        differences.len(),
        differences.len() - same
    );
    text
}

fn column_change(change: &ColumnChange, text: &mut String) {
    let _ = match change {
        ColumnChange::Added { name } => writeln!(text, "  + {name}"),
        ColumnChange::Removed { name } => writeln!(text, "  - {name}"),
        ColumnChange::Renamed { from, to } => writeln!(text, "  {from} is called {to}"),
        ColumnChange::Moved { name, from, to } => {
            writeln!(text, "  {name} moved from place {from} to {to}")
        }
        ColumnChange::Value { name, from, to } => {
            writeln!(
                text,
                "  {name} has another value\n    old {from}\n    new {to}"
            )
        }
        ColumnChange::Conditions { name, from, to } => {
            writeln!(
                text,
                "  {name} is chosen by other conditions\n    old {from}\n    new {to}"
            )
        }
        ColumnChange::Type { name, from, to } => {
            writeln!(text, "  {name} is {to} instead of {from}")
        }
    };
}

fn row_change(change: &RowChange, text: &mut String) {
    let _ = match change {
        RowChange::FilterAdded(what) => writeln!(text, "  rows: + where {what}"),
        RowChange::FilterRemoved(what) => writeln!(text, "  rows: - where {what}"),
        RowChange::JoinAdded(what) => writeln!(text, "  rows: + {what}"),
        RowChange::JoinRemoved(what) => writeln!(text, "  rows: - {what}"),
        RowChange::TableAdded(what) => writeln!(text, "  rows: + from {what}"),
        RowChange::TableRemoved(what) => writeln!(text, "  rows: - from {what}"),
        RowChange::Grain { from, to } => writeln!(text, "  one row is {to} instead of {from}"),
        RowChange::Other { from, to } => writeln!(text, "  rows\n    old {from}\n    new {to}"),
    };
}
