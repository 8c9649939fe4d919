//! All routes of the internal entrypoint. What each takes and answers stands in `townlake_protocol::lifeguard`.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use townlake_kit::failure::Failure;

use crate::app::App;
use crate::{
    audit, explain, grants, groups, identify, model, pii_sessions, policy, requests, reviews,
    schema, tokens,
};

/// The largest body from a person: a review of a thousand tables.
const MAX_BODY_BYTES: usize = 4 << 20;
/// The largest body from Skimmer: a snapshot of a hundred thousand columns.
const MAX_REPORT_BYTES: usize = 32 << 20;

/// The router of the internal entrypoint.
pub fn router(app: App) -> Router {
    let reports = Router::new()
        .route("/internal/snapshot", put(schema::put))
        .route("/internal/proposals", put(reviews::put_proposals))
        .layer(DefaultBodyLimit::max(MAX_REPORT_BYTES));
    Router::new()
        .route("/internal/identify", post(identify::identify))
        .route("/internal/policy", get(policy::get))
        .route("/internal/model", get(model::get))
        .route("/internal/audit", post(audit::append))
        .route("/api/audit", get(audit::list))
        .route("/api/reviews", get(reviews::list).post(reviews::create))
        .route("/api/grants", get(grants::list).post(grants::create))
        .route("/api/grants/{id}", delete(grants::revoke))
        .route(
            "/api/unmask-grants",
            get(grants::list_unmask).post(grants::create_unmask),
        )
        .route("/api/unmask-grants/{id}", delete(grants::revoke_unmask))
        .route(
            "/api/pii-sessions",
            get(pii_sessions::list).post(pii_sessions::open),
        )
        .route("/api/pii-sessions/{id}", delete(pii_sessions::end))
        .route("/api/tokens", get(tokens::list).post(tokens::create))
        .route("/api/tokens/{id}", delete(tokens::revoke))
        .route("/api/requests", get(requests::list).post(requests::create))
        .route("/api/requests/{id}/close", post(requests::close))
        .route("/api/explain", get(explain::get))
        .route("/api/groups", get(groups::list))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .merge(reports)
        .method_not_allowed_fallback(async || method_not_allowed())
        .fallback(async || Failure::not_found("route", "Lifeguard has no such route"))
        .with_state(app)
}

fn method_not_allowed() -> Failure {
    Failure::advice(
        http::StatusCode::METHOD_NOT_ALLOWED,
        townlake_core::advice::Advice::new(
            "method_not_allowed",
            "this route does not take that method",
            "the route exists, with other methods",
        ),
    )
}
