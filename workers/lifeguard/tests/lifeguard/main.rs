//! Lifeguard through its router, over real SQLite and the shipped migrations, with an IAM on loopback.

mod iam;
mod town;
mod journeys;
mod serving;
mod directory;
mod bad_input;
mod audit;
mod property;
