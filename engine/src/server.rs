//! Trino's REST protocol.

mod request;
mod statement;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use townlake_protocol::trino::{INTERNAL_NODE_VERSION, NodeVersion, ServerInfo};

use crate::auth::Authenticator;
use crate::query::Registry;

/// What every handler needs.
#[derive(Clone)]
pub struct App {
    /// The queries.
    pub registry: Arc<Registry>,
    /// Who is asking.
    pub auth: Arc<Authenticator>,
    /// Since when the engine is up.
    pub started: Instant,
}

/// The principal that may ask for a refresh of the policy.
const GATEWAY: &str = "gateway";

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/v1/statement", post(statement::submit))
        .route(
            "/v1/statement/queued/{id}/{slug}/{token}",
            get(statement::queued).delete(statement::cancel),
        )
        .route(
            "/v1/statement/executing/{id}/{slug}/{token}",
            get(statement::executing).delete(statement::cancel),
        )
        .route(
            "/v1/statement/executing/partialCancel/{id}/{stage}/{slug}/{token}",
            delete(statement::partial),
        )
        .route("/v1/query/{id}", delete(statement::kill))
        .route("/v1/info", get(info))
        .route("/v1/info/state", get(|| async { axum::Json("ACTIVE") }))
        .route("/v1/townlake/refresh", post(refresh))
        .with_state(app)
}

/// `GET /v1/info`
async fn info(State(app): State<App>) -> impl IntoResponse {
    let seconds = app.started.elapsed().as_secs_f64();
    axum::Json(ServerInfo {
        node_version: NodeVersion {
            version: INTERNAL_NODE_VERSION.to_owned(),
        },
        environment: app.registry.engine().environment.clone(),
        coordinator: true,
        starting: false,
        uptime: if seconds < 60.0 {
            format!("{seconds:.2}s")
        } else {
            format!("{:.2}m", seconds / 60.0)
        },
    })
}

/// `POST /v1/townlake/refresh`: pulls the policy now and answers with the version in force.
async fn refresh(State(app): State<App>, headers: HeaderMap) -> Response {
    match app.auth.principal(&headers) {
        Ok(principal) if principal == GATEWAY => {}
        Ok(_) => {
            return (
                StatusCode::FORBIDDEN,
                "only the gateway may refresh the policy",
            )
                .into_response();
        }
        Err(error) => return unauthorized(&error.to_string()),
    }
    match app.registry.engine().policy.refresh().await {
        Ok(version) => axum::Json(serde_json::json!({"version": version})).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

fn unauthorized(message: &str) -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, "Bearer realm=\"Trino\"")],
        message.to_owned(),
    )
        .into_response()
}
