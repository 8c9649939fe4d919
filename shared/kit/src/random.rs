//! Unguessable bytes and the ids made of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// `N` bytes from the system's secure source.
///
/// Without that source no id or token is safe to hand out, so its failure ends the request.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "there is no safe way on without randomness"
    )]
    getrandom::fill(&mut buffer).expect("the system's source of randomness answers");
    buffer
}

/// A new personal access token: `tlp_` and 256 random bits.
pub fn token() -> String {
    format!("tlp_{}", URL_SAFE_NO_PAD.encode(bytes::<32>()))
}

/// A new id, e.g. `grt_4f0c...`: the prefix says of what, 80 random bits say which.
pub fn id(prefix: &str) -> String {
    format!("{prefix}_{}", hex::encode(bytes::<10>()))
}

/// What is stored of a secret that only its owner keeps: its SHA-256 in hex.
///
/// Enough without salt or stretching, since our secrets are 256 random bits.
pub fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
