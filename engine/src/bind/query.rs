//! Queries: WITH, set operations, VALUES, ORDER BY, LIMIT.

use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr};
use sqlparser::ast::{
    self, LimitClause, OrderByKind, SetExpr, SetOperator, SetQuantifier, Spanned,
};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, common_super_type};

use super::expression::Env;
use super::relation::aliased;
use super::scope::{Field, Relation, Scope};
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::arrow_type;

/// The WITH queries in reach of a name.
#[derive(Clone, Copy, Default)]
pub struct Names<'n> {
    own: &'n [Cte<'n>],
    outer: Option<&'n Names<'n>>,
}

/// A WITH query. It is bound anew wherever it is named, as Trino does.
pub struct Cte<'n> {
    name: String,
    alias: &'n ast::TableAlias,
    query: &'n ast::Query,
    names: Names<'n>,
}

impl<'n> Names<'n> {
    /// The WITH query of a name.
    pub fn find(&self, name: &str) -> Option<&'n Cte<'n>> {
        let mut names = Some(self);
        while let Some(level) = names {
            if let Some(cte) = level.own.iter().rev().find(|cte| cte.name == name) {
                return Some(cte);
            }
            names = level.outer;
        }
        None
    }
}

/// How ORDER BY finds its columns: in the select list, or in what is behind it.
pub(super) struct Ordered {
    pub relation: Relation,
    pub hidden: bool,
}

