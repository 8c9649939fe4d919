//! Aggregates over pairs of numbers: covariance, correlation, regression.

use std::sync::Arc;

use datafusion::functions_aggregate as functions;
use datafusion::logical_expr::{AggregateUDF, Expr};
use townlake_sql::types::Type;

use super::super::{Binder, Typed};
use super::{Part, Plan};
use crate::error::{Failure, Result};
use crate::udf::cell::{Cell, Out};
use crate::udf::strict;

impl Binder<'_> {
    /// `covar_pop(y, x)` and its like, over the rows in which neither is null.
    pub(super) fn plan_pairs(&self, name: &str, y: &Typed, x: &Typed, ty: Type) -> Result<Plan> {
        let y = self.coerce(y.clone(), &Type::Double)?.expr;
        let x = self.coerce(x.clone(), &Type::Double)?.expr;
        let both = y.clone().is_not_null().and(x.clone().is_not_null());
        let part = |function: Arc<AggregateUDF>, args: Vec<Expr>| Part {
            function,
            args,
            ty: Type::Double,
            zone: None,
            filter: Some(both.clone()),
        };
        let pair = || vec![y.clone(), x.clone()];
        let covariance = || part(functions::covariance::covar_pop_udaf(), pair());
        let variance = || part(functions::variance::var_pop_udaf(), vec![x.clone()]);
        let parts = match name {
            "covar_pop" => vec![covariance()],
            "covar_samp" => vec![part(functions::covariance::covar_samp_udaf(), pair())],
            "corr" => vec![
                covariance(),
                part(functions::stddev::stddev_pop_udaf(), vec![y.clone()]),
                part(functions::stddev::stddev_pop_udaf(), vec![x.clone()]),
            ],
            "regr_slope" => vec![covariance(), variance()],
            _ => vec![
                covariance(),
                variance(),
                part(functions::average::avg_udaf(), vec![y.clone()]),
                part(functions::average::avg_udaf(), vec![x.clone()]),
            ],
        };
        let name = name.to_owned();
        Ok(Plan {
            parts,
            finish: Box::new(move |binder, parts| {
                let result = strict(name.clone(), parts, Type::Double, finish);
                binder.cast_plain(result, &ty)
            }),
        })
    }
}

/// What the parts come to. A quotient that is no finite number is null in Trino.
fn finish(row: &[Cell<'_>]) -> Result<Out> {
    let quotient = match row {
        // What infinities and NaN come to depends on the order of the rows.
        [Cell::Float(covariance)] if !covariance.is_finite() => {
            return Err(Failure::unsupported(
                "A covariance of numbers that are not finite",
            ));
        }
        [Cell::Float(covariance)] => *covariance,
        [Cell::Float(covariance), Cell::Float(variance)] => covariance / variance,
        [Cell::Float(covariance), Cell::Float(a), Cell::Float(b)] => covariance / (a * b),
        [
            Cell::Float(covariance),
            Cell::Float(variance),
            Cell::Float(y),
            Cell::Float(x),
        ] => y - covariance / variance * x,
        _ => return Err(Failure::internal("an aggregate over pairs lacks a part")),
    };
    Ok(if quotient.is_finite() {
        Out::Float(quotient)
    } else {
        Out::Null
    })
}
