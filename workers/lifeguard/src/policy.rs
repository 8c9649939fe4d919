//! The policy document that engines pull: rendered when the model changes, when time changes it, or when
//! memberships stop or start to count; validated before it is stored; served from the store.

mod store;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use townlake_core::policy::document::{Document, DocumentError};
use townlake_core::policy::render::{
    REFRESH_GRACE_SECONDS, VALIDITY_SECONDS, etag, next_change_at, render_valid,
};
use townlake_core::time::Timestamp;
use townlake_kit::failure::Failure;
use townlake_kit::identity::Caller;
use townlake_kit::log;
use townlake_protocol::lifeguard::identity::{POLICY_VERSION_HEADER, VALID_UNTIL_HEADER};

use crate::app::App;
use crate::conditional::is_current;
use crate::directory;
use crate::model;
use crate::state::{self, Head};

use store::Rendered;

/// `GET /internal/policy`
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    caller.require(&["gateway"])?;
    let head = directory::current(&app).await?;
    let (rendered, valid_until) = current(&app, head).await?;
    let unchanged = is_current(&headers, &rendered.etag);
    let body = if unchanged {
        Body::empty()
    } else {
        let meta = json!({
            "version": rendered.policy_version, "rendered_at": rendered.rendered_at, "valid_until": valid_until,
        });
        Body::from(format!(
            "{{\"meta\":{meta},{}",
            store::content(&app.db, &rendered).await?
        ))
    };
    let mut response = Response::new(body);
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        POLICY_VERSION_HEADER,
        HeaderValue::from(rendered.policy_version),
    );
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|error| Failure::internal(error.to_string()))
    };
    headers.insert(header::ETAG, value(&rendered.etag)?);
    headers.insert(VALID_UNTIL_HEADER, value(&valid_until.to_string())?);
    Ok(response)
}

/// The document to serve, and until when it may be enforced.
async fn current(app: &App, head: Head) -> Result<(Rendered, Timestamp), Failure> {
    let latest = store::latest(&app.db).await?;
    let now = app.clock.now();
    let fresh = head.is_fresh(&app.config, now);
    if let Some(latest) = &latest
        && latest.policy_version == head.version
        && latest.memberships_fresh == fresh
        && latest.changes_at.is_none_or(|changes_at| now < changes_at)
    {
        let valid_until = valid_until(app, &head, latest.changes_at, now);
        store::renew(&app.db, latest, valid_until).await?;
        return Ok((latest.clone(), valid_until));
    }
    match rendered(app, head).await {
        Ok(Ok(rendered)) => Ok(rendered),
        Ok(Err(error)) => last_good(latest, now, &error),
        Err(failure) => Err(failure),
    }
}

/// Renders and stores the document of the newest model.
async fn rendered(
    app: &App,
    mut head: Head,
) -> Result<Result<(Rendered, Timestamp), DocumentError>, Failure> {
    for _ in 0..state::ATTEMPTS {
        let (model, fresh) = model::assemble(app, &head).await?;
        let now = app.clock.now();
        let document = match render_valid(&model, now) {
            Ok(document) => document,
            Err(error) => return Ok(Err(error)),
        };
        let changes_at = next_change_at(&model, now);
        let valid_until = valid_until(app, &head, changes_at, now);
        let rendered = Rendered {
            id: 0,
            policy_version: model.version,
            memberships_fresh: fresh,
            rendered_at: now,
            changes_at,
            valid_until,
            etag: format!("\"{}\"", etag(&document)),
        };
        if let Some(rendered) = store::put(&app.db, rendered, &content(&document)?).await? {
            return Ok(Ok((rendered, valid_until)));
        }
        head = state::head(&app.db).await?;
    }
    Err(Failure::unavailable(
        "policy",
        "it kept changing while it was rendered",
    ))
}

/// What is served when nothing newer can be rendered: the last good document, as long as it was promised to hold.
fn last_good(
    latest: Option<Rendered>,
    now: Timestamp,
    error: &DocumentError,
) -> Result<(Rendered, Timestamp), Failure> {
    log::error(
        "the policy cannot be rendered; the last good document is served until it is no longer valid",
        &[("reason", error.to_string().into())],
    );
    match latest {
        Some(latest) if now < latest.valid_until => {
            let valid_until = latest.valid_until;
            Ok((latest, valid_until))
        }
        _ => Err(Failure::unavailable(
            "policy",
            format!("it cannot be rendered: {error}"),
        )),
    }
}

/// Until when a document may be enforced without news: five minutes, but not much beyond the moment at which it
/// is no longer true.
fn valid_until(app: &App, head: &Head, changes_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let ends = head
        .memberships_until(&app.config)
        .filter(|until| now < *until);
    [changes_at, ends]
        .into_iter()
        .flatten()
        .map(|end| end.plus_seconds(REFRESH_GRACE_SECONDS))
        .fold(now.plus_seconds(VALIDITY_SECONDS), Timestamp::min)
}

/// The document without its `meta`, which is written anew each time it is served: from `"groups"` on.
fn content(document: &Document) -> Result<String, Failure> {
    let part = |value: serde_json::Result<String>| {
        value.map_err(|error| Failure::internal(error.to_string()))
    };
    let groups = part(serde_json::to_string(&document.groups))?;
    let trino = part(serde_json::to_string(&document.trino))?;
    Ok(format!("\"groups\":{groups},\"trino\":{trino}}}"))
}
