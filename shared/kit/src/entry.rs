//! How a request comes into a Worker.
//!
//! The entrypoint `Internal` is reached only over service bindings, whose `props` say which Worker calls. Everything
//! else is public. Which of the two a request met is told by the props alone: a request from outside has none.

use axum::Router;
use axum::response::IntoResponse;
use thiserror::Error;

use crate::failure::Failure;

/// A variable or secret that is missing or cannot be read. Never holds its value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("the variable `{0}` is not set")]
    Missing(String),
    /// It is set to something else than expected.
    #[error("the variable `{name}` is not {expected}")]
    Invalid {
        /// Its name.
        name: String,
        /// What it should be.
        expected: String,
    },
}

/// The two sides of a Worker.
#[derive(Debug, Clone)]
pub struct Routers {
    /// For requests from outside.
    pub public: Router,
    /// For other Workers.
    pub internal: Router,
}

impl Routers {
    /// A Worker that only other Workers can reach.
    pub fn internal_only(internal: Router) -> Self {
        let public =
            Router::new().fallback(async || Failure::not_found("route", "nothing is served here"));
        Self { public, internal }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::unavailable("the configuration", error.to_string())
    }
}

/// The answer to a request that met a Worker which cannot be set up.
pub fn misconfigured(error: ConfigError) -> axum::response::Response {
    Failure::from(error).into_response()
}

#[cfg(target_arch = "wasm32")]
mod runtime {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::response::Response;
    use tower::ServiceExt;
    use worker::{Context, Env, HttpRequest};

    use super::{ConfigError, Routers, misconfigured};
    use crate::background::Background;
    use crate::identity::Caller;

    /// Answers one request with the router of the side it came in by.
    pub async fn serve(
        request: HttpRequest,
        context: Context,
        routers: Result<Routers, ConfigError>,
    ) -> worker::Result<Response> {
        let routers = match routers {
            Ok(routers) => routers,
            Err(error) => return Ok(misconfigured(error)),
        };
        let caller = context.props::<Caller>().ok();
        let mut request = request.map(Body::new);
        request
            .extensions_mut()
            .insert(Background::new(Arc::new(context)));
        let router = match caller {
            Some(caller) => {
                request.extensions_mut().insert(caller);
                routers.internal
            }
            None => routers.public,
        };
        match router.oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    /// A variable's or a secret's text.
    pub fn variable(env: &Env, name: &str) -> Result<String, ConfigError> {
        // Variables and secrets are both strings on the env object; one accessor reads either.
        env.var(name)
            .map(|value| value.to_string())
            .map_err(|_| ConfigError::Missing(name.to_owned()))
    }
}

#[cfg(target_arch = "wasm32")]
pub use runtime::{serve, variable};
