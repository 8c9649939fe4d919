//! Time zones: a region of the zone database, or a fixed offset.

use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone,
};
use townlake_protocol::trino::ErrorCode;

use crate::error::{Failure, Result};

/// A zone that a session or a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionZone {
    /// A region, e.g. `Europe/Lisbon`.
    Region(chrono_tz::Tz),
    /// Seconds east of UTC.
    Fixed(i32),
}

impl SessionZone {
    /// `UTC`.
    pub const UTC: Self = Self::Region(chrono_tz::UTC);

    /// The zone of a name.
    ///
    /// # Errors
    /// No zone has the name.
    pub fn parse(name: &str) -> Result<Self> {
        let unknown = || {
            Failure::new(
                ErrorCode::InvalidFunctionArgument,
                format!("'{name}' is not a valid time zone"),
            )
        };
        if name.eq_ignore_ascii_case("utc") || name == "Z" || name == "+00:00" || name == "-00:00" {
            return Ok(Self::UTC);
        }
        if let Some(sign) = match name.as_bytes().first() {
            Some(b'+') => Some(1),
            Some(b'-') => Some(-1),
            _ => None,
        } {
            let (hours, minutes) = name
                .get(1..)
                .and_then(|rest| rest.split_once(':'))
                .ok_or_else(unknown)?;
            let hours: i32 = hours.parse().map_err(|_| unknown())?;
            let minutes: i32 = minutes.parse().map_err(|_| unknown())?;
            if !(0..=14).contains(&hours) || !(0..60).contains(&minutes) {
                return Err(unknown());
            }
            return Ok(Self::Fixed(sign * (hours * 3600 + minutes * 60)));
        }
        name.parse().map(Self::Region).map_err(|_| unknown())
    }

    /// The name as Trino shows it, and as Arrow takes it.
    pub fn name(&self) -> String {
        match self {
            Self::Region(zone) => zone.name().to_owned(),
            Self::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let total = seconds.unsigned_abs();
                format!("{sign}{:02}:{:02}", total / 3600, total / 60 % 60)
            }
        }
    }

    /// Seconds east of UTC at an instant (nanoseconds since 1970).
    pub fn offset_seconds_at_instant(&self, nanos: i128) -> i32 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Region(zone) => i64::try_from(nanos.div_euclid(1_000_000_000))
                .ok()
                .and_then(|s| DateTime::from_timestamp(s, 0))
                .map_or(0, |at| {
                    zone.offset_from_utc_datetime(&within_table(at.naive_utc()))
                        .fix()
                        .local_minus_utc()
                }),
        }
    }

    /// Seconds east of UTC when a clock in the zone shows this (nanoseconds since 1970, as if UTC). Where
    /// a clock shows it twice, the earlier instant; where it never does, the offset before the gap, which
    /// is what Java does.
    pub fn offset_seconds_at_local(&self, nanos: i128) -> i32 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Region(zone) => {
                let Some(local) = i64::try_from(nanos.div_euclid(1_000_000_000))
                    .ok()
                    .and_then(|s| DateTime::from_timestamp(s, 0))
                    .map(|at| within_table(at.naive_utc()))
                else {
                    return 0;
                };
                match zone.offset_from_local_datetime(&local) {
                    LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => {
                        offset.fix().local_minus_utc()
                    }
                    LocalResult::None => local
                        .checked_sub_signed(TimeDelta::hours(3))
                        .and_then(|before| zone.offset_from_local_datetime(&before).latest())
                        .map_or(0, |offset| offset.fix().local_minus_utc()),
                }
            }
        }
    }
}

/// A zone's rules go on for ever, as Java has it; the table of `chrono_tz` ends with the century. A later
/// moment has the offset of the same day in a year whose days fall on the same weekdays.
fn within_table(at: NaiveDateTime) -> NaiveDateTime {
    if at.year() < 2099 {
        return at;
    }
    let shape = |year| {
        NaiveDate::from_ymd_opt(year, 1, 1).map(|first| (first.weekday(), first.leap_year()))
    };
    // Any 28 years within a century have years of all shapes.
    (2060..2088)
        .find(|year| shape(*year) == shape(at.year()))
        .and_then(|year| at.with_year(year))
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_comes_in_every_century() {
        let zone = SessionZone::parse("Europe/Lisbon").unwrap();
        for (day, hours) in [
            ("2050-07-01", 1),
            ("2099-01-01", 0),
            ("2262-04-11", 1),
            ("2400-02-29", 0),
            ("2400-08-01", 1),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            let noon = day.and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp();
            let nanos = i128::from(noon) * 1_000_000_000;
            assert_eq!(zone.offset_seconds_at_instant(nanos), hours * 3600, "{day}");
            assert_eq!(zone.offset_seconds_at_local(nanos), hours * 3600, "{day}");
        }
    }
}
