//! Walks over a bound statement: what stands directly inside an expression or a relation.

use crate::bound::{
    AssignedValue, Bound, ColumnId, Expr, ExprKind, Relation, RelationId, RelationKind, Value,
    Write,
};

/// Calls `visit` with an expression and all inside it. Queries inside it are relations of their own.
pub(crate) fn each_inside<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    expr.visit(|expr| {
        visit(expr);
        true
    });
}

/// Calls `visit` with each expression of a relation itself, its computed columns last.
pub(crate) fn relation_expressions<'e>(relation: &'e Relation, visit: &mut dyn FnMut(&'e Expr)) {
    relation
        .kind
        .expressions()
        .into_iter()
        .for_each(&mut *visit);
    for column in &relation.columns {
        if let Value::Computed(expr) = &column.value {
            visit(expr);
        }
    }
}

/// Calls `visit` with each expression of what a statement writes.
pub(crate) fn write_expressions<'e>(write: &'e Write, visit: &mut dyn FnMut(&'e Expr)) {
    for assignment in &write.assignments {
        if let AssignedValue::Expr(expr) = &assignment.value {
            visit(expr);
        }
    }
    write.conditions.iter().for_each(visit);
}

/// Calls `visit` with every expression of a statement and all inside each.
pub(crate) fn every_expression<'e>(bound: &'e Bound, visit: &mut dyn FnMut(&'e Expr)) {
    for relation in &bound.relations {
        relation_expressions(relation, &mut |expr| each_inside(expr, visit));
    }
    if let Some(write) = &bound.write {
        write_expressions(write, &mut |expr| each_inside(expr, visit));
    }
}

/// The leaves of a FROM clause: what stands between its joins, from left to right.
pub(crate) fn leaves(bound: &Bound, from: RelationId) -> Vec<RelationId> {
    let mut found = Vec::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        match bound.relation(id).map(|relation| &relation.kind) {
            Some(RelationKind::Join(join)) => {
                open.push(join.right);
                open.push(join.left);
            }
            Some(_) => found.push(id),
            None => {}
        }
    }
    found
}

/// The conditions that must all hold: an expression's parts between its outermost ANDs.
pub(crate) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Operator {
                sign: "and",
                operands,
            } => open.extend(operands.iter().rev()),
            _ => found.push(expr),
        }
    }
    found
}

/// The column that a FROM leaf gives for a column of the FROM clause above it, through joins.
pub(crate) fn leaf_column(bound: &Bound, mut id: ColumnId) -> Option<ColumnId> {
    loop {
        let relation = bound.relation(id.relation)?;
        if !matches!(relation.kind, RelationKind::Join(_)) {
            return Some(id);
        }
        match &bound.column(id)?.value {
            Value::Passed(of) if of.relation < id.relation => id = *of,
            _ => return None,
        }
    }
}
