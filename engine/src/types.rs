//! Trino's types. Arrow's are only how their values lie in memory: a `varchar(3)` and a `json` are both
//! a string there, so every expression and every column carries its Trino type beside its Arrow type.

mod coerce;
mod parse;

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use townlake_protocol::trino::{NamedTypeSignature, RowFieldName, TypeArgument, TypeSignature};

pub use coerce::{can_coerce, common_super_type};
pub use parse::{TypeError, parse_type};

/// `varchar` without a length, as a signature's parameter.
const UNBOUNDED: i64 = 2_147_483_647;

/// A type of Trino's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// The type of `NULL`.
    Unknown,
    /// `boolean`
    Boolean,
    /// 8 bits.
    TinyInt,
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInt,
    /// 32-bit floating point.
    Real,
    /// 64-bit floating point.
    Double,
    /// Precision 1 to 38, scale 0 to precision.
    Decimal(u8, u8),
    /// Text, at most so many characters.
    Varchar(Option<u32>),
    /// Text of so many characters; kept without its trailing spaces.
    Char(u32),
    /// Bytes.
    Varbinary,
    /// A day.
    Date,
    /// Time of day with so many fractional digits (0 to 6 here).
    Time(u8),
    /// A wall clock's reading with so many fractional digits (0 to 9 here).
    Timestamp(u8),
    /// An instant, shown in a zone. The zone belongs to the expression, not to each value.
    TimestampTz(u8, Zone),
    /// Milliseconds.
    IntervalDayTime,
    /// Months.
    IntervalYearMonth,
    /// JSON text.
    Json,
    /// Lower-case text of 36 characters.
    Uuid,
    /// A list.
    Array(Arc<Type>),
    /// A map.
    Map(Arc<Type>, Arc<Type>),
    /// A record; its fields may lack names.
    Row(Arc<[(Option<String>, Type)]>),
}

/// A zone's name as Trino shows it. All zones are one for the question whether two types are the same.
#[derive(Debug, Clone)]
pub struct Zone(pub Arc<str>);

impl Zone {
    /// `UTC`.
    pub fn utc() -> Self {
        Self("UTC".into())
    }
}

impl PartialEq for Zone {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Zone {}

impl std::hash::Hash for Zone {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Type {
    /// How its values lie in memory.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::Unknown => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::Integer | Self::IntervalYearMonth => DataType::Int32,
            Self::BigInt | Self::IntervalDayTime => DataType::Int64,
            Self::Real => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(p, s) => DataType::Decimal128(*p, i8::try_from(*s).unwrap_or(i8::MAX)),
            Self::Varchar(_) | Self::Char(_) | Self::Json | Self::Uuid => DataType::Utf8,
            Self::Varbinary => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Time(_) => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp(p) => DataType::Timestamp(unit(*p), None),
            Self::TimestampTz(p, zone) => DataType::Timestamp(unit(*p), Some(Arc::clone(&zone.0))),
            Self::Array(item) => DataType::List(Arc::new(Field::new("item", item.arrow(), true))),
            Self::Map(key, value) => DataType::Map(
                Arc::new(Field::new(
                    "entries",
                    DataType::Struct(Fields::from(vec![
                        Field::new("key", key.arrow(), false),
                        Field::new("value", value.arrow(), true),
                    ])),
                    false,
                )),
                false,
            ),
            Self::Row(fields) => DataType::Struct(
                fields
                    .iter()
                    .enumerate()
                    // Positions, so that two fields of one name do not meet.
                    .map(|(i, (_, ty))| Field::new(format!("c{i}"), ty.arrow(), true))
                    .collect(),
            ),
        }
    }

