//! Reports as JSON, one object a line. `docs/sql.md` says what each field means.

use serde_json::{Value, json};
use townlake_sql::bound::Known;
use townlake_sql::diagnose::Severity;
use townlake_sql::diff::{ColumnChange, RowChange};
use townlake_sql::lineage::{BaseColumn, GrainPart, JoinUse, Output};

use crate::analysis::{FileReport, Problem};
use crate::compare::Difference;

/// `check --json`.
pub(crate) fn check(report: &FileReport) -> String {
    let error = report.error.as_ref().or_else(|| {
        report
            .problems
            .iter()
            .find(|problem| problem.severity == Severity::Error)
    });
    line(&json!({
        "file": report.file.display().to_string(),
        "ok": !report.has_errors(),
        "error": error.map(problem),
        "problems": report.error.iter().chain(&report.problems).map(problem).collect::<Vec<_>>(),
        "reads": reads(report),
        "writes": report.writes,
    }))
}

/// `lineage --json`.
pub(crate) fn lineage(report: &FileReport) -> String {
    let lineage = report.lineage.as_ref();
    let mut outputs: Vec<Value> = lineage
        .iter()
        .flat_map(|lineage| &lineage.outputs)
        .map(output)
        .collect();
    if let (false, Some(lineage)) = (report.stars.is_empty(), lineage) {
        outputs.push(star(&report.stars, &lineage.rows.tables));
    }
    let unknown: Vec<String> = report
        .unknown
        .iter()
        .map(|(what, at)| format!("{what} (line {}, column {})", at.line, at.column))
        .collect();
    let mut object = json!({
        "file": report.file.display().to_string(),
        "ok": report.error.is_none(),
        "error": report.error.as_ref().map(problem),
        "problems": report.problems.iter().filter(|found| found.severity == Severity::Error).map(problem).collect::<Vec<_>>(),
        "reads": reads(report),
        "writes": report.writes,
        "outputs": outputs,
        "unknown": unknown,
    });
    if let (Some(lineage), Some(fields)) = (lineage, object.as_object_mut()) {
        let rows = &lineage.rows;
        fields.insert("complete".to_owned(), json!(lineage.complete));
        fields.insert(
            "rows".to_owned(),
            json!({
                "tables": rows.tables,
                "columns": columns(&rows.columns),
                "joins": rows.joins.iter().map(join).collect::<Vec<_>>(),
                "filters": rows.filters,
                "grain": rows.grain.iter().map(grain).collect::<Vec<_>>(),
            }),
        );
    }
    line(&object)
}

/// `diff --json`.
pub(crate) fn difference(difference: &Difference) -> String {
    let mut object = json!({
        "file": difference.name,
        "ok": difference.is_same(),
        "error": difference.error.as_ref().map(|(_, found)| problem(found)),
        "status": difference.status(),
    });
    if let (Some(diff), Some(fields)) = (&difference.diff, object.as_object_mut()) {
        fields.insert(
            "columns".to_owned(),
            diff.columns.iter().map(column_change).collect(),
        );
        fields.insert(
            "rows".to_owned(),
            diff.rows.iter().map(row_change).collect(),
        );
        fields.insert("uncertain".to_owned(), json!(diff.uncertain));
        if let Some((from, to)) = &diff.writes {
            fields.insert("writes".to_owned(), json!({"from": from, "to": to}));
        }
    }
    line(&object)
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn reads(report: &FileReport) -> Vec<Value> {
    let reads = report.reads.iter();
    reads
        .map(|read| json!({"table": read.table, "columns": read.columns}))
        .collect()
}

fn problem(problem: &Problem) -> Value {
    let edits = problem.fix.iter();
    json!({
        "code": problem.code,
        "severity": problem.severity.name(),
        "message": problem.message,
        "line": problem.at.line,
        "column": problem.at.column,
        "hint": problem.hint,
        "fix": edits
            .map(|edit| json!({"start": edit.start, "end": edit.end, "text": edit.text}))
            .collect::<Vec<_>>(),
    })
}

fn output(output: &Output) -> Value {
    let ty = match &output.ty {
        Known::Known(ty) => Some(ty.to_string()),
        Known::Unknown => None,
    };
    let rules = output
        .rules
        .iter()
        .map(|rule| json!({"when": rule.when, "then": rule.then}));
    json!({
        "name": output.name,
        "type": ty,
        "kind": output.kind.name(),
        "values": columns(&output.values),
        "conditions": columns(&output.conditions),
        "rows": output.row_tables,
        "row_columns": columns(&output.row_columns),
        "expression": output.expression,
        "rules": rules.collect::<Vec<_>>(),
        "complete": output.complete,
    })
}

/// The columns of `*` that nobody knows, as one output.
fn star(stars: &[String], rows: &[String]) -> Value {
    let values: Vec<String> = stars.iter().map(|table| format!("{table}.*")).collect();
    json!({
        "name": "*",
        "type": null,
        "kind": "identity",
        "values": values,
        "conditions": [],
        "rows": rows,
        "row_columns": [],
        "expression": "*",
        "rules": [],
        "complete": false,
    })
}

fn columns(columns: &[BaseColumn]) -> Vec<String> {
    columns.iter().map(BaseColumn::to_string).collect()
}

fn join(join: &JoinUse) -> Value {
    json!({
        "kind": join.kind,
        "left": join.left,
        "right": join.right,
        "keys": join.keys,
        "conditions": join.conditions,
    })
}

fn grain(part: &GrainPart) -> Value {
    match part {
        GrainPart::Row(table) => json!({"row_of": table}),
        GrainPart::Keys(keys) => json!({"keys": keys}),
        GrainPart::Sets(sets) => json!({"sets": sets}),
        GrainPart::Distinct(columns) => json!({"distinct": columns}),
        GrainPart::Unknown => json!("unknown"),
    }
}

fn column_change(change: &ColumnChange) -> Value {
    match change {
        ColumnChange::Added { name } => json!({"change": "added", "name": name}),
        ColumnChange::Removed { name } => json!({"change": "removed", "name": name}),
        ColumnChange::Renamed { from, to } => {
            json!({"change": "renamed", "name": to, "from": from, "to": to})
        }
        ColumnChange::Moved { name, from, to } => {
            json!({"change": "moved", "name": name, "from": from, "to": to})
        }
        ColumnChange::Value { name, from, to } => {
            json!({"change": "value", "name": name, "from": from, "to": to})
        }
        ColumnChange::Conditions { name, from, to } => {
            json!({"change": "conditions", "name": name, "from": from, "to": to})
        }
        ColumnChange::Type { name, from, to } => {
            json!({"change": "type", "name": name, "from": from, "to": to})
        }
    }
}

fn row_change(change: &RowChange) -> Value {
    let simple = |kind: &str, what: &str| json!({"change": kind, "what": what});
    match change {
        RowChange::FilterAdded(what) => simple("filter_added", what),
        RowChange::FilterRemoved(what) => simple("filter_removed", what),
        RowChange::JoinAdded(what) => simple("join_added", what),
        RowChange::JoinRemoved(what) => simple("join_removed", what),
        RowChange::TableAdded(what) => simple("table_added", what),
        RowChange::TableRemoved(what) => simple("table_removed", what),
        RowChange::Grain { from, to } => json!({"change": "grain", "from": from, "to": to}),
        RowChange::Other { from, to } => json!({"change": "other", "from": from, "to": to}),
    }
}
