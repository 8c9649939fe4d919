//! The types of constants, and whether they say a value at all.

use super::{ErrorName, Type, TypeProblem, json, parse_type, temporal};

/// The type of a number as written, with its sign if that stands before it: `12` is an integer,
/// `12345678901` a bigint, `1.5` a decimal, `1e0` a double, `0xFF` an integer too.
///
/// # Errors
/// The number is too large for any of these.
pub fn number_literal(text: &str) -> Result<Type, TypeProblem> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits.trim_start()),
        None => ("", text),
    };
    let lower = digits.replace('_', "").to_ascii_lowercase();
    let radix = match lower.get(..2) {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    let invalid = || {
        TypeProblem::new(
            ErrorName::SyntaxError,
            format!("Invalid numeric literal: {text}"),
        )
    };
    let value = match radix {
        Some(radix) => i64::from_str_radix(
            &format!("{sign}{}", lower.get(2..).unwrap_or_default()),
            radix,
        ),
        None if lower.contains('e') => {
            let is_number = lower.parse::<f64>().is_ok();
            return is_number.then_some(Type::Double).ok_or_else(invalid);
        }
        None if lower.contains('.') => {
            return decimal(&lower).ok_or_else(|| invalid_literal(text, "DECIMAL"));
        }
        None => format!("{sign}{lower}").parse(),
    };
    match value.map(i32::try_from) {
        Ok(Ok(_)) => Ok(Type::Integer),
        Ok(Err(_)) => Ok(Type::BigInt),
        Err(_) => Err(invalid()),
    }
}

/// The type of a text in quotes, given without the quotes and with its escapes undone.
pub fn string_literal(text: &str) -> Type {
    Type::Varchar(Some(characters(text)))
}

/// The type of `X'65683F'`, given the digits.
///
/// # Errors
/// Something is no digit, or half a byte is left.
pub fn binary_literal(digits: &str) -> Result<Type, TypeProblem> {
    let mut count = 0_usize;
    for c in digits.chars().filter(|c| !c.is_whitespace()) {
        if !c.is_ascii_hexdigit() {
            return Err(TypeProblem::new(
                ErrorName::SyntaxError,
                "Binary literal can only contain hexadecimal digits",
            ));
        }
        count += 1;
    }
    if count.is_multiple_of(2) {
        Ok(Type::Varbinary)
    } else {
        Err(TypeProblem::new(
            ErrorName::SyntaxError,
            "Binary literal must contain an even number of digits",
        ))
    }
}

/// The type of `DATE '2020-05-10'`, `DECIMAL '1.50'`, `JSON '[1]'`, given the word and the text.
///
/// # Errors
/// There is no such type, it has no such literals, or the text says no value of it.
pub fn typed_literal(type_name: &str, text: &str) -> Result<Type, TypeProblem> {
    let checked = |ty: Option<Type>, name: &str| ty.ok_or_else(|| invalid_literal(text, name));
    match type_name.trim().to_ascii_lowercase().as_str() {
        "decimal" => return checked(decimal(text), "DECIMAL"),
        "char" => return Ok(Type::Char(characters(text))),
        "time" => return temporal::time(text),
        "timestamp" => return temporal::timestamp(text),
        "interval" => {
            return Err(TypeProblem::new(
                ErrorName::TypeNotFound,
                "Unknown resolvedType: INTERVAL",
            ));
        }
        _ => {}
    }
    let ty = parse_type(type_name).map_err(|_| {
        TypeProblem::new(
            ErrorName::TypeNotFound,
            format!("Unknown resolvedType: {type_name}"),
        )
    })?;
    let name = ty.in_messages().to_string().to_uppercase();
    match says_value(&ty, text) {
        Some(true) => Ok(ty),
        Some(false) => Err(invalid_literal(text, &name)),
        None => Err(TypeProblem::new(
            ErrorName::InvalidLiteral,
            format!("No literal form for resolvedType {}", ty.in_messages()),
        )),
    }
}

/// The type of `INTERVAL '3' DAY`, `INTERVAL '1-2' YEAR TO MONTH`: the text, the first unit, the last.
///
/// # Errors
/// The text is not of this form, or there is no such unit.
pub fn interval_literal(text: &str, first: &str, last: Option<&str>) -> Result<Type, TypeProblem> {
    temporal::interval(text, first, last)
}

pub(super) fn invalid_literal(text: &str, name: &str) -> TypeProblem {
    TypeProblem::new(
        ErrorName::InvalidLiteral,
        format!("'{text}' is not a valid {name} literal"),
    )
}

fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Whether a text can be cast to the type; nothing if there is no such cast.
fn says_value(ty: &Type, text: &str) -> Option<bool> {
    let trimmed = text.trim();
    Some(match ty {
        Type::Varchar(_) | Type::Char(_) | Type::Varbinary => true,
        Type::Boolean => matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "t" | "1" | "false" | "f" | "0"
        ),
        Type::TinyInt => trimmed.parse::<i8>().is_ok(),
        Type::SmallInt => trimmed.parse::<i16>().is_ok(),
        Type::Integer => trimmed.parse::<i32>().is_ok(),
        Type::BigInt => trimmed.parse::<i64>().is_ok(),
        Type::Real | Type::Double => is_java_float(trimmed),
        Type::Decimal(p, s) => match decimal(text) {
            Some(Type::Decimal(q, t)) => q.saturating_sub(t) <= p.saturating_sub(*s),
            _ => false,
        },
        Type::Date => temporal::is_date(text),
        Type::Time(_) | Type::TimeTz(_) => temporal::time(text).is_ok(),
        Type::Timestamp(_) | Type::TimestampTz(_) => temporal::timestamp(text).is_ok(),
        Type::Json => json::is_json(text),
        Type::Uuid => is_uuid(text),
        Type::IpAddress => text.parse::<std::net::IpAddr>().is_ok(),
        _ => return None,
    })
}

/// What Java reads as a floating point number: no `inf`, but a type's letter behind it.
fn is_java_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, "NaN" | "Infinity") {
        return true;
    }
    let digits = unsigned
        .strip_suffix(['d', 'D', 'f', 'F'])
        .unwrap_or(unsigned);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok()
}

fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    let all_fit = [8, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|group| {
            group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
    });
    all_fit && groups.next().is_none()
}

/// A decimal of exactly the digits that are written: `01.50` is decimal(3,2).
fn decimal(text: &str) -> Option<Type> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let significant = whole.trim_start_matches('0').len();
    let precision = significant.checked_add(fraction.len())?.max(1);
    let precision = u8::try_from(precision).ok().filter(|p| *p <= 38)?;
    Some(Type::Decimal(precision, u8::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(answer: Result<Type, TypeProblem>) -> String {
        answer.map_or_else(
            |problem| problem.error.as_str().to_owned(),
            |ty| ty.to_string(),
        )
    }

    #[test]
    fn numbers_have_the_smallest_type() {
        for (text, ty) in [
            ("2147483647", "integer"),
            ("2147483648", "bigint"),
            ("-2147483648", "integer"),
            ("-9223372036854775808", "bigint"),
            ("9223372036854775808", "SYNTAX_ERROR"),
            ("0x1F", "integer"),
            ("0b11", "integer"),
            ("1_000", "integer"),
            ("1.", "decimal(1, 0)"),
            (".5", "decimal(1, 1)"),
            ("-007.50", "decimal(3, 2)"),
            ("1e0", "double"),
            (
                "1234567890123456789012345678901234567.89",
                "INVALID_LITERAL",
            ),
        ] {
            assert_eq!(shown(number_literal(text)), ty, "{text}");
        }
    }

    #[test]
    fn typed_literals_are_read() {
        for (name, text, ty) in [
            ("DATE", "2020-1-2", "date"),
            ("DATE", "2020-02-30", "INVALID_LITERAL"),
            ("TINYINT", "128", "INVALID_LITERAL"),
            ("BIGINT", "99999999999999999999", "INVALID_LITERAL"),
            ("DECIMAL", "1.2.3", "INVALID_LITERAL"),
            ("CHAR", "ab ", "char(3)"),
            ("VARCHAR", "ab", "varchar"),
            ("DOUBLE", "-Infinity", "double"),
            ("REAL", "inf", "INVALID_LITERAL"),
            ("BOOLEAN", "yes", "INVALID_LITERAL"),
            ("JSON", "{\"a\": [1, 2.5e3, null]}", "json"),
            ("JSON", "{a: 1}", "INVALID_LITERAL"),
            ("UUID", "12151fd2-7586-11e9-8f9e-2a86e4085a59", "uuid"),
            ("UUID", "12151fd2", "INVALID_LITERAL"),
            ("IPADDRESS", "::1", "ipaddress"),
            ("IPADDRESS", "256.0.0.1", "INVALID_LITERAL"),
            ("HYPERLOGLOG", "", "INVALID_LITERAL"),
            ("interval", "1", "TYPE_NOT_FOUND"),
            ("bignum", "1", "TYPE_NOT_FOUND"),
        ] {
            assert_eq!(shown(typed_literal(name, text)), ty, "{name} {text}");
        }
    }
}
