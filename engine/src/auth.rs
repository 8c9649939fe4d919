//! Whose request it is: the subject of a token signed with the shared key, as Trino's JWT authenticator has it.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use thiserror::Error;

/// Why a request is nobody's. The texts never repeat the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthError {
    /// There is no token.
    #[error("a bearer token is needed")]
    Missing,
    /// The token proves nothing.
    #[error("the token is not valid: {0}")]
    Invalid(String),
}

/// Checks tokens.
#[derive(Clone)]
pub struct Authenticator {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Authenticator {
    /// Checks tokens against a key in base64.
    ///
    /// # Errors
    /// The key is not base64 or shorter than 256 bits.
    pub fn new(key: &str) -> Result<Self, String> {
        let key = STANDARD
            .decode(key.trim())
            .map_err(|_| "the key is not base64".to_owned())?;
        if key.len() < 32 {
            return Err("the key is shorter than 256 bits".to_owned());
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "sub"]);
        validation.validate_aud = false;
        Ok(Self {
            key: DecodingKey::from_secret(&key),
            validation,
        })
    }

    /// The subject of a request's token.
    ///
    /// # Errors
    /// There is none, or it is not valid.
    pub fn principal(&self, headers: &HeaderMap) -> Result<String, AuthError> {
        let header = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .ok_or(AuthError::Missing)?;
        let token = header.strip_prefix("Bearer ").ok_or(AuthError::Missing)?;
        decode::<Claims>(token, &self.key, &self.validation)
            .map(|token| token.claims.sub)
            .map_err(|error| AuthError::Invalid(error.to_string()))
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    const FAR: i64 = 4_102_444_800;

    fn token(algorithm: Algorithm, key: &[u8], claims: &Value) -> String {
        encode(
            &Header::new(algorithm),
            claims,
            &EncodingKey::from_secret(key),
        )
        .unwrap()
    }

    #[test]
    fn only_a_live_token_of_the_right_key_has_a_subject() {
        let key = [7; 32];
        let authenticator = Authenticator::new(&STANDARD.encode(key)).unwrap();
        let good = json!({"sub": "gateway", "exp": FAR});
        for (what, header, expected) in [
            (
                "good",
                format!("Bearer {}", token(Algorithm::HS256, &key, &good)),
                Some("gateway"),
            ),
            (
                "another key",
                format!("Bearer {}", token(Algorithm::HS256, &[8; 32], &good)),
                None,
            ),
            (
                "another algorithm",
                format!("Bearer {}", token(Algorithm::HS512, &key, &good)),
                None,
            ),
            (
                "expired",
                format!(
                    "Bearer {}",
                    token(Algorithm::HS256, &key, &json!({"sub": "gateway", "exp": 1}))
                ),
                None,
            ),
            (
                "endless",
                format!(
                    "Bearer {}",
                    token(Algorithm::HS256, &key, &json!({"sub": "gateway"}))
                ),
                None,
            ),
            (
                "unsigned",
                "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJnYXRld2F5IiwiZXhwIjo0MTAyNDQ0ODAwfQ."
                    .to_owned(),
                None,
            ),
            ("basic", "Basic Z2F0ZXdheTp4".to_owned(), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(
                authenticator.principal(&headers).ok().as_deref(),
                expected,
                "{what}"
            );
        }
        assert_eq!(
            authenticator.principal(&HeaderMap::new()),
            Err(AuthError::Missing)
        );
        assert!(Authenticator::new("c2hvcnQ=").is_err());
    }
}
