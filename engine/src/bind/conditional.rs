//! Expressions that choose among values, and the type that all of them become.

use datafusion::logical_expr::{Case, Expr};
use sqlparser::ast::{self, BinaryOperator};
use townlake_protocol::trino::ErrorCode;

use super::expression::{Env, boolean};
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, common_super_type};
use crate::udf::cell::{Cell, Out};
use crate::udf::strict;

impl Binder<'_> {
    /// `CASE`
    pub(super) fn case(
        &self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        env: &Env<'_>,
    ) -> Result<Typed> {
        let operand = operand.map(|e| self.expression(e, env)).transpose()?;
        let mut whens = Vec::new();
        let mut results = Vec::new();
        for when in conditions {
            let condition = match &operand {
                None => boolean(self.condition(&when.condition, env, "CASE WHEN clause")?),
                Some(operand) => {
                    let value = self.expression(&when.condition, env)?;
                    self.compare(&BinaryOperator::Eq, operand.clone(), value)?
                }
            };
            whens.push(condition.expr);
            results.push(self.expression(&when.result, env)?);
        }
        let otherwise = otherwise.map(|e| self.expression(e, env)).transpose()?;
        let all: Vec<&Typed> = results.iter().chain(otherwise.as_ref()).collect();
        let common = self.common(&all).ok_or_else(|| {
            let types: Vec<String> = all.iter().map(|value| value.ty.to_string()).collect();
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "All CASE results must be the same type or coercible to a common type. Cannot find common type between {}",
                    types.join(" and ")
                ),
            )
        })?;
        self.same_zones(&all)?;
        let pairs = whens
            .into_iter()
            .zip(results)
            .map(|(when, then)| Ok((Box::new(when), Box::new(self.coerce(then, &common)?.expr))))
            .collect::<Result<Vec<_>>>()?;
        let otherwise = match otherwise {
            Some(value) => self.coerce(value, &common)?,
            None => Typed::null(common.clone()),
        };
        Ok(Typed::new(
            Expr::Case(Case::new(None, pairs, Some(Box::new(otherwise.expr)))),
            common,
        ))
    }

    /// `IF(condition, a, b)`
    pub(super) fn if_then(&self, condition: Expr, then: Typed, otherwise: Typed) -> Result<Typed> {
        let common = self.common(&[&then, &otherwise]).ok_or_else(|| {
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Result types for IF must be the same: {} vs {}",
                    then.ty, otherwise.ty
                ),
            )
        })?;
        self.same_zones(&[&then, &otherwise])?;
        let then = self.coerce(then, &common)?;
        let otherwise = self.coerce(otherwise, &common)?;
        Ok(Typed::new(
            Expr::Case(Case::new(
                None,
                vec![(Box::new(condition), Box::new(then.expr))],
                Some(Box::new(otherwise.expr)),
            )),
            common,
        ))
    }

    /// The first that is not null.
    pub(super) fn coalesce(&self, args: Vec<Typed>) -> Result<Typed> {
        let refs: Vec<&Typed> = args.iter().collect();
        let common = self.common(&refs).ok_or_else(|| {
            let types: Vec<String> = args.iter().map(|value| value.ty.to_string()).collect();
            Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "All COALESCE operands must be the same type or coercible to a common type. Cannot find common type between {}",
                    types.join(" and ")
                ),
            )
        })?;
        self.same_zones(&refs)?;
        let args = args
            .into_iter()
            .map(|arg| Ok(self.coerce(arg, &common)?.expr))
            .collect::<Result<Vec<_>>>()?;
        // CASE rather than DataFusion's coalesce, so that what comes after the first value is not
        // evaluated and cannot fail.
        let Some((last, rest)) = args.split_last() else {
            return Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                "The 'coalesce' function must have at least two arguments",
            ));
        };
        let pairs = rest
            .iter()
            .map(|arg| (Box::new(arg.clone().is_not_null()), Box::new(arg.clone())))
            .collect();
        Ok(Typed::new(
            Expr::Case(Case::new(None, pairs, Some(Box::new(last.clone())))),
            common,
        ))
    }

    /// `NULLIF(a, b)`
    pub(super) fn nullif(&self, a: &Typed, b: &Typed) -> Result<Typed> {
        let equal = self.equals(a.clone(), b.clone())?;
        let null = Typed::null(a.ty.clone());
        Ok(Typed::new(
            Expr::Case(Case::new(
                None,
                vec![(Box::new(equal.expr), Box::new(null.expr))],
                Some(Box::new(a.expr.clone())),
            )),
            a.ty.clone(),
        ))
    }

    /// `greatest`, `least`
    pub(super) fn extreme(&self, greatest: bool, args: Vec<Typed>) -> Result<Option<Typed>> {
        let refs: Vec<&Typed> = args.iter().collect();
        let Some(common) = self.common(&refs) else {
            let given: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
            return Err(Failure::new(
                ErrorCode::FunctionNotFound,
                format!(
                    "Unexpected parameters ({}) for function {}",
                    given.join(", "),
                    if greatest { "greatest" } else { "least" }
                ),
            ));
        };
        self.same_zones(&refs)?;
        if !common.is_orderable()
            || matches!(
                common,
                Type::Real | Type::Double | Type::Array(_) | Type::Row(_)
            )
        {
            return match common {
                Type::Real | Type::Double => self.float_extreme(greatest, args, common).map(Some),
                _ => Ok(None),
            };
        }
        // Null if any is null.
        let mut args = args
            .into_iter()
            .map(|arg| self.coerce(arg, &common))
            .collect::<Result<Vec<_>>>()?
            .into_iter();
        let Some(mut best) = args.next() else {
            return Ok(None);
        };
        for next in args {
            let op = if greatest {
                BinaryOperator::GtEq
            } else {
                BinaryOperator::LtEq
            };
            let keep = self.compare(&op, best.clone(), next.clone())?;
            let unknown = best.expr.clone().is_null().or(next.expr.clone().is_null());
            best = Typed::new(
                Expr::Case(Case::new(
                    None,
                    vec![
                        (
                            Box::new(unknown),
                            Box::new(Typed::null(common.clone()).expr),
                        ),
                        (Box::new(keep.expr), Box::new(best.expr)),
                    ],
                    Some(Box::new(next.expr)),
                )),
                common.clone(),
            );
        }
        Ok(Some(best))
    }

    /// The type that all turn into.
    pub(super) fn common(&self, values: &[&Typed]) -> Option<Type> {
        values.iter().try_fold(Type::Unknown, |common, value| {
            common_super_type(&common, &value.ty)
        })
    }

    /// A zone belongs to an expression here, so values of two zones cannot become one column.
    pub(super) fn same_zone(&self, a: &Type, b: &Type) -> Result<()> {
        match (a, b) {
            (Type::TimestampTz(_, x), Type::TimestampTz(_, y)) if x.0 != y.0 => {
                Err(Failure::unsupported(format!(
                    "One column with values in the zones {} and {}",
                    x.0, y.0
                )))
            }
            (Type::TimestampTz(_, zone), Type::Timestamp(_) | Type::Date)
            | (Type::Timestamp(_) | Type::Date, Type::TimestampTz(_, zone))
                if zone.0 != self.session.zone_name().0 =>
            {
                Err(Failure::unsupported(format!(
                    "One column with values in the zones {} and {}",
                    zone.0,
                    self.session.zone_name().0
                )))
            }
            _ => Ok(()),
        }
    }

    /// Refuses values of several zones.
    pub(super) fn same_zones(&self, values: &[&Typed]) -> Result<()> {
        for pair in values.windows(2) {
            if let [a, b] = pair {
                self.same_zone(&a.ty, &b.ty)?;
            }
        }
        if let (Some(first), Some(last)) = (values.first(), values.last()) {
            self.same_zone(&first.ty, &last.ty)?;
        }
        Ok(())
    }

    fn float_extreme(&self, greatest: bool, args: Vec<Typed>, common: Type) -> Result<Typed> {
        let args = args
            .into_iter()
            .map(|arg| self.coerce(arg, &common))
            .collect::<Result<Vec<_>>>()?;
        let name = if greatest { "greatest" } else { "least" };
        Ok(strict(
            format!("{name}({common})"),
            args,
            common,
            move |row| {
                let mut best: Option<f64> = None;
                for cell in row {
                    let Cell::Float(value) = cell else {
                        return Err(Failure::internal("a number is no float"));
                    };
                    if value.is_nan() {
                        return Err(Failure::unsupported(format!("{name} with NaN")));
                    }
                    best = Some(match best {
                        Some(best) if greatest => {
                            if *value > best {
                                *value
                            } else {
                                best
                            }
                        }
                        Some(best) => {
                            if *value < best {
                                *value
                            } else {
                                best
                            }
                        }
                        None => *value,
                    });
                }
                Ok(best.map_or(Out::Null, Out::Float))
            },
        ))
    }
}
