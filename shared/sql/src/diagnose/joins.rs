//! Joins that give each row of one side with each row of the other, or compare what is of two kinds.

use std::collections::BTreeSet;

use crate::bound::{
    Bound, Expr, ExprKind, Join, JoinKind, Known, RelationId, RelationKind, Select,
};
use crate::diagnose::{Finding, Severity};
use crate::limits::MAX_DIAGNOSED_RELATIONS;
use crate::types::Type;
use crate::walk;

/// Looks through every FROM clause, unless there are more than anyone writes by hand.
pub(super) fn check(bound: &Bound, text: &str, findings: &mut Vec<Finding>) {
    if bound.relations.len() > MAX_DIAGNOSED_RELATIONS {
        return;
    }
    for relation in &bound.relations {
        match &relation.kind {
            RelationKind::Join(join) => {
                one_sided(bound, text, join, findings);
                let conditions = join.condition.iter().flat_map(walk::conjuncts);
                conditions.for_each(|condition| key_types(bound, condition, findings));
            }
            RelationKind::Select(select) => {
                unconnected(bound, text, select, findings);
                let conditions = select.filter.iter().flat_map(walk::conjuncts);
                conditions.for_each(|condition| key_types(bound, condition, findings));
            }
            _ => {}
        }
    }
}

/// `a JOIN b ON a.x = a.y`: nothing ties the two together. `ON true` says that this is meant.
fn one_sided(bound: &Bound, text: &str, join: &Join, findings: &mut Vec<Finding>) {
    let Some(condition) = &join.condition else {
        return;
    };
    let right = walk::leaves(bound, join.right);
    if right.iter().any(|leaf| !is_plain(bound, *leaf)) {
        return;
    }
    let mentioned = mentioned(bound, condition);
    let Some(mentioned) = mentioned else {
        return;
    };
    let left = walk::leaves(bound, join.left);
    let of = |side: &[RelationId]| side.iter().any(|leaf| mentioned.contains(leaf));
    if mentioned.is_empty() || (of(&left) && of(&right)) || (!of(&left) && !of(&right)) {
        return;
    }
    // An outer join may well keep only some rows' partners.
    if join.kind != JoinKind::Inner {
        return;
    }
    let missing = if of(&left) { join.right } else { join.left };
    let name = bound
        .relation(missing)
        .and_then(|relation| text.get(relation.at.clone()));
    let name = name
        .unwrap_or("the other side")
        .lines()
        .next()
        .unwrap_or_default();
    let message =
        format!("the join's condition says nothing about `{name}`: every row meets every other");
    findings.push(
        Finding::new(
            "join_without_key",
            Severity::Warning,
            message,
            &condition.at,
        )
        .with_hint("compare a column of each side, or write CROSS JOIN if that is meant"),
    );
}

/// `FROM a, b` where no condition mentions both.
fn unconnected(bound: &Bound, text: &str, select: &Select, findings: &mut Vec<Finding>) {
    let leaves = walk::leaves(bound, select.from);
    if leaves.len() < 2 {
        return;
    }
    let mut groups: Vec<BTreeSet<RelationId>> =
        leaves.iter().map(|leaf| BTreeSet::from([*leaf])).collect();
    let mut commas: Vec<&Join> = Vec::new();
    let mut open = vec![select.from];
    while let Some(id) = open.pop() {
        let Some(RelationKind::Join(join)) = bound.relation(id).map(|relation| &relation.kind)
        else {
            continue;
        };
        open.extend([join.left, join.right]);
        if is_comma(bound, text, join) {
            commas.push(join);
            continue;
        }
        // What is written as a join is meant as one.
        let (left, right) = (
            walk::leaves(bound, join.left),
            walk::leaves(bound, join.right),
        );
        unite(&mut groups, &left.into_iter().chain(right).collect());
    }
    if commas.is_empty() {
        return;
    }
    for condition in select.filter.iter().flat_map(walk::conjuncts) {
        match mentioned(bound, condition) {
            Some(mentioned) => unite(&mut groups, &mentioned),
            // Its subquery may tie together anything.
            None => return,
        }
    }
    for join in commas {
        let right = walk::leaves(bound, join.right);
        let (Some(first), true) = (
            right.first(),
            right.iter().all(|leaf| is_plain(bound, *leaf)),
        ) else {
            continue;
        };
        let left = walk::leaves(bound, join.left);
        let tied = groups
            .iter()
            .any(|group| group.contains(first) && left.iter().any(|leaf| group.contains(leaf)));
        // What stands further right may tie both to each other.
        let ties_later = groups
            .iter()
            .any(|group| group.contains(first) && group.len() > 1);
        if tied || ties_later || left.iter().any(|leaf| !is_plain(bound, *leaf)) {
            continue;
        }
        if let Some(relation) = bound.relation(join.right) {
            let name = text.get(relation.at.clone()).unwrap_or_default();
            let name = name.lines().next().unwrap_or_default();
            let message = format!(
                "no condition ties `{name}` to the other tables: every row meets every other"
            );
            findings.push(
                Finding::new("join_without_key", Severity::Warning, message, &relation.at)
                    .with_hint(
                        "compare a column of each in WHERE, or write CROSS JOIN if that is meant",
                    ),
            );
        }
    }
}

