//! Aggregate functions: which there are, and how each becomes DataFusion's.

mod pairs;

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::functions_aggregate as functions;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Cast, Expr, SortExpr};
use sqlparser::ast::{self, Spanned};
use townlake_protocol::trino::ErrorCode;

use super::expression::Env;
use super::scope::Field;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce};
use crate::udf;

/// A GROUP BY key.
pub struct Group {
    /// What it is, over the rows before grouping.
    pub value: Typed,
    /// The column that holds it.
    pub symbol: String,
}

/// The aggregation of a SELECT while its expressions are bound.
pub struct Aggregation {
    pub(super) groups: Vec<Group>,
    collected: RefCell<Vec<(Expr, String)>>,
}

impl Aggregation {
    /// Over these keys.
    pub fn new(groups: Vec<Group>) -> Self {
        Self {
            groups,
            collected: RefCell::default(),
        }
    }

    /// The keys and the aggregate expressions, each named by its symbol.
    pub fn into_parts(self) -> (Vec<Group>, Vec<Expr>) {
        let collected = self
            .collected
            .into_inner()
            .into_iter()
            .map(|(expr, symbol)| expr.alias(symbol))
            .collect();
        (self.groups, collected)
    }

    fn collect(&self, binder: &Binder<'_>, expr: Expr, ty: Type) -> Typed {
        let mut collected = self.collected.borrow_mut();
        if let Some((_, symbol)) = collected.iter().find(|(other, _)| *other == expr) {
            return Typed::column(symbol, ty);
        }
        let symbol = binder.symbol("agg");
        collected.push((expr, symbol.clone()));
        Typed::column(&symbol, ty)
    }
}

/// Aggregates of Trino's; those that the engine does not have are here too, so that they are told apart
/// from functions that nobody has.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_distinct",
    "approx_most_frequent",
    "approx_percentile",
    "approx_set",
    "arbitrary",
    "array_agg",
    "avg",
    "bitwise_and_agg",
    "bitwise_or_agg",
    "bitwise_xor_agg",
    "bool_and",
    "bool_or",
    "checksum",
    "corr",
    "count",
    "count_if",
    "covar_pop",
    "covar_samp",
    "every",
    "geometric_mean",
    "histogram",
    "kurtosis",
    "listagg",
    "map_agg",
    "map_union",
    "max",
    "max_by",
    "merge",
    "min",
    "min_by",
    "multimap_agg",
    "numeric_histogram",
    "qdigest_agg",
    "reduce_agg",
    "regr_intercept",
    "regr_slope",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "tdigest_agg",
    "var_pop",
    "var_samp",
    "variance",
];

/// Whether a function's name is that of an aggregate.
pub fn is_aggregate(name: &str) -> bool {
    AGGREGATES.binary_search(&name).is_ok()
}

/// Whether the expression has an aggregate of its own query in it (those of subqueries do not count, nor
/// does the function that stands before OVER).
pub fn has_aggregate(expr: &ast::Expr) -> bool {
    struct Finder {
        depth: usize,
        found: bool,
    }
    impl ast::Visitor for Finder {
        type Break = ();
        fn pre_visit_query(&mut self, _: &ast::Query) -> std::ops::ControlFlow<()> {
            self.depth += 1;
            std::ops::ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &ast::Query) -> std::ops::ControlFlow<()> {
            self.depth -= 1;
            std::ops::ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &ast::Expr) -> std::ops::ControlFlow<()> {
            if self.depth == 0
                && let ast::Expr::Function(function) = expr
                && function.over.is_none()
                && is_aggregate(&function.name.to_string().to_lowercase())
            {
                self.found = true;
                return std::ops::ControlFlow::Break(());
            }
            std::ops::ControlFlow::Continue(())
        }
    }
    let mut finder = Finder {
        depth: 0,
        found: false,
    };
    let _ = ast::Visit::visit(expr, &mut finder);
    finder.found
}

/// What stands around an aggregate's arguments.
pub(super) struct Clauses {
    pub distinct: bool,
    pub filter: Option<Expr>,
    pub order_by: Vec<SortExpr>,
}

/// An aggregate as DataFusion computes it: one or more plain aggregates, and what is made of them.
pub(super) struct Plan {
    pub parts: Vec<Part>,
    pub finish: Finish,
}

