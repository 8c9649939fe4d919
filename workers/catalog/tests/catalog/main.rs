//! The catalog over its real database and router, with a Lifeguard that answers with a given model.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a failure"
)]

mod answers;
mod hidden;
mod platform;
