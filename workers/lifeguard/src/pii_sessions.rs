//! PII sessions: masks lifted for one person, some classes and a time, with a reason on record.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use townlake_core::pii::PiiClass;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Statement, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_kit::random;
use townlake_protocol::lifeguard::audit::AuditKind;
use townlake_protocol::lifeguard::pii_sessions::{
    EndedPiiSession, NewPiiSession, OpenedPiiSession, PiiSessionEntry, PiiSessionList,
};

use crate::app::App;
use crate::authorize::{Standing, standing};
use crate::input::{json_column, moment_column, optional_moment_column, text};
use crate::{audit, state};

/// The longest session, in minutes.
const MAX_MINUTES: u32 = 60;
/// How many live sessions a person may have. Each adds its own rules to the policy document.
const MAX_LIVE: usize = 10;
/// The alphabet of nonces. They stand in regular expressions of the policy document.
const NONCE_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// `GET /api/pii-sessions`
pub async fn list(State(app): State<App>, peer: Peer) -> Result<Json<PiiSessionList>, Failure> {
    let standing = standing(&app, &peer).await?;
    let pii_sessions = sessions_of(&app, &standing).await?;
    Ok(Json(PiiSessionList { pii_sessions }))
}

/// `POST /api/pii-sessions`
pub async fn open(
    State(app): State<App>,
    peer: Peer,
    Json(new): Json<NewPiiSession>,
) -> Result<Json<OpenedPiiSession>, Failure> {
    let standing = standing(&app, &peer).await?;
    standing.require_person("a PII session")?;
    let reason = text("reason", &new.reason, 1000)?;
    if !(1..=MAX_MINUTES).contains(&new.minutes) {
        let detail = format!(
            "`minutes` is {}, from 1 to {MAX_MINUTES} are allowed",
            new.minutes
        );
        return Err(Failure::bad_request("field_invalid", detail));
    }
    if new.classes.is_empty() {
        let failure =
            Failure::bad_request("field_invalid", "`classes` is empty: name what to unmask");
        return Err(failure.with_hint("for example `[\"email\"]`"));
    }
    let now = app.clock.now();
    let granted_until = granted_until(&app, &standing, &new.classes, now).await?;
    let live = sessions_of(&app, &standing)
        .await?
        .into_iter()
        .filter(|session| session.live)
        .count();
    if live >= MAX_LIVE {
        let detail = format!("you have {live} live PII sessions, the most there can be");
        return Err(Failure::conflict("too_many_pii_sessions", detail)
            .with_hint("end one that you no longer need"));
    }

    let asked_until = now.plus_seconds(i64::from(new.minutes) * 60);
    let expires_at =
        granted_until.map_or(asked_until, |granted_until| granted_until.min(asked_until));
    let (id, nonce) = (random::id("pii"), nonce());
    let effective_user = format!("{}+pii.{nonce}", standing.user);
    let insert = Statement::new(
        "INSERT INTO pii_sessions (id, user, nonce, classes, reason, started_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            &id,
            standing.user.as_str(),
            &nonce,
            json!(new.classes).to_string(),
            &reason,
            now,
            expires_at
        ],
    );
    let detail = json!({
        "id": id, "classes": new.classes, "expires_at": expires_at, "reason": reason,
        "effective_user": effective_user,
    });
    let record = audit::done(&standing, AuditKind::PiiSessionOpened, now, detail)?;
    let policy_version = state::change(&app.db, now, vec![insert, record]).await?;
    Ok(Json(OpenedPiiSession {
        id,
        expires_at,
        classes: new.classes,
        effective_user,
        policy_version,
    }))
}

