//! `/v1/statement` and the pages behind it.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;
use townlake_protocol::trino::{ErrorCode, QueryResults};

use super::request::{self, Base, text};
use super::{App, unauthorized};
use crate::error::Failure;
use crate::query::{Arrival, Part, Query, QueryRef};
use townlake_protocol::trino::headers;

/// A request waits at most so long for something to tell.
const POLL: Duration = Duration::from_millis(1000);

/// Longer statements are refused.
const MAX_STATEMENT: usize = 1_000_000;

/// `POST /v1/statement`
pub async fn submit(State(app): State<App>, map: HeaderMap, body: Bytes) -> Response {
    let principal = match app.auth.principal(&map) {
        Ok(principal) => principal,
        Err(error) => return unauthorized(&error.to_string()),
    };
    let session = match request::session(&map, &principal) {
        Ok(session) => session,
        Err(message) => return (StatusCode::BAD_REQUEST, message).into_response(),
    };
    if body.iter().all(u8::is_ascii_whitespace) {
        return (StatusCode::BAD_REQUEST, "SQL statement is empty").into_response();
    }
    let mut failure = None;
    let sql = match request::statement(&body) {
        Ok(sql) => sql,
        Err(problem) => {
            failure = Some(problem);
            String::new()
        }
    };
    if sql.chars().count() > MAX_STATEMENT {
        failure = Some(Failure::new(
            ErrorCode::QueryTextTooLarge,
            format!(
                "Query text length ({}) exceeds the maximum length ({MAX_STATEMENT})",
                sql.chars().count()
            ),
        ));
    }
    let query = app.registry.submit(Arrival {
        sql,
        session,
        requested_original_user: text(&map, headers::ORIGINAL_USER),
        requested_user: text(&map, headers::USER),
        failure,
    });
    let base = Base::of(&map);
    let results = QueryResults {
        next_uri: Some(format!(
            "{}/v1/statement/queued/{}/{}/1",
            base.0, query.id, query.slug
        )),
        ..empty(&query, &base)
    };
    answer(&query, &results)
}

/// `GET /v1/statement/queued/{id}/{slug}/{token}`
pub async fn queued(
    State(app): State<App>,
    Path((id, slug, token)): Path<(String, String, u64)>,
    map: HeaderMap,
) -> Response {
    let Some(query) = find(&app, &id, &slug) else {
        return not_found();
    };
    query.touch();
    let base = Base::of(&map);
    let ready = query.analysed(POLL).await;
    let next = if ready {
        format!(
            "{}/v1/statement/executing/{}/{}/0",
            base.0, query.id, query.slug
        )
    } else {
        format!(
            "{}/v1/statement/queued/{}/{}/{}",
            base.0,
            query.id,
            query.slug,
            token + 1
        )
    };
    if let Some(failure) = query.failure() {
        return failed(&query, &base, &failure).await;
    }
    answer(
        &query,
        &QueryResults {
            next_uri: Some(next),
            ..empty(&query, &base)
        },
    )
}

