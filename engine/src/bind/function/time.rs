//! Functions over dates, times and instants.

use townlake_protocol::trino::ErrorCode;

use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{Type, can_coerce};
use crate::udf::cell::{Cell, Out};
use crate::udf::{self, strict};
use crate::zone::SessionZone;

impl Binder<'_> {
    pub(super) fn time_function(&self, name: &str, args: &[Typed]) -> Result<Option<Typed>> {
        let session = self.session;
        let is_text = |arg: &Typed| matches!(arg.ty, Type::Varchar(_) | Type::Unknown);
        let is_moment = |arg: &Typed| {
            matches!(
                arg.ty,
                Type::Date | Type::Time(_) | Type::Timestamp(_) | Type::TimestampTz(..)
            )
        };
        let varchar = |arg: &Typed| self.coerce(arg.clone(), &Type::Varchar(None));
        let whole = |arg: &Typed| self.coerce(arg.clone(), &Type::BigInt);
        Ok(match (name, args) {
            ("now" | "current_timestamp", []) => Some(session.now(3)),
            ("current_date", []) => Some(session.today()),
            ("localtimestamp", []) => Some(session.local_now(3)),
            ("date_trunc", [unit, moment]) if is_text(unit) && is_moment(moment) => {
                Some(udf::time::truncate(varchar(unit)?, moment.clone())?)
            }
            ("date_add", [unit, n, moment])
                if is_text(unit) && n.ty.is_integer() && is_moment(moment) =>
            {
                Some(udf::time::add(varchar(unit)?, whole(n)?, moment.clone())?)
            }
            ("date_diff", [unit, a, b]) if is_text(unit) && is_moment(a) && is_moment(b) => {
                let Some(common) = self.common(&[a, b]) else {
                    return Ok(None);
                };
                if let Type::TimestampTz(..) = common {
                    // Calendar units are counted in the zone of the first.
                    self.same_zones(&[a, b])?;
                }
                let a = self.coerce(a.clone(), &common)?;
                let b = self.coerce(b.clone(), &common)?;
                Some(udf::time::diff(varchar(unit)?, a, b)?)
            }
            (
                "year" | "quarter" | "month" | "week" | "week_of_year" | "day" | "day_of_month"
                | "day_of_week" | "dow" | "day_of_year" | "doy" | "year_of_week" | "yow" | "hour"
                | "minute" | "second" | "millisecond",
                [arg],
            ) if is_moment(arg) => Some(self.extract(name, arg.clone())?),
            ("date", [arg])
                if is_text(arg) || matches!(arg.ty, Type::Timestamp(_) | Type::TimestampTz(..)) =>
            {
                Some(self.cast(arg.clone(), &Type::Date, false)?)
            }
            ("from_unixtime", [arg]) if can_coerce(&arg.ty, &Type::Double) => {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                Some(udf::time::from_unixtime(arg, &session.zone))
            }
            ("from_unixtime", [arg, zone])
                if can_coerce(&arg.ty, &Type::Double) && matches!(zone.ty, Type::Varchar(_)) =>
            {
                let arg = self.coerce(arg.clone(), &Type::Double)?;
                Some(udf::time::from_unixtime(arg, &constant_zone(zone)?))
            }
            ("from_unixtime_nanos", [arg])
                if arg.ty.is_integer() || matches!(arg.ty, Type::Decimal(p, s) if p - s <= 18) =>
            {
                let nanos = self.cast(arg.clone(), &Type::BigInt, false)?;
                let ty = Type::TimestampTz(9, session.zone_name());
                Some(strict(
                    format!("from_unixtime_nanos({})", session.zone.name()),
                    vec![nanos],
                    ty,
                    |row| match row {
                        [Cell::Int(nanos)] => Ok(Out::Int(*nanos)),
                        _ => Err(misuse()),
                    },
                ))
            }
            ("to_unixtime", [arg])
                if matches!(
                    arg.ty,
                    Type::Timestamp(_) | Type::TimestampTz(..) | Type::Date
                ) =>
            {
                let to = match &arg.ty {
                    Type::Timestamp(p) => Type::TimestampTz(*p, session.zone_name()),
                    Type::Date => Type::TimestampTz(3, session.zone_name()),
                    other => other.clone(),
                };
                Some(udf::time::to_unixtime(self.coerce(arg.clone(), &to)?))
            }
            ("at_timezone", [value, zone]) if matches!(value.ty, Type::TimestampTz(..)) => {
                Some(self.at_time_zone(value.clone(), zone)?)
            }
            ("with_timezone", [value, zone]) if matches!(value.ty, Type::Timestamp(_)) => {
                let zone = constant_zone(zone)?;
                Some(udf::time::with_zone(value.clone(), &zone))
            }
            ("last_day_of_month", [arg]) if is_moment(arg) && !matches!(arg.ty, Type::Time(_)) => {
                let date = self.cast(arg.clone(), &Type::Date, false)?;
                Some(strict(
                    "last_day_of_month",
                    vec![date],
                    Type::Date,
                    |row| match row {
                        [Cell::Int(days)] => {
                            let last = crate::temporal::date(*days).and_then(|date| {
                                use chrono::Datelike;
                                crate::temporal::add_months(date.with_day(1)?, 1)?.pred_opt()
                            });
                            last.map(|date| Out::Int(i64::from(crate::temporal::days(date))))
                                .ok_or_else(misuse)
                        }
                        _ => Err(misuse()),
                    },
                ))
            }
            _ => None,
        })
    }

    /// `EXTRACT(field FROM value)`
    pub(in crate::bind) fn extract(&self, field: &str, value: Typed) -> Result<Typed> {
        const FIELDS: &[&str] = &[
            "year",
            "quarter",
            "month",
            "week",
            "week_of_year",
            "day",
            "day_of_month",
            "day_of_week",
            "dow",
            "day_of_year",
            "doy",
            "year_of_week",
            "yow",
            "hour",
            "minute",
            "second",
            "millisecond",
        ];
        match FIELDS.iter().find(|known| **known == field) {
            Some(field) if !matches!(value.ty, Type::IntervalDayTime | Type::IntervalYearMonth) => {
                udf::time::field(field, value)
            }
            _ => Err(Failure::unsupported(format!(
                "Extracting {field} from {}",
                value.ty
            ))),
        }
    }

    /// `value AT TIME ZONE zone`
    pub(in crate::bind) fn at_time_zone(&self, value: Typed, zone: &Typed) -> Result<Typed> {
        match &value.ty {
            Type::TimestampTz(..) => Ok(udf::time::in_zone(value, &constant_zone(zone)?)),
            Type::Timestamp(p) => {
                let to = Type::TimestampTz(*p, self.session.zone_name());
                let value = self.coerce(value, &to)?;
                Ok(udf::time::in_zone(value, &constant_zone(zone)?))
            }
            Type::Time(_) => Err(Failure::unsupported("time with time zone")),
            other => Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!(
                    "Type of value must be a time or timestamp with or without time zone (actual {other})"
                ),
            )),
        }
    }
}

/// A zone has to be known when the statement is bound: it is part of the result's type here.
fn constant_zone(zone: &Typed) -> Result<SessionZone> {
    match zone.constant_text() {
        Some(name) => SessionZone::parse(name),
        None => Err(Failure::unsupported(
            "A time zone that is no constant string",
        )),
    }
}