    /// The nearest Trino type of a column that only Arrow describes (a Parquet file's, an Iceberg
    /// table's), or nothing where no type here can hold it.
    pub fn of_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Unknown,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::TinyInt,
            DataType::Int16 | DataType::UInt8 => Self::SmallInt,
            DataType::Int32 | DataType::UInt16 => Self::Integer,
            DataType::Int64 | DataType::UInt32 => Self::BigInt,
            DataType::Float32 => Self::Real,
            DataType::Float64 => Self::Double,
            DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
                Self::Decimal(*p, u8::try_from(*s).ok().filter(|s| s <= p)?)
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Varchar(None),
            DataType::FixedSizeBinary(16) => Self::Uuid,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::Varbinary,
            DataType::Date32 => Self::Date,
            DataType::Time32(_) | DataType::Time64(TimeUnit::Microsecond) => Self::Time(6),
            DataType::Timestamp(unit, zone) => {
                let precision = match unit {
                    TimeUnit::Second => 0,
                    TimeUnit::Millisecond => 3,
                    TimeUnit::Microsecond => 6,
                    TimeUnit::Nanosecond => 9,
                };
                match zone {
                    None => Self::Timestamp(precision),
                    Some(_) => Self::TimestampTz(precision, Zone::utc()),
                }
            }
            DataType::List(item) | DataType::LargeList(item) => {
                Self::Array(Arc::new(Self::of_arrow(item.data_type())?))
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => match fields.iter().as_slice() {
                    [key, value] => Self::Map(
                        Arc::new(Self::of_arrow(key.data_type())?),
                        Arc::new(Self::of_arrow(value.data_type())?),
                    ),
                    _ => return None,
                },
                _ => return None,
            },
            DataType::Struct(fields) => Self::Row(
                fields
                    .iter()
                    .map(|f| {
                        Some((
                            Some(f.name().to_lowercase()),
                            Self::of_arrow(f.data_type())?,
                        ))
                    })
                    .collect::<Option<Vec<_>>>()?
                    .into(),
            ),
            DataType::Dictionary(_, value) => return Self::of_arrow(value),
            _ => return None,
        })
    }

    /// The type as a tree, for clients.
    pub fn signature(&self) -> TypeSignature {
        let long = |values: &[i64]| values.iter().map(|v| TypeArgument::Long(*v)).collect();
        let (name, arguments) = match self {
            Self::Decimal(p, s) => ("decimal", long(&[i64::from(*p), i64::from(*s)])),
            Self::Varchar(n) => ("varchar", long(&[n.map_or(UNBOUNDED, i64::from)])),
            Self::Char(n) => ("char", long(&[i64::from(*n)])),
            Self::Time(p) => ("time", long(&[i64::from(*p)])),
            Self::Timestamp(p) => ("timestamp", long(&[i64::from(*p)])),
            Self::TimestampTz(p, _) => ("timestamp with time zone", long(&[i64::from(*p)])),
            Self::Array(item) => ("array", vec![TypeArgument::Type(item.signature())]),
            Self::Map(key, value) => (
                "map",
                vec![
                    TypeArgument::Type(key.signature()),
                    TypeArgument::Type(value.signature()),
                ],
            ),
            Self::Row(fields) => (
                "row",
                fields
                    .iter()
                    .map(|(name, ty)| {
                        TypeArgument::NamedType(NamedTypeSignature {
                            field_name: name.clone().map(|name| RowFieldName { name }),
                            type_signature: ty.signature(),
                        })
                    })
                    .collect(),
            ),
            other => return TypeSignature::new(&other.to_string(), Vec::new()),
        };
        TypeSignature::new(name, arguments)
    }

    /// What a client that does not know fractional digits (`PARAMETRIC_DATETIME`) is shown instead.
    #[must_use]
    pub fn without_precision(&self) -> Self {
        match self {
            Self::Time(_) => Self::Time(3),
            Self::Timestamp(_) => Self::Timestamp(3),
            Self::TimestampTz(_, zone) => Self::TimestampTz(3, zone.clone()),
            Self::Array(item) => Self::Array(Arc::new(item.without_precision())),
            Self::Map(key, value) => Self::Map(
                Arc::new(key.without_precision()),
                Arc::new(value.without_precision()),
            ),
            Self::Row(fields) => Self::Row(
                fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.without_precision()))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// The name for clients: as [`fmt::Display`], but decimals have a space after the comma and the
    /// default precision of a client without `PARAMETRIC_DATETIME` is left out.
    pub fn client_name(&self, parametric_datetime: bool) -> String {
        let inner = |ty: &Self| ty.client_name(parametric_datetime);
        match self {
            Self::Decimal(p, s) => format!("decimal({p}, {s})"),
            Self::Time(_) if !parametric_datetime => "time".to_owned(),
            Self::Timestamp(_) if !parametric_datetime => "timestamp".to_owned(),
            Self::TimestampTz(..) if !parametric_datetime => "timestamp with time zone".to_owned(),
            Self::Array(item) => format!("array({})", inner(item)),
            Self::Map(key, value) => format!("map({}, {})", inner(key), inner(value)),
            Self::Row(fields) => row_name(fields, &inner),
            // Trino writes these two as its grammar does.
            Self::IntervalDayTime | Self::IntervalYearMonth => self.to_string().to_uppercase(),
            other => other.to_string(),
        }
    }

    /// `tinyint` to `bigint`.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::TinyInt | Self::SmallInt | Self::Integer | Self::BigInt
        )
    }

    /// Any number.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self, Self::Real | Self::Double | Self::Decimal(..))
    }

    /// Whether two values of it can be put in order.
    pub fn is_orderable(&self) -> bool {
        match self {
            Self::Json | Self::Map(..) => false,
            Self::Array(item) => item.is_orderable(),
            Self::Row(fields) => fields.iter().all(|(_, ty)| ty.is_orderable()),
            _ => true,
        }
    }

    /// Whether two values of it can be compared for equality.
    pub fn is_comparable(&self) -> bool {
        match self {
            Self::Map(key, value) => key.is_comparable() && value.is_comparable(),
            Self::Array(item) => item.is_comparable(),
            Self::Row(fields) => fields.iter().all(|(_, ty)| ty.is_comparable()),
            _ => true,
        }
    }

    /// Whether a double or real is in it: their equality is not that of their bits.
    pub fn has_floats(&self) -> bool {
        match self {
            Self::Real | Self::Double => true,
            Self::Array(item) => item.has_floats(),
            Self::Map(key, value) => key.has_floats() || value.has_floats(),
            Self::Row(fields) => fields.iter().any(|(_, ty)| ty.has_floats()),
            _ => false,
        }
    }
}

