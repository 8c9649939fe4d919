//! Routes for programs with a credential of their own: the engine fetches the policy, something outside ticks the
//! crons, and a supervisor asks how it goes.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};
use townlake_kit::failure::Failure;
use townlake_kit::http::Service;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::identity::{POLICY_VERSION_HEADER, VALID_UNTIL_HEADER};

use crate::app::App;

/// What of the policy's answer the engine needs.
const POLICY_HEADERS: [HeaderName; 4] = [
    header::ETAG,
    header::CONTENT_TYPE,
    HeaderName::from_static(VALID_UNTIL_HEADER),
    HeaderName::from_static(POLICY_VERSION_HEADER),
];

/// `GET /internal/policy`: the rendered document, for the engine.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    require_bearer(&headers, Some(&app.config.policy_token))?;
    let mut request = internal_request(&app.lifeguard, Method::GET, "/internal/policy")?;
    if let Some(etag) = headers.get(header::IF_NONE_MATCH) {
        request
            .headers_mut()
            .insert(header::IF_NONE_MATCH, etag.clone());
    }
    let (parts, body) = app.lifeguard.send(request).await?.into_parts();
    let mut response = (parts.status, body).into_response();
    *response.headers_mut() = parts
        .headers
        .iter()
        .filter(|(name, _)| POLICY_HEADERS.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Ok(response)
}

/// `POST /internal/cron`: what the crons do, where crons do not fire by themselves.
pub async fn cron(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    require_bearer(&headers, app.config.cron_token.as_deref())?;
    let request = internal_request(&app.skimmer, Method::POST, "/internal/cron")?;
    let (parts, body) = app.skimmer.send(request).await?.into_parts();
    Ok((parts.status, body).into_response())
}

/// `GET /healthz`: whether requests can be decided about, which takes a policy.
pub async fn health(State(app): State<App>) -> Result<Json<serde_json::Value>, Failure> {
    let model = app.model_or_failure().await?;
    Ok(Json(
        json!({ "status": "ok", "policy_version": model.version }),
    ))
}

/// Refuses everyone without the secret. The comparison takes the same time however much of it is right.
pub fn require_bearer(headers: &HeaderMap, secret: Option<&str>) -> Result<(), Failure> {
    let refused = || {
        Failure::unauthorized(
            "credential_wrong",
            "this route is for a program with its own credential",
        )
    };
    let shown = crate::origin::single(headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(refused)?;
    let secret = secret.ok_or_else(refused)?;
    // Digests of unequal texts differ somewhere that says nothing about the texts.
    let same = Sha256::digest(shown.as_bytes())
        .iter()
        .zip(Sha256::digest(secret.as_bytes()))
        .fold(0, |seen, (a, b)| seen | (a ^ b));
    if same == 0 { Ok(()) } else { Err(refused()) }
}

fn internal_request(
    service: &Service,
    method: Method,
    path: &str,
) -> Result<http::Request<Body>, Failure> {
    http::Request::builder()
        .method(method)
        .uri(service.uri(path))
        .body(Body::empty())
        .map_err(|error| Failure::internal(error.to_string()))
}

/// The answer to a method that a route does not take.
pub fn method_not_allowed() -> Failure {
    let advice = townlake_core::advice::Advice::new(
        "method_not_allowed",
        "this route does not take that method",
        "the route exists, with other methods",
    );
    Failure::advice(StatusCode::METHOD_NOT_ALLOWED, advice)
}
