//! Comparisons that Trino refuses, or that are never true.

use crate::bound::{
    Bound, Expr, ExprKind, Known, Problem, RelationId, RelationKind, SubqueryKind, TextRange, Value,
};
use crate::diagnose::{Finding, Severity};
use crate::edit::Edit;
use crate::hints::{arguments_hint, type_hint};
use crate::types::Type;
use crate::walk;

/// Types that do not fit: what to write instead, where that is plain.
pub(super) fn types(bound: &Bound, text: &str, problem: &Problem) -> Finding {
    let finding = Finding::new(
        "type_mismatch",
        Severity::Error,
        problem.message.clone(),
        &problem.at,
    );
    if let Some(hint) = by_words(&problem.message) {
        return finding.with_hint(hint);
    }
    let mut best: Option<(usize, String, Vec<Edit>)> = None;
    walk::every_expression(bound, &mut |expr| {
        let touches = expr.at.start <= problem.at.start && problem.at.end <= expr.at.end
            || problem.at.start <= expr.at.start && expr.at.end <= problem.at.end;
        if !touches
            || best
                .as_ref()
                .is_some_and(|(length, _, _)| *length <= expr.at.len())
        {
            return;
        }
        if let Some((hint, fix)) = mended(expr, text) {
            best = Some((expr.at.len(), hint, fix));
        }
    });
    match best {
        Some((_, hint, fix)) => finding.with_hint(hint).with_fix(fix),
        None => finding,
    }
}

/// What the words of a problem alone tell.
fn by_words(message: &str) -> Option<&'static str> {
    if let Some(name) = message.strip_prefix("Unknown type: ") {
        return type_hint(name);
    }
    // What `||` stands for.
    if message.contains(" for function concat. ") {
        return arguments_hint("concat");
    }
    let types = message.strip_prefix("Cannot apply operator: ")?;
    let (left, right) = types
        .split_once(" + ")
        .or_else(|| types.split_once(" - "))?;
    let is_day = |name: &str| name == "date" || name.starts_with("timestamp");
    let is_number = |name: &str| matches!(name, "integer" | "bigint");
    (is_day(left) && is_number(right))
        .then_some("write `INTERVAL '1' DAY` for a number of days, or date_add('day', n, x)")
}

/// How a comparison of two types is mended.
fn mended(expr: &Expr, text: &str) -> Option<(String, Vec<Edit>)> {
    let ExprKind::Operator { sign, operands } = &expr.kind else {
        return None;
    };
    if !is_comparison(sign) {
        return None;
    }
    let (first, others) = operands.split_first()?;
    let mut fix: Vec<Edit> = Vec::new();
    for (value, constant) in others
        .iter()
        .flat_map(|other| [(first, other), (other, first)])
    {
        let (Known::Known(ty), ExprKind::Literal(_)) = (&value.ty, &constant.kind) else {
            continue;
        };
        let written = text.get(constant.at.clone()).unwrap_or_default();
        if let Some(better) = literal_for(ty, written) {
            let edit = Edit::replace(constant.at.clone(), better);
            if !fix.contains(&edit) {
                fix.push(edit);
            }
        }
    }
    if !fix.is_empty() {
        let better: Vec<String> = fix.iter().map(|edit| format!("`{}`", edit.text)).collect();
        return Some((format!("write {}", better.join(" and ")), fix));
    }
    let (Known::Known(left), Known::Known(right)) = (&first.ty, &others.first()?.ty) else {
        return None;
    };
    let (text_side, other) = match (left.is_text(), right.is_text()) {
        (true, false) => (first, right),
        (false, true) => (others.first()?, left),
        _ => return None,
    };
    let written = text.get(text_side.at.clone())?;
    Some((
        format!(
            "Trino does not convert by itself: write `CAST({written} AS {other})`, or TRY_CAST where not every text is one"
        ),
        Vec::new(),
    ))
}

