//! CAST, value by value, as Trino does it.

mod json;

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use crate::encode;
use crate::error::{Failure, Result};
use crate::temporal::{self, DAY_NANOS};
use crate::udf::cell::{Cell, Out};
use crate::zone::SessionZone;

/// Whether the engine has a cast that Trino has.
pub fn exists(from: &Type, to: &Type) -> bool {
    use Type::{
        Boolean, Char, Date, Decimal, Double, Json, Real, Time, Timestamp, TimestampTz, Uuid,
        Varchar,
    };
    match (from, to) {
        (Varchar(_), TimestampTz(_)) => false,
        (Json, Boolean | Real | Double | Decimal(..) | Varchar(_)) => true,
        (Json, to) => to.is_integer(),
        (Boolean | Date | Timestamp(_), Json) => true,
        (from, Json) => from.is_numeric() || matches!(from, Varchar(_)),
        (Varchar(_), _) => true,
        (Char(_), Varchar(_) | Char(_)) => true,
        (from, Boolean | Real | Double | Decimal(..) | Varchar(_))
            if from.is_numeric() || *from == Boolean =>
        {
            true
        }
        (from, to) if to.is_integer() && (from.is_numeric() || *from == Boolean) => true,
        (Date, Timestamp(_) | TimestampTz(_) | Varchar(_)) => true,
        (Time(_), Time(_) | Varchar(_)) => true,
        (
            Timestamp(_) | TimestampTz(_),
            Timestamp(_) | TimestampTz(_) | Date | Time(_) | Varchar(_),
        ) => true,
        (Type::IntervalDayTime | Type::IntervalYearMonth | Uuid, Varchar(_)) => true,
        (Uuid, Type::Varbinary) | (Type::Varbinary, Uuid) => true,
        _ => false,
    }
}

/// Casts a value that is not null. The zone is that in which it is shown if it is an instant, else the
/// session's.
///
/// # Errors
/// The value has no counterpart: the failure that Trino gives.
pub fn convert(cell: &Cell<'_>, from: &Type, to: &Type, zone: &SessionZone) -> Result<Out> {
    match to {
        Type::Json => json::to_json(cell, from, zone),
        _ if *from == Type::Json => json::from_json(cell, to, zone),
        Type::Varchar(n) => to_text(cell, from, to, *n, zone),
        Type::Char(n) => match to_text(cell, from, to, Some(*n), zone)? {
            Out::Text(text) => Ok(Out::Text(text.trim_end_matches(' ').to_owned())),
            other => Ok(other),
        },
        Type::Boolean => to_boolean(cell, from),
        Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt => to_integer(cell, from, to),
        Type::Real | Type::Double => to_float(cell, from, to),
        Type::Decimal(p, s) => to_decimal(cell, from, *p, *s),
        Type::Date => to_date(cell, from, zone),
        Type::Time(p) => to_time(cell, from, *p, zone),
        Type::Timestamp(p) => to_timestamp(cell, from, *p, zone),
        Type::TimestampTz(p) => to_instant(cell, from, *p, zone),
        Type::Uuid => to_uuid(cell),
        Type::Varbinary => to_bytes(cell, from),
        _ => Err(Failure::internal(format!("no cast from {from} to {to}"))),
    }
}

fn bad(text: &str, to: &str) -> Failure {
    Failure::new(
        ErrorCode::InvalidCastArgument,
        format!("Cannot cast '{text}' to {to}"),
    )
}

fn upper(ty: &Type) -> String {
    match ty {
        Type::Decimal(p, s) => format!("DECIMAL({p}, {s})"),
        other => other.to_string().to_uppercase(),
    }
}

/// A value's text, before any cut; an instant's shows it in the zone.
pub fn text_of(cell: &Cell<'_>, ty: &Type, zone: &SessionZone) -> Option<String> {
    Some(match (cell, ty) {
        (Cell::Text(text), Type::Char(n)) => encode::pad(text, *n as usize),
        (Cell::Text(text), _) => (*text).to_owned(),
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Float(value), Type::Real) => real_text(*value),
        (Cell::Float(value), _) => double_text(*value),
        (Cell::Decimal(value), Type::Decimal(_, s)) => decimal_text(*value, *s),
        (Cell::Int(value), Type::Date) => encode::date_text(i32::try_from(*value).ok()?),
        (Cell::Int(value), Type::Time(p)) => encode::time_text(*value, *p),
        (Cell::Int(value), Type::Timestamp(p)) => encode::timestamp_text(nanos(*value, *p), *p),
        (Cell::Int(value), Type::TimestampTz(p)) => {
            let shown = encode::timestamp_text(local(*value, *p, zone), *p);
            format!("{shown} {}", zone.name())
        }
        (Cell::Int(value), Type::IntervalDayTime) => encode::day_time_text(*value),
        (Cell::Int(value), Type::IntervalYearMonth) => {
            encode::year_month_text(i32::try_from(*value).ok()?)
        }
        (Cell::Int(value), _) => value.to_string(),
        _ => return None,
    })
}

