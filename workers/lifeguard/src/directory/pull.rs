//! One pull of the directory: claim, ask, check, store.

use axum::body::Body;
use http::{StatusCode, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use townlake_core::time::Timestamp;
use townlake_kit::db::{DatabaseError, params};
use townlake_kit::failure::Failure;
use townlake_kit::http::{HttpError, read_bytes};
use townlake_kit::{log, random};

use super::check::{CheckedDirectory, DirectoryError, checked};
use super::store;
use crate::app::App;
use crate::state::{self, Head};

/// How long a claim keeps others from pulling, should its holder vanish. Longer than the limit of the request.
const CLAIM_SECONDS: i64 = 10;

/// Why a pull brought nothing.
#[derive(Debug, Error)]
enum PullError {
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("the IAM answered {0}")]
    Status(StatusCode),
    #[error("{0}")]
    Directory(#[from] DirectoryError),
}

/// What the IAM said.
enum Answer {
    /// Nothing changed.
    Same,
    /// This is how it is now.
    Content {
        etag: Option<String>,
        source_version: String,
        directory: Box<CheckedDirectory>,
    },
}

/// The right to store what the IAM says, and what it said last.
#[derive(Debug, Deserialize)]
pub struct Claim {
    claim: String,
    etag: Option<String>,
    content_sha256: Option<String>,
}

/// Becomes the one that pulls, if it is time and nobody else does.
pub async fn take_claim(app: &App, now: Timestamp) -> Result<Option<Claim>, DatabaseError> {
    let sql = "UPDATE directory SET claim = ?1, attempted_at = ?2, claimed_until = ?3 \
               WHERE claimed_until <= ?2 AND attempted_at <= ?4 RETURNING claim, etag, content_sha256";
    let until = now.plus_seconds(CLAIM_SECONDS);
    let due = now.plus_seconds(-app.config.refresh_seconds);
    app.db
        .first(sql, params![random::id("pull"), now, until, due])
        .await
}

/// The claim of the one that pulls at the moment.
pub async fn running_claim(app: &App, now: Timestamp) -> Result<Option<Claim>, DatabaseError> {
    let sql = "SELECT claim, etag, content_sha256 FROM directory WHERE claimed_until > ?1 AND claim IS NOT NULL";
    app.db.first(sql, params![now]).await
}

/// Pulls the directory under a claim. Answers where the policy stands after that.
///
/// # Errors
/// Only if the database fails. A pull that brings nothing is logged and leaves what is there.
pub async fn pull(app: &App, head: Head, claim: &Claim, now: Timestamp) -> Result<Head, Failure> {
    match ask(app, claim.etag.as_deref()).await {
        Ok(Answer::Same) => {
            store::confirm(&app.db, &claim.claim, now).await?;
            return Ok(Head {
                pulled_at: Some(now),
                failure: None,
                ..head
            });
        }
        Ok(Answer::Content {
            etag,
            source_version,
            directory,
        }) => {
            let content_sha256 = digest(&directory)?;
            let pulled = store::Pulled {
                claim: &claim.claim,
                at: now,
                etag,
                source_version,
                content_sha256,
            };
            if claim.content_sha256.as_ref() == Some(&pulled.content_sha256) {
                store::rename(&app.db, &pulled).await?;
            } else {
                store::replace(&app.db, &pulled, &directory).await?;
                log::info(
                    "the directory changed",
                    &[
                        ("directory.version", pulled.source_version.as_str().into()),
                        ("directory.people", directory.people.len().into()),
                        ("directory.groups", directory.groups.len().into()),
                    ],
                );
            }
        }
        Err(error) => {
            let reason = error.to_string();
            // Once per reason: it is tried again every few seconds.
            if head.failure.as_ref() != Some(&reason) {
                log::error(
                    "the directory could not be pulled; what is there stays until it is too old",
                    &[("reason", reason.as_str().into())],
                );
            }
            store::fail(&app.db, &claim.claim, &reason).await?;
            return Ok(Head {
                failure: Some(reason),
                ..head
            });
        }
    }
    Ok(state::head(&app.db).await?)
}

async fn ask(app: &App, etag: Option<&str>) -> Result<Answer, PullError> {
    let config = &app.config;
    let unusable = |error: http::Error| HttpError::Unreachable {
        to: "the IAM".to_owned(),
        reason: error.to_string(),
    };
    let mut request = http::Request::get(&config.iam_url)
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", config.iam_token),
        )
        .header(header::ACCEPT, "application/json");
    if let Some(etag) = etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    let response = app
        .outbound
        .send(request.body(Body::empty()).map_err(unusable)?)
        .await?;
    match response.status() {
        // Only an answer to a question that named an ETag can say that nothing changed.
        StatusCode::NOT_MODIFIED if etag.is_some() => Ok(Answer::Same),
        StatusCode::OK => {
            let etag = response
                .headers()
                .get(header::ETAG)
                .and_then(|etag| etag.to_str().ok())
                .map(str::to_owned);
            let body = read_bytes("the IAM", response.into_body()).await?;
            let (source_version, directory) = checked(&body)?;
            Ok(Answer::Content {
                etag,
                source_version,
                directory: Box::new(directory),
            })
        }
        status => Err(PullError::Status(status)),
    }
}

fn digest(directory: &CheckedDirectory) -> Result<String, Failure> {
    let text =
        serde_json::to_vec(directory).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(hex::encode(Sha256::digest(text)))
}