/// A constant as one of another type, if it looks like one.
fn literal_for(ty: &Type, written: &str) -> Option<String> {
    let inner = written
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    match (ty, inner) {
        (Type::Date, Some(inner)) if is_date(inner) => Some(format!("DATE {written}")),
        (Type::Timestamp(_) | Type::TimestampTz(_), Some(inner)) if is_timestamp(inner) => {
            Some(format!("TIMESTAMP {written}"))
        }
        (ty, Some(inner)) if ty.is_numeric() && is_number(inner) => Some(inner.to_owned()),
        (ty, None) if ty.is_text() && is_number(written) => Some(format!("'{written}'")),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.matches('.').count() <= 1
        && digits.starts_with(|c: char| c.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |text: &str, length: std::ops::RangeInclusive<usize>| {
        length.contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
    };
    matches!(parts.as_slice(), [year, month, day] if number(year, 4..=4) && number(month, 1..=2) && number(day, 1..=2))
}

fn is_timestamp(text: &str) -> bool {
    let (date, time) = text.split_once(' ').unwrap_or((text, ""));
    is_date(date)
        && time
            .chars()
            .all(|c| c.is_ascii_digit() || c == ':' || c == '.')
}

fn is_comparison(sign: &str) -> bool {
    matches!(
        sign,
        "=" | "<>"
            | "!="
            | "<"
            | "<="
            | ">"
            | ">="
            | "in"
            | "not in"
            | "between"
            | "not between"
            | "is distinct from"
            | "is not distinct from"
    )
}

/// Comparisons that Trino runs and that are never true.
pub(super) fn check(bound: &Bound, text: &str, findings: &mut Vec<Finding>) {
    walk::every_expression(bound, &mut |expr| {
        if let ExprKind::Operator { sign, operands } = &expr.kind {
            with_null(expr, sign, operands, text, findings);
            not_in(bound, sign, operands, findings);
            with_itself(expr, sign, operands, text, findings);
        };
    });
}

fn with_null(expr: &Expr, sign: &str, operands: &[Expr], text: &str, findings: &mut Vec<Finding>) {
    let [left, right] = operands else {
        return;
    };
    let better = match sign {
        "=" => "IS NULL",
        "<>" | "!=" => "IS NOT NULL",
        _ => return,
    };
    let value = match (is_null(left), is_null(right)) {
        (false, true) => left,
        (true, false) => right,
        _ => return,
    };
    let message = format!("a comparison with NULL by `{sign}` is never true");
    let written = text.get(value.at.clone()).unwrap_or_default();
    let better = format!("{written} {better}");
    let finding = Finding::new("compared_with_null", Severity::Warning, message, &expr.at)
        .with_hint(format!("write `{better}`"));
    // A place that covers more or less than both operands would lose a part.
    let whole = expr.at.start <= left.at.start && expr.at.end >= right.at.end;
    findings
        .push(finding.with_fix(whole.then(|| Edit::replace(left.at.start..right.at.end, better))));
}

fn is_null(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(text) if text.eq_ignore_ascii_case("null"))
}

/// `x NOT IN (...)` is true for no row at all as soon as NULL is among the values.
fn not_in(bound: &Bound, sign: &str, operands: &[Expr], findings: &mut Vec<Finding>) {
    let listed = |operands: &[Expr], findings: &mut Vec<Finding>| {
        if let Some(null) = operands.iter().skip(1).find(|operand| is_null(operand)) {
            let message = "NOT IN with NULL among the values is never true";
            let finding = Finding::new("not_in_null", Severity::Warning, message, &null.at);
            findings.push(finding.with_hint("leave the NULL out"));
        }
    };
    match (sign, operands) {
        ("not in", operands) => listed(operands, findings),
        ("not", [only]) => match &only.kind {
            ExprKind::Operator {
                sign: "in",
                operands,
            } => listed(operands, findings),
            ExprKind::Subquery {
                kind: SubqueryKind::In,
                query,
                ..
            } => {
                if let Some(reason) = may_be_null(bound, *query) {
                    let message =
                        format!("NOT IN is never true once the query gives a NULL, and {reason}");
                    let finding = Finding::new("not_in_null", Severity::Warning, message, &only.at);
                    findings.push(
                        finding.with_hint("leave NULLs out with IS NOT NULL, or use NOT EXISTS"),
                    );
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// Why a query's one column is NULL in some rows, if that is plain from the text.
fn may_be_null(bound: &Bound, query: RelationId) -> Option<&'static str> {
    let relation = bound.relation(query)?;
    let RelationKind::Select(select) = &relation.kind else {
        return None;
    };
    let filtered = select.filter.iter().flat_map(walk::conjuncts).any(
        |condition| matches!(&condition.kind, ExprKind::Operator { sign, .. } if *sign != "or"),
    );
    if filtered {
        // Nearly any condition on the column leaves NULLs out; which one does is not worked out.
        return None;
    }
    match &relation.columns.first()?.value {
        Value::Computed(expr) => match &expr.kind {
            ExprKind::Call(call) if call.name == "nullif" => Some("`nullif` gives one"),
            ExprKind::Case {
                otherwise: None, ..
            } => Some("a CASE without ELSE gives one"),
            _ => None,
        },
        Value::Passed(id) => {
            let mut id = *id;
            while let RelationKind::Join(join) = &bound.relation(id.relation)?.kind {
                let Value::Passed(of) = &bound.column(id)?.value else {
                    return None;
                };
                let from_left = walk::leaves(bound, join.left).contains(&of.relation)
                    || of.relation == join.left;
                let padded = match join.kind {
                    crate::bound::JoinKind::Left => !from_left,
                    crate::bound::JoinKind::Right => from_left,
                    crate::bound::JoinKind::Full => true,
                    _ => false,
                };
                if padded {
                    return Some("an outer join gives one for rows without a partner");
                }
                id = *of;
            }
            None
        }
        _ => None,
    }
}

/// `a.id = a.id` is true for every row that is not NULL.
fn with_itself(
    expr: &Expr,
    sign: &str,
    operands: &[Expr],
    text: &str,
    findings: &mut Vec<Finding>,
) {
    let [left, right] = operands else {
        return;
    };
    let (ExprKind::Column(first), ExprKind::Column(second)) = (&left.kind, &right.kind) else {
        return;
    };
    if first != second || !matches!(sign, "=" | "<>" | "!=" | "<" | ">") {
        return;
    }
    let written = text.get(left.at.clone()).unwrap_or_default();
    let at: TextRange = expr.at.clone();
    let message = format!("`{written}` is compared with itself");
    findings.push(Finding::new(
        "compared_with_itself",
        Severity::Warning,
        message,
        &at,
    ));
}
