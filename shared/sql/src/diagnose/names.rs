//! Names that mean nothing, or more than one thing.

use townlake_core::names::quote_identifier;

use crate::bound::{
    Bound, CallKind, ColumnId, ExprKind, Problem, RelationId, RelationKind, TextRange, Value,
};
use crate::diagnose::{Finding, Severity};
use crate::edit::Edit;
use crate::nearest::nearest;
use crate::walk;

/// A table that does not exist, as far as the reader may see.
pub(super) fn table(problem: &Problem, text: &str, name: &[String], tables: &[String]) -> Finding {
    let finding = Finding::new(
        "unknown_table",
        Severity::Error,
        problem.message.clone(),
        &problem.at,
    );
    let written = name.join(".");
    let last = name.last().map_or("", String::as_str);
    // A name may lack its catalog and schema; then only its last part is compared.
    let near = nearest(&written, tables.iter().map(String::as_str));
    let near = if near.is_empty() {
        let lasts = tables
            .iter()
            .map(|table| table.rsplit('.').next().unwrap_or(table));
        let near = nearest(last, lasts);
        let ends = |table: &&String| {
            near.iter()
                .any(|near| table.rsplit('.').next() == Some(near))
        };
        tables
            .iter()
            .filter(ends)
            .take(3)
            .map(String::as_str)
            .collect()
    } else {
        near
    };
    let fix = near.first().map(|near| {
        let sql: Vec<String> = near.split('.').map(quote_identifier).collect();
        Edit::replace(name_range(text, &problem.at, name.len()), sql.join("."))
    });
    suggested(finding, &near, fix)
}

/// A column that none of the relations in reach has.
pub(super) fn column(
    bound: &Bound,
    text: &str,
    problem: &Problem,
    name: &[String],
    among: &[RelationId],
) -> Finding {
    let finding = Finding::new(
        "unknown_column",
        Severity::Error,
        problem.message.clone(),
        &problem.at,
    );
    let last = name.last().map_or("", String::as_str);
    let of_table = among.iter().any(|id| is_table(bound, *id));
    if last.starts_with('$') && of_table {
        // `DESCRIBE` leaves them out, and with it the schemas that people write.
        return Finding {
            code: "hidden_column",
            severity: Severity::Warning,
            ..finding
        }
        .with_hint(
            "the hidden columns of connectors begin so: add it to the schema if the table has it",
        );
    }
    if let Some(hint) = named_by_select(bound, text, problem, name) {
        return finding.with_hint(hint);
    }
    let columns = among
        .iter()
        .filter_map(|id| bound.relation(*id))
        .flat_map(|relation| &relation.columns)
        .filter_map(|column| column.name.as_deref());
    let near = nearest(last, columns);
    let fix = near
        .first()
        .map(|near| Edit::replace(last_part(text, &problem.at), quote_identifier(near)));
    suggested(finding, &near, fix)
}

fn is_table(bound: &Bound, id: RelationId) -> bool {
    match bound.relation(id).map(|relation| &relation.kind) {
        Some(RelationKind::Table(_)) => true,
        Some(RelationKind::Alias { of, .. }) => is_table(bound, *of),
        _ => false,
    }
}

/// What to write for an alias of the same SELECT: WHERE, GROUP BY and HAVING do not know it.
fn named_by_select(
    bound: &Bound,
    text: &str,
    problem: &Problem,
    name: &[String],
) -> Option<String> {
    let [name] = name else {
        return None;
    };
    let around = bound.relations.iter().filter(|relation| {
        matches!(relation.kind, RelationKind::Select(_))
            && relation.at.start <= problem.at.start
            && problem.at.end <= relation.at.end
    });
    let select = around.min_by_key(|relation| relation.at.len())?;
    let named = select
        .columns
        .iter()
        .find(|column| column.name.as_ref() == Some(name))?;
    let mut kinds = (false, false);
    let instead = match &named.value {
        // Its own name is what cannot be resolved.
        Value::Computed(expr)
            if expr.at.start <= problem.at.start && problem.at.end <= expr.at.end =>
        {
            return None;
        }
        Value::Computed(expr) => {
            walk::each_inside(expr, &mut |expr| {
                if let ExprKind::Call(call) = &expr.kind {
                    kinds.0 |= call.window.is_some();
                    kinds.1 |= call.kind == CallKind::Aggregate;
                }
            });
            text.get(expr.at.clone())
                .filter(|text| text.len() <= LONGEST_SHOWN && !text.contains('\n'))
        }
        _ => None,
    };
    let instead = instead.map_or_else(
        || "what it stands for".to_owned(),
        |text| format!("`{text}`"),
    );
    let better = match kinds {
        (true, _) => "filter by it in a query around this one".to_owned(),
        (false, true) => format!("write {instead} in HAVING"),
        (false, false) => format!("write {instead} in its place"),
    };
    Some(format!(
        "`{name}` is a name that this SELECT gives, known in ORDER BY and around the query: {better}"
    ))
}

