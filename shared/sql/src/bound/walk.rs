//! Going through a bound statement without recursion: chains of operators are as deep as they are long.

use super::{Expr, ExprKind, RelationId, RelationKind, Window};

impl Expr {
    /// The expressions directly inside this one, in the order of the text as far as there is one.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Literal(_)
            | ExprKind::Column(_)
            | ExprKind::Parameter
            | ExprKind::Argument(_)
            | ExprKind::Unresolved(_)
            | ExprKind::OneOf { .. } => Vec::new(),
            ExprKind::Call(call) => {
                let mut children: Vec<&Self> = call.arguments.iter().collect();
                children.extend(call.order.iter().map(|key| &key.expr));
                children.extend(&call.filter);
                if let Some(window) = &call.window {
                    children.extend(window.expressions());
                }
                children
            }
            ExprKind::Operator { operands, .. }
            | ExprKind::Array(operands)
            | ExprKind::Row(operands)
            | ExprKind::Opaque { operands, .. } => operands.iter().collect(),
            ExprKind::Cast { operand, .. } => vec![operand],
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let mut children: Vec<&Self> = operand.iter().map(Box::as_ref).collect();
                children.extend(branches.iter().flat_map(|(when, then)| [when, then]));
                children.extend(otherwise.iter().map(Box::as_ref));
                children
            }
            ExprKind::Lambda { body, .. } => vec![body],
            ExprKind::Subquery { operand, .. } => operand.iter().map(Box::as_ref).collect(),
            ExprKind::Field { of, .. } => vec![of],
            ExprKind::Subscript { of, index } => vec![of, index],
        }
    }

    /// Visits this expression and those inside it, outermost first. Where `visit` says no, nothing inside is
    /// visited. A subquery's relation is not entered.
    pub fn visit<'e>(&'e self, mut visit: impl FnMut(&'e Self) -> bool) {
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            if visit(expr) {
                open.extend(expr.children().into_iter().rev());
            }
        }
    }
}

impl Window {
    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let parts = self.frame.iter().chain(&self.pattern);
        self.partition
            .iter()
            .chain(self.order.iter().map(|key| &key.expr))
            .chain(parts.flat_map(|(_, inside)| inside))
    }
}

impl RelationKind {
    /// The relations whose rows it is made of; those of subqueries in its expressions are not among them.
    pub fn inputs(&self) -> Vec<RelationId> {
        match self {
            Self::Table(_) | Self::Values(_) | Self::Unnest { .. } | Self::OneRow => Vec::new(),
            Self::Alias { of, .. } | Self::Sorted { of, .. } => vec![*of],
            Self::Itself { base } => vec![*base],
            Self::Select(select) => vec![select.from],
            Self::Set { left, right, .. } => vec![*left, *right],
            Self::Recursive { base, step } => vec![*base, *step],
            Self::Join(join) => vec![join.left, join.right],
            Self::Opaque { inputs, .. } => inputs.clone(),
        }
    }

    /// The expressions that are its own, those of its columns left out.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::Table(table) => table.version.iter().map(Box::as_ref).collect(),
            Self::Select(select) => {
                let mut all: Vec<&Expr> = select.filter.iter().collect();
                all.extend(select.group.iter().flat_map(|group| &group.keys));
                all.extend(&select.having);
                all.extend(select.order.iter().map(|key| &key.expr));
                let limits = select.limit.iter();
                all.extend(
                    limits
                        .flat_map(|limit| [&limit.offset, &limit.count])
                        .flatten(),
                );
                all
            }
            Self::Values(rows) => rows.iter().flatten().collect(),
            Self::Join(join) => join.condition.iter().collect(),
            Self::Unnest { arguments } | Self::Opaque { arguments, .. } => {
                arguments.iter().collect()
            }
            Self::Sorted { order, limit, .. } => {
                let mut all: Vec<&Expr> = order.iter().map(|key| &key.expr).collect();
                let limits = limit.iter();
                all.extend(
                    limits
                        .flat_map(|limit| [&limit.offset, &limit.count])
                        .flatten(),
                );
                all
            }
            Self::Alias { .. }
            | Self::Set { .. }
            | Self::Recursive { .. }
            | Self::Itself { .. }
            | Self::OneRow => Vec::new(),
        }
    }
}
