//! The texts of days, times, instants and intervals in literals: their precision and zone are in the type.

use super::literal::invalid_literal;
use super::parse::precision;
use super::{ErrorName, Type, TypeProblem};

/// Whether a text is a day: `2020-05-10`, also `2020-5-1`.
pub(super) fn is_date(text: &str) -> bool {
    let mut rest = text.trim();
    take_date(&mut rest).is_some() && rest.is_empty()
}

/// The type of a time: `12:34`, `12:34:56.789`, `01:02:03 +02:00`.
pub(super) fn time(text: &str) -> Result<Type, TypeProblem> {
    let invalid = || invalid_literal(text, "TIME");
    let mut rest = text;
    let digits = take_time(&mut rest).ok_or_else(invalid)?;
    let zone = rest.trim_start();
    if zone.is_empty() && rest.is_empty() {
        return precision("TIME", digits).map(Type::Time);
    }
    if is_offset(zone) {
        return precision("TIME WITH TIME ZONE", digits).map(Type::TimeTz);
    }
    Err(invalid())
}

/// The type of an instant or a clock's reading: `2020-05-10 12:34:56.789 Europe/Lisbon`.
pub(super) fn timestamp(text: &str) -> Result<Type, TypeProblem> {
    let invalid = || invalid_literal(text, "TIMESTAMP");
    let mut rest = text.trim();
    take_date(&mut rest).ok_or_else(invalid)?;
    if rest.is_empty() {
        return Ok(Type::Timestamp(0));
    }
    rest = rest.strip_prefix(' ').ok_or_else(invalid)?.trim_start();
    let mut digits = 0;
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        digits = take_time(&mut rest).ok_or_else(invalid)?;
    }
    let zone = rest.trim_start();
    if zone.is_empty() {
        return precision("TIMESTAMP", digits).map(Type::Timestamp);
    }
    if !is_zone(zone) {
        return Err(invalid());
    }
    precision("TIMESTAMP WITH TIME ZONE", digits).map(Type::TimestampTz)
}

