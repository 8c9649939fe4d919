//! Functions over the bits of numbers.

use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce};
use crate::udf::cell::{Cell, Out};
use crate::udf::strict;

impl Binder<'_> {
    pub(super) fn bits_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        Ok(match (name, args) {
            (
                "bitwise_left_shift" | "bitwise_right_shift" | "bitwise_right_shift_arithmetic",
                [value, shift],
            ) if value.ty.is_integer() && can_coerce(&shift.ty, &Type::Integer) => {
                let shift = self.coerce(shift.clone(), &Type::Integer)?;
                Some(shifted(name, value.clone(), shift))
            }
            ("bitwise_and" | "bitwise_or" | "bitwise_xor", [_, _]) => {
                let Some(args) = self.whole_numbers(args)? else {
                    return Ok(None);
                };
                let run: fn(i64, i64) -> i64 = match name {
                    "bitwise_and" => |a, b| a & b,
                    "bitwise_or" => |a, b| a | b,
                    _ => |a, b| a ^ b,
                };
                Some(strict(
                    name.to_owned(),
                    args,
                    Type::BigInt,
                    move |row| match row {
                        [Cell::Int(a), Cell::Int(b)] => Ok(Out::Int(run(*a, *b))),
                        _ => Err(misuse()),
                    },
                ))
            }
            ("bitwise_not", [_]) => self.whole_numbers(args)?.map(|args| {
                strict("bitwise_not", args, Type::BigInt, |row| match row {
                    [Cell::Int(a)] => Ok(Out::Int(!a)),
                    _ => Err(misuse()),
                })
            }),
            ("bit_count", [_, _]) => self.whole_numbers(args)?.map(|args| {
                strict("bit_count", args, Type::BigInt, |row| match row {
                    [Cell::Int(value), Cell::Int(bits)] => bit_count(*value, *bits).map(Out::Int),
                    _ => Err(misuse()),
                })
            }),
            ("to_ieee754_64", [value]) if can_coerce(&value.ty, &Type::Double) => {
                let value = self.coerce(value.clone(), &Type::Double)?;
                Some(bytes("to_ieee754_64", value, |cell| match cell {
                    Cell::Float(v) if v.is_nan() => Some(f64::NAN.to_be_bytes().to_vec()),
                    Cell::Float(v) => Some(v.to_be_bytes().to_vec()),
                    _ => None,
                }))
            }
            ("to_ieee754_32", [value]) if can_coerce(&value.ty, &Type::Real) => {
                let value = self.coerce(value.clone(), &Type::Real)?;
                Some(bytes("to_ieee754_32", value, |cell| match cell {
                    #[expect(clippy::cast_possible_truncation, reason = "it was a 32-bit number")]
                    Cell::Float(v) if !v.is_nan() => Some((*v as f32).to_be_bytes().to_vec()),
                    Cell::Float(_) => Some(f32::NAN.to_be_bytes().to_vec()),
                    _ => None,
                }))
            }
            ("to_big_endian_64", [value]) if can_coerce(&value.ty, &Type::BigInt) => {
                let value = self.coerce(value.clone(), &Type::BigInt)?;
                Some(bytes("to_big_endian_64", value, |cell| match cell {
                    Cell::Int(v) => Some(v.to_be_bytes().to_vec()),
                    _ => None,
                }))
            }
            ("to_big_endian_32", [value]) if can_coerce(&value.ty, &Type::Integer) => {
                let value = self.coerce(value.clone(), &Type::Integer)?;
                Some(bytes("to_big_endian_32", value, |cell| match cell {
                    Cell::Int(v) => i32::try_from(*v).ok().map(|v| v.to_be_bytes().to_vec()),
                    _ => None,
                }))
            }
            (
                "from_big_endian_64" | "from_big_endian_32" | "from_ieee754_64" | "from_ieee754_32",
                [value],
            ) if value.ty == Type::Varbinary => Some(number_of_bytes(name, value.clone())),
            _ => None,
        })
    }

    /// The arguments as bigints, if each is a whole number.
    fn whole_numbers(&self, args: &[Typed]) -> Result<Option<Vec<Typed>>> {
        if !args.iter().all(|arg| can_coerce(&arg.ty, &Type::BigInt)) {
            return Ok(None);
        }
        args.iter()
            .map(|arg| self.coerce(arg.clone(), &Type::BigInt))
            .collect::<Result<Vec<_>>>()
            .map(Some)
    }
}

