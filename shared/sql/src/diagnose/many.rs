//! Joins where rows of both sides meet several of the other, as far as keys are known.
//!
//! Said only if nothing speaks against it: each table and query that is joined has a key, none of them follows from the
//! others by what is compared, and nothing but equations ties the two sides. Where more rows do no harm, below DISTINCT,
//! EXISTS, IN, or aggregates like `max` and `count(DISTINCT ...)`, nothing is said. A sum over the one side of a join
//! with many rows is no sign of a mistake: the price of each item sold is added as often as it is meant.

use std::collections::BTreeSet;

use crate::bound::{
    Bound, Call, CallKind, ColumnId, Expr, ExprKind, Join, JoinKind, RelationId, RelationKind,
    Select, SubqueryKind, TextRange, Value,
};
use crate::diagnose::{Finding, Severity};
use crate::keys::{Keys, Ties, Trust, leaf_columns, sides_of};
use crate::limits::MAX_DIAGNOSED_RELATIONS;
use crate::walk;

/// Looks through every join whose repeated rows would be seen.
pub(super) fn check(bound: &Bound, text: &str, findings: &mut Vec<Finding>) {
    if bound.relations.len() > MAX_DIAGNOSED_RELATIONS {
        return;
    }
    let keys = Keys::of(bound);
    let counted = counted(bound);
    for (position, relation) in bound.relations.iter().enumerate() {
        let RelationKind::Select(select) = &relation.kind else {
            continue;
        };
        if !counted.contains(&RelationId(position)) || drops_repeated(bound, position, select) {
            continue;
        }
        let Some(ties) = Ties::of(bound, &keys, select, Trust::Plausible) else {
            continue;
        };
        let mut open = vec![select.from];
        while let Some(id) = open.pop() {
            if let Some(RelationKind::Join(join)) =
                bound.relation(id).map(|relation| &relation.kind)
            {
                open.extend([join.left, join.right]);
                findings.extend(many_to_many(bound, text, &ties, select, join));
            }
        }
    }
}

/// The relations whose rows count: repeated ones are seen in what the statement gives.
fn counted(bound: &Bound) -> BTreeSet<RelationId> {
    let write = bound.write.iter();
    let mut open: Vec<RelationId> = bound
        .output
        .into_iter()
        .chain(write.filter_map(|write| write.source))
        .collect();
    let mut found = BTreeSet::new();
    walk::every_expression(bound, &mut |expr| {
        if let ExprKind::Subquery {
            kind: SubqueryKind::Scalar,
            query,
            ..
        } = &expr.kind
        {
            open.push(*query);
        }
    });
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let Some(relation) = bound.relation(id) else {
            continue;
        };
        let drops = match &relation.kind {
            RelationKind::Select(select) => drops_repeated(bound, id.0, select),
            RelationKind::Set { all, .. } => !all,
            _ => false,
        };
        if !drops {
            open.extend(relation.kind.inputs());
        }
    }
    found
}

/// Whether a SELECT gives the same however often it reads a row.
fn drops_repeated(bound: &Bound, position: usize, select: &Select) -> bool {
    if select.distinct {
        return true;
    }
    if select.group.is_none() {
        return false;
    }
    let mut drops = true;
    let mut look = |expr: &Expr| {
        walk::each_inside(expr, &mut |expr| {
            if let ExprKind::Call(call) = &expr.kind {
                drops &= call.kind != CallKind::Aggregate || is_same_if_repeated(call);
            }
        });
    };
    let columns = bound
        .relations
        .get(position)
        .map(|relation| &relation.columns);
    for column in columns.into_iter().flatten() {
        if let Value::Computed(expr) = &column.value {
            look(expr);
        }
    }
    select.having.iter().for_each(&mut look);
    select.order.iter().for_each(|key| look(&key.expr));
    drops
}

fn is_same_if_repeated(call: &Call) -> bool {
    call.distinct
        || matches!(
            call.name.as_str(),
            "min"
                | "max"
                | "min_by"
                | "max_by"
                | "any_value"
                | "arbitrary"
                | "bool_and"
                | "bool_or"
                | "every"
                | "approx_distinct"
                | "approx_set"
                | "set_agg"
                | "set_union"
                | "map_agg"
                | "bitwise_and_agg"
                | "bitwise_or_agg"
                | "grouping"
        )
}

