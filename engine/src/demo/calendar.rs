//! The demo's time: everything is relative to one moment, in UTC.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Microseconds in a minute.
pub const MINUTE_MICROS: i64 = 60_000_000;

/// Minutes in a day.
pub const DAY_MINUTES: i64 = 1440;

/// The moment that the data stands at.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    as_of: DateTime<Utc>,
}

impl Calendar {
    /// The calendar that ends at `as_of`.
    pub fn new(as_of: DateTime<Utc>) -> Self {
        Calendar { as_of }
    }

    /// The day of the last data, which is not over yet.
    pub fn today(self) -> NaiveDate {
        self.as_of.date_naive()
    }

    /// The end of the data, in milliseconds since 1970.
    pub fn as_of_millis(self) -> i64 {
        self.as_of.timestamp_millis()
    }

    /// The end of the data, in microseconds since 1970.
    pub fn as_of_micros(self) -> i64 {
        self.as_of.timestamp_micros()
    }

    /// Whole minutes of today that are over; at least one, so that today has room for data.
    pub fn minutes_today(self) -> i64 {
        ((self.as_of_micros() - micros(self.today())) / MINUTE_MICROS).max(1)
    }

    /// `count` days before today.
    pub fn days_ago(self, count: u64) -> NaiveDate {
        self.today()
            .checked_sub_days(Days::new(count))
            .unwrap_or(NaiveDate::MIN)
    }

    /// The first day of this month.
    pub fn this_month(self) -> NaiveDate {
        first_of_month(self.today())
    }

    /// The first day of the month `count` months before this one.
    pub fn months_ago(self, count: u32) -> NaiveDate {
        self.this_month()
            .checked_sub_months(Months::new(count))
            .unwrap_or(NaiveDate::MIN)
    }
}

/// The first day of the day's month.
pub fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The same day `count` months later (or the month's last day).
pub fn months_later(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_add_months(Months::new(count))
        .unwrap_or(NaiveDate::MAX)
}

/// `count` days later.
pub fn days_later(day: NaiveDate, count: u64) -> NaiveDate {
    day.checked_add_days(Days::new(count))
        .unwrap_or(NaiveDate::MAX)
}

/// Midnight UTC of the day, in microseconds since 1970.
pub fn micros(day: NaiveDate) -> i64 {
    midnight(day).and_utc().timestamp_micros()
}

/// Days since 1970, as Arrow counts dates.
pub fn epoch_days(day: NaiveDate) -> i32 {
    let days = midnight(day).and_utc().timestamp().div_euclid(86_400);
    i32::try_from(days).unwrap_or(i32::MAX)
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

/// A moment as Postgres reads it.
pub fn postgres_moment(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .format("%Y-%m-%d %H:%M:%S%.6f+00")
        .to_string()
}
