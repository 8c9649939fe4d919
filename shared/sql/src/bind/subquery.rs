//! Subqueries as values and in comparisons.

use sqlparser::ast::{BinaryOperator, Expr as Tree, Query, Spanned};

use super::Binder;
use super::names::ScopeId;
use super::operator::sign_of;
use super::source::union;
use super::typing;
use crate::bound::{Expr, ExprKind, Known, RelationId, SubqueryKind};
use crate::types::Type;

impl Binder<'_> {
    pub(super) fn with_subquery(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        match tree {
            Tree::Exists { subquery, negated } => {
                let query = self.query(subquery, Some(scope));
                let at = self.source.range(subquery.span());
                let at = self.source.around_with_word(&at).unwrap_or(at);
                let exists = Expr {
                    kind: ExprKind::Subquery {
                        kind: SubqueryKind::Exists,
                        operand: None,
                        query,
                    },
                    ty: Known::Known(Type::Boolean),
                    at,
                };
                self.negated(exists, *negated)
            }
            Tree::InSubquery {
                expr,
                subquery,
                negated,
            } => {
                let operand = self.expression(expr, scope);
                let subquery = self.compared_subquery(SubqueryKind::In, operand, subquery, scope);
                self.negated(subquery, *negated)
            }
            Tree::Subquery(query) => self.scalar_subquery(query, scope),
            Tree::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.quantified(SubqueryKind::Any, left, compare_op, right, scope),
            Tree::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(SubqueryKind::All, left, compare_op, right, scope),
            _ => self.expression(tree, scope),
        }
    }

    fn negated(&mut self, expr: Expr, negated: bool) -> Expr {
        if !negated {
            return expr;
        }
        let at = match &expr.kind {
            ExprKind::Subquery { operand: None, .. } => self.source.with_words_before(&expr.at, 1),
            _ => expr.at.clone(),
        };
        self.operator_at("not", vec![expr], at.clone(), &at)
    }

    fn scalar_subquery(&mut self, query: &Query, scope: ScopeId) -> Expr {
        let id = self.query(query, Some(scope));
        let at = self.source.range(query.span());
        Expr {
            kind: ExprKind::Subquery {
                kind: SubqueryKind::Scalar,
                operand: None,
                query: id,
            },
            ty: self.subquery_type(id),
            at: self.source.around(&at).unwrap_or(at),
        }
    }

    /// The type of a subquery's row: its one column's, or a row of all of them.
    fn subquery_type(&self, query: RelationId) -> Known<Type> {
        let Some(relation) = self.bound.relation(query) else {
            return Known::Unknown;
        };
        if !relation.complete {
            return Known::Unknown;
        }
        match relation.columns.as_slice() {
            [only] => only.ty.clone(),
            columns => {
                let mut fields = Vec::new();
                for column in columns {
                    match &column.ty {
                        Known::Known(ty) => fields.push((column.name.clone(), ty.clone())),
                        Known::Unknown => return Known::Unknown,
                    }
                }
                Known::Known(Type::Row(fields.into()))
            }
        }
    }

    fn quantified(
        &mut self,
        kind: fn(&'static str) -> SubqueryKind,
        left: &Tree,
        operator: &BinaryOperator,
        right: &Tree,
        scope: ScopeId,
    ) -> Expr {
        let operand = self.expression(left, scope);
        let mut inner = right;
        while let Tree::Nested(nested) = inner {
            inner = nested;
        }
        let sign = sign_of(operator).unwrap_or("=");
        match inner {
            Tree::Subquery(query) => self.compared_subquery(kind(sign), operand, query, scope),
            other => {
                let other = self.expression(other, scope);
                let at = union(&operand.at, &other.at);
                Expr {
                    kind: ExprKind::Opaque {
                        what: "a comparison with ANY or ALL".to_owned(),
                        operands: vec![operand, other],
                    },
                    ty: Known::Known(Type::Boolean),
                    at,
                }
            }
        }
    }

    fn compared_subquery(
        &mut self,
        kind: SubqueryKind,
        operand: Expr,
        query: &Query,
        scope: ScopeId,
    ) -> Expr {
        let id = self.query(query, Some(scope));
        let inner = self.source.range(query.span());
        let inner = self.source.around(&inner).unwrap_or(inner);
        let at = union(&operand.at, &inner);
        let ty = self.subquery_type(id);
        if let Err(problem) = typing::compared_with_subquery(kind, &operand.ty, &ty) {
            let place = self.source.between(&operand.at, &inner);
            self.type_problem(problem, &place);
        }
        Expr {
            kind: ExprKind::Subquery {
                kind,
                operand: Some(Box::new(operand)),
                query: id,
            },
            ty: Known::Known(Type::Boolean),
            at,
        }
    }
}
