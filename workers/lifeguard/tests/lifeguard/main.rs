//! Lifeguard through its router, over real SQLite and the shipped migrations, with an IAM on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed; clippy sees only its functions as tests"
)]

mod audit;
mod bad_input;
mod directory;
mod iam;
mod journeys;
mod property;
mod serving;
mod town;