fn to_text(
    cell: &Cell<'_>,
    from: &Type,
    to: &Type,
    limit: Option<u32>,
    zone: &SessionZone,
) -> Result<Out> {
    let text = text_of(cell, from, zone).ok_or_else(|| Failure::internal("no text for a value"))?;
    let Some(limit) = limit else {
        return Ok(Out::Text(text));
    };
    let limit = limit as usize;
    if text.chars().count() <= limit {
        return Ok(Out::Text(text));
    }
    match from {
        Type::Varchar(_) | Type::Char(_) => Ok(Out::Text(text.chars().take(limit).collect())),
        // Trino does not look at the length here, and fails, in TRY_CAST too, where the value is written.
        Type::Boolean
        | Type::Time(_)
        | Type::Timestamp(_)
        | Type::TimestampTz(_)
        | Type::IntervalDayTime
        | Type::IntervalYearMonth => Err(Failure::internal(format!(
            "Character count exceeds length limit {limit}: {text}"
        ))),
        _ => Err(Failure::new(
            ErrorCode::InvalidCastArgument,
            format!("Value {text} cannot be represented as {to}"),
        )),
    }
}

/// A double as Trino writes it: `1.5E0`.
pub fn double_text(value: f64) -> String {
    scientific(value, &format!("{value:e}"))
}

/// A real as Trino writes it: seven digits, `1.5E0`.
pub fn real_text(value: f64) -> String {
    let seven = format!("{value:.6e}");
    match seven.split_once('e') {
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            scientific(value, &format!("{mantissa}e{exponent}"))
        }
        None => scientific(value, &seven),
    }
}

fn scientific(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() {
            "-0E0"
        } else {
            "0E0"
        }
        .to_owned();
    }
    match shortest.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => format!("{mantissa}E{exponent}"),
        Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
        None => shortest.to_owned(),
    }
}

/// A decimal with its point.
pub fn decimal_text(value: i128, scale: u8) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs().to_string();
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

fn to_boolean(cell: &Cell<'_>, from: &Type) -> Result<Out> {
    Ok(Out::Bool(match cell {
        Cell::Text(text) => match text.to_lowercase().as_str() {
            "t" | "true" | "1" => true,
            "f" | "false" | "0" => false,
            _ => return Err(bad(text, "BOOLEAN")),
        },
        Cell::Int(value) => *value != 0,
        Cell::Float(value) => *value != 0.0,
        Cell::Decimal(value) => *value != 0,
        _ => return Err(Failure::internal(format!("no boolean of {from}"))),
    }))
}

fn to_integer(cell: &Cell<'_>, from: &Type, to: &Type) -> Result<Out> {
    let (low, high) = match to {
        Type::TinyInt => (i64::from(i8::MIN), i64::from(i8::MAX)),
        Type::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Type::Integer => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let range = |shown: String| {
        Failure::new(
            ErrorCode::NumericValueOutOfRange,
            format!("Out of range for {to}: {shown}"),
        )
    };
    let value = match cell {
        Cell::Bool(value) => i64::from(*value),
        Cell::Int(value) => {
            if *value < low || *value > high {
                return Err(range(value.to_string()));
            }
            *value
        }
        Cell::Text(text) => {
            let parsed: Option<i64> = text.parse().ok();
            match parsed.filter(|v| *v >= low && *v <= high) {
                Some(value) => value,
                None => return Err(bad(text, &upper(to))),
            }
        }
        Cell::Decimal(value) => {
            let Type::Decimal(_, s) = from else {
                return Err(Failure::internal("no scale"));
            };
            let rounded = rescale(*value, *s, 0).ok_or_else(|| range(value.to_string()))?;
            match i64::try_from(rounded)
                .ok()
                .filter(|v| *v >= low && *v <= high)
            {
                Some(value) => value,
                None => {
                    return Err(Failure::new(
                        ErrorCode::InvalidCastArgument,
                        format!(
                            "Cannot cast '{}' to {}",
                            decimal_text(*value, *s),
                            upper(to)
                        ),
                    ));
                }
            }
        }
        Cell::Float(value) => float_to_integer(*value, from, to, low, high)?,
        _ => return Err(Failure::internal(format!("no integer of {from}"))),
    };
    Ok(Out::Int(value))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the range is checked before"
)]
fn float_to_integer(value: f64, from: &Type, to: &Type, low: i64, high: i64) -> Result<i64> {
    let name = if *from == Type::Real {
        "real"
    } else {
        "double"
    };
    let range = || {
        Failure::new(
            ErrorCode::InvalidCastArgument,
            format!("Cannot cast {name} '{value}' to {to}"),
        )
    };
    if value.is_nan() {
        return Err(range());
    }
    // Half away from zero.
    let rounded = value.round();
    if rounded < low as f64
        || rounded > high as f64
        || (*to == Type::BigInt && rounded >= 9.223_372_036_854_776e18)
    {
        return Err(range());
    }
    Ok(rounded as i64)
}

