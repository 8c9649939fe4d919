//! All routes, public and internal.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, post};
use townlake_kit::failure::Failure;

use crate::app::App;
use crate::guard::guard;
use crate::{assets, events, me, policy, proxy, trino};

/// The largest completion event: Trino's carry the plan, which is dropped here.
const MAX_EVENT_BYTES: usize = 16 << 20;

/// The side that the world sees.
pub fn public(app: App) -> Router {
    let statements = Router::new()
        .route("/v1/statement", post(trino::statement::public))
        .route(
            "/t/{claims}/v1/statement/{*page}",
            get(trino::follow::public)
                .head(trino::follow::public)
                .delete(trino::follow::public),
        )
        .route("/v1/query/{id}", delete(trino::follow::kill))
        .route("/v1/info", get(trino::info));
    let machines = Router::new()
        .route("/internal/policy", get(policy::get))
        .route("/internal/events", post(events::post))
        .route("/internal/cron", post(policy::cron))
        .route("/healthz", get(policy::health))
        .layer(DefaultBodyLimit::max(MAX_EVENT_BYTES));
    Router::new()
        .route("/api/me", get(me::get))
        .route("/api/{*path}", any(proxy::api))
        .route("/mcp", any(proxy::mcp))
        .merge(statements)
        .merge(machines)
        .method_not_allowed_fallback(async || policy::method_not_allowed())
        .fallback(assets::get)
        .layer(from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

/// The side that other Workers see: statements, as themselves or as the person they carry.
pub fn internal(app: App) -> Router {
    Router::new()
        .route("/v1/statement", post(trino::statement::internal))
        .route(
            "/t/{claims}/v1/statement/{*page}",
            get(trino::follow::internal)
                .head(trino::follow::internal)
                .delete(trino::follow::internal),
        )
        .method_not_allowed_fallback(async || policy::method_not_allowed())
        .fallback(async || {
            Failure::not_found("route", "the gateway's internal side takes statements")
        })
        .with_state(app)
}
