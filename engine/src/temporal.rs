//! Dates, times and intervals: their texts, and arithmetic by calendar.

use std::sync::Arc;

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use datafusion::common::ScalarValue;
use townlake_sql::types::Type;

use crate::bind::Typed;
use crate::zone::SessionZone;

/// Nanoseconds in a day.
pub const DAY_NANOS: i128 = 86_400_000_000_000;

/// A timestamp as it was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Nanoseconds since 1970 on the clock that shows it.
    pub local: i128,
    /// Fractional digits that were written.
    pub digits: u8,
    /// The zone, if one was written.
    pub zone: Option<String>,
}

/// What an interval literal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Year to month.
    Months(i32),
    /// Day to second.
    Millis(i64),
}

/// Reads `2020-05-10[ 12:34[:56[.789]]][ zone]`; nothing if it is none.
pub fn parse_timestamp(text: &str) -> Option<Written> {
    let text = text.trim();
    let (date, rest) = split_date(text)?;
    let date = parse_date_parts(date)?;
    let rest = rest
        .strip_prefix(' ')
        .or_else(|| rest.strip_prefix('T'))
        .unwrap_or(rest);
    let time_end = rest
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
        .unwrap_or(rest.len());
    let (clock, zone) = (rest.get(..time_end)?, rest.get(time_end..)?.trim());
    let (nanos, digits) = if clock.is_empty() {
        (0, 0)
    } else {
        parse_clock(clock)?
    };
    if clock.is_empty()
        && !zone.is_empty()
        && !rest.starts_with(' ')
        && !zone.starts_with(char::is_alphabetic)
    {
        return None;
    }
    Some(Written {
        local: i128::from(days(date)) * DAY_NANOS + nanos,
        digits,
        zone: (!zone.is_empty()).then(|| zone.to_owned()),
    })
}

/// A date at the start, `[+-]Y...-M[M]-D[D]`, and what follows it.
fn split_date(text: &str) -> Option<(&str, &str)> {
    let mut dashes = 0;
    for (i, c) in text.char_indices() {
        match c {
            '-' | '+' if i == 0 => {}
            '-' if dashes < 2 => dashes += 1,
            c if c.is_ascii_digit() => {}
            _ => {
                return (dashes == 2)
                    .then(|| (text.get(..i).unwrap_or(""), text.get(i..).unwrap_or("")));
            }
        }
    }
    (dashes == 2).then_some((text, ""))
}

fn parse_date_parts(text: &str) -> Option<NaiveDate> {
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.is_empty() || month.is_empty() || day.is_empty() {
        return None;
    }
    if month.len() > 2 || day.len() > 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(
        sign * year.parse::<i32>().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
    )
}

/// Days since 1970 of `YYYY-MM-DD`; nothing if it is none.
pub fn parse_date(text: &str) -> Option<i32> {
    let text = text.trim();
    // Four digits at least, or a sign: `20-1-1` is not a date of Trino's.
    let digits = text.trim_start_matches(['-', '+']).split('-').next()?.len();
    if digits < 4 {
        return None;
    }
    parse_date_parts(text).map(days)
}

