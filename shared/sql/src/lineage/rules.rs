//! CASE and `if` as rules: when this holds, then the value is that.

use crate::bound::{Bound, ColumnId, Expr, ExprKind, Value};
use crate::lineage::Rule;
use crate::lineage::canon::Canon;
use crate::lineage::targets::{Target, TargetValue};
use crate::walk;

/// How many rules are listed; a generated CASE may have thousands.
const MOST_RULES: usize = 1_000;

/// The rules in an output's expression, those of an outer CASE before those of one inside it.
pub(crate) fn of(canon: &Canon<'_>, target: &Target<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut seen: Vec<ColumnId> = Vec::new();
    let mut open: Vec<TargetValue<'_>> = target.values.iter().rev().copied().collect();
    while let Some(value) = open.pop() {
        if rules.len() >= MOST_RULES {
            break;
        }
        match value {
            TargetValue::Column(id) => {
                if seen.contains(&id) {
                    continue;
                }
                seen.push(id);
                match canon.bound().column(id).map(|column| &column.value) {
                    Some(Value::Computed(expr)) => open.push(TargetValue::Expr(expr)),
                    Some(Value::Passed(of)) => open.push(TargetValue::Column(*of)),
                    Some(Value::Merged(ids)) => {
                        open.extend(ids.iter().rev().map(|id| TargetValue::Column(*id)));
                    }
                    _ => {}
                }
            }
            TargetValue::Expr(expr) => {
                let mut columns = Vec::new();
                walk::each_inside(expr, &mut |expr| {
                    add(canon, expr, &mut rules);
                    if let ExprKind::Column(id) = &expr.kind
                        && is_computed(canon.bound(), *id)
                    {
                        columns.push(TargetValue::Column(*id));
                    }
                });
                open.extend(columns.into_iter().rev());
            }
        }
    }
    rules.truncate(MOST_RULES);
    rules
}

fn is_computed(bound: &Bound, id: ColumnId) -> bool {
    bound
        .column(id)
        .is_some_and(|column| !matches!(column.value, Value::Stored))
}

fn add(canon: &Canon<'_>, expr: &Expr, rules: &mut Vec<Rule>) {
    match &expr.kind {
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let operand = operand.as_ref().map(|operand| canon.expression(operand));
            for (when, then) in branches {
                let when = canon.expression(when);
                rules.push(Rule {
                    when: Some(match &operand {
                        Some(operand) => format!("{operand} = {when}"),
                        None => when.to_string(),
                    }),
                    then: canon.expression(then).to_string(),
                });
            }
            if let Some(otherwise) = otherwise {
                rules.push(Rule {
                    when: None,
                    then: canon.expression(otherwise).to_string(),
                });
            }
        }
        ExprKind::Call(call) if call.name == "if" => {
            let mut arguments = call
                .arguments
                .iter()
                .map(|argument| canon.expression(argument));
            let (Some(when), Some(then)) = (arguments.next(), arguments.next()) else {
                return;
            };
            rules.push(Rule {
                when: Some(when.to_string()),
                then: then.to_string(),
            });
            if let Some(otherwise) = arguments.next() {
                rules.push(Rule {
                    when: None,
                    then: otherwise.to_string(),
                });
            }
        }
        _ => {}
    }
}
