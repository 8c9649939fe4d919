//! Personal access tokens: shown once, stored as a hash, the owner's alone.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use townlake_core::identity::Via;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::tokens::{
    CreatedToken, NewToken, TokenEntry, TokenList, TokenScope,
};

use crate::app::App;
use crate::audit;
use crate::authorize::standing;
use crate::input::{json_column, moment_column, optional_moment_column, text};

/// The longest life of a token: a year.
const MAX_HOURS: u32 = 8760;
/// How many live tokens a person may have: enough for every client, few enough to read.
const MAX_LIVE: usize = 100;

/// `GET /api/tokens`
pub async fn list(State(app): State<App>, peer: Peer) -> Result<Json<TokenList>, Failure> {
    let standing = standing(&app, &peer).await?;
    let tokens = tokens_of(&app, standing.user.as_str()).await?;
    Ok(Json(TokenList { tokens }))
}

/// `POST /api/tokens`
pub async fn create(
    State(app): State<App>,
    peer: Peer,
    Json(new): Json<NewToken>,
) -> Result<Json<CreatedToken>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_person("a personal access token")?;
    if standing.via != Via::Access {
        return Err(Failure::forbidden(
            "token_cannot_make_tokens",
            "a token cannot make another token",
        )
        .with_hint("sign in in the browser and make it there")
        .with_link("your tokens", format!("{}/tokens", app.config.public_url)));
    }
    let name = text("name", &new.name, 100)?;
    if !(1..=MAX_HOURS).contains(&new.hours) {
        let detail = format!(
            "`hours` is {}, from 1 to {MAX_HOURS} are allowed",
            new.hours
        );
        return Err(Failure::bad_request("field_invalid", detail));
    }
    let scopes = new.scopes.unwrap_or_else(|| TokenScope::ALL.into());
    if scopes.is_empty() {
        return Err(Failure::bad_request(
            "field_invalid",
            "`scopes` is empty: leave it out to allow everything",
        ));
    }
    let live = tokens_of(&app, standing.user.as_str())
        .await?
        .into_iter()
        .filter(|token| token.live)
        .count();
    if live >= MAX_LIVE {
        return Err(Failure::conflict(
            "too_many_tokens",
            format!("you have {live} live tokens, the most there can be"),
        )
        .with_hint("revoke one that you no longer use"));
    }

    let now = app.clock.now();
    let (id, token) = (random::id("tok"), random::token());
    let expires_at = now.plus_seconds(i64::from(new.hours) * 3600);
    let insert = Statement::new(
        "INSERT INTO tokens (id, user, name, token_sha256, scopes, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            &id,
            standing.user.as_str(),
            &name,
            random::digest(&token),
            json!(scopes).to_string(),
            now,
            expires_at,
        ],
    );
    let detail = json!({"id": id, "name": name, "scopes": scopes, "expires_at": expires_at});
    let record = audit::done(&standing, AuditKind::TokenCreated, now, detail)?;
    app.db.batch(vec![insert, record]).await?;
    Ok(Json(CreatedToken {
        id,
        token,
        expires_at,
        scopes,
    }))
}

/// `DELETE /api/tokens/{id}`
pub async fn revoke(
    State(app): State<App>,
    peer: Peer,
    Path(id): Path<String>,
) -> Result<Json<TokenEntry>, Failure> {
    let standing = standing(&app, &peer).await?;
    let now = app.clock.now();
    let mut token = tokens_of(&app, standing.user.as_str())
        .await?
        .into_iter()
        .find(|token| token.id == id)
        .ok_or_else(|| Failure::not_found("token", format!("you have no token `{id}`")))?;
    if token.revoked_at.is_none() {
        let update = Statement::new(
            "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            params![&id, now],
        );
        let record = audit::done(
            &standing,
            AuditKind::TokenRevoked,
            now,
            json!({"id": id, "name": token.name}),
        )?;
        app.db.batch(vec![update, record]).await?;
        token.revoked_at = Some(now);
        token.live = false;
    }
    Ok(Json(token))
}

async fn tokens_of(app: &App, user: &str) -> Result<Vec<TokenEntry>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        name: String,
        #[serde(deserialize_with = "json_column")]
        scopes: BTreeSet<TokenScope>,
        #[serde(deserialize_with = "moment_column")]
        created_at: Timestamp,
        #[serde(deserialize_with = "moment_column")]
        expires_at: Timestamp,
        #[serde(deserialize_with = "optional_moment_column")]
        revoked_at: Option<Timestamp>,
        #[serde(deserialize_with = "optional_moment_column")]
        last_used_at: Option<Timestamp>,
    }
    let now = app.clock.now();
    let sql = "SELECT id, name, scopes, created_at, expires_at, revoked_at, last_used_at FROM tokens \
               WHERE user = ?1 ORDER BY created_at DESC, id LIMIT 1000";
    let rows: Vec<Row> = app.db.all(sql, params![user]).await?;
    Ok(rows
        .into_iter()
        .map(|row| TokenEntry {
            live: row.revoked_at.is_none() && now < row.expires_at,
            id: row.id,
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
        .collect())
}
