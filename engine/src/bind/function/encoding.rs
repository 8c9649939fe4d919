//! Functions between texts and bytes, and over bytes.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha512};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf;
use crate::udf::cell::{Cell, Out};

/// Java's decoder: padding may be missing, and what is left over in the last byte may be anything.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl Binder<'_> {
    pub(super) fn encoding_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let of_bytes = matches!(call.args.first(), Some(first) if first.ty == Type::Varbinary);
        Ok(Some(match (call.name, call.args.len()) {
            ("chr", 1) => call.of_integer(|code| {
                u32::try_from(code)
                    .ok()
                    .and_then(char::from_u32)
                    .map(|c| Out::Text(c.to_string()))
                    .ok_or_else(|| argument(format!("Not a valid Unicode code point: {code}")))
            }),
            ("to_hex", 1) => call.of_bytes(|bytes| Ok(Out::Text(hex::encode_upper(bytes)))),
            ("to_base64", 1) => {
                call.of_bytes(|bytes| Ok(Out::Text(general_purpose::STANDARD.encode(bytes))))
            }
            ("to_base64url", 1) => {
                call.of_bytes(|bytes| Ok(Out::Text(general_purpose::URL_SAFE.encode(bytes))))
            }
            ("from_hex", 1) => decoded(call, |text| hex::decode(text).ok()),
            ("from_base64", 1) => decoded(call, |text| {
                GeneralPurpose::new(&STANDARD, LENIENT).decode(text).ok()
            }),
            ("from_base64url", 1) => decoded(call, |text| {
                GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text).ok()
            }),
            // One replacement character for each byte that belongs to no other.
            ("from_utf8", 1) => {
                call.of_bytes(|bytes| Ok(Out::Text(String::from_utf8_lossy(bytes).into_owned())))
            }
            ("sha256", 1) => call.of_bytes(|bytes| hashed("sha256", bytes)),
            ("sha512", 1) => call.of_bytes(|bytes| hashed("sha512", bytes)),
            ("hmac_sha256", 2) => signed(call, signature::<Hmac<Sha256>>),
            ("hmac_sha512", 2) => signed(call, signature::<Hmac<Sha512>>),
            ("crc32", 1) => call.of_bytes(|bytes| Ok(Out::Int(i64::from(crc32(bytes))))),
            ("length", 1) if of_bytes => {
                call.of_bytes(|bytes| Ok(Out::Int(i64::try_from(bytes.len()).unwrap_or(i64::MAX))))
            }
            ("reverse", 1) if of_bytes => {
                call.of_bytes(|bytes| Ok(Out::Bytes(bytes.iter().rev().copied().collect())))
            }
            ("substr", _) if of_bytes => call.strict(|row| match row {
                [Cell::Bytes(bytes), Cell::Int(start)] => Ok(Out::Bytes(part(bytes, *start, None))),
                [Cell::Bytes(bytes), Cell::Int(start), Cell::Int(length)] => {
                    Ok(Out::Bytes(part(bytes, *start, Some(*length))))
                }
                _ => Err(misuse()),
            }),
            ("to_base", 2) => {
                call.of_integers(|value, radix| Ok(Out::Text(in_base(value, self::radix(radix)?))))
            }
            ("from_base", 2) => call.strict(|row| match row {
                [Cell::Text(text), Cell::Int(radix)] => {
                    let radix = self::radix(*radix)?;
                    i64::from_str_radix(text, radix)
                        .map(Out::Int)
                        .map_err(|_| argument(format!("Not a valid base-{radix} number: {text}")))
                }
                _ => Err(misuse()),
            }),
            _ => return Ok(None),
        }))
    }
}

fn argument(message: String) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

/// Bytes of bytes, or of a text's bytes.
fn decoded(call: &Call<'_>, run: fn(&[u8]) -> Option<Vec<u8>>) -> Typed {
    let name = call.name.to_owned();
    call.strict(move |row| {
        let bytes = match row {
            [Cell::Bytes(bytes)] => *bytes,
            [Cell::Text(text)] => text.as_bytes(),
            _ => return Err(misuse()),
        };
        run(bytes)
            .map(Out::Bytes)
            .ok_or_else(|| argument(format!("Invalid input of {name}")))
    })
}

fn hashed(name: &str, bytes: &[u8]) -> Result<Out> {
    udf::text::hash(name, bytes)
        .map(Out::Bytes)
        .ok_or_else(misuse)
}

fn signed(call: &Call<'_>, sign: fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Typed {
    call.strict(move |row| match row {
        [Cell::Bytes(_), Cell::Bytes([])] => Err(argument("the key is empty".to_owned())),
        [Cell::Bytes(bytes), Cell::Bytes(key)] => {
            sign(bytes, key).map(Out::Bytes).ok_or_else(misuse)
        }
        _ => Err(misuse()),
    })
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