fn unite(groups: &mut Vec<BTreeSet<RelationId>>, together: &BTreeSet<RelationId>) {
    let (touched, mut others): (Vec<_>, Vec<_>) = std::mem::take(groups)
        .into_iter()
        .partition(|group| !group.is_disjoint(together));
    if !touched.is_empty() {
        others.push(touched.into_iter().flatten().collect());
    }
    *groups = others;
}

/// Whether a join is written with a comma.
fn is_comma(bound: &Bound, text: &str, join: &Join) -> bool {
    let (Some(left), Some(right)) = (bound.relation(join.left), bound.relation(join.right)) else {
        return false;
    };
    let between = text.get(left.at.end..right.at.start).unwrap_or_default();
    let between = between.trim_start_matches([')', ' ', '\n', '\t', '\r']);
    join.kind == JoinKind::Cross && between.starts_with(',')
}

/// Whether a leaf has rows of its own: UNNEST has those of the row beside it, and an aggregate has one.
fn is_plain(bound: &Bound, leaf: RelationId) -> bool {
    match bound.relation(leaf).map(|relation| &relation.kind) {
        Some(RelationKind::Alias { of, .. }) => is_plain(bound, *of),
        Some(RelationKind::Table(_)) => true,
        Some(RelationKind::Select(select)) => {
            let one_row = select
                .group
                .as_ref()
                .is_some_and(|group| group.keys.is_empty());
            let from = bound.relation(select.from).map(|relation| &relation.kind);
            !one_row && select.limit.is_none() && !matches!(from, Some(RelationKind::OneRow))
        }
        _ => false,
    }
}

/// The leaves whose columns an expression mentions; nothing if a subquery in it may mention more.
fn mentioned(bound: &Bound, expr: &Expr) -> Option<BTreeSet<RelationId>> {
    let mut found = BTreeSet::new();
    let mut sure = true;
    walk::each_inside(expr, &mut |expr| match &expr.kind {
        ExprKind::Column(id) => match walk::leaf_column(bound, *id) {
            Some(leaf) => {
                found.insert(leaf.relation);
            }
            None => sure = false,
        },
        ExprKind::Subquery { .. }
        | ExprKind::Opaque { .. }
        | ExprKind::Unresolved(_)
        | ExprKind::OneOf { .. } => sure = false,
        _ => {}
    });
    sure.then_some(found)
}

/// Keys of types that are compared only after a conversion, which loses what they were.
fn key_types(bound: &Bound, condition: &Expr, findings: &mut Vec<Finding>) {
    let ExprKind::Operator {
        sign: "=",
        operands,
    } = &condition.kind
    else {
        return;
    };
    let [left, right] = operands.as_slice() else {
        return;
    };
    let (ExprKind::Column(first), ExprKind::Column(second)) =
        (&unwrapped(left).kind, &unwrapped(right).kind)
    else {
        return;
    };
    let same_leaf = walk::leaf_column(bound, *first).map(|id| id.relation)
        == walk::leaf_column(bound, *second).map(|id| id.relation);
    let types = (
        bound.column(*first).map(|column| &column.ty),
        bound.column(*second).map(|column| &column.ty),
    );
    let (Some(Known::Known(first)), Some(Known::Known(second))) = types else {
        return;
    };
    if same_leaf || !differ(first, second) && !differ(second, first) {
        return;
    }
    let message = format!("the two sides of the join are of different types: {first} and {second}");
    findings.push(
        Finding::new("join_key_types", Severity::Warning, message, &condition.at)
            .with_hint("check that both hold the same thing, and cast one to say so"),
    );
}

/// An expression without the conversion that was put around it.
fn unwrapped(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Cast { operand, .. } if operand.at == expr.at => operand,
        _ => expr,
    }
}

fn differ(first: &Type, second: &Type) -> bool {
    let inexact = |ty: &Type| matches!(ty, Type::Real | Type::Double);
    let clock = |ty: &Type| matches!(ty, Type::Timestamp(_) | Type::TimestampTz(_));
    first.is_integer() && inexact(second)
        || matches!(first, Type::Date) && clock(second)
        || matches!((first, second), (Type::Timestamp(_), Type::TimestampTz(_)))
}
