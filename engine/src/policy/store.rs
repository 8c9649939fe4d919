//! The policy document: pulled, validated, kept for as long as it says that it is valid.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use thiserror::Error;
use tokio::sync::{Mutex, watch};
use townlake_core::policy::document::Document;
use townlake_core::policy::interpret::AccessControl;
use townlake_core::time::Timestamp;
use townlake_protocol::trino::ErrorCode;

use super::Policy;
use crate::clock;
use crate::error::{Failure, Result};

/// Longer than this the policy's endpoint does not get to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A document larger than this is not one of ours.
const MAX_BYTES: usize = 64 << 20;

/// The header that says until when the document may be enforced.
const VALID_UNTIL: &str = "x-townlake-valid-until";

/// Where the policy comes from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The document's address.
    pub url: String,
    /// The credential for it.
    pub token: String,
    /// How often it is asked for.
    pub every: Duration,
    /// What a document without all its sections is.
    pub missing_sections: MissingSections,
}

/// What to make of a document in which a section is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingSections {
    /// No document: it would be open where it says nothing.
    Refused,
    /// Open there, as Trino takes it. Only for holding the engine against Trino.
    Open,
}

/// Why there is no newer policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The endpoint did not answer in time, or not at all.
    #[error("the policy endpoint does not answer: {0}")]
    Unreachable(String),
    /// The endpoint answered, but not with a document.
    #[error("the policy endpoint answered with status {0}")]
    Status(u16),
    /// What it answered cannot be enforced.
    #[error("the policy document is refused: {0}")]
    Invalid(String),
    /// The document's time is over.
    #[error("the policy document was valid until {0}")]
    Expired(Timestamp),
}

struct Held {
    policy: Arc<Policy>,
    etag: Option<String>,
    valid_until: Timestamp,
}

/// The current policy.
pub struct PolicyStore {
    settings: Settings,
    client: reqwest::Client,
    held: RwLock<Option<Held>>,
    last_error: RwLock<Option<PolicyError>>,
    /// One fetch at a time.
    fetching: Mutex<()>,
    changed: watch::Sender<u64>,
}

impl PolicyStore {
    /// Pulls the policy for the first time.
    ///
    /// # Errors
    /// There is none that is valid: an engine without a policy does not start.
    pub async fn start(settings: Settings) -> std::result::Result<Arc<Self>, PolicyError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| PolicyError::Unreachable(error.without_url().to_string()))?;
        let store = Arc::new(Self {
            settings,
            client,
            held: RwLock::new(None),
            last_error: RwLock::new(None),
            fetching: Mutex::new(()),
            changed: watch::channel(0).0,
        });
        store.refresh().await?;
        match &*store.held.read() {
            Some(held) if held.valid_until > clock::now() => {}
            Some(held) => return Err(PolicyError::Expired(held.valid_until)),
            None => return Err(PolicyError::Invalid("the endpoint gave none".to_owned())),
        }
        Ok(store)
    }

    /// Keeps pulling until the task is dropped.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut failing = false;
        loop {
            tokio::time::sleep(self.settings.every).await;
            match self.refresh().await {
                Ok(_) => {
                    if failing {
                        tracing::info!("the policy endpoint answers again");
                    }
                    failing = false;
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "the policy was not refreshed: {error}");
                    }
                    failing = true;
                }
            }
        }
    }

    /// Told of every new version, and of nothing else.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The policy to enforce now.
    ///
    /// # Errors
    /// There is none that is still valid: nothing may run.
    pub fn current(&self) -> Result<Arc<Policy>> {
        match &*self.held.read() {
            Some(held) if held.valid_until > clock::now() => Ok(Arc::clone(&held.policy)),
            Some(held) => {
                let why = self
                    .last_error
                    .read()
                    .as_ref()
                    .map_or_else(String::new, |e| format!(": {e}"));
                Err(Failure::new(
                    ErrorCode::GenericInternalError,
                    format!(
                        "The access policy was valid until {} and could not be renewed{why}. No query runs without a valid policy",
                        held.valid_until
                    ),
                ))
            }
            None => Err(Failure::new(
                ErrorCode::GenericInternalError,
                "There is no access policy. No query runs without a valid policy",
            )),
        }
    }

    /// Until when the policy at hand is valid.
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.held.read().as_ref().map(|held| held.valid_until)
    }

    /// Pulls now, and gives the version that is enforced from now on.
    ///
    /// # Errors
    /// The endpoint gave nothing that can be enforced; what was valid before stays so until its time.
    pub async fn refresh(&self) -> std::result::Result<u64, PolicyError> {
        let _one = self.fetching.lock().await;
        let result = self.fetch().await;
        *self.last_error.write() = result.as_ref().err().cloned();
        result
    }

    async fn fetch(&self) -> std::result::Result<u64, PolicyError> {
        let unreachable =
            |error: reqwest::Error| PolicyError::Unreachable(error.without_url().to_string());
        let mut request = self
            .client
            .get(&self.settings.url)
            .bearer_auth(&self.settings.token);
        let etag = self.held.read().as_ref().and_then(|held| held.etag.clone());
        if let Some(etag) = &etag {
            request = request.header("if-none-match", etag);
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let renewed: Option<Timestamp> = match header(VALID_UNTIL) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                PolicyError::Invalid(format!("the header {VALID_UNTIL} is no time: `{text}`"))
            })?),
        };
        let new_etag = header("etag");
        match response.status().as_u16() {
            304 => {
                let mut held = self.held.write();
                let Some(held) = held.as_mut() else {
                    return Err(PolicyError::Status(304));
                };
                if let Some(renewed) = renewed {
                    held.valid_until = renewed;
                }
                Ok(held.policy.version)
            }
            200 => {
                let mut bytes = Vec::new();
                while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MAX_BYTES {
                        return Err(PolicyError::Invalid("it is too large".to_owned()));
                    }
                }
                self.take(&bytes, new_etag, renewed)
            }
            other => Err(PolicyError::Status(other)),
        }
    }

    /// Puts a document in force, if it can be.
    fn take(
        &self,
        bytes: &[u8],
        etag: Option<String>,
        renewed: Option<Timestamp>,
    ) -> std::result::Result<u64, PolicyError> {
        let invalid = |error: &dyn std::fmt::Display| PolicyError::Invalid(error.to_string());
        let text = std::str::from_utf8(bytes).map_err(|error| invalid(&error))?;
        let document = Document::from_json(text).map_err(|error| invalid(&error))?;
        let valid_until = renewed.unwrap_or(document.meta.valid_until);
        if valid_until <= clock::now() {
            return Err(PolicyError::Expired(valid_until));
        }
        let control = match self.settings.missing_sections {
            MissingSections::Refused => AccessControl::new(&document),
            MissingSections::Open => {
                AccessControl::with_open_sections(&document.trino, &document.groups)
            }
        }
        .map_err(|error| invalid(&error))?;
        let version = document.meta.version;
        let changed = {
            let mut held = self.held.write();
            let before = held.as_ref().map(|held| held.policy.version);
            *held = Some(Held {
                policy: Arc::new(Policy { version, control }),
                etag,
                valid_until,
            });
            before
        };
        tracing::info!(
            policy.version = version,
            "the policy is now version {version}"
        );
        if changed.is_some() {
            // Sent even for the same number: what counts is that the document is another.
            self.changed.send_replace(version);
        }
        Ok(version)
    }
}
