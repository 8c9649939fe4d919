//! `row_number() OVER (PARTITION BY k ...) AS n` and `WHERE n = 1` around it: then `k` tells the rows apart.

use std::collections::BTreeSet;

use super::MOST_COLUMNS;
use crate::bind::is_same;
use crate::bound::{
    Bound, ColumnId, Expr, ExprKind, RelationId, RelationKind, Select, Value, Window,
};
use crate::walk;

/// The keys that a SELECT's WHERE makes so: of which leaf, and which of its columns.
pub(super) fn keys(bound: &Bound, select: &Select) -> Vec<(RelationId, BTreeSet<usize>)> {
    let conditions = select.filter.iter().flat_map(walk::conjuncts);
    conditions
        .filter_map(|condition| key(bound, first_of(condition)?))
        .collect()
}

/// The column that a condition has be 1.
fn first_of(condition: &Expr) -> Option<ColumnId> {
    let ExprKind::Operator { sign, operands } = &condition.kind else {
        return None;
    };
    let [left, right] = operands.as_slice() else {
        return None;
    };
    let (number, limit) = match *sign {
        "=" if matches!(right.kind, ExprKind::Column(_)) => (right, left),
        "=" | "<=" | "<" => (left, right),
        _ => return None,
    };
    let most = if *sign == "<" { "2" } else { "1" };
    match (&unwrapped(number).kind, &unwrapped(limit).kind) {
        (ExprKind::Column(id), ExprKind::Literal(text)) if text == most => Some(*id),
        _ => None,
    }
}

/// An expression without the conversions that were put around it.
fn unwrapped(mut expr: &Expr) -> &Expr {
    while let ExprKind::Cast { operand, .. } = &expr.kind {
        if operand.at != expr.at {
            break;
        }
        expr = operand;
    }
    expr
}

fn key(bound: &Bound, number: ColumnId) -> Option<(RelationId, BTreeSet<usize>)> {
    let leaf = walk::leaf_column(bound, number)?;
    // Down to the query that numbers its rows, with the way back.
    let mut below = leaf;
    let mut through = Vec::new();
    let window = loop {
        let relation = bound.relation(below.relation)?;
        match (&relation.kind, &bound.column(below)?.value) {
            (RelationKind::Alias { of, .. }, Value::Passed(id)) if id.relation == *of => {
                through.push(below.relation);
                below = *id;
            }
            (RelationKind::Select(_), Value::Computed(expr)) => break row_number(expr)?,
            _ => return None,
        }
    };
    let numbering = below.relation;
    if window.partition.len() > MOST_COLUMNS {
        return None;
    }
    let mut columns = BTreeSet::new();
    for part in &window.partition {
        let mut id = ColumnId {
            relation: numbering,
            column: position(bound, numbering, part)?,
        };
        for above in through.iter().rev() {
            let relation = bound.relation(*above)?;
            let place = relation
                .columns
                .iter()
                .position(|column| matches!(column.value, Value::Passed(from) if from == id))?;
            id = ColumnId {
                relation: *above,
                column: place,
            };
        }
        columns.insert(id.column);
    }
    Some((leaf.relation, columns))
}

fn row_number(expr: &Expr) -> Option<&Window> {
    match &expr.kind {
        ExprKind::Call(call) if call.name == "row_number" && call.filter.is_none() => {
            call.window.as_ref()
        }
        _ => None,
    }
}

/// Which column of a query is the same as an expression over its FROM.
pub(super) fn position(bound: &Bound, select: RelationId, wanted: &Expr) -> Option<usize> {
    let columns = &bound.relation(select)?.columns;
    columns.iter().position(|column| match &column.value {
        Value::Passed(id) => matches!(&wanted.kind, ExprKind::Column(wanted) if wanted == id),
        Value::Computed(expr) => is_same(expr, wanted),
        _ => false,
    })
}
