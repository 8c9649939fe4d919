//! What Trino's types are here: how their values lie in Arrow's memory, and what the protocol calls them.
//! Arrow's types say less than Trino's: a `varchar(3)` and a `json` are both a string there, so every
//! expression and every column carries its Trino type beside its Arrow type.
//!
//! Which types there are, and what may be done with them, is said in `townlake_sql::types`.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use townlake_protocol::trino::{NamedTypeSignature, RowFieldName, TypeArgument, TypeSignature};
use townlake_sql::types::Type;

use crate::zone::SessionZone;

/// `varchar` without a length, as a signature's parameter.
const UNBOUNDED: i64 = 2_147_483_647;

/// The type of an answer's column, and the zone in which its instants are shown: a zone belongs to an
/// expression here, not to each value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The type.
    pub ty: Type,
    /// The zone; nothing where no instants but nulls are in the column.
    pub zone: Option<SessionZone>,
}

impl From<Type> for Shown {
    fn from(ty: Type) -> Self {
        Self { ty, zone: None }
    }
}

/// Whether the engine can hold values of the type.
pub fn is_held(ty: &Type) -> bool {
    match ty {
        Type::Unknown
        | Type::Boolean
        | Type::TinyInt
        | Type::SmallInt
        | Type::Integer
        | Type::BigInt
        | Type::Real
        | Type::Double
        | Type::Decimal(..)
        | Type::Varchar(_)
        | Type::Char(_)
        | Type::Varbinary
        | Type::Date
        | Type::IntervalDayTime
        | Type::IntervalYearMonth
        | Type::Json
        | Type::Uuid => true,
        Type::Time(digits) => *digits <= 6,
        Type::Timestamp(digits) | Type::TimestampTz(digits) => *digits <= 9,
        Type::Array(item) => is_held(item),
        Type::Map(key, value) => is_held(key) && is_held(value),
        Type::Row(fields) => fields.iter().all(|(_, ty)| is_held(ty)),
        _ => false,
    }
}

/// How values of the type lie in memory. Of a type that the engine does not hold there is nothing but null.
pub fn arrow_type(ty: &Type) -> DataType {
    match ty {
        Type::Boolean => DataType::Boolean,
        Type::TinyInt => DataType::Int8,
        Type::SmallInt => DataType::Int16,
        // Months.
        Type::Integer | Type::IntervalYearMonth => DataType::Int32,
        // Milliseconds.
        Type::BigInt | Type::IntervalDayTime => DataType::Int64,
        Type::Real => DataType::Float32,
        Type::Double => DataType::Float64,
        Type::Decimal(p, s) => DataType::Decimal128(*p, i8::try_from(*s).unwrap_or(i8::MAX)),
        // A char is kept without its trailing spaces, a UUID as 36 characters in lower case; a pattern is
        // compiled where it is used.
        Type::Varchar(_)
        | Type::Char(_)
        | Type::Json
        | Type::Uuid
        | Type::JoniRegexp
        | Type::JsonPath
        | Type::CodePoints => DataType::Utf8,
        Type::Varbinary => DataType::Binary,
        Type::Date => DataType::Date32,
        Type::Time(0..=6) => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp(p @ 0..=9) => DataType::Timestamp(unit(*p), None),
        // The zone in which it is shown stands beside the expression.
        Type::TimestampTz(p @ 0..=9) => DataType::Timestamp(unit(*p), Some("UTC".into())),
        Type::Array(item) => DataType::List(Arc::new(Field::new("item", arrow_type(item), true))),
        Type::Map(key, value) => DataType::Map(
            Arc::new(Field::new(
                "entries",
                DataType::Struct(Fields::from(vec![
                    Field::new("key", arrow_type(key), false),
                    Field::new("value", arrow_type(value), true),
                ])),
                false,
            )),
            false,
        ),
        Type::Row(fields) => DataType::Struct(
            fields
                .iter()
                .enumerate()
                // Positions, so that two fields of one name do not meet.
                .map(|(i, (_, ty))| Field::new(format!("c{i}"), arrow_type(ty), true))
                .collect(),
        ),
        _ => DataType::Null,
    }
}

/// The nearest Trino type of a column that only Arrow describes (a Parquet file's, an Iceberg
/// table's), or nothing where no type here can hold it.
pub fn type_of_arrow(data_type: &DataType) -> Option<Type> {
    Some(match data_type {
        DataType::Null => Type::Unknown,
        DataType::Boolean => Type::Boolean,
        DataType::Int8 => Type::TinyInt,
        DataType::Int16 | DataType::UInt8 => Type::SmallInt,
        DataType::Int32 | DataType::UInt16 => Type::Integer,
        DataType::Int64 | DataType::UInt32 => Type::BigInt,
        DataType::Float32 => Type::Real,
        DataType::Float64 => Type::Double,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
            Type::Decimal(*p, u8::try_from(*s).ok().filter(|s| s <= p)?)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::Varchar(None),
        DataType::FixedSizeBinary(16) => Type::Uuid,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Type::Varbinary,
        DataType::Date32 => Type::Date,
        DataType::Time32(_) | DataType::Time64(TimeUnit::Microsecond) => Type::Time(6),
        DataType::Timestamp(unit, zone) => {
            let precision = match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            };
            match zone {
                None => Type::Timestamp(precision),
                Some(_) => Type::TimestampTz(precision),
            }
        }
        DataType::List(item) | DataType::LargeList(item) => {
            Type::array_of(type_of_arrow(item.data_type())?)
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => match fields.iter().as_slice() {
                [key, value] => Type::Map(
                    Arc::new(type_of_arrow(key.data_type())?),
                    Arc::new(type_of_arrow(value.data_type())?),
                ),
                _ => return None,
            },
            _ => return None,
        },
        DataType::Struct(fields) => Type::Row(
            fields
                .iter()
                .map(|f| Some((Some(f.name().to_lowercase()), type_of_arrow(f.data_type())?)))
                .collect::<Option<Vec<_>>>()?
                .into(),
        ),
        DataType::Dictionary(_, value) => return type_of_arrow(value),
        _ => return None,
    })
}

