//! Answers of the protocol that the gateway gives by itself: refusals, and statements about the session.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use townlake_core::advice::{Advice, Span};
use townlake_kit::failure::Failure;
use townlake_protocol::trino::{
    ErrorCode, ErrorLocation, QueryError, QueryResults, StatementStats, headers,
};

use crate::origin::Origin;

/// What the engine may tell a client to remember. Nothing about users or roles.
const RESPONSE_HEADERS: [&str; 11] = [
    headers::SET_CATALOG,
    headers::SET_SCHEMA,
    "x-trino-set-path",
    headers::SET_SESSION,
    headers::CLEAR_SESSION,
    headers::ADDED_PREPARE,
    headers::DEALLOCATED_PREPARE,
    headers::STARTED_TRANSACTION,
    headers::CLEAR_TRANSACTION,
    "content-type",
    "vary",
];

/// Why a statement does not run, with Trino's name for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Trino's name.
    pub code: ErrorCode,
    /// What to tell the caller.
    pub advice: Box<Advice>,
}

impl Refused {
    /// A refusal.
    pub fn new(code: ErrorCode, advice: Advice) -> Self {
        Self {
            code,
            advice: Box::new(advice),
        }
    }
}

/// An answer whose query has failed, or never began.
pub fn failed(query_id: &str, origin: &Origin, refused: &Refused) -> Response {
    let message = refused.advice.to_message();
    let message = match refused.code {
        // As Trino begins them; some clients look for it.
        ErrorCode::PermissionDenied => format!("Access Denied: {message}"),
        _ => message,
    };
    let location = refused
        .advice
        .span
        .map(|Span { line, column }| ErrorLocation {
            line_number: line,
            column_number: column,
        });
    let error = QueryError::new(refused.code, &message, location);
    respond(
        results(query_id, origin, "FAILED", Some(error)),
        HeaderMap::new(),
    )
}

/// An answer to a statement that is done and has no rows.
pub fn finished(
    query_id: &str,
    origin: &Origin,
    update_type: &str,
    session: HeaderMap,
) -> Response {
    let mut results = results(query_id, origin, "FINISHED", None);
    // None, said so: JDBC takes a statement without the word for one that failed.
    results.columns = Some(Vec::new());
    results.update_type = Some(update_type.to_owned());
    respond(results, session)
}

fn results(
    query_id: &str,
    origin: &Origin,
    state: &str,
    error: Option<QueryError>,
) -> QueryResults {
    QueryResults {
        id: query_id.to_owned(),
        info_uri: format!("{origin}/"),
        partial_cancel_uri: None,
        next_uri: None,
        columns: None,
        data: None,
        stats: StatementStats {
            state: state.to_owned(),
            ..StatementStats::default()
        },
        error,
        warnings: Vec::new(),
        update_type: None,
        update_count: None,
    }
}

fn respond(results: QueryResults, session: HeaderMap) -> Response {
    let body = match serde_json::to_vec(&results) {
        Ok(body) => body,
        Err(error) => return Failure::internal(error.to_string()).into_response(),
    };
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.extend(session);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The engine's answer, with only the headers that clients of ours need.
pub fn passed(parts: &http::response::Parts, body: Body) -> Response {
    let mut response = (parts.status, body).into_response();
    let headers = response.headers_mut();
    headers.clear();
    for name in RESPONSE_HEADERS {
        for value in parts.headers.get_all(name) {
            if let Ok(name) = name.parse::<http::HeaderName>() {
                headers.append(name, value.clone());
            }
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
