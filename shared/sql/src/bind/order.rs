//! ORDER BY: output columns by name and number first, then the columns of FROM.

use sqlparser::ast::{Expr as Tree, OrderByExpr, Value as Constant};

use super::Binder;
use super::names::{ScopeId, Shape};
use super::same::is_same_in;
use super::select::Outputs;
use crate::bound::{About, ColumnId, Expr, ExprKind, Known, RelationId, SortKey};

impl Binder<'_> {
    /// ORDER BY of a SELECT.
    pub(super) fn order(
        &mut self,
        order: &[OrderByExpr],
        select: RelationId,
        source: ScopeId,
    ) -> Vec<SortKey> {
        if order.is_empty() {
            return Vec::new();
        }
        let Shape { fields, .. } = self.shape(select, None);
        // Columns behind an incomplete `*` are found in FROM.
        let shape = Shape {
            relation: select,
            fields,
            open: Vec::new(),
            tables: Vec::new(),
        };
        let scope = self.names.open(vec![shape], Some(source));
        order
            .iter()
            .map(|item| {
                let expr = match self.ordinal(&item.expr, select, "ORDER BY") {
                    Some(expr) => expr,
                    None => self.expression(&item.expr, scope),
                };
                self.sort_key(item, expr)
            })
            .collect()
    }

    /// The column that a number means; nothing if it is no number.
    pub(super) fn ordinal(&mut self, expr: &Tree, of: RelationId, clause: &str) -> Option<Expr> {
        let number = ordinal_number(expr)?;
        let at = self.literal_place(expr);
        let relation = self.bound.relation(of)?;
        let (width, complete) = (relation.columns.len(), relation.complete);
        let column = ColumnId {
            relation: of,
            column: number.checked_sub(1).unwrap_or(usize::MAX),
        };
        let certain = complete
            || self
                .names
                .before_star
                .get(&of)
                .is_some_and(|before| column.column < *before);
        if certain && column.column < width {
            return Some(Expr {
                kind: ExprKind::Column(column),
                ty: self.type_of(column),
                at,
            });
        }
        if complete {
            let message = format!("{clause} position {number} is not in select list");
            self.problem("INVALID_COLUMN_REFERENCE", message, &at);
        }
        Some(Expr {
            kind: ExprKind::OneOf {
                name: number.to_string(),
                among: vec![of],
            },
            ty: Known::Unknown,
            at,
        })
    }

    /// A key of ORDER BY.
    pub(super) fn sort_key(&mut self, item: &OrderByExpr, expr: Expr) -> SortKey {
        if let Known::Known(ty) = &expr.ty
            && !ty.is_orderable()
        {
            let message = format!(
                "Type {} is not orderable, and therefore cannot be used in ORDER BY: {}",
                ty.in_messages(),
                self.source.text(&expr.at)
            );
            let at = expr.at.clone();
            self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
        }
        SortKey {
            expr,
            descending: item.options.asc == Some(false),
            nulls_first: item.options.nulls_first.unwrap_or(false),
        }
    }

    /// SELECT DISTINCT can be sorted only by what it gives.
    pub(super) fn check_distinct_order(
        &mut self,
        order: &[SortKey],
        outputs: &Outputs,
        select: RelationId,
    ) {
        if !outputs.stars.is_empty() {
            return;
        }
        for key in order {
            let is_output = match &key.expr.kind {
                ExprKind::Column(column) if column.relation == select => true,
                ExprKind::OneOf { .. } | ExprKind::Unresolved(_) => true,
                _ => {
                    let meant = self.seen_through(&key.expr, outputs, select);
                    outputs
                        .columns
                        .iter()
                        .any(|(_, value)| is_same_in(self.source.all(), value, &meant))
                }
            };
            if !is_output {
                let message =
                    "For SELECT DISTINCT, ORDER BY expressions must appear in select list";
                let at = key.expr.at.clone();
                self.problem("EXPRESSION_NOT_IN_DISTINCT", message, &at);
            }
        }
    }

    /// An expression of ORDER BY with the output columns in it replaced by what they are.
    fn seen_through(&self, expr: &Expr, outputs: &Outputs, select: RelationId) -> Expr {
        let mut expr = expr.clone();
        replace(&mut expr, outputs, select);
        expr
    }
}

fn replace(expr: &mut Expr, outputs: &Outputs, select: RelationId) {
    match &mut expr.kind {
        ExprKind::Column(column) => {
            if let Some(value) = outputs.value(*column, select) {
                *expr = value.clone();
            }
        }
        ExprKind::Operator { operands, .. } => {
            for operand in operands {
                replace(operand, outputs, select);
            }
        }
        ExprKind::Call(call) => {
            for argument in &mut call.arguments {
                replace(argument, outputs, select);
            }
        }
        ExprKind::Cast { operand, .. } => replace(operand, outputs, select),
        _ => {}
    }
}

/// The number that the expression is, if it is a whole one without sign.
pub(super) fn ordinal_number(expr: &Tree) -> Option<usize> {
    match expr {
        Tree::Value(value) => match &value.value {
            Constant::Number(text, _) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(text.parse().unwrap_or(usize::MAX))
            }
            _ => None,
        },
        _ => None,
    }
}
