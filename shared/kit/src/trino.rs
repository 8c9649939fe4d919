//! Trino statements over a service binding: start one, follow its pages, give it up.
//!
//! `nextUri` comes back with the host that the outside world uses. Only its path is followed, through the binding that
//! the statement went out by, so a page can never lead anywhere else.

use std::time::Duration;

use axum::body::Body;
use http::{Method, StatusCode, header};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;
use townlake_core::identity::Principal;
use townlake_protocol::trino::{
    Column, QueryError, QueryResults, StatementStats, Warning, headers,
};
use url::Url;

use crate::clock::{Clock, pause};
use crate::http::{HttpError, Service, json_request, read_json};

/// Reads of a page are repeated this often while the gateway or the engine is away: about three seconds in all.
const ATTEMPTS: u32 = 5;

/// A statement and on whose behalf it runs.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// The SQL.
    pub sql: &'a str,
    /// The person, where this Worker may carry one; else it runs as the Worker's own `svc-*`.
    pub principal: Option<&'a Principal>,
    /// The program that asks, for the audit, e.g. `skimmer`.
    pub source: &'a str,
    /// Further headers of the protocol, e.g. [`headers::SESSION`].
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> Statement<'a> {
    /// A statement that runs as the Worker itself.
    pub fn of_service(sql: &'a str, source: &'a str) -> Self {
        Self {
            sql,
            principal: None,
            source,
            headers: &[],
        }
    }
}

/// How much of an answer is read before the statement is cancelled.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most rows.
    pub rows: usize,
    /// The most bytes of rows, as JSON.
    pub bytes: usize,
    /// The longest it may take in all.
    pub time: Duration,
}

/// One page of an answer.
#[derive(Debug)]
pub struct Page {
    /// The query's id.
    pub id: String,
    /// The columns, once known.
    pub columns: Option<Vec<Column>>,
    /// Rows as the engine wrote them: an array of arrays.
    pub data: Option<Box<RawValue>>,
    /// How far it is.
    pub stats: StatementStats,
    /// What the caller should know besides.
    pub warnings: Vec<Warning>,
    /// The path of the next page; `None` on the last.
    pub next: Option<String>,
}

/// A whole answer, or its beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The query's id.
    pub id: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, as many values each as there are columns.
    pub rows: Vec<Vec<Value>>,
    /// Whether there was more than the limits allow.
    pub truncated: bool,
}

/// Why a statement gave no answer.
#[derive(Debug, Clone, Error)]
pub enum TrinoFailure {
    /// The statement was refused or failed; the message is the gateway's or the engine's.
    #[error("{}", error.message)]
    Query {
        /// The query's id.
        id: String,
        /// What the engine says.
        error: Box<QueryError>,
    },
    /// The gateway or the engine does not answer, or answers no page.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer took too long; the statement was cancelled.
    #[error("the query took longer than {} s and was cancelled", limit.as_secs())]
    Late {
        /// How long it was given.
        limit: Duration,
    },
}

impl TrinoFailure {
    /// Trino's name of the error, e.g. `TABLE_NOT_FOUND`, if the engine gave one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Query { error, .. } => Some(&error.error_name),
            Self::Http(_) | Self::Late { .. } => None,
        }
    }
}

/// Sends a statement. The first page seldom has rows.
pub async fn start(service: &Service, statement: Statement<'_>) -> Result<Page, TrinoFailure> {
    let mut request = json_request::<()>(
        Method::POST,
        &service.uri("/v1/statement"),
        statement.principal,
        None,
    )?;
    *request.body_mut() = Body::from(statement.sql.to_owned());
    let own = [
        (header::CONTENT_TYPE.as_str(), "text/plain; charset=utf-8"),
        (headers::SOURCE, statement.source),
    ];
    for (name, value) in own.iter().chain(statement.headers) {
        let unreadable = || HttpError::Unreadable {
            to: service.name().to_owned(),
            reason: format!("`{name}` cannot be sent"),
        };
        let name: http::HeaderName = name.parse().map_err(|_| unreadable())?;
        let value = value.parse().map_err(|_| unreadable())?;
        request.headers_mut().insert(name, value);
    }
    let response = service.send(request).await?;
    page(service, read_json(service.name(), response).await?)
}

