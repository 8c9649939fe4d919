//! Values of one column as they come from Postgres, gathered into an Arrow array of the engine's type.

use std::sync::Arc;

use crate::types::arrow_type;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Array, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use townlake_sql::types::Type;

use super::super::PostgresColumn;
use super::super::numeric::Numeric;

/// Gathers values of one column.
pub enum Builder {
    Boolean(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Text(StringBuilder),
    /// Without trailing spaces, as the engine keeps char(n).
    Char(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    /// Unscaled values, precision and scale.
    Decimal(Vec<Option<i128>>, u8, u8),
    /// Microseconds, and the type to make of them.
    Wall(Vec<Option<i64>>, DataType),
    /// Microseconds since the epoch, and the type to make of them.
    Instant(Vec<Option<i64>>, DataType),
}

/// How a column is asked for: types that have no binary form here are asked for as text.
pub fn expression(column: &PostgresColumn) -> String {
    match column.ty {
        Type::Json | Type::Uuid | Type::Varchar(_) => format!("{}::text", column.sql()),
        _ => column.sql(),
    }
}

impl Builder {
    /// A builder for a column's type.
    pub fn new(column: &PostgresColumn) -> Self {
        match &column.ty {
            Type::Boolean => Self::Boolean(BooleanBuilder::new()),
            Type::SmallInt => Self::Int16(Int16Builder::new()),
            Type::Integer => Self::Int32(Int32Builder::new()),
            Type::BigInt => Self::Int64(Int64Builder::new()),
            Type::Real => Self::Float32(Float32Builder::new()),
            Type::Double => Self::Float64(Float64Builder::new()),
            Type::Char(_) => Self::Char(StringBuilder::new()),
            Type::Varbinary => Self::Bytes(BinaryBuilder::new()),
            Type::Date => Self::Date(Date32Builder::new()),
            Type::Time(_) => Self::Time(Time64MicrosecondBuilder::new()),
            Type::Decimal(precision, scale) => Self::Decimal(Vec::new(), *precision, *scale),
            Type::Timestamp(_) => Self::Wall(Vec::new(), arrow_type(&column.ty)),
            Type::TimestampTz(_) => Self::Instant(Vec::new(), arrow_type(&column.ty)),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Takes a row's value. The reason of a failure never repeats the value.
    pub fn append(&mut self, row: &Row, index: usize) -> Result<(), String> {
        match self {
            Self::Boolean(builder) => builder.append_option(value(row, index)?),
            Self::Int16(builder) => builder.append_option(value(row, index)?),
            Self::Int32(builder) => builder.append_option(value(row, index)?),
            Self::Int64(builder) => builder.append_option(value(row, index)?),
            Self::Float32(builder) => builder.append_option(value(row, index)?),
            Self::Float64(builder) => builder.append_option(value(row, index)?),
            Self::Text(builder) => builder.append_option(value::<&str>(row, index)?),
            Self::Char(builder) => {
                builder.append_option(
                    value::<&str>(row, index)?.map(|text| text.trim_end_matches(' ')),
                );
            }
            Self::Bytes(builder) => builder.append_option(value::<&[u8]>(row, index)?),
            Self::Date(builder) => builder.append_option(value(row, index)?.map(days)),
            Self::Time(builder) => builder.append_option(value(row, index)?.map(microseconds)),
            Self::Decimal(values, _, scale) => values.push(match value::<Numeric>(row, index)? {
                None => None,
                Some(numeric) => Some(
                    numeric
                        .scaled(*scale)
                        .ok_or("it does not fit the column's own precision and scale")?,
                ),
            }),
            Self::Wall(values, _) => values.push(
                value::<NaiveDateTime>(row, index)?
                    .map(|moment| moment.and_utc().timestamp_micros()),
            ),
            Self::Instant(values, _) => {
                values.push(
                    value::<DateTime<Utc>>(row, index)?.map(|moment| moment.timestamp_micros()),
                );
            }
        }
        Ok(())
    }

    /// The values as an array of the engine's type.
    pub fn finish(self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
            Self::Int16(mut builder) => Arc::new(builder.finish()),
            Self::Int32(mut builder) => Arc::new(builder.finish()),
            Self::Int64(mut builder) => Arc::new(builder.finish()),
            Self::Float32(mut builder) => Arc::new(builder.finish()),
            Self::Float64(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) | Self::Char(mut builder) => Arc::new(builder.finish()),
            Self::Bytes(mut builder) => Arc::new(builder.finish()),
            Self::Date(mut builder) => Arc::new(builder.finish()),
            Self::Time(mut builder) => Arc::new(builder.finish()),
            Self::Decimal(values, precision, scale) => Arc::new(
                Decimal128Array::from(values)
                    .with_precision_and_scale(precision, i8::try_from(scale).unwrap_or(i8::MAX))?,
            ),
            Self::Wall(values, ty) => cast(&TimestampMicrosecondArray::from(values), &ty)?,
            Self::Instant(values, ty) => cast(
                &TimestampMicrosecondArray::from(values).with_timezone("UTC"),
                &ty,
            )?,
        })
    }
}

fn value<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<Option<T>, String> {
    row.try_get(index).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| "it is of another type than expected".to_owned())
    })
}

fn days(day: NaiveDate) -> i32 {
    let distance = day.signed_duration_since(NaiveDate::default()).num_days();
    // chrono's years reach 262,000, which is 96 million days.
    i32::try_from(distance).unwrap_or(i32::MAX)
}

fn microseconds(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1_000)
}
