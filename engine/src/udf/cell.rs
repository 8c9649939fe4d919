//! One row's values, read from and written to Arrow's columns.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder,
    Float32Builder, Float64Builder, Int8Builder, Int16Builder, Int32Builder, Int64Builder,
    ListBuilder, StringBuilder, Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
    TimestampNanosecondBuilder, new_null_array,
    types::{
        Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
    },
};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

use crate::error::{Failure, Result};

/// A value of a row.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    /// None.
    Null,
    /// Boolean.
    Bool(bool),
    /// Any integer; a date's days, a timestamp's units, an interval's months or milliseconds.
    Int(i64),
    /// Real or double.
    Float(f64),
    /// A decimal without its point.
    Decimal(i128),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list's elements.
    List(ArrayRef),
}

/// A value to write.
#[derive(Debug, Clone)]
pub enum Out {
    /// None.
    Null,
    /// Boolean.
    Bool(bool),
    /// Any integer; it must fit the result's type.
    Int(i64),
    /// Real or double.
    Float(f64),
    /// A decimal without its point.
    Decimal(i128),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list of texts.
    Texts(Vec<Option<String>>),
}

/// Reads a column's cells.
pub type Reader<'a> = Box<dyn Fn(usize) -> Cell<'a> + 'a>;

/// A reader of a column.
///
/// # Errors
/// A column of a type that no function takes.
pub fn reader(array: &ArrayRef) -> Result<Reader<'_>> {
    macro_rules! ints {
        ($ty:ty) => {{
            let values = array.as_primitive::<$ty>();
            Box::new(move |i| {
                if values.is_null(i) {
                    Cell::Null
                } else {
                    Cell::Int(i64::from(values.value(i)))
                }
            })
        }};
    }
    macro_rules! other {
        ($values:expr, $cell:expr) => {{
            let values = $values;
            Box::new(move |i| {
                if values.is_null(i) {
                    Cell::Null
                } else {
                    $cell(values.value(i))
                }
            })
        }};
    }
    Ok(match array.data_type() {
        DataType::Null => Box::new(|_| Cell::Null),
        DataType::Boolean => other!(array.as_boolean(), Cell::Bool),
        DataType::Int8 => ints!(Int8Type),
        DataType::Int16 => ints!(Int16Type),
        DataType::Int32 => ints!(Int32Type),
        DataType::Int64 => ints!(Int64Type),
        DataType::Date32 => ints!(Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => ints!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => ints!(TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => ints!(TimestampNanosecondType),
        DataType::Float32 => other!(array.as_primitive::<Float32Type>(), |v| Cell::Float(
            f64::from(v)
        )),
        DataType::Float64 => other!(array.as_primitive::<Float64Type>(), Cell::Float),
        DataType::Decimal128(..) => other!(array.as_primitive::<Decimal128Type>(), Cell::Decimal),
        DataType::Utf8 => other!(array.as_string::<i32>(), Cell::Text),
        DataType::Binary => other!(array.as_binary::<i32>(), Cell::Bytes),
        DataType::List(_) => other!(array.as_list::<i32>(), Cell::List),
        other => return Err(Failure::unsupported(format!("A function over {other}"))),
    })
}

/// Writes a column.
pub enum Builder {
    /// Nothing but nulls.
    Null(usize),
    /// See [`Cell`].
    Bool(BooleanBuilder),
    /// 8 bits.
    Int8(Int8Builder),
    /// 16 bits.
    Int16(Int16Builder),
    /// 32 bits.
    Int32(Int32Builder),
    /// 64 bits.
    Int64(Int64Builder),
    /// Days.
    Date(Date32Builder),
    /// Microseconds.
    Time(Time64MicrosecondBuilder),
    /// Microseconds.
    Micros(TimestampMicrosecondBuilder),
    /// Nanoseconds.
    Nanos(TimestampNanosecondBuilder),
    /// Real.
    Float32(Float32Builder),
    /// Double.
    Float64(Float64Builder),
    /// Decimal.
    Decimal(Decimal128Builder),
    /// Text.
    Text(StringBuilder),
    /// Bytes.
    Bytes(BinaryBuilder),
    /// Lists of texts.
    Texts(ListBuilder<StringBuilder>),
}

impl Builder {
    /// For a result of this type.
    ///
    /// # Errors
    /// A type that no function of cells gives.
    pub fn new(data_type: &DataType, rows: usize) -> Result<Self> {
        Ok(match data_type {
            DataType::Null => Self::Null(0),
            DataType::Boolean => Self::Bool(BooleanBuilder::with_capacity(rows)),
            DataType::Int8 => Self::Int8(Int8Builder::with_capacity(rows)),
            DataType::Int16 => Self::Int16(Int16Builder::with_capacity(rows)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(rows)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(rows)),
            DataType::Date32 => Self::Date(Date32Builder::with_capacity(rows)),
            DataType::Time64(TimeUnit::Microsecond) => {
                Self::Time(Time64MicrosecondBuilder::with_capacity(rows))
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Self::Micros(
                TimestampMicrosecondBuilder::with_capacity(rows).with_timezone_opt(zone.clone()),
            ),
            DataType::Timestamp(TimeUnit::Nanosecond, zone) => Self::Nanos(
                TimestampNanosecondBuilder::with_capacity(rows).with_timezone_opt(zone.clone()),
            ),
            DataType::Float32 => Self::Float32(Float32Builder::with_capacity(rows)),
            DataType::Float64 => Self::Float64(Float64Builder::with_capacity(rows)),
            DataType::Decimal128(p, s) => Self::Decimal(
                Decimal128Builder::with_capacity(rows)
                    .with_precision_and_scale(*p, *s)
                    .map_err(|error| Failure::internal(error.to_string()))?,
            ),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::List(field) if *field.data_type() == DataType::Utf8 => Self::Texts(
                ListBuilder::new(StringBuilder::new()).with_field(Arc::new(Field::new(
                    "item",
                    DataType::Utf8,
                    true,
                ))),
            ),
            other => {
                return Err(Failure::unsupported(format!(
                    "A function that gives {other}"
                )));
            }
        })
    }

    /// The next row.
    ///
    /// # Errors
    /// A value that does not fit: a fault of the engine, or a number out of range.
    pub fn push(&mut self, value: Out) -> Result<()> {
        use townlake_protocol::trino::ErrorCode;
        let range = || Failure::new(ErrorCode::NumericValueOutOfRange, "a value is out of range");
        match (self, value) {
            (Self::Null(n), Out::Null) => *n += 1,
            (Self::Bool(b), Out::Null) => b.append_null(),
            (Self::Bool(b), Out::Bool(v)) => b.append_value(v),
            (Self::Int8(b), Out::Null) => b.append_null(),
            (Self::Int8(b), Out::Int(v)) => b.append_value(i8::try_from(v).map_err(|_| range())?),
            (Self::Int16(b), Out::Null) => b.append_null(),
            (Self::Int16(b), Out::Int(v)) => b.append_value(i16::try_from(v).map_err(|_| range())?),
            (Self::Int32(b), Out::Null) => b.append_null(),
            (Self::Int32(b), Out::Int(v)) => b.append_value(i32::try_from(v).map_err(|_| range())?),
            (Self::Int64(b), Out::Null) => b.append_null(),
            (Self::Int64(b), Out::Int(v)) => b.append_value(v),
            (Self::Date(b), Out::Null) => b.append_null(),
            (Self::Date(b), Out::Int(v)) => b.append_value(i32::try_from(v).map_err(|_| range())?),
            (Self::Time(b), Out::Null) => b.append_null(),
            (Self::Time(b), Out::Int(v)) => b.append_value(v),
            (Self::Micros(b), Out::Null) => b.append_null(),
            (Self::Micros(b), Out::Int(v)) => b.append_value(v),
            (Self::Nanos(b), Out::Null) => b.append_null(),
            (Self::Nanos(b), Out::Int(v)) => b.append_value(v),
            (Self::Float32(b), Out::Null) => b.append_null(),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "real is the nearest 32-bit number"
            )]
            (Self::Float32(b), Out::Float(v)) => b.append_value(v as f32),
            (Self::Float64(b), Out::Null) => b.append_null(),
            (Self::Float64(b), Out::Float(v)) => b.append_value(v),
            (Self::Decimal(b), Out::Null) => b.append_null(),
            (Self::Decimal(b), Out::Decimal(v)) => b.append_value(v),
            (Self::Text(b), Out::Null) => b.append_null(),
            (Self::Text(b), Out::Text(v)) => b.append_value(v),
            (Self::Bytes(b), Out::Null) => b.append_null(),
            (Self::Bytes(b), Out::Bytes(v)) => b.append_value(v),
            (Self::Texts(b), Out::Null) => b.append_null(),
            (Self::Texts(b), Out::Texts(v)) => b.append_value(v),
            (_, value) => {
                return Err(Failure::internal(format!(
                    "a function gave {value:?} for another type"
                )));
            }
        }
        Ok(())
    }

    /// The column.
    ///
    /// # Errors
    /// None today.
    pub fn finish(self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Null(n) => new_null_array(&DataType::Null, n),
            Self::Bool(mut b) => Arc::new(b.finish()),
            Self::Int8(mut b) => Arc::new(b.finish()),
            Self::Int16(mut b) => Arc::new(b.finish()),
            Self::Int32(mut b) => Arc::new(b.finish()),
            Self::Int64(mut b) => Arc::new(b.finish()),
            Self::Date(mut b) => Arc::new(b.finish()),
            Self::Time(mut b) => Arc::new(b.finish()),
            Self::Micros(mut b) => Arc::new(b.finish()),
            Self::Nanos(mut b) => Arc::new(b.finish()),
            Self::Float32(mut b) => Arc::new(b.finish()),
            Self::Float64(mut b) => Arc::new(b.finish()),
            Self::Decimal(mut b) => Arc::new(b.finish()),
            Self::Text(mut b) => Arc::new(b.finish()),
            Self::Bytes(mut b) => Arc::new(b.finish()),
            Self::Texts(mut b) => Arc::new(b.finish()),
        })
    }
}