#[expect(clippy::cast_precision_loss, reason = "that is what the cast is")]
fn to_float(cell: &Cell<'_>, from: &Type, to: &Type) -> Result<Out> {
    Ok(Out::Float(match cell {
        Cell::Bool(value) => f64::from(u8::from(*value)),
        Cell::Int(value) => *value as f64,
        Cell::Float(value) => *value,
        Cell::Decimal(value) => {
            let Type::Decimal(_, s) = from else {
                return Err(Failure::internal("no scale"));
            };
            let text = decimal_text(*value, *s);
            if *to == Type::Real {
                f64::from(text.parse::<f32>().unwrap_or(f32::NAN))
            } else {
                text.parse().unwrap_or(f64::NAN)
            }
        }
        Cell::Text(text) => {
            let trimmed = text.trim_matches(|c: char| c <= ' ');
            let word = trimmed.trim_start_matches(['+', '-']);
            // Rust knows `inf` and `nan` where Java knows other words.
            let java = word == "NaN"
                || word == "Infinity"
                || word
                    .bytes()
                    .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
            let parsed = if *to == Type::Real {
                trimmed.parse::<f32>().ok().map(f64::from)
            } else {
                trimmed.parse::<f64>().ok()
            };
            match parsed.filter(|_| java && !word.is_empty()) {
                Some(value) => value,
                None => return Err(bad(text, &upper(to))),
            }
        }
        _ => return Err(Failure::internal(format!("no number of {from}"))),
    }))
}

/// A decimal with another number of digits after the point, half rounded away from zero; nothing if it
/// does not fit into 128 bits.
pub fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return value.checked_mul(10_i128.checked_pow(u32::from(to - from))?);
    }
    let step = 10_i128.checked_pow(u32::from(from - to))?;
    let (quotient, rest) = (value / step, value % step);
    let up = rest.unsigned_abs() >= step.unsigned_abs().div_ceil(2);
    Some(if up {
        quotient + value.signum()
    } else {
        quotient
    })
}

/// Whether a decimal has at most so many digits.
pub fn fits(value: i128, precision: u8) -> bool {
    10_u128
        .checked_pow(u32::from(precision))
        .is_none_or(|limit| value.unsigned_abs() < limit)
}

fn to_decimal(cell: &Cell<'_>, from: &Type, p: u8, s: u8) -> Result<Out> {
    let shown = |text: &str| {
        Failure::new(
            ErrorCode::InvalidCastArgument,
            format!("Cannot cast {} '{text}' to DECIMAL({p}, {s})", upper(from)),
        )
    };
    let value = match cell {
        Cell::Bool(value) => rescale(i128::from(*value), 0, s).ok_or_else(|| shown("true"))?,
        Cell::Int(value) => {
            rescale(i128::from(*value), 0, s).ok_or_else(|| shown(&value.to_string()))?
        }
        Cell::Decimal(value) => {
            let Type::Decimal(_, t) = from else {
                return Err(Failure::internal("no scale"));
            };
            rescale(*value, *t, s).ok_or_else(|| shown(&decimal_text(*value, *t)))?
        }
        Cell::Float(value) => {
            if !value.is_finite() {
                return Err(shown(&value.to_string()));
            }
            // Trino rounds the exact binary value, all its digits, not the shortest text.
            let exact = format!("{value:.60}");
            parse_decimal(exact.trim_end_matches('0'), s)
                .ok_or_else(|| shown(&value.to_string()))?
        }
        Cell::Text(text) => parse_decimal(text, s).ok_or_else(|| {
            Failure::new(
                ErrorCode::InvalidCastArgument,
                format!(
                    "Cannot cast VARCHAR '{text}' to DECIMAL({p}, {s}). Value is not a number."
                ),
            )
        })?,
        _ => return Err(Failure::internal(format!("no decimal of {from}"))),
    };
    if !fits(value, p) {
        let text = text_of(cell, from, &SessionZone::UTC).unwrap_or_default();
        return Err(shown(&text));
    }
    Ok(Out::Decimal(value))
}

