//! Columns that are neither grouped by nor aggregated.

use crate::bound::{About, Bound, Problem, RelationKind, Select, TextRange};
use crate::diagnose::{Finding, Severity};
use crate::edit::Edit;

/// A column that is neither grouped by nor aggregated: all such of its query become group keys.
pub(super) fn not_grouped(bound: &Bound, text: &str, problem: &Problem) -> Finding {
    let finding = Finding::new(
        "not_grouped",
        Severity::Error,
        problem.message.clone(),
        &problem.at,
    );
    let Some((at, select)) = around(bound, &problem.at) else {
        return finding;
    };
    let mut missing: Vec<&str> = Vec::new();
    for other in &bound.problems {
        let same_query = around(bound, &other.at).is_some_and(|(range, _)| range == at);
        if !matches!(other.about, About::NotGrouped(_)) || !same_query {
            continue;
        }
        let written = text.get(other.at.clone()).unwrap_or_default();
        if !written.is_empty() && !missing.contains(&written) {
            missing.push(written);
        }
    }
    let hint = format!("add {} to GROUP BY, or aggregate it", backticked(&missing));
    finding
        .with_hint(hint)
        .with_fix(fix(bound, text, select, &at, &missing))
}

fn backticked(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The innermost SELECT around a place.
fn around<'b>(bound: &'b Bound, at: &TextRange) -> Option<(TextRange, &'b Select)> {
    let selects = bound
        .relations
        .iter()
        .filter_map(|relation| match &relation.kind {
            RelationKind::Select(select) => Some((relation.at.clone(), select.as_ref())),
            _ => None,
        });
    selects
        .filter(|(range, _)| range.start <= at.start && at.end <= range.end)
        .min_by_key(|(range, _)| range.len())
}

fn fix(
    bound: &Bound,
    text: &str,
    select: &Select,
    at: &TextRange,
    missing: &[&str],
) -> Option<Edit> {
    let keys = missing.join(", ");
    let from = bound.relation(select.from)?;
    let mut end = from.at.end;
    if let Some(filter) = &select.filter {
        end = end.max(filter.at.end);
    }
    end = behind_parentheses(text, at.start, end)?;
    let rest = text.get(end..at.end.max(end))?;
    let group = rest.trim_start();
    let lead = rest.len() - group.len();
    let word = group.get(..5).unwrap_or_default();
    if word.eq_ignore_ascii_case("group") {
        let sets = select.group.as_ref().map_or(0, |group| group.sets.len());
        let behind = group.get(5..)?;
        let by = behind.trim_start();
        let gap = behind.len() - by.len();
        if sets != 1 || !by.get(..2)?.eq_ignore_ascii_case("by") {
            return None;
        }
        return Some(Edit::insert(end + lead + 5 + gap + 2, format!(" {keys},")));
    }
    Some(Edit::insert(end, format!(" GROUP BY {keys}")))
}

/// The place behind the parentheses that are still open at `end`: a condition's place leaves its own out.
fn behind_parentheses(text: &str, start: usize, mut end: usize) -> Option<usize> {
    let mut open = 0_i64;
    let mut quote = None;
    for character in text.get(start..end)?.chars() {
        match (quote, character) {
            (Some(quoted), _) if quoted == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            _ => {}
        }
    }
    while open > 0 {
        let rest = text.get(end..)?;
        let trimmed = rest.trim_start();
        trimmed.strip_prefix(')')?;
        end += rest.len() - trimmed.len() + 1;
        open -= 1;
    }
    Some(end)
}
