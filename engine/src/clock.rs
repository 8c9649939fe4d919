//! What time it is: the only place of the engine that asks.

use townlake_core::time::Timestamp;

/// Nanoseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine is native, and this is its clock"
)]
pub fn nanos() -> i128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i128::try_from(since.as_nanos()).unwrap_or(0))
}

/// Milliseconds since 1970.
pub fn now() -> Timestamp {
    Timestamp::from_millis(i64::try_from(nanos() / 1_000_000).unwrap_or(0))
}