/// Reads `[-]digits[.digits][e±digits]`, rounded half away from zero to the scale.
pub fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.as_bytes().first()? {
        b'-' => (-1, mantissa.get(1..)?),
        b'+' => (1, mantissa.get(1..)?),
        _ => (1, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty())
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let all = format!("{whole}{fraction}");
    // The point after this many digits of `all`.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let keep = point + i64::from(scale);
    if keep < 0 {
        return Some(0);
    }
    let keep = usize::try_from(keep).ok()?;
    let trimmed = all.trim_start_matches('0');
    let dropped = all.len() - trimmed.len();
    let kept = keep.saturating_sub(dropped);
    if kept > 40 && !trimmed.is_empty() {
        return None;
    }
    let (head, tail) = if kept <= trimmed.len() {
        trimmed.split_at(kept)
    } else {
        (trimmed, "")
    };
    let mut value: i128 = if head.is_empty() {
        0
    } else {
        head.parse().ok()?
    };
    for _ in head.len()..kept {
        value = value.checked_mul(10)?;
    }
    // The first digit dropped, if the kept ones reach the number at all.
    let round = if keep >= dropped {
        tail.bytes().next().is_some_and(|b| b >= b'5')
    } else {
        false
    };
    if round {
        value = value.checked_add(1)?;
    }
    Some(sign * value)
}

fn to_date(cell: &Cell<'_>, from: &Type, zone: &SessionZone) -> Result<Out> {
    Ok(Out::Int(match (cell, from) {
        (Cell::Text(text), _) => i64::from(temporal::parse_date(text).ok_or_else(|| {
            Failure::new(
                ErrorCode::InvalidCastArgument,
                format!("Value cannot be cast to date: {text}"),
            )
        })?),
        (Cell::Int(value), Type::Timestamp(p)) => day(nanos(*value, *p)),
        (Cell::Int(value), Type::TimestampTz(p)) => day(local(*value, *p, zone)),
        _ => return Err(Failure::internal(format!("no date of {from}"))),
    }))
}

fn day(local: i128) -> i64 {
    i64::try_from(local.div_euclid(DAY_NANOS)).unwrap_or(i64::MAX)
}

/// Nanoseconds of a timestamp's value.
pub fn nanos(value: i64, precision: u8) -> i128 {
    if precision <= 6 {
        i128::from(value) * 1000
    } else {
        i128::from(value)
    }
}

/// A timestamp's value of nanoseconds, rounded to its precision.
///
/// # Errors
/// It is out of range.
pub fn from_nanos(nanos: i128, precision: u8) -> Result<i64> {
    let step = 10_i128.pow(9 - u32::from(precision.min(9)));
    let rounded = (nanos + step / 2).div_euclid(step) * step;
    let units = if precision <= 6 {
        rounded / 1000
    } else {
        rounded
    };
    i64::try_from(units).map_err(|_| {
        if precision > 6 {
            Failure::unsupported("A timestamp of more than 6 digits outside the years 1677 to 2262")
        } else {
            Failure::new(ErrorCode::InvalidCastArgument, "timestamp is out of range")
        }
    })
}

/// What the clock in the zone shows at an instant.
pub fn local(value: i64, precision: u8, zone: &SessionZone) -> i128 {
    let at = nanos(value, precision);
    at + i128::from(zone.offset_seconds_at_instant(at)) * 1_000_000_000
}

/// The instant at which a clock in the zone shows this.
pub fn instant(local: i128, zone: &SessionZone) -> i128 {
    local - i128::from(zone.offset_seconds_at_local(local)) * 1_000_000_000
}