/// `H[H]:MM[:SS[.fraction]]` as nanoseconds since midnight, and the digits of the fraction.
fn parse_clock(text: &str) -> Option<(i128, u8)> {
    let mut parts = text.split(':');
    let hour: i128 = two_digits(parts.next()?)?;
    let minute: i128 = two_digits(parts.next()?)?;
    let (second, nanos, digits) = match parts.next() {
        None => (0, 0, 0),
        Some(part) => match part.split_once('.') {
            None => (two_digits(part)?, 0, 0),
            Some((second, fraction)) => {
                if fraction.is_empty()
                    || fraction.len() > 12
                    || !fraction.bytes().all(|b| b.is_ascii_digit())
                {
                    return None;
                }
                let digits = u8::try_from(fraction.len()).ok()?;
                let padded: String = fraction
                    .chars()
                    .chain(std::iter::repeat('0'))
                    .take(9)
                    .collect();
                (two_digits(second)?, padded.parse::<i128>().ok()?, digits)
            }
        },
    };
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((
        (hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanos,
        digits,
    ))
}

fn two_digits(text: &str) -> Option<i128> {
    if text.is_empty() || text.len() > 2 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Nanoseconds since midnight and the digits of `12:34:56.789`; nothing if it is none or has a zone.
pub fn parse_time(text: &str) -> Option<(i128, u8)> {
    parse_clock(text.trim())
}

/// `TIMESTAMP '...'`: with as many digits as written, and an instant if a zone is.
pub fn timestamp_literal(text: &str) -> Option<Typed> {
    let written = parse_timestamp(text)?;
    if written.digits > 9 {
        return None;
    }
    match &written.zone {
        None => Some(Typed::literal(
            timestamp_scalar(written.local, written.digits, None)?,
            Type::Timestamp(written.digits),
        )),
        Some(zone) => {
            let zone = SessionZone::parse(zone).ok()?;
            let instant = written.local
                - i128::from(zone.offset_seconds_at_local(written.local)) * 1_000_000_000;
            let literal = Typed::literal(
                timestamp_scalar(instant, written.digits, Some("UTC".into()))?,
                Type::TimestampTz(written.digits),
            );
            Some(literal.shown_in(Some(zone)))
        }
    }
}

/// `TIME '...'`
pub fn time_literal(text: &str) -> Option<Typed> {
    let (nanos, digits) = parse_time(text).filter(|(_, digits)| *digits <= 6)?;
    Some(Typed::literal(
        ScalarValue::Time64Microsecond(i64::try_from(nanos / 1000).ok()),
        Type::Time(digits),
    ))
}

/// The scalar of an instant, in the unit of its precision.
pub fn timestamp_scalar(nanos: i128, digits: u8, zone: Option<Arc<str>>) -> Option<ScalarValue> {
    Some(if digits <= 6 {
        ScalarValue::TimestampMicrosecond(Some(i64::try_from(nanos.div_euclid(1000)).ok()?), zone)
    } else {
        ScalarValue::TimestampNanosecond(Some(i64::try_from(nanos).ok()?), zone)
    })
}

/// Reads an interval literal between two units (both lower case).
pub fn interval_literal(text: &str, leading: &str, last: &str) -> Option<Interval> {
    let text = text.trim();
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1_i64, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let whole = |text: &str| -> Option<i64> {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    match (leading, last) {
        ("year", "year") => Some(Interval::Months(
            i32::try_from(sign * whole(text)?.checked_mul(12)?).ok()?,
        )),
        ("month", "month") => Some(Interval::Months(i32::try_from(sign * whole(text)?).ok()?)),
        ("year", "month") => {
            let (years, months) = text.split_once('-')?;
            let total = whole(years)?.checked_mul(12)?.checked_add(whole(months)?)?;
            Some(Interval::Months(i32::try_from(sign * total).ok()?))
        }
        ("day" | "hour" | "minute" | "second", "day" | "hour" | "minute" | "second") => {
            let units = ["day", "hour", "minute", "second"];
            let from = units.iter().position(|u| *u == leading)?;
            let to = units.iter().position(|u| *u == last)?;
            if from > to {
                return None;
            }
            let mut fields: Vec<&str> = Vec::new();
            if from == 0 && to > 0 {
                let (day, rest) = text.split_once(' ')?;
                fields.push(day);
                fields.extend(rest.trim_start().split(':'));
            } else {
                fields.extend(text.split(':'));
            }
            if fields.len() != to - from + 1 {
                return None;
            }
            let mut millis: i64 = 0;
            for (unit, field) in units.iter().skip(from).zip(fields) {
                let part = match *unit {
                    "day" => whole(field)?.checked_mul(86_400_000)?,
                    "hour" => whole(field)?.checked_mul(3_600_000)?,
                    "minute" => whole(field)?.checked_mul(60_000)?,
                    _ => {
                        let (seconds, fraction) = field.split_once('.').unwrap_or((field, ""));
                        if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                            return None;
                        }
                        let padded: String = fraction
                            .chars()
                            .chain(std::iter::repeat('0'))
                            .take(3)
                            .collect();
                        whole(seconds)?
                            .checked_mul(1000)?
                            .checked_add(padded.parse().ok()?)?
                    }
                };
                millis = millis.checked_add(part)?;
            }
            Some(Interval::Millis(sign * millis))
        }
        _ => None,
    }
}

/// Days since 1970.
pub fn days(date: NaiveDate) -> i32 {
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or(i32::MAX)
}

/// The day of so many days since 1970.
pub fn date(days: i64) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::try_days(days)?)
}

