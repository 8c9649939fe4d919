//! Requests that another Worker answers, with the caller's principal in place of the credential.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use townlake_kit::failure::Failure;
use townlake_kit::http::Service;
use townlake_kit::identity::{PRINCIPAL_HEADER, encode};
use townlake_protocol::lifeguard::tokens::TokenScope;

use crate::app::App;
use crate::identify::Caller;

/// What of a request is passed on. The credential and the cookie are not: the principal stands for them.
const REQUEST_HEADERS: [HeaderName; 6] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    header::USER_AGENT,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("traceparent"),
];

/// Headers of the MCP protocol begin so.
const MCP_PREFIX: &str = "mcp-";

/// What of an answer is passed on.
const RESPONSE_HEADERS: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::ETAG,
    header::ALLOW,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    HeaderName::from_static("x-townlake-policy-version"),
];

/// `/api/...`
pub async fn api(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Failure> {
    caller.require(TokenScope::Api)?;
    let path = request.uri().path().to_owned();
    let service = service_of(&app, &path)
        .ok_or_else(|| Failure::not_found("route", format!("the API has no `{path}`")))?;
    forward(service, &caller, request).await
}

/// `/mcp`: the answer may be a stream of events.
pub async fn mcp(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Failure> {
    caller.require(TokenScope::Mcp)?;
    forward(&app.skipper, &caller, request).await
}

/// Which Worker answers a path below `/api`.
fn service_of<'a>(app: &'a App, path: &str) -> Option<&'a Service> {
    match path.strip_prefix("/api/")?.split('/').next()? {
        "tokens" | "pii-sessions" | "reviews" | "grants" | "unmask-grants" | "requests"
        | "explain" | "audit" | "groups" => Some(&app.lifeguard),
        "scans" => Some(&app.skimmer),
        "datasets" | "search" => Some(&app.catalog),
        _ => None,
    }
}

async fn forward(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let path = parts
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let mut passed = http::Request::new(body);
    *passed.method_mut() = parts.method;
    *passed.uri_mut() = service
        .uri(path)
        .parse()
        .map_err(|_| Failure::bad_request("path_malformed", "the path cannot be passed on"))?;
    *passed.headers_mut() = kept(&parts.headers, |name| {
        REQUEST_HEADERS.contains(name) || name.as_str().starts_with(MCP_PREFIX)
    });
    let principal = HeaderValue::from_str(&encode(&caller.principal))
        .map_err(|_| Failure::internal("a principal does not fit a header"))?;
    passed.headers_mut().insert(PRINCIPAL_HEADER, principal);
    let response = service.send(passed).await?;
    let (parts, body) = response.into_parts();
    let mut answer = (parts.status, Body::new(body)).into_response();
    *answer.headers_mut() = kept(&parts.headers, |name| {
        RESPONSE_HEADERS.contains(name) || name.as_str().starts_with(MCP_PREFIX)
    });
    // What an answer says depends on who asks.
    answer
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    Ok(answer)
}

fn kept(headers: &HeaderMap, keep: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