impl Binder<'_> {
    /// A query. `parent` is the scope of the query around it, for correlated subqueries.
    pub(super) fn query(
        &self,
        query: &ast::Query,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        let ast::Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty()
            || for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty()
        {
            return Err(Failure::unsupported("A clause after the query"));
        }
        match with {
            None => self.deeper(|| self.body(body, order_by, limit_clause, fetch, names, parent)),
            Some(with) => {
                if with.recursive {
                    return Err(Failure::unsupported("WITH RECURSIVE"));
                }
                self.with(&with.cte_tables, 0, names, &|names| {
                    self.body(body, order_by, limit_clause, fetch, names, parent)
                })
            }
        }
    }

    /// Each WITH query sees those before it. Done by recursion, so that each level can borrow the one
    /// around it.
    fn with(
        &self,
        ctes: &[ast::Cte],
        done: usize,
        names: &Names<'_>,
        then: &dyn Fn(&Names<'_>) -> Result<Relation>,
    ) -> Result<Relation> {
        let Some(cte) = ctes.get(done) else {
            return then(names);
        };
        let name = cte.alias.name.value.to_lowercase();
        if cte.from.is_some() || cte.materialized.is_some() {
            return Err(Failure::unsupported("This form of WITH"));
        }
        let earlier = ctes.get(..done).unwrap_or_default();
        if earlier
            .iter()
            .any(|other| other.alias.name.value.to_lowercase() == name)
        {
            return Err(Failure::new(
                ErrorCode::DuplicateNamedQuery,
                format!("WITH query name '{name}' specified more than once"),
            )
            .at(cte.alias.name.span));
        }
        let own = [Cte {
            name,
            alias: &cte.alias,
            query: &cte.query,
            names: *names,
        }];
        let names = Names {
            own: &own,
            outer: Some(names),
        };
        // Bound once here even if nothing names it: Trino checks it all the same.
        if let Some(cte) = own.first() {
            self.cte(cte, &cte.name)?;
        }
        self.deeper(|| self.with(ctes, done + 1, &names, then))
    }

    /// A WITH query where it is named.
    pub(super) fn cte(&self, cte: &Cte<'_>, name: &str) -> Result<Relation> {
        let mut relation = self.deeper(|| self.query(cte.query, &cte.names, None))?;
        if cte.alias.columns.is_empty() {
            for field in &mut relation.fields {
                field.relation = vec![name.to_owned()];
            }
            return Ok(relation);
        }
        aliased(relation, Some(cte.alias))
    }

    fn body(
        &self,
        body: &SetExpr,
        order_by: &Option<ast::OrderBy>,
        limit: &Option<LimitClause>,
        fetch: &Option<ast::Fetch>,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        let order_by: &[ast::OrderByExpr] = match order_by {
            None => &[],
            Some(ast::OrderBy {
                kind: OrderByKind::Expressions(list),
                interpolate: None,
            }) => list,
            Some(_) => return Err(Failure::unsupported("This form of ORDER BY")),
        };
        let ordered = match body {
            SetExpr::Select(select) => self.select(select, order_by, names, parent)?,
            other => {
                let relation = self.set(other, names, parent)?;
                self.order(relation, order_by, names, parent)?
            }
        };
        let mut relation = ordered.relation;
        let (skip, take) = self.limits(limit, fetch)?;
        if skip.is_some() || take.is_some() {
            let skip = skip.unwrap_or(0);
            relation.plan = LogicalPlanBuilder::from(relation.plan)
                .limit(skip, take)?
                .build()?;
        }
        if ordered.hidden {
            let columns = relation
                .fields
                .iter()
                .map(|field| Expr::Column(Column::new_unqualified(&field.symbol)));
            relation.plan = LogicalPlanBuilder::from(relation.plan)
                .project(columns)?
                .build()?;
        }
        Ok(relation)
    }

    fn set(
        &self,
        body: &SetExpr,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        match body {
            SetExpr::Select(select) => Ok(self.select(select, &[], names, parent)?.relation),
            SetExpr::Query(query) => self.query(query, names, parent),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let all = match set_quantifier {
                    SetQuantifier::All => true,
                    SetQuantifier::Distinct | SetQuantifier::None => false,
                    _ => return Err(Failure::unsupported("BY NAME in a set operation")),
                };
                let place = right.span();
                let left = self.deeper(|| self.set(left, names, parent))?;
                let right = self.deeper(|| self.set(right, names, parent))?;
                self.set_operation(*op, all, left, right)
                    .map_err(|f| f.at(place))
            }
            SetExpr::Values(values) => self.values(values, names, parent),
            _ => Err(Failure::unsupported("A statement that writes")),
        }
    }

    fn set_operation(
        &self,
        op: SetOperator,
        all: bool,
        left: Relation,
        right: Relation,
    ) -> Result<Relation> {
        let operation = match op {
            SetOperator::Union => "UNION",
            SetOperator::Intersect => "INTERSECT",
            SetOperator::Except => "EXCEPT",
            SetOperator::Minus => {
                return Err(Failure::new(
                    ErrorCode::SyntaxError,
                    "MINUS is EXCEPT in this dialect",
                ));
            }
        };
        if left.fields.len() != right.fields.len() {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "{operation} query has different number of fields: {}, {}",
                    left.fields.len(),
                    right.fields.len()
                ),
            ));
        }
        let mut fields = Vec::new();
        let (mut l, mut r) = (Vec::new(), Vec::new());
        for (i, (a, b)) in left.fields.iter().zip(&right.fields).enumerate() {
            let common = common_super_type(&a.ty, &b.ty).ok_or_else(|| {
                Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "column {} in {operation} query has incompatible types: {}, {}",
                        i + 1,
                        a.ty.in_messages(),
                        b.ty.in_messages()
                    ),
                )
            })?;
            if (op != SetOperator::Union || !all) && !common.is_comparable() {
                return Err(Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "Type {} is not comparable and therefore cannot be used in {operation}",
                        common.in_messages()
                    ),
                ));
            }
            let symbol = self.symbol(a.name.as_deref().unwrap_or("column"));
            let sides = self.unified(vec![a.value(), b.value()], &common)?;
            let [left, right] = sides.as_slice() else {
                return Err(Failure::internal(
                    "a column of a set operation lacks a side",
                ));
            };
            l.push(left.expr.clone().alias(&symbol));
            r.push(right.expr.clone().alias(&symbol));
            let mut field = Field::computed(a.name.clone(), symbol, left);
            field.label.clone_from(&a.label);
            fields.push(field);
        }
        let left = LogicalPlanBuilder::from(left.plan).project(l)?;
        let right = LogicalPlanBuilder::from(right.plan).project(r)?.build()?;
        let plan = match (op, all) {
            (SetOperator::Union, true) => left.union(right)?.build()?,
            (SetOperator::Union, false) => left.union(right)?.distinct()?.build()?,
            (SetOperator::Intersect, false) => {
                LogicalPlanBuilder::intersect(left.build()?, right, false)?
            }
            (SetOperator::Except, false) => {
                LogicalPlanBuilder::except(left.build()?, right, false)?
            }
            _ => return Err(Failure::unsupported(format!("{operation} ALL"))),
        };
        // Set operations may qualify or rename; what comes next counts on the names.
        let schema = plan.schema().clone();
        let projection = fields
            .iter()
            .zip(schema.columns())
            .map(|(field, column)| Expr::Column(column).alias(&field.symbol));
        let plan = LogicalPlanBuilder::from(plan.clone())
            .project(projection)?
            .build()?;
        Ok(Relation { plan, fields })
    }

    fn values(
        &self,
        values: &ast::Values,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        let scope = Scope {
            fields: &[],
            parent,
        };
        let env = Env::plain(&scope, names, "VALUES");
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &values.rows {
            let row = row
                .content
                .iter()
                .map(|expr| self.expression(expr, &env))
                .collect::<Result<Vec<_>>>()?;
            rows.push(self.value_row(row));
        }
        let width = rows.first().map_or(0, Vec::len);
        let mut types = vec![Type::Unknown; width];
        for row in &rows {
            if row.len() != width {
                return Err(Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "Values rows have mismatched sizes: {width} vs {}",
                        row.len()
                    ),
                ));
            }
            for (ty, value) in types.iter_mut().zip(row) {
                *ty = common_super_type(ty, &value.ty).ok_or_else(|| {
                    Failure::new(
                        ErrorCode::TypeMismatch,
                        format!(
                            "Values rows have mismatched types: {} vs {}",
                            ty.in_messages(),
                            value.ty.in_messages()
                        ),
                    )
                })?;
            }
        }
        let mut schema = Vec::new();
        let mut fields = Vec::new();
        let mut exprs: Vec<Vec<Expr>> = vec![Vec::with_capacity(width); rows.len()];
        for (i, ty) in types.iter().enumerate() {
            let symbol = self.symbol(&format!("col{i}"));
            schema.push(datafusion::arrow::datatypes::Field::new(
                &symbol,
                arrow_type(ty),
                true,
            ));
            let column = rows.iter().filter_map(|row| row.get(i).cloned()).collect();
            let column = self.unified(column, ty)?;
            if let Some(first) = column.first() {
                fields.push(Field::computed(None, symbol, first));
            }
            for (row, value) in exprs.iter_mut().zip(column) {
                row.push(value.expr);
            }
        }
        let schema = Self::arc(DFSchema::try_from(
            datafusion::arrow::datatypes::Schema::new(schema),
        )?);
        let plan = LogicalPlanBuilder::values_with_schema(exprs, &schema)?.build()?;
        // Whatever the node calls its columns, they get our names.
        let projection: Vec<Expr> = fields
            .iter()
            .zip(plan.schema().columns())
            .map(|(field, column)| Expr::Column(column).alias(&field.symbol))
            .collect();
        let plan = LogicalPlanBuilder::from(plan)
            .project(projection)?
            .build()?;
        Ok(Relation { plan, fields })
    }

    /// `VALUES ROW(1, 2)` is the same as `VALUES (1, 2)`.
    fn value_row(&self, row: Vec<Typed>) -> Vec<Typed> {
        if let [
            Typed {
                ty: Type::Row(fields),
                ..
            },
        ] = row.as_slice()
        {
            let fields = fields.clone();
            if let Some(value) = row.first() {
                return fields
                    .iter()
                    .enumerate()
                    .map(|(i, (_, ty))| crate::udf::row::field(value.clone(), i, ty.clone()))
                    .collect();
            }
        }
        row
    }

    /// ORDER BY over a set operation or VALUES: only its own columns are in reach.
    fn order(
        &self,
        relation: Relation,
        order_by: &[ast::OrderByExpr],
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Ordered> {
        if order_by.is_empty() {
            return Ok(Ordered {
                relation,
                hidden: false,
            });
        }
        let scope = Scope {
            fields: &relation.fields,
            parent,
        };
        let env = Env::plain(&scope, names, "ORDER BY");
        let mut keys = Vec::new();
        for item in order_by {
            let value = match ordinal(&item.expr, &relation.fields)? {
                Some(field) => field.value(),
                None => self.expression(&item.expr, &env)?,
            };
            keys.push(self.sort_key(item, value)?);
        }
        let mut fields = relation.fields;
        for field in &mut fields {
            field.origin = None;
        }
        // The keys may need columns of their own below the sort.
        let plan = LogicalPlanBuilder::from(relation.plan)
            .sort(keys)?
            .build()?;
        Ok(Ordered {
            relation: Relation { plan, fields },
            hidden: true,
        })
    }

    /// A sort key; nulls come last unless the statement says otherwise.
    pub(super) fn sort_key(&self, item: &ast::OrderByExpr, value: Typed) -> Result<SortExpr> {
        if item.with_fill.is_some() {
            return Err(Failure::unsupported("WITH FILL"));
        }
        if !value.ty.is_orderable() {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Type {} is not orderable, and therefore cannot be used in ORDER BY: {}",
                    value.ty.in_messages(),
                    item.expr
                ),
            )
            .at(item.span()));
        }
        if matches!(value.ty, Type::Array(_) | Type::Row(_)) {
            return Err(Failure::unsupported(format!("ORDER BY {}", value.ty)));
        }
        let ascending = item.options.asc.unwrap_or(true);
        let nulls_first = item.options.nulls_first.unwrap_or(false);
        Ok(SortExpr::new(value.expr, ascending, nulls_first))
    }

    fn limits(
        &self,
        limit: &Option<LimitClause>,
        fetch: &Option<ast::Fetch>,
    ) -> Result<(Option<usize>, Option<usize>)> {
        let (mut skip, mut take) = (None, None);
        match limit {
            None => {}
            Some(LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) if limit_by.is_empty() => {
                if let Some(limit) = limit {
                    take = Some(self.row_count(limit, "LIMIT")?);
                }
                if let Some(offset) = offset {
                    skip = Some(self.row_count(&offset.value, "OFFSET")?);
                }
            }
            Some(_) => return Err(Failure::unsupported("This form of LIMIT")),
        }
        if let Some(fetch) = fetch {
            if fetch.with_ties || fetch.percent {
                return Err(Failure::unsupported("FETCH FIRST ... WITH TIES or PERCENT"));
            }
            take = Some(match &fetch.quantity {
                Some(quantity) => {
                    let n = self.row_count(quantity, "FETCH FIRST")?;
                    if n == 0 {
                        return Err(Failure::new(
                            ErrorCode::InvalidLimitClause,
                            "FETCH FIRST row count must be positive (actual value: 0)",
                        ));
                    }
                    n
                }
                None => 1,
            });
        }
        Ok((skip, take))
    }

    fn row_count(&self, expr: &ast::Expr, clause: &str) -> Result<usize> {
        let scope = Scope {
            fields: &[],
            parent: None,
        };
        let names = Names::default();
        let value = self.expression(expr, &Env::plain(&scope, &names, "LIMIT"))?;
        match value.constant() {
            Some(ScalarValue::Int32(Some(n))) if *n >= 0 => Ok(usize::try_from(*n).unwrap_or(0)),
            Some(ScalarValue::Int64(Some(n))) if *n >= 0 => {
                Ok(usize::try_from(*n).unwrap_or(usize::MAX))
            }
            _ => Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!("{clause} must be a non-negative integer"),
            )
            .at(expr.span())),
        }
    }
}

/// The column that an ORDER BY or GROUP BY number stands for; nothing if it is no number.
///
/// # Errors
/// The number is out of range.
pub(super) fn ordinal<'f>(expr: &ast::Expr, fields: &'f [Field]) -> Result<Option<&'f Field>> {
    let Some(n) = ordinal_number(expr) else {
        return Ok(None);
    };
    match n.checked_sub(1).and_then(|i| fields.get(i)) {
        Some(field) => Ok(Some(field)),
        None => Err(Failure::new(
            ErrorCode::InvalidColumnReference,
            format!("ORDER BY position {n} is not in select list"),
        )
        .at(expr.span())),
    }
}

/// The integer that the expression is, if it is one.
pub(super) fn ordinal_number(expr: &ast::Expr) -> Option<usize> {
    match expr {
        ast::Expr::Value(ast::ValueWithSpan {
            value: ast::Value::Number(text, _),
            ..
        }) => text.parse().ok(),
        _ => None,
    }
}
