//! Expressions made of others: CASE, CAST, rows, arrays, and steps into them.

use sqlparser::ast::{AccessExpr, CaseWhen, CastKind, DataType, Expr as Tree, Spanned, Subscript};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use super::typing;
use crate::bound::{Expr, ExprKind, Known, TextRange};
use crate::limits::MAX_BOUND_DEPTH;
use crate::types::Type;

impl Binder<'_> {
    pub(super) fn cast(
        &mut self,
        kind: &CastKind,
        operand: &Tree,
        data_type: &DataType,
        scope: ScopeId,
    ) -> Expr {
        let operand = self.expression(operand, scope);
        let at = self
            .source
            .around_with_word(&operand.at)
            .unwrap_or_else(|| operand.at.clone());
        let safe = matches!(kind, CastKind::TryCast | CastKind::SafeCast);
        let ty = match typing::cast(&operand.ty, &data_type.to_string()) {
            Ok(ty) => ty,
            Err(problem) => {
                self.type_problem(problem, &at);
                typing::written(&data_type.to_string())
            }
        };
        Expr {
            kind: ExprKind::Cast {
                operand: Box::new(operand),
                safe,
            },
            ty,
            at,
        }
    }

    pub(super) fn case(
        &mut self,
        tree: &Tree,
        operand: Option<&Tree>,
        conditions: &[CaseWhen],
        otherwise: Option<&Tree>,
        scope: ScopeId,
    ) -> Expr {
        let at = self.source.range(tree.span());
        let operand = operand.map(|operand| self.expression(operand, scope));
        let branches: Vec<(Expr, Expr)> = conditions
            .iter()
            .map(|branch| {
                let when = self.expression(&branch.condition, scope);
                let then = self.expression(&branch.result, scope);
                (when, then)
            })
            .collect();
        let otherwise = otherwise.map(|otherwise| self.expression(otherwise, scope));
        let ty = match typing::case(operand.as_ref(), &branches, otherwise.as_ref()) {
            Ok(ty) => ty,
            Err((problem, place)) => {
                self.type_problem(problem, &place);
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Case {
                operand: operand.map(Box::new),
                branches,
                otherwise: otherwise.map(Box::new),
            },
            ty,
            at,
        }
    }

    /// `(a, b)`
    pub(super) fn row(&mut self, parts: &[Tree], scope: ScopeId) -> Expr {
        let parts: Vec<Expr> = parts
            .iter()
            .map(|part| self.expression(part, scope))
            .collect();
        let at = parts
            .first()
            .and_then(|first| self.source.around(&first.at))
            .unwrap_or(0..0);
        self.row_of(parts, at)
    }

    /// A row of expressions.
    pub(super) fn row_of(&mut self, parts: Vec<Expr>, at: TextRange) -> Expr {
        let types: Option<Vec<_>> = parts
            .iter()
            .map(|part| match &part.ty {
                Known::Known(ty) => Some((None, ty.clone())),
                Known::Unknown => None,
            })
            .collect();
        Expr {
            kind: ExprKind::Row(parts),
            ty: match types {
                Some(types) => Known::Known(Type::Row(types.into())),
                None => Known::Unknown,
            },
            at,
        }
    }

    pub(super) fn array(&mut self, elements: &[Tree], scope: ScopeId) -> Expr {
        let elements: Vec<Expr> = elements
            .iter()
            .map(|element| self.expression(element, scope))
            .collect();
        let at = elements
            .first()
            .and_then(|first| self.source.around_with_word(&first.at))
            .unwrap_or(0..0);
        let ty = match typing::array(&elements) {
            Ok(ty) => ty,
            Err((problem, place)) => {
                self.type_problem(problem, &place);
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Array(elements),
            ty,
            at,
        }
    }

    /// `a[1].b[2]`
    pub(super) fn access(&mut self, root: &Tree, chain: &[AccessExpr], scope: ScopeId) -> Expr {
        let (mut of, chain) = self.accessed(root, chain, scope);
        // Each step is a level of the result, which is walked and freed by recursion.
        if chain.len() > MAX_BOUND_DEPTH {
            let message =
                format!("the statement is nested more than {MAX_BOUND_DEPTH} levels deep");
            let at = of.at.clone();
            self.problem("STACK_OVERFLOW", message, &at);
        }
        for step in chain.iter().take(MAX_BOUND_DEPTH) {
            of = match step {
                AccessExpr::Dot(Tree::Identifier(field)) => {
                    let at = union(&of.at, &self.source.range(field.span));
                    self.field(of, field, at)
                }
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    let index = self.expression(index, scope);
                    let close = self.source.around(&index.at).unwrap_or(index.at.clone());
                    let at = union(&of.at, &close);
                    self.subscript(of, index, at)
                }
                AccessExpr::Dot(_) | AccessExpr::Subscript(Subscript::Slice { .. }) => of,
            };
        }
        of
    }

    /// What the steps start from, and which are left: `t.a` of `t.a[1]` is one name.
    fn accessed<'t>(
        &mut self,
        root: &Tree,
        chain: &'t [AccessExpr],
        scope: ScopeId,
    ) -> (Expr, &'t [AccessExpr]) {
        let mut names = match root {
            Tree::Identifier(name) => vec![name.clone()],
            Tree::CompoundIdentifier(names) => names.clone(),
            _ => return (self.expression(root, scope), chain),
        };
        let fields = chain.iter().map_while(|step| match step {
            AccessExpr::Dot(Tree::Identifier(field)) => Some(field.clone()),
            _ => None,
        });
        let before = names.len();
        names.extend(fields.take(MAX_BOUND_DEPTH));
        let rest = chain.get(names.len() - before..).unwrap_or_default();
        (self.name(&names, scope), rest)
    }

    fn subscript(&mut self, of: Expr, index: Expr, at: TextRange) -> Expr {
        let ty = match typing::subscript(&of, &index) {
            Ok(ty) => ty,
            Err(problem) => {
                self.type_problem(problem, &at);
                Known::Unknown
            }
        };
        Expr {
            kind: ExprKind::Subscript {
                of: Box::new(of),
                index: Box::new(index),
            },
            ty,
            at,
        }
    }
}
