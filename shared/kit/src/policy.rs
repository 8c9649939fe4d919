//! The policy's model as Lifeguard has it, kept per isolate by its ETag.

use std::sync::{Arc, Mutex, PoisonError};

use http::{StatusCode, header};
use townlake_core::policy::model::Model;
use townlake_core::time::Timestamp;

use crate::http::{HttpError, Service, json_request, read_json};

/// The last model that Lifeguard gave. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct PolicyCache {
    kept: Arc<Mutex<Option<Kept>>>,
}

#[derive(Debug, Clone)]
struct Kept {
    checked_at: Timestamp,
    etag: String,
    model: Arc<Model>,
}

impl PolicyCache {
    /// The model, at most `max_age_seconds` old. If Lifeguard does not answer, there is none: closed.
    pub async fn model(
        &self,
        lifeguard: &Service,
        max_age_seconds: i64,
        now: Timestamp,
    ) -> Result<Arc<Model>, HttpError> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(kept) = &kept
            && now < kept.checked_at.plus_seconds(max_age_seconds)
        {
            return Ok(kept.model.clone());
        }
        let mut request = json_request::<()>(
            http::Method::GET,
            &lifeguard.uri("/internal/model"),
            None,
            None,
        )?;
        if let Some(etag) = kept.as_ref().and_then(|kept| kept.etag.parse().ok()) {
            request.headers_mut().insert(header::IF_NONE_MATCH, etag);
        }
        let response = lifeguard.send(request).await?;
        let fresh = match kept {
            Some(kept) if response.status() == StatusCode::NOT_MODIFIED => Kept {
                checked_at: now,
                ..kept
            },
            _ => {
                let etag = response
                    .headers()
                    .get(header::ETAG)
                    .and_then(|etag| etag.to_str().ok());
                let etag = etag.unwrap_or_default().to_owned();
                let model = Arc::new(read_json(lifeguard.name(), response).await?);
                Kept {
                    checked_at: now,
                    etag,
                    model,
                }
            }
        };
        let model = fresh.model.clone();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(model)
    }
}
