//! Subqueries within expressions.

use datafusion::common::Spans;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery};
use sqlparser::ast;
use townlake_sql::types::{Type, common_super_type, compare_with_query};

use super::expression::{Env, boolean};
use super::scope::{Field, Relation};
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::has_floats;
use crate::udf;

impl Binder<'_> {
    /// `EXISTS (query)`
    pub(super) fn exists(&self, query: &ast::Query, negated: bool, env: &Env<'_>) -> Result<Typed> {
        let relation = self.inner(query, env)?;
        Ok(boolean(Expr::Exists(Exists::new(
            subquery(relation.plan),
            negated,
        ))))
    }

    /// `expr IN (query)`
    pub(super) fn in_subquery(
        &self,
        expr: &ast::Expr,
        query: &ast::Query,
        negated: bool,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let value = self.expression(expr, env)?;
        let relation = self.inner(query, env)?;
        let field = only(&relation)?;
        compare_with_query(None, &value.ty, std::slice::from_ref(&field.ty))?;
        let common = common_super_type(&value.ty, &field.ty)
            .ok_or_else(|| Failure::unsupported("IN (SELECT ...) over a row of one column"))?;
        if matches!(
            common,
            Type::Json | Type::Array(_) | Type::Map(..) | Type::Row(_)
        ) || has_floats(&common)
        {
            return Err(Failure::unsupported(format!(
                "IN (SELECT ...) over {common}"
            )));
        }
        let symbol = self.symbol("in");
        let inner = self.coerce(field.value(), &common)?;
        let value = self.coerce(value.clone(), &common)?;
        let plan = LogicalPlanBuilder::from(relation.plan)
            .project(vec![inner.expr.alias(&symbol)])?
            .build()?;
        Ok(boolean(Expr::InSubquery(InSubquery::new(
            Box::new(value.expr),
            subquery(plan),
            negated,
        ))))
    }

    /// `(query)` as a value
    pub(super) fn scalar_subquery(&self, query: &ast::Query, env: &Env<'_>) -> Result<Typed> {
        let relation = self.inner(query, env)?;
        let field = only(&relation)?;
        let result = field.value();
        let symbol = self.symbol("scalar");
        let one_row = single_row(&relation.plan);
        let correlated = !relation.plan.all_out_ref_exprs().is_empty();
        let value = result.expr.clone();
        let builder = LogicalPlanBuilder::from(relation.plan);
        let plan = if correlated && !one_row {
            // More rows than one must fail rather than multiply.
            let aggregate = udf::aggregate::single_value(&result.ty)
                .call(vec![value])
                .alias(&symbol);
            builder
                .aggregate(Vec::<Expr>::new(), vec![aggregate])?
                .build()?
        } else {
            builder.project(vec![value.alias(&symbol)])?.build()?
        };
        Ok(result.with(Expr::ScalarSubquery(subquery(plan))))
    }

    fn inner(&self, query: &ast::Query, env: &Env<'_>) -> Result<Relation> {
        if env.aggregation.is_some() {
            // Its outer names would be those before grouping.
            let relation = self.query(query, env.names, None)?;
            return Ok(relation);
        }
        self.query(query, env.names, Some(env.scope))
    }
}

fn subquery(plan: LogicalPlan) -> Subquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Subquery {
        subquery: std::sync::Arc::new(plan),
        outer_ref_columns,
        spans: Spans::new(),
    }
}

fn only(relation: &Relation) -> Result<&Field> {
    match relation.fields.as_slice() {
        [field] => Ok(field),
        fields => Err(Failure::unsupported(format!(
            "A subquery with {} columns as a value",
            fields.len()
        ))),
    }
}

/// Whether the plan gives one row at most, whatever is in its tables.
fn single_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::Projection(projection) => single_row(&projection.input),
        LogicalPlan::Sort(sort) => single_row(&sort.input),
        LogicalPlan::EmptyRelation(_) => true,
        _ => false,
    }
}
