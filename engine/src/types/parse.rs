//! Types from their text: `decimal(12,2)`, `timestamp(3) with time zone`, `row(a bigint, b varchar)`.

use std::sync::Arc;

use thiserror::Error;

use super::{Type, Zone};

/// Why a text is not a type that the engine has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TypeError {
    /// No type of Trino's.
    #[error("Unknown type: {0}")]
    Unknown(String),
    /// A type of Trino's that the engine does not have, or not with these parameters.
    #[error("type {0} is not supported by this engine")]
    Unsupported(String),
    /// Parameters out of range.
    #[error("{0}")]
    Parameter(String),
}

/// The type of a text. Upper and lower case are the same.
///
/// # Errors
/// The text is no type, or one that the engine lacks.
pub fn parse_type(text: &str) -> Result<Type, TypeError> {
    let lower = text.trim().to_lowercase();
    let (name, parameters, rest) =
        split(&lower).ok_or_else(|| TypeError::Unknown(text.to_owned()))?;
    let number = |i: usize| -> Result<Option<u32>, TypeError> {
        match parameters.get(i) {
            None => Ok(None),
            Some(p) => p
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| TypeError::Unknown(text.to_owned())),
        }
    };
    let precision = |default: u8, most: u8| -> Result<u8, TypeError> {
        match number(0)? {
            None => Ok(default),
            Some(p) if p <= u32::from(most) => {
                u8::try_from(p).map_err(|_| TypeError::Unknown(text.to_owned()))
            }
            Some(_) => Err(TypeError::Unsupported(lower.clone())),
        }
    };
    let plain = parameters.is_empty() && rest.is_empty();
    Ok(match (name.as_str(), rest.as_str()) {
        ("unknown", "") if plain => Type::Unknown,
        ("boolean", "") if plain => Type::Boolean,
        ("tinyint", "") if plain => Type::TinyInt,
        ("smallint", "") if plain => Type::SmallInt,
        ("integer" | "int", "") if plain => Type::Integer,
        ("bigint", "") if plain => Type::BigInt,
        ("real", "") if plain => Type::Real,
        ("double", "" | "precision") if parameters.is_empty() => Type::Double,
        ("decimal" | "dec" | "numeric", "") => {
            let p = number(0)?.unwrap_or(38);
            let s = number(1)?.unwrap_or(0);
            if !(1..=38).contains(&p) {
                return Err(TypeError::Parameter(format!(
                    "DECIMAL precision must be in range [1, 38]: {p}"
                )));
            }
            if s > p {
                return Err(TypeError::Parameter(format!(
                    "DECIMAL scale must be in range [0, precision ({p})]: {s}"
                )));
            }
            Type::Decimal(u8::try_from(p).unwrap_or(38), u8::try_from(s).unwrap_or(0))
        }
        ("varchar", "") => Type::Varchar(number(0)?.filter(|n| i64::from(*n) != super::UNBOUNDED)),
        ("char", "") => Type::Char(number(0)?.unwrap_or(1)),
        ("varbinary", "") if plain => Type::Varbinary,
        ("date", "") if plain => Type::Date,
        ("time", "" | "without time zone") => Type::Time(precision(3, 6)?),
        ("time", "with time zone") => return Err(TypeError::Unsupported(lower)),
        ("timestamp", "" | "without time zone") => Type::Timestamp(precision(3, 9)?),
        ("timestamp", "with time zone") => Type::TimestampTz(precision(3, 9)?, Zone::utc()),
        ("interval", "day to second") => Type::IntervalDayTime,
        ("interval", "year to month") => Type::IntervalYearMonth,
        ("json", "") if plain => Type::Json,
        ("uuid", "") if plain => Type::Uuid,
        ("array", "") => match parameters.as_slice() {
            [item] => Type::Array(Arc::new(parse_type(item)?)),
            _ => return Err(TypeError::Unknown(text.to_owned())),
        },
        ("map", "") => match parameters.as_slice() {
            [key, value] => Type::Map(Arc::new(parse_type(key)?), Arc::new(parse_type(value)?)),
            _ => return Err(TypeError::Unknown(text.to_owned())),
        },
        ("row", "") if !parameters.is_empty() => Type::Row(
            parameters
                .iter()
                .map(|field| row_field(field))
                .collect::<Result<Vec<_>, _>>()?
                .into(),
        ),
        (
            "ipaddress" | "hyperloglog" | "p4hyperloglog" | "qdigest" | "tdigest" | "geometry"
            | "color" | "setdigest" | "number",
            _,
        ) => return Err(TypeError::Unsupported(lower)),
        _ => return Err(TypeError::Unknown(text.to_owned())),
    })
}

fn row_field(text: &str) -> Result<(Option<String>, Type), TypeError> {
    let text = text.trim();
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted
            .split_once('"')
            .ok_or_else(|| TypeError::Unknown(text.to_owned()))?;
        return Ok((Some(name.to_owned()), parse_type(rest)?));
    }
    match parse_type(text) {
        Ok(ty) => Ok((None, ty)),
        Err(error) => match text.split_once(' ') {
            Some((name, rest)) => Ok((Some(name.to_owned()), parse_type(rest)?)),
            None => Err(error),
        },
    }
}

/// A name, its parameters in brackets, and the words after them.
fn split(text: &str) -> Option<(String, Vec<String>, String)> {
    let Some(open) = text.find('(') else {
        let mut words = text.split_whitespace();
        let name = words.next()?.to_owned();
        return Some((name, Vec::new(), words.collect::<Vec<_>>().join(" ")));
    };
    let name = text.get(..open)?.trim().to_owned();
    let mut depth = 0_usize;
    let mut parameters = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    for (i, c) in text.char_indices().skip_while(|(i, _)| *i < open) {
        match c {
            '"' => {
                quoted = !quoted;
                current.push(c);
            }
            '(' if !quoted => {
                depth += 1;
                if depth > 1 {
                    current.push(c);
                }
            }
            ')' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    parameters.push(current.trim().to_owned());
                    let rest = text.get(i + 1..)?;
                    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
                    return Some((name, parameters, rest));
                }
                current.push(c);
            }
            ',' if depth == 1 && !quoted => parameters.push(std::mem::take(&mut current)),
            _ => current.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_survive_their_text() {
        for text in [
            "boolean",
            "decimal(12,2)",
            "varchar",
            "varchar(3)",
            "char(4)",
            "timestamp(6) with time zone",
            "timestamp(9)",
            "array(map(varchar, row(a bigint, b array(double))))",
            "interval day to second",
            "row(bigint, varchar(1))",
        ] {
            assert_eq!(parse_type(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_the_engine_lacks_is_told_from_what_nobody_has() {
        assert!(matches!(
            parse_type("ipaddress"),
            Err(TypeError::Unsupported(_))
        ));
        assert!(matches!(
            parse_type("timestamp(12)"),
            Err(TypeError::Unsupported(_))
        ));
        assert!(matches!(parse_type("bignum"), Err(TypeError::Unknown(_))));
        assert!(matches!(
            parse_type("decimal(39,1)"),
            Err(TypeError::Parameter(_))
        ));
    }
}
