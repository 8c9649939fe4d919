//! JSON as Trino reads and writes it.

mod path;
mod text;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

pub use path::Path;
pub use text::{double_text, real_text, string_text};

/// A JSON value; an object keeps the order of its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Double(f64),
    /// `"text"`
    Text(String),
    /// `[...]`
    Array(Vec<Json>),
    /// `{...}`
    Object(Vec<(String, Json)>),
}

/// What a text is.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// A JSON value.
    Value(Json),
    /// No JSON.
    Invalid,
    /// JSON that Trino may read in another way: keys that occur twice, numbers of more than 64 bits, and what
    /// begins well and is no JSON in the end, of which Trino uses the beginning.
    Doubtful,
}

const DOUBTFUL: &str = "doubtful";

/// Reads a text.
pub fn read(text: &str) -> Read {
    match serde_json::from_str(text) {
        Ok(value) => Read::Value(value),
        Err(error) if error.to_string().starts_with(DOUBTFUL) => Read::Doubtful,
        Err(_) => match text.trim_start().chars().next() {
            None => Read::Invalid,
            Some(first) if first.is_alphabetic() && !matches!(first, 't' | 'f' | 'n') => {
                Read::Invalid
            }
            Some('{' | '[' | '"' | 't' | 'f' | 'n' | '-' | '0'..='9') => Read::Doubtful,
            Some(_) => Read::Invalid,
        },
    }
}

impl Json {
    /// The value as Trino's `json_parse` writes it: without spaces, keys in order.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        text::write(&sorted(self), &mut out);
        out
    }

    /// The value without spaces, keys as they come.
    pub fn compact(&self) -> String {
        let mut out = String::new();
        text::write(self, &mut out);
        out
    }

    /// Whether a number with a point is in it.
    pub fn has_doubles(&self) -> bool {
        match self {
            Self::Double(_) => true,
            Self::Array(items) => items.iter().any(Self::has_doubles),
            Self::Object(fields) => fields.iter().any(|(_, value)| value.has_doubles()),
            _ => false,
        }
    }

    /// Neither array nor object.
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            Json::Object(fields)
        }
        other => other.clone(),
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        i64::try_from(value)
            .map(Json::Integer)
            .map_err(|_| E::custom(DOUBTFUL))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        // A whole number too large for 64 bits comes here too, cut.
        if value.abs() >= 9.2e18 {
            return Err(E::custom(DOUBTFUL));
        }
        Ok(Json::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Json::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut all: Vec<(String, Json)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some((key, value)) = fields.next_entry::<String, Json>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(DOUBTFUL));
            }
            all.push((key, value));
        }
        Ok(Json::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_as_by_trino() {
        for (text, canonical) in [
            (
                "{\"b\": [1, 2.50, null], \"a\": \"x\\n\"}",
                Some("{\"a\":\"x\\n\",\"b\":[1,2.5,null]}"),
            ),
            ("  12 ", Some("12")),
            ("1e10", Some("1.0E10")),
            ("0.0001", Some("1.0E-4")),
            ("\"💰\"", Some("\"\\uD83D\\uDCB0\"")),
            ("abc", None),
            ("", None),
        ] {
            let got = match read(text) {
                Read::Value(value) => Some(value.canonical()),
                other => {
                    assert_eq!(other, Read::Invalid, "{text}");
                    None
                }
            };
            assert_eq!(got.as_deref(), canonical, "{text}");
        }
    }

    #[test]
    fn what_trino_may_read_otherwise_is_doubtful() {
        for text in [
            "{\"a\": 1, \"a\": 2}",
            "12345678901234567890",
            "[1, 2",
            "12 34",
        ] {
            assert_eq!(read(text), Read::Doubtful, "{text}");
        }
    }
}