/// The type as a tree, for clients.
pub fn signature(ty: &Type) -> TypeSignature {
    let long = |values: &[i64]| values.iter().map(|v| TypeArgument::Long(*v)).collect();
    let (name, arguments) = match ty {
        Type::Decimal(p, s) => ("decimal", long(&[i64::from(*p), i64::from(*s)])),
        Type::Varchar(n) => ("varchar", long(&[n.map_or(UNBOUNDED, i64::from)])),
        Type::Char(n) => ("char", long(&[i64::from(*n)])),
        Type::Time(p) => ("time", long(&[i64::from(*p)])),
        Type::Timestamp(p) => ("timestamp", long(&[i64::from(*p)])),
        Type::TimestampTz(p) => ("timestamp with time zone", long(&[i64::from(*p)])),
        Type::Array(item) => ("array", vec![TypeArgument::Type(signature(item))]),
        Type::Map(key, value) => (
            "map",
            vec![
                TypeArgument::Type(signature(key)),
                TypeArgument::Type(signature(value)),
            ],
        ),
        Type::Row(fields) => (
            "row",
            fields
                .iter()
                .map(|(name, ty)| {
                    TypeArgument::NamedType(NamedTypeSignature {
                        field_name: name.clone().map(|name| RowFieldName { name }),
                        type_signature: signature(ty),
                    })
                })
                .collect(),
        ),
        other => return TypeSignature::new(&other.in_messages().to_string(), Vec::new()),
    };
    TypeSignature::new(name, arguments)
}

/// What a client that does not know fractional digits (`PARAMETRIC_DATETIME`) is shown instead.
pub fn without_precision(ty: &Type) -> Type {
    match ty {
        Type::Time(_) => Type::Time(3),
        Type::Timestamp(_) => Type::Timestamp(3),
        Type::TimestampTz(_) => Type::TimestampTz(3),
        Type::Array(item) => Type::array_of(without_precision(item)),
        Type::Map(key, value) => Type::Map(
            Arc::new(without_precision(key)),
            Arc::new(without_precision(value)),
        ),
        Type::Row(fields) => Type::Row(
            fields
                .iter()
                .map(|(name, ty)| (name.clone(), without_precision(ty)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Whether a double or real is in it: their equality is not that of their bits.
pub fn has_floats(ty: &Type) -> bool {
    any(ty, &|ty| matches!(ty, Type::Real | Type::Double))
}

/// Whether an instant is in it, which is shown in a zone.
pub fn has_instants(ty: &Type) -> bool {
    any(ty, &|ty| matches!(ty, Type::TimestampTz(_)))
}

fn any(ty: &Type, is: &impl Fn(&Type) -> bool) -> bool {
    match ty {
        Type::Array(item) => any(item, is),
        Type::Map(key, value) => any(key, is) || any(value, is),
        Type::Row(fields) => fields.iter().any(|(_, ty)| any(ty, is)),
        other => is(other),
    }
}

fn unit(precision: u8) -> TimeUnit {
    if precision <= 6 {
        TimeUnit::Microsecond
    } else {
        TimeUnit::Nanosecond
    }
}

#[cfg(test)]
mod tests {
    use townlake_sql::types::parse_type;

    use super::*;

    #[test]
    fn what_is_held_has_memory() {
        for (text, held) in [
            ("timestamp(9) with time zone", true),
            ("array(map(varchar, row(a time(6))))", true),
            ("interval day to second", true),
            ("timestamp(12)", false),
            ("time(7)", false),
            ("time(3) with time zone", false),
            ("array(ipaddress)", false),
            ("row(bigint, qdigest(double))", false),
        ] {
            let ty = parse_type(text).unwrap();
            assert_eq!(is_held(&ty), held, "{text}");
            assert!(arrow_type(&ty) != DataType::Null || !held, "{text}");
        }
    }

    #[test]
    fn memory_tells_the_type_apart_from_parameters() {
        for text in [
            "boolean",
            "decimal(12,2)",
            "varchar",
            "timestamp(6) with time zone",
            "timestamp(9)",
            "array(map(varchar, row(c0 bigint, c1 array(double))))",
        ] {
            let ty = parse_type(text).unwrap();
            assert_eq!(type_of_arrow(&arrow_type(&ty)), Some(ty), "{text}");
        }
    }
}
