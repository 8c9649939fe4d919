//! Functions over the bits of numbers.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf::cell::{Cell, Out};

impl Binder<'_> {
    pub(super) fn bits_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        Ok(Some(match call.name {
            "bitwise_left_shift" | "bitwise_right_shift" | "bitwise_right_shift_arithmetic" => {
                shifted(call)
            }
            "bitwise_and" => call.of_integers(|a, b| Ok(Out::Int(a & b))),
            "bitwise_or" => call.of_integers(|a, b| Ok(Out::Int(a | b))),
            "bitwise_xor" => call.of_integers(|a, b| Ok(Out::Int(a ^ b))),
            "bitwise_not" => call.of_integer(|a| Ok(Out::Int(!a))),
            "bit_count" => call.of_integers(|value, bits| bit_count(value, bits).map(Out::Int)),
            "to_ieee754_64" => bytes(call, |cell| match cell {
                Cell::Float(v) if v.is_nan() => Some(f64::NAN.to_be_bytes().to_vec()),
                Cell::Float(v) => Some(v.to_be_bytes().to_vec()),
                _ => None,
            }),
            "to_ieee754_32" => bytes(call, |cell| match cell {
                #[expect(clippy::cast_possible_truncation, reason = "it was a 32-bit number")]
                Cell::Float(v) if !v.is_nan() => Some((*v as f32).to_be_bytes().to_vec()),
                Cell::Float(_) => Some(f32::NAN.to_be_bytes().to_vec()),
                _ => None,
            }),
            "to_big_endian_64" => bytes(call, |cell| match cell {
                Cell::Int(v) => Some(v.to_be_bytes().to_vec()),
                _ => None,
            }),
            "to_big_endian_32" => bytes(call, |cell| match cell {
                Cell::Int(v) => i32::try_from(*v).ok().map(|v| v.to_be_bytes().to_vec()),
                _ => None,
            }),
            "from_big_endian_64" | "from_big_endian_32" | "from_ieee754_64" | "from_ieee754_32" => {
                number_of_bytes(call)
            }
            _ => return Ok(None),
        }))
    }
}

/// Java's shifts: a distance counts modulo 64, and one beyond the type's width leaves nothing.
fn shifted(call: &Call<'_>) -> Typed {
    let width: u32 = match call.ty {
        Type::TinyInt => 8,
        Type::SmallInt => 16,
        Type::Integer => 32,
        _ => 64,
    };
    // The low bits, with the sign that they have there.
    let narrow = move |bits: i64| (bits << (64 - width)) >> (64 - width);
    let unsigned = move |value: i64| (value.cast_unsigned() << (64 - width)) >> (64 - width);
    let run: Box<dyn Fn(i64, i64) -> i64 + Send + Sync> = match call.name {
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
    call.strict(move |row| match row {
        [Cell::Int(value), Cell::Int(shift)] => Ok(Out::Int(run(*value, *shift))),
        _ => Err(misuse()),
    })
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

fn bytes(call: &Call<'_>, run: fn(&Cell<'_>) -> Option<Vec<u8>>) -> Typed {
    call.strict(move |row| match row {
        [cell] => run(cell).map(Out::Bytes).ok_or_else(misuse),
        _ => Err(misuse()),
    })
}

fn number_of_bytes(call: &Call<'_>) -> Typed {
    let target = call.ty.clone();
    call.strict(move |row| {
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
