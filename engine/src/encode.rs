//! Rows as Trino's JSON, by Trino type.

use std::io::Write;

use base64::Engine;
use chrono::{DateTime, NaiveDate, TimeDelta};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch,
    types::{
        Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
    },
};
use datafusion::arrow::datatypes::DataType;
use townlake_sql::types::Type;

use crate::error::{Failure, Result};

use crate::types::Shown;
use crate::zone::SessionZone;

/// How a client wants its values.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// Fractional digits as the type says; without it times have three.
    pub parametric_datetime: bool,
}

type Writer<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// Writes rows `range` of the batch as JSON arrays, separated by commas, after what is there.
///
/// # Errors
/// A column whose Arrow type is not what its Trino type calls for: a fault of the engine.
pub fn rows(
    batch: &RecordBatch,
    columns: &[Shown],
    range: std::ops::Range<usize>,
    dialect: Dialect,
    out: &mut Vec<u8>,
) -> Result<()> {
    let writers = batch
        .columns()
        .iter()
        .zip(columns)
        .map(|(column, shown)| writer(column, &shown.ty, shown.zone, dialect))
        .collect::<Result<Vec<_>>>()?;
    for row in range {
        if !out.is_empty() {
            out.push(b',');
        }
        out.push(b'[');
        for (i, write) in writers.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write(row, out);
        }
        out.push(b']');
    }
    Ok(())
}

