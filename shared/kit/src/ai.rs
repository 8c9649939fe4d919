//! Workers AI. Natively there is none: a model is then reached by [`Outbound`](crate::http::Outbound).

use std::sync::Arc;

use serde::Serialize;
use worker::Env;
use worker::send::{SendFuture, SendWrapper};

use crate::http::HttpError;

/// The binding to Workers AI. Clones share it.
#[derive(Clone)]
pub struct Ai {
    binding: Arc<SendWrapper<worker::Ai>>,
}

impl Ai {
    /// The binding, if this deployment has one.
    pub fn from_env(env: &Env, binding: &str) -> Option<Self> {
        env.ai(binding).ok().map(|binding| Self {
            binding: Arc::new(SendWrapper::new(binding)),
        })
    }

    /// Runs a model on an input, which must be a struct: the runtime reads a map as something else than an object.
    pub async fn run<T: Serialize>(
        &self,
        model: &str,
        input: &T,
    ) -> Result<serde_json::Value, HttpError> {
        SendFuture::new(self.binding.run::<_, serde_json::Value>(model, input))
            .await
            .map_err(|error| HttpError::Unreachable {
                to: format!("Workers AI, {model}"),
                reason: error.to_string(),
            })
    }
}

impl std::fmt::Debug for Ai {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ai")
    }
}
