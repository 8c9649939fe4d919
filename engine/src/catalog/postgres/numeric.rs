//! Postgres's numeric as it comes over the wire, as a whole number of a fixed scale.

use std::error::Error;

use tokio_postgres::types::{FromSql, Type};

const NAN: u16 = 0xC000;
const NEGATIVE: u16 = 0x4000;
const POSITIVE: u16 = 0x0000;

/// A numeric: base-10,000 digits from the first power down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numeric {
    negative: bool,
    /// The power of 10,000 of the first digit.
    weight: i16,
    digits: Vec<i16>,
}

impl Numeric {
    /// The value times ten to the scale, or nothing if it does not fit or has more fractional digits.
    pub fn scaled(&self, scale: u8) -> Option<i128> {
        let mut total: i128 = 0;
        for (position, digit) in self.digits.iter().enumerate() {
            let power =
                (i32::from(self.weight) - i32::try_from(position).ok()?) * 4 + i32::from(scale);
            let digit = i128::from(*digit);
            let part = match u32::try_from(power) {
                Ok(power) => digit.checked_mul(10_i128.checked_pow(power)?)?,
                Err(_) => {
                    let divisor = 10_i128.checked_pow(power.unsigned_abs())?;
                    if digit % divisor != 0 {
                        return None;
                    }
                    digit / divisor
                }
            };
            total = total.checked_add(part)?;
        }
        Some(if self.negative { -total } else { total })
    }
}

impl<'a> FromSql<'a> for Numeric {
    /// The layout of `numeric_send` in Postgres's `numeric.c`: count, weight, sign, scale, digits; 16 bits each.
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let words: Vec<u16> = raw
            .chunks_exact(2)
            .map(|pair| {
                pair.iter()
                    .fold(0, |word, byte| word << 8 | u16::from(*byte))
            })
            .collect();
        let [count, weight, sign, _scale, digits @ ..] = words.as_slice() else {
            return Err("a numeric is too short".into());
        };
        if digits.len() != usize::from(*count) {
            return Err("a numeric has another length than it says".into());
        }
        let negative = match *sign {
            POSITIVE => false,
            NEGATIVE => true,
            NAN => return Err("a numeric is NaN, which decimal cannot hold".into()),
            _ => return Err("a numeric is infinite, which decimal cannot hold".into()),
        };
        Ok(Self {
            negative,
            weight: weight.cast_signed(),
            digits: digits.iter().map(|digit| digit.cast_signed()).collect(),
        })
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(weight: i16, negative: bool, digits: &[i16]) -> Numeric {
        Numeric {
            negative,
            weight,
            digits: digits.to_vec(),
        }
    }

    #[test]
    fn digits_become_a_scaled_number_or_nothing() {
        for (value, scale, expected) in [
            (numeric(0, false, &[]), 2, Some(0)),
            (numeric(0, false, &[12, 3400]), 2, Some(1234)),
            (numeric(0, true, &[12, 3400]), 4, Some(-123_400)),
            (numeric(1, false, &[1, 2345]), 0, Some(12345)),
            (numeric(-1, false, &[1]), 4, Some(1)),
            (numeric(-1, false, &[1]), 2, None),
            (numeric(9, false, &[9999]), 10, None),
        ] {
            assert_eq!(value.scaled(scale), expected, "{value:?} at scale {scale}");
        }
    }
}
