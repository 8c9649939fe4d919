//! Requests to the engine, with the credential that only the gateway has.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use townlake_core::time::Timestamp;
use townlake_kit::clock::pause;
use townlake_kit::failure::Failure;
use townlake_kit::http::HttpError;

use crate::app::App;

/// How long the engine believes one signed request.
const TOKEN_SECONDS: i64 = 60;
/// The engine's clock may be this much behind ours.
const CLOCK_SKEW_SECONDS: i64 = 5;
/// Pauses between attempts: an engine that restarts is given about four seconds.
const PAUSES_MS: [u64; 4] = [150, 400, 1_000, 2_500];

/// Whether a request may be sent again when the connection fails. After a silence it never is: the caller has waited
/// long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempts {
    /// Only if it cannot have reached the engine: a second time would do harm.
    One,
    /// Whatever became of the first.
    Several,
}

/// A request to a path of the engine, signed and without a body.
///
/// # Errors
/// The path cannot be sent, or the key does not sign.
pub fn request(app: &App, method: Method, path: &str) -> Result<Request<Body>, Failure> {
    let failed = |error: String| {
        Failure::internal(format!("a request to the engine cannot be made: {error}"))
    };
    let token = sign(&app.config.engine_jwt_key, app.clock.now())
        .map_err(|error| failed(error.to_string()))?;
    let mut credential = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|error| failed(error.to_string()))?;
    credential.set_sensitive(true);
    Request::builder()
        .method(method)
        .uri(format!("{}{path}", app.config.engine_url))
        .header(header::AUTHORIZATION, credential)
        // What comes is passed on as it comes: packing it would only cost time on both sides.
        .header(header::ACCEPT_ENCODING, "identity")
        .body(Body::empty())
        .map_err(|error| failed(error.to_string()))
}

/// Sends a request, again after a while if nobody listens.
///
/// # Errors
/// The engine did not answer any attempt.
pub async fn send(
    app: &App,
    request: Request<Body>,
    attempts: Attempts,
) -> Result<Response<Body>, HttpError> {
    let (parts, body) = request.into_parts();
    let body = townlake_kit::http::read_bytes("the engine", body).await?;
    let mut pauses = PAUSES_MS.iter();
    loop {
        let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
        let error = match app.engine.send(request).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        match pauses.next() {
            Some(millis) if may_repeat(&error, attempts) => {
                pause(Duration::from_millis(*millis)).await
            }
            _ => return Err(error),
        }
    }
}

fn may_repeat(error: &HttpError, attempts: Attempts) -> bool {
    match error {
        HttpError::Unreachable { reason, .. } => {
            attempts == Attempts::Several || reason.to_lowercase().contains("connection refused")
        }
        HttpError::Timeout { .. } | HttpError::Refused { .. } | HttpError::Unreadable { .. } => {
            false
        }
    }
}

#[derive(Serialize)]
struct Claims {
    sub: &'static str,
    iat: i64,
    exp: i64,
}

fn sign(key: &[u8], now: Timestamp) -> Result<String, jsonwebtoken::errors::Error> {
    let issued = now.as_seconds() - CLOCK_SKEW_SECONDS;
    let claims = Claims {
        sub: "gateway",
        iat: issued,
        exp: issued + CLOCK_SKEW_SECONDS + TOKEN_SECONDS,
    };
    encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(key),
    )
}
