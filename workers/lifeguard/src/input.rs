//! What people type, checked where it comes in.

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};
use townlake_core::time::Timestamp;
use townlake_kit::failure::Failure;

/// The query string, read into a type; what does not fit is refused with its name.
#[derive(Debug, Clone)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(parameters)| Self(parameters))
            .map_err(|rejection| {
                Failure::bad_request("parameters_malformed", rejection.body_text())
            })
    }
}

/// A text without the spaces around it, from one character up to `limit` of them.
pub fn text(field: &str, text: &str, limit: usize) -> Result<String, Failure> {
    let trimmed = text.trim();
    let length = trimmed.chars().count();
    if (1..=limit).contains(&length) {
        return Ok(trimmed.to_owned());
    }
    let detail = match length {
        0 => format!("`{field}` is empty"),
        length => format!("`{field}` has {length} characters, {limit} are allowed"),
    };
    Err(Failure::bad_request("field_invalid", detail))
}

/// A moment that is still to come.
pub fn future(field: &str, moment: Option<Timestamp>, now: Timestamp) -> Result<(), Failure> {
    match moment {
        Some(moment) if moment <= now => Err(Failure::bad_request(
            "field_invalid",
            format!("`{field}` is {moment}, which has passed: it is {now}"),
        )),
        _ => Ok(()),
    }
}

/// Reads a JSON text that stands in a column of a row.
pub fn json_column<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(D::Error::custom)
}

/// Reads a JSON text or NULL that stands in a column of a row.
pub fn optional_json_column<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(D::Error::custom)
}

/// Reads a moment that stands in a column as milliseconds.
pub fn moment_column<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(deserializer).map(Timestamp::from_millis)
}

/// Reads a moment or NULL that stands in a column as milliseconds.
pub fn optional_moment_column<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.map(Timestamp::from_millis))
}

/// Reads a boolean that stands in a column as 0 or 1.
pub fn boolean_column<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    i64::deserialize(deserializer).map(|number| number != 0)
}