fn unit(precision: u8) -> TimeUnit {
    if precision <= 6 {
        TimeUnit::Microsecond
    } else {
        TimeUnit::Nanosecond
    }
}

fn row_name(fields: &[(Option<String>, Type)], inner: &dyn Fn(&Type) -> String) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, ty)| match name {
            Some(name) => format!("\"{}\" {}", name.replace('"', "\"\""), inner(ty)),
            None => inner(ty),
        })
        .collect();
    format!("row({})", fields.join(", "))
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Boolean => f.write_str("boolean"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::BigInt => f.write_str("bigint"),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double"),
            Self::Decimal(p, s) => write!(f, "decimal({p},{s})"),
            Self::Varchar(None) => f.write_str("varchar"),
            Self::Varchar(Some(n)) => write!(f, "varchar({n})"),
            Self::Char(n) => write!(f, "char({n})"),
            Self::Varbinary => f.write_str("varbinary"),
            Self::Date => f.write_str("date"),
            Self::Time(p) => write!(f, "time({p})"),
            Self::Timestamp(p) => write!(f, "timestamp({p})"),
            Self::TimestampTz(p, _) => write!(f, "timestamp({p}) with time zone"),
            Self::IntervalDayTime => f.write_str("interval day to second"),
            Self::IntervalYearMonth => f.write_str("interval year to month"),
            Self::Json => f.write_str("json"),
            Self::Uuid => f.write_str("uuid"),
            Self::Array(item) => write!(f, "array({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Row(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, ty)| match name {
                        Some(name) => format!("{name} {ty}"),
                        None => ty.to_string(),
                    })
                    .collect();
                write!(f, "row({})", fields.join(", "))
            }
        }
    }
}