/// Java's shifts: a distance counts modulo 64, and one beyond the type's width leaves nothing.
fn shifted(name: &str, value: Typed, shift: Typed) -> Typed {
    let ty = value.ty.clone();
    let width: u32 = match ty {
        Type::TinyInt => 8,
        Type::SmallInt => 16,
        Type::Integer => 32,
        _ => 64,
    };
    // The low bits, with the sign that they have there.
    let narrow = move |bits: i64| (bits << (64 - width)) >> (64 - width);
    let unsigned = move |value: i64| (value.cast_unsigned() << (64 - width)) >> (64 - width);
    let run: Box<dyn Fn(i64, i64) -> i64 + Send + Sync> = match name {
        "bitwise_left_shift" => Box::new(move |value, shift| {
            if shift >= i64::from(width) {
                return 0;
            }
            narrow(value << (shift & 63))
        }),
        "bitwise_right_shift" => Box::new(move |value, shift| {
            if shift >= i64::from(width) {
                return 0;
            }
            narrow((unsigned(value) >> (shift & 63)).cast_signed())
        }),
        _ => Box::new(move |value, shift| {
            if shift >= i64::from(width) {
                return value >> 63;
            }
            value >> (shift & 63)
        }),
    };
    strict(
        format!("{name}({ty})"),
        vec![value, shift],
        ty,
        move |row| match row {
            [Cell::Int(value), Cell::Int(shift)] => Ok(Out::Int(run(*value, *shift))),
            _ => Err(misuse()),
        },
    )
}

fn bit_count(value: i64, bits: i64) -> Result<i64> {
    let argument = |message: String| Failure::new(ErrorCode::InvalidFunctionArgument, message);
    if !(2..=64).contains(&bits) {
        return Err(argument(format!(
            "Bits specified in bit_count must be between 2 and 64, got {bits}"
        )));
    }
    let low = i64::MIN >> (64 - bits);
    if value < low || value > !low {
        return Err(argument(format!(
            "Number must be representable with the bits specified. {value} cannot be represented with {bits} bits"
        )));
    }
    let mask = u64::MAX >> (64 - bits);
    Ok(i64::from((value.cast_unsigned() & mask).count_ones()))
}

fn bytes(name: &str, value: Typed, run: fn(&Cell<'_>) -> Option<Vec<u8>>) -> Typed {
    strict(
        name.to_owned(),
        vec![value],
        Type::Varbinary,
        move |row| match row {
            [cell] => run(cell).map(Out::Bytes).ok_or_else(misuse),
            _ => Err(misuse()),
        },
    )
}

fn number_of_bytes(name: &str, value: Typed) -> Typed {
    let ty = match name {
        "from_big_endian_64" => Type::BigInt,
        "from_big_endian_32" => Type::Integer,
        "from_ieee754_64" => Type::Double,
        _ => Type::Real,
    };
    let target = ty.clone();
    strict(name.to_owned(), vec![value], ty, move |row| {
        let [Cell::Bytes(bytes)] = row else {
            return Err(misuse());
        };
        let eight = <[u8; 8]>::try_from(*bytes);
        let four = <[u8; 4]>::try_from(*bytes);
        match (&target, eight, four) {
            (Type::BigInt, Ok(bytes), _) => Ok(Out::Int(i64::from_be_bytes(bytes))),
            (Type::Integer, _, Ok(bytes)) => Ok(Out::Int(i64::from(i32::from_be_bytes(bytes)))),
            (Type::Double, Ok(bytes), _) => Ok(Out::Float(f64::from_be_bytes(bytes))),
            (Type::Real, _, Ok(bytes)) => Ok(Out::Float(f64::from(f32::from_be_bytes(bytes)))),
            _ => Err(Failure::new(
                ErrorCode::InvalidFunctionArgument,
                "the input has another number of bytes than the number",
            )),
        }
    })
}
