//! A column as the detectors see it.

use serde_json::Value;

/// A column and a bounded sample of its values.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSample<'a> {
    /// The table's own name, without catalog and schema.
    pub table: &'a str,
    /// The column's name.
    pub name: &'a str,
    /// Its type in Trino's words.
    pub data_type: &'a str,
    /// The names of the table's other columns.
    pub neighbours: &'a [&'a str],
    /// The sampled values as text, `None` for NULL. Of a nested type: its [`leaves`].
    pub values: &'a [Option<String>],
}

/// What kind of values a type holds, as far as the detectors care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// Characters.
    Text,
    /// Whole numbers, decimals of scale 0 included.
    Integer,
    /// Numbers with a fraction.
    Fraction,
    /// Yes or no.
    Boolean,
    /// Dates, times and intervals.
    Temporal,
    /// Trino's `uuid`.
    Uuid,
    /// Trino's `ipaddress`.
    Ip,
    /// Arrays, maps, rows and JSON.
    Nested,
    /// Bytes and everything else that cannot be read as text.
    Opaque,
}

impl TypeKind {
    /// The kind of a type in Trino's words, e.g. `varchar(24)`.
    pub fn of(data_type: &str) -> Self {
        let data_type = data_type.trim().to_ascii_lowercase();
        let base = data_type.split(['(', ' ']).next().unwrap_or_default();
        match base {
            "varchar" | "char" => Self::Text,
            "tinyint" | "smallint" | "integer" | "int" | "bigint" => Self::Integer,
            "decimal"
                if data_type.replace(' ', "").ends_with(",0)") || !data_type.contains(',') =>
            {
                Self::Integer
            }
            "decimal" | "double" | "real" | "number" => Self::Fraction,
            "boolean" => Self::Boolean,
            "date" | "time" | "timestamp" | "interval" => Self::Temporal,
            "uuid" => Self::Uuid,
            "ipaddress" => Self::Ip,
            "array" | "map" | "row" | "json" | "variant" => Self::Nested,
            _ => Self::Opaque,
        }
    }

    /// Whether samples of this kind can hold one of the classes at all.
    pub fn is_worth_sampling(self) -> bool {
        matches!(self, Self::Text | Self::Integer | Self::Ip | Self::Nested)
    }
}

/// The scalar values inside a nested one, as text, at most `limit` of them.
///
/// Text that holds JSON, as Trino's `json` does, is read as such. The keys of objects are not values.
pub fn leaves(value: &Value, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, limit, 0, &mut found);
    found
}

/// Deeper nesting is not looked into: a value cannot make the walk run out of stack.
const MAX_DEPTH: usize = 16;

fn collect(value: &Value, limit: usize, depth: usize, found: &mut Vec<String>) {
    if found.len() >= limit || depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(yes) => found.push(yes.to_string()),
        Value::Number(number) => found.push(number.to_string()),
        Value::String(text) => match nested(text) {
            Some(inner) => collect(&inner, limit, depth + 1, found),
            None => found.push(text.clone()),
        },
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, limit, depth + 1, found)),
        Value::Object(fields) => fields
            .values()
            .for_each(|item| collect(item, limit, depth + 1, found)),
    }
}

/// Text that is a JSON object or array.
pub(super) fn nested(text: &str) -> Option<Value> {
    let text = text.trim();
    let looks_nested = (text.starts_with('{') && text.ends_with('}'))
        || (text.starts_with('[') && text.ends_with(']'));
    looks_nested
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_fall_into_kinds() {
        for (data_type, kind) in [
            ("varchar", TypeKind::Text),
            ("char(3)", TypeKind::Text),
            ("decimal(12,2)", TypeKind::Fraction),
            ("decimal(12, 0)", TypeKind::Integer),
            ("timestamp(3) with time zone", TypeKind::Temporal),
            ("interval day to second", TypeKind::Temporal),
            ("array(varchar)", TypeKind::Nested),
            ("row(a bigint, b varchar)", TypeKind::Nested),
            ("varbinary", TypeKind::Opaque),
        ] {
            assert_eq!(TypeKind::of(data_type), kind, "{data_type}");
        }
    }

    #[test]
    fn nested_values_are_flattened_and_json_text_is_read() {
        let value =
            serde_json::json!([{"a": "x", "b": [1, null, true]}, "{\"c\": \"y\"}", "[not json]"]);
        assert_eq!(leaves(&value, 10), ["x", "1", "true", "y", "[not json]"]);
        assert_eq!(leaves(&value, 2).len(), 2);
    }
}