/// Reads the page behind the path that the one before named. Waits for it up to about a second.
pub async fn next(
    service: &Service,
    principal: Option<&Principal>,
    path: &str,
) -> Result<Page, TrinoFailure> {
    for attempt in 1.. {
        let request = json_request::<()>(Method::GET, &service.uri(path), principal, None)?;
        let answer = service.send(request).await;
        // A page may be read again until the one after it was, so asking twice is safe.
        let away = match &answer {
            Ok(response) => matches!(
                response.status(),
                StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            ),
            Err(HttpError::Unreachable { .. } | HttpError::Timeout { .. }) => true,
            Err(_) => false,
        };
        if away && attempt < ATTEMPTS {
            pause(Duration::from_millis(200) * attempt).await;
            continue;
        }
        return page(service, read_json(service.name(), answer?).await?);
    }
    Err(HttpError::Unreachable {
        to: service.name().to_owned(),
        reason: "no attempt was made".to_owned(),
    }
    .into())
}

/// Gives up the rest of an answer. That the engine no longer knows the query is fine.
pub async fn cancel(
    service: &Service,
    principal: Option<&Principal>,
    path: &str,
) -> Result<(), TrinoFailure> {
    let request = json_request::<()>(Method::DELETE, &service.uri(path), principal, None)?;
    service.send(request).await?;
    Ok(())
}

/// Runs a statement to its end, or to the limits, and returns its rows.
pub async fn query(
    service: &Service,
    statement: Statement<'_>,
    limits: Limits,
) -> Result<Rows, TrinoFailure> {
    let clock = Clock::system();
    let started = clock.now();
    let mut page = start(service, statement).await?;
    let mut answer = Rows {
        id: page.id.clone(),
        columns: Vec::new(),
        rows: Vec::new(),
        truncated: false,
    };
    let mut bytes = 0;
    loop {
        if let Some(columns) = page.columns.take() {
            answer.columns = columns;
        }
        if let Some(data) = page.data.take() {
            bytes += data.get().len();
            answer.rows.append(&mut read_rows(service, &data)?);
        }
        let Some(path) = page.next.take() else {
            answer.truncated |= answer.rows.len() > limits.rows;
            answer.rows.truncate(limits.rows);
            return Ok(answer);
        };
        if answer.rows.len() > limits.rows || bytes > limits.bytes {
            give_up(service, statement.principal, &path).await;
            answer.rows.truncate(limits.rows);
            answer.truncated = true;
            return Ok(answer);
        }
        let elapsed = clock.now().as_millis().saturating_sub(started.as_millis());
        if u128::try_from(elapsed).is_ok_and(|elapsed| elapsed > limits.time.as_millis()) {
            give_up(service, statement.principal, &path).await;
            return Err(TrinoFailure::Late { limit: limits.time });
        }
        page = next(service, statement.principal, &path).await?;
    }
}

/// Cancels without a word: what was read stands either way, and an abandoned query ends by itself.
async fn give_up(service: &Service, principal: Option<&Principal>, path: &str) {
    if let Err(failure) = cancel(service, principal, path).await {
        crate::log::warn(
            "a query could not be cancelled",
            &[("failure", failure.to_string().into())],
        );
    }
}

fn page(service: &Service, results: QueryResults) -> Result<Page, TrinoFailure> {
    if let Some(error) = results.error {
        return Err(TrinoFailure::Query {
            id: results.id,
            error: Box::new(error),
        });
    }
    let next = results
        .next_uri
        .map(|uri| path_of(service, &uri))
        .transpose()?;
    Ok(Page {
        id: results.id,
        columns: results.columns,
        data: results.data,
        stats: results.stats,
        warnings: results.warnings,
        next,
    })
}

/// The path and query of an absolute address.
fn path_of(service: &Service, uri: &str) -> Result<String, HttpError> {
    let url = Url::parse(uri).map_err(|error| HttpError::Unreadable {
        to: service.name().to_owned(),
        reason: format!("nextUri is no address: {error}"),
    })?;
    Ok(match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    })
}

fn read_rows(service: &Service, data: &RawValue) -> Result<Vec<Vec<Value>>, HttpError> {
    serde_json::from_str(data.get()).map_err(|error| HttpError::Unreadable {
        to: service.name().to_owned(),
        reason: format!("data is no array of rows: {error}"),
    })
}

#[cfg(test)]
#[path = "trino_tests.rs"]
mod tests;
