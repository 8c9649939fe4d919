//! JSON's text, as Jackson writes it.

use super::Json;

/// A double as Java writes it: `128.4`, `1.0E10`.
pub fn double_text(value: f64) -> String {
    java(value, format!("{value:e}"))
}

/// A real as Java writes it.
#[expect(clippy::cast_possible_truncation, reason = "it was a 32-bit number")]
pub fn real_text(value: f64) -> String {
    java(value, format!("{:e}", value as f32))
}

/// A text in quotes. What needs two UTF-16 units is escaped.
pub fn string_text(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}

pub(super) fn write(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Integer(value) => out.push_str(&value.to_string()),
        Json::Double(value) => out.push_str(&double_text(*value)),
        Json::Text(text) => write_string(text, out),
        Json::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Json::Object(fields) => {
            out.push('{');
            for (i, (key, value)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if !(' '..='\u{ffff}').contains(&c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Java's text of a number of which Rust has written the shortest digits, `1.284e2`.
fn java(value: f64, shortest: String) -> String {
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    if value == 0.0 {
        return if value.is_sign_negative() {
            "-0.0"
        } else {
            "0.0"
        }
        .to_owned();
    }
    if (1e-3..1e7).contains(&value.abs()) {
        let plain = match exponent.parse::<i32>() {
            Ok(exponent) => shift(mantissa, exponent),
            Err(_) => return shortest,
        };
        return if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        };
    }
    if mantissa.contains('.') {
        format!("{mantissa}E{exponent}")
    } else {
        format!("{mantissa}.0E{exponent}")
    }
}

/// `1.284` and 2 as `128.4`.
fn shift(mantissa: &str, exponent: i32) -> String {
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits.replace('.', "")),
        None => ("", mantissa.replace('.', "")),
    };
    let point = exponent + 1;
    match usize::try_from(point) {
        Ok(0) => format!("{sign}0.{digits}"),
        Ok(point) if point >= digits.len() => format!("{sign}{digits:0<point$}"),
        Ok(point) => {
            let (whole, fraction) = digits.split_at(point);
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) => {
            let zeros = usize::try_from(-point).unwrap_or(0);
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
    }
}
