//! The classifier model: asked about every new column, believed as far as its answer can be read.
//!
//! It is told names, types and masked samples, never a value. What it answers cannot open anything: it is a reason
//! among others in a proposal that a person decides on.

mod answer;
mod prompt;

use std::time::Duration;

use axum::body::Body;
use futures::future::{Either, select};
use http::{Method, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use townlake_core::pii::PiiClass;
use townlake_kit::clock::pause;
use townlake_kit::http::{HttpError, Outbound, read_bytes};
use url::Url;

pub use answer::read;
pub use prompt::{Asked, ask, shapes};

/// Columns that are asked about at once: more of them make small models lose count.
pub const COLUMNS_AT_ONCE: usize = 25;
/// The longest that the model may take to answer.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A model and how it is reached. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    limit: Duration,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Endpoint {
        url: String,
        key: Option<String>,
        outbound: Outbound,
    },
    #[cfg(target_arch = "wasm32")]
    WorkersAi(townlake_kit::ai::Ai),
}

/// What the model says of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    /// The class; `None`: none of them.
    pub class: Option<PiiClass>,
    /// How sure it says it is, from 0 to 1.
    pub confidence: f64,
}

/// Why the model's answer does not count. Never quotes the model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelError {
    /// No answer in time.
    #[error("the model did not answer within {} s", limit.as_secs_f64())]
    Late {
        /// How long it was given.
        limit: Duration,
    },
    /// Nobody there, or the connection broke.
    #[error("the model cannot be reached")]
    Unreachable,
    /// An answer that says it failed.
    #[error("the model's endpoint answered {0}")]
    Status(u16),
    /// An answer in another form than agreed.
    #[error("the model's answer cannot be read: {0}")]
    Malformed(&'static str),
    /// It failed for the tables before and was not asked again in this scan.
    #[error("the model was not asked, since it failed before in this scan")]
    GivenUp,
}

/// Why a model's address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the model's address is no http address: write it like http://127.0.0.1:11434/v1")]
pub struct ModelUrlError;

#[derive(Debug, Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    messages: [Message<'a>; 2],
    temperature: f64,
    max_tokens: u32,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl Model {
    /// A model behind an endpoint that speaks OpenAI's protocol: `.../v1`, or the whole address of its completions.
    pub fn endpoint(
        url: &str,
        name: &str,
        key: Option<String>,
        limit: Duration,
    ) -> Result<Self, ModelUrlError> {
        let mut parsed = Url::parse(url).map_err(|_| ModelUrlError)?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(ModelUrlError);
        }
        let path = parsed.path().trim_end_matches('/').to_owned();
        if path.is_empty() {
            parsed.set_path("/v1/chat/completions");
        } else if !path.ends_with("/chat/completions") {
            parsed.set_path(&format!("{path}/chat/completions"));
        }
        let way = Way::Endpoint {
            url: parsed.into(),
            key,
            outbound: Outbound::new(limit),
        };
        Ok(Self {
            name: name.to_owned(),
            limit,
            way,
        })
    }

    /// A model of Workers AI.
    #[cfg(target_arch = "wasm32")]
    pub fn workers_ai(ai: townlake_kit::ai::Ai, name: &str, limit: Duration) -> Self {
        Self {
            name: name.to_owned(),
            limit,
            way: Way::WorkersAi(ai),
        }
    }

    /// The model's name, for the evidence.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends the two messages and returns the text of the answer.
    async fn complete(&self, system: &str, user: &str) -> Result<String, ModelError> {
        let messages = [
            Message {
                role: "system",
                content: system,
            },
            Message {
                role: "user",
                content: user,
            },
        ];
        let request = Request {
            model: None,
            messages,
            temperature: 0.0,
            max_tokens: 4000,
        };
        // The limit covers the whole answer: one that drips for ever is late as well.
        let answer = Box::pin(self.send(request));
        match select(answer, Box::pin(pause(self.limit))).await {
            Either::Left((answer, _)) => answer::content(&answer?),
            Either::Right(_) => Err(ModelError::Late { limit: self.limit }),
        }
    }

    async fn send(&self, mut request: Request<'_>) -> Result<Value, ModelError> {
        match &self.way {
            Way::Endpoint { url, key, outbound } => {
                request.model = Some(self.name.as_str()).filter(|name| !name.is_empty());
                let body = serde_json::to_vec(&request).map_err(|_| ModelError::Unreachable)?;
                let mut sent = http::Request::builder()
                    .method(Method::POST)
                    .uri(url)
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::ACCEPT, "application/json");
                if let Some(key) = key {
                    sent = sent.header(header::AUTHORIZATION, format!("Bearer {key}"));
                }
                let sent = sent
                    .body(Body::from(body))
                    .map_err(|_| ModelError::Unreachable)?;
                let response = outbound
                    .send(sent)
                    .await
                    .map_err(|error| self.failure(&error))?;
                if response.status() != StatusCode::OK {
                    return Err(ModelError::Status(response.status().as_u16()));
                }
                let bytes = read_bytes("the model", response.into_body())
                    .await
                    .map_err(|error| self.failure(&error))?;
                serde_json::from_slice(&bytes).map_err(|_| ModelError::Malformed("it is not JSON"))
            }
            #[cfg(target_arch = "wasm32")]
            Way::WorkersAi(ai) => ai
                .run(&self.name, &request)
                .await
                .map_err(|error| self.failure(&error)),
        }
    }

    fn failure(&self, error: &HttpError) -> ModelError {
        match error {
            HttpError::Timeout { .. } => ModelError::Late { limit: self.limit },
            HttpError::Unreadable { .. } => ModelError::Malformed("it is too long or breaks off"),
            HttpError::Unreachable { .. } | HttpError::Refused { .. } => ModelError::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_completed_or_refused() {
        for (given, expected) in [
            (
                "http://127.0.0.1:11434",
                Some("http://127.0.0.1:11434/v1/chat/completions"),
            ),
            (
                "http://127.0.0.1:11434/v1/",
                Some("http://127.0.0.1:11434/v1/chat/completions"),
            ),
            (
                "https://ai.example/api/v1/chat/completions",
                Some("https://ai.example/api/v1/chat/completions"),
            ),
            ("ftp://ai.example", None),
            ("127.0.0.1:11434", None),
        ] {
            let model = Model::endpoint(given, "m", None, LIMIT);
            let url = model.ok().map(|model| match model.way {
                Way::Endpoint { url, .. } => url,
            });
            assert_eq!(url.as_deref(), expected, "{given}");
        }
    }
}
