//! Functions that write moments as text, and tell their zones.

use std::fmt::Write;

use chrono::{Datelike, NaiveDateTime, Timelike};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::convert::{local, nanos, text_of};
use crate::error::{Failure, Result};
use crate::temporal;
use crate::udf::cell::{Cell, Out};
use crate::zone::SessionZone;

impl Binder<'_> {
    pub(super) fn format_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let Some(moment) = call.args.first() else {
            return Ok(None);
        };
        let zone = moment.zone.unwrap_or(self.session.zone);
        Ok(Some(match call.name {
            "date_format" => date_format(call, moment.ty.clone(), zone),
            "to_iso8601" => iso8601(call, moment.ty.clone(), zone),
            "timezone_hour" | "timezone_minute" => {
                let Type::TimestampTz(p) = moment.ty else {
                    return Ok(None);
                };
                let hours = call.name == "timezone_hour";
                call.strict(move |row| match row {
                    [Cell::Int(at)] => {
                        let seconds = zone.offset_seconds_at_instant(nanos(*at, p));
                        let minutes = i64::from(seconds / 60);
                        Ok(Out::Int(if hours { minutes / 60 } else { minutes % 60 }))
                    }
                    _ => Err(misuse()),
                })
            }
            "timezone" => call.strict(move |_| Ok(Out::Text(zone.name()))),
            _ => return Ok(None),
        }))
    }
}

/// What a moment's own clock shows, in nanoseconds since 1970.
fn reading(at: i64, ty: &Type, zone: &SessionZone) -> Result<i128> {
    match ty {
        Type::TimestampTz(p) => Ok(local(at, *p, zone)),
        Type::Timestamp(p) => Ok(nanos(at, *p)),
        _ => Err(misuse()),
    }
}

fn date_format(call: &Call<'_>, ty: Type, zone: SessionZone) -> Typed {
    call.strict(move |row| match row {
        [Cell::Int(at), Cell::Text(pattern)] => {
            let clock = temporal::naive(reading(*at, &ty, &zone)?).ok_or_else(misuse)?;
            formatted(&clock, pattern).map(Out::Text)
        }
        _ => Err(misuse()),
    })
}

/// MySQL's patterns.
fn formatted(clock: &NaiveDateTime, pattern: &str) -> Result<String> {
    let argument = |message: String| Failure::new(ErrorCode::InvalidFunctionArgument, message);
    if pattern.is_empty() {
        return Err(argument(
            "Both printing and parsing not supported".to_owned(),
        ));
    }
    let mut out = String::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(field) = characters.next() else {
            return Err(Failure::unsupported("A date format that ends in %"));
        };
        let year = clock.year();
        if !(1..=9999).contains(&year) {
            return Err(Failure::unsupported(
                "date_format outside the years 1 to 9999",
            ));
        }
        let twelve = clock.hour12().1;
        let written = match field {
            'a' => write!(out, "{}", clock.format("%a")),
            'b' => write!(out, "{}", clock.format("%b")),
            'c' => write!(out, "{}", clock.month()),
            'd' => write!(out, "{:02}", clock.day()),
            'e' => write!(out, "{}", clock.day()),
            'f' if clock.nanosecond().is_multiple_of(1_000_000) => {
                write!(out, "{:06}", clock.nanosecond() / 1000)
            }
            'f' => {
                return Err(Failure::unsupported(
                    "date_format with %f below milliseconds",
                ));
            }
            'H' => write!(out, "{:02}", clock.hour()),
            'h' | 'I' => write!(out, "{twelve:02}"),
            'i' => write!(out, "{:02}", clock.minute()),
            'j' => write!(out, "{:03}", clock.ordinal()),
            'k' => write!(out, "{}", clock.hour()),
            'l' => write!(out, "{twelve}"),
            'M' => write!(out, "{}", clock.format("%B")),
            'm' => write!(out, "{:02}", clock.month()),
            'p' => write!(out, "{}", clock.format("%p")),
            'r' => write!(
                out,
                "{twelve:02}:{:02}:{:02} {}",
                clock.minute(),
                clock.second(),
                clock.format("%p")
            ),
            'S' | 's' => write!(out, "{:02}", clock.second()),
            'T' => write!(out, "{}", clock.format("%H:%M:%S")),
            'v' => write!(out, "{:02}", clock.iso_week().week()),
            'W' => write!(out, "{}", clock.format("%A")),
            'x' => write!(out, "{:04}", clock.iso_week().year()),
            'Y' => write!(out, "{year:04}"),
            'y' => write!(out, "{:02}", year % 100),
            '%' => write!(out, "%"),
            'D' | 'U' | 'u' | 'V' | 'w' | 'X' => {
                return Err(argument(format!(
                    "%{field} not currently supported in date format string"
                )));
            }
            other => write!(out, "{other}"),
        };
        written.map_err(|error| Failure::internal(error.to_string()))?;
    }
    Ok(out)
}

/// `2020-05-10T12:34:56.789+01:00`
fn iso8601(call: &Call<'_>, ty: Type, zone: SessionZone) -> Typed {
    call.strict(move |row| {
        let [cell @ Cell::Int(at)] = row else {
            return Err(misuse());
        };
        let Type::TimestampTz(p) = &ty else {
            let text = text_of(cell, &ty, &zone).ok_or_else(misuse)?;
            return Ok(Out::Text(text.replacen(' ', "T", 1)));
        };
        let clock = local(*at, *p, &zone);
        let text = crate::encode::timestamp_text(clock, *p).replacen(' ', "T", 1);
        let seconds = zone.offset_seconds_at_instant(nanos(*at, *p));
        Ok(Out::Text(if seconds == 0 {
            format!("{text}Z")
        } else {
            let sign = if seconds < 0 { '-' } else { '+' };
            let minutes = seconds.abs() / 60;
            format!("{text}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_mysqls() {
        let clock = chrono::NaiveDate::from_ymd_opt(2020, 5, 10)
            .and_then(|day| day.and_hms_milli_opt(15, 4, 6, 789))
            .unwrap();
        for (pattern, text) in [
            ("%Y-%m-%d %H:%i:%s.%f", "2020-05-10 15:04:06.789000"),
            ("%W %e %M %y, %l:%i %p", "Sunday 10 May 20, 3:04 PM"),
            ("%a %b %c %j %k %h %r", "Sun May 5 131 15 03 03:04:06 PM"),
            ("%x-%v %T 100%% %q", "2020-19 15:04:06 100% q"),
        ] {
            assert_eq!(formatted(&clock, pattern).unwrap(), text, "{pattern}");
        }
        for pattern in ["", "%U", "%"] {
            assert!(formatted(&clock, pattern).is_err(), "{pattern}");
        }
    }
}