fn writer<'a>(
    array: &'a ArrayRef,
    ty: &'a Type,
    zone: Option<SessionZone>,
    dialect: Dialect,
) -> Result<Writer<'a>> {
    if *array.data_type() == DataType::Null {
        return Ok(Box::new(|_, out| out.extend_from_slice(b"null")));
    }
    macro_rules! typed {
        ($method:ident $(::<$t:ty>)?) => {
            array.$method$(::<$t>)?().ok_or_else(|| misfit(array, ty))?
        };
    }
    let inner: Writer<'a> = match ty {
        Type::Unknown => Box::new(|_, out| out.extend_from_slice(b"null")),
        Type::Boolean => {
            let values = typed!(as_boolean_opt);
            Box::new(move |i, out| {
                out.extend_from_slice(if values.value(i) { b"true" } else { b"false" });
            })
        }
        Type::TinyInt => {
            let values = typed!(as_primitive_opt::<Int8Type>);
            Box::new(move |i, out| integer(i64::from(values.value(i)), out))
        }
        Type::SmallInt => {
            let values = typed!(as_primitive_opt::<Int16Type>);
            Box::new(move |i, out| integer(i64::from(values.value(i)), out))
        }
        Type::Integer => {
            let values = typed!(as_primitive_opt::<Int32Type>);
            Box::new(move |i, out| integer(i64::from(values.value(i)), out))
        }
        Type::BigInt => {
            let values = typed!(as_primitive_opt::<Int64Type>);
            Box::new(move |i, out| integer(values.value(i), out))
        }
        Type::Real => {
            let values = typed!(as_primitive_opt::<Float32Type>);
            Box::new(move |i, out| {
                let value = values.value(i);
                if value.is_finite() {
                    json(&value, out);
                } else {
                    double(f64::from(value), out);
                }
            })
        }
        Type::Double => {
            let values = typed!(as_primitive_opt::<Float64Type>);
            Box::new(move |i, out| double(values.value(i), out))
        }
        Type::Decimal(..) => {
            let values = typed!(as_primitive_opt::<Decimal128Type>);
            Box::new(move |i, out| {
                out.push(b'"');
                out.extend_from_slice(values.value_as_string(i).as_bytes());
                out.push(b'"');
            })
        }
        Type::Varchar(_) | Type::Json | Type::Uuid => {
            let values = typed!(as_string_opt::<i32>);
            Box::new(move |i, out| json(values.value(i), out))
        }
        Type::Char(n) => {
            let values = typed!(as_string_opt::<i32>);
            let n = *n as usize;
            Box::new(move |i, out| json(&pad(values.value(i), n), out))
        }
        Type::Varbinary => {
            let values = typed!(as_binary_opt::<i32>);
            Box::new(move |i, out| {
                json(
                    &base64::engine::general_purpose::STANDARD.encode(values.value(i)),
                    out,
                );
            })
        }
        Type::Date => {
            let values = typed!(as_primitive_opt::<Date32Type>);
            Box::new(move |i, out| text(&date_text(values.value(i)), out))
        }
        Type::Time(p) => {
            let values = typed!(as_primitive_opt::<Time64MicrosecondType>);
            let p = if dialect.parametric_datetime { *p } else { 3 };
            Box::new(move |i, out| text(&time_text(values.value(i), p), out))
        }
        Type::Timestamp(p) => {
            let values = instants(array, *p).ok_or_else(|| misfit(array, ty))?;
            let p = if dialect.parametric_datetime { *p } else { 3 };
            Box::new(move |i, out| text(&timestamp_text(values(i), p), out))
        }
        // Without a zone there is nothing but nulls.
        Type::TimestampTz(_) if zone.is_none() && array.null_count() == array.len() => {
            Box::new(|_, out| out.extend_from_slice(b"null"))
        }
        Type::TimestampTz(p) => {
            let values = instants(array, *p).ok_or_else(|| misfit(array, ty))?;
            let p = if dialect.parametric_datetime { *p } else { 3 };
            let zone = zone.ok_or_else(|| misfit(array, ty))?;
            Box::new(move |i, out| {
                let nanos = round_nanos(values(i), p);
                let local =
                    nanos + i128::from(zone.offset_seconds_at_instant(nanos)) * 1_000_000_000;
                text(
                    &format!("{} {}", timestamp_text(local, p), zone.name()),
                    out,
                );
            })
        }
        Type::IntervalDayTime => {
            let values = typed!(as_primitive_opt::<Int64Type>);
            Box::new(move |i, out| text(&day_time_text(values.value(i)), out))
        }
        Type::IntervalYearMonth => {
            let values = typed!(as_primitive_opt::<Int32Type>);
            Box::new(move |i, out| text(&year_month_text(values.value(i)), out))
        }
        Type::Array(item) => {
            let values = typed!(as_list_opt::<i32>);
            let write = writer(values.values(), item, zone, dialect)?;
            let offsets = values.value_offsets();
            Box::new(move |i, out| {
                out.push(b'[');
                let (from, to) = bounds(offsets, i);
                for j in from..to {
                    if j > from {
                        out.push(b',');
                    }
                    write(j, out);
                }
                out.push(b']');
            })
        }
        Type::Map(key, value) => {
            let values = typed!(as_map_opt);
            let write_key = writer(values.keys(), key, zone, dialect)?;
            let write_value = writer(values.values(), value, zone, dialect)?;
            let offsets = values.value_offsets();
            Box::new(move |i, out| {
                out.push(b'{');
                let (from, to) = bounds(offsets, i);
                for j in from..to {
                    if j > from {
                        out.push(b',');
                    }
                    let start = out.len();
                    write_key(j, out);
                    if out.get(start) != Some(&b'"') {
                        out.insert(start, b'"');
                        out.push(b'"');
                    }
                    out.push(b':');
                    write_value(j, out);
                }
                out.push(b'}');
            })
        }
        Type::Row(fields) => {
            let values = typed!(as_struct_opt);
            let writers = values
                .columns()
                .iter()
                .zip(fields.iter())
                .map(|(column, (_, ty))| writer(column, ty, zone, dialect))
                .collect::<Result<Vec<_>>>()?;
            Box::new(move |i, out| {
                out.push(b'[');
                for (n, write) in writers.iter().enumerate() {
                    if n > 0 {
                        out.push(b',');
                    }
                    write(i, out);
                }
                out.push(b']');
            })
        }
        _ => return Err(misfit(array, ty)),
    };
    if array.null_count() == 0 {
        return Ok(inner);
    }
    Ok(Box::new(move |i, out| {
        if array.is_null(i) {
            out.extend_from_slice(b"null");
        } else {
            inner(i, out);
        }
    }))
}

fn misfit(array: &ArrayRef, ty: &Type) -> Failure {
    Failure::internal(format!(
        "the engine holds a {ty} as {}: please report the statement",
        array.data_type()
    ))
}

