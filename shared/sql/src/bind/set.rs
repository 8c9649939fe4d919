//! UNION, INTERSECT, EXCEPT.

use std::ops::Range;

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
        let mut certain = 0;
        let pairs = match self.extras.corresponding.get(&tree.span().start) {
            Some(names) => {
                let names: Vec<String> =
                    names.iter().map(|name| name.value.to_lowercase()).collect();
                self.corresponding(&left_columns, &right_columns, &names, &at)
            }
            None if complete => {
                if left_columns.len() != right_columns.len() {
                    let message = format!(
                        "{name} query has different number of fields: {}, {}",
                        left_columns.len(),
                        right_columns.len()
                    );
                    self.problem("TYPE_MISMATCH", message, &right_at);
                }
                let width = left_columns.len().max(right_columns.len());
                (0..width).map(|index| (index, index)).collect()
            }
            // In the midst of a `*` whose columns are not known no position is known. Both sides are equally wide, so
            // what stands behind the last one is counted from the end.
            None => {
                certain = self.certain_width(left).min(self.certain_width(right));
                let (left_end, right_end) = (self.certain_end(left), self.certain_end(right));
                let behind = left_end.len().min(right_end.len());
                let left_end = left_end.end.saturating_sub(behind).max(certain)..left_end.end;
                let right_end = right_end.end.saturating_sub(behind).max(certain)..right_end.end;
                let behind = left_end.len().min(right_end.len());
                let ends = (0..behind).rev().map(|back| {
                    let place = |end: &Range<usize>| end.end.saturating_sub(back + 1);
                    (place(&left_end), place(&right_end))
                });
                (0..certain)
                    .map(|index| (index, index))
                    .chain(ends)
                    .collect()
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
        let behind = certain..columns.len();
        let id = self.push(Relation {
            kind: RelationKind::Set {
                operation,
                all,
                left,
                right,
            },
            columns,
            complete,
            at,
        });
        if !complete {
            self.names.before_star.insert(id, certain);
            self.names.after_star.insert(id, behind);
        }
        id
    }

    /// How many columns at the start have a certain position.
    fn certain_width(&self, id: RelationId) -> usize {
        match self.bound.relation(id) {
            Some(relation) if relation.complete => relation.columns.len(),
            _ => self.names.before_star.get(&id).copied().unwrap_or(0),
        }
    }

    /// The columns whose position is certain when counted from the end.
    fn certain_end(&self, id: RelationId) -> Range<usize> {
        match self.bound.relation(id) {
            Some(relation) if relation.complete => 0..relation.columns.len(),
            _ => self.names.after_star.get(&id).cloned().unwrap_or(0..0),
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
        // Followed all the same, as it is said what comes of it.
        self.problem(
            "NOT_SUPPORTED",
            "CORRESPONDING with columns is unsupported",
            at,
        );
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
