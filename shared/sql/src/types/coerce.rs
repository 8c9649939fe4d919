//! Which types turn into which without being asked, as Trino's `TypeCoercion` has it.

use std::mem::discriminant;
use std::sync::Arc;

use super::Type;
use super::parse::MAX_CHAR;

/// Whether a value of the first type may stand where the second is wanted.
pub fn can_coerce(from: &Type, to: &Type) -> bool {
    meet(from, to).is_some_and(|(_, coercible)| coercible)
}

/// The type that both turn into, if there is one.
pub fn common_super_type(a: &Type, b: &Type) -> Option<Type> {
    meet(a, b).map(|(common, _)| common)
}

/// The common type, and whether the first turns into the second by itself.
fn meet(from: &Type, to: &Type) -> Option<(Type, bool)> {
    if from == to || *from == Type::Unknown {
        return Some((to.clone(), true));
    }
    if *to == Type::Unknown {
        return Some((from.clone(), false));
    }
    if discriminant(from) == discriminant(to) {
        return meet_alike(from, to);
    }
    if let Some(widened) = widen(from, to) {
        return meet(&widened, to);
    }
    let widened = widen(to, from)?;
    let (common, _) = meet(from, &widened)?;
    Some((common, false))
}

/// Two types of one kind that differ in their parameters.
fn meet_alike(from: &Type, to: &Type) -> Option<(Type, bool)> {
    let common = match (from, to) {
        (Type::Decimal(p, s), Type::Decimal(q, t)) => {
            let scale = *s.max(t);
            let whole = p.saturating_sub(*s).max(q.saturating_sub(*t));
            // Digits before the point may be lost here; the operators check for it when they run.
            Type::Decimal((whole + scale).min(38), scale)
        }
        (Type::Varchar(n), Type::Varchar(m)) => Type::Varchar(n.zip(*m).map(|(n, m)| n.max(m))),
        (Type::Char(n), Type::Char(m)) => Type::Char(*n.max(m)),
        (Type::Time(p), Type::Time(q)) => Type::Time(*p.max(q)),
        (Type::TimeTz(p), Type::TimeTz(q)) => Type::TimeTz(*p.max(q)),
        (Type::Timestamp(p), Type::Timestamp(q)) => Type::Timestamp(*p.max(q)),
        (Type::TimestampTz(p), Type::TimestampTz(q)) => Type::TimestampTz(*p.max(q)),
        (Type::Array(a), Type::Array(b)) => {
            let (item, coercible) = meet(a, b)?;
            return Some((Type::array_of(item), coercible));
        }
        (Type::Map(k, v), Type::Map(l, w)) => {
            let (key, key_coercible) = meet(k, l)?;
            let (value, value_coercible) = meet(v, w)?;
            let map = Type::Map(Arc::new(key), Arc::new(value));
            return Some((map, key_coercible && value_coercible));
        }
        (Type::Row(a), Type::Row(b)) if a.len() == b.len() => return meet_rows(a, b),
        _ => return None,
    };
    let coercible = common == *to;
    Some((common, coercible))
}

fn meet_rows(a: &[(Option<String>, Type)], b: &[(Option<String>, Type)]) -> Option<(Type, bool)> {
    let mut all_coercible = true;
    let mut fields = Vec::with_capacity(a.len());
    for ((a_name, a_type), (b_name, b_type)) in a.iter().zip(b) {
        let (ty, coercible) = meet(a_type, b_type)?;
        all_coercible &= coercible;
        fields.push((a_name.clone().filter(|_| a_name == b_name), ty));
    }
    Some((Type::Row(fields.into()), all_coercible))
}

