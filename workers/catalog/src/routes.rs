//! The Worker's routes. All of them are internal: people come through the gateway, snippets through Skipper.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::{get, put};
use serde::Deserialize;
use serde_json::{Value, json};
use townlake_core::names::TableRef;
use townlake_core::policy::model::Model;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::failure::Failure;
use townlake_kit::http::Service;
use townlake_kit::identity::{Caller, Peer};
use townlake_kit::json::Json;
use townlake_kit::policy::PolicyCache;
use townlake_protocol::catalog::{Dataset, SearchAnswer};
use townlake_protocol::snapshot::Snapshot;

use crate::{search, snapshot};

/// The longest question that is looked up, in bytes; the index would only be asked for its first words anyway.
const MAX_QUESTION: usize = 1_000;
/// How many datasets a search answers with if it does not say.
const DEFAULT_LIMIT: usize = 10;
/// And at most.
const MAX_LIMIT: usize = 100;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct App {
    /// The catalog's own database.
    pub db: Database,
    /// The time.
    pub clock: Clock,
    /// Who knows the policy.
    pub lifeguard: Service,
    /// The policy's model, by its ETag.
    pub policy: PolicyCache,
    /// How old the model may be, in seconds.
    pub refresh_seconds: i64,
}

impl App {
    /// The policy's model; a failure when Lifeguard has none to give, so that nothing is shown without it.
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
        .route("/internal/snapshot", put(put_snapshot))
        .route("/api/search", get(get_search))
        .route("/api/datasets", get(get_search))
        .route("/api/datasets/{name}", get(get_dataset))
        .fallback(async || {
            Failure::not_found("route", "the catalog serves /api/search and /api/datasets")
        })
        .with_state(app)
}

#[derive(Debug, Deserialize)]
struct Question {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

/// `PUT /internal/snapshot`: Skimmer's whole view of the schema.
async fn put_snapshot(
    State(app): State<App>,
    caller: Caller,
    Json(snapshot): Json<Snapshot>,
) -> Result<Json<Value>, Failure> {
    caller.require(&["skimmer"])?;
    let changed = snapshot::store(&app.db, &snapshot).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// `GET /api/search?q=&limit=`: datasets that fit a question, best first; all of them if it is empty.
async fn get_search(
    State(app): State<App>,
    peer: Peer,
    Query(question): Query<Question>,
) -> Result<Json<SearchAnswer>, Failure> {
    peer.caller.require(&["gateway", "skipper"])?;
    if question.q.len() > MAX_QUESTION {
        return Err(Failure::bad_request(
            "question_too_long",
            format!(
                "the question has {} bytes; at most {MAX_QUESTION} are looked up",
                question.q.len()
            ),
        )
        .with_hint("ask with a few words that name what you look for"));
    }
    let limit = match question.limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => limit,
        limit => {
            return Err(Failure::bad_request(
                "limit_out_of_range",
                format!("`limit` is {limit}; it must be between 1 and {MAX_LIMIT}"),
            ));
        }
    };
    Ok(Json(
        search::search(&app, &peer.principal, &question.q, limit).await?,
    ))
}

/// `GET /api/datasets/{catalog.schema.table}`: one dataset.
async fn get_dataset(
    State(app): State<App>,
    peer: Peer,
    Path(name): Path<String>,
) -> Result<Json<Dataset>, Failure> {
    peer.caller.require(&["gateway", "skipper"])?;
    let name: TableRef = name
        .parse()
        .map_err(|error: townlake_core::names::NameError| {
            Failure::bad_request("table_name_malformed", error.to_string())
        })?;
    Ok(Json(search::dataset(&app, &peer.principal, &name).await?))
}
