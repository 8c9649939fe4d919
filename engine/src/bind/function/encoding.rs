//! Functions between texts and bytes, and over bytes.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha512};
use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce};
use crate::udf::cell::{Cell, Out};
use crate::udf::{self, strict};

/// Java's decoder: padding may be missing, and what is left over in the last byte may be anything.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl Binder<'_> {
    pub(super) fn encoding_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let Some(first) = args.first() else {
            return Ok(None);
        };
        let is_bytes = first.ty == Type::Varbinary;
        let is_text = matches!(first.ty, Type::Varchar(_));
        Ok(match (name, args) {
            ("chr", [arg]) if arg.ty.is_integer() => {
                let arg = self.coerce(arg.clone(), &Type::BigInt)?;
                Some(strict(
                    "chr",
                    vec![arg],
                    Type::Varchar(Some(1)),
                    |row| match row {
                        [Cell::Int(code)] => u32::try_from(*code)
                            .ok()
                            .and_then(char::from_u32)
                            .map(|c| Out::Text(c.to_string()))
                            .ok_or_else(|| {
                                argument(format!("Not a valid Unicode code point: {code}"))
                            }),
                        _ => Err(misuse()),
                    },
                ))
            }
            ("to_hex", [_]) if is_bytes => {
                Some(text_of(name, first, |bytes| hex::encode_upper(bytes)))
            }
            ("to_base64", [_]) if is_bytes => Some(text_of(name, first, |bytes| {
                general_purpose::STANDARD.encode(bytes)
            })),
            ("to_base64url", [_]) if is_bytes => Some(text_of(name, first, |bytes| {
                general_purpose::URL_SAFE.encode(bytes)
            })),
            ("from_hex" | "from_base64" | "from_base64url", [_]) if is_bytes || is_text => {
                let decode: fn(&[u8]) -> Option<Vec<u8>> = match name {
                    "from_hex" => |text| hex::decode(text).ok(),
                    "from_base64" => {
                        |text| GeneralPurpose::new(&STANDARD, LENIENT).decode(text).ok()
                    }
                    _ => |text| GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text).ok(),
                };
                Some(bytes_of(name, first, decode))
            }
            ("from_utf8", [_]) if is_bytes => Some(text_of(name, first, replaced)),
            ("sha256" | "sha512", [_]) if is_bytes => {
                let which = if name == "sha256" { "sha256" } else { "sha512" };
                Some(strict(
                    which,
                    vec![first.clone()],
                    Type::Varbinary,
                    move |row| match row {
                        [Cell::Bytes(bytes)] => udf::text::hash(which, bytes)
                            .map(Out::Bytes)
                            .ok_or_else(misuse),
                        _ => Err(misuse()),
                    },
                ))
            }
            ("hmac_sha256" | "hmac_sha512", [_, key]) if is_bytes && key.ty == Type::Varbinary => {
                let sign: fn(&[u8], &[u8]) -> Option<Vec<u8>> = match name {
                    "hmac_sha256" => signature::<Hmac<Sha256>>,
                    _ => signature::<Hmac<Sha512>>,
                };
                Some(strict(
                    name.to_owned(),
                    vec![first.clone(), key.clone()],
                    Type::Varbinary,
                    move |row| match row {
                        [Cell::Bytes(_), Cell::Bytes([])] => {
                            Err(argument("the key is empty".to_owned()))
                        }
                        [Cell::Bytes(bytes), Cell::Bytes(key)] => {
                            sign(bytes, key).map(Out::Bytes).ok_or_else(misuse)
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            ("crc32", [_]) if is_bytes => Some(strict(
                name,
                vec![first.clone()],
                Type::BigInt,
                |row| match row {
                    [Cell::Bytes(bytes)] => Ok(Out::Int(i64::from(crc32(bytes)))),
                    _ => Err(misuse()),
                },
            )),
            ("length", [_]) if is_bytes => Some(strict(
                "length_bytes",
                vec![first.clone()],
                Type::BigInt,
                |row| match row {
                    [Cell::Bytes(bytes)] => {
                        Ok(Out::Int(i64::try_from(bytes.len()).unwrap_or(i64::MAX)))
                    }
                    _ => Err(misuse()),
                },
            )),
            ("reverse", [_]) if is_bytes => Some(bytes_of("reverse_bytes", first, |bytes| {
                Some(bytes.iter().rev().copied().collect())
            })),
            ("substr" | "substring", [_, bounds @ ..])
                if is_bytes
                    && matches!(bounds.len(), 1 | 2)
                    && bounds
                        .iter()
                        .all(|bound| can_coerce(&bound.ty, &Type::BigInt)) =>
            {
                let mut all = vec![first.clone()];
                for bound in bounds {
                    all.push(self.coerce(bound.clone(), &Type::BigInt)?);
                }
                Some(strict(
                    format!("substr_bytes{}", all.len()),
                    all,
                    Type::Varbinary,
                    |row| match row {
                        [Cell::Bytes(bytes), Cell::Int(start)] => {
                            Ok(Out::Bytes(part(bytes, *start, None)))
                        }
                        [Cell::Bytes(bytes), Cell::Int(start), Cell::Int(length)] => {
                            Ok(Out::Bytes(part(bytes, *start, Some(*length))))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            ("to_base", [value, radix])
                if can_coerce(&value.ty, &Type::BigInt) && can_coerce(&radix.ty, &Type::BigInt) =>
            {
                let args = vec![
                    self.coerce(value.clone(), &Type::BigInt)?,
                    self.coerce(radix.clone(), &Type::BigInt)?,
                ];
                Some(strict(
                    name,
                    args,
                    Type::Varchar(Some(64)),
                    |row| match row {
                        [Cell::Int(value), Cell::Int(radix)] => {
                            Ok(Out::Text(in_base(*value, self::radix(*radix)?)))
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            ("from_base", [_, radix]) if is_text && can_coerce(&radix.ty, &Type::BigInt) => {
                let radix = self.coerce(radix.clone(), &Type::BigInt)?;
                let args = vec![first.clone(), radix];
                Some(strict(name, args, Type::BigInt, |row| match row {
                    [Cell::Text(text), Cell::Int(radix)] => {
                        let radix = self::radix(*radix)?;
                        i64::from_str_radix(text, radix).map(Out::Int).map_err(|_| {
                            argument(format!("Not a valid base-{radix} number: {text}"))
                        })
                    }
                    _ => Err(misuse()),
                }))
            }
            _ => None,
        })
    }
}

fn argument(message: String) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

fn text_of(name: &str, bytes: &Typed, run: fn(&[u8]) -> String) -> Typed {
    strict(
        name.to_owned(),
        vec![bytes.clone()],
        Type::Varchar(None),
        move |row| match row {
            [Cell::Bytes(bytes)] => Ok(Out::Text(run(bytes))),
            _ => Err(misuse()),
        },
    )
}

/// Bytes of bytes, or of a text's bytes.
fn bytes_of(name: &str, value: &Typed, run: fn(&[u8]) -> Option<Vec<u8>>) -> Typed {
    let shown = name.to_owned();
    strict(
        name.to_owned(),
        vec![value.clone()],
        Type::Varbinary,
        move |row| {
            let bytes = match row {
                [Cell::Bytes(bytes)] => *bytes,
                [Cell::Text(text)] => text.as_bytes(),
                _ => return Err(misuse()),
            };
            run(bytes)
                .map(Out::Bytes)
                .ok_or_else(|| argument(format!("Invalid input of {shown}")))
        },
    )
}

/// The text, with one replacement character for each byte that belongs to none.
fn replaced(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn signature<M: Mac + KeyInit>(bytes: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(mac.finalize().into_bytes().to_vec())
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// From 1; from the end if negative; nothing outside.
fn part(bytes: &[u8], start: i64, length: Option<i64>) -> Vec<u8> {
    let count = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let from = if start > 0 {
        start - 1
    } else {
        count.saturating_add(start)
    };
    if start == 0 || from < 0 || from >= count || length.is_some_and(|length| length <= 0) {
        return Vec::new();
    }
    let take = length.map_or(usize::MAX, |length| {
        usize::try_from(length).unwrap_or(usize::MAX)
    });
    bytes
        .iter()
        .skip(usize::try_from(from).unwrap_or(usize::MAX))
        .take(take)
        .copied()
        .collect()
}

fn radix(radix: i64) -> Result<u32> {
    u32::try_from(radix)
        .ok()
        .filter(|radix| (2..=36).contains(radix))
        .ok_or_else(|| argument("Radix must be between 2 and 36".to_owned()))
}

fn in_base(value: i64, radix: u32) -> String {
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % u64::from(radix)).unwrap_or(0);
        digits.extend(char::from_digit(digit, radix));
        rest /= u64::from(radix);
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}
