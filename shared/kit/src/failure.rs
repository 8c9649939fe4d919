//! What a route answers when it does not do as asked: `application/problem+json` (RFC 9457).
//!
//! A failure is the caller's (4xx, with the next step) or ours (5xx, with nothing internal in it). Ours are logged
//! where they become an answer, and only there.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use townlake_core::advice::Advice;
use townlake_protocol::problem::Problem;

use crate::db::DatabaseError;
use crate::http::HttpError;
use crate::log;

/// A refusal or a fault on its way to the caller.
#[derive(Debug, Clone)]
pub struct Failure {
    problem: Box<Problem>,
    /// For the log, never for the caller.
    internal: Option<String>,
}

impl Failure {
    /// The request cannot be understood (400).
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::of(
            StatusCode::BAD_REQUEST,
            code,
            "the request cannot be understood",
            detail,
        )
    }

    /// It is not known who asks (401).
    pub fn unauthorized(code: &str, detail: impl Into<String>) -> Self {
        Self::of(StatusCode::UNAUTHORIZED, code, "sign in first", detail)
    }

    /// The caller may not do this (403).
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::of(
            StatusCode::FORBIDDEN,
            code,
            "this is not yours to do",
            detail,
        )
    }

    /// There is no such thing, or the caller may not know of it (404).
    pub fn not_found(what: &str, detail: impl Into<String>) -> Self {
        Self::of(
            StatusCode::NOT_FOUND,
            &format!("{what}_not_found"),
            &format!("there is no such {what}"),
            detail,
        )
    }

    /// It does not fit what is there (409).
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::of(
            StatusCode::CONFLICT,
            code,
            "this does not fit what is there",
            detail,
        )
    }

    /// A part that is needed does not answer (503), e.g. `the database`: the code is then `database_unavailable`.
    /// `internal` goes to the log only.
    pub fn unavailable(what: &str, internal: impl Into<String>) -> Self {
        let name = what.strip_prefix("the ").unwrap_or(what).replace(' ', "_");
        let mut failure = Self::of(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("{name}_unavailable"),
            &format!("{what} does not answer"),
            "nothing was changed",
        );
        failure.problem.hint = Some("try again in a few seconds".to_owned());
        failure.internal = Some(internal.into());
        failure
    }

    /// Our own fault (500). `internal` goes to the log only.
    pub fn internal(internal: impl Into<String>) -> Self {
        let mut failure = Self::of(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side",
            "the fault is recorded",
        );
        failure.internal = Some(internal.into());
        failure
    }

    /// A refusal with all of its advice.
    pub fn advice(status: StatusCode, advice: Advice) -> Self {
        Self {
            problem: Box::new(Problem::from_advice(status.as_u16(), advice)),
            internal: None,
        }
    }

    /// The same with the best next step in words.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    /// The same with one more page to open.
    pub fn with_link(mut self, label: &str, href: impl Into<String>) -> Self {
        self.problem.next.push(townlake_core::advice::NextStep {
            label: label.to_owned(),
            href: Some(href.into()),
            command: None,
        });
        self
    }

    /// What the caller is told.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    fn of(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem::new(status.as_u16(), code, title, detail)),
            internal: None,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Some(internal) = &self.internal {
            log::error(
                &self.problem.title,
                &[
                    ("code", self.problem.code.as_str().into()),
                    ("cause", internal.as_str().into()),
                ],
            );
        }
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Failed(_) => Self::unavailable("the database", error.to_string()),
            DatabaseError::Constraint(_) | DatabaseError::Shape(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}

impl From<HttpError> for Failure {
    /// A refusal by another part is passed on with what it says; its absence is ours.
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Refused { problem } => Self {
                problem,
                internal: None,
            },
            HttpError::Unreachable { ref to, .. } | HttpError::Timeout { ref to, .. } => {
                Self::unavailable(to, error.to_string())
            }
            HttpError::Unreadable { .. } => Self::internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_one_word_whatever_the_part_is_called() {
        for (what, code) in [
            ("the database", "database_unavailable"),
            ("the sign-in", "sign-in_unavailable"),
            ("lifeguard", "lifeguard_unavailable"),
            ("the policy cache", "policy_cache_unavailable"),
        ] {
            assert_eq!(
                Failure::unavailable(what, "why").problem().code,
                code,
                "{what}"
            );
        }
    }
}