pub(super) struct Part {
    pub function: Arc<AggregateUDF>,
    pub args: Vec<Expr>,
    pub ty: Type,
    pub filter: Option<Expr>,
}

pub(super) type Finish = Box<dyn Fn(&Binder<'_>, Vec<Typed>) -> Result<Typed>>;

impl Binder<'_> {
    /// Refuses to group by what Arrow does not group as Trino does.
    pub(super) fn groupable(&self, ty: &Type) -> Result<()> {
        match ty {
            Type::Json | Type::Map(..) => Err(Failure::unsupported(format!(
                "Grouping or DISTINCT over {ty}"
            ))),
            ty if ty.has_floats() && !matches!(ty, Type::Real | Type::Double) => Err(
                Failure::unsupported(format!("Grouping or DISTINCT over {ty}")),
            ),
            _ => Ok(()),
        }
    }

    /// A column of the source within a grouped SELECT's `*`.
    pub(super) fn group_field(&self, field: &Field, env: &Env<'_>) -> Result<Typed> {
        let value = self.field_expr(field, 0)?;
        match env.aggregation {
            None => Ok(value),
            Some(aggregation) => aggregation
                .groups
                .iter()
                .find(|group| group.value.expr == value.expr)
                .map(|group| Typed::column(&group.symbol, group.value.ty.clone()))
                .ok_or_else(|| not_grouped(field.name.as_deref().unwrap_or("column"))),
        }
    }

    /// An aggregate function in a SELECT.
    pub(super) fn aggregate_call(
        &self,
        name: &str,
        function: &ast::Function,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let Some(aggregation) = env.aggregation else {
            return Err(Failure::new(
                ErrorCode::ExpressionNotScalar,
                format!(
                    "{} cannot contain aggregations, window functions or grouping operations: [{function}]",
                    env.clause
                ),
            )
            .at(function.span()));
        };
        let inner = Env {
            aggregation: None,
            windows: None,
            clause: "Arguments of an aggregate",
            ..*env
        };
        let (args, clauses) = self.aggregate_arguments(name, function, &inner)?;
        if let ast::FunctionArguments::List(list) = &function.args {
            for arg in &list.args {
                if let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) = arg
                    && has_aggregate(expr)
                {
                    return Err(Failure::new(
                        ErrorCode::NestedAggregation,
                        "Cannot nest aggregations inside aggregation",
                    )
                    .at(function.span()));
                }
            }
        }
        let plan = self
            .plan_aggregate(name, args, clauses.distinct)
            .map_err(|f| f.at(function.span()))?;
        let parts = plan
            .parts
            .into_iter()
            .map(|part| {
                let filter = match (part.filter, clauses.filter.clone()) {
                    (Some(a), Some(b)) => Some(Box::new(a.and(b))),
                    (a, b) => a.or(b).map(Box::new),
                };
                let expr = Expr::AggregateFunction(AggregateFunction::new_udf(
                    part.function,
                    part.args,
                    clauses.distinct,
                    filter,
                    clauses.order_by.clone(),
                    None,
                ));
                aggregation.collect(self, expr, part.ty)
            })
            .collect();
        (plan.finish)(self, parts)
    }

    /// The arguments and clauses of an aggregate, bound over the rows before grouping.
    pub(super) fn aggregate_arguments(
        &self,
        name: &str,
        function: &ast::Function,
        env: &Env<'_>,
    ) -> Result<(Vec<Typed>, Clauses)> {
        if !function.within_group.is_empty() || function.null_treatment.is_some() {
            return Err(Failure::unsupported(format!(
                "{name} with WITHIN GROUP or a null treatment"
            )));
        }
        let filter = match &function.filter {
            Some(filter) => Some(self.condition(filter, env, "FILTER clause")?),
            None => None,
        };
        let ast::FunctionArguments::List(list) = &function.args else {
            return Err(Failure::unsupported(format!(
                "{name} without arguments in brackets"
            )));
        };
        let distinct = matches!(
            list.duplicate_treatment,
            Some(ast::DuplicateTreatment::Distinct)
        );
        let mut order_by = Vec::new();
        for clause in &list.clauses {
            match clause {
                ast::FunctionArgumentClause::OrderBy(items) if name == "array_agg" => {
                    for item in items {
                        let value = self.expression(&item.expr, env)?;
                        order_by.push(self.sort_key(item, value)?);
                    }
                }
                // The order of the input makes no difference to any other aggregate here.
                ast::FunctionArgumentClause::OrderBy(items) => {
                    for item in items {
                        self.expression(&item.expr, env)?;
                    }
                }
                _ => return Err(Failure::unsupported(format!("A clause within {name}"))),
            }
        }
        let mut args = Vec::new();
        for arg in &list.args {
            match arg {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => {
                    args.push(self.expression(expr, env)?);
                }
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard) if name == "count" => {}
                _ => return Err(Failure::unsupported(format!("A named argument of {name}"))),
            }
        }
        Ok((
            args,
            Clauses {
                distinct,
                filter,
                order_by,
            },
        ))
    }

    /// How an aggregate is computed.
    pub(super) fn plan_aggregate(
        &self,
        name: &str,
        args: Vec<Typed>,
        distinct: bool,
    ) -> Result<Plan> {
        let one = |function: Arc<AggregateUDF>, args: Vec<Expr>, ty: Type| {
            Ok(Plan {
                parts: vec![Part {
                    function,
                    args,
                    ty,
                    filter: None,
                }],
                finish: Box::new(|_, parts| first(parts)),
            })
        };
        let types: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
        let unexpected = || {
            Failure::new(
                ErrorCode::FunctionNotFound,
                format!(
                    "Unexpected parameters ({}) for function {name}",
                    types.join(", ")
                ),
            )
        };
        match (name, args.as_slice()) {
            ("count", []) => one(
                functions::count::count_udaf(),
                vec![Typed::bigint(1).expr],
                Type::BigInt,
            ),
            ("count", [arg]) => {
                if distinct {
                    self.groupable(&arg.ty)?;
                }
                one(
                    functions::count::count_udaf(),
                    vec![arg.expr.clone()],
                    Type::BigInt,
                )
            }
            ("count_if", [arg]) if matches!(arg.ty, Type::Boolean | Type::Unknown) => {
                if distinct {
                    return Err(Failure::unsupported("count_if(DISTINCT ...)"));
                }
                let condition = self.coerce(arg.clone(), &Type::Boolean)?;
                Ok(Plan {
                    parts: vec![Part {
                        function: functions::count::count_udaf(),
                        args: vec![Typed::bigint(1).expr],
                        ty: Type::BigInt,
                        filter: Some(condition.expr.is_true()),
                    }],
                    finish: Box::new(|_, parts| first(parts)),
                })
            }
            ("sum", [arg]) => self.plan_sum(arg, unexpected),
            ("avg", [arg]) => self.plan_avg(arg, unexpected),
            ("min" | "max", [arg]) => {
                if !arg.ty.is_orderable() {
                    return Err(unexpected());
                }
                if matches!(
                    arg.ty,
                    Type::Array(_) | Type::Row(_) | Type::Real | Type::Double | Type::Varbinary
                ) && !matches!(arg.ty, Type::Real | Type::Double)
                {
                    return Err(Failure::unsupported(format!("{name}({})", arg.ty)));
                }
                let function = if name == "min" {
                    functions::min_max::min_udaf()
                } else {
                    functions::min_max::max_udaf()
                };
                one(function, vec![arg.expr.clone()], arg.ty.clone())
            }
            ("approx_distinct", [arg]) => {
                self.groupable(&arg.ty)?;
                Ok(Plan {
                    parts: vec![Part {
                        function: udf::aggregate::approx_distinct(),
                        args: vec![arg.expr.clone()],
                        ty: Type::BigInt,
                        filter: None,
                    }],
                    // DataFusion counts without a sign.
                    finish: Box::new(|_, parts| {
                        let count = first(parts)?;
                        let expr =
                            Expr::Cast(Cast::new(Box::new(count.expr), Type::BigInt.arrow()));
                        Ok(Typed::new(expr, Type::BigInt))
                    }),
                })
            }
            ("bool_and" | "every", [arg]) if matches!(arg.ty, Type::Boolean | Type::Unknown) => {
                let arg = self.coerce(arg.clone(), &Type::Boolean)?;
                one(
                    functions::bool_and_or::bool_and_udaf(),
                    vec![arg.expr],
                    Type::Boolean,
                )
            }
            ("bitwise_and_agg" | "bitwise_or_agg" | "bitwise_xor_agg", [arg])
                if can_coerce(&arg.ty, &Type::BigInt) =>
            {
                let arg = self.coerce(arg.clone(), &Type::BigInt)?;
                let function = match name {
                    "bitwise_and_agg" => functions::bit_and_or_xor::bit_and_udaf(),
                    "bitwise_or_agg" => functions::bit_and_or_xor::bit_or_udaf(),
                    _ => functions::bit_and_or_xor::bit_xor_udaf(),
                };
                one(function, vec![arg.expr], Type::BigInt)
            }
            ("corr" | "covar_pop" | "covar_samp" | "regr_slope" | "regr_intercept", [y, x])
                if y.ty.is_numeric() && x.ty.is_numeric() && !distinct =>
            {
                self.plan_pairs(name, y, x)
            }
            ("geometric_mean", [arg]) if arg.ty.is_numeric() => {
                let ty = match arg.ty {
                    Type::Real => Type::Real,
                    _ => Type::Double,
                };
                let logarithm = self.call("ln", vec![arg.clone()])?;
                Ok(Plan {
                    parts: vec![Part {
                        function: functions::average::avg_udaf(),
                        args: vec![logarithm.expr],
                        ty: Type::Double,
                        filter: None,
                    }],
                    finish: Box::new(move |binder, parts| {
                        let mean = binder.call("exp", parts)?;
                        binder.cast_plain(mean, &ty)
                    }),
                })
            }
            ("bool_or", [arg]) if matches!(arg.ty, Type::Boolean | Type::Unknown) => {
                let arg = self.coerce(arg.clone(), &Type::Boolean)?;
                one(
                    functions::bool_and_or::bool_or_udaf(),
                    vec![arg.expr],
                    Type::Boolean,
                )
            }
            ("array_agg", [arg]) => one(
                functions::array_agg::array_agg_udaf(),
                vec![arg.expr.clone()],
                Type::Array(Arc::new(arg.ty.clone())),
            ),
            ("arbitrary" | "any_value", [arg]) => one(
                udf::aggregate::any_value(&arg.ty),
                vec![arg.expr.clone()],
                arg.ty.clone(),
            ),
            ("max_by" | "min_by", [value, key]) => {
                if !key.ty.is_orderable() || matches!(key.ty, Type::Array(_) | Type::Row(_)) {
                    return Err(Failure::unsupported(format!("{name} by {}", key.ty)));
                }
                one(
                    udf::aggregate::extreme_by(name == "max_by", &value.ty),
                    vec![value.expr.clone(), key.expr.clone()],
                    value.ty.clone(),
                )
            }
            (
                "stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop",
                [arg],
            ) if arg.ty.is_numeric() || arg.ty == Type::Unknown => {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                let function = match name {
                    "stddev" | "stddev_samp" => functions::stddev::stddev_udaf(),
                    "stddev_pop" => functions::stddev::stddev_pop_udaf(),
                    "var_pop" => functions::variance::var_pop_udaf(),
                    _ => functions::variance::var_samp_udaf(),
                };
                one(function, vec![arg.expr], Type::Double)
            }
            _ if matches!(
                name,
                "count"
                    | "count_if"
                    | "sum"
                    | "avg"
                    | "min"
                    | "max"
                    | "bool_and"
                    | "bool_or"
                    | "every"
                    | "stddev"
                    | "stddev_samp"
                    | "stddev_pop"
                    | "variance"
                    | "var_samp"
                    | "var_pop"
            ) && args.len() == 1 =>
            {
                Err(unexpected())
            }
            _ => Err(Failure::unsupported(format!(
                "The aggregate {name}({})",
                types.join(", ")
            ))),
        }
    }

    /// Sums are made in a type that cannot wrap, and checked at the end.
    fn plan_sum(&self, arg: &Typed, unexpected: impl Fn() -> Failure) -> Result<Plan> {
        let sum = functions::sum::sum_udaf();
        match &arg.ty {
            Type::Double | Type::Real => {
                let ty = arg.ty.clone();
                let wide = self.coerce(arg.clone(), &Type::Double)?;
                Ok(Plan {
                    parts: vec![Part {
                        function: sum,
                        args: vec![wide.expr],
                        ty: Type::Double,
                        filter: None,
                    }],
                    finish: Box::new(move |binder, parts| binder.cast_plain(first(parts)?, &ty)),
                })
            }
            ty if ty.is_integer() => {
                let wide = self.cast_plain(arg.clone(), &Type::Decimal(38, 0))?;
                Ok(Plan {
                    parts: vec![Part {
                        function: sum,
                        args: vec![wide.expr],
                        ty: Type::Decimal(38, 0),
                        filter: None,
                    }],
                    finish: Box::new(|_, parts| Ok(udf::aggregate::sum_to_bigint(first(parts)?))),
                })
            }
            Type::Decimal(p, s) => {
                let (p, s) = (*p, *s);
                let wide = self.cast_plain(arg.clone(), &Type::Decimal(38, s))?;
                let _ = p;
                Ok(Plan {
                    parts: vec![Part {
                        function: sum,
                        args: vec![wide.expr],
                        ty: Type::Decimal(38, s),
                        filter: None,
                    }],
                    finish: Box::new(|_, parts| Ok(udf::aggregate::check_decimal(first(parts)?))),
                })
            }
            Type::IntervalDayTime | Type::IntervalYearMonth => {
                let ty = arg.ty.clone();
                let (whole, months) = match ty {
                    Type::IntervalDayTime => (Type::BigInt, false),
                    _ => (Type::Integer, true),
                };
                let plan = self.plan_sum(&Typed::new(arg.expr.clone(), whole), unexpected)?;
                Ok(Plan {
                    parts: plan.parts,
                    finish: Box::new(move |binder, parts| {
                        let sum = (plan.finish)(binder, parts)?;
                        let sum = if months {
                            binder.cast(sum, &Type::Integer, false)?
                        } else {
                            sum
                        };
                        Ok(Typed::new(sum.expr, ty.clone()))
                    }),
                })
            }
            _ => Err(unexpected()),
        }
    }

    fn plan_avg(&self, arg: &Typed, unexpected: impl Fn() -> Failure) -> Result<Plan> {
        match &arg.ty {
            ty if ty.is_integer() || matches!(ty, Type::Double | Type::Real | Type::Unknown) => {
                let ty = if *ty == Type::Real {
                    Type::Real
                } else {
                    Type::Double
                };
                let wide = self.coerce(arg.clone(), &Type::Double)?;
                Ok(Plan {
                    parts: vec![Part {
                        function: functions::average::avg_udaf(),
                        args: vec![wide.expr],
                        ty: Type::Double,
                        filter: None,
                    }],
                    finish: Box::new(move |binder, parts| binder.cast_plain(first(parts)?, &ty)),
                })
            }
            Type::IntervalDayTime | Type::IntervalYearMonth => {
                let ty = arg.ty.clone();
                let whole = match ty {
                    Type::IntervalDayTime => Type::BigInt,
                    _ => Type::Integer,
                };
                let whole = Typed::new(arg.expr.clone(), whole);
                let wide = self.coerce(whole, &Type::Double)?;
                Ok(Plan {
                    parts: vec![Part {
                        function: functions::average::avg_udaf(),
                        args: vec![wide.expr],
                        ty: Type::Double,
                        filter: None,
                    }],
                    finish: Box::new(move |_, parts| {
                        Ok(udf::aggregate::rounded(first(parts)?, ty.clone()))
                    }),
                })
            }
            Type::Decimal(_, s) => {
                let ty = arg.ty.clone();
                let wide = self.cast_plain(arg.clone(), &Type::Decimal(38, *s))?;
                Ok(Plan {
                    parts: vec![
                        Part {
                            function: functions::sum::sum_udaf(),
                            args: vec![wide.expr.clone()],
                            ty: Type::Decimal(38, *s),
                            filter: None,
                        },
                        Part {
                            function: functions::count::count_udaf(),
                            args: vec![wide.expr],
                            ty: Type::BigInt,
                            filter: None,
                        },
                    ],
                    finish: Box::new(move |_, parts| {
                        Ok(udf::aggregate::decimal_average(parts, &ty))
                    }),
                })
            }
            _ => Err(unexpected()),
        }
    }
}

fn first(parts: Vec<Typed>) -> Result<Typed> {
    parts
        .into_iter()
        .next()
        .ok_or_else(|| Failure::internal("an aggregate without a part"))
}

/// Trino's words for a column that is neither grouped nor aggregated.
pub(super) fn not_grouped(what: &str) -> Failure {
    Failure::new(
        ErrorCode::ExpressionNotAggregate,
        format!("'{what}' must be an aggregate expression or appear in GROUP BY clause"),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_of_aggregates_is_sorted() {
        assert!(super::AGGREGATES.is_sorted());
    }
}
