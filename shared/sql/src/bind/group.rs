//! GROUP BY: which expressions, in which sets.

use std::collections::HashSet;

use sqlparser::ast::{Expr as Tree, GroupByExpr, Select as SelectTree, Spanned};

use super::Binder;
use super::names::ScopeId;
use super::order::ordinal_number;
use super::same::is_same_in;
use super::select::Outputs;
use crate::bound::{About, CallKind, Expr, ExprKind, Group, Known, TextRange};
use crate::extras::GroupByQuantifier;

/// How many grouping sets there may be, as Trino's `optimizer`-independent limit says.
const MAX_GROUPING_SETS: usize = 2_048;

impl Binder<'_> {
    /// The groups of a SELECT; nothing if its rows stay single.
    pub(super) fn group(
        &mut self,
        select: &SelectTree,
        outputs: &Outputs,
        scope: ScopeId,
    ) -> Option<Group> {
        let list = match &select.group_by {
            GroupByExpr::Expressions(list, _) if list.is_empty() => {
                let aggregates = outputs
                    .columns
                    .iter()
                    .any(|(_, value)| has_aggregate(value));
                return (aggregates || select.having.is_some()).then(|| Group {
                    keys: Vec::new(),
                    sets: vec![Vec::new()],
                });
            }
            GroupByExpr::Expressions(list, _) => list,
            // Refused before; without a list nothing is grouped by.
            GroupByExpr::All(_) => return None,
        };
        let mut group = Group {
            keys: Vec::new(),
            sets: vec![Vec::new()],
        };
        for element in list {
            let sets = self.grouping_element(element, outputs, scope, &mut group.keys);
            let count = group.sets.len().saturating_mul(sets.len());
            if count > MAX_GROUPING_SETS {
                let message = format!(
                    "GROUP BY has {count} grouping sets but can contain at most {MAX_GROUPING_SETS}"
                );
                let at = self.source.range(element.span());
                self.problem("TOO_MANY_GROUPING_SETS", message, &at);
                break;
            }
            // The whole is the cross product of the elements.
            group.sets = group
                .sets
                .iter()
                .flat_map(|set| {
                    sets.iter()
                        .map(|more| set.iter().chain(more).copied().collect::<Vec<_>>())
                })
                .collect();
        }
        for set in &mut group.sets {
            set.sort_unstable();
            set.dedup();
        }
        let quantifier = self.extras.group_by.get(&select.select_token.0.span.start);
        if quantifier == Some(&GroupByQuantifier::Distinct) {
            let mut seen = HashSet::new();
            group.sets.retain(|set| seen.insert(set.clone()));
        }
        Some(group)
    }

    /// The sets of one element of GROUP BY, as positions in `keys`.
    fn grouping_element(
        &mut self,
        element: &Tree,
        outputs: &Outputs,
        scope: ScopeId,
        keys: &mut Vec<Expr>,
    ) -> Vec<Vec<usize>> {
        match element {
            Tree::GroupingSets(sets) => sets
                .iter()
                .map(|set| self.complex_keys(set, scope, keys))
                .collect(),
            Tree::Rollup(parts) => {
                let parts: Vec<Vec<usize>> = parts
                    .iter()
                    .map(|part| self.complex_keys(part, scope, keys))
                    .collect();
                (0..=parts.len())
                    .rev()
                    .map(|count| parts.iter().take(count).flatten().copied().collect())
                    .collect()
            }
            Tree::Cube(parts) => {
                let parts: Vec<Vec<usize>> = parts
                    .iter()
                    .map(|part| self.complex_keys(part, scope, keys))
                    .collect();
                if parts.len() > 11 {
                    let at = self.source.range(element.span());
                    let message = format!(
                        "GROUP BY has more than {MAX_GROUPING_SETS} grouping sets but can contain at most {MAX_GROUPING_SETS}"
                    );
                    self.problem("TOO_MANY_GROUPING_SETS", message, &at);
                    return vec![parts.into_iter().flatten().collect()];
                }
                cube(&parts)
            }
            Tree::Tuple(parts) => {
                let set = parts
                    .iter()
                    .map(|part| self.simple_key(part, outputs, scope, keys))
                    .collect();
                vec![set]
            }
            Tree::Identifier(word) if self.extras.group_by_auto.contains(&word.span.start) => {
                vec![auto_keys(self.source.all(), outputs, keys)]
            }
            expr => vec![vec![self.simple_key(expr, outputs, scope, keys)]],
        }
    }

    /// A key of a plain GROUP BY: a select item's number, or an expression over FROM.
    fn simple_key(
        &mut self,
        tree: &Tree,
        outputs: &Outputs,
        scope: ScopeId,
        keys: &mut Vec<Expr>,
    ) -> usize {
        let key = match ordinal_number(tree) {
            Some(number) => {
                let at = self.literal_place(tree);
                match outputs.at(number) {
                    Some(value) => {
                        let value = value.clone();
                        self.no_aggregates(&value, "GROUP BY clause");
                        value
                    }
                    None => {
                        if outputs.stars.is_empty() {
                            let message =
                                format!("GROUP BY position {number} is not in select list");
                            self.problem("INVALID_COLUMN_REFERENCE", message, &at);
                        }
                        Expr {
                            kind: ExprKind::OneOf {
                                name: number.to_string(),
                                among: outputs.stars.clone(),
                            },
                            ty: Known::Unknown,
                            at,
                        }
                    }
                }
            }
            None => {
                let key = self.expression(tree, scope);
                self.no_aggregates(&key, "GROUP BY clause");
                key
            }
        };
        if let Known::Known(ty) = &key.ty
            && !ty.is_comparable()
        {
            let message = format!(
                "{} is not comparable, and therefore cannot be used in GROUP BY",
                ty.in_messages()
            );
            let at = key.at.clone();
            self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
        }
        position(self.source.all(), keys, key)
    }

    /// The keys of a set inside GROUPING SETS, CUBE or ROLLUP: columns only.
    fn complex_keys(&mut self, set: &[Tree], scope: ScopeId, keys: &mut Vec<Expr>) -> Vec<usize> {
        let mut positions = Vec::new();
        for tree in set {
            if let Tree::Tuple(parts) = tree {
                positions.extend(self.complex_keys(parts, scope, keys));
                continue;
            }
            let key = self.expression(tree, scope);
            let is_column = matches!(
                key.kind,
                ExprKind::Column(_)
                    | ExprKind::OneOf { .. }
                    | ExprKind::Unresolved(_)
                    | ExprKind::Field { .. }
            );
            if !is_column {
                let message = format!(
                    "GROUP BY expression must be a column reference: {}",
                    self.source.text(&key.at)
                );
                let at: TextRange = key.at.clone();
                self.problem("INVALID_COLUMN_REFERENCE", message, &at);
            }
            positions.push(position(self.source.all(), keys, key));
        }
        positions
    }
}

/// Every combination of the parts, the largest first.
fn cube(parts: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for part in parts {
        sets = sets
            .iter()
            .flat_map(|set| {
                let mut with = set.clone();
                with.extend(part);
                [with, set.clone()]
            })
            .collect();
    }
    sets
}

fn position(text: &str, keys: &mut Vec<Expr>, key: Expr) -> usize {
    match keys.iter().position(|other| is_same_in(text, other, &key)) {
        Some(position) => position,
        None => {
            keys.push(key);
            keys.len().saturating_sub(1)
        }
    }
}

/// `AUTO`: every select item that does not aggregate.
fn auto_keys(text: &str, outputs: &Outputs, keys: &mut Vec<Expr>) -> Vec<usize> {
    let values = outputs.columns.iter().map(|(_, value)| value);
    values
        .filter(|value| !has_aggregate(value))
        .map(|value| position(text, keys, value.clone()))
        .collect()
}

/// Whether an expression aggregates the rows of its own query.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(|part| {
        found |= matches!(&part.kind, ExprKind::Call(call) if call.kind == CallKind::Aggregate);
        !found
    });
    found
}
