//! Functions over numbers.

use sqlparser::ast::BinaryOperator;
use townlake_protocol::trino::ErrorCode;

use super::misuse;
use super::round::{round, truncate};
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce};
use crate::udf::cell::{Cell, Out};
use crate::udf::{self, strict};

impl Binder<'_> {
    pub(super) fn number_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let double = |run: fn(f64) -> f64| -> Result<Option<Typed>> {
            match args {
                [arg] if arg.ty.is_numeric() || arg.ty == Type::Unknown => {
                    let arg = self.coerce(arg.clone(), &Type::Double)?;
                    Ok(Some(strict(
                        name.to_owned(),
                        vec![arg],
                        Type::Double,
                        move |row| match row {
                            [Cell::Float(v)] => Ok(Out::Float(run(*v))),
                            _ => Err(misuse()),
                        },
                    )))
                }
                _ => Ok(None),
            }
        };
        match (name, args) {
            ("sqrt", _) => double(f64::sqrt),
            ("exp", _) => double(f64::exp),
            ("ln", _) => double(f64::ln),
            ("log10", _) => double(f64::log10),
            ("log2", _) => double(|v| v.ln() / 2.0_f64.ln()),
            ("sin", _) => double(f64::sin),
            ("cos", _) => double(f64::cos),
            ("tan", _) => double(f64::tan),
            ("asin", _) => double(f64::asin),
            ("acos", _) => double(f64::acos),
            ("atan", _) => double(f64::atan),
            ("sinh", _) => double(f64::sinh),
            ("cosh", _) => double(f64::cosh),
            ("tanh", _) => double(f64::tanh),
            ("cbrt", _) => double(f64::cbrt),
            ("radians", _) => double(f64::to_radians),
            ("degrees", _) => double(f64::to_degrees),
            ("power" | "pow", [a, b])
                if can_coerce(&a.ty, &Type::Double) && can_coerce(&b.ty, &Type::Double) =>
            {
                let a = self.coerce(a.clone(), &Type::Double)?;
                let b = self.coerce(b.clone(), &Type::Double)?;
                Ok(Some(strict(
                    "power",
                    vec![a, b],
                    Type::Double,
                    |row| match row {
                        [Cell::Float(a), Cell::Float(b)] => Ok(Out::Float(
                            if b.is_nan() || (a.abs() == 1.0 && b.is_infinite()) {
                                f64::NAN
                            } else {
                                a.powf(*b)
                            },
                        )),
                        _ => Err(misuse()),
                    },
                )))
            }
            ("atan2" | "log", [a, b])
                if can_coerce(&a.ty, &Type::Double) && can_coerce(&b.ty, &Type::Double) =>
            {
                let a = self.coerce(a.clone(), &Type::Double)?;
                let b = self.coerce(b.clone(), &Type::Double)?;
                let run: fn(f64, f64) -> f64 = match name {
                    "atan2" => f64::atan2,
                    _ => |base, value| value.ln() / base.ln(),
                };
                Ok(Some(strict(
                    name.to_owned(),
                    vec![a, b],
                    Type::Double,
                    move |row| match row {
                        [Cell::Float(a), Cell::Float(b)] => Ok(Out::Float(run(*a, *b))),
                        _ => Err(misuse()),
                    },
                )))
            }
            ("pi", []) => Ok(Some(constant(std::f64::consts::PI))),
            ("e", []) => Ok(Some(constant(std::f64::consts::E))),
            ("nan", []) => Ok(Some(constant(f64::NAN))),
            ("infinity", []) => Ok(Some(constant(f64::INFINITY))),
            ("is_nan", [arg]) if matches!(arg.ty, Type::Real | Type::Double) => {
                Ok(Some(udf::number::is_nan(arg.clone())))
            }
            ("is_finite" | "is_infinite", [arg]) if can_coerce(&arg.ty, &Type::Double) => {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                let finite = name == "is_finite";
                Ok(Some(strict(
                    name.to_owned(),
                    vec![arg],
                    Type::Boolean,
                    move |row| match row {
                        [Cell::Float(v)] => Ok(Out::Bool(if finite {
                            v.is_finite()
                        } else {
                            v.is_infinite()
                        })),
                        _ => Err(misuse()),
                    },
                )))
            }
            ("mod", [a, b]) if a.ty.is_numeric() && b.ty.is_numeric() => self
                .arithmetic(&BinaryOperator::Modulo, a.clone(), b.clone())
                .map(Some),
            ("abs", [arg]) => self.abs(arg.clone()),
            ("sign", [arg]) => Ok(sign(arg.clone())),
            ("round" | "ceil" | "ceiling" | "floor", [arg]) => Ok(round(name, arg.clone(), None)),
            ("round", [arg, digits])
                if matches!(digits.ty, Type::TinyInt | Type::SmallInt | Type::Integer) =>
            {
                let digits = self.coerce(digits.clone(), &Type::Integer)?;
                Ok(round(name, arg.clone(), Some(digits)))
            }
            ("truncate", [arg]) => Ok(truncate(arg.clone(), None)),
            ("truncate", [arg, digits]) if can_coerce(&digits.ty, &Type::Integer) => {
                let digits = self.coerce(digits.clone(), &Type::Integer)?;
                Ok(truncate(arg.clone(), Some(digits)))
            }
            _ => Ok(None),
        }
    }

    fn abs(&self, arg: Typed) -> Result<Option<Typed>> {
        let ty = arg.ty.clone();
        let low = match ty {
            Type::TinyInt => i64::from(i8::MIN),
            Type::SmallInt => i64::from(i16::MIN),
            Type::Integer => i64::from(i32::MIN),
            Type::BigInt => i64::MIN,
            Type::Real | Type::Double | Type::Decimal(..) => 0,
            _ => return Ok(None),
        };
        let shown = ty.clone();
        Ok(Some(strict(
            format!("abs({ty})"),
            vec![arg],
            ty,
            move |row| match row {
                [Cell::Int(v)] if *v == low => Err(Failure::new(
                    ErrorCode::NumericValueOutOfRange,
                    format!("Value {v} is out of range for abs({shown})"),
                )),
                [Cell::Int(v)] => Ok(Out::Int(v.abs())),
                [Cell::Float(v)] => Ok(Out::Float(v.abs())),
                [Cell::Decimal(v)] => Ok(Out::Decimal(v.abs())),
                _ => Err(misuse()),
            },
        )))
    }
}

fn constant(value: f64) -> Typed {
    Typed::literal(
        datafusion::common::ScalarValue::Float64(Some(value)),
        Type::Double,
    )
}

fn sign(arg: Typed) -> Option<Typed> {
    let ty = match &arg.ty {
        Type::Decimal(..) => Type::Decimal(1, 0),
        ty if ty.is_numeric() => ty.clone(),
        _ => return None,
    };
    Some(strict(
        format!("sign({})", arg.ty),
        vec![arg],
        ty,
        |row| match row {
            [Cell::Int(v)] => Ok(Out::Int(v.signum())),
            [Cell::Decimal(v)] => Ok(Out::Decimal(v.signum())),
            [Cell::Float(v)] if *v == 0.0 || v.is_nan() => Ok(Out::Float(*v)),
            [Cell::Float(v)] => Ok(Out::Float(v.signum())),
            _ => Err(misuse()),
        },
    ))
}
