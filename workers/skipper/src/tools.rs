//! What `skipper.*` does, as the caller: each function decodes its arguments, asks the part that knows, and answers.

mod arguments;
mod charts;
mod queries;

use axum::extract::{Path, Request, State};
use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use townlake_core::identity::Principal;
use townlake_kit::failure::Failure;
use townlake_kit::http::{HttpError, Service};
use townlake_kit::json::Json;
use townlake_protocol::catalog::{Dataset, SearchAnswer};
use townlake_protocol::skipper::{ErrorKind, ExecuteError};

use crate::functions;
use crate::routes::App;
use crate::sandbox::Execution;

pub use queries::{Page, page};

/// The largest arguments of one call, in bytes: rows for a chart, and room to spare.
const MAX_ARGUMENTS: usize = 4 << 20;
/// What is escaped in a path's segment or a parameter.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-');

/// What the functions work with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The Worker.
    pub app: App,
    /// Whose rights apply.
    pub principal: Principal,
}

/// The functions over HTTP, for one execution's sandbox.
pub fn router(app: App, execution: Execution) -> Router {
    Router::new()
        .route("/{function}", post(call))
        .fallback(async || {
            Failure::not_found("function", "the sandbox calls functions by their name")
        })
        .layer(Extension(execution))
        .with_state(app)
}

/// `POST /{function}`: always 200; `{ok: true, result}` or `{ok: false, error}`.
async fn call(
    State(app): State<App>,
    Path(function): Path<String>,
    Extension(execution): Extension<Execution>,
    request: Request,
) -> Json<Value> {
    let tools = Tools {
        app,
        principal: execution.principal,
    };
    let arguments = match axum::body::to_bytes(request.into_body(), MAX_ARGUMENTS).await {
        Ok(arguments) => arguments,
        Err(_) => {
            let error = ExecuteError::new(
                ErrorKind::Limit,
                format!("the arguments of `{function}` are larger than {MAX_ARGUMENTS} bytes"),
            )
            .with_hint("give a queryId rather than rows");
            return Json(json!({ "ok": false, "error": error }));
        }
    };
    Json(match dispatch(&tools, &function, &arguments).await {
        Ok(result) => json!({ "ok": true, "result": result }),
        Err(error) => json!({ "ok": false, "error": error }),
    })
}

/// Calls a function by its name.
pub async fn dispatch(
    tools: &Tools,
    function: &str,
    arguments: &Bytes,
) -> Result<Value, ExecuteError> {
    let Some(function) = functions::named(function) else {
        return Err(ExecuteError {
            did_you_mean: functions::near(function),
            ..ExecuteError::new(
                ErrorKind::NotFound,
                format!("skipper has no function `{function}`"),
            )
            .with_code("unknown_function")
        });
    };
    match function.name {
        "search_datasets" => search_datasets(tools, arguments::read(function, arguments)?).await,
        "get_entity_details" => {
            get_entity_details(tools, arguments::read(function, arguments)?).await
        }
        "list_schema_fields" => {
            list_schema_fields(tools, arguments::read(function, arguments)?).await
        }
        "start_query" => queries::start_query(tools, arguments::read(function, arguments)?).await,
        "fetch_results" => {
            queries::fetch_results(tools, arguments::read(function, arguments)?).await
        }
        "create_chart" => charts::create_chart(tools, arguments::read(function, arguments)?).await,
        "explain_access" => explain_access(tools, arguments::read(function, arguments)?).await,
        other => Err(ExecuteError::new(
            ErrorKind::Unavailable,
            format!("`{other}` is not served"),
        )),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchDatasets {
    query: String,
    limit: Option<usize>,
}

async fn search_datasets(tools: &Tools, arguments: SearchDatasets) -> Result<Value, ExecuteError> {
    let found = search(
        &tools.app,
        &tools.principal,
        &arguments.query,
        arguments.limit.unwrap_or(10),
    )
    .await?;
    to_value(&found)
}

/// The catalog's answer to a question.
pub async fn search(
    app: &App,
    principal: &Principal,
    question: &str,
    limit: usize,
) -> Result<SearchAnswer, ExecuteError> {
    let path = format!(
        "/api/search?q={}&limit={limit}",
        utf8_percent_encode(question, SEGMENT)
    );
    get(&app.catalog, &path, principal).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

async fn get_entity_details(tools: &Tools, arguments: Named) -> Result<Value, ExecuteError> {
    to_value(&dataset(tools, &arguments.name).await?)
}

async fn list_schema_fields(tools: &Tools, arguments: Named) -> Result<Value, ExecuteError> {
    to_value(&dataset(tools, &arguments.name).await?.columns)
}

/// One dataset as the caller may know of it.
async fn dataset(tools: &Tools, name: &str) -> Result<Dataset, ExecuteError> {
    let path = format!("/api/datasets/{}", utf8_percent_encode(name, SEGMENT));
    get(&tools.app.catalog, &path, &tools.principal).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainAccess {
    table: String,
    column: Option<String>,
}

async fn explain_access(tools: &Tools, arguments: ExplainAccess) -> Result<Value, ExecuteError> {
    let mut path = format!(
        "/api/explain?table={}",
        utf8_percent_encode(&arguments.table, SEGMENT)
    );
    if let Some(column) = &arguments.column {
        path.push_str(&format!("&column={}", utf8_percent_encode(column, SEGMENT)));
    }
    get(&tools.app.lifeguard, &path, &tools.principal).await
}

async fn get<T: serde::de::DeserializeOwned>(
    service: &Service,
    path: &str,
    principal: &Principal,
) -> Result<T, ExecuteError> {
    service
        .get_json(path, Some(principal))
        .await
        .map_err(explain)
}

/// Another part's refusal or absence, as a snippet sees it.
pub fn explain(error: HttpError) -> ExecuteError {
    match error {
        HttpError::Refused { problem } => (*problem).into(),
        error => ExecuteError::new(ErrorKind::Unavailable, error.to_string())
            .with_hint("try again in a few seconds"),
    }
}

/// Our own failure, as a snippet sees it.
pub fn failed(failure: Failure) -> ExecuteError {
    failure.problem().clone().into()
}

fn to_value<T: serde::Serialize>(value: &T) -> Result<Value, ExecuteError> {
    serde_json::to_value(value)
        .map_err(|error| ExecuteError::new(ErrorKind::Unavailable, error.to_string()))
}
