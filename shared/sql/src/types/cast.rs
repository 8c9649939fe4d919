//! Which casts exist. Whether a value survives one is seen when it runs.

use super::{Type, TypeProblem};

/// Whether `CAST` may turn the one into the other.
///
/// # Errors
/// There is no such cast.
pub fn check_cast(from: &Type, to: &Type) -> Result<(), TypeProblem> {
    if *to == Type::Unknown {
        return Err(TypeProblem::mismatch("UNKNOWN is not a valid type"));
    }
    if can_cast(from, to) {
        return Ok(());
    }
    let (from, to) = (from.in_messages(), to.in_messages());
    Err(TypeProblem::mismatch(format!("Cannot cast {from} to {to}")))
}

/// Whether there is a cast from the one to the other.
pub fn can_cast(from: &Type, to: &Type) -> bool {
    if from == to || *from == Type::Unknown {
        return true;
    }
    match (from, to) {
        (Type::Array(a), Type::Array(b)) => can_cast(a, b),
        (Type::Map(k, v), Type::Map(l, w)) => can_cast(k, l) && can_cast(v, w),
        (Type::Row(a), Type::Row(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b.iter())
                    .all(|((_, a), (_, b))| can_cast(a, b))
        }
        (from, Type::Json) => has_json(from, Way::To),
        (Type::Json, to) => has_json(to, Way::From),
        (Type::Varchar(_), to) => reads_text(to),
        // Trino declares these two with text of any length only.
        (Type::Uuid | Type::IpAddress, Type::Varchar(length)) => length.is_none(),
        (from, Type::Varchar(_)) => writes_text(from),
        (Type::Char(_), Type::Char(_)) => true,
        (Type::Varbinary, Type::Uuid | Type::IpAddress)
        | (Type::Uuid | Type::IpAddress, Type::Varbinary) => true,
        (Type::Varbinary, sketch) | (sketch, Type::Varbinary) => is_sketch(sketch),
        (Type::P4HyperLogLog, Type::HyperLogLog) | (Type::HyperLogLog, Type::P4HyperLogLog) => true,
        (Type::BigInt, Type::BingTile) | (Type::BingTile, Type::BigInt) => true,
        (Type::Char(_), Type::JoniRegexp | Type::JsonPath | Type::CodePoints) => true,
        (from, to) if is_scalar_number(from) && is_scalar_number(to) => true,
        _ => cast_temporal(from, to),
    }
}

fn cast_temporal(from: &Type, to: &Type) -> bool {
    match from {
        Type::Date => matches!(to, Type::Timestamp(_) | Type::TimestampTz(_)),
        Type::Time(_) | Type::TimeTz(_) => matches!(
            to,
            Type::Time(_) | Type::TimeTz(_) | Type::Timestamp(_) | Type::TimestampTz(_)
        ),
        Type::Timestamp(_) | Type::TimestampTz(_) => matches!(
            to,
            Type::Date
                | Type::Time(_)
                | Type::TimeTz(_)
                | Type::Timestamp(_)
                | Type::TimestampTz(_)
        ),
        _ => false,
    }
}

/// Truth values count as numbers: 0 and 1.
fn is_scalar_number(ty: &Type) -> bool {
    ty.is_numeric() || *ty == Type::Boolean
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    To,
    From,
}

fn has_json(ty: &Type, way: Way) -> bool {
    match ty {
        Type::Json | Type::Unknown | Type::Varchar(_) => true,
        Type::Date | Type::Timestamp(_) => way == Way::To,
        Type::Array(item) => has_json(item, way),
        Type::Map(key, value) => is_json_key(key) && has_json(value, way),
        Type::Row(fields) => fields.iter().all(|(_, ty)| has_json(ty, way)),
        other => is_scalar_number(other),
    }
}

fn is_json_key(ty: &Type) -> bool {
    is_scalar_number(ty) || matches!(ty, Type::Varchar(_) | Type::Unknown)
}

fn reads_text(ty: &Type) -> bool {
    is_scalar_number(ty)
        || matches!(
            ty,
            Type::Varchar(_)
                | Type::Char(_)
                | Type::Varbinary
                | Type::Date
                | Type::Time(_)
                | Type::TimeTz(_)
                | Type::Timestamp(_)
                | Type::TimestampTz(_)
                | Type::Uuid
                | Type::IpAddress
                | Type::JoniRegexp
                | Type::JsonPath
                | Type::CodePoints
        )
}

fn writes_text(ty: &Type) -> bool {
    is_scalar_number(ty) || ty.is_temporal() || matches!(ty, Type::Char(_))
}

fn is_sketch(ty: &Type) -> bool {
    matches!(
        ty,
        Type::HyperLogLog
            | Type::P4HyperLogLog
            | Type::SetDigest
            | Type::QDigest(_)
            | Type::TDigest
    )
}