/// The type of an interval: its text, its first unit, and its last if another is written.
pub(super) fn interval(text: &str, first: &str, last: Option<&str>) -> Result<Type, TypeProblem> {
    const UNITS: [(&str, char); 6] = [
        ("year", '-'),
        ("month", ' '),
        ("day", ' '),
        ("hour", ':'),
        ("minute", ':'),
        ("second", ' '),
    ];
    let place = |unit: &str| {
        UNITS
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or_else(|| {
                TypeProblem::new(ErrorName::TypeNotFound, "Unknown resolvedType: INTERVAL")
            })
    };
    let start = place(first)?;
    let end = place(last.unwrap_or(first))?;
    let is_months = start < 2;
    if end < start || is_months != (end < 2) {
        return Err(invalid_literal(text, "INTERVAL"));
    }
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    let units = UNITS.get(start..=end).unwrap_or_default();
    for (i, (unit, separator)) in units.iter().enumerate() {
        take_number(&mut rest).ok_or_else(|| invalid_literal(text, "INTERVAL"))?;
        if *unit == "second"
            && let Some(fraction) = rest.strip_prefix('.')
        {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        // The later units may be left out.
        if rest.is_empty() {
            break;
        }
        let is_last = i + 1 == units.len();
        match rest.strip_prefix(*separator) {
            Some(more) if !is_last => rest = more,
            _ => return Err(invalid_literal(text, "INTERVAL")),
        }
    }
    Ok(if is_months {
        Type::IntervalYearMonth
    } else {
        Type::IntervalDayTime
    })
}

fn take_number(rest: &mut &str) -> Option<()> {
    let digits = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    let after = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let length = digits.len() - after.len();
    if length == 0 || length > 10 {
        return None;
    }
    *rest = after;
    Some(())
}

/// Takes so many digits at least and at most, and their number.
fn take_digits(rest: &mut &str, least: usize, most: usize) -> Option<u64> {
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let length = rest.len() - after.len();
    if length < least || length > most {
        return None;
    }
    let number = rest.get(..length)?.parse().ok()?;
    *rest = after;
    Some(number)
}

fn take_sign(rest: &mut &str, sign: char) -> Option<()> {
    *rest = rest.strip_prefix(sign)?;
    Some(())
}

fn take_date(rest: &mut &str) -> Option<()> {
    let unsigned = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    *rest = unsigned;
    let year = take_digits(rest, 4, 9)?;
    take_sign(rest, '-')?;
    let month = take_digits(rest, 1, 2)?;
    take_sign(rest, '-')?;
    let day = take_digits(rest, 1, 2)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(())
}

/// Takes a time and gives how many digits its fraction has.
fn take_time(rest: &mut &str) -> Option<u64> {
    let hour = take_digits(rest, 1, 2)?;
    take_sign(rest, ':')?;
    let minute = take_digits(rest, 1, 2)?;
    let mut second = 0;
    let mut digits = 0;
    if rest.starts_with(':') {
        take_sign(rest, ':')?;
        second = take_digits(rest, 1, 2)?;
        if rest.starts_with('.') {
            take_sign(rest, '.')?;
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            digits = u64::try_from(rest.len() - after.len()).ok()?;
            *rest = after;
            if digits == 0 {
                return None;
            }
        }
    }
    (hour < 24 && minute < 60 && second < 60).then_some(digits)
}

/// `+02:00`
fn is_offset(zone: &str) -> bool {
    let Some(mut rest) = zone.strip_prefix(['+', '-']) else {
        return false;
    };
    let mut parts = || {
        let hours = take_digits(&mut rest, 2, 2)?;
        take_sign(&mut rest, ':')?;
        let minutes = take_digits(&mut rest, 2, 2)?;
        (hours * 60 + minutes <= 14 * 60 && minutes < 60 && rest.is_empty()).then_some(())
    };
    parts().is_some()
}

/// An offset or what looks like a zone's name; which names there are is not known here.
fn is_zone(zone: &str) -> bool {
    is_offset(zone)
        || zone.starts_with(|c: char| c.is_ascii_alphabetic())
            && zone
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(answer: Result<Type, TypeProblem>) -> String {
        answer.map_or_else(
            |problem| problem.error.as_str().to_owned(),
            |ty| ty.to_string(),
        )
    }

    #[test]
    fn precision_and_zone_are_read() {
        for (text, ty) in [
            ("2020-01-02", "timestamp(0)"),
            ("2020-01-02 03:04", "timestamp(0)"),
            ("2020-01-02 03:04:05.123456789012", "timestamp(12)"),
            (
                "2020-01-02 03:04:05.1234567890123",
                "NUMERIC_VALUE_OUT_OF_RANGE",
            ),
            (
                "2020-05-10 12:34:56.789 Europe/Lisbon",
                "timestamp(3) with time zone",
            ),
            ("2020-05-10 12:34 +05:45", "timestamp(0) with time zone"),
            ("2020-05-10 UTC", "timestamp(0) with time zone"),
            ("2020-13-10 00:00", "INVALID_LITERAL"),
            ("2020-05-10T00:00", "INVALID_LITERAL"),
            ("2020-05-10 25:00", "INVALID_LITERAL"),
        ] {
            assert_eq!(shown(timestamp(text)), ty, "{text}");
        }
        for (text, ty) in [
            ("00:00", "time(0)"),
            ("23:59:59.999999", "time(6)"),
            ("01:02:03 -03:30", "time(0) with time zone"),
            ("01:02:03 Europe/Lisbon", "INVALID_LITERAL"),
            ("24:00", "INVALID_LITERAL"),
        ] {
            assert_eq!(shown(time(text)), ty, "{text}");
        }
    }

    #[test]
    fn intervals_are_read() {
        for (text, first, last, ty) in [
            ("3", "day", None, "INTERVAL DAY TO SECOND"),
            ("-3.5", "SECOND", None, "INTERVAL DAY TO SECOND"),
            ("1-2", "year", Some("month"), "INTERVAL YEAR TO MONTH"),
            (
                "1 02:03:04.567",
                "day",
                Some("second"),
                "INTERVAL DAY TO SECOND",
            ),
            ("1 02", "day", Some("second"), "INTERVAL DAY TO SECOND"),
            ("x", "day", None, "INVALID_LITERAL"),
            ("1 02", "day", None, "INVALID_LITERAL"),
            ("1", "week", None, "TYPE_NOT_FOUND"),
        ] {
            assert_eq!(shown(interval(text, first, last)), ty, "{text} {first}");
        }
    }
}
