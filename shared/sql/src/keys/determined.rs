//! What follows from what among the columns of one FROM: by equations, constants, and keys.

use std::collections::{BTreeSet, HashSet};

use super::Keys;
use crate::bound::{
    Bound, ColumnId, Expr, ExprKind, Join, JoinKind, RelationId, RelationKind, Select,
};
use crate::walk;

/// A FROM of more tables than this is not looked into: each is compared with each.
const MOST_LEAVES: usize = 24;

/// Nor is one with more equations than this.
const MOST_EQUATIONS: usize = 200;

/// How far equations are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// As far as they hold for certain: what a key is derived from.
    Certain,
    /// In both directions, outer joins and expressions included: what speaks against a warning.
    Plausible,
}

/// Whoever knows some columns knows others.
#[derive(Debug, Clone)]
struct Equation {
    /// What must be known; nothing for a constant.
    from: Vec<ColumnId>,
    /// What follows.
    to: Vec<ColumnId>,
}

/// A FROM with what holds in it.
pub(crate) struct Ties<'b> {
    keys: &'b Keys,
    /// The tables and queries between its joins.
    pub(crate) leaves: Vec<RelationId>,
    equations: Vec<Equation>,
    /// Keys that only WHERE makes: a row number that is 1.
    pub(crate) numbered: Vec<(RelationId, BTreeSet<usize>)>,
}

/// What somebody knows of a FROM's leaves who knows some of it.
pub(crate) struct Determined {
    columns: HashSet<ColumnId>,
    rows: BTreeSet<RelationId>,
}

impl<'b> Ties<'b> {
    /// What a SELECT's FROM and WHERE say; nothing of a FROM that is too long.
    pub(crate) fn of(bound: &Bound, keys: &'b Keys, select: &Select, trust: Trust) -> Option<Self> {
        let leaves = walk::leaves(bound, select.from);
        if leaves.len() > MOST_LEAVES {
            return None;
        }
        let equations = equations(bound, select, trust);
        (equations.len() <= MOST_EQUATIONS).then(|| Self {
            keys,
            leaves,
            equations,
            numbered: super::numbered::keys(bound, select),
        })
    }

    /// All that follows from knowing which rows of some leaves they are, and the values of some columns.
    pub(crate) fn determined(&self, rows: &[RelationId], columns: &[ColumnId]) -> Determined {
        let mut known = Determined {
            columns: columns.iter().copied().collect(),
            rows: rows.iter().copied().collect(),
        };
        loop {
            let before = (known.columns.len(), known.rows.len());
            for equation in &self.equations {
                if equation.from.iter().all(|id| known.has(*id)) {
                    known.columns.extend(equation.to.iter().copied());
                }
            }
            for leaf in &self.leaves {
                let is_known = |columns: &BTreeSet<usize>| {
                    columns.iter().all(|column| {
                        known.has(ColumnId {
                            relation: *leaf,
                            column: *column,
                        })
                    })
                };
                if self.keys_of(*leaf).any(is_known) {
                    known.rows.insert(*leaf);
                }
            }
            if before == (known.columns.len(), known.rows.len()) {
                return known;
            }
        }
    }

    /// The columns of each key of a leaf.
    pub(crate) fn keys_of(&self, leaf: RelationId) -> impl Iterator<Item = &BTreeSet<usize>> {
        let own = self.keys.get(leaf).iter().map(|key| &key.columns);
        let numbered = self.numbered.iter().filter(move |(of, _)| *of == leaf);
        own.chain(numbered.map(|(_, columns)| columns))
    }

    /// Whether each key of a leaf is known to be no longer than it must be, and there is one.
    pub(crate) fn is_sure(&self, leaf: RelationId) -> bool {
        let keys = self.keys.get(leaf);
        let numbered = self.numbered.iter().any(|(of, _)| *of == leaf);
        !keys.is_empty() && !numbered && keys.iter().all(|key| key.least)
    }
}

