//! An engine that speaks Trino's protocol: it believes only the gateway, remembers what it was asked, and answers
//! every statement with five pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use crate::http1;

/// How many pages a query has.
pub const PAGES: u64 = 5;

/// What the engine does with what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Answers 503.
    Busy,
    /// Has forgotten all queries.
    Restarted,
    /// Answers statements with something else.
    Odd,
    /// Cannot read a header.
    Picky,
    /// Finds mistakes before it answers for the first time.
    Hasty,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

struct Inner {
    key: Vec<u8>,
    mood: Mood,
    /// The version that a refresh gets; none: a Trino, which has no such route.
    version: Option<u64>,
    /// As Trino: effective users that may not be taken on yet.
    strangers: u32,
    asked: Vec<Asked>,
    queries: u64,
    /// What is wrong with the last statement.
    mistake: Option<Value>,
}

/// The engine. Clones share it.
#[derive(Clone)]
pub struct Engine {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Engine {
    pub async fn start(key: &[u8]) -> Self {
        let inner = Inner {
            key: key.to_vec(),
            mood: Mood::Well,
            version: Some(u64::MAX),
            strangers: 0,
            asked: Vec::new(),
            queries: 0,
            mistake: None,
        };
        let inner = Arc::new(Mutex::new(inner));
        let router = Router::new()
            .route(
                "/v1/info",
                get(async || axum::Json(json!({"nodeVersion": {"version": "476-test"}}))),
            )
            .route("/v1/townlake/refresh", post(refresh))
            .route("/v1/statement", post(statement))
            .route(
                "/v1/statement/executing/{id}/{slug}/{token}",
                get(page).delete(cancel).head(heartbeat),
            )
            .route("/v1/query/{id}", axum::routing::delete(kill))
            .with_state(inner.clone());
        Self {
            url: http1::serve(router).await,
            inner,
        }
    }

    pub fn be(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    pub fn set_version(&self, version: Option<u64>) {
        self.inner.lock().unwrap().version = version;
    }

    /// Refuses the next so many impersonations of PII sessions, as a Trino that has not fetched the policy yet.
    pub fn know_late(&self, refusals: u32) {
        self.inner.lock().unwrap().strangers = refusals;
    }

    /// All requests so far, and forgets them.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.inner.lock().unwrap().asked)
    }
}

type Shared = State<Arc<Mutex<Inner>>>;

#[expect(
    clippy::result_large_err,
    reason = "a refusal is an answer like any other"
)]
fn note(
    inner: &Arc<Mutex<Inner>>,
    method: &str,
    path: &str,
    headers: &HeaderMap,
    body: &str,
) -> Result<Mood, Response> {
    let mut inner = inner.lock().unwrap();
    let map: HashMap<String, String> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.sub = Some("gateway".to_owned());
    let token = map
        .get("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let known = decode::<Value>(token, &DecodingKey::from_secret(&inner.key), &validation).is_ok();
    inner.asked.push(Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: map,
        body: body.to_owned(),
    });
    if !known {
        return Err(StatusCode::UNAUTHORIZED.into_response());
    }
    match inner.mood {
        Mood::Busy => Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        mood => Ok(mood),
    }
}

