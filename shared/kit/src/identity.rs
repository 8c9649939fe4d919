//! Who a request on the `Internal` entrypoint is from: a Worker, and perhaps the person it carries.
//!
//! The Worker's name comes from the binding's `props`, which only `wrangler.toml` can set. The person comes in a
//! header, which is believed only from Workers that may carry one; nothing from outside reaches this entrypoint.

use std::collections::BTreeSet;

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use serde::Deserialize;
use townlake_core::identity::{Principal, PrincipalKind, Via};

use crate::failure::Failure;

/// Carries the caller's verified principal between Workers.
pub const PRINCIPAL_HEADER: &str = "x-townlake-principal";

/// The Workers that may act for a person. Every other acts only as its own `svc-*`.
const CARRIERS: [&str; 2] = ["gateway", "skipper"];

/// The Worker on the other end of the binding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Caller {
    caller: String,
}

impl Caller {
    /// A Worker by its name, e.g. `gateway`.
    pub fn new(name: &str) -> Self {
        Self {
            caller: name.to_owned(),
        }
    }

    /// The Worker's name.
    pub fn name(&self) -> &str {
        &self.caller
    }

    /// Refuses all Workers but those named.
    pub fn require(&self, allowed: &[&str]) -> Result<(), Failure> {
        if allowed.contains(&self.caller.as_str()) {
            return Ok(());
        }
        Err(Failure::forbidden(
            "caller_not_allowed",
            format!("`{}` may not call this route", self.caller),
        ))
    }
}

/// A request's Worker and principal: the person it carries, or the Worker itself as `svc-<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The Worker.
    pub caller: Caller,
    /// Whose rights apply.
    pub principal: Principal,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::not_found("route", "this route is not reachable from outside"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let principal = match parts.headers.get(PRINCIPAL_HEADER) {
            None => service_principal(&caller)?,
            Some(_) if !CARRIERS.contains(&caller.name()) => {
                return Err(Failure::forbidden(
                    "caller_carries_nobody",
                    format!("`{}` may not act for a person", caller.name()),
                ));
            }
            Some(value) => decode(value.as_bytes())?,
        };
        Ok(Self { caller, principal })
    }
}

/// The principal as the header's value.
pub fn encode(principal: &Principal) -> String {
    // A principal is strings and sets of strings, which always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(principal).unwrap_or_default())
}

fn decode(value: &[u8]) -> Result<Principal, Failure> {
    let malformed = || {
        Failure::bad_request(
            "principal_malformed",
            "the carried principal cannot be read",
        )
    };
    let json = URL_SAFE_NO_PAD.decode(value).map_err(|_| malformed())?;
    serde_json::from_slice(&json).map_err(|_| malformed())
}

/// The principal of a Worker that acts for itself.
pub fn service_principal(caller: &Caller) -> Result<Principal, Failure> {
    let user = format!("svc-{}", caller.name()).parse().map_err(|_| {
        Failure::forbidden("caller_unknown", "the calling Worker has no valid name")
    })?;
    Ok(Principal {
        user,
        groups: BTreeSet::new(),
        kind: PrincipalKind::Service,
        via: Via::Internal,
        pii: None,
    })
}