/// The day and the time within it of nanoseconds since 1970.
pub fn split(local: i128) -> Option<(NaiveDate, i128)> {
    let day = local.div_euclid(DAY_NANOS);
    Some((date(i64::try_from(day).ok()?)?, local.rem_euclid(DAY_NANOS)))
}

/// The day so many months later, cut to the month's length.
pub fn add_months(date: NaiveDate, months: i64) -> Option<NaiveDate> {
    let n = u32::try_from(months.unsigned_abs()).ok()?;
    if months >= 0 {
        date.checked_add_months(Months::new(n))
    } else {
        date.checked_sub_months(Months::new(n))
    }
}

/// Whole months from one moment to another, as Joda counts them.
pub fn months_between(from: i128, to: i128) -> Option<i64> {
    if from > to {
        return Some(-months_between(to, from)?);
    }
    let ((a, a_time), (b, b_time)) = (split(from)?, split(to)?);
    let mut months =
        i64::from(b.year() - a.year()) * 12 + i64::from(b.month()) - i64::from(a.month());
    if months > 0 {
        let back = add_months(a, months)?;
        if back > b || (back == b && a_time > b_time) {
            months -= 1;
        }
    }
    Some(months)
}

/// The start of the unit that the moment is in; nothing for an unknown unit.
pub fn truncate(unit: &str, local: i128) -> Option<i128> {
    let step = |nanos: i128| Some(local.div_euclid(nanos) * nanos);
    let (day, _) = split(local)?;
    let at = |date: NaiveDate| Some(i128::from(days(date)) * DAY_NANOS);
    match unit {
        "millisecond" => step(1_000_000),
        "second" => step(1_000_000_000),
        "minute" => step(60_000_000_000),
        "hour" => step(3_600_000_000_000),
        "day" => step(DAY_NANOS),
        "week" => at(day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))),
        "month" => at(day.with_day(1)?),
        "quarter" => at(day.with_day(1)?.with_month((day.month0() / 3) * 3 + 1)?),
        "year" => at(NaiveDate::from_ymd_opt(day.year(), 1, 1)?),
        _ => None,
    }
}

/// A field of a moment, by Trino's name; nothing for an unknown one.
pub fn field(name: &str, local: i128) -> Option<i64> {
    let (day, time) = split(local)?;
    let time = |unit: i128, modulus: i128| i64::try_from(time / unit % modulus).ok();
    match name {
        "year" => Some(i64::from(day.year())),
        "quarter" => Some(i64::from(day.month0() / 3 + 1)),
        "month" => Some(i64::from(day.month())),
        "week" | "week_of_year" => Some(i64::from(day.iso_week().week())),
        "day" | "day_of_month" => Some(i64::from(day.day())),
        "day_of_week" | "dow" => Some(i64::from(day.weekday().number_from_monday())),
        "day_of_year" | "doy" => Some(i64::from(day.ordinal())),
        "year_of_week" | "yow" => Some(i64::from(day.iso_week().year())),
        "hour" => time(3_600_000_000_000, 24),
        "minute" => time(60_000_000_000, 60),
        "second" => time(1_000_000_000, 60),
        "millisecond" => time(1_000_000, 1000),
        _ => None,
    }
}

/// A moment's clock reading for formats.
pub fn naive(local: i128) -> Option<NaiveDateTime> {
    let (day, time) = split(local)?;
    let seconds = u32::try_from(time / 1_000_000_000).ok()?;
    let nanos = u32::try_from(time % 1_000_000_000).ok()?;
    let clock = chrono::NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos)?;
    debug_assert_eq!(clock.nanosecond(), nanos);
    Some(day.and_time(clock))
}