impl Determined {
    /// Whether it is known which rows of all these leaves it is.
    pub(crate) fn has_rows(&self, leaves: &[RelationId]) -> bool {
        leaves.iter().all(|leaf| self.rows.contains(leaf))
    }

    /// Whether a column's value is known.
    pub(crate) fn has(&self, column: ColumnId) -> bool {
        self.rows.contains(&column.relation) || self.columns.contains(&column)
    }
}

/// The columns of leaves in an expression; nothing if there may be more.
pub(crate) fn leaf_columns(bound: &Bound, expr: &Expr) -> Option<Vec<ColumnId>> {
    let mut columns = Vec::new();
    let mut sure = true;
    walk::each_inside(expr, &mut |expr| match &expr.kind {
        ExprKind::Column(id) => match walk::leaf_column(bound, *id) {
            Some(id) => columns.push(id),
            None => sure = false,
        },
        ExprKind::Subquery { .. }
        | ExprKind::Opaque { .. }
        | ExprKind::Unresolved(_)
        | ExprKind::OneOf { .. } => sure = false,
        ExprKind::Call(call) => sure &= call.deterministic,
        _ => {}
    });
    sure.then_some(columns)
}

/// The two sides of a condition that makes them equal.
pub(crate) fn sides_of(condition: &Expr) -> Option<(&Expr, &Expr)> {
    match &condition.kind {
        ExprKind::Operator {
            sign: "=" | "is not distinct from",
            operands,
        } => match operands.as_slice() {
            [left, right] => Some((left, right)),
            _ => None,
        },
        _ => None,
    }
}

fn equations(bound: &Bound, select: &Select, trust: Trust) -> Vec<Equation> {
    let mut found = Vec::new();
    for condition in select.filter.iter().flat_map(walk::conjuncts) {
        found.extend(of_condition(bound, condition, trust));
    }
    let mut open = vec![select.from];
    while let Some(id) = open.pop() {
        let relation = bound.relation(id).map(|relation| &relation.kind);
        let Some(RelationKind::Join(join)) = relation else {
            continue;
        };
        open.extend([join.left, join.right]);
        let mut own = of_join(bound, join, trust);
        // A row without a partner is there too: of the side that keeps its rows nothing follows, and of both sides
        // nothing if both do.
        let padded = match join.kind {
            _ if trust == Trust::Plausible => None,
            JoinKind::Cross | JoinKind::Inner => None,
            JoinKind::Left => Some(join.right),
            JoinKind::Right => Some(join.left),
            JoinKind::Full => continue,
        };
        if let Some(padded) = padded {
            let leaves = walk::leaves(bound, padded);
            own.retain(|equation| equation.to.iter().all(|id| leaves.contains(&id.relation)));
        }
        found.append(&mut own);
    }
    found
}

fn of_join(bound: &Bound, join: &Join, trust: Trust) -> Vec<Equation> {
    let mut found = Vec::new();
    for condition in join.condition.iter().flat_map(walk::conjuncts) {
        found.extend(of_condition(bound, condition, trust));
    }
    for (left, right) in &join.using {
        let leaves = [left, right].map(|id| walk::leaf_column(bound, *id));
        if let [Some(left), Some(right)] = leaves {
            for (from, to) in [(left, right), (right, left)] {
                found.push(Equation {
                    from: vec![from],
                    to: vec![to],
                });
            }
        }
    }
    found
}

/// What one condition makes equal.
fn of_condition(bound: &Bound, condition: &Expr, trust: Trust) -> Vec<Equation> {
    let Some((left, right)) = sides_of(condition) else {
        return Vec::new();
    };
    let (Some(left_columns), Some(right_columns)) =
        (leaf_columns(bound, left), leaf_columns(bound, right))
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (from, to, target) in [
        (&left_columns, &right_columns, right),
        (&right_columns, &left_columns, left),
    ] {
        // The value of an expression does not tell the columns in it.
        let tells = trust == Trust::Plausible || matches!(target.kind, ExprKind::Column(_));
        if tells && !to.is_empty() {
            found.push(Equation {
                from: from.clone(),
                to: to.clone(),
            });
        }
    }
    found
}
