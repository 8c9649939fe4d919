//! Window functions.

use std::cell::RefCell;
use std::sync::Arc;

use datafusion::common::{Column, ScalarValue};
use datafusion::functions_window as functions;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Cast, Expr, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, WindowUDF,
};
use sqlparser::ast::{self, Spanned};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, WindowClauses, check_window, function_kind};

use super::expression::Env;
use super::function::{is_aggregate, resolve};
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{arrow_type, has_floats};
use crate::zone::SessionZone;

/// The window functions of a SELECT while its expressions are bound.
pub struct Windows<'w> {
    named: &'w [ast::NamedWindowDefinition],
    collected: RefCell<Vec<(Expr, String)>>,
}

impl<'w> Windows<'w> {
    /// With the WINDOW clause's definitions.
    pub fn new(named: &'w [ast::NamedWindowDefinition]) -> Self {
        Self {
            named,
            collected: RefCell::default(),
        }
    }

    /// Puts the functions that were met on the plan.
    ///
    /// # Errors
    /// DataFusion's.
    pub fn apply(self, plan: LogicalPlanBuilder) -> Result<LogicalPlanBuilder> {
        let collected = self.collected.into_inner();
        if collected.is_empty() {
            return Ok(plan);
        }
        // DataFusion names window functions by their text and takes no alias: the symbols come after.
        let mut projection: Vec<Expr> = plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        projection.extend(collected.iter().map(|(expr, symbol)| {
            Expr::Column(Column::new_unqualified(expr.schema_name().to_string())).alias(symbol)
        }));
        let exprs: Vec<Expr> = collected.into_iter().map(|(expr, _)| expr).collect();
        let plan = LogicalPlanBuilder::window_plan(plan.build()?, exprs)?;
        Ok(LogicalPlanBuilder::from(plan).project(projection)?)
    }
}

