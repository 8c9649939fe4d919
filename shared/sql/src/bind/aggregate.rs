//! What aggregation, windows and subqueries allow where.

use std::collections::HashSet;

use super::Binder;
use super::group::has_aggregate;
use super::same::is_same_in;
use super::select::Outputs;
use crate::bound::{
    About, CallKind, ColumnId, Expr, ExprKind, Group, Known, RelationId, RelationKind, TextRange,
    Value,
};
use crate::types::Type;

/// What the expressions of a grouped query are checked against.
struct Grouped {
    group: Group,
    from: RelationId,
    select: RelationId,
}

impl Binder<'_> {
    /// Refuses aggregates, windows and grouping operations in a clause that sees single rows.
    pub(super) fn no_aggregates(&mut self, expr: &Expr, clause: &str) {
        let mut found: Vec<String> = Vec::new();
        let mut first = None;
        expr.visit(|part| {
            if let ExprKind::Call(call) = &part.kind
                && (call.kind != CallKind::Scalar || call.name == "grouping")
            {
                first.get_or_insert_with(|| part.at.clone());
                found.push(self.source.text(&part.at).to_owned());
            }
            true
        });
        if first.is_some() {
            let message = format!(
                "{clause} cannot contain aggregations, window functions or grouping operations: [{}]",
                found.join(", ")
            );
            self.problem("EXPRESSION_NOT_SCALAR", message, &expr.at);
        }
    }

    /// Refuses windows in HAVING.
    pub(super) fn no_windows(&mut self, expr: &Expr) {
        let mut first = None;
        expr.visit(|part| {
            if matches!(&part.kind, ExprKind::Call(call) if call.kind == CallKind::Window) {
                first.get_or_insert_with(|| part.at.clone());
            }
            true
        });
        if let Some(at) = first {
            let message = "HAVING clause cannot contain window functions or row pattern measures";
            self.problem("NESTED_WINDOW", message, &at);
        }
    }

    /// Refuses a condition that is none.
    pub(super) fn must_be_boolean(&mut self, expr: &Expr, clause: &str) {
        if let Known::Known(ty) = &expr.ty
            && !matches!(ty, Type::Boolean | Type::Unknown)
        {
            let message = format!(
                "{clause} must evaluate to a boolean: actual type {}",
                ty.in_messages()
            );
            let at = expr.at.clone();
            self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
        }
    }

    /// Refuses windows inside windows.
    pub(super) fn check_windows(&mut self, id: RelationId, outputs: &Outputs) {
        let mut problems = Vec::new();
        let order = match self.bound.relation(id).map(|relation| &relation.kind) {
            Some(RelationKind::Select(select)) => select.order.as_slice(),
            _ => &[],
        };
        let all = outputs
            .columns
            .iter()
            .map(|(_, value)| value)
            .chain(order.iter().map(|key| &key.expr));
        for expr in all {
            expr.visit(|part| {
                if !matches!(&part.kind, ExprKind::Call(call) if call.kind == CallKind::Window) {
                    return true;
                }
                for child in part.children() {
                    child.visit(|inner| {
                        if matches!(&inner.kind, ExprKind::Call(call) if call.kind == CallKind::Window)
                        {
                            problems.push(part.at.clone());
                        }
                        true
                    });
                }
                false
            });
        }
        for at in problems {
            let message = format!(
                "Cannot nest window functions or row pattern measures inside window function '{}'",
                self.source.text(&at)
            );
            self.problem("NESTED_WINDOW", message, &at);
        }
    }

    /// Refuses what is not constant within a group, and aggregates inside aggregates.
    pub(super) fn check_aggregation(&mut self, id: RelationId, outputs: &Outputs) {
        let Some(RelationKind::Select(select)) =
            self.bound.relation(id).map(|relation| &relation.kind)
        else {
            return;
        };
        let order: Vec<Expr> = select.order.iter().map(|key| key.expr.clone()).collect();
        let group = match &select.group {
            Some(group) => group.clone(),
            None if order.iter().any(has_aggregate) => Group {
                keys: Vec::new(),
                sets: vec![Vec::new()],
            },
            None => return,
        };
        // Behind a key that means nothing, every other complaint would only be noise.
        let is_sure =
            |key: &Expr| !matches!(key.kind, ExprKind::Unresolved(_) | ExprKind::OneOf { .. });
        if !group.keys.iter().all(is_sure) {
            return;
        }
        let grouped = Grouped {
            group,
            from: select.from,
            select: id,
        };
        let having = select.having.clone();
        for (_, value) in &outputs.columns {
            self.check_grouped(value, &grouped);
        }
        if let Some(having) = &having {
            self.check_grouped(having, &grouped);
        }
        for key in &order {
            self.check_grouped(key, &grouped);
        }
        if let Some(RelationKind::Select(select)) = self
            .bound
            .relations
            .get_mut(id.0)
            .map(|relation| &mut relation.kind)
            && select.group.is_none()
        {
            select.group = Some(grouped.group);
        }
    }

    fn check_grouped(&mut self, expr: &Expr, grouped: &Grouped) {
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            let text = self.source.all();
            if grouped
                .group
                .keys
                .iter()
                .any(|key| is_same_in(text, key, expr))
            {
                continue;
            }
            match &expr.kind {
                ExprKind::Column(column) if column.relation == grouped.from => {
                    let written = self.written(*column, &expr.at);
                    let message = format!(
                        "'{written}' must be an aggregate expression or appear in GROUP BY clause"
                    );
                    self.problem_about(
                        "EXPRESSION_NOT_AGGREGATE",
                        message,
                        &expr.at,
                        About::NotGrouped(written),
                    );
                }
                ExprKind::Column(column) if column.relation == grouped.select => {}
                ExprKind::Call(call) if call.kind == CallKind::Aggregate => {
                    self.check_aggregate_arguments(expr);
                }
                ExprKind::Call(call) if call.name == "grouping" => {
                    self.check_grouping(expr, grouped);
                }
                ExprKind::Subquery { query, .. } => {
                    self.check_subquery(*query, &expr.at, grouped);
                    open.extend(expr.children().into_iter().rev());
                }
                _ => open.extend(expr.children().into_iter().rev()),
            }
        }
    }

    /// A column as it is written, or its name if what is written is a `*`.
    fn written(&self, column: ColumnId, at: &TextRange) -> String {
        let text = self.source.text(at);
        match self.name_of(column) {
            Some(name) if text.ends_with('*') => name,
            _ => text.to_owned(),
        }
    }

    fn check_aggregate_arguments(&mut self, expr: &Expr) {
        let ExprKind::Call(call) = &expr.kind else {
            return;
        };
        let mut nested = None;
        for child in expr.children() {
            child.visit(|part| {
                if let ExprKind::Call(inner) = &part.kind
                    && inner.kind != CallKind::Scalar
                {
                    nested.get_or_insert((inner.kind, part.at.clone()));
                }
                true
            });
        }
        match nested {
            Some((CallKind::Window, at)) => {
                let message = format!(
                    "Cannot nest window functions or row pattern measures inside aggregation '{}': [{}]",
                    call.name,
                    self.source.text(&at)
                );
                self.problem("NESTED_WINDOW", message, &expr.at);
            }
            Some((_, at)) => {
                let message = format!(
                    "Cannot nest aggregations inside aggregation '{}': [{}]",
                    call.name,
                    self.source.text(&at)
                );
                self.problem("NESTED_AGGREGATION", message, &expr.at);
            }
            None => {}
        }
    }

    fn check_grouping(&mut self, expr: &Expr, grouped: &Grouped) {
        let ExprKind::Call(call) = &expr.kind else {
            return;
        };
        for argument in &call.arguments {
            let text = self.source.all();
            if !grouped
                .group
                .keys
                .iter()
                .any(|key| is_same_in(text, key, argument))
            {
                let message = format!(
                    "The arguments to GROUPING() must be expressions referenced by the GROUP BY. Mismatch due to {}",
                    self.source.text(&argument.at)
                );
                self.problem("INVALID_ARGUMENTS", message, &argument.at);
            }
        }
    }

    /// A subquery may use only those of the grouped query's columns that are grouped by.
    fn check_subquery(&mut self, query: RelationId, at: &TextRange, grouped: &Grouped) {
        let mut names = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![query];
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(relation) = self.bound.relation(id) else {
                continue;
            };
            open.extend(relation.kind.inputs());
            let computed = relation
                .columns
                .iter()
                .filter_map(|column| match &column.value {
                    Value::Computed(expr) => Some(expr.as_ref()),
                    _ => None,
                });
            for column in &relation.columns {
                if let Value::Passed(of) = column.value
                    && of.relation == grouped.from
                    && id != grouped.from
                {
                    names.push((of, column.at.clone()));
                }
            }
            for expr in relation.kind.expressions().into_iter().chain(computed) {
                expr.visit(|part| {
                    match &part.kind {
                        ExprKind::Column(column) if column.relation == grouped.from => {
                            names.push((*column, part.at.clone()));
                        }
                        ExprKind::Subquery { query, .. } => open.push(*query),
                        _ => {}
                    }
                    true
                });
            }
        }
        for (column, place) in names {
            let is_key = grouped
                .group
                .keys
                .iter()
                .any(|key| matches!(key.kind, ExprKind::Column(key) if key == column));
            if !is_key {
                let written = self.source.text(&place).to_owned();
                let message =
                    format!("Subquery uses '{written}' which must appear in GROUP BY clause");
                self.problem_about(
                    "EXPRESSION_NOT_AGGREGATE",
                    message,
                    at,
                    About::NotGrouped(written),
                );
            }
        }
    }
}
