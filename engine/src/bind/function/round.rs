//! `round`, `ceil`, `floor`, `truncate`.

use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::Typed;
use crate::error::{Failure, Result};
use crate::types::Type;
use crate::udf::cell::{Cell, Out};
use crate::udf::strict;

/// `round`, `ceil`, `floor`
pub(super) fn round(name: &str, arg: Typed, digits: Option<Typed>) -> Option<Typed> {
    let mode = match name {
        "round" => Mode::Half,
        "floor" => Mode::Down,
        _ => Mode::Up,
    };
    let full = format!(
        "{name}({}{})",
        arg.ty,
        if digits.is_some() { ",n" } else { "" }
    );
    match arg.ty.clone() {
        ty if ty.is_integer() => match digits {
            None => Some(arg),
            Some(digits) => Some(strict(full, vec![arg, digits], ty, |row| match row {
                [Cell::Int(v), Cell::Int(digits)] => Ok(Out::Int(round_integer(*v, *digits)?)),
                _ => Err(misuse()),
            })),
        },
        ty @ (Type::Real | Type::Double) => {
            let real = ty == Type::Real;
            let mut args = vec![arg];
            args.extend(digits);
            Some(strict(full, args, ty, move |row| match row {
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
            }))
        }
        Type::Decimal(p, s) => match digits {
            None => {
                // One digit more for what rounding may carry, where something is cut off.
                let rp = (p - s + u8::from(s > 0)).clamp(1, 38);
                Some(strict(
                    full,
                    vec![arg],
                    Type::Decimal(rp, 0),
                    move |row| match row {
                        [Cell::Decimal(v)] => {
                            let step = 10_i128.pow(u32::from(s));
                            Ok(Out::Decimal(match mode {
                                Mode::Half => {
                                    crate::convert::rescale(*v, s, 0).ok_or_else(misuse)?
                                }
                                Mode::Down => v.div_euclid(step),
                                Mode::Up => -((-v).div_euclid(step)),
                            }))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            Some(digits) => {
                let rp = (p + 1).min(38);
                Some(strict(
                    full,
                    vec![arg, digits],
                    Type::Decimal(rp, s),
                    move |row| match row {
                        [Cell::Decimal(v), Cell::Int(digits)] => {
                            if *digits >= i64::from(s) {
                                return Ok(Out::Decimal(*v));
                            }
                            let cut = i64::from(s) - digits;
                            let Some(step) = u32::try_from(cut)
                                .ok()
                                .and_then(|cut| 10_i128.checked_pow(cut))
                            else {
                                return Ok(Out::Decimal(0));
                            };
                            let (quotient, rest) = (v / step, v % step);
                            let up = rest.unsigned_abs() >= step.unsigned_abs().div_ceil(2);
                            let rounded = if up { quotient + v.signum() } else { quotient };
                            rounded
                                .checked_mul(step)
                                .filter(|v| crate::convert::fits(*v, rp))
                                .map(Out::Decimal)
                                .ok_or_else(|| {
                                    Failure::new(
                                        ErrorCode::NumericValueOutOfRange,
                                        "decimal overflow",
                                    )
                                })
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
        },
        _ => None,
    }
}

/// `truncate`
pub(super) fn truncate(arg: Typed, digits: Option<Typed>) -> Option<Typed> {
    let name = format!("truncate({})", arg.ty);
    match (arg.ty.clone(), digits) {
        (ty @ (Type::Real | Type::Double), None) => {
            Some(strict(name, vec![arg], ty, |row| match row {
                [Cell::Float(v)] => Ok(Out::Float(v.trunc())),
                _ => Err(misuse()),
            }))
        }
        (Type::Decimal(p, s), None) => {
            let ty = Type::Decimal((p - s).max(1), 0);
            Some(strict(name, vec![arg], ty, move |row| match row {
                [Cell::Decimal(v)] => Ok(Out::Decimal(v / 10_i128.pow(u32::from(s)))),
                _ => Err(misuse()),
            }))
        }
        (ty @ Type::Decimal(_, s), Some(digits)) => Some(strict(
            format!("{name} n"),
            vec![arg, digits],
            ty,
            move |row| match row {
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
            },
        )),
        _ => None,
    }
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