/// `DELETE /api/pii-sessions/{id}`
pub async fn end(
    State(app): State<App>,
    peer: Peer,
    Path(id): Path<String>,
) -> Result<Json<EndedPiiSession>, Failure> {
    let standing = standing(&app, &peer).await?;
    let session = sessions_of(&app, &standing)
        .await?
        .into_iter()
        .find(|session| session.id == id)
        .ok_or_else(|| {
            Failure::not_found("pii_session", format!("you have no PII session `{id}`"))
        })?;
    let now = app.clock.now();
    let policy_version = if session.live {
        let update = Statement::new(
            "UPDATE pii_sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL",
            params![&id, now],
        );
        let record = audit::done(
            &standing,
            AuditKind::PiiSessionEnded,
            now,
            json!({"id": id}),
        )?;
        state::change(&app.db, now, vec![update, record]).await?
    } else {
        state::version(&app.db).await?
    };
    Ok(Json(EndedPiiSession { id, policy_version }))
}

/// Until when the person may lift all of the masks; `None` is without end. Refuses if one of them is not granted.
async fn granted_until(
    app: &App,
    standing: &Standing,
    classes: &BTreeSet<PiiClass>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure> {
    #[derive(Deserialize)]
    struct Granted {
        class: PiiClass,
        #[serde(deserialize_with = "optional_moment_column")]
        expires_at: Option<Timestamp>,
    }
    let sql = "SELECT class, expires_at FROM unmask_grants \
               WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?1) \
               AND ((subject_kind = 'user' AND subject = ?2) \
                 OR (subject_kind = 'group' AND subject IN (SELECT group_name FROM memberships WHERE user = ?2)))";
    let granted: Vec<Granted> = app
        .db
        .all(sql, params![now, standing.user.as_str()])
        .await?;
    let mut until: Option<Timestamp> = None;
    for class in classes {
        // Of several grants for a class the longest counts; of several classes the shortest.
        let ends = granted
            .iter()
            .filter(|grant| grant.class == *class)
            .map(|grant| grant.expires_at.map_or(i64::MAX, Timestamp::as_millis));
        match ends.max() {
            None => {
                let class = class.as_str();
                return Err(Failure::forbidden(
                    "unmask_not_granted",
                    format!("you have no grant to unmask `{class}`"),
                )
                .with_hint(format!(
                    "ask a member of `{}` for an unmask grant for `{class}`, and say what for",
                    app.config.admins
                )));
            }
            Some(i64::MAX) => {}
            Some(end) => {
                let end = Timestamp::from_millis(end);
                until = Some(until.map_or(end, |until| until.min(end)));
            }
        }
    }
    Ok(until)
}

async fn sessions_of(app: &App, standing: &Standing) -> Result<Vec<PiiSessionEntry>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        nonce: String,
        #[serde(deserialize_with = "json_column")]
        classes: BTreeSet<PiiClass>,
        reason: String,
        #[serde(deserialize_with = "moment_column")]
        started_at: Timestamp,
        #[serde(deserialize_with = "moment_column")]
        expires_at: Timestamp,
        #[serde(deserialize_with = "optional_moment_column")]
        ended_at: Option<Timestamp>,
    }
    let now = app.clock.now();
    let sql = "SELECT id, nonce, classes, reason, started_at, expires_at, ended_at FROM pii_sessions \
               WHERE user = ?1 ORDER BY started_at DESC, id LIMIT 100";
    let rows: Vec<Row> = app.db.all(sql, params![standing.user.as_str()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| PiiSessionEntry {
            live: row.ended_at.is_none() && now < row.expires_at,
            effective_user: format!("{}+pii.{}", standing.user, row.nonce),
            id: row.id,
            classes: row.classes,
            reason: row.reason,
            started_at: row.started_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        })
        .collect())
}

/// 16 letters and digits, each as likely as the other: 82 random bits.
fn nonce() -> String {
    let mut nonce = String::with_capacity(16);
    while nonce.len() < 16 {
        for byte in random::bytes::<32>() {
            // 252 is the largest multiple of 36 in a byte; what is above would favour the first letters.
            let letter = (byte < 252)
                .then(|| NONCE_ALPHABET.get(usize::from(byte % 36)))
                .flatten();
            if let Some(letter) = letter
                && nonce.len() < 16
            {
                nonce.push(char::from(*letter));
            }
        }
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_fit_the_policy_document() {
        for _ in 0..200 {
            let nonce = nonce();
            assert_eq!(nonce.len(), 16);
            assert!(
                nonce
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
                "{nonce}"
            );
        }
    }
}
