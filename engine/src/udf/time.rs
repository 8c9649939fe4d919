//! Dates, times and intervals in expressions.

use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::cell::{Cell, Out};
use super::strict;
use crate::bind::Typed;
use crate::convert::{self, from_nanos, nanos};
use crate::error::{Failure, Result};
use crate::temporal::{self, DAY_NANOS};
use crate::zone::SessionZone;

fn misuse() -> Failure {
    Failure::internal("a function over times got other arguments than it was bound for")
}

fn range() -> Failure {
    Failure::new(
        ErrorCode::InvalidFunctionArgument,
        "a date or time is out of range",
    )
}

/// A moment as its own clock shows it, and how to come back from there.
#[derive(Clone)]
struct Clock {
    ty: Type,
    zone: Option<SessionZone>,
}

impl Clock {
    fn of(value: &Typed) -> Self {
        Self {
            ty: value.ty.clone(),
            zone: value.zone,
        }
    }

    fn read(&self, value: i64) -> i128 {
        match &self.ty {
            Type::Date => i128::from(value) * DAY_NANOS,
            Type::Time(_) => i128::from(value) * 1000,
            Type::Timestamp(p) => nanos(value, *p),
            Type::TimestampTz(p) => {
                let at = nanos(value, *p);
                let offset = self
                    .zone
                    .map_or(0, |zone| zone.offset_seconds_at_instant(at));
                at + i128::from(offset) * 1_000_000_000
            }
            _ => i128::from(value),
        }
    }

    fn write(&self, local: i128) -> Result<Out> {
        Ok(Out::Int(match &self.ty {
            Type::Date => i64::try_from(local.div_euclid(DAY_NANOS)).map_err(|_| range())?,
            Type::Time(_) => {
                i64::try_from(local.rem_euclid(DAY_NANOS) / 1000).map_err(|_| range())?
            }
            Type::Timestamp(p) => from_nanos(local, *p)?,
            Type::TimestampTz(p) => {
                let at = self
                    .zone
                    .map_or(local, |zone| convert::instant(local, &zone));
                from_nanos(at, *p)?
            }
            _ => return Err(misuse()),
        }))
    }
}

/// A kernel's name says all that it depends on.
fn name(function: &str, value: &Typed) -> String {
    let zone = value.zone.map(|zone| zone.name()).unwrap_or_default();
    format!("{function}({} {zone})", value.ty)
}

/// Arithmetic in which a time or an interval takes part.
///
/// # Errors
/// What the engine does not do.
pub fn arithmetic(symbol: &str, left: Typed, right: Typed, ty: Type) -> Result<Typed> {
    let is_interval = |ty: &Type| matches!(ty, Type::IntervalDayTime | Type::IntervalYearMonth);
    match (symbol, is_interval(&left.ty), is_interval(&right.ty)) {
        ("+" | "-", true, true) => Ok(interval_arithmetic(symbol, left, right, ty)),
        ("+", false, true) => shift(left, right, 1, ty),
        ("+", true, false) => shift(right, left, 1, ty),
        ("-", false, true) => shift(left, right, -1, ty),
        ("-", false, false) => Ok(difference(left, right)),
        _ => Err(Failure::unsupported(format!(
            "{} {symbol} {}",
            left.ty.in_messages(),
            right.ty.in_messages()
        ))),
    }
}

/// The sum or difference of two intervals of one type.
fn interval_arithmetic(symbol: &str, left: Typed, right: Typed, ty: Type) -> Typed {
    let plus = symbol == "+";
    let limit = if ty == Type::IntervalYearMonth {
        i64::from(i32::MAX)
    } else {
        i64::MAX
    };
    strict(
        format!("{symbol}({ty})"),
        vec![left, right],
        ty,
        move |row| match row {
            [Cell::Int(a), Cell::Int(b)] => {
                let sum = if plus {
                    a.checked_add(*b)
                } else {
                    a.checked_sub(*b)
                };
                sum.filter(|v| v.abs() <= limit)
                    .map(Out::Int)
                    .ok_or_else(range)
            }
            _ => Err(misuse()),
        },
    )
}

