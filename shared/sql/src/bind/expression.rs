//! Expressions.

use sqlparser::ast::{Expr as Tree, Spanned};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use crate::bound::{Expr, ExprKind, Known};
use crate::dialect::pattern_with_escape;

impl Binder<'_> {
    /// An expression over what is in reach.
    pub(super) fn expression(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        let here = 0..0;
        self.deeper(
            &here,
            |_| Expr {
                kind: ExprKind::Opaque {
                    what: "too deep".to_owned(),
                    operands: Vec::new(),
                },
                ty: Known::Unknown,
                at: 0..0,
            },
            |binder| binder.any_expression(tree, scope),
        )
    }

    fn any_expression(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        if self.trying > 0 {
            self.tried += 1;
        }
        match tree {
            Tree::Identifier(name) => self.name(std::slice::from_ref(name), scope),
            Tree::CompoundIdentifier(names) => self.name(names, scope),
            Tree::CompoundFieldAccess { root, access_chain } => {
                self.access(root, access_chain, scope)
            }
            Tree::Value(_) | Tree::TypedString(_) | Tree::Interval(_) => self.literal(tree),
            Tree::Nested(inner) => self.nested(inner, scope),
            Tree::BinaryOp { .. } => self.binary_operators(tree, scope),
            Tree::UnaryOp { op, expr } => self.unary_operator(*op, expr, scope),
            Tree::IsNull(_)
            | Tree::IsNotNull(_)
            | Tree::IsTrue(_)
            | Tree::IsNotTrue(_)
            | Tree::IsFalse(_)
            | Tree::IsNotFalse(_)
            | Tree::IsUnknown(_)
            | Tree::IsNotUnknown(_)
            | Tree::IsDistinctFrom(..)
            | Tree::IsNotDistinctFrom(..)
            | Tree::InList { .. }
            | Tree::Between { .. }
            | Tree::Like { .. } => self.predicate(tree, scope),
            Tree::InSubquery { .. }
            | Tree::Exists { .. }
            | Tree::Subquery(_)
            | Tree::AnyOp { .. }
            | Tree::AllOp { .. } => self.with_subquery(tree, scope),
            Tree::Cast {
                kind,
                expr,
                data_type,
                ..
            } => self.cast(kind, expr, data_type, scope),
            Tree::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(
                tree,
                operand.as_deref(),
                conditions,
                else_result.as_deref(),
                scope,
            ),
            Tree::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let operands = vec![
                    self.expression(timestamp, scope),
                    self.expression(time_zone, scope),
                ];
                self.operator("at time zone", operands)
            }
            Tree::Tuple(parts) => self.row(parts, scope),
            Tree::Array(array) => self.array(&array.elem, scope),
            Tree::Function(_)
            | Tree::Extract { .. }
            | Tree::Ceil { .. }
            | Tree::Floor { .. }
            | Tree::Position { .. }
            | Tree::Substring { .. }
            | Tree::Trim { .. } => self.any_call(tree, scope),
            Tree::Lambda(lambda) => self.stray_lambda(lambda, scope),
            other => {
                let at = self.source.range(other.span());
                Expr {
                    kind: ExprKind::Opaque {
                        what: "an expression that is not followed".to_owned(),
                        operands: Vec::new(),
                    },
                    ty: Known::Unknown,
                    at,
                }
            }
        }
    }

    fn nested(&mut self, inner: &Tree, scope: ScopeId) -> Expr {
        let mut expr = self.expression(inner, scope);
        if let Some(around) = self.source.around(&expr.at) {
            expr.at = around;
        }
        expr
    }

    fn predicate(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        const WORDS: [&str; 6] = ["IS", "NOT", "NULL", "TRUE", "FALSE", "UNKNOWN"];
        let (sign, negated, parts): (&'static str, bool, Vec<&Tree>) = match tree {
            Tree::IsNull(inner) => ("is null", false, vec![inner]),
            Tree::IsNotNull(inner) => ("is not null", false, vec![inner]),
            Tree::IsTrue(inner) => ("is true", false, vec![inner]),
            Tree::IsNotTrue(inner) => ("is not true", false, vec![inner]),
            Tree::IsFalse(inner) => ("is false", false, vec![inner]),
            Tree::IsNotFalse(inner) => ("is not false", false, vec![inner]),
            Tree::IsUnknown(inner) => ("is unknown", false, vec![inner]),
            Tree::IsNotUnknown(inner) => ("is not unknown", false, vec![inner]),
            Tree::IsDistinctFrom(l, r) => ("is distinct from", false, vec![l, r]),
            Tree::IsNotDistinctFrom(l, r) => ("is not distinct from", false, vec![l, r]),
            Tree::InList {
                expr,
                list,
                negated,
            } => {
                let mut parts = vec![expr.as_ref()];
                parts.extend(list);
                ("in", *negated, parts)
            }
            Tree::Between {
                expr,
                negated,
                low,
                high,
            } => ("between", *negated, vec![expr, low, high]),
            Tree::Like {
                negated,
                expr,
                pattern,
                ..
            } => match pattern_with_escape(pattern) {
                Some((pattern, escape)) => ("like", *negated, vec![expr, pattern, escape]),
                None => ("like", *negated, vec![expr, pattern]),
            },
            _ => ("is null", false, Vec::new()),
        };
        let is_list = sign == "in";
        let is_test = parts.len() == 1 && !is_list;
        let mut operands: Vec<Expr> = parts
            .into_iter()
            .map(|part| self.expression(part, scope))
            .collect();
        let mut at = operands
            .iter()
            .fold(0..0, |at, operand| union(&at, &operand.at));
        if is_list && let Some(last) = operands.last() {
            let list = self.source.around(&last.at).unwrap_or(last.at.clone());
            at = union(&at, &list);
        }
        if is_test {
            at = self.source.with_words_behind(&at, &WORDS);
        }
        if let Tree::Like {
            escape_char: Some(escape),
            ..
        } = tree
        {
            let escape = self.literal(&Tree::Value(escape.clone()));
            at = union(&at, &escape.at);
            operands.push(escape);
        }
        let place = match operands.as_slice() {
            [left, right, ..] => self.source.between(&left.at, &right.at),
            _ => at.clone(),
        };
        let symmetric = match operands.as_slice() {
            [value, low, _] if sign == "between" => self
                .source
                .spelled(&(value.at.end..low.at.start))
                .ends_with("between symmetric"),
            _ => false,
        };
        let mut expr = self.operator_at(sign, operands, at.clone(), &place);
        if let (ExprKind::Operator { sign, .. }, true) = (&mut expr.kind, symmetric) {
            *sign = "between symmetric";
        }
        if negated {
            self.operator_at("not", vec![expr], at.clone(), &at)
        } else {
            expr
        }
    }
}