impl Binder<'_> {
    pub(super) fn window_call(
        &self,
        name: &str,
        function: &ast::Function,
        over: &ast::WindowType,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let Some(windows) = env.windows else {
            return Err(Failure::new(
                ErrorCode::ExpressionNotScalar,
                format!(
                    "{} cannot contain aggregations, window functions or grouping operations: [{function}]",
                    env.clause
                ),
            ));
        };
        let spec = match over {
            ast::WindowType::WindowSpec(spec) => spec,
            ast::WindowType::NamedWindow(wanted) => windows
                .named
                .iter()
                .find(|definition| definition.0.value.eq_ignore_ascii_case(&wanted.value))
                .and_then(|definition| match &definition.1 {
                    ast::NamedWindowExpr::WindowSpec(spec) => Some(spec),
                    ast::NamedWindowExpr::NamedWindow(_) => None,
                })
                .ok_or_else(|| Failure::unsupported(format!("The window {wanted}")))?,
        };
        if spec.window_name.is_some() {
            return Err(Failure::unsupported("A window made from another"));
        }
        let inner = Env {
            windows: None,
            ..*env
        };
        let partition_by = spec
            .partition_by
            .iter()
            .map(|expr| {
                let value = self.expression(expr, &inner)?;
                if !value.ty.is_comparable() {
                    return Err(Failure::new(
                        ErrorCode::TypeMismatch,
                        format!("{} is not comparable, and therefore cannot be used in window function PARTITION BY", value.ty.in_messages()),
                    )
                    .at(expr.span()));
                }
                self.groupable(&value.ty)?;
                Ok(value.expr)
            })
            .collect::<Result<Vec<_>>>()?;
        let order_by: Vec<SortExpr> = spec
            .order_by
            .iter()
            .map(|item| {
                let value = self.expression(&item.expr, &inner)?;
                if has_floats(&value.ty) && spec.window_frame.is_some() {
                    return Err(Failure::unsupported(
                        "A window frame over floating-point keys",
                    ));
                }
                self.sort_key(item, value)
            })
            .collect::<Result<Vec<_>>>()?;
        if let Some(kind) = function_kind(name) {
            let clauses = WindowClauses {
                has_order: !order_by.is_empty(),
                has_frame: spec.window_frame.is_some(),
            };
            check_window(name, kind, Some(clauses))
                .map_err(|problem| Failure::from(problem).at(function.span()))?;
        }
        let frame = self.frame(spec.window_frame.as_ref(), !order_by.is_empty(), &inner)?;
        let call = self.window_function(name, function, &inner)?;
        let collect = |fun: WindowFunctionDefinition,
                       args: Vec<Expr>,
                       filter: Option<Expr>,
                       distinct: bool,
                       nulls,
                       ty: Type,
                       zone: Option<SessionZone>| {
            let expr = Expr::WindowFunction(Box::new(WindowFunction {
                fun,
                params: WindowFunctionParams {
                    args,
                    partition_by: partition_by.clone(),
                    order_by: order_by.clone(),
                    window_frame: frame.clone(),
                    filter: filter.map(Box::new),
                    null_treatment: nulls,
                    distinct,
                },
            }));
            let value = Typed::new(expr, ty).shown_in(zone);
            let mut collected = windows.collected.borrow_mut();
            if let Some((_, symbol)) = collected.iter().find(|(other, _)| *other == value.expr) {
                return value.stored_as(symbol);
            }
            let symbol = self.symbol("window");
            let column = value.stored_as(&symbol);
            collected.push((value.expr, symbol));
            column
        };
        match call {
            Call::Window {
                function,
                args,
                unsigned,
                ty,
                zone,
                nulls,
            } => {
                let value = collect(
                    WindowFunctionDefinition::WindowUDF(function),
                    args,
                    None,
                    false,
                    nulls,
                    ty,
                    zone,
                );
                if !unsigned {
                    return Ok(value);
                }
                // DataFusion counts without a sign.
                let expr = Expr::Cast(Cast::new(Box::new(value.expr), arrow_type(&value.ty)));
                Ok(Typed::new(expr, value.ty))
            }
            Call::Aggregate(plan, clauses) => {
                let parts = plan
                    .parts
                    .into_iter()
                    .map(|part| {
                        let filter = match (part.filter, clauses.filter.clone()) {
                            (Some(a), Some(b)) => Some(a.and(b)),
                            (a, b) => a.or(b),
                        };
                        collect(
                            WindowFunctionDefinition::AggregateUDF(part.function),
                            part.args,
                            filter,
                            false,
                            None,
                            part.ty,
                            part.zone,
                        )
                    })
                    .collect();
                (plan.finish)(self, parts)
            }
        }
    }

    fn window_function(&self, name: &str, function: &ast::Function, env: &Env<'_>) -> Result<Call> {
        if is_aggregate(name) {
            let (args, clauses) = self.aggregate_arguments(name, function, env)?;
            if clauses.distinct || !clauses.order_by.is_empty() {
                return Err(Failure::unsupported(format!("{name}(DISTINCT ...) OVER")));
            }
            if matches!(
                name,
                "array_agg" | "max_by" | "min_by" | "any_value" | "arbitrary" | "approx_distinct"
            ) {
                return Err(Failure::unsupported(format!("{name} as a window function")));
            }
            return Ok(Call::Aggregate(
                self.plan_aggregate(name, args, false)?,
                clauses,
            ));
        }
        if function.filter.is_some() || !function.within_group.is_empty() {
            return Err(Failure::unsupported(format!("A clause of {name}")));
        }
        let ast::FunctionArguments::List(list) = &function.args else {
            return Err(Failure::unsupported(format!("{name} without brackets")));
        };
        let mut nulls = function.null_treatment;
        for clause in &list.clauses {
            match clause {
                ast::FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => {
                    nulls = Some(*treatment)
                }
                _ => return Err(Failure::unsupported(format!("A clause within {name}"))),
            }
        }
        let nulls = nulls.map(|treatment| match treatment {
            ast::NullTreatment::IgnoreNulls => {
                datafusion::logical_expr::expr::NullTreatment::IgnoreNulls
            }
            ast::NullTreatment::RespectNulls => {
                datafusion::logical_expr::expr::NullTreatment::RespectNulls
            }
        });
        let args = list
            .args
            .iter()
            .map(|arg| match arg {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => {
                    self.expression(expr, env)
                }
                _ => Err(Failure::unsupported(format!("This argument of {name}"))),
            })
            .collect::<Result<Vec<_>>>()?;
        let resolved = resolve(name, &args).map_err(|failure| failure.at(function.span()))?;
        let args = self.as_resolved(args, &resolved)?;
        let plain = |function: Arc<WindowUDF>, unsigned: bool, ty: Type| {
            if nulls.is_some() {
                return Err(Failure::new(
                    ErrorCode::NullTreatmentNotAllowed,
                    format!("Cannot specify null treatment clause for {name} function"),
                ));
            }
            Ok(Call::Window {
                function,
                args: Vec::new(),
                unsigned,
                ty,
                zone: None,
                nulls: None,
            })
        };
        match (name, args.as_slice()) {
            ("row_number", []) => {
                plain(functions::row_number::row_number_udwf(), true, Type::BigInt)
            }
            ("rank", []) => plain(functions::rank::rank_udwf(), true, Type::BigInt),
            ("dense_rank", []) => plain(functions::rank::dense_rank_udwf(), true, Type::BigInt),
            ("percent_rank", []) => {
                plain(functions::rank::percent_rank_udwf(), false, Type::Double)
            }
            ("cume_dist", []) => plain(functions::cume_dist::cume_dist_udwf(), false, Type::Double),
            ("ntile", [n]) if n.constant_integer().is_some_and(|n| n > 0) => Ok(Call::Window {
                function: functions::ntile::ntile_udwf(),
                args: vec![n.expr.clone()],
                unsigned: true,
                ty: Type::BigInt,
                zone: None,
                nulls: None,
            }),
            ("first_value" | "last_value", [value]) => Ok(Call::Window {
                function: if name == "first_value" {
                    functions::nth_value::first_value_udwf()
                } else {
                    functions::nth_value::last_value_udwf()
                },
                args: vec![value.expr.clone()],
                unsigned: false,
                ty: value.ty.clone(),
                zone: value.zone,
                nulls,
            }),
            ("nth_value", [value, n]) if n.constant_integer().is_some_and(|n| n > 0) => {
                Ok(Call::Window {
                    function: functions::nth_value::nth_value_udwf(),
                    args: vec![value.expr.clone(), n.expr.clone()],
                    unsigned: false,
                    ty: value.ty.clone(),
                    zone: value.zone,
                    nulls,
                })
            }
            ("lag" | "lead", [value, rest @ ..]) if rest.len() <= 2 => {
                let offset = match rest.first() {
                    None => 1,
                    Some(offset) => {
                        offset
                            .constant_integer()
                            .filter(|n| *n >= 0)
                            .ok_or_else(|| {
                                Failure::unsupported(format!(
                                    "{name} with an offset that is no constant"
                                ))
                            })?
                    }
                };
                let mut args = vec![value.expr.clone(), Typed::bigint(offset).expr];
                if let Some(default) = rest.get(1) {
                    if default.constant().is_none() {
                        return Err(Failure::unsupported(format!("{name} with this default")));
                    }
                    args.push(default.expr.clone());
                }
                Ok(Call::Window {
                    function: if name == "lag" {
                        functions::lead_lag::lag_udwf()
                    } else {
                        functions::lead_lag::lead_udwf()
                    },
                    args,
                    unsigned: false,
                    ty: value.ty.clone(),
                    zone: value.zone,
                    nulls,
                })
            }
            _ => Err(Failure::unsupported(format!("{name} as a window function"))),
        }
    }

    fn frame(
        &self,
        frame: Option<&ast::WindowFrame>,
        ordered: bool,
        env: &Env<'_>,
    ) -> Result<WindowFrame> {
        use ast::WindowFrameBound::{CurrentRow, Following, Preceding};
        let Some(frame) = frame else {
            return Ok(WindowFrame::new(ordered.then_some(false)));
        };
        let units = match frame.units {
            ast::WindowFrameUnits::Rows => WindowFrameUnits::Rows,
            ast::WindowFrameUnits::Range => WindowFrameUnits::Range,
            ast::WindowFrameUnits::Groups => WindowFrameUnits::Groups,
        };
        let bound = |bound: &ast::WindowFrameBound| -> Result<WindowFrameBound> {
            let rows = |expr: &ast::Expr| -> Result<ScalarValue> {
                if units != WindowFrameUnits::Rows {
                    return Err(Failure::unsupported("RANGE or GROUPS with an offset"));
                }
                let value = self.expression(expr, env)?;
                match value.constant_integer().and_then(|n| u64::try_from(n).ok()) {
                    Some(n) => Ok(ScalarValue::UInt64(Some(n))),
                    None if value.constant_integer().is_some() => Err(Failure::new(
                        ErrorCode::InvalidWindowFrame,
                        "Window frame offset value must not be negative or null",
                    )),
                    None => Err(Failure::unsupported(
                        "A window frame's offset that is no constant",
                    )),
                }
            };
            Ok(match bound {
                CurrentRow => WindowFrameBound::CurrentRow,
                Preceding(None) => WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                Following(None) => WindowFrameBound::Following(ScalarValue::UInt64(None)),
                Preceding(Some(expr)) => WindowFrameBound::Preceding(rows(expr)?),
                Following(Some(expr)) => WindowFrameBound::Following(rows(expr)?),
            })
        };
        let end = frame.end_bound.clone().unwrap_or(CurrentRow);
        let invalid = |message: &str| Err(Failure::new(ErrorCode::InvalidWindowFrame, message));
        match (&frame.start_bound, &end) {
            (Following(None), _) => {
                return invalid("Window frame start cannot be UNBOUNDED FOLLOWING");
            }
            (_, Preceding(None)) => {
                return invalid("Window frame end cannot be UNBOUNDED PRECEDING");
            }
            (CurrentRow, Preceding(_)) => {
                return invalid("Window frame starting from CURRENT ROW cannot end with PRECEDING");
            }
            (Following(_), Preceding(_)) => {
                return invalid("Window frame starting from FOLLOWING cannot end with PRECEDING");
            }
            (Following(_), CurrentRow) => {
                return invalid("Window frame starting from FOLLOWING cannot end with CURRENT ROW");
            }
            _ => {}
        }
        if !ordered && units != WindowFrameUnits::Rows {
            return Err(Failure::unsupported("RANGE or GROUPS without ORDER BY"));
        }
        Ok(WindowFrame::new_bounds(
            units,
            bound(&frame.start_bound)?,
            bound(&end)?,
        ))
    }
}

enum Call {
    Window {
        function: Arc<WindowUDF>,
        args: Vec<Expr>,
        unsigned: bool,
        ty: Type,
        zone: Option<SessionZone>,
        nulls: Option<datafusion::logical_expr::expr::NullTreatment>,
    },
    Aggregate(super::aggregate::Plan, super::aggregate::Clauses),
}
