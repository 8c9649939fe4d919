//! Dates, times and intervals in expressions.

use townlake_protocol::trino::ErrorCode;

use super::cell::{Cell, Out};
use super::strict;
use crate::bind::Typed;
use crate::convert::{self, from_nanos, nanos};
use crate::error::{Failure, Result};
use crate::session::Session;
use crate::temporal::{self, DAY_NANOS};
use crate::types::{Type, Zone};
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
    fn of(ty: &Type) -> Result<Self> {
        let zone = match ty {
            Type::TimestampTz(_, zone) => Some(SessionZone::parse(&zone.0)?),
            _ => None,
        };
        Ok(Self {
            ty: ty.clone(),
            zone,
        })
    }

    fn read(&self, value: i64) -> i128 {
        match &self.ty {
            Type::Date => i128::from(value) * DAY_NANOS,
            Type::Time(_) => i128::from(value) * 1000,
            Type::Timestamp(p) => nanos(value, *p),
            Type::TimestampTz(p, _) => {
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
            Type::TimestampTz(p, _) => {
                let at = self
                    .zone
                    .map_or(local, |zone| convert::instant(local, &zone));
                from_nanos(at, *p)?
            }
            _ => return Err(misuse()),
        }))
    }
}

fn name(function: &str, ty: &Type) -> String {
    match ty {
        Type::TimestampTz(_, zone) => format!("{function}({ty} {})", zone.0),
        _ => format!("{function}({ty})"),
    }
}

/// Arithmetic in which a time or an interval takes part; nothing if none does.
///
/// # Errors
/// What the engine does not do.
pub fn arithmetic(
    symbol: &str,
    left: &Typed,
    right: &Typed,
    _session: &Session,
) -> Result<Option<Typed>> {
    use Type::{Date, IntervalDayTime, IntervalYearMonth, Time, Timestamp, TimestampTz};
    let moment = |ty: &Type| matches!(ty, Date | Time(_) | Timestamp(_) | TimestampTz(..));
    let interval = |ty: &Type| matches!(ty, IntervalDayTime | IntervalYearMonth);
    let result = match (symbol, &left.ty, &right.ty) {
        ("+", a, b) if moment(a) && interval(b) => Some(shift(left.clone(), right.clone(), 1)?),
        ("+", a, b) if interval(a) && moment(b) => Some(shift(right.clone(), left.clone(), 1)?),
        ("-", a, b) if moment(a) && interval(b) => Some(shift(left.clone(), right.clone(), -1)?),
        ("-", Date, Date) => Some(difference(left.clone(), right.clone())?),
        ("-", Timestamp(_), Timestamp(_)) | ("-", TimestampTz(..), TimestampTz(..)) => {
            Some(difference(left.clone(), right.clone())?)
        }
        ("-", Time(_), Time(_)) => Some(strict(
            "minus(time)",
            vec![left.clone(), right.clone()],
            IntervalDayTime,
            |row| match row {
                [Cell::Int(a), Cell::Int(b)] => {
                    // Half a millisecond counts as one, away from zero.
                    let micros = a - b;
                    let half = if micros < 0 { -500 } else { 500 };
                    Ok(Out::Int((micros + half) / 1000))
                }
                _ => Err(misuse()),
            },
        )),
        ("-", a, b) if moment(a) && moment(b) => {
            return Err(Failure::unsupported(format!("Subtracting {b} from {a}")));
        }
        ("+" | "-", a, b) if interval(a) && a == b => {
            let ty = a.clone();
            let plus = symbol == "+";
            let limit = if ty == IntervalYearMonth {
                i64::from(i32::MAX)
            } else {
                i64::MAX
            };
            Some(strict(
                format!("{symbol}({ty})"),
                vec![left.clone(), right.clone()],
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
            ))
        }
        (_, a, b) if interval(a) || interval(b) => {
            let other = if interval(a) { b } else { a };
            if other.is_numeric() && matches!(symbol, "*" | "/") {
                return Err(Failure::unsupported(format!("{a} {symbol} {b}")));
            }
            None
        }
        _ => None,
    };
    Ok(result)
}