fn many_to_many(
    bound: &Bound,
    text: &str,
    ties: &Ties<'_>,
    select: &Select,
    join: &Join,
) -> Option<Finding> {
    let left = walk::leaves(bound, join.left);
    let right = walk::leaves(bound, join.right);
    let both: Vec<RelationId> = left.iter().chain(&right).copied().collect();
    if !both.iter().all(|leaf| ties.is_sure(*leaf)) {
        return None;
    }
    let compared = compared(bound, text, join, select, [&left, &right])?;
    // Whoever knows one table's row may know all others', joined further on or not: a table between the two.
    let by_one = |leaf: &RelationId| ties.determined(&[*leaf], &[]).has_rows(&both);
    if ties.leaves.iter().any(by_one) {
        return None;
    }
    let from_left = ties.determined(&left, &[]);
    let from_right = ties.determined(&right, &[]);
    let many = right.iter().find(|leaf| !from_left.has_rows(&[**leaf]))?;
    let other = left.iter().find(|leaf| !from_right.has_rows(&[**leaf]))?;
    let message = format!(
        "rows of both sides of the join meet several of the other: {} and {}, and the join compares {}",
        told_apart(bound, ties, *other)?,
        told_apart(bound, ties, *many)?,
        listed(&compared.what),
    );
    let hint = "compare the missing columns of one of these keys too, or group one side by what is compared first";
    Some(Finding::new("many_to_many", Severity::Warning, message, &compared.at).with_hint(hint))
}

/// What a join compares.
struct Compared {
    /// The conditions as written, and the columns of USING.
    what: BTreeSet<String>,
    at: TextRange,
}

/// What ties the two sides of a join, if that is equations and nothing else.
fn compared(
    bound: &Bound,
    text: &str,
    join: &Join,
    select: &Select,
    sides: [&[RelationId]; 2],
) -> Option<Compared> {
    let mut what = BTreeSet::new();
    let mut at = bound.relation(join.right)?.at.clone();
    for (column, _) in &join.using {
        what.extend(bound.column(*column)?.name.clone());
    }
    if let Some(condition) = &join.condition {
        at = condition.at.clone();
    }
    let inner = matches!(join.kind, JoinKind::Cross | JoinKind::Inner);
    let on = join.condition.iter().flat_map(walk::conjuncts);
    let behind = select.filter.iter().flat_map(walk::conjuncts);
    let conditions = on.map(|condition| (condition, true));
    for (condition, counts) in conditions.chain(behind.map(|condition| (condition, inner))) {
        let columns = leaf_columns(bound, condition)?;
        let meets = |side: &[RelationId]| columns.iter().any(|id| side.contains(&id.relation));
        if sides.into_iter().all(meets) {
            // Anything but an equation, and what an outer join's WHERE does, is not followed.
            sides_of(condition).filter(|_| counts)?;
            // A rank or a row number tells rows apart better than can be seen.
            if columns.iter().any(|id| is_windowed(bound, *id)) {
                return None;
            }
            what.insert(text.get(condition.at.clone())?.to_owned());
        }
    }
    (!what.is_empty()).then_some(Compared { what, at })
}

/// Whether a column is computed by a window in a query further in.
fn is_windowed(bound: &Bound, mut id: ColumnId) -> bool {
    loop {
        match bound.column(id).map(|column| &column.value) {
            Some(Value::Passed(of)) if of.relation < id.relation => id = *of,
            Some(Value::Computed(expr)) => {
                let mut found = false;
                walk::each_inside(expr, &mut |expr| {
                    found |= matches!(&expr.kind, ExprKind::Call(call) if call.window.is_some());
                });
                return found;
            }
            _ => return false,
        }
    }
}

/// By what a table's or query's rows are told apart, in words.
fn told_apart(bound: &Bound, ties: &Ties<'_>, leaf: RelationId) -> Option<String> {
    let relation = bound.relation(leaf)?;
    let name = match &relation.kind {
        RelationKind::Alias { name, .. } => name.clone(),
        RelationKind::Table(table) => table.written.last()?.clone(),
        _ => "a query".to_owned(),
    };
    let keys: Vec<String> = ties
        .keys_of(leaf)
        .map(|key| {
            let columns = key.iter().map(|column| {
                let column = relation.columns.get(*column);
                column.and_then(|column| column.name.clone())
            });
            let named: BTreeSet<String> = columns.clone().flatten().collect();
            match columns.clone().any(|column| column.is_none()) {
                true if named.is_empty() => "columns that are not read".to_owned(),
                true => format!("{} and columns that are not read", listed(&named)),
                false => listed(&named),
            }
        })
        .collect();
    Some(format!(
        "`{name}` is told apart by {}",
        keys.join(" or by ")
    ))
}

fn listed(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
