//! Whether two expressions are the same, wherever they are written.

use crate::bound::{Call, Expr, ExprKind};

/// Whether two expressions mean the same by their form, as Trino compares those of GROUP BY. Two subqueries are two.
pub(crate) fn is_same(left: &Expr, right: &Expr) -> bool {
    is_same_in("", left, right)
}

/// The same for two expressions of one query, whose subqueries are compared by their words in the text.
pub(super) fn is_same_in(text: &str, left: &Expr, right: &Expr) -> bool {
    // By hand rather than by recursion: a chain of operators is as deep as it is long.
    let mut open = vec![(left, right)];
    while let Some((left, right)) = open.pop() {
        if !has_same_head(text, left, right) {
            return false;
        }
        let (l, r) = (left.children(), right.children());
        if l.len() != r.len() {
            return false;
        }
        open.extend(l.into_iter().zip(r));
    }
    true
}

fn has_same_head(text: &str, left: &Expr, right: &Expr) -> bool {
    use ExprKind::{
        Argument, Array, Case, Cast, Column, Field, Lambda, Literal, OneOf, Opaque, Operator,
        Parameter, Row, Subquery, Subscript, Unresolved,
    };
    match (&left.kind, &right.kind) {
        (Literal(l), Literal(r)) => l == r,
        (Column(l), Column(r)) => l == r,
        (Argument(l), Argument(r)) | (Unresolved(l), Unresolved(r)) => l == r,
        (OneOf { name: l, .. }, OneOf { name: r, .. }) => l == r,
        (ExprKind::Call(l), ExprKind::Call(r)) => is_same_call(l, r),
        (Operator { sign: l, .. }, Operator { sign: r, .. }) => l == r,
        (Cast { safe: l, .. }, Cast { safe: r, .. }) => l == r && left.ty == right.ty,
        (
            Case {
                operand: l,
                branches: lb,
                ..
            },
            Case {
                operand: r,
                branches: rb,
                ..
            },
        ) => l.is_some() == r.is_some() && lb.len() == rb.len(),
        (Lambda { arguments: l, .. }, Lambda { arguments: r, .. }) => l == r,
        (Array(_), Array(_)) | (Row(_), Row(_)) | (Subscript { .. }, Subscript { .. }) => true,
        (Field { name: l, .. }, Field { name: r, .. }) => l == r,
        (Opaque { what: l, .. }, Opaque { what: r, .. }) => l == r,
        // Two question marks are two parameters.
        (Parameter, Parameter) => left.at == right.at,
        (Subquery { query: l, .. }, Subquery { query: r, .. }) => {
            l == r || has_same_words(text, left, right)
        }
        _ => false,
    }
}

fn has_same_words(text: &str, left: &Expr, right: &Expr) -> bool {
    let words = |expr: &Expr| Some(text.get(expr.at.clone())?.split_whitespace());
    match (words(left), words(right)) {
        (Some(l), Some(r)) => !left.at.is_empty() && l.eq(r),
        _ => false,
    }
}

fn is_same_call(left: &Call, right: &Call) -> bool {
    left.name == right.name
        && left.kind == right.kind
        && left.says == right.says
        && left.distinct == right.distinct
        && left.arguments.len() == right.arguments.len()
        && left.filter.is_some() == right.filter.is_some()
        && left.order.len() == right.order.len()
        && left.window.is_some() == right.window.is_some()
}
