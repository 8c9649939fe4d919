//! Aggregate functions: which there are, and how each becomes DataFusion's.

mod pairs;

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::functions_aggregate as functions;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Cast, Expr, SortExpr};
use sqlparser::ast::{self, Spanned};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::expression::Env;
use super::function::{is_aggregate, resolve};
use super::scope::Field;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{arrow_type, has_floats};
use crate::udf;
use crate::zone::SessionZone;

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

    fn collect(&self, binder: &Binder<'_>, value: Typed) -> Typed {
        let mut collected = self.collected.borrow_mut();
        if let Some((_, symbol)) = collected.iter().find(|(other, _)| *other == value.expr) {
            return value.stored_as(symbol);
        }
        let symbol = binder.symbol("agg");
        let column = value.stored_as(&symbol);
        collected.push((value.expr, symbol));
        column
    }
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
    pub zone: Option<SessionZone>,
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
            ty if has_floats(ty) && !matches!(ty, Type::Real | Type::Double) => Err(
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
                .find(|group| group.value == value)
                .map(|group| group.value.stored_as(&group.symbol))
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
                aggregation.collect(self, Typed::new(expr, part.ty).shown_in(part.zone))
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
        let resolved = resolve(name, &args)?;
        let args = self.as_resolved(args, &resolved)?;
        let ty = resolved.result.unwrap_or(Type::Unknown);
        match (name, args.as_slice()) {
            ("count", []) => Ok(one(count_udaf(), vec![Typed::bigint(1)], ty)),
            ("count", [arg]) => {
                if distinct {
                    self.groupable(&arg.ty)?;
                }
                Ok(one(count_udaf(), args, ty))
            }
            ("count_if", [condition]) => {
                if distinct {
                    return Err(Failure::unsupported("count_if(DISTINCT ...)"));
                }
                let filter = Some(condition.expr.clone().is_true());
                let counted = one(count_udaf(), vec![Typed::bigint(1)], ty);
                let parts = counted.parts.into_iter();
                Ok(Plan {
                    parts: parts
                        .map(|part| Part {
                            filter: filter.clone(),
                            ..part
                        })
                        .collect(),
                    ..counted
                })
            }
            ("sum", [arg]) => self.plan_sum(arg),
            ("avg", [arg]) => self.plan_avg(arg),
            ("min" | "max", [arg]) => {
                if matches!(arg.ty, Type::Array(_) | Type::Row(_) | Type::Varbinary) {
                    return Err(missing(name, &args));
                }
                let function = match name {
                    "min" => functions::min_max::min_udaf(),
                    _ => functions::min_max::max_udaf(),
                };
                Ok(one(function, args, ty))
            }
            ("approx_distinct", [arg]) => {
                self.groupable(&arg.ty)?;
                let plan = one(udf::aggregate::approx_distinct(), args, ty);
                Ok(Plan {
                    // DataFusion counts without a sign.
                    finish: Box::new(|_, parts| {
                        let count = first(parts)?;
                        let signed = Cast::new(Box::new(count.expr), arrow_type(&Type::BigInt));
                        Ok(Typed::new(Expr::Cast(signed), Type::BigInt))
                    }),
                    ..plan
                })
            }
            (
                "bool_and" | "every" | "bool_or" | "bitwise_and_agg" | "bitwise_or_agg"
                | "bitwise_xor_agg" | "array_agg",
                [_],
            ) => {
                let function = match name {
                    "bool_or" => functions::bool_and_or::bool_or_udaf(),
                    "bitwise_and_agg" => functions::bit_and_or_xor::bit_and_udaf(),
                    "bitwise_or_agg" => functions::bit_and_or_xor::bit_or_udaf(),
                    "bitwise_xor_agg" => functions::bit_and_or_xor::bit_xor_udaf(),
                    "array_agg" => functions::array_agg::array_agg_udaf(),
                    _ => functions::bool_and_or::bool_and_udaf(),
                };
                Ok(one(function, args, ty))
            }
            ("corr" | "covar_pop" | "covar_samp" | "regr_slope" | "regr_intercept", [y, x])
                if !distinct =>
            {
                self.plan_pairs(name, y, x, ty)
            }
            ("geometric_mean", [arg]) => {
                let logarithm = self.call("ln", vec![arg.clone()])?;
                let mean = one(
                    functions::average::avg_udaf(),
                    vec![logarithm],
                    Type::Double,
                );
                Ok(Plan {
                    finish: Box::new(move |binder, parts| {
                        let mean = binder.call("exp", parts)?;
                        binder.cast_plain(mean, &ty)
                    }),
                    ..mean
                })
            }
            ("arbitrary" | "any_value", [arg]) => {
                Ok(one(udf::aggregate::any_value(&arg.ty), args, ty))
            }
            ("max_by" | "min_by", [value, key]) => {
                if matches!(key.ty, Type::Array(_) | Type::Row(_)) {
                    return Err(missing(name, &args));
                }
                let function = udf::aggregate::extreme_by(name == "max_by", &value.ty);
                Ok(one(function, args, ty))
            }
            (
                "stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop",
                [arg],
            ) => {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                let function = match name {
                    "stddev" | "stddev_samp" => functions::stddev::stddev_udaf(),
                    "stddev_pop" => functions::stddev::stddev_pop_udaf(),
                    "var_pop" => functions::variance::var_pop_udaf(),
                    _ => functions::variance::var_samp_udaf(),
                };
                Ok(one(function, vec![arg], ty))
            }
            _ => Err(missing(name, &args)),
        }
    }

    /// Sums are made in a type that cannot wrap, and checked at the end.
    fn plan_sum(&self, arg: &Typed) -> Result<Plan> {
        let sum = functions::sum::sum_udaf();
        let ty = arg.ty.clone();
        match &ty {
            Type::Double | Type::Real => {
                let wide = self.coerce(arg.clone(), &Type::Double)?;
                Ok(Plan {
                    finish: Box::new(move |binder, parts| binder.cast_plain(first(parts)?, &ty)),
                    ..one(sum, vec![wide], Type::Double)
                })
            }
            Type::BigInt | Type::IntervalDayTime | Type::IntervalYearMonth => {
                let whole = Typed::new(arg.expr.clone(), as_number(&ty));
                let wide = self.cast_plain(whole, &Type::Decimal(38, 0))?;
                Ok(Plan {
                    finish: Box::new(move |binder, parts| {
                        let sum = udf::aggregate::sum_to_bigint(first(parts)?);
                        let sum = binder.cast(sum, &as_number(&ty), false)?;
                        Ok(Typed::new(sum.expr, ty.clone()))
                    }),
                    ..one(sum, vec![wide], Type::Decimal(38, 0))
                })
            }
            Type::Decimal(_, s) => {
                let exact = Type::Decimal(38, *s);
                let wide = self.cast_plain(arg.clone(), &exact)?;
                Ok(Plan {
                    finish: Box::new(|_, parts| Ok(udf::aggregate::check_decimal(first(parts)?))),
                    ..one(sum, vec![wide], exact)
                })
            }
            _ => Err(missing("sum", std::slice::from_ref(arg))),
        }
    }

    fn plan_avg(&self, arg: &Typed) -> Result<Plan> {
        let mean = functions::average::avg_udaf();
        let ty = arg.ty.clone();
        match &ty {
            Type::BigInt | Type::Double | Type::Real => {
                let wide = self.coerce(arg.clone(), &Type::Double)?;
                let narrow = if ty == Type::Real { ty } else { Type::Double };
                Ok(Plan {
                    finish: Box::new(move |binder, parts| {
                        binder.cast_plain(first(parts)?, &narrow)
                    }),
                    ..one(mean, vec![wide], Type::Double)
                })
            }
            Type::IntervalDayTime | Type::IntervalYearMonth => {
                let whole = Typed::new(arg.expr.clone(), as_number(&ty));
                let wide = self.coerce(whole, &Type::Double)?;
                Ok(Plan {
                    finish: Box::new(move |_, parts| {
                        Ok(udf::aggregate::rounded(first(parts)?, ty.clone()))
                    }),
                    ..one(mean, vec![wide], Type::Double)
                })
            }
            Type::Decimal(_, s) => {
                let exact = Type::Decimal(38, *s);
                let wide = self.cast_plain(arg.clone(), &exact)?;
                let sum = one(functions::sum::sum_udaf(), vec![wide.clone()], exact);
                let count = one(count_udaf(), vec![wide], Type::BigInt);
                Ok(Plan {
                    parts: sum.parts.into_iter().chain(count.parts).collect(),
                    finish: Box::new(move |_, parts| {
                        Ok(udf::aggregate::decimal_average(parts, &ty))
                    }),
                })
            }
            _ => Err(missing("avg", std::slice::from_ref(arg))),
        }
    }
}

/// One of DataFusion's aggregates, as it is.
fn one(function: Arc<AggregateUDF>, args: Vec<Typed>, ty: Type) -> Plan {
    let zone = args.first().and_then(|arg| arg.zone);
    Plan {
        parts: vec![Part {
            function,
            args: args.into_iter().map(|arg| arg.expr).collect(),
            ty,
            zone,
            filter: None,
        }],
        finish: Box::new(|_, parts| first(parts)),
    }
}

/// The number as which an interval lies in memory; a number as it is.
fn as_number(ty: &Type) -> Type {
    match ty {
        Type::IntervalDayTime => Type::BigInt,
        Type::IntervalYearMonth => Type::Integer,
        number => number.clone(),
    }
}

fn missing(name: &str, args: &[Typed]) -> Failure {
    let types: Vec<String> = args
        .iter()
        .map(|arg| arg.ty.in_messages().to_string())
        .collect();
    Failure::unsupported(format!("The aggregate {name}({})", types.join(", ")))
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
