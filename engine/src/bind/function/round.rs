//! `round`, `ceil`, `floor`, `truncate`.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use crate::bind::Typed;
use crate::error::{Failure, Result};
use crate::udf::cell::{Cell, Out};

/// `round`, `ceil`, `floor`
pub(super) fn round(call: &Call<'_>, arg: &Typed, digits: Option<&Typed>) -> Option<Typed> {
    let mode = match call.name {
        "round" => Mode::Half,
        "floor" => Mode::Down,
        _ => Mode::Up,
    };
    Some(match (&arg.ty, &call.ty) {
        (ty, _) if ty.is_integer() && digits.is_none() => arg.clone(),
        (ty, _) if ty.is_integer() => {
            call.of_integers(|value, digits| Ok(Out::Int(round_integer(value, digits)?)))
        }
        (ty @ (Type::Real | Type::Double), _) => {
            let real = *ty == Type::Real;
            call.strict(move |row| match row {
                [Cell::Float(v)] => Ok(Out::Float(match mode {
                    Mode::Half => round_float(*v, 0, real),
                    Mode::Down => v.floor(),
                    Mode::Up => v.ceil(),
                })),
                [Cell::Float(v), Cell::Int(digits)] => Ok(Out::Float(round_float(
                    *v,
                    i32::try_from(*digits).unwrap_or(i32::MAX),
                    real,
                ))),
                _ => Err(misuse()),
            })
        }
        (Type::Decimal(_, s), Type::Decimal(most, _)) => {
            let (s, most) = (*s, *most);
            call.strict(move |row| match row {
                [Cell::Decimal(v)] => {
                    let step = 10_i128.pow(u32::from(s));
                    Ok(Out::Decimal(match mode {
                        Mode::Half => crate::convert::rescale(*v, s, 0).ok_or_else(misuse)?,
                        Mode::Down => v.div_euclid(step),
                        Mode::Up => -((-v).div_euclid(step)),
                    }))
                }
                [Cell::Decimal(v), Cell::Int(digits)] => {
                    round_decimal(*v, i64::from(s) - digits, most).map(Out::Decimal)
                }
                _ => Err(misuse()),
            })
        }
        _ => return None,
    })
}

/// Without so many of its digits, rounded half away from zero.
fn round_decimal(value: i128, cut: i64, most: u8) -> Result<i128> {
    if cut <= 0 {
        return Ok(value);
    }
    let Some(step) = u32::try_from(cut)
        .ok()
        .and_then(|cut| 10_i128.checked_pow(cut))
    else {
        return Ok(0);
    };
    let (quotient, rest) = (value / step, value % step);
    let up = rest.unsigned_abs() >= step.unsigned_abs().div_ceil(2);
    let rounded = if up {
        quotient + value.signum()
    } else {
        quotient
    };
    rounded
        .checked_mul(step)
        .filter(|value| crate::convert::fits(*value, most))
        .ok_or_else(|| Failure::new(ErrorCode::NumericValueOutOfRange, "decimal overflow"))
}

/// `truncate`
pub(super) fn truncate(call: &Call<'_>) -> Option<Typed> {
    Some(match call.args.first().map(|arg| &arg.ty)? {
        Type::Real | Type::Double => call.strict(|row| match row {
            [Cell::Float(v)] => Ok(Out::Float(v.trunc())),
            _ => Err(misuse()),
        }),
        Type::Decimal(_, s) => {
            let s = *s;
            call.strict(move |row| match row {
                [Cell::Decimal(v)] => Ok(Out::Decimal(v / 10_i128.pow(u32::from(s)))),
                [Cell::Decimal(v), Cell::Int(digits)] if *digits >= i64::from(s) => {
                    Ok(Out::Decimal(*v))
                }
                [Cell::Decimal(v), Cell::Int(digits)] => {
                    let step = u32::try_from(i64::from(s) - digits)
                        .ok()
                        .and_then(|cut| 10_i128.checked_pow(cut));
                    Ok(Out::Decimal(step.map_or(0, |step| v - v % step)))
                }
                _ => Err(misuse()),
            })
        }
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Mode {
    Half,
    Down,
    Up,
}

fn round_integer(value: i64, digits: i64) -> Result<i64> {
    if digits >= 0 {
        return Ok(value);
    }
    let Some(step) = u32::try_from(-digits)
        .ok()
        .and_then(|n| 10_i128.checked_pow(n))
    else {
        return Ok(0);
    };
    let value = i128::from(value);
    let (quotient, rest) = (value / step, value % step);
    let up = rest.abs() * 2 >= step;
    let rounded = if up {
        quotient + value.signum()
    } else {
        quotient
    } * step;
    i64::try_from(rounded).map_err(|_| {
        Failure::new(
            ErrorCode::NumericValueOutOfRange,
            "a rounded value is out of range",
        )
    })
}

fn round_float(value: f64, digits: i32, real: bool) -> f64 {
    if !value.is_finite() {
        return value;
    }
    // As Trino: away from zero, on the shortest decimal text of the number.
    let text = if real {
        #[expect(clippy::cast_possible_truncation, reason = "it was a 32-bit number")]
        let narrow = value as f32;
        format!("{narrow:e}")
    } else {
        format!("{value:e}")
    };
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return value;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return value;
    };
    let negative = mantissa.starts_with('-');
    let digits_text: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // Digits kept: those before the point and `digits` after it.
    let keep = exponent.saturating_add(1).saturating_add(digits);
    let length = i32::try_from(digits_text.len()).unwrap_or(i32::MAX);
    if keep >= length {
        return value;
    }
    if keep < 0 {
        return if negative { -0.0 } else { 0.0 };
    }
    let keep = usize::try_from(keep).unwrap_or(0);
    let (head, tail) = digits_text.split_at(keep);
    let mut number: u128 = head.parse().unwrap_or(0);
    if tail.as_bytes().first().is_some_and(|b| *b >= b'5') {
        number += 1;
    }
    let scale = exponent - i32::try_from(keep).unwrap_or(0) + 1;
    format!("{}{number}e{scale}", if negative { "-" } else { "" })
        .parse()
        .unwrap_or(value)
}
