//! The Worker's routes. The gateway has verified who asks, and the Host and Origin of the request.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use townlake_core::policy::model::Model;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::failure::Failure;
use townlake_kit::http::Service;
use townlake_kit::identity::Peer;
use townlake_kit::policy::PolicyCache;
use townlake_protocol::mcp::{Headers, Incoming, MAX_REQUEST_BYTES, Rejection, code, read};

use crate::mcp;
use crate::query::Queries;
use crate::sandbox::Sandbox;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct App {
    /// Skipper's own database.
    pub db: Database,
    /// The time.
    pub clock: Clock,
    /// Who knows the datasets.
    pub catalog: Service,
    /// Who knows the policy.
    pub lifeguard: Service,
    /// The policy's model, by its ETag.
    pub policy: PolicyCache,
    /// How old the model may be, in seconds.
    pub refresh_seconds: i64,
    /// Running and finished queries.
    pub queries: Queries,
    /// Where snippets run.
    pub sandbox: Sandbox,
    /// The platform's address, for links in refusals.
    pub public_url: String,
}

impl App {
    /// The policy's model; a failure when Lifeguard has none to give.
    pub async fn model(&self) -> Result<Arc<Model>, Failure> {
        Ok(self
            .policy
            .model(&self.lifeguard, self.refresh_seconds, self.clock.now())
            .await?)
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/mcp", post(post_mcp).fallback(not_allowed))
        .fallback(async || Failure::not_found("route", "Skipper serves /mcp"))
        .with_state(app)
}

/// `POST /mcp`: one JSON-RPC message of either era, one answer.
async fn post_mcp(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    request: Request,
) -> Response {
    if let Err(failure) = peer.caller.require(&["gateway"]) {
        return failure.into_response();
    }
    // One byte more than is read, so that too large is told from just large enough.
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_REQUEST_BYTES + 1).await else {
        return rejected(&Rejection::new(
            413,
            code::INVALID_REQUEST,
            format!("at most {MAX_REQUEST_BYTES} bytes are read"),
        ));
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let read_headers = Headers {
        content_type: text("content-type"),
        accept: text("accept"),
        version: text("mcp-protocol-version"),
        method: text("mcp-method"),
        name: text("mcp-name"),
    };
    let request = match read(&read_headers, &body) {
        Ok(Incoming::Request(request)) => request,
        Ok(Incoming::Notification) => return StatusCode::ACCEPTED.into_response(),
        Err(rejection) => return rejected(&rejection),
    };
    match mcp::answer(&app, &peer.principal, &request).await {
        Ok(reply) => json(StatusCode::OK, &reply.to_json(&request, &mcp::server())),
        Err(rejection) => rejected(&rejection),
    }
}

/// Any other method: there are no streams and no sessions to open or to end.
async fn not_allowed() -> Response {
    let mut response = rejected(&Rejection::new(
        405,
        code::INVALID_REQUEST,
        "send each message with POST",
    ));
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

fn rejected(rejection: &Rejection) -> Response {
    let status =
        StatusCode::from_u16(rejection.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, &rejection.to_json())
}

fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