/// An expression that is longer is not repeated in a hint.
const LONGEST_SHOWN: usize = 60;

fn suggested(finding: Finding, near: &[&str], fix: Option<Edit>) -> Finding {
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => finding,
        [only] => finding
            .with_hint(format!("did you mean {only}?"))
            .with_fix(fix),
        // Which of several is meant is not known.
        several => finding.with_hint(format!("did you mean one of {}?", several.join(", "))),
    }
}

/// A name that more than one column has.
pub(super) fn ambiguous(
    bound: &Bound,
    _text: &str,
    problem: &Problem,
    name: &[String],
    candidates: &[ColumnId],
) -> Finding {
    let finding = Finding::new(
        "ambiguous_name",
        Severity::Error,
        problem.message.clone(),
        &problem.at,
    );
    let last = name.last().map_or("", String::as_str);
    let qualified: Vec<String> = candidates
        .iter()
        .filter_map(|id| qualifier(bound, *id))
        .map(|qualifier| format!("{qualifier}.{}", quote_identifier(last)))
        .collect();
    let (Some(first), true) = (qualified.first(), qualified.len() == candidates.len()) else {
        return finding;
    };
    let shown: Vec<String> = qualified.iter().map(|name| format!("`{name}`")).collect();
    let hint = format!("say whose column it is: {}", shown.join(" or "));
    // Where a join makes them equal either will do.
    let fix =
        are_equal(bound, candidates).then(|| Edit::replace(problem.at.clone(), first.as_str()));
    finding.with_hint(hint).with_fix(fix)
}

/// The name by which a FROM leaf's columns are qualified.
fn qualifier(bound: &Bound, id: ColumnId) -> Option<String> {
    let leaf = walk::leaf_column(bound, id)?;
    match &bound.relation(leaf.relation)?.kind {
        RelationKind::Alias { name, .. } => Some(quote_identifier(name)),
        RelationKind::Table(table) => table.written.last().map(|name| quote_identifier(name)),
        _ => None,
    }
}

/// Whether an inner join demands that the columns have the same value.
fn are_equal(bound: &Bound, candidates: &[ColumnId]) -> bool {
    let base = |id: ColumnId| walk::leaf_column(bound, id).map(|id| passed_from(bound, id));
    let [Some(first), Some(second)] =
        [candidates.first(), candidates.get(1)].map(|id| id.and_then(|id| base(*id)))
    else {
        return false;
    };
    candidates.len() == 2
        && bound.relations.iter().any(|relation| {
            let RelationKind::Join(join) = &relation.kind else {
                return false;
            };
            join.condition
                .iter()
                .flat_map(walk::conjuncts)
                .any(|condition| {
                    let ExprKind::Operator {
                        sign: "=",
                        operands,
                    } = &condition.kind
                    else {
                        return false;
                    };
                    let columns: Vec<ColumnId> = operands
                        .iter()
                        .filter_map(|operand| match operand.kind {
                            ExprKind::Column(id) => base(id),
                            _ => None,
                        })
                        .collect();
                    columns == [first, second] || columns == [second, first]
                })
        })
}

fn passed_from(bound: &Bound, mut id: ColumnId) -> ColumnId {
    while let Some(Value::Passed(of)) = bound.column(id).map(|column| &column.value) {
        if of.relation >= id.relation {
            break;
        }
        id = *of;
    }
    id
}

/// Where the last part of a dotted name stands.
fn last_part(text: &str, at: &TextRange) -> TextRange {
    let written = text.get(at.clone()).unwrap_or_default();
    let mut quoted = false;
    let mut start = 0;
    for (offset, character) in written.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => start = offset + 1,
            _ => {}
        }
    }
    at.start + start..at.end
}

/// Where a table's name of so many parts stands: a place may include what follows it.
fn name_range(text: &str, at: &TextRange, parts: usize) -> TextRange {
    let written = text.get(at.clone()).unwrap_or_default();
    let mut quoted = false;
    let mut dots = 0;
    for (offset, character) in written.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => dots += 1,
            other if !quoted && dots + 1 == parts && !(other.is_alphanumeric() || other == '_') => {
                return at.start..at.start + offset;
            }
            _ => {}
        }
    }
    at.clone()
}
