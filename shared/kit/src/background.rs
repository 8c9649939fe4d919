//! Work that goes on after the answer.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::failure::Failure;

/// Keeps work alive after the answer went out. An axum extractor.
#[derive(Clone)]
pub struct Background {
    #[cfg(target_arch = "wasm32")]
    context: std::sync::Arc<worker::Context>,
}

impl Background {
    /// Background work on a request's context.
    #[cfg(target_arch = "wasm32")]
    pub fn new(context: std::sync::Arc<worker::Context>) -> Self {
        Self { context }
    }

    /// Runs the task to its end without making the caller wait. The task handles its own failures.
    pub fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        #[cfg(target_arch = "wasm32")]
        self.context.wait_until(task);
        #[cfg(not(target_arch = "wasm32"))]
        tokio::spawn(task);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Background {
    type Rejection = Failure;

    #[cfg(target_arch = "wasm32")]
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::internal("the request did not come through kit::entry"))
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn from_request_parts(_parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Ok(Self {})
    }
}

impl std::fmt::Debug for Background {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Background")
    }
}
