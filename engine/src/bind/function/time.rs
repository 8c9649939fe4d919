//! Functions over dates, times and instants.

use townlake_sql::types::{Type, operator};

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::temporal;
use crate::udf;
use crate::udf::cell::Out;
use crate::zone::SessionZone;

impl Binder<'_> {
    pub(super) fn time_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let session = self.session;
        Ok(Some(match (call.name, call.args.as_slice()) {
            ("now", []) => session.now(3),
            ("date_trunc", [unit, moment]) => udf::time::truncate(unit.clone(), moment.clone()),
            ("date_add", [unit, n, moment]) => {
                udf::time::add(unit.clone(), n.clone(), moment.clone())
            }
            // Calendar units are counted in the zone of both.
            ("date_diff", [unit, a, b]) => udf::time::diff(unit.clone(), a.clone(), b.clone()),
            (field, [moment]) if FIELDS.contains(&field) => self.extract(field, moment.clone())?,
            ("date", [moment]) => self.cast(moment.clone(), &Type::Date, false)?,
            ("from_unixtime", [seconds]) => {
                udf::time::from_unixtime(seconds.clone(), &session.zone)
            }
            ("from_unixtime", [seconds, zone]) => {
                udf::time::from_unixtime(seconds.clone(), &constant_zone(zone)?)
            }
            ("from_unixtime_nanos", [nanos]) if !matches!(nanos.ty, Type::Decimal(p, s) if p - s > 18) =>
            {
                let whole = self.cast(nanos.clone(), &Type::BigInt, false)?;
                let instant = Call {
                    args: vec![whole],
                    ty: call.ty.clone(),
                    ..*call
                };
                let instant = instant.of_integer(|nanos| Ok(Out::Int(nanos)));
                instant.shown_in(Some(session.zone))
            }
            ("to_unixtime", [instant]) => udf::time::to_unixtime(instant.clone()),
            ("at_timezone", [value, zone]) => value.clone().shown_in(Some(constant_zone(zone)?)),
            ("with_timezone", [value, zone]) => {
                udf::time::with_zone(value.clone(), &constant_zone(zone)?)
            }
            ("last_day_of_month", [moment]) => {
                let date = self.cast(moment.clone(), &Type::Date, false)?;
                let last = Call {
                    args: vec![date],
                    ty: call.ty.clone(),
                    ..*call
                };
                last.of_integer(last_day)
            }
            _ => return Ok(None),
        }))
    }

    /// `EXTRACT(field FROM value)`
    pub(in crate::bind) fn extract(&self, field: &str, value: Typed) -> Result<Typed> {
        match FIELDS.iter().find(|known| **known == field) {
            Some(field) if matches!(value.ty, Type::IntervalDayTime | Type::IntervalYearMonth) => {
                Ok(udf::time::interval_field(field, value))
            }
            Some(field) => Ok(udf::time::field(field, value)),
            None => Err(Failure::unsupported(format!(
                "Extracting {field} from {}",
                value.ty.in_messages()
            ))),
        }
    }

    /// `value AT TIME ZONE zone`
    pub(in crate::bind) fn at_time_zone(&self, value: Typed, zone: &Typed) -> Result<Typed> {
        match operator("at time zone", &[Some(&value.ty), Some(&zone.ty)])? {
            Some(ty @ Type::TimestampTz(_)) => {
                let value = self.coerce(value, &ty)?;
                Ok(value.shown_in(Some(constant_zone(zone)?)))
            }
            Some(ty) => Ok(self.not_held(&ty)),
            None => Err(misuse()),
        }
    }
}

/// The fields of moments, each with a function of its name.
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

fn last_day(days: i64) -> Result<Out> {
    let last = temporal::date(days).and_then(|date| {
        use chrono::Datelike;
        temporal::add_months(date.with_day(1)?, 1)?.pred_opt()
    });
    last.map(|date| Out::Int(i64::from(temporal::days(date))))
        .ok_or_else(misuse)
}

/// A zone has to be known when the statement is bound: it belongs to the expression here.
fn constant_zone(zone: &Typed) -> Result<SessionZone> {
    match zone.constant_text() {
        Some(name) => SessionZone::parse(name),
        None => Err(Failure::unsupported(
            "A time zone that is no constant string",
        )),
    }
}
