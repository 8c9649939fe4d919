//! Numbers.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array, types::Decimal128Type};
use datafusion::arrow::compute::kernels::numeric;
use datafusion::arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::cell::{Cell, Out};
use super::{columns, strict};
use crate::bind::Typed;
use crate::convert::{fits, rescale};
use crate::error::{Failure, Result};
use crate::types::arrow_type;

fn overflow(ty: &Type, what: &str) -> Failure {
    Failure::new(
        ErrorCode::NumericValueOutOfRange,
        format!("{ty} {what} overflow"),
    )
}

fn by_zero() -> Failure {
    Failure::new(ErrorCode::DivisionByZero, "Division by zero")
}

/// One of Arrow's operators over two columns.
type NumericKernel = fn(&ArrayRef, &ArrayRef) -> std::result::Result<ArrayRef, ArrowError>;

/// `+ - * / %` over integers of one type, checked.
pub fn integer_arithmetic(symbol: &str, left: Typed, right: Typed, ty: Type) -> Typed {
    let (what, kernel): (&'static str, NumericKernel) = match symbol {
        "+" => ("addition", |a, b| numeric::add(a, b)),
        "-" => ("subtraction", |a, b| numeric::sub(a, b)),
        "*" => ("multiplication", |a, b| numeric::mul(a, b)),
        "/" => ("division", |a, b| numeric::div(a, b)),
        _ => ("modulus", |a, b| numeric::rem(a, b)),
    };
    let failing = ty.clone();
    columns(
        format!("{symbol}({ty})"),
        vec![left, right],
        ty,
        Arc::new(move |arrays, _| match arrays {
            [a, b] => kernel(a, b).map_err(|error| match error {
                ArrowError::DivideByZero => by_zero(),
                ArrowError::ArithmeticOverflow(_) => overflow(&failing, what),
                other => Failure::internal(other.to_string()),
            }),
            _ => Err(Failure::internal("two operands")),
        }),
    )
}

/// Unary minus over an integer or an interval, checked.
pub fn negate(value: Typed, ty: Type) -> Typed {
    let low = match ty {
        Type::TinyInt => i64::from(i8::MIN),
        Type::SmallInt => i64::from(i16::MIN),
        Type::Integer | Type::IntervalYearMonth => i64::from(i32::MIN),
        _ => i64::MIN,
    };
    let failing = ty.clone();
    strict(format!("-({ty})"), vec![value], ty, move |row| match row {
        [Cell::Int(v)] if *v == low => Err(overflow(&failing, "negation")),
        [Cell::Int(v)] => Ok(Out::Int(-v)),
        _ => Err(Failure::internal("one integer")),
    })
}

/// `+ - * / %` over decimals, with Trino's rounding, to a decimal of the type.
///
/// # Errors
/// They are no decimals: a fault of the engine.
pub fn decimal_arithmetic(symbol: &str, left: Typed, right: Typed, ty: Type) -> Result<Typed> {
    let (Type::Decimal(_, s1), Type::Decimal(_, s2), Type::Decimal(p, _)) =
        (&left.ty, &right.ty, &ty)
    else {
        return Err(Failure::internal("decimals"));
    };
    let (s1, s2, p) = (*s1, *s2, *p);
    let s = s1.max(s2);
    let op = symbol.to_owned();
    let error = || Failure::new(ErrorCode::NumericValueOutOfRange, "Decimal overflow");
    let compute = move |a: i128, b: i128| -> Result<i128> {
        let value = match op.as_str() {
            "+" | "-" => {
                let a = rescale(a, s1, s);
                let b = rescale(b, s2, s);
                match (a, b) {
                    (Some(a), Some(b)) if op == "+" => a.checked_add(b),
                    (Some(a), Some(b)) => a.checked_sub(b),
                    _ => None,
                }
            }
            "*" => a.checked_mul(b),
            "/" => {
                if b == 0 {
                    return Err(by_zero());
                }
                divide(a, b, s + s2 - s1)
            }
            _ => {
                if b == 0 {
                    return Err(by_zero());
                }
                match (rescale(a, s1, s), rescale(b, s2, s)) {
                    (Some(a), Some(b)) => a.checked_rem(b),
                    _ => None,
                }
            }
        };
        value.filter(|v| fits(*v, p)).ok_or_else(error)
    };
    let returns = arrow_type(&ty);
    Ok(columns(
        format!("{symbol}({},{})", left.ty, right.ty),
        vec![left, right],
        ty,
        Arc::new(move |arrays, rows| {
            let [a, b] = arrays else {
                return Err(Failure::internal("two operands"));
            };
            let (a, b) = (
                a.as_primitive::<Decimal128Type>(),
                b.as_primitive::<Decimal128Type>(),
            );
            let mut values = Vec::with_capacity(rows);
            for pair in a.iter().zip(b.iter()) {
                values.push(match pair {
                    (Some(a), Some(b)) => Some(compute(a, b)?),
                    _ => None,
                });
            }
            Ok(Arc::new(Decimal128Array::from(values).with_data_type(returns.clone())) as ArrayRef)
        }),
    ))
}

