//! Requests that leave a Worker: to another Worker by its binding, or to an address.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use townlake_core::identity::Principal;
use townlake_protocol::problem::Problem;

#[cfg(not(target_arch = "wasm32"))]
#[path = "http/native.rs"]
mod backend;
#[cfg(target_arch = "wasm32")]
#[path = "http/runtime.rs"]
mod backend;

pub use backend::{Outbound, Service};

/// The most that is read into memory of an answer that is not passed on: 32 MiB, a quarter of an isolate's memory.
const MAX_ANSWER_BYTES: usize = 32 << 20;

/// Why an answer did not come.
#[derive(Debug, Clone, Error)]
pub enum HttpError {
    /// Nobody answered.
    #[error("`{to}` does not answer: {reason}")]
    Unreachable {
        /// The service or host that was asked.
        to: String,
        /// What the transport says.
        reason: String,
    },
    /// No answer within the limit.
    #[error("`{to}` did not answer within {} ms", limit.as_millis())]
    Timeout {
        /// The service or host that was asked.
        to: String,
        /// How long it was given.
        limit: Duration,
    },
    /// The other side refused, and said why.
    #[error("{}", problem.title)]
    Refused {
        /// What it said; its status included.
        problem: Box<Problem>,
    },
    /// An answer came that cannot be read.
    #[error("the answer of `{to}` cannot be read: {reason}")]
    Unreadable {
        /// The service or host that was asked.
        to: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A request with a JSON body, on behalf of a person if one is given.
pub fn json_request<T: Serialize>(
    method: http::Method,
    uri: &str,
    principal: Option<&Principal>,
    body: Option<&T>,
) -> Result<http::Request<Body>, HttpError> {
    let unreadable = |reason: String| HttpError::Unreadable {
        to: uri.to_owned(),
        reason,
    };
    let mut request = http::Request::builder().method(method).uri(uri);
    if let Some(principal) = principal {
        request = request.header(
            crate::identity::PRINCIPAL_HEADER,
            crate::identity::encode(principal),
        );
    }
    let body = match body {
        Some(value) => {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
            Body::from(serde_json::to_vec(value).map_err(|error| unreadable(error.to_string()))?)
        }
        None => Body::empty(),
    };
    request
        .body(body)
        .map_err(|error| unreadable(error.to_string()))
}

/// The whole body, up to 32 MiB.
pub async fn read_bytes(to: &str, body: Body) -> Result<Bytes, HttpError> {
    let unreadable = |reason: String| HttpError::Unreadable {
        to: to.to_owned(),
        reason,
    };
    match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(unreadable(format!(
            "it is longer than {MAX_ANSWER_BYTES} bytes"
        ))),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// A successful answer's JSON; a refusal becomes [`HttpError::Refused`].
pub async fn read_json<T: DeserializeOwned>(
    to: &str,
    response: http::Response<Body>,
) -> Result<T, HttpError> {
    let status = response.status();
    let bytes = read_bytes(to, response.into_body()).await?;
    if !status.is_success() {
        let problem = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            Problem::new(
                status.as_u16(),
                "http_error",
                format!("`{to}` answered {status}"),
                "",
            )
        });
        return Err(HttpError::Refused {
            problem: Box::new(problem),
        });
    }
    serde_json::from_slice(&bytes).map_err(|error| HttpError::Unreadable {
        to: to.to_owned(),
        reason: error.to_string(),
    })
}

impl Service {
    /// GETs a path as JSON, on behalf of a person if one is given.
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        path: &str,
        principal: Option<&Principal>,
    ) -> Result<T, HttpError> {
        let request = json_request::<()>(http::Method::GET, &self.uri(path), principal, None)?;
        read_json(self.name(), self.send(request).await?).await
    }

    /// Sends JSON and reads JSON, on behalf of a person if one is given.
    pub async fn send_json<B: Serialize, T: DeserializeOwned>(
        &self,
        method: http::Method,
        path: &str,
        principal: Option<&Principal>,
        body: &B,
    ) -> Result<T, HttpError> {
        let request = json_request(method, &self.uri(path), principal, Some(body))?;
        read_json(self.name(), self.send(request).await?).await
    }

    /// A path of this service as the absolute address that `fetch` demands. The host is only a label.
    pub fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.name())
    }
}
