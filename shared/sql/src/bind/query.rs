//! Queries: WITH, the body, ORDER BY, OFFSET and LIMIT around it.

use sqlparser::ast::{
    Expr as Tree, Fetch, LimitClause, OrderByKind, Query, SetExpr, Spanned, Table as TableTree,
    Value as Constant, Values,
};

use super::Binder;
use super::names::ScopeId;
use super::select::fields;
use super::source::union;
use super::typing;
use crate::bound::{
    Column, Expr, ExprKind, Known, Limit, Relation, RelationId, RelationKind, SortKey, TextRange,
    Value,
};
use crate::types::Type;

/// What stands behind a query's body.
pub(super) struct Tail<'q> {
    pub(super) order: &'q [sqlparser::ast::OrderByExpr],
    pub(super) limit: Option<&'q LimitClause>,
    pub(super) fetch: Option<&'q Fetch>,
}

impl Tail<'_> {
    fn is_empty(&self) -> bool {
        self.order.is_empty() && self.limit.is_none() && self.fetch.is_none()
    }
}

impl Binder<'_> {
    /// A query, correlated with the scope around it if there is one.
    pub(super) fn query(&mut self, query: &Query, parent: Option<ScopeId>) -> RelationId {
        let at = self.source.range(query.span());
        self.deeper(
            &at,
            |binder| binder.nothing(&at),
            |binder| {
                let outer = binder.names.queries.len();
                if let Some(with) = &query.with {
                    binder.with(with, parent);
                }
                let tail = Tail {
                    order: match &query.order_by {
                        Some(order) => match &order.kind {
                            OrderByKind::Expressions(keys) => keys,
                            OrderByKind::All(_) => &[],
                        },
                        None => &[],
                    },
                    limit: query.limit_clause.as_ref(),
                    fetch: query.fetch.as_ref(),
                };
                let relation = match query.body.as_ref() {
                    SetExpr::Select(select) => binder.select(select, &tail, parent),
                    body => {
                        let relation = binder.body(body, parent);
                        binder.sorted(relation, &tail, parent, &at)
                    }
                };
                binder.names.queries.truncate(outer);
                relation
            },
        )
    }

    /// The part of a query between WITH and ORDER BY.
    pub(super) fn body(&mut self, body: &SetExpr, parent: Option<ScopeId>) -> RelationId {
        const NO_TAIL: Tail<'static> = Tail {
            order: &[],
            limit: None,
            fetch: None,
        };
        match body {
            SetExpr::Select(select) => self.select(select, &NO_TAIL, parent),
            SetExpr::Query(query) => self.query(query, parent),
            SetExpr::SetOperation { .. } => self.set_operations(body, parent),
            SetExpr::Values(values) => self.values(values, parent),
            SetExpr::Table(table) => self.table_query(table, body),
            _ => {
                let at = self.source.range(body.span());
                self.nothing(&at)
            }
        }
    }

    /// A relation of which nothing is known.
    pub(super) fn nothing(&mut self, at: &TextRange) -> RelationId {
        self.push(Relation {
            kind: RelationKind::Opaque {
                what: "not followed".to_owned(),
                inputs: Vec::new(),
                arguments: Vec::new(),
                detail: self.source.spelled(at),
            },
            columns: Vec::new(),
            complete: false,
            at: at.clone(),
        })
    }

    /// `TABLE t`.
    fn table_query(&mut self, table: &TableTree, body: &SetExpr) -> RelationId {
        let at = self.source.range(body.span());
        let parts: Vec<String> = [&table.schema_name, &table.table_name]
            .into_iter()
            .flatten()
            .map(|part| part.to_lowercase())
            .collect();
        self.table(&parts, &at, None).relation
    }

    /// ORDER BY and LIMIT around a set operation or VALUES: only its own columns can be named.
    fn sorted(
        &mut self,
        of: RelationId,
        tail: &Tail<'_>,
        parent: Option<ScopeId>,
        at: &TextRange,
    ) -> RelationId {
        if tail.is_empty() {
            return of;
        }
        let shape = self.shape(of, None);
        let scope = self.names.open(vec![shape], parent);
        let order = self.order_by_outputs(tail.order, of, scope);
        let limit = self.limit(tail, scope);
        let columns = self.passed(of);
        let complete = self.is_complete(of);
        self.push(Relation {
            kind: RelationKind::Sorted { of, order, limit },
            columns,
            complete,
            at: at.clone(),
        })
    }

    /// ORDER BY where every name is a column of the relation.
    fn order_by_outputs(
        &mut self,
        order: &[sqlparser::ast::OrderByExpr],
        of: RelationId,
        scope: ScopeId,
    ) -> Vec<SortKey> {
        order
            .iter()
            .map(|item| {
                let expr = match self.ordinal(&item.expr, of, "ORDER BY") {
                    Some(expr) => expr,
                    None => {
                        let expr = self.expression(&item.expr, scope);
                        self.no_aggregates(&expr, "ORDER BY clause");
                        expr
                    }
                };
                self.sort_key(item, expr)
            })
            .collect()
    }

    /// OFFSET, LIMIT and FETCH FIRST.
    pub(super) fn limit(&mut self, tail: &Tail<'_>, scope: ScopeId) -> Option<Limit> {
        if tail.limit.is_none() && tail.fetch.is_none() {
            return None;
        }
        let mut limit = Limit {
            offset: None,
            count: None,
            one: tail.fetch.is_some_and(|fetch| fetch.quantity.is_none()),
            with_ties: false,
            at: 0..0,
        };
        match tail.limit {
            Some(LimitClause::LimitOffset {
                limit: count,
                offset,
                ..
            }) => {
                limit.offset = offset
                    .as_ref()
                    .map(|offset| self.expression(&offset.value, scope));
                limit.count = count.as_ref().map(|count| self.expression(count, scope));
            }
            Some(LimitClause::OffsetCommaLimit {
                offset,
                limit: count,
            }) => {
                limit.offset = Some(self.expression(offset, scope));
                limit.count = Some(self.expression(count, scope));
            }
            None => {}
        }
        if let Some(fetch) = tail.fetch {
            limit.with_ties = fetch.with_ties;
            if let Some(quantity) = &fetch.quantity {
                let count = self.expression(quantity, scope);
                if is_zero(quantity) {
                    let message = "FETCH FIRST row count must be positive (actual value: 0)";
                    self.problem("INVALID_LIMIT_CLAUSE", message, &count.at);
                }
                limit.count = Some(count);
            }
            if fetch.with_ties && tail.order.is_empty() {
                let at = limit.count.as_ref().map_or(0..0, |count| count.at.clone());
                let message = "FETCH FIRST WITH TIES clause requires ORDER BY";
                self.problem("MISSING_ORDER_BY", message, &at);
            }
        }
        for part in [&limit.offset, &limit.count].into_iter().flatten() {
            limit.at = union(&limit.at, &part.at);
        }
        Some(limit)
    }

    fn values(&mut self, values: &Values, parent: Option<ScopeId>) -> RelationId {
        let scope = self.names.open(Vec::new(), parent);
        let mut rows: Vec<Vec<Expr>> = Vec::new();
        let mut at = 0..0;
        for row in &values.rows {
            let mut cells: Vec<Expr> = Vec::new();
            for cell in &row.content {
                let cell = self.expression(cell, scope);
                self.no_aggregates(&cell, "VALUES clause");
                at = union(&at, &cell.at);
                cells.push(cell);
            }
            rows.push(unpacked(cells));
        }
        let width = rows.first().map_or(0, Vec::len);
        let mut types: Vec<Known<Type>> = rows
            .first()
            .map(|row| row.iter().map(|cell| cell.ty.clone()).collect())
            .unwrap_or_default();
        let row_type = |types: &[Known<Type>]| typing::list_of_types(types);
        for row in rows.iter().skip(1) {
            let place = row.first().map_or(at.clone(), |cell| cell.at.clone());
            if row.len() != width {
                let message = format!(
                    "Values rows have mismatched sizes: {width} vs {}",
                    row.len()
                );
                self.problem("TYPE_MISMATCH", message, &place);
                continue;
            }
            let found: Vec<Known<Type>> = row.iter().map(|cell| cell.ty.clone()).collect();
            let together: Option<Vec<Known<Type>>> = types
                .iter()
                .zip(&found)
                .map(|(left, right)| typing::common(left, right))
                .collect();
            match together {
                Some(together) => types = together,
                None => {
                    let message = format!(
                        "Values rows have mismatched types: {} vs {}",
                        row_type(&types),
                        row_type(&found)
                    );
                    self.problem("TYPE_MISMATCH", message, &place);
                }
            }
        }
        let columns = rows
            .first()
            .into_iter()
            .flatten()
            .zip(types)
            .map(|(cell, ty)| Column {
                name: None,
                ty,
                at: cell.at.clone(),
                value: Value::Computed(Box::new(cell.clone())),
                hidden: false,
            })
            .collect();
        self.push(Relation {
            kind: RelationKind::Values(rows),
            columns,
            complete: true,
            at,
        })
    }
}

/// `VALUES ROW(1, 2)` is the same as `VALUES (1, 2)`, and so is any other value of such a type.
fn unpacked(mut cells: Vec<Expr>) -> Vec<Expr> {
    match cells.as_mut_slice() {
        [
            Expr {
                kind: ExprKind::Row(parts),
                ..
            },
        ] => std::mem::take(parts),
        [row] => {
            let parts = fields(row);
            if parts.is_empty() {
                return cells;
            }
            parts.into_iter().map(|(_, value)| value).collect()
        }
        _ => cells,
    }
}

fn is_zero(expr: &Tree) -> bool {
    matches!(expr, Tree::Value(value)
        if matches!(&value.value, Constant::Number(text, _) if text == "0"))
}
