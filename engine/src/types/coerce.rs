//! Which types turn into which without being asked, as Trino's `TypeCoercion` has it.

use std::sync::Arc;

use super::Type;

/// Whether a value of the first type may stand where the second is wanted.
pub fn can_coerce(from: &Type, to: &Type) -> bool {
    common_super_type(from, to).is_some_and(|common| common == *to)
}

/// The type that both turn into, if there is one.
pub fn common_super_type(a: &Type, b: &Type) -> Option<Type> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Type::Unknown, other) | (other, Type::Unknown) => Some(other.clone()),
        (Type::Varchar(x), Type::Varchar(y)) => Some(Type::Varchar(longest(*x, *y))),
        (Type::Char(x), Type::Char(y)) => Some(Type::Char(*x.max(y))),
        // A char and a varchar compare as char, as long as the longer of the two.
        (Type::Char(n), Type::Varchar(m)) | (Type::Varchar(m), Type::Char(n)) => {
            let m = (*m)?;
            Some(Type::Char((*n).max(m)))
        }
        (Type::Decimal(p, s), Type::Decimal(q, t)) => Some(decimals(*p, *s, *q, *t)),
        (Type::Decimal(p, s), other) | (other, Type::Decimal(p, s)) => match other {
            Type::Real => Some(Type::Real),
            Type::Double => Some(Type::Double),
            integer => integer_digits(integer).map(|digits| decimals(*p, *s, digits, 0)),
        },
        (Type::Date, ts @ (Type::Timestamp(_) | Type::TimestampTz(..)))
        | (ts @ (Type::Timestamp(_) | Type::TimestampTz(..)), Type::Date) => Some(ts.clone()),
        (Type::Timestamp(p), Type::Timestamp(q)) => Some(Type::Timestamp(*p.max(q))),
        (Type::TimestampTz(p, zone), Type::TimestampTz(q, _)) => {
            Some(Type::TimestampTz(*p.max(q), zone.clone()))
        }
        (Type::Timestamp(p), Type::TimestampTz(q, zone))
        | (Type::TimestampTz(q, zone), Type::Timestamp(p)) => {
            Some(Type::TimestampTz(*p.max(q), zone.clone()))
        }
        (Type::Time(p), Type::Time(q)) => Some(Type::Time(*p.max(q))),
        (Type::Array(x), Type::Array(y)) => Some(Type::Array(Arc::new(common_super_type(x, y)?))),
        (Type::Map(k, v), Type::Map(l, w)) => Some(Type::Map(
            Arc::new(common_super_type(k, l)?),
            Arc::new(common_super_type(v, w)?),
        )),
        (Type::Row(x), Type::Row(y)) if x.len() == y.len() => Some(Type::Row(
            x.iter()
                .zip(y.iter())
                .map(|((n, t), (m, u))| {
                    let name = if n == m { n.clone() } else { None };
                    Some((name, common_super_type(t, u)?))
                })
                .collect::<Option<Vec<_>>>()?
                .into(),
        )),
        _ => match (rank(a), rank(b)) {
            (Some(x), Some(y)) => Some(if x > y { a.clone() } else { b.clone() }),
            _ => None,
        },
    }
}

fn longest(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    Some(a?.max(b?))
}

fn decimals(p: u8, s: u8, q: u8, t: u8) -> Type {
    let scale = s.max(t);
    let whole = (p - s).max(q - t);
    Type::Decimal((whole + scale).min(38), scale)
}

/// Digits of a decimal that holds every value of the integer type.
pub(super) fn integer_digits(ty: &Type) -> Option<u8> {
    match ty {
        Type::TinyInt => Some(3),
        Type::SmallInt => Some(5),
        Type::Integer => Some(10),
        Type::BigInt => Some(19),
        _ => None,
    }
}

/// Each number type turns into those behind it (decimals apart).
fn rank(ty: &Type) -> Option<u8> {
    match ty {
        Type::TinyInt => Some(0),
        Type::SmallInt => Some(1),
        Type::Integer => Some(2),
        Type::BigInt => Some(3),
        Type::Real => Some(4),
        Type::Double => Some(5),
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
            ("bigint", "decimal(2,1)", Some("decimal(20,1)")),
            ("decimal(3,2)", "double", Some("double")),
            ("bigint", "real", Some("real")),
            ("varchar(3)", "varchar", Some("varchar")),
            ("varchar(3)", "char(2)", Some("char(3)")),
            ("date", "timestamp(3)", Some("timestamp(3)")),
            ("unknown", "json", Some("json")),
            ("varchar", "bigint", None),
            ("boolean", "integer", None),
            ("array(integer)", "array(double)", Some("array(double)")),
        ] {
            let got = common_super_type(&parse_type(a).unwrap(), &parse_type(b).unwrap());
            assert_eq!(got, common.map(|c| parse_type(c).unwrap()), "{a} {b}");
        }
    }
}
