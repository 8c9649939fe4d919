//! A bound statement in one line for each output column, write and problem.

use std::fmt::Write;

use townlake_sql::Bound;
use townlake_sql::bound::{
    AssignedValue, ColumnId, Expr, ExprKind, Known, RelationKind, SubqueryKind, Value,
};
use townlake_sql::types::Type;

/// What a case's `=>` lines are compared with.
pub fn show(bound: &Bound, sql: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(output) = bound.output.and_then(|id| bound.relation(id)) {
        for column in &output.columns {
            let name = column.name.as_deref().unwrap_or("_");
            lines.push(format!(
                "=> {name} {} = {}",
                show_type(&column.ty),
                show_value(bound, &column.value, 0)
            ));
        }
        if !output.complete {
            lines.push("=> ...".to_owned());
        }
    }
    if let Some(write) = &bound.write {
        let table = write.table.written.join(".");
        lines.push(format!("=> {:?} {table}", write.kind));
        for assignment in &write.assignments {
            let column = assignment.column.as_deref().unwrap_or("?");
            let value = match &assignment.value {
                AssignedValue::Column(column) => show_column(bound, *column, 0),
                AssignedValue::Expr(expr) => show_expr(bound, expr, 0),
            };
            lines.push(format!("=> {column} := {value}"));
        }
        for condition in &write.conditions {
            lines.push(format!("=> when {}", show_expr(bound, condition, 0)));
        }
    }
    for problem in &bound.problems {
        let before = &sql[..problem.at.start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        lines.push(format!(
            "=> ! {} at {line}:{column}: {}",
            problem.error, problem.message
        ));
    }
    lines.join("\n")
}

fn show_type(ty: &Known<Type>) -> String {
    match ty {
        Known::Known(ty) => ty.to_string(),
        Known::Unknown => "?".to_owned(),
    }
}

/// A column as the table's column that it is, or as what computes it.
fn show_column(bound: &Bound, id: ColumnId, depth: usize) -> String {
    let Some(column) = bound.column(id) else {
        return "??".to_owned();
    };
    if depth > 20 {
        return "...".to_owned();
    }
    match (&column.value, &bound.relation(id.relation).unwrap().kind) {
        (Value::Stored, RelationKind::Table(table)) => format!(
            "{}.{}",
            table.written.last().unwrap(),
            column.name.as_deref().unwrap_or("_")
        ),
        (Value::Passed(of), RelationKind::Itself { .. }) => {
            format!(
                "itself.{}",
                bound.column(*of).unwrap().name.as_deref().unwrap_or("_")
            )
        }
        (value, _) => show_value(bound, value, depth + 1),
    }
}

fn show_value(bound: &Bound, value: &Value, depth: usize) -> String {
    match value {
        Value::Stored => "stored".to_owned(),
        Value::Passed(of) => show_column(bound, *of, depth),
        Value::Merged(sides) => {
            let sides: Vec<String> = sides
                .iter()
                .map(|side| show_column(bound, *side, depth))
                .collect();
            format!("[{}]", sides.join(" | "))
        }
        Value::Computed(expr) => show_expr(bound, expr, depth),
        Value::Unknown => "?".to_owned(),
    }
}

fn show_list(bound: &Bound, list: &[Expr], depth: usize) -> String {
    let list: Vec<String> = list
        .iter()
        .map(|expr| show_expr(bound, expr, depth))
        .collect();
    list.join(", ")
}

pub fn show_expr(bound: &Bound, expr: &Expr, depth: usize) -> String {
    let show = |expr: &Expr| show_expr(bound, expr, depth);
    match &expr.kind {
        ExprKind::Literal(text) => text.clone(),
        ExprKind::Column(column) => show_column(bound, *column, depth),
        ExprKind::Parameter => "?".to_owned(),
        ExprKind::Argument(name) => format!("${name}"),
        ExprKind::Call(call) => {
            let mut text = format!(
                "{}({})",
                call.name,
                show_list(bound, &call.arguments, depth)
            );
            if call.distinct {
                text = text.replacen('(', "(distinct ", 1);
            }
            if let Some(filter) = &call.filter {
                write!(text, " filter {}", show(filter)).unwrap();
            }
            for key in &call.order {
                write!(text, " by {}", show(&key.expr)).unwrap();
            }
            if let Some(window) = &call.window {
                write!(
                    text,
                    " over [{}; {}{}]",
                    show_list(bound, &window.partition, depth),
                    window
                        .order
                        .iter()
                        .map(|key| show(&key.expr))
                        .collect::<Vec<_>>()
                        .join(", "),
                    window
                        .frame
                        .as_ref()
                        .map(|(text, _)| format!("; {text}"))
                        .unwrap_or_default()
                )
                .unwrap();
            }
            text
        }
        ExprKind::Operator { sign, operands } => {
            format!("({sign} {})", show_list(bound, operands, depth))
        }
        ExprKind::Cast { operand, safe } => {
            let word = if *safe { "try_cast" } else { "cast" };
            format!("{word}({} as {})", show(operand), show_type(&expr.ty))
        }
        ExprKind::Case { .. } => {
            let parts: Vec<String> = expr.children().into_iter().map(show).collect();
            format!("case({})", parts.join(", "))
        }
        ExprKind::Lambda { arguments, body } => {
            format!("{} -> {}", arguments.join(" "), show(body))
        }
        ExprKind::Subquery {
            kind,
            operand,
            query,
        } => {
            let word = match kind {
                SubqueryKind::Scalar => "query",
                SubqueryKind::Exists => "exists",
                SubqueryKind::In => "in",
                SubqueryKind::All(_) => "all",
                SubqueryKind::Any(_) => "any",
            };
            let operand = operand
                .as_ref()
                .map(|operand| format!("{} ", show(operand)))
                .unwrap_or_default();
            let relation = bound.relation(*query).unwrap();
            let columns: Vec<String> = relation
                .columns
                .iter()
                .map(|column| show_value(bound, &column.value, depth + 1))
                .collect();
            let filter = match &relation.kind {
                RelationKind::Select(select) => select.filter.as_ref(),
                _ => None,
            };
            let filter = filter
                .map(|filter| format!(" where {}", show(filter)))
                .unwrap_or_default();
            format!("{operand}{word}{{{}{filter}}}", columns.join(", "))
        }
        ExprKind::Array(list) => format!("array[{}]", show_list(bound, list, depth)),
        ExprKind::Row(list) => format!("row({})", show_list(bound, list, depth)),
        ExprKind::Field { of, name } => format!("{}#{name}", show(of)),
        ExprKind::Subscript { of, index } => format!("{}[{}]", show(of), show(index)),
        ExprKind::Opaque { what, operands } => {
            format!("<{what}: {}>", show_list(bound, operands, depth))
        }
        ExprKind::Unresolved(name) => format!("unresolved {name}"),
        ExprKind::OneOf { name, among } => format!("{name} of one of {}", among.len()),
    }
}
