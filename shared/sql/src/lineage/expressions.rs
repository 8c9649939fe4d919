//! What the value of an expression is made of.

use crate::bound::{Call, CallKind, Expr, ExprKind, SubqueryKind};
use crate::lineage::origin::{Origin, Role};
use crate::lineage::sources::Sources;
use crate::lineage::{Kind, columns_of};

impl Sources<'_> {
    /// What an expression is made of.
    pub(crate) fn expression(&self, expr: &Expr) -> Origin {
        if let ExprKind::Column(id) = &expr.kind {
            return match self.column(*id) {
                Some(origin) => origin.as_ref().clone(),
                None => Origin {
                    kind: Kind::Unknown,
                    unknown: true,
                    ..Origin::default()
                },
            };
        }
        let mut origin = Origin {
            kind: Kind::Constant,
            ..Origin::default()
        };
        self.add(expr, Role::Value, &mut origin);
        if origin.kind == Kind::Identity {
            origin.kind = Kind::Expression;
        }
        origin.settle();
        origin
    }

    /// Adds what an expression that chooses rows is made of.
    pub(crate) fn add_rows(&self, expr: &Expr, origin: &mut Origin) {
        self.add(expr, Role::Rows, origin);
    }

    pub(super) fn add(&self, mut expr: &Expr, role: Role, origin: &mut Origin) {
        // `a + b + c` is as deep as it has operators: its left operands are followed in a loop.
        while let ExprKind::Operator { operands, .. } = &expr.kind {
            let Some((first, rest)) = operands.split_first() else {
                return;
            };
            for operand in rest {
                self.add(operand, role, origin);
            }
            expr = first;
        }
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Argument(_) => {}
            // Its value is whatever the caller sends.
            ExprKind::Parameter => origin.raise(Kind::Expression, role),
            ExprKind::Column(id) => {
                let part = self.passed(*id);
                origin.raise(part.kind.max(Kind::Expression), role);
                origin.take(&part, role);
            }
            ExprKind::Call(call) => self.add_call(call, role, origin),
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let choosing = role.choosing();
                if let Some(expr) = operand {
                    self.add(expr, choosing, origin);
                }
                for (when, then) in branches {
                    self.add(when, choosing, origin);
                    self.add(then, role, origin);
                }
                if let Some(expr) = otherwise {
                    self.add(expr, role, origin);
                }
                // Even among constants a column chose.
                origin.raise_if_conditional();
            }
            ExprKind::Subquery {
                kind,
                operand,
                query,
            } => {
                if let Some(expr) = operand {
                    self.add(expr, role, origin);
                }
                if *kind != SubqueryKind::Exists {
                    for id in columns_of(self.bound(), *query) {
                        let part = self.passed(id);
                        origin.raise(part.kind, role);
                        origin.take(&part, role);
                    }
                }
                if let Some(rows) = self.rows(*query) {
                    origin.rows.take(rows);
                }
                origin.raise(Kind::Expression, role);
            }
            ExprKind::Unresolved(_) | ExprKind::OneOf { .. } => {
                origin.unknown = true;
                origin.raise(Kind::Unknown, role);
            }
            ExprKind::Opaque { .. } => {
                origin.unknown = true;
                origin.raise(Kind::Expression, role);
                for child in expr.children() {
                    self.add(child, role, origin);
                }
            }
            // The loop above leaves none.
            ExprKind::Operator { .. } => {}
            ExprKind::Cast { .. }
            | ExprKind::Lambda { .. }
            | ExprKind::Array(_)
            | ExprKind::Row(_)
            | ExprKind::Field { .. }
            | ExprKind::Subscript { .. } => {
                for child in expr.children() {
                    self.add(child, role, origin);
                }
            }
        }
    }

    fn add_call(&self, call: &Call, role: Role, origin: &mut Origin) {
        let kind = match (&call.window, call.kind) {
            (Some(_), _) | (None, CallKind::Window) => Kind::Window,
            (None, CallKind::Aggregate) => Kind::Aggregate,
            (None, CallKind::Scalar) if !call.deterministic => Kind::Expression,
            (None, CallKind::Scalar) => Kind::Constant,
        };
        origin.raise(kind, role);
        for (position, argument) in call.arguments.iter().enumerate() {
            let role = if chooses(&call.name, position) {
                role.choosing()
            } else {
                role
            };
            self.add(argument, role, origin);
        }
        let choosing = role.choosing();
        for key in &call.order {
            self.add(&key.expr, choosing, origin);
        }
        if let Some(expr) = &call.filter {
            self.add(expr, choosing, origin);
        }
        if let Some(window) = &call.window {
            let keys = window.order.iter().map(|key| &key.expr);
            let frame = window.frame.iter().flat_map(|(_, bounds)| bounds);
            for expr in window.partition.iter().chain(keys).chain(frame) {
                self.add(expr, choosing, origin);
            }
            // Which rows it matches, and which of its measures this is, is not followed.
            if let Some((_, named)) = &window.pattern {
                origin.unknown = true;
                named.iter().for_each(|expr| self.add(expr, role, origin));
            }
        }
        origin.raise_if_conditional();
    }
}

/// Whether a function's argument chooses which value is given and is not part of it.
pub(crate) fn chooses(function: &str, position: usize) -> bool {
    match function {
        "if" | "count_if" => position == 0,
        "nullif" | "max_by" | "min_by" => position == 1,
        _ => false,
    }
}
