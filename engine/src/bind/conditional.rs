//! Expressions that choose among values, and the type that all of them become.

use datafusion::logical_expr::{Case, Expr};
use sqlparser::ast::{self, BinaryOperator, Spanned};
use sqlparser::tokenizer::Span;
use townlake_sql::types::{Type, case, common_type, special_form};

use super::expression::Env;
use super::{Binder, Typed};

use crate::error::{Failure, Place, Result};
use crate::udf::cell::{Cell, Out};
use crate::udf::strict;
use crate::zone::SessionZone;

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
            whens.push(self.expression(&when.condition, env)?);
            results.push(self.expression(&when.result, env)?);
        }
        results.push(match otherwise {
            Some(expr) => self.expression(expr, env)?,
            None => Typed::null(Type::Unknown),
        });
        let operand_type = operand.as_ref().map(|value| Some(&value.ty));
        let common = case(operand_type, &types(&whens), &types(&results)).map_err(|problem| {
            let whens = conditions.iter().map(|when| &when.condition);
            let results = conditions.iter().map(|when| &when.result);
            let place = problem
                .operand
                .and_then(|i| whens.chain(results).chain(otherwise).nth(i))
                .map(Spanned::span);
            Failure::from(problem).at(Place::from(place.unwrap_or_else(Span::empty)))
        })?;
        let mut results = self.unified(results, &common.unwrap_or(Type::Unknown))?;
        let default = results.pop().ok_or_else(empty)?;
        let mut pairs = Vec::new();
        for (when, then) in whens.into_iter().zip(results) {
            let condition = match &operand {
                None => self.coerce(when, &Type::Boolean)?,
                Some(operand) => self.compare(&BinaryOperator::Eq, operand.clone(), when)?,
            };
            pairs.push((condition.expr, then.expr));
        }
        Ok(chosen(pairs, &default))
    }

    /// `IF(condition, a, b)`
    pub(super) fn if_then(&self, condition: Expr, then: Typed, otherwise: Typed) -> Result<Typed> {
        let results = vec![then, otherwise];
        let mut given = types(&results);
        given.insert(0, Some(&Type::Boolean));
        let common = special_form("if", &given).transpose()?.flatten();
        let mut results = self.unified(results, &common.unwrap_or(Type::Unknown))?;
        let (otherwise, then) = (results.pop(), results.pop());
        let (otherwise, then) = otherwise.zip(then).ok_or_else(empty)?;
        Ok(chosen(vec![(condition, then.expr)], &otherwise))
    }

    /// The first that is not null.
    pub(super) fn coalesce(&self, args: Vec<Typed>) -> Result<Typed> {
        let common = self.common_type("All COALESCE operands", &args)?;
        let mut args = self.unified(args, &common)?;
        // CASE rather than DataFusion's coalesce, so that what comes after the first value is not
        // evaluated and cannot fail.
        let last = args.pop().ok_or_else(empty)?;
        let pairs = args
            .into_iter()
            .map(|arg| (arg.expr.clone().is_not_null(), arg.expr))
            .collect();
        Ok(chosen(pairs, &last))
    }

    /// `NULLIF(a, b)`
    pub(super) fn nullif(&self, a: &Typed, b: &Typed) -> Result<Typed> {
        special_form("nullif", &[Some(&a.ty), Some(&b.ty)]).transpose()?;
        let equal = self.equals(a.clone(), b.clone())?;
        let null = Typed::null(a.ty.clone());
        Ok(chosen(vec![(equal.expr, null.expr)], a))
    }

    /// `greatest`, `least`: null if any is null.
    pub(super) fn extreme(&self, greatest: bool, args: Vec<Typed>, common: Type) -> Result<Typed> {
        match common {
            Type::Real | Type::Double => return self.float_extreme(greatest, args, common),
            Type::Array(_) | Type::Row(_) => {
                let common = common.in_messages();
                return Err(Failure::unsupported(format!(
                    "Comparing values of {common}"
                )));
            }
            _ => {}
        }
        let mut args = args.into_iter();
        let mut best = args.next().ok_or_else(empty)?;
        for next in args {
            let op = if greatest {
                BinaryOperator::GtEq
            } else {
                BinaryOperator::LtEq
            };
            let keep = self.compare(&op, best.clone(), next.clone())?;
            let unknown = best.expr.clone().is_null().or(next.expr.clone().is_null());
            let null = Typed::null(common.clone());
            best = chosen(vec![(unknown, null.expr), (keep.expr, best.expr)], &next);
        }
        Ok(best)
    }

    /// The type that all turn into; `what` stands at the start of the message.
    pub(super) fn common_type(&self, what: &str, values: &[Typed]) -> Result<Type> {
        Ok(common_type(what, &types(values))?.unwrap_or(Type::Unknown))
    }

    /// All of them turned into one type, to be one column.
    ///
    /// # Errors
    /// Their instants are shown in several zones: a zone belongs to a column here.
    pub(super) fn unified(&self, values: Vec<Typed>, common: &Type) -> Result<Vec<Typed>> {
        let values = values
            .into_iter()
            .map(|value| self.coerce(value, common))
            .collect::<Result<Vec<_>>>()?;
        let zone = one_zone(&values)?;
        Ok(values
            .into_iter()
            .map(|value| value.shown_in(zone))
            .collect())
    }

    fn float_extreme(&self, greatest: bool, args: Vec<Typed>, common: Type) -> Result<Typed> {
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

/// The one zone of all instants in the values; nothing if there are none.
///
/// # Errors
/// There is more than one.
pub(super) fn one_zone<'v>(
    values: impl IntoIterator<Item = &'v Typed>,
) -> Result<Option<SessionZone>> {
    let mut zones = values.into_iter().filter_map(|value| value.zone);
    let first = zones.next();
    match zones.find(|zone| Some(*zone) != first) {
        Some(other) => Err(Failure::unsupported(format!(
            "One column with values in the zones {} and {}",
            first.map_or_else(String::new, |zone| zone.name()),
            other.name()
        ))),
        None => Ok(first),
    }
}

fn types(values: &[Typed]) -> Vec<Option<&Type>> {
    values.iter().map(|value| Some(&value.ty)).collect()
}

/// The value beside the first condition that is true, or else the last: all of one type and zone.
fn chosen(pairs: Vec<(Expr, Expr)>, otherwise: &Typed) -> Typed {
    let pairs = pairs
        .into_iter()
        .map(|(when, then)| (Box::new(when), Box::new(then)))
        .collect();
    let default = Box::new(otherwise.expr.clone());
    otherwise.with(Expr::Case(Case::new(None, pairs, Some(default))))
}

fn empty() -> Failure {
    Failure::internal("a choice among no values")
}
