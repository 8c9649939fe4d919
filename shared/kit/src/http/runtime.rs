//! Service bindings and `fetch`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::future::{Either, select};
use worker::send::{SendFuture, SendWrapper};
use worker::{AbortController, Delay, Env, Fetch, Fetcher};

use super::HttpError;

/// Another Worker, by its service binding. Clones share it.
#[derive(Clone)]
pub struct Service {
    name: Arc<str>,
    fetcher: Arc<SendWrapper<Fetcher>>,
}

impl Service {
    /// The Worker that a binding of `wrangler.toml` names, e.g. `LIFEGUARD`.
    pub fn from_env(env: &Env, binding: &str) -> Result<Self, HttpError> {
        let fetcher = env
            .service(binding)
            .map_err(|error| HttpError::Unreachable {
                to: binding.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            name: binding.to_lowercase().into(),
            fetcher: Arc::new(SendWrapper::new(fetcher)),
        })
    }

    /// The service's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a request as it is. The body of the answer is a stream.
    pub async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, HttpError> {
        SendFuture::new(async {
            let failed = |error: worker::Error| unreachable(&self.name, &error);
            let request = worker::request_to_wasm(request).map_err(failed)?;
            let answer = self
                .fetcher
                .fetch_request(worker::Request::from(request))
                .await
                .map_err(failed)?;
            Ok(answer.map(Body::new))
        })
        .await
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Service({})", self.name)
    }
}

/// Requests to addresses. Redirects are not followed: an address that moves is a change of configuration.
#[derive(Debug, Clone)]
pub struct Outbound {
    limit: Duration,
}

impl Outbound {
    /// Requests that must begin to answer within the limit.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }

    /// Sends a request as it is. The body of the answer is a stream, which the limit does not cover.
    pub async fn send(
        &self,
        mut request: http::Request<Body>,
    ) -> Result<http::Response<Body>, HttpError> {
        SendFuture::new(async move {
            let to = request
                .uri()
                .authority()
                .map_or_else(|| request.uri().to_string(), ToString::to_string);
            request
                .extensions_mut()
                .insert(worker::RequestRedirect::Manual);
            let controller = AbortController::default();
            let signal = controller.signal();
            let request =
                worker::request_to_wasm(request).map_err(|error| unreachable(&to, &error))?;
            let fetch = Fetch::Request(worker::Request::from(request));
            let answer = Box::pin(fetch.send_with_signal(&signal));
            match select(answer, Delay::from(self.limit)).await {
                Either::Left((Ok(response), _)) => {
                    let response: http::Response<worker::Body> = response
                        .try_into()
                        .map_err(|error: worker::Error| unreachable(&to, &error))?;
                    Ok(response.map(Body::new))
                }
                Either::Left((Err(error), _)) => Err(unreachable(&to, &error)),
                Either::Right(_) => {
                    controller.abort();
                    Err(HttpError::Timeout {
                        to,
                        limit: self.limit,
                    })
                }
            }
        })
        .await
    }
}

fn unreachable(to: &str, error: &worker::Error) -> HttpError {
    HttpError::Unreachable {
        to: to.to_owned(),
        reason: error.to_string(),
    }
}