/// `a * 10^shift / b`, half rounded away from zero.
fn divide(a: i128, b: i128, shift: u8) -> Option<i128> {
    let scaled = 10_i128
        .checked_pow(u32::from(shift))
        .and_then(|f| a.checked_mul(f));
    match scaled {
        Some(scaled) => {
            let (quotient, rest) = (scaled / b, scaled % b);
            let up = rest.unsigned_abs() >= b.unsigned_abs() - rest.unsigned_abs();
            let sign = a.signum() * b.signum();
            Some(if up && rest != 0 {
                quotient + sign
            } else {
                quotient
            })
        }
        None => {
            // Digit by digit, so that nothing overflows but the quotient itself.
            let sign = a.signum() * b.signum();
            let divisor = b.unsigned_abs();
            let mut quotient = a.unsigned_abs() / divisor;
            let mut rest = a.unsigned_abs() % divisor;
            for _ in 0..shift {
                let mut digit = 0_u128;
                let mut next = 0_u128;
                // rest * 10 by additions below the divisor.
                for _ in 0..10 {
                    let room = divisor - next;
                    if rest >= room {
                        next = rest - room;
                        digit += 1;
                    } else {
                        next += rest;
                    }
                }
                rest = next;
                quotient = quotient.checked_mul(10)?.checked_add(digit)?;
            }
            if rest >= divisor - rest && rest != 0 {
                quotient = quotient.checked_add(1)?;
            }
            Some(sign * i128::try_from(quotient).ok()?)
        }
    }
}

/// A float whose zero has no sign, for where -0 and 0 must be one.
pub fn without_negative_zero(value: Typed) -> Typed {
    let zero = match value.ty {
        Type::Real => ScalarValue::Float32(Some(0.0)),
        _ => ScalarValue::Float64(Some(0.0)),
    };
    let expr = Expr::BinaryExpr(BinaryExpr::new(
        Box::new(value.expr),
        Operator::Plus,
        Box::new(Expr::Literal(zero, None)),
    ));
    Typed::new(expr, value.ty)
}

/// Whether a float is no number.
pub fn is_nan(value: Typed) -> Typed {
    let name = format!("is_nan({})", value.ty);
    strict(name, vec![value], Type::Boolean, |row| match row {
        [Cell::Float(v)] => Ok(Out::Bool(v.is_nan())),
        _ => Err(Failure::internal("one float")),
    })
}

/// A comparison of floats as IEEE has it.
pub fn float_compare(symbol: &'static str, left: Typed, right: Typed) -> Typed {
    let name = format!("{symbol}({})", left.ty);
    strict(
        name,
        vec![left, right],
        Type::Boolean,
        move |row| match row {
            #[expect(clippy::float_cmp, reason = "it is the comparison that was asked for")]
            [Cell::Float(a), Cell::Float(b)] => Ok(Out::Bool(match symbol {
                "=" => a == b,
                "<>" => a != b,
                "<" => a < b,
                "<=" => a <= b,
                ">" => a > b,
                _ => a >= b,
            })),
            _ => Err(Failure::internal("two floats")),
        },
    )
}
