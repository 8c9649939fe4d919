//! What decides a statement's rows: its joins with their keys, its filters, and what one row is.

use std::collections::HashSet;

use crate::bound::{
    Bound, Expr, ExprKind, Join, JoinKind, RelationId, RelationKind, Write, WriteKind,
};
use crate::lineage::canon::Canon;
use crate::lineage::origin::{Origin, RowOrigin};
use crate::lineage::sources::Sources;
use crate::lineage::{JoinUse, Rows, row_relation};
use crate::walk;

/// What decides a statement's rows.
pub(crate) fn of(sources: &Sources<'_>, canon: &Canon<'_>) -> Rows {
    let bound = canon.bound();
    let origin = origin(sources);
    let mut rows = Rows {
        tables: sources.table_names(&origin.tables),
        columns: sources.column_names(&origin.columns),
        ..Rows::default()
    };
    let mut text = String::new();
    if let Some(id) = row_relation(bound) {
        let facts = canon.facts(id);
        rows.grain = facts.grain.clone();
        text = facts.text();
    }
    for select in reached(bound) {
        collect(sources, canon, select, &mut rows);
    }
    if let Some(write) = &bound.write {
        for part in write.conditions.iter().flat_map(walk::conjuncts) {
            let condition = canon.expression(part);
            text.push_str(&format!("; on {condition}"));
            rows.filters.push(condition.to_string());
        }
        for when in &write.whens {
            let matched = if when.matched {
                "matched"
            } else {
                "not matched"
            };
            text.push_str(&format!("; when {matched}"));
            let condition = when.condition.and_then(|at| write.conditions.get(at));
            if let Some(condition) = condition {
                text.push_str(&format!(" and {}", canon.expression(condition)));
            }
            text.push_str(&format!(" then {}", when.action));
        }
    }
    rows.text = text;
    rows
}

/// The tables and columns that decide a statement's rows.
pub(crate) fn origin(sources: &Sources<'_>) -> RowOrigin {
    let bound = sources.bound();
    let mut rows = Origin::default();
    if let Some(origin) = row_relation(bound).and_then(|id| sources.rows(id)) {
        rows.rows.take(origin);
    }
    if let Some(write) = &bound.write {
        for condition in &write.conditions {
            sources.add_rows(condition, &mut rows);
        }
        if let (Some(target), true) = (write.target, keeps_rows(write))
            && let Some(target) = sources.rows(target)
        {
            rows.rows.take(target);
        }
    }
    rows.rows.settle();
    rows.rows
}

/// UPDATE changes rows of the target itself; MERGE adds those of its source.
fn keeps_rows(write: &Write) -> bool {
    matches!(write.kind, WriteKind::Update | WriteKind::Merge)
}

/// The relations that a statement's rows are made of, those of the query behind them before those around them.
fn reached(bound: &Bound) -> Vec<RelationId> {
    let mut seen = HashSet::new();
    let mut open: Vec<RelationId> = row_relation(bound).into_iter().collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(relation) = bound.relation(id) else {
            continue;
        };
        open.extend(relation.kind.inputs());
        relation.kind.expressions().into_iter().for_each(|expr| {
            walk::each_inside(expr, &mut |expr| {
                if let ExprKind::Subquery { query, .. } = &expr.kind {
                    open.push(*query);
                }
            });
        });
    }
    let mut reached: Vec<RelationId> = seen.into_iter().collect();
    reached.sort_unstable();
    reached
}

fn collect(sources: &Sources<'_>, canon: &Canon<'_>, id: RelationId, rows: &mut Rows) {
    let Some(relation) = canon.bound().relation(id) else {
        return;
    };
    let RelationKind::Select(select) = &relation.kind else {
        return;
    };
    let mut filters: Vec<&Expr> = select.filter.iter().flat_map(walk::conjuncts).collect();
    let mut open = vec![select.from];
    let mut joins = Vec::new();
    while let Some(id) = open.pop() {
        let relation = canon.bound().relation(id).map(|relation| &relation.kind);
        if let Some(RelationKind::Join(join)) = relation {
            joins.push(join);
            open.extend([join.right, join.left]);
        }
    }
    for join in joins.into_iter().rev() {
        let described = describe(sources, canon, join, &mut filters);
        rows.joins.push(described);
    }
    let having = select.having.iter().flat_map(walk::conjuncts);
    for filter in filters.into_iter().chain(having) {
        rows.filters.push(canon.expression(filter).to_string());
    }
}

fn describe(
    sources: &Sources<'_>,
    canon: &Canon<'_>,
    join: &Join,
    filters: &mut Vec<&Expr>,
) -> JoinUse {
    let sides = [join.left, join.right].map(|side| walk::leaves(canon.bound(), side));
    let tables = [join.left, join.right].map(|side| {
        let rows = sources.rows(side);
        rows.map(|rows| sources.table_names(&rows.tables))
            .unwrap_or_default()
    });
    let mut keys: Vec<(String, String)> = join
        .using
        .iter()
        .map(|(left, right)| {
            (
                canon.column(*left).text.to_string(),
                canon.column(*right).text.to_string(),
            )
        })
        .collect();
    let mut conditions = Vec::new();
    for condition in join.condition.iter().flat_map(walk::conjuncts) {
        match key(canon, condition, &sides) {
            Some(pair) => keys.push(pair),
            None => conditions.push(canon.expression(condition).to_string()),
        }
    }
    let inner = matches!(join.kind, JoinKind::Cross | JoinKind::Inner);
    if inner {
        filters.retain(|filter| match key(canon, filter, &sides) {
            Some(pair) => {
                keys.push(pair);
                false
            }
            None => true,
        });
    }
    let [left, right] = tables;
    JoinUse {
        kind: match join.kind {
            JoinKind::Cross if keys.is_empty() => "cross",
            JoinKind::Cross | JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Right => "right",
            JoinKind::Full => "full",
        },
        left,
        right,
        keys,
        conditions,
    }
}

/// The two sides of an equation between what is left and what is right of a join.
fn key(canon: &Canon<'_>, expr: &Expr, sides: &[Vec<RelationId>; 2]) -> Option<(String, String)> {
    let ExprKind::Operator {
        sign: "=",
        operands,
    } = &expr.kind
    else {
        return None;
    };
    let [first, second] = operands.as_slice() else {
        return None;
    };
    let (first_side, second_side) = (
        side(canon.bound(), first, sides)?,
        side(canon.bound(), second, sides)?,
    );
    let (first, second) = (
        canon.expression(first).to_string(),
        canon.expression(second).to_string(),
    );
    match (first_side, second_side) {
        (0, 1) => Some((first, second)),
        (1, 0) => Some((second, first)),
        _ => None,
    }
}

/// Which side of a join all columns of an expression are on.
fn side(bound: &Bound, expr: &Expr, sides: &[Vec<RelationId>; 2]) -> Option<usize> {
    let mut found: Option<usize> = None;
    let mut mixed = false;
    walk::each_inside(expr, &mut |expr| match &expr.kind {
        ExprKind::Column(id) => {
            let leaf = walk::leaf_column(bound, *id).map(|id| id.relation);
            let side = leaf.and_then(|leaf| sides.iter().position(|side| side.contains(&leaf)));
            mixed |= side.is_none() || found.is_some_and(|found| Some(found) != side);
            found = side;
        }
        ExprKind::Subquery { .. } => mixed = true,
        _ => {}
    });
    if mixed { None } else { found }
}