/// A moment so much later (or earlier).
fn shift(moment: Typed, interval: Typed, sign: i64) -> Result<Typed> {
    let ty = moment.ty.clone();
    let mismatch = || {
        Failure::new(
            ErrorCode::TypeMismatch,
            format!(
                "Cannot apply operator: {ty} {} {}",
                if sign > 0 { "+" } else { "-" },
                interval.ty
            ),
        )
    };
    let clock = Clock::of(&ty)?;
    let op = if sign > 0 { "plus" } else { "minus" };
    match (&ty, &interval.ty) {
        (Type::Time(_), Type::IntervalYearMonth) => Err(mismatch()),
        (_, Type::IntervalYearMonth) => Ok(strict(
            name(&format!("{op}_months"), &ty),
            vec![moment, interval],
            ty.clone(),
            move |row| match row {
                [Cell::Int(at), Cell::Int(months)] => {
                    let (day, time) = temporal::split(clock.read(*at)).ok_or_else(range)?;
                    let day = temporal::add_months(day, sign * months).ok_or_else(range)?;
                    clock.write(i128::from(temporal::days(day)) * DAY_NANOS + time)
                }
                _ => Err(misuse()),
            },
        )),
        (Type::Date, Type::IntervalDayTime) => Ok(strict(
            format!("{op}_days(date)"),
            vec![moment, interval],
            ty.clone(),
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
        (Type::TimestampTz(p, _), _) | (Type::Timestamp(p), _) => {
            let p = *p;
            // An interval has milliseconds: the result has at least three digits.
            let ty = match &ty {
                Type::Timestamp(_) => Type::Timestamp(p.max(3)),
                Type::TimestampTz(_, zone) => Type::TimestampTz(p.max(3), zone.clone()),
                other => other.clone(),
            };
            Ok(strict(
                name(&format!("{op}_interval{p}"), &ty),
                vec![moment, interval],
                ty,
                move |row| match row {
                    [Cell::Int(at), Cell::Int(millis)] => {
                        let moved = nanos(*at, p) + i128::from(sign * millis) * 1_000_000;
                        Ok(Out::Int(from_nanos(moved, p.max(3))?))
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        (Type::Time(p), _) => {
            let ty = Type::Time((*p).max(3));
            let clock = Clock::of(&ty)?;
            Ok(strict(
                name(&format!("{op}_interval"), &ty),
                vec![moment, interval],
                ty,
                move |row| match row {
                    [Cell::Int(at), Cell::Int(millis)] => {
                        clock.write(clock.read(*at) + i128::from(sign * millis) * 1_000_000)
                    }
                    _ => Err(misuse()),
                },
            ))
        }
        _ => Err(mismatch()),
    }
}

/// `a - b` as an interval of milliseconds.
fn difference(a: Typed, b: Typed) -> Result<Typed> {
    let digits = |ty: &Type| match ty {
        Type::Timestamp(p) | Type::TimestampTz(p, _) => Some(*p),
        _ => None,
    };
    let (p, q) = (digits(&a.ty), digits(&b.ty));
    let read = |p: Option<u8>| {
        move |v: i64| match p {
            None => i128::from(v) * DAY_NANOS,
            Some(p) => nanos(v, p),
        }
    };
    let (left, right) = (read(p), read(q));
    Ok(strict(
        format!("minus({},{})", a.ty, b.ty),
        vec![a, b],
        Type::IntervalDayTime,
        move |row| match row {
            [Cell::Int(a), Cell::Int(b)] => {
                let nanos = left(*a) - right(*b);
                // Rounded to milliseconds, half up.
                let millis = (nanos + 500_000).div_euclid(1_000_000);
                i64::try_from(millis).map(Out::Int).map_err(|_| range())
            }
            _ => Err(misuse()),
        },
    ))
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
///
/// # Errors
/// None today.
pub fn truncate(unit: Typed, moment: Typed) -> Result<Typed> {
    let ty = moment.ty.clone();
    let clock = Clock::of(&ty)?;
    // Below a day an instant is cut by its own offset, which need not be that of the start of the hour.
    Ok(strict(
        name("date_trunc", &ty),
        vec![unit, moment],
        ty.clone(),
        move |row| match row {
            [unit, Cell::Int(at)] => {
                let unit = text(unit)?.to_lowercase();
                check_unit(&unit, &clock.ty)?;
                let local = clock.read(*at);
                let cut = temporal::truncate(&unit, local).ok_or_else(range)?;
                match (&clock.ty, unit.as_str()) {
                    (Type::TimestampTz(p, _), "millisecond" | "second" | "minute" | "hour") => {
                        Ok(Out::Int(from_nanos(nanos(*at, *p) - (local - cut), *p)?))
                    }
                    _ => clock.write(cut),
                }
            }
            _ => Err(misuse()),
        },
    ))
}

/// `date_add(unit, n, moment)`
///
/// # Errors
/// None today.
pub fn add(unit: Typed, n: Typed, moment: Typed) -> Result<Typed> {
    let ty = moment.ty.clone();
    let clock = Clock::of(&ty)?;
    Ok(strict(
        name("date_add", &ty),
        vec![unit, n, moment],
        ty.clone(),
        move |row| match row {
            [unit, Cell::Int(n), Cell::Int(at)] => {
                let unit = text(unit)?.to_lowercase();
                check_unit(&unit, &clock.ty)?;
                let elapsed = |step: i128| -> Result<Out> {
                    let more = i128::from(*n).checked_mul(step).ok_or_else(range)?;
                    match &clock.ty {
                        Type::TimestampTz(p, _) => {
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
    ))
}

/// `date_diff(unit, from, to)`; both of one type.
///
/// # Errors
/// None today.
pub fn diff(unit: Typed, from: Typed, to: Typed) -> Result<Typed> {
    let a = Clock::of(&from.ty)?;
    let b = Clock::of(&to.ty)?;
    let full = format!("{}{}", name("date_diff", &from.ty), name("", &to.ty));
    Ok(strict(
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
                    (Type::TimestampTz(p, _), Type::TimestampTz(q, _)) => {
                        nanos(*y, *q) - nanos(*x, *p)
                    }
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
    ))
}

/// A field of a moment or interval, as a bigint.
///
/// # Errors
/// The type has no such field.
pub fn field(which: &'static str, value: Typed) -> Result<Typed> {
    let ty = value.ty.clone();
    let clock = Clock::of(&ty)?;
    let date_field = !matches!(which, "hour" | "minute" | "second" | "millisecond");
    let fits = match &ty {
        Type::Date => date_field,
        Type::Time(_) => !date_field,
        Type::Timestamp(_) | Type::TimestampTz(..) => true,
        _ => false,
    };
    if !fits {
        return Err(Failure::new(
            ErrorCode::TypeMismatch,
            format!("Cannot extract {} from {ty}", which.to_uppercase()),
        ));
    }
    Ok(strict(
        name(which, &ty),
        vec![value],
        Type::BigInt,
        move |row| match row {
            [Cell::Int(at)] => temporal::field(which, clock.read(*at))
                .map(Out::Int)
                .ok_or_else(range),
            _ => Err(misuse()),
        },
    ))
}

/// The same instant shown in another zone.
pub fn in_zone(value: Typed, zone: &SessionZone) -> Typed {
    let Type::TimestampTz(p, _) = value.ty else {
        return value;
    };
    let ty = Type::TimestampTz(p, Zone(zone.name().into()));
    strict(
        format!("at_timezone({p} {})", zone.name()),
        vec![value],
        ty,
        |row| match row {
            [Cell::Int(at)] => Ok(Out::Int(*at)),
            _ => Err(misuse()),
        },
    )
}

/// The instant at which a clock in the zone shows the timestamp.
pub fn with_zone(value: Typed, zone: &SessionZone) -> Typed {
    let Type::Timestamp(p) = value.ty else {
        return value;
    };
    let ty = Type::TimestampTz(p, Zone(zone.name().into()));
    let zone = *zone;
    strict(
        format!("with_timezone({p} {})", zone.name()),
        vec![value],
        ty,
        move |row| match row {
            [Cell::Int(at)] => Ok(Out::Int(from_nanos(
                convert::instant(nanos(*at, p), &zone),
                p,
            )?)),
            _ => Err(misuse()),
        },
    )
}

/// Seconds since 1970 as an instant of milliseconds.
pub fn from_unixtime(seconds: Typed, zone: &SessionZone) -> Typed {
    let ty = Type::TimestampTz(3, Zone(zone.name().into()));
    strict(
        format!("from_unixtime({})", zone.name()),
        vec![seconds],
        ty,
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
}

/// Seconds since 1970 of an instant.
pub fn to_unixtime(value: Typed) -> Typed {
    let p = match value.ty {
        Type::TimestampTz(p, _) => p,
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
