//! Lifeguard's API: identity, the company's directory, reviews, grants, PII sessions, tokens, requests, audit.
//!
//! Names and policy words are the types of `townlake_core`; a body that does not parse into them is refused with
//! what was expected. Lists answer an object with one field, so that more can be said beside them later.

pub mod audit;
pub mod directory;
pub mod explain;
pub mod grants;
pub mod identity;
pub mod pii_sessions;
pub mod requests;
pub mod reviews;
pub mod tokens;
