//! From a credential to a principal: the one place where that happens.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;
use townlake_core::identity::{Principal, Via};
use townlake_core::names::UserName;
use townlake_core::time::Timestamp;
use townlake_kit::access::{self, AccessError};
use townlake_kit::failure::Failure;
use townlake_kit::log;
use townlake_kit::random::digest;
use townlake_protocol::lifeguard::identity::{IdentifyRequest, Identity};
use townlake_protocol::lifeguard::tokens::TokenScope;

use crate::app::App;
use crate::credential::{Credentials, Token};

/// How many callers are remembered. More than that, and all are forgotten and asked for again.
const MAX_REMEMBERED: usize = 4096;

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose rights apply.
    pub principal: Principal,
    /// The name to show.
    pub name: Option<String>,
    /// What the token may be used for; without a token, everything.
    scopes: Option<BTreeSet<TokenScope>>,
}

/// Who credentials belong to, by the credential's digest. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct IdentityCache {
    kept: Arc<Mutex<HashMap<String, (Timestamp, Caller)>>>,
}

impl Caller {
    /// Refuses a token that was not made for this.
    ///
    /// # Errors
    /// 403 with what the token is for.
    pub fn require(&self, scope: TokenScope) -> Result<(), Failure> {
        match &self.scopes {
            Some(scopes) if !scopes.contains(&scope) => {
                let word = match scope {
                    TokenScope::Query => "queries",
                    TokenScope::Mcp => "agents",
                    TokenScope::Api => "the API",
                };
                Err(Failure::forbidden(
                    "token_scope",
                    format!("this token was not made for {word}"),
                )
                .with_hint("make a token that has the scope"))
            }
            _ => Ok(()),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        identify(app, parts)
            .await
            .map_err(|failure| with_login(app, failure))
    }
}

async fn identify(app: &App, parts: &Parts) -> Result<Caller, Failure> {
    let Credentials { assertion, token } = Credentials::read(&parts.headers)?;
    let by_token = match &token {
        Some(token) => Some(by_token(app, token).await?),
        None => None,
    };
    let by_assertion = match &assertion {
        Some(assertion) => Some(by_assertion(app, assertion).await?),
        None => None,
    };
    match (by_token, by_assertion) {
        (Some(token), Some(assertion)) if token.principal.user != assertion.principal.user => {
            Err(Failure::unauthorized(
                "credentials_differ",
                "the token belongs to another person than the one signed in",
            ))
        }
        // A token says more: what it may be used for.
        (Some(caller), _) | (None, Some(caller)) => Ok(caller),
        (None, None) => Err(Failure::unauthorized(
            "credential_missing",
            "the request does not say who sends it",
        )),
    }
}

async fn by_token(app: &App, token: &Token) -> Result<Caller, Failure> {
    let sha256 = digest(&token.secret);
    let caller = match remembered(app, &sha256) {
        Some(caller) => caller,
        None => {
            let identity = ask(app, &IdentifyRequest::TokenSha256(sha256.clone())).await?;
            remember(app, sha256, to_caller(identity, Via::Token))
        }
    };
    if let Some(user) = &token.user
        && user.to_lowercase() != caller.principal.user.as_str()
    {
        return Err(Failure::unauthorized(
            "token_of_another",
            "the token does not belong to the user name beside it",
        )
        .with_hint("send the user name that the token was made for, or none"));
    }
    Ok(caller)
}

async fn by_assertion(app: &App, assertion: &str) -> Result<Caller, Failure> {
    let key = digest(assertion);
    if let Some(caller) = remembered(app, &key) {
        return Ok(caller);
    }
    let now = app.clock.now();
    let user: UserName = access::verify(
        &app.config.issuer,
        &app.kept.keys,
        &app.access,
        assertion,
        now,
    )
    .await
    .map_err(refused)?;
    let identity = ask(app, &IdentifyRequest::User(user)).await?;
    Ok(remember(app, key, to_caller(identity, Via::Access)))
}

fn refused(error: AccessError) -> Failure {
    match error {
        AccessError::Keys(error) => Failure::unavailable("the sign-in", error.to_string()),
        AccessError::Invalid(_) | AccessError::Expired(_) | AccessError::User => {
            log::warn(
                "a sign-in was refused",
                &[("reason", error.to_string().into())],
            );
            Failure::unauthorized("assertion_invalid", error.to_string()).with_hint("sign in again")
        }
    }
}

async fn ask(app: &App, request: &IdentifyRequest) -> Result<Identity, Failure> {
    let asked = app
        .lifeguard
        .send_json(http::Method::POST, "/internal/identify", None, request)
        .await;
    let failure = match asked {
        Ok(identity) => return Ok(identity),
        Err(error) => Failure::from(error),
    };
    if failure.problem().status == 401 {
        log::warn(
            "a credential was refused",
            &[("code", failure.problem().code.clone().into())],
        );
    }
    Err(failure)
}

fn to_caller(identity: Identity, via: Via) -> Caller {
    let Identity {
        user,
        name,
        kind,
        groups,
        token_id: _,
        scopes,
        policy_version: _,
    } = identity;
    Caller {
        principal: Principal {
            user,
            groups,
            kind,
            via,
            pii: None,
        },
        name,
        scopes,
    }
}

fn remembered(app: &App, key: &str) -> Option<Caller> {
    let kept = app
        .kept
        .identities
        .kept
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let (since, caller) = kept.get(key)?;
    (app.clock.now() < since.plus_seconds(app.config.refresh_seconds)).then(|| caller.clone())
}

fn remember(app: &App, key: String, caller: Caller) -> Caller {
    let mut kept = app
        .kept
        .identities
        .kept
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MAX_REMEMBERED {
        kept.clear();
    }
    kept.insert(key, (app.clock.now(), caller.clone()));
    caller
}

/// Who is not signed in is told where to.
fn with_login(app: &App, failure: Failure) -> Failure {
    if failure.problem().status != 401 {
        return failure;
    }
    failure.with_link("sign in", login_url(&app.config.public_url()))
}

/// Where Access lets people sign in.
pub fn login_url(origin: &str) -> String {
    format!("{origin}/cdn-cgi/access/login")
}

/// Where Access lets people sign out.
pub fn logout_url(origin: &str) -> String {
    format!("{origin}/cdn-cgi/access/logout")
}