/// A moment so much later (or earlier), as a value of the type.
fn shift(moment: Typed, interval: Typed, sign: i64, ty: Type) -> Result<Typed> {
    let clock = Clock::of(&moment);
    let op = if sign > 0 { "plus" } else { "minus" };
    match (&moment.ty, &interval.ty) {
        (_, Type::IntervalYearMonth) => Ok(strict(
            name(&format!("{op}_months"), &moment),
            vec![moment, interval],
            ty,
            move |row| match row {
                [Cell::Int(at), Cell::Int(months)] => {
                    let (day, time) = temporal::split(clock.read(*at)).ok_or_else(range)?;
                    let day = temporal::add_months(day, sign * months).ok_or_else(range)?;
                    clock.write(i128::from(temporal::days(day)) * DAY_NANOS + time)
                }
                _ => Err(misuse()),
            },
        )),
        (Type::Date, _) => Ok(strict(
            format!("{op}_days(date)"),
            vec![moment, interval],
            ty,
            move |row| match row {
                [Cell::Int(at), Cell::Int(millis)] if millis % 86_400_000 == 0 => {
                    Ok(Out::Int(at + sign * (millis / 86_400_000)))
                }
                [Cell::Int(_), Cell::Int(_)] => Err(Failure::new(
                    ErrorCode::InvalidFunctionArgument,
                    "Cannot add hour, minutes or seconds to a date",
                )),
                _ => Err(misuse()),
            },
        )),
        // An instant moves by elapsed time, whatever clocks do in between; so does a plain timestamp.
        (Type::TimestampTz(p) | Type::Timestamp(p), _) => {
            let p = *p;
            Ok(strict(
                name(&format!("{op}_interval"), &moment),
                vec![moment, interval],
                ty,
                move |row| match row {
                    [Cell::Int(at), Cell::Int(millis)] => {
                        let moved = nanos(*at, p) + i128::from(sign * millis) * 1_000_000;
                        // An interval has milliseconds: the result has at least three digits.
                        Ok(Out::Int(from_nanos(moved, p.max(3))?))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        (Type::Time(_), _) => Ok(strict(
            name(&format!("{op}_interval"), &moment),
            vec![moment, interval],
            ty,
            move |row| match row {
                [Cell::Int(at), Cell::Int(millis)] => {
                    clock.write(clock.read(*at) + i128::from(sign * millis) * 1_000_000)
                }
                _ => Err(misuse()),
            },
        )),
        _ => Err(misuse()),
    }
}

/// `a - b` as an interval of milliseconds; both of one type.
fn difference(a: Typed, b: Typed) -> Typed {
    let clock = Clock {
        zone: None,
        ..Clock::of(&a)
    };
    let is_time = matches!(a.ty, Type::Time(_));
    strict(
        format!("minus({})", a.ty),
        vec![a, b],
        Type::IntervalDayTime,
        move |row| match row {
            [Cell::Int(a), Cell::Int(b)] => {
                let nanos = clock.read(*a) - clock.read(*b);
                // Half a millisecond counts as one: upwards, between times of day away from zero.
                let millis = if is_time {
                    (nanos + 500_000 * nanos.signum()) / 1_000_000
                } else {
                    (nanos + 500_000).div_euclid(1_000_000)
                };
                i64::try_from(millis).map(Out::Int).map_err(|_| range())
            }
            _ => Err(misuse()),
        },
    )
}

fn text<'c>(cell: &Cell<'c>) -> Result<&'c str> {
    match cell {
        Cell::Text(text) => Ok(text),
        _ => Err(misuse()),
    }
}

/// Whether the unit may be used with the type.
fn check_unit(unit: &str, ty: &Type) -> Result<()> {
    let (kind, allowed): (&str, &[&str]) = match ty {
        Type::Date => ("DATE", &["day", "week", "month", "quarter", "year"]),
        Type::Time(_) => ("TIME", &["millisecond", "second", "minute", "hour"]),
        _ => (
            "TIMESTAMP",
            &[
                "millisecond",
                "second",
                "minute",
                "hour",
                "day",
                "week",
                "month",
                "quarter",
                "year",
            ],
        ),
    };
    if allowed.contains(&unit) {
        return Ok(());
    }
    Err(Failure::new(
        ErrorCode::InvalidFunctionArgument,
        format!("'{unit}' is not a valid {kind} field"),
    ))
}

/// `date_trunc(unit, moment)`
pub fn truncate(unit: Typed, moment: Typed) -> Typed {
    let ty = moment.ty.clone();
    let clock = Clock::of(&moment);
    // Below a day an instant is cut by its own offset, which need not be that of the start of the hour.
    strict(
        name("date_trunc", &moment),
        vec![unit, moment],
        ty.clone(),
        move |row| match row {
            [unit, Cell::Int(at)] => {
                let unit = text(unit)?.to_lowercase();
                check_unit(&unit, &clock.ty)?;
                let local = clock.read(*at);
                let cut = temporal::truncate(&unit, local).ok_or_else(range)?;
                match (&clock.ty, unit.as_str()) {
                    (Type::TimestampTz(p), "millisecond" | "second" | "minute" | "hour") => {
                        Ok(Out::Int(from_nanos(nanos(*at, *p) - (local - cut), *p)?))
                    }
                    _ => clock.write(cut),
                }
            }
            _ => Err(misuse()),
        },
    )
}

/// `date_add(unit, n, moment)`
pub fn add(unit: Typed, n: Typed, moment: Typed) -> Typed {
    let ty = moment.ty.clone();
    let clock = Clock::of(&moment);
    strict(
        name("date_add", &moment),
        vec![unit, n, moment],
        ty.clone(),
        move |row| match row {
            [unit, Cell::Int(n), Cell::Int(at)] => {
                let unit = text(unit)?.to_lowercase();
                check_unit(&unit, &clock.ty)?;
                let elapsed = |step: i128| -> Result<Out> {
                    let more = i128::from(*n).checked_mul(step).ok_or_else(range)?;
                    match &clock.ty {
                        Type::TimestampTz(p) => {
                            Ok(Out::Int(from_nanos(nanos(*at, *p) + more, *p)?))
                        }
                        _ => clock.write(clock.read(*at) + more),
                    }
                };
                let months = |count: i64| -> Result<Out> {
                    let (day, time) = temporal::split(clock.read(*at)).ok_or_else(range)?;
                    let months = n.checked_mul(count).ok_or_else(range)?;
                    let day = temporal::add_months(day, months).ok_or_else(range)?;
                    clock.write(i128::from(temporal::days(day)) * DAY_NANOS + time)
                };
                let days = |count: i64| -> Result<Out> {
                    let more = i128::from(*n) * i128::from(count) * DAY_NANOS;
                    clock.write(clock.read(*at) + more)
                };
                match unit.as_str() {
                    "millisecond" => elapsed(1_000_000),
                    "second" => elapsed(1_000_000_000),
                    "minute" => elapsed(60_000_000_000),
                    "hour" => elapsed(3_600_000_000_000),
                    "day" => days(1),
                    "week" => days(7),
                    "month" => months(1),
                    "quarter" => months(3),
                    _ => months(12),
                }
            }
            _ => Err(misuse()),
        },
    )
}

/// `date_diff(unit, from, to)`; both of one type.
pub fn diff(unit: Typed, from: Typed, to: Typed) -> Typed {
    let (a, b) = (Clock::of(&from), Clock::of(&to));
    let full = format!("{}{}", name("date_diff", &from), name("", &to));
    strict(
        full,
        vec![unit, from, to],
        Type::BigInt,
        move |row| match row {
            [unit, Cell::Int(x), Cell::Int(y)] => {
                let unit = text(unit)?.to_lowercase();
                check_unit(&unit, &a.ty)?;
                let (from, to) = (a.read(*x), b.read(*y));
                // Times of day and elapsed units count what passed; calendar units count by the clock.
                let passed = match (&a.ty, &b.ty) {
                    (Type::TimestampTz(p), Type::TimestampTz(q)) => nanos(*y, *q) - nanos(*x, *p),
                    _ => to - from,
                };
                let whole = |step: i128| i64::try_from(passed / step).map_err(|_| range());
                Ok(Out::Int(match unit.as_str() {
                    "millisecond" => whole(1_000_000)?,
                    "second" => whole(1_000_000_000)?,
                    "minute" => whole(60_000_000_000)?,
                    "hour" => whole(3_600_000_000_000)?,
                    "day" => i64::try_from((to - from) / DAY_NANOS).map_err(|_| range())?,
                    "week" => i64::try_from((to - from) / (7 * DAY_NANOS)).map_err(|_| range())?,
                    "month" => temporal::months_between(from, to).ok_or_else(range)?,
                    "quarter" => temporal::months_between(from, to).ok_or_else(range)? / 3,
                    _ => temporal::months_between(from, to).ok_or_else(range)? / 12,
                }))
            }
            _ => Err(misuse()),
        },
    )
}

/// A field of a moment, as a bigint.
pub fn field(which: &'static str, value: Typed) -> Typed {
    let clock = Clock::of(&value);
    strict(
        name(which, &value),
        vec![value],
        Type::BigInt,
        move |row| match row {
            [Cell::Int(at)] => temporal::field(which, clock.read(*at))
                .map(Out::Int)
                .ok_or_else(range),
            _ => Err(misuse()),
        },
    )
}

/// A field of an interval, as a bigint: what is left of it behind the larger fields.
pub fn interval_field(which: &'static str, value: Typed) -> Typed {
    strict(
        name(which, &value),
        vec![value],
        Type::BigInt,
        move |row| match row {
            [Cell::Int(months)] if which == "year" => Ok(Out::Int(months / 12)),
            [Cell::Int(months)] if which == "month" => Ok(Out::Int(months % 12)),
            [Cell::Int(millis)] => Ok(Out::Int(match which {
                "hour" => millis / 3_600_000 % 24,
                "minute" => millis / 60_000 % 60,
                "second" => millis / 1000 % 60,
                "millisecond" => millis % 1000,
                _ => millis / 86_400_000,
            })),
            _ => Err(misuse()),
        },
    )
}

/// The instant at which a clock in the zone shows the timestamp.
pub fn with_zone(value: Typed, zone: &SessionZone) -> Typed {
    let Type::Timestamp(p) = value.ty else {
        return value;
    };
    let zone = *zone;
    strict(
        format!("with_timezone({p} {})", zone.name()),
        vec![value],
        Type::TimestampTz(p),
        move |row| match row {
            [Cell::Int(at)] => Ok(Out::Int(from_nanos(
                convert::instant(nanos(*at, p), &zone),
                p,
            )?)),
            _ => Err(misuse()),
        },
    )
    .shown_in(Some(zone))
}

/// Seconds since 1970 as an instant of milliseconds.
pub fn from_unixtime(seconds: Typed, zone: &SessionZone) -> Typed {
    strict(
        "from_unixtime",
        vec![seconds],
        Type::TimestampTz(3),
        |row| match row {
            [Cell::Float(seconds)] => {
                let millis = (seconds * 1000.0).round();
                if millis.is_nan() {
                    return Ok(Out::Int(0));
                }
                if millis.abs() > 2.0e14 {
                    return Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        format!("Millis overflow: {millis}"),
                    ));
                }
                #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
                Ok(Out::Int(millis as i64 * 1000))
            }
            _ => Err(misuse()),
        },
    )
    .shown_in(Some(*zone))
}

/// Seconds since 1970 of an instant.
pub fn to_unixtime(value: Typed) -> Typed {
    let p = match value.ty {
        Type::TimestampTz(p) => p,
        _ => 6,
    };
    #[expect(clippy::cast_precision_loss, reason = "the result is a double")]
    strict(
        format!("to_unixtime({p})"),
        vec![value],
        Type::Double,
        move |row| match row {
            [Cell::Int(at)] if p <= 3 => Ok(Out::Float((*at / 1000) as f64 / 1000.0)),
            [Cell::Int(at)] if p <= 6 => Ok(Out::Float(*at as f64 / 1_000_000.0)),
            [Cell::Int(at)] => Ok(Out::Float(
                (*at / 1_000_000) as f64 / 1000.0 + (*at % 1_000_000) as f64 / 1e9,
            )),
            _ => Err(misuse()),
        },
    )
}
