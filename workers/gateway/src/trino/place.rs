//! The places in the engine's errors, led back into the text that the user wrote.

use axum::body::Body;
use bytes::Bytes;
use serde_json::{Value, json};
use townlake_core::advice::Span;
use townlake_kit::http::{HttpError, read_bytes};
use townlake_sql::edit::{Moved, place_before};

use super::head::Page;

/// The answer with the place of its error, if it has one, in the text before it was changed.
///
/// # Errors
/// The answer breaks off.
pub async fn led_back(page: Page, moved: &[Moved]) -> Result<Body, HttpError> {
    // A query that has got as far as columns fails at no place of its text.
    if moved.is_empty() || page.has_columns() {
        return Ok(page.into_body());
    }
    let bytes = read_bytes("the engine", page.into_body()).await?;
    Ok(Body::from(answer_led_back(&bytes, moved).unwrap_or(bytes)))
}

/// None if the answer tells of no place.
fn answer_led_back(bytes: &Bytes, moved: &[Moved]) -> Option<Bytes> {
    let mut answer: Value = serde_json::from_slice(bytes).ok()?;
    let error = answer.get_mut("error")?;
    let now = place(error.get("errorLocation")?)?;
    let before = place_before(moved, now);
    tell(error, now, before);
    if let Some(failure) = error.get_mut("failureInfo") {
        tell(failure, now, before);
    }
    serde_json::to_vec(&answer).ok().map(Bytes::from)
}

fn place(location: &Value) -> Option<Span> {
    Some(Span {
        line: location.get("lineNumber")?.as_u64()?,
        column: location.get("columnNumber")?.as_u64()?,
    })
}

/// Trino tells a place twice: in the message and beside it.
fn tell(error: &mut Value, now: Span, before: Span) {
    let words = |place: Span| format!("line {}:{}: ", place.line, place.column);
    if let Some(Value::String(message)) = error.get_mut("message")
        && let Some(rest) = message.strip_prefix(&words(now))
    {
        *message = format!("{}{rest}", words(before));
    }
    if let Some(location) = error.get_mut("errorLocation") {
        *location = json!({"lineNumber": before.line, "columnNumber": before.column});
    }
}