/// The type of another kind that a type turns into; of `kind` only the kind counts, not its parameters.
pub(super) fn widen(from: &Type, kind: &Type) -> Option<Type> {
    if discriminant(from) == discriminant(kind) {
        return Some(from.clone());
    }
    let widened = match (from, kind) {
        (Type::Unknown, _) => return widen_unknown(kind),
        (Type::TinyInt, Type::SmallInt) => Type::SmallInt,
        (Type::TinyInt | Type::SmallInt, Type::Integer) => Type::Integer,
        (Type::TinyInt | Type::SmallInt | Type::Integer, Type::BigInt) => Type::BigInt,
        (integer, Type::Decimal(..)) => Type::Decimal(integer_digits(integer)?, 0),
        (Type::Decimal(..), Type::Real) => Type::Real,
        (Type::Decimal(..) | Type::Real, Type::Double) => Type::Double,
        (integer, Type::Real) if integer.is_integer() => Type::Real,
        (integer, Type::Double) if integer.is_integer() => Type::Double,
        (Type::Date, Type::Timestamp(_)) => Type::Timestamp(0),
        (Type::Date, Type::TimestampTz(_)) => Type::TimestampTz(0),
        (Type::Time(p), Type::TimeTz(_)) => Type::TimeTz(*p),
        (Type::Timestamp(p), Type::TimestampTz(_)) => Type::TimestampTz(*p),
        // Text compares with a char as a char; a char does not turn into text.
        (Type::Varchar(n), Type::Char(_)) => {
            let longest = u32::try_from(MAX_CHAR).unwrap_or(u32::MAX);
            Type::Char(n.unwrap_or(longest).min(longest))
        }
        (
            Type::Varchar(_) | Type::Char(_),
            Type::JoniRegexp | Type::JsonPath | Type::CodePoints,
        ) => kind.clone(),
        (Type::P4HyperLogLog, Type::HyperLogLog) => Type::HyperLogLog,
        _ => return None,
    };
    Some(widened)
}

fn widen_unknown(kind: &Type) -> Option<Type> {
    match kind {
        Type::Varchar(_) => Some(Type::Varchar(Some(0))),
        Type::Char(_) => Some(Type::Char(0)),
        Type::Decimal(..) => Some(Type::Decimal(1, 0)),
        Type::Time(_) => Some(Type::Time(3)),
        Type::TimeTz(_) => Some(Type::TimeTz(3)),
        Type::Timestamp(_) => Some(Type::Timestamp(3)),
        Type::TimestampTz(_) => Some(Type::TimestampTz(3)),
        _ => None,
    }
}

/// Digits of a decimal that holds every value of the integer type.
fn integer_digits(ty: &Type) -> Option<u8> {
    match ty {
        Type::TinyInt => Some(3),
        Type::SmallInt => Some(5),
        Type::Integer => Some(10),
        Type::BigInt => Some(19),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_type;
    use super::*;

    #[test]
    fn common_types_are_trinos() {
        for (a, b, common) in [
            ("integer", "bigint", Some("bigint")),
            ("bigint", "decimal(2,1)", Some("decimal(20, 1)")),
            ("decimal(3,2)", "double", Some("double")),
            ("decimal(3,2)", "real", Some("real")),
            ("bigint", "real", Some("real")),
            ("varchar(3)", "varchar", Some("varchar")),
            ("varchar(3)", "char(2)", Some("char(3)")),
            ("varchar", "char(2)", Some("char(65536)")),
            ("date", "timestamp(3)", Some("timestamp(3)")),
            (
                "timestamp(6)",
                "timestamp(3) with time zone",
                Some("timestamp(6) with time zone"),
            ),
            (
                "time(6)",
                "time(0) with time zone",
                Some("time(6) with time zone"),
            ),
            ("unknown", "json", Some("json")),
            ("varchar", "bigint", None),
            ("boolean", "integer", None),
            ("time(0)", "timestamp(0)", None),
            ("interval day to second", "interval year to month", None),
            ("array(integer)", "array(double)", Some("array(double)")),
            (
                "map(unknown,unknown)",
                "map(varchar,bigint)",
                Some("map(varchar, bigint)"),
            ),
            ("row(a bigint)", "row(b integer)", Some("row(bigint)")),
            ("row(a bigint)", "row(a bigint, b bigint)", None),
        ] {
            let [a, b] = [a, b].map(|text| parse_type(text).unwrap());
            let expected = common.map(str::to_owned);
            assert_eq!(
                common_super_type(&a, &b).map(|ty| ty.to_string()),
                expected,
                "{a} {b}"
            );
            assert_eq!(
                common_super_type(&b, &a).map(|ty| ty.to_string()),
                expected,
                "{b} {a}"
            );
        }
    }

    #[test]
    fn coercion_has_a_direction() {
        for (from, to, can) in [
            ("varchar(3)", "char(5)", true),
            ("varchar(5)", "char(3)", false),
            ("char(3)", "varchar", false),
            ("varchar", "varchar(3)", false),
            ("decimal(5,2)", "decimal(5,1)", false),
            ("unknown", "array(bigint)", true),
            ("bigint", "unknown", false),
            ("varchar(3)", "JoniRegExp", true),
            ("array(unknown)", "array(json)", true),
        ] {
            let [from, to] = [from, to].map(|text| parse_type(text).unwrap());
            assert_eq!(can_coerce(&from, &to), can, "{from} {to}");
        }
    }
}
