//! UNION, INTERSECT, EXCEPT.

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier, Spanned};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use super::typing;
use crate::bound::{
    Column, ColumnId, Known, Relation, RelationId, RelationKind, SetOperation, TextRange, Value,
};

impl Binder<'_> {
    /// A chain of set operations. It is as deep as it is long on its left side, so it is walked in a loop.
    pub(super) fn set_operations(&mut self, body: &SetExpr, parent: Option<ScopeId>) -> RelationId {
        let mut chain = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = first
        {
            chain.push((*op, *set_quantifier, right.as_ref()));
            first = left;
        }
        let mut relation = self.body(first, parent);
        for (operator, quantifier, tree) in chain.into_iter().rev() {
            let right = self.body(tree, parent);
            relation = self.set_operation(relation, right, operator, quantifier, tree);
        }
        relation
    }

    fn set_operation(
        &mut self,
        left: RelationId,
        right: RelationId,
        operator: SetOperator,
        quantifier: SetQuantifier,
        tree: &SetExpr,
    ) -> RelationId {
        let (operation, name) = match operator {
            SetOperator::Union => (SetOperation::Union, "UNION"),
            SetOperator::Intersect => (SetOperation::Intersect, "INTERSECT"),
            SetOperator::Except | SetOperator::Minus => (SetOperation::Except, "EXCEPT"),
        };
        let all = quantifier == SetQuantifier::All;
        let right_at = self.source.range(tree.span());
        let at = match self.bound.relation(left) {
            Some(left) => union(&left.at, &right_at),
            None => right_at.clone(),
        };
        let complete = self.is_complete(left) && self.is_complete(right);
        let (left_columns, right_columns) = (self.passed(left), self.passed(right));
        let pairs = match self.extras.corresponding.get(&tree.span().start) {
            Some(names) => {
                let names: Vec<String> =
                    names.iter().map(|name| name.value.to_lowercase()).collect();
                self.corresponding(&left_columns, &right_columns, &names, &at)
            }
            None => {
                if complete && left_columns.len() != right_columns.len() {
                    let message = format!(
                        "{name} query has different number of fields: {}, {}",
                        left_columns.len(),
                        right_columns.len()
                    );
                    self.problem("TYPE_MISMATCH", message, &right_at);
                }
                // Behind a `*` of a relation whose columns are not known, no position is known either.
                let known = if complete {
                    left_columns.len().max(right_columns.len())
                } else {
                    self.certain_width(left).min(self.certain_width(right))
                };
                (0..known).map(|index| (index, index)).collect()
            }
        };
        let mut columns = Vec::new();
        for (position, (l, r)) in pairs.into_iter().enumerate() {
            let pair = (left_columns.get(l), right_columns.get(r));
            let column = match pair {
                (Some(left_column), Some(right_column)) => {
                    let ty = self.common_column(
                        left_column,
                        right_column,
                        position,
                        name,
                        operation != SetOperation::Union || !all,
                        &right_at,
                    );
                    let mut sides = vec![ColumnId {
                        relation: left,
                        column: l,
                    }];
                    if operation != SetOperation::Except {
                        sides.push(ColumnId {
                            relation: right,
                            column: r,
                        });
                    }
                    Column {
                        name: left_column.name.clone(),
                        ty,
                        value: Value::Merged(sides),
                        at: left_column.at.clone(),
                        hidden: false,
                    }
                }
                (Some(only), None) | (None, Some(only)) => only.clone(),
                (None, None) => continue,
            };
            columns.push(column);
        }
        self.push(Relation {
            kind: RelationKind::Set {
                operation,
                all,
                left,
                right,
            },
            columns,
            complete,
            at,
        })
    }

    /// How many columns at the start have a certain position.
    fn certain_width(&self, id: RelationId) -> usize {
        match self.bound.relation(id) {
            Some(relation) if relation.complete => relation.columns.len(),
            Some(relation) => match &relation.kind {
                RelationKind::Set { .. } => relation.columns.len(),
                RelationKind::Select(_) => relation
                    .columns
                    .iter()
                    .take_while(|column| matches!(column.value, Value::Computed(_)))
                    .count()
                    .min(self.names.before_star.get(&id).copied().unwrap_or(0)),
                _ => 0,
            },
            None => 0,
        }
    }

    fn common_column(
        &mut self,
        left: &Column,
        right: &Column,
        position: usize,
        operation: &str,
        distinct: bool,
        at: &TextRange,
    ) -> Known<crate::types::Type> {
        match typing::common(&left.ty, &right.ty) {
            Some(Known::Known(ty)) => {
                if distinct && !ty.is_comparable() {
                    let message = format!(
                        "Type {} is not comparable and therefore cannot be used in {operation}",
                        ty.in_messages()
                    );
                    self.problem("TYPE_MISMATCH", message, at);
                }
                Known::Known(ty)
            }
            Some(Known::Unknown) => Known::Unknown,
            None => {
                let message = format!(
                    "column {} in {operation} query has incompatible types: {}, {}",
                    position + 1,
                    typing::shown(&left.ty),
                    typing::shown(&right.ty)
                );
                self.problem("TYPE_MISMATCH", message, at);
                Known::Unknown
            }
        }
    }

    /// `CORRESPONDING`: columns of the same name, in the left side's order.
    fn corresponding(
        &mut self,
        left: &[Column],
        right: &[Column],
        names: &[String],
        at: &TextRange,
    ) -> Vec<(usize, usize)> {
        let place = |columns: &[Column], name: &str| {
            columns
                .iter()
                .position(|column| column.name.as_deref() == Some(name))
        };
        if names.is_empty() {
            let pairs: Vec<_> = left
                .iter()
                .enumerate()
                .filter_map(|(index, column)| Some((index, place(right, column.name.as_deref()?)?)))
                .collect();
            if pairs.is_empty() {
                let message = "No corresponding columns";
                self.problem("INVALID_COLUMN_REFERENCE", message, at);
            }
            return pairs;
        }
        let mut pairs = Vec::new();
        for name in names {
            match (place(left, name), place(right, name)) {
                (Some(left), Some(right)) => pairs.push((left, right)),
                _ => {
                    let message =
                        format!("Column '{name}' is not in both sides of the set operation");
                    self.problem("INVALID_COLUMN_REFERENCE", message, at);
                }
            }
        }
        pairs
    }
}