async fn refresh(State(inner): Shared, headers: HeaderMap) -> Response {
    if let Err(refused) = note(&inner, "POST", "/v1/townlake/refresh", &headers, "") {
        return refused;
    }
    let version = inner.lock().unwrap().version;
    match version {
        Some(version) => axum::Json(json!({"version": version})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn statement(State(inner): Shared, headers: HeaderMap, body: String) -> Response {
    match note(&inner, "POST", "/v1/statement", &headers, &body) {
        Ok(Mood::Odd) => return "surprise".into_response(),
        Ok(Mood::Picky) => {
            let text = "Invalid X-Trino-Time-Zone header: 'x' is not a time zone";
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
        Ok(_) => {}
        Err(refused) => return refused,
    }
    let mut state = inner.lock().unwrap();
    state.mistake = mistake_in(&body);
    state.queries += 1;
    let id = format!("20260501_{:05}", state.queries);
    let user = headers["x-trino-user"].to_str().unwrap().to_owned();
    if user.contains("+pii.") && state.strangers > 0 {
        state.strangers -= 1;
        let message = format!("Access Denied: User ana cannot impersonate user {user}");
        return answer(
            &headers,
            &id,
            None,
            json!({"error": {"message": message, "errorCode": 4,
            "errorName": "PERMISSION_DENIED", "errorType": "USER_ERROR"}}),
        );
    }
    if state.mood == Mood::Hasty
        && let Some(mistake) = state.mistake.take()
    {
        return answer(&headers, &id, None, mistake);
    }
    let mut response = answer(&headers, &id, Some(1), json!({}));
    if body.starts_with("USE") {
        response
            .headers_mut()
            .insert("x-trino-set-schema", "dim".parse().unwrap());
        response.headers_mut().insert(
            "x-trino-set-authorization-user",
            "ines@corp.example".parse().unwrap(),
        );
    }
    response
}

async fn page(
    State(inner): Shared,
    Path((id, _, token)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    match note(&inner, "GET", &format!("{id}/{token}"), &headers, "") {
        Ok(Mood::Restarted) => return StatusCode::NOT_FOUND.into_response(),
        Ok(_) => {}
        Err(refused) => return refused,
    }
    if let Some(mistake) = inner.lock().unwrap().mistake.take() {
        return answer(&headers, &id, None, mistake);
    }
    let next = (token < PAGES).then_some(token + 1);
    // Text in rows that looks like an address is nobody's business.
    answer(
        &headers,
        &id,
        next,
        json!({"columns": [{"name": "x", "type": "varchar"}],
        "data": [[format!("row {token}: https://127.0.0.1:8787/t/x")]]}),
    )
}

async fn cancel(
    State(inner): Shared,
    Path((id, _, token)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    match note(&inner, "DELETE", &format!("{id}/{token}"), &headers, "") {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refused,
    }
}

async fn heartbeat(
    State(inner): Shared,
    Path((id, _, token)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    match note(&inner, "HEAD", &format!("{id}/{token}"), &headers, "") {
        Ok(_) => StatusCode::OK.into_response(),
        Err(refused) => refused,
    }
}

async fn kill(State(inner): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match note(&inner, "DELETE", &id, &headers, "") {
        Ok(_) if id == "theirs" => StatusCode::FORBIDDEN.into_response(),
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refused,
    }
}

/// What Trino says of a function that it does not have, at its place in the text that came.
fn mistake_in(text: &str) -> Option<Value> {
    let before = text.split_once("nonsense(")?.0;
    let line = before.lines().count().max(1);
    let column = before.lines().last().unwrap_or_default().chars().count() + 1;
    let place = json!({"lineNumber": line, "columnNumber": column});
    let message = format!("line {line}:{column}: Function 'nonsense' not registered");
    Some(json!({"error": {
        "message": message,
        "errorCode": 6,
        "errorName": "FUNCTION_NOT_FOUND",
        "errorType": "USER_ERROR",
        "errorLocation": place,
        "failureInfo": {"type": "x", "message": message, "stack": [], "errorLocation": place},
    }}))
}

/// A page as Trino writes it: addresses from the forwarded headers, before columns and rows.
fn answer(headers: &HeaderMap, id: &str, next: Option<u64>, rest: Value) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    };
    let base = format!(
        "{}://{}{}",
        header("x-forwarded-proto"),
        header("x-forwarded-host"),
        header("x-forwarded-prefix")
    );
    let mut text = format!(r#"{{"id":"{id}","infoUri":"{base}/ui/query.html?{id}","#);
    if let Some(next) = next {
        text.push_str(&format!(
            r#""nextUri":"{base}/v1/statement/executing/{id}/slug/{next}","#
        ));
    }
    for key in ["columns", "data"] {
        if let Some(value) = rest.get(key) {
            text.push_str(&format!(r#""{key}":{value},"#));
        }
    }
    text.push_str(r#""stats":{"state":"RUNNING"}"#);
    if let Some(error) = rest.get("error") {
        text.push_str(&format!(r#","error":{error}"#));
    }
    text.push('}');
    ([("content-type", "application/json")], Body::from(text)).into_response()
}
