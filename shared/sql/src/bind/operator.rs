//! Operators: chains of them, and what they do to types.

use sqlparser::ast::{BinaryOperator, Expr as Tree, UnaryOperator, Value as Constant};

use super::Binder;
use super::names::ScopeId;
use super::source::union;
use super::typing;
use crate::bound::{Expr, ExprKind, Known, TextRange};

impl Binder<'_> {
    /// An operator whose operands are bound, with its type.
    pub(super) fn operator(&mut self, sign: &'static str, operands: Vec<Expr>) -> Expr {
        let at = operands
            .iter()
            .fold(0..0, |at, operand| union(&at, &operand.at));
        // Trino puts the problem where the sign is.
        let place = match operands.as_slice() {
            [left, right] => self.source.between(&left.at, &right.at),
            _ => at.clone(),
        };
        self.operator_at(sign, operands, at, &place)
    }

    pub(super) fn operator_at(
        &mut self,
        sign: &'static str,
        operands: Vec<Expr>,
        at: TextRange,
        place: &TextRange,
    ) -> Expr {
        let ty = match typing::operator(sign, &operands) {
            Ok(ty) => ty,
            Err(problem) => {
                let operand = problem.operand.and_then(|index| operands.get(index));
                let place = operand.map_or_else(|| place.clone(), |operand| operand.at.clone());
                self.type_problem(problem, &place);
                typing::operator_result(sign)
            }
        };
        Expr {
            kind: ExprKind::Operator { sign, operands },
            ty,
            at,
        }
    }

    /// A chain of operators. It is as deep as it is long on its left side, so it is walked in a loop.
    pub(super) fn binary_operators(&mut self, tree: &Tree, scope: ScopeId) -> Expr {
        let mut chain = Vec::new();
        let mut first = tree;
        while let Tree::BinaryOp { left, op, right } = first {
            chain.push((op, right.as_ref()));
            first = left;
        }
        let mut left = self.expression(first, scope);
        for (operator, right) in chain.into_iter().rev() {
            let right = self.expression(right, scope);
            let Some(sign) = sign_of(operator) else {
                let at = union(&left.at, &right.at);
                left = Expr {
                    kind: ExprKind::Opaque {
                        what: operator.to_string(),
                        operands: vec![left, right],
                    },
                    ty: Known::Unknown,
                    at,
                };
                continue;
            };
            left = match (sign, left) {
                (
                    "and" | "or",
                    Expr {
                        kind:
                            ExprKind::Operator {
                                sign: same,
                                mut operands,
                            },
                        at,
                        ty,
                    },
                ) if same == sign && !self.is_parenthesised(&at, &operands) => {
                    self.logical_operand(&right);
                    let at = union(&at, &right.at);
                    operands.push(right);
                    Expr {
                        kind: ExprKind::Operator { sign, operands },
                        ty,
                        at,
                    }
                }
                (_, left) => self.operator(sign, vec![left, right]),
            };
        }
        left
    }

    /// Whether a chain stands in parentheses of its own.
    fn is_parenthesised(&self, at: &TextRange, operands: &[Expr]) -> bool {
        operands
            .first()
            .is_some_and(|first| first.at.start > at.start)
    }

    fn logical_operand(&mut self, operand: &Expr) {
        if let Err(problem) = typing::logical_operand(operand) {
            let at = operand.at.clone();
            self.type_problem(problem, &at);
        }
    }

    pub(super) fn unary_operator(
        &mut self,
        operator: UnaryOperator,
        operand: &Tree,
        scope: ScopeId,
    ) -> Expr {
        if operator == UnaryOperator::Minus
            && let Tree::Value(value) = operand
            && let Constant::Number(digits, _) = &value.value
        {
            return self.negative_number(digits, operand);
        }
        let operand = self.expression(operand, scope);
        let at = self.source.with_words_before(&operand.at, 1);
        let sign = match operator {
            UnaryOperator::Not => "not",
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            _ => {
                return Expr {
                    kind: ExprKind::Opaque {
                        what: operator.to_string(),
                        operands: vec![operand],
                    },
                    ty: Known::Unknown,
                    at,
                };
            }
        };
        let place = if sign == "not" {
            operand.at.clone()
        } else {
            at.clone()
        };
        self.operator_at(sign, vec![operand], at, &place)
    }
}

pub(super) fn sign_of(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::StringConcat => "||",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::And => "and",
        BinaryOperator::Or => "or",
        _ => return None,
    })
}
