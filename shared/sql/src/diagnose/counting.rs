//! Numbers that do not come out as meant: divisions of whole numbers, and counts of what there is one of.

use crate::bound::{Bound, CallKind, Expr, ExprKind, Known, Problem, RelationKind, Value};
use crate::diagnose::{Finding, Severity};
use crate::edit::Edit;
use crate::types::Type;
use crate::walk;

/// Looks for both.
pub(super) fn check(bound: &Bound, findings: &mut Vec<Finding>) {
    walk::every_expression(bound, &mut |expr| division(expr, findings));
    for relation in &bound.relations {
        let RelationKind::Select(select) = &relation.kind else {
            continue;
        };
        let Some(group) = &select.group else {
            continue;
        };
        if group.sets.len() != 1 {
            continue;
        }
        for column in &relation.columns {
            if let Value::Computed(expr) = &column.value {
                walk::each_inside(expr, &mut |expr| count_of_key(expr, &group.keys, findings));
            }
        }
    }
}

/// The quotient of two whole numbers is a whole number: an average of aggregates, or one that is made a
/// fraction only behind the division, has lost what it was computed for.
fn division(expr: &Expr, findings: &mut Vec<Finding>) {
    match &expr.kind {
        ExprKind::Operator {
            sign: "/",
            operands,
        } => {
            if let [left, right] = operands.as_slice()
                && is_whole(left)
                && is_whole(right)
                && is_aggregate(left)
                && is_aggregate(right)
            {
                findings.push(truncated(expr, left));
            }
        }
        ExprKind::Operator {
            sign: "*",
            operands,
        } => {
            if let [left, right] = operands.as_slice() {
                for (quotient, factor) in [(left, right), (right, left)] {
                    if is_fraction(factor) {
                        truncated_inside(quotient, findings);
                    }
                }
            }
        }
        ExprKind::Cast { operand, .. } if is_fraction(expr) => truncated_inside(operand, findings),
        _ => {}
    }
}

fn truncated_inside(quotient: &Expr, findings: &mut Vec<Finding>) {
    let ExprKind::Operator {
        sign: "/",
        operands,
    } = &quotient.kind
    else {
        return;
    };
    if let [left, right] = operands.as_slice() {
        // The quotient of two aggregates is reported where it stands.
        if is_whole(left) && is_whole(right) && !(is_aggregate(left) && is_aggregate(right)) {
            findings.push(truncated(quotient, left));
        }
    }
}

fn truncated(quotient: &Expr, dividend: &Expr) -> Finding {
    let message = "the division of two whole numbers leaves the fraction out";
    Finding::new("integer_division", Severity::Warning, message, &quotient.at)
        .with_hint("make the dividend a fraction first")
        .with_fix(Some(Edit::insert(dividend.at.start, "1.0 * ")))
}

/// `count(DISTINCT a, b)`: Trino counts one value, which may be a row.
pub(super) fn of_several(bound: &Bound, text: &str, problem: &Problem) -> Option<String> {
    let mut hint = None;
    walk::every_expression(bound, &mut |expr| {
        let ExprKind::Call(call) = &expr.kind else {
            return;
        };
        if call.name == "count"
            && call.distinct
            && call.arguments.len() > 1
            && expr.at == problem.at
        {
            let values: Vec<&str> = call
                .arguments
                .iter()
                .filter_map(|argument| text.get(argument.at.clone()))
                .collect();
            hint = Some(format!(
                "count rows of them: `count(DISTINCT ({}))`",
                values.join(", ")
            ));
        }
    });
    hint
}

fn is_whole(expr: &Expr) -> bool {
    matches!(&expr.ty, Known::Known(ty) if ty.is_integer())
}

fn is_fraction(expr: &Expr) -> bool {
    match &expr.ty {
        Known::Known(Type::Decimal(_, scale)) => *scale > 0,
        Known::Known(ty) => matches!(ty, Type::Real | Type::Double),
        Known::Unknown => false,
    }
}

fn is_aggregate(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.kind == CallKind::Aggregate)
}

/// `count(DISTINCT k)` in each group of `k` is 1, or 0 for NULL.
fn count_of_key(expr: &Expr, keys: &[Expr], findings: &mut Vec<Finding>) {
    let ExprKind::Call(call) = &expr.kind else {
        return;
    };
    let ([argument], true, "count", None) = (
        call.arguments.as_slice(),
        call.distinct,
        call.name.as_str(),
        &call.window,
    ) else {
        return;
    };
    let ExprKind::Column(counted) = &argument.kind else {
        return;
    };
    let is_key = keys
        .iter()
        .any(|key| matches!(&key.kind, ExprKind::Column(key) if key == counted));
    if is_key {
        let message =
            "a group has only one value of what it is grouped by: the count is never more than 1";
        findings.push(Finding::new(
            "count_of_group_key",
            Severity::Warning,
            message,
            &expr.at,
        ));
    }
}