fn bounds(offsets: &[i32], row: usize) -> (usize, usize) {
    let at = |i: usize| {
        offsets
            .get(i)
            .map_or(0, |o| usize::try_from(*o).unwrap_or(0))
    };
    (at(row), at(row + 1))
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Writing plain values to a vector cannot fail; if it ever did, null would be the honest answer.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}

fn text(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(value.as_bytes());
    out.push(b'"');
}

fn integer(value: i64, out: &mut Vec<u8>) {
    let _ = write!(out, "{value}");
}

fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        json(&value, out);
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value > 0.0 {
        out.extend_from_slice(b"\"Infinity\"");
    } else {
        out.extend_from_slice(b"\"-Infinity\"");
    }
}

/// Text filled up with spaces to so many characters.
pub fn pad(value: &str, length: usize) -> String {
    let missing = length.saturating_sub(value.chars().count());
    let mut padded = String::with_capacity(value.len() + missing);
    padded.push_str(value);
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

/// A reader of timestamps as nanoseconds since 1970.
fn instants(array: &ArrayRef, precision: u8) -> Option<Box<dyn Fn(usize) -> i128 + '_>> {
    if precision <= 6 {
        let values = array.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(Box::new(move |i| i128::from(values.value(i)) * 1000))
    } else {
        let values = array.as_primitive_opt::<TimestampNanosecondType>()?;
        Some(Box::new(move |i| i128::from(values.value(i))))
    }
}

/// `YYYY-MM-DD`
pub fn date_text(days: i32) -> String {
    NaiveDate::default()
        .checked_add_signed(TimeDelta::days(i64::from(days)))
        .map_or_else(|| format!("{days} days"), year_text)
}

fn year_text(date: NaiveDate) -> String {
    use chrono::Datelike;
    let year = date.year();
    let sign = if year < 0 {
        "-"
    } else if year > 9999 {
        "+"
    } else {
        ""
    };
    format!(
        "{sign}{:04}-{:02}-{:02}",
        year.unsigned_abs(),
        date.month(),
        date.day()
    )
}

fn round_nanos(nanos: i128, precision: u8) -> i128 {
    let step = 10_i128.pow(9 - u32::from(precision.min(9)));
    (nanos + step / 2).div_euclid(step) * step
}

/// `YYYY-MM-DD HH:MM:SS.fff` of nanoseconds since 1970.
pub fn timestamp_text(nanos: i128, precision: u8) -> String {
    let nanos = round_nanos(nanos, precision);
    let seconds = nanos.div_euclid(1_000_000_000);
    let fraction = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
    let Some(at) = i64::try_from(seconds)
        .ok()
        .and_then(|s| DateTime::from_timestamp(s, 0))
    else {
        return format!("{seconds} seconds");
    };
    let naive = at.naive_utc();
    format!(
        "{} {}{}",
        year_text(naive.date()),
        naive.format("%H:%M:%S"),
        fraction_text(fraction, precision)
    )
}

fn fraction_text(nanos: u32, precision: u8) -> String {
    if precision == 0 {
        return String::new();
    }
    let digits = format!("{nanos:09}");
    format!(
        ".{}",
        digits
            .get(..usize::from(precision.min(9)))
            .unwrap_or(&digits)
    )
}

/// `HH:MM:SS.fff` of microseconds since midnight.
pub fn time_text(micros: i64, precision: u8) -> String {
    let day = 86_400_000_000_000_i128;
    let nanos = round_nanos(i128::from(micros) * 1000, precision).rem_euclid(day);
    let seconds = nanos / 1_000_000_000;
    let fraction = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
    format!(
        "{:02}:{:02}:{:02}{}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        fraction_text(fraction, precision)
    )
}

/// `D HH:MM:SS.mmm` of milliseconds.
pub fn day_time_text(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let total = millis.unsigned_abs();
    format!(
        "{sign}{} {:02}:{:02}:{:02}.{:03}",
        total / 86_400_000,
        total / 3_600_000 % 24,
        total / 60_000 % 60,
        total / 1000 % 60,
        total % 1000
    )
}

/// `Y-M` of months.
pub fn year_month_text(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let total = months.unsigned_abs();
    format!("{sign}{}-{}", total / 12, total % 12)
}
