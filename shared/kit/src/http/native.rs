//! In-process routers in place of bindings, reqwest in place of `fetch`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::HttpError;
use crate::identity::Caller;

/// Another Worker's internal router in this process. Clones share it.
#[derive(Debug, Clone)]
pub struct Service {
    name: Arc<str>,
    caller: Caller,
    router: Router,
}

impl Service {
    /// A Worker's internal router, as `caller`'s binding reaches it.
    pub fn router(name: &str, router: Router, caller: &str) -> Self {
        Self {
            name: name.into(),
            caller: Caller::new(caller),
            router,
        }
    }

    /// The service's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a request as it is. The body of the answer is a stream.
    pub async fn send(
        &self,
        mut request: http::Request<Body>,
    ) -> Result<http::Response<Body>, HttpError> {
        request.extensions_mut().insert(self.caller.clone());
        match self.router.clone().oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }
}

/// Requests to addresses. Redirects are not followed.
#[derive(Debug, Clone)]
pub struct Outbound {
    limit: Duration,
    client: reqwest::Client,
}

impl Outbound {
    /// Requests that must begin to answer within the limit.
    pub fn new(limit: Duration) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Self {
            limit,
            client: client.unwrap_or_default(),
        }
    }

    /// Sends a request as it is. The body of the answer is a stream, which the limit does not cover.
    pub async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, HttpError> {
        let to = request
            .uri()
            .authority()
            .map_or_else(|| request.uri().to_string(), ToString::to_string);
        let unreachable = |reason: String| HttpError::Unreachable {
            to: to.clone(),
            reason,
        };
        let (parts, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| unreachable(error.to_string()))?
            .to_bytes();
        let sent = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send();
        let answer = tokio::time::timeout(self.limit, sent)
            .await
            .map_err(|_| HttpError::Timeout {
                to: to.clone(),
                limit: self.limit,
            })?
            .map_err(|error| unreachable(error.without_url().to_string()))?;
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        // Chunk by chunk, as reqwest's own stream is a feature that nothing else here needs.
        *response.body_mut() =
            Body::from_stream(futures::stream::try_unfold(answer, async |mut answer| {
                Ok::<_, reqwest::Error>(answer.chunk().await?.map(|chunk| (chunk, answer)))
            }));
        Ok(response)
    }
}