fn to_time(cell: &Cell<'_>, from: &Type, p: u8, zone: &SessionZone) -> Result<Out> {
    let nanos = match (cell, from) {
        (Cell::Text(text), _) => {
            temporal::parse_time(text)
                .ok_or_else(|| {
                    Failure::new(
                        ErrorCode::InvalidCastArgument,
                        format!("Value cannot be cast to time: {text}"),
                    )
                })?
                .0
        }
        (Cell::Int(value), Type::Time(_)) => i128::from(*value) * 1000,
        (Cell::Int(value), Type::Timestamp(q)) => nanos(*value, *q).rem_euclid(DAY_NANOS),
        (Cell::Int(value), Type::TimestampTz(q)) => local(*value, *q, zone).rem_euclid(DAY_NANOS),
        _ => return Err(Failure::internal(format!("no time of {from}"))),
    };
    let step = 10_i128.pow(9 - u32::from(p.min(9)));
    let rounded = (nanos + step / 2).div_euclid(step) * step;
    let before_1970 = matches!(cell, Cell::Int(value) if *value < 0);
    if matches!(from, Type::Timestamp(_) | Type::TimestampTz(_))
        && (rounded == DAY_NANOS || (before_1970 && rounded != nanos))
    {
        // Trino 476 drops the carry: 1969-12-31 23:59:59.999999 becomes 23:59:59.000.
        return Err(Failure::unsupported(
            "CAST of a timestamp to a time where rounding reaches midnight or lies before 1970",
        ));
    }
    let rounded = rounded.rem_euclid(DAY_NANOS);
    Ok(Out::Int(i64::try_from(rounded / 1000).unwrap_or(0)))
}

fn to_timestamp(cell: &Cell<'_>, from: &Type, p: u8, zone: &SessionZone) -> Result<Out> {
    let at = match (cell, from) {
        (Cell::Text(text), _) => {
            let written = temporal::parse_timestamp(text)
                .filter(|w| w.digits <= 9)
                .ok_or_else(|| {
                    Failure::new(
                        ErrorCode::InvalidCastArgument,
                        format!("Value cannot be cast to timestamp: {text}"),
                    )
                })?;
            if let Some(zone) = &written.zone {
                SessionZone::parse(zone).map_err(|_| {
                    Failure::new(
                        ErrorCode::InvalidCastArgument,
                        format!("Value cannot be cast to timestamp: {text}"),
                    )
                })?;
                return Err(Failure::unsupported(
                    "CAST of a text with a time zone to timestamp",
                ));
            }
            written.local
        }
        (Cell::Int(value), Type::Date) => i128::from(*value) * DAY_NANOS,
        (Cell::Int(value), Type::Timestamp(q)) => nanos(*value, *q),
        (Cell::Int(value), Type::TimestampTz(q)) => local(*value, *q, zone),
        _ => return Err(Failure::internal(format!("no timestamp of {from}"))),
    };
    Ok(Out::Int(from_nanos(at, p)?))
}

fn to_instant(cell: &Cell<'_>, from: &Type, p: u8, zone: &SessionZone) -> Result<Out> {
    let at = match (cell, from) {
        (Cell::Int(value), Type::Date) => instant(i128::from(*value) * DAY_NANOS, zone),
        (Cell::Int(value), Type::Timestamp(q)) => instant(nanos(*value, *q), zone),
        (Cell::Int(value), Type::TimestampTz(q)) => nanos(*value, *q),
        _ => return Err(Failure::internal(format!("no instant of {from}"))),
    };
    Ok(Out::Int(from_nanos(at, p)?))
}

fn to_bytes(cell: &Cell<'_>, from: &Type) -> Result<Out> {
    match cell {
        Cell::Text(text) if *from != Type::Uuid => Ok(Out::Bytes(text.as_bytes().to_vec())),
        Cell::Text(text) => hex::decode(text.replace('-', ""))
            .map(Out::Bytes)
            .map_err(|error| Failure::internal(error.to_string())),
        _ => Err(Failure::internal("no bytes of this")),
    }
}

fn to_uuid(cell: &Cell<'_>) -> Result<Out> {
    if let Cell::Bytes(bytes) = cell {
        let Ok(bytes) = <[u8; 16]>::try_from(*bytes) else {
            return Err(Failure::new(
                ErrorCode::InvalidCastArgument,
                format!("Invalid UUID binary length: {}", bytes.len()),
            ));
        };
        return Ok(Out::Text(uuid::Uuid::from_bytes(bytes).to_string()));
    }
    let Cell::Text(text) = cell else {
        return Err(Failure::internal("no uuid of this"));
    };
    let shape = text.len() == 36
        && text.char_indices().all(|(i, c)| match i {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    if !shape {
        return Err(Failure::new(
            ErrorCode::InvalidCastArgument,
            format!("Cannot cast value to UUID: {text}"),
        ));
    }
    Ok(Out::Text(text.to_lowercase()))
}
