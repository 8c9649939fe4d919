//! Tokens of Cloudflare Access: who a person is.
//!
//! Access signs each request's `Cf-Access-Jwt-Assertion` with RS256 keys that it publishes at
//! `<team domain>/cdn-cgi/access/certs` (Cloudflare One documentation, "Validate JWTs"). Locally a small issuer signs
//! the same tokens, and this same code verifies them.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use thiserror::Error;
use townlake_core::names::UserName;
use townlake_core::time::Timestamp;

use crate::http::{HttpError, Outbound, read_json};

/// Keys are fetched again after an hour; Access rotates them every six weeks and overlaps old and new.
const KEYS_MAX_AGE_SECONDS: i64 = 3600;
/// A token with an unknown key makes us look for new keys, but not more often than this.
const KEYS_MIN_AGE_SECONDS: i64 = 10;
/// How far the issuer's clock may be from ours.
const LEEWAY_SECONDS: i64 = 30;

/// Why a token proves nothing. The texts name the reason, never the token.
#[derive(Debug, Clone, Error)]
pub enum AccessError {
    /// It is not a token of the accepted kind, or its signature is not by the issuer's key.
    #[error("the token is not valid: {0}")]
    Invalid(String),
    /// It was good once.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// It names nobody that can have rights here.
    #[error("the token names no valid user")]
    User,
    /// The issuer's keys cannot be had.
    #[error("the keys of the issuer cannot be fetched: {0}")]
    Keys(#[from] HttpError),
}

/// The issuer that is trusted.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// `https://<team>.cloudflareaccess.com`, without a slash at the end.
    pub team_domain: String,
    /// The application's audience tag.
    pub audience: String,
}

/// The issuer's keys, kept per isolate. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct KeyCache {
    kept: Arc<Mutex<Option<Kept>>>,
}

/// When the keys were fetched, and the keys.
type Kept = (Timestamp, Arc<JwkSet>);

#[derive(Deserialize)]
struct Claims {
    email: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

/// The user whom a token proves, or why it does not.
pub async fn verify(
    issuer: &Issuer,
    keys: &KeyCache,
    outbound: &Outbound,
    token: &str,
    now: Timestamp,
) -> Result<UserName, AccessError> {
    let invalid = |reason: &str| AccessError::Invalid(reason.to_owned());
    let header = decode_header(token).map_err(|_| invalid("it is not a signed token"))?;
    if header.alg != Algorithm::RS256 {
        return Err(invalid("it is not signed with RS256"));
    }
    let key_id = header.kid.ok_or_else(|| invalid("it names no key"))?;
    let key = key(issuer, keys, outbound, &key_id, now).await?;

    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[&issuer.team_domain]);
    validation.set_audience(&[&issuer.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // Times are compared below, with the clock that was passed in.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = decode::<Claims>(token, &key, &validation)
        .map_err(|error| AccessError::Invalid(error.to_string()))?
        .claims;

    let seconds = now.as_seconds();
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= seconds {
        return Err(AccessError::Expired(Timestamp::from_millis(
            claims.exp.saturating_mul(1000),
        )));
    }
    if claims
        .nbf
        .is_some_and(|from| from.saturating_sub(LEEWAY_SECONDS) > seconds)
    {
        return Err(invalid("it is not valid yet"));
    }
    claims
        .email
        .to_lowercase()
        .parse()
        .map_err(|_| AccessError::User)
}

async fn key(
    issuer: &Issuer,
    keys: &KeyCache,
    outbound: &Outbound,
    key_id: &str,
    now: Timestamp,
) -> Result<DecodingKey, AccessError> {
    let kept = keys
        .kept
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let mut minimum_age = KEYS_MAX_AGE_SECONDS;
    if let Some((fetched_at, set)) = &kept {
        if let Some(key) = find(set, key_id) {
            if now < fetched_at.plus_seconds(KEYS_MAX_AGE_SECONDS) {
                return Ok(key);
            }
        } else {
            minimum_age = KEYS_MIN_AGE_SECONDS;
        }
        if now < fetched_at.plus_seconds(minimum_age) {
            return Err(AccessError::Invalid(
                "it is signed by an unknown key".to_owned(),
            ));
        }
    }
    let uri = format!("{}/cdn-cgi/access/certs", issuer.team_domain);
    let request = http::Request::get(&uri)
        .body(Body::empty())
        .map_err(|error| HttpError::Unreachable {
            to: uri.clone(),
            reason: error.to_string(),
        })?;
    let set: Arc<JwkSet> = Arc::new(read_json(&uri, outbound.send(request).await?).await?);
    *keys.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, set.clone()));
    find(&set, key_id)
        .ok_or_else(|| AccessError::Invalid("it is signed by an unknown key".to_owned()))
}

fn find(set: &JwkSet, key_id: &str) -> Option<DecodingKey> {
    let jwk = set.find(key_id)?;
    // A symmetric key in a public key set would let anyone sign.
    matches!(jwk.algorithm, AlgorithmParameters::RSA(_)).then(|| DecodingKey::from_jwk(jwk).ok())?
}
