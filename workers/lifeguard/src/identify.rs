//! From a verified user or a token to a principal with groups.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use townlake_core::identity::PrincipalKind;
use townlake_core::names::UserName;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Caller;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::identity::{IdentifyRequest, Identity};
use townlake_protocol::lifeguard::tokens::TokenScope;

use crate::app::App;
use crate::authorize::{person, stale, unknown};
use crate::directory;
use crate::input::{json_column, moment_column, optional_moment_column};

/// A token's last use is written when it is older than this: a write a minute, not one a request.
const LAST_USE_SECONDS: i64 = 60;

/// `POST /internal/identify`
pub async fn identify(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<IdentifyRequest>,
) -> Result<Json<Identity>, Failure> {
    caller.require(&["gateway"])?;
    let head = directory::current(&app).await?;
    let now = app.clock.now();
    let (user, token) = match request {
        IdentifyRequest::User(user) => (user, None),
        IdentifyRequest::TokenSha256(digest) => {
            let token = live_token(&app, &digest, now).await?;
            (token.user.clone(), Some(token))
        }
    };
    if user.is_service() {
        return Err(unknown(&user));
    }
    if !head.is_fresh(&app.config, now) {
        return Err(stale());
    }
    let person = person(&app.db, &user)
        .await?
        .filter(|person| person.active)
        .ok_or_else(|| unknown(&user))?;
    Ok(Json(Identity {
        user,
        name: Some(person.name),
        kind: PrincipalKind::Person,
        groups: person.groups,
        token_id: token.as_ref().map(|token| token.id.clone()),
        scopes: token.map(|token| token.scopes),
        policy_version: head.version,
    }))
}

#[derive(Debug, Deserialize)]
struct Token {
    id: String,
    user: UserName,
    #[serde(deserialize_with = "json_column")]
    scopes: BTreeSet<TokenScope>,
    #[serde(deserialize_with = "moment_column")]
    expires_at: Timestamp,
    #[serde(deserialize_with = "optional_moment_column")]
    revoked_at: Option<Timestamp>,
    #[serde(deserialize_with = "optional_moment_column")]
    last_used_at: Option<Timestamp>,
}

async fn live_token(app: &App, digest: &str, now: Timestamp) -> Result<Token, Failure> {
    let sql = "SELECT id, user, scopes, expires_at, revoked_at, last_used_at FROM tokens WHERE token_sha256 = ?1";
    let token: Token = app.db.first(sql, params![digest]).await?.ok_or_else(|| {
        Failure::unauthorized("token_unknown", "nobody has this token").with_hint("make a new one")
    })?;
    if let Some(revoked_at) = token.revoked_at {
        return Err(Failure::unauthorized(
            "token_revoked",
            format!("the token was revoked at {revoked_at}"),
        )
        .with_hint("make a new one"));
    }
    if token.expires_at <= now {
        let detail = format!("the token expired at {}", token.expires_at);
        return Err(Failure::unauthorized("token_expired", detail).with_hint("make a new one"));
    }
    if token
        .last_used_at
        .is_none_or(|at| at.plus_seconds(LAST_USE_SECONDS) <= now)
    {
        touch(&app.db, &token.id, now).await?;
    }
    Ok(token)
}

async fn touch(db: &Database, id: &str, now: Timestamp) -> Result<(), DatabaseError> {
    db.run(
        "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1",
        params![id, now],
    )
    .await
    .map(drop)
}