/// `GET /v1/statement/executing/{id}/{slug}/{token}`
pub async fn executing(
    State(app): State<App>,
    Path((id, slug, token)): Path<(String, String, u64)>,
    map: HeaderMap,
) -> Response {
    let Some(query) = find(&app, &id, &slug) else {
        return not_found();
    };
    query.touch();
    let base = Base::of(&map);
    if let Some(failure) = query.failure() {
        return failed(&query, &base, &failure).await;
    }
    let mut pages = query.pages.lock().await;
    if let Some((last, bytes)) = &pages.last {
        if *last == token {
            let bytes = bytes.clone();
            // Between the two looks a page may have become forbidden.
            if let Some(failure) = query.failure() {
                drop(pages);
                return failed(&query, &base, &failure).await;
            }
            return json(&query, bytes);
        }
        if token < *last {
            return (StatusCode::GONE, "this page was read already").into_response();
        }
    }
    if pages.next != Some(token) {
        return not_found();
    }
    let mut results = empty(&query, &base);
    let mut ended = false;
    if query.head.lock().is_some() {
        match tokio::time::timeout(POLL, pages.next_part()).await {
            Err(_) => {}
            Ok(Some(Part::Rows(rows, _))) => {
                let mut data = Vec::with_capacity(rows.len() + 2);
                data.push(b'[');
                data.extend_from_slice(&rows);
                data.push(b']');
                match String::from_utf8(data)
                    .ok()
                    .and_then(|text| RawValue::from_string(text).ok())
                {
                    Some(raw) => results.data = Some(raw),
                    None => query.fail(Failure::internal("a page of rows is no JSON")),
                }
                // Often the end is there already: then it needs no page of its own.
                ended = pages.is_at_end();
            }
            Ok(Some(Part::End)) => ended = true,
            Ok(None) => {
                if query.failure().is_none() {
                    query.fail(Failure::internal("the query ended without a result"));
                }
            }
        }
    } else {
        drop(tokio::time::timeout(POLL, query.progress.notified()).await);
    }
    if let Some(failure) = query.failure() {
        drop(pages);
        return failed(&query, &base, &failure).await;
    }
    if let Some(head) = &*query.head.lock() {
        results.columns.clone_from(&head.columns);
        results.update_type.clone_from(&head.update_type);
    }
    if ended {
        pages.next = None;
        query.delivered.cancel();
    } else {
        pages.next = Some(token + 1);
        results.next_uri = Some(format!(
            "{}/v1/statement/executing/{}/{}/{}",
            base.0,
            query.id,
            query.slug,
            token + 1
        ));
    }
    results.stats = query.stats();
    match serde_json::to_vec(&results) {
        Ok(bytes) => {
            let bytes = Bytes::from(bytes);
            pages.last = Some((token, bytes.clone()));
            drop(pages);
            json(&query, bytes)
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// `DELETE` of a page's address: the client gives up.
pub async fn cancel(
    State(app): State<App>,
    Path((id, slug, _)): Path<(String, String, String)>,
) -> Response {
    match find(&app, &id, &slug) {
        Some(query) => {
            stop(&query);
            StatusCode::NO_CONTENT.into_response()
        }
        None => not_found(),
    }
}

/// `DELETE` of a stage: there is one stage, so it is the same.
pub async fn partial(
    State(app): State<App>,
    Path((id, _, slug, _)): Path<(String, String, String, String)>,
) -> Response {
    match find(&app, &id, &slug) {
        Some(query) => {
            stop(&query);
            StatusCode::NO_CONTENT.into_response()
        }
        None => not_found(),
    }
}

/// `DELETE /v1/query/{id}`: by the query's own user, or whom the policy lets.
pub async fn kill(State(app): State<App>, Path(id): Path<String>, map: HeaderMap) -> Response {
    let principal = match app.auth.principal(&map) {
        Ok(principal) => principal,
        Err(error) => return unauthorized(&error.to_string()),
    };
    let Some(query) = app.registry.find(&id) else {
        return not_found();
    };
    let allowed = app.registry.engine().policy.current().and_then(|policy| {
        let access = crate::policy::Access::of_request(
            policy,
            &principal,
            text(&map, headers::ORIGINAL_USER).as_deref(),
            text(&map, headers::USER).as_deref(),
        )?;
        access
            .control()
            .check_can_kill_query(access.identity(), &query.session.user)?;
        Ok(())
    });
    match allowed {
        Ok(()) => {
            stop(&query);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(failure) => (StatusCode::FORBIDDEN, failure.message).into_response(),
    }
}

fn stop(query: &Query) {
    if !query.delivered.is_cancelled() {
        query.fail(Failure::new(ErrorCode::UserCanceled, "Query was canceled"));
    }
}

fn find(app: &App, id: &str, slug: &str) -> Option<QueryRef> {
    let query = app.registry.find(id)?;
    // Compared in full whatever differs, so that time tells nothing.
    let same = query.slug.len() == slug.len()
        && query
            .slug
            .bytes()
            .zip(slug.bytes())
            .fold(0, |acc, (a, b)| acc | (a ^ b))
            == 0;
    same.then_some(query)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Query not found").into_response()
}

fn empty(query: &Query, base: &Base) -> QueryResults {
    QueryResults {
        id: query.id.clone(),
        info_uri: format!("{}/ui/query.html?{}", base.0, query.id),
        partial_cancel_uri: None,
        next_uri: None,
        columns: None,
        data: None,
        stats: query.stats(),
        error: None,
        warnings: Vec::new(),
        update_type: None,
        update_count: None,
    }
}

async fn failed(query: &Query, base: &Base, failure: &Failure) -> Response {
    {
        let mut pages = query.pages.lock().await;
        pages.next = None;
        pages.last = None;
        // What was made and not delivered is not delivered any more.
        pages.close();
    }
    answer(
        query,
        &QueryResults {
            error: Some(failure.to_wire()),
            ..empty(query, base)
        },
    )
}

fn answer(query: &Query, results: &QueryResults) -> Response {
    match serde_json::to_vec(results) {
        Ok(bytes) => json(query, Bytes::from(bytes)),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A page with the headers that change the client's session.
fn json(query: &Query, bytes: Bytes) -> Response {
    let mut response = (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
        bytes,
    )
        .into_response();
    if let Some(head) = &*query.head.lock() {
        for (name, value) in &head.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response
                    .headers_mut()
                    .append(HeaderName::from_static(name), value);
            }
        }
    }
    response
}
