//! Functions over numbers.

use datafusion::common::ScalarValue;
use sqlparser::ast::BinaryOperator;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use super::round::{round, truncate};
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf;
use crate::udf::cell::{Cell, Out};

impl Binder<'_> {
    pub(super) fn number_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        if let Some(run) = of_double(call.name) {
            return Ok(Some(call.strict(move |row| match row {
                [Cell::Float(value)] => Ok(Out::Float(run(*value))),
                _ => Err(misuse()),
            })));
        }
        Ok(Some(match (call.name, call.args.as_slice()) {
            ("power" | "pow", _) => doubles(call, |a, b| {
                if b.is_nan() || (a.abs() == 1.0 && b.is_infinite()) {
                    f64::NAN
                } else {
                    a.powf(b)
                }
            }),
            ("atan2", _) => doubles(call, f64::atan2),
            ("log", _) => doubles(call, |base, value| value.ln() / base.ln()),
            ("pi", _) => constant(std::f64::consts::PI),
            ("e", _) => constant(std::f64::consts::E),
            ("nan", _) => constant(f64::NAN),
            ("infinity", _) => constant(f64::INFINITY),
            ("is_nan", [arg]) => udf::number::is_nan(arg.clone()),
            ("is_finite", _) => asked(call, f64::is_finite),
            ("is_infinite", _) => asked(call, f64::is_infinite),
            ("mod", [a, b]) => self.arithmetic(&BinaryOperator::Modulo, a.clone(), b.clone())?,
            ("abs", _) => abs(call),
            ("sign", _) => sign(call),
            ("round" | "ceil" | "ceiling" | "floor", [arg, digits @ ..]) => {
                return Ok(round(call, arg, digits.first()));
            }
            ("truncate", _) => return Ok(truncate(call)),
            _ => return Ok(None),
        }))
    }
}

/// The functions of one double.
fn of_double(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "sqrt" => f64::sqrt,
        "exp" => f64::exp,
        "ln" => f64::ln,
        "log10" => f64::log10,
        "log2" => |value| value.ln() / 2.0_f64.ln(),
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "cbrt" => f64::cbrt,
        "radians" => f64::to_radians,
        "degrees" => f64::to_degrees,
        _ => return None,
    })
}

fn doubles(call: &Call<'_>, run: fn(f64, f64) -> f64) -> Typed {
    call.strict(move |row| match row {
        [Cell::Float(a), Cell::Float(b)] => Ok(Out::Float(run(*a, *b))),
        _ => Err(misuse()),
    })
}

fn asked(call: &Call<'_>, ask: fn(f64) -> bool) -> Typed {
    call.strict(move |row| match row {
        [Cell::Float(value)] => Ok(Out::Bool(ask(*value))),
        _ => Err(misuse()),
    })
}

fn abs(call: &Call<'_>) -> Typed {
    let low = match call.ty {
        Type::TinyInt => i64::from(i8::MIN),
        Type::SmallInt => i64::from(i16::MIN),
        Type::Integer => i64::from(i32::MIN),
        Type::BigInt => i64::MIN,
        _ => 0,
    };
    let shown = call.ty.clone();
    call.strict(move |row| match row {
        [Cell::Int(v)] if *v == low => Err(Failure::new(
            ErrorCode::NumericValueOutOfRange,
            format!("Value {v} is out of range for abs({shown})"),
        )),
        [Cell::Int(v)] => Ok(Out::Int(v.abs())),
        [Cell::Float(v)] => Ok(Out::Float(v.abs())),
        [Cell::Decimal(v)] => Ok(Out::Decimal(v.abs())),
        _ => Err(misuse()),
    })
}

fn constant(value: f64) -> Typed {
    Typed::literal(ScalarValue::Float64(Some(value)), Type::Double)
}

fn sign(call: &Call<'_>) -> Typed {
    call.strict(|row| match row {
        [Cell::Int(v)] => Ok(Out::Int(v.signum())),
        [Cell::Decimal(v)] => Ok(Out::Decimal(v.signum())),
        [Cell::Float(v)] if *v == 0.0 || v.is_nan() => Ok(Out::Float(*v)),
        [Cell::Float(v)] => Ok(Out::Float(v.signum())),
        _ => Err(misuse()),
    })
}
