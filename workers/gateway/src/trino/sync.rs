//! "The engine has heard of it": before a query goes on, the engine has to have the policy by which the gateway let it
//! through, or it would refuse a person what they were just given, or show it empty.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use serde::Deserialize;
use townlake_core::names::UserName;
use townlake_core::policy::model::PiiSession;
use townlake_kit::clock::{Clock, pause};
use townlake_kit::failure::Failure;
use townlake_kit::http::{HttpError, read_bytes, read_json};
use townlake_protocol::trino::{QueryResults, headers};

use super::engine::{self, Attempts};
use crate::app::App;
use crate::origin::Origin;

/// Between two looks at what the engine has.
const PAUSE: Duration = Duration::from_millis(200);
/// On top of two refresh periods: an engine that is busy, or was just started.
const PATIENCE_SECONDS: i64 = 8;
/// Sessions live an hour at most; an isolate that has seen more than these has forgotten nothing of worth.
const MAX_KNOWN: usize = 10_000;
/// How many pages of a one-line query are followed.
const MAX_PAGES: usize = 50;

/// What the engine is known to have heard of: PII sessions, and a version of the policy. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct KnownSessions {
    known: Arc<Mutex<HashSet<String>>>,
    /// The newest version of the policy that the engine is known to have.
    engine_version: Arc<AtomicU64>,
}

/// Returns once the engine has a policy that knows the session.
///
/// # Errors
/// It does not get there within two refresh periods and a little.
pub async fn wait_for(
    app: &App,
    version: u64,
    session: &PiiSession,
    origin: &Origin,
) -> Result<(), Failure> {
    let effective_user = session.effective_user();
    let seen = app.kept.sessions.engine_version.load(Ordering::Relaxed);
    if seen >= version || lock(&app.kept.sessions).contains(&effective_user) {
        return Ok(());
    }
    // The system's clock, as the pauses are real whatever a test's clock says.
    let clock = Clock::system();
    let deadline = clock
        .now()
        .plus_seconds(2 * app.config.refresh_seconds + PATIENCE_SECONDS);
    let mut last = String::new();
    while clock.now() < deadline {
        let known = match refresh(app).await {
            Ok(Some(at)) => Ok(at >= version),
            // No such route: a Trino, which only shows by itself what it knows.
            Ok(None) => try_out(app, &session.user, &effective_user, origin).await,
            Err(error) => Err(error),
        };
        match known {
            Ok(true) => {
                let mut known = lock(&app.kept.sessions);
                if known.len() >= MAX_KNOWN {
                    known.clear();
                }
                known.insert(effective_user);
                return Ok(());
            }
            Ok(false) => last.clear(),
            Err(error) => last = error.to_string(),
        }
        pause(PAUSE).await;
    }
    Err(Failure::unavailable(
        "the engine's copy of the policy",
        last,
    ))
}

/// Returns once the engine has at least this version of the policy. Until then it would answer by an older one: a table
/// that was granted just now would be there without rows.
///
/// # Errors
/// The engine answers, but does not get there within two refresh periods and a little.
pub async fn catch_up(app: &App, version: u64) -> Result<(), Failure> {
    let seen = &app.kept.sessions.engine_version;
    if seen.load(Ordering::Relaxed) >= version {
        return Ok(());
    }
    let clock = Clock::system();
    let deadline = clock
        .now()
        .plus_seconds(2 * app.config.refresh_seconds + PATIENCE_SECONDS);
    loop {
        let last = match refresh(app).await {
            Ok(Some(at)) if at >= version => {
                seen.fetch_max(at, Ordering::Relaxed);
                return Ok(());
            }
            Ok(Some(at)) => format!("it has version {at} of the policy, not {version}"),
            // A Trino looks for a newer policy by itself, and only then.
            Ok(None) => return Ok(()),
            Err(HttpError::Refused { problem }) => problem.title.clone(),
            // It is away: sending it the statement will say so.
            Err(_) => return Ok(()),
        };
        if clock.now() >= deadline {
            return Err(Failure::unavailable(
                "the engine's copy of the policy",
                last,
            ));
        }
        pause(PAUSE).await;
    }
}

fn lock(sessions: &KnownSessions) -> std::sync::MutexGuard<'_, HashSet<String>> {
    sessions
        .known
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Has the embedded engine pull the policy now, and returns the version that it has. None: it is not that engine.
async fn refresh(app: &App) -> Result<Option<u64>, HttpError> {
    #[derive(Deserialize)]
    struct Refreshed {
        version: u64,
    }
    let request = signed(app, Method::POST, "/v1/townlake/refresh")?;
    let response = engine::send(app, request, Attempts::Several).await?;
    if matches!(
        response.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    ) {
        return Ok(None);
    }
    let refreshed: Refreshed = read_json("the engine", response).await?;
    Ok(Some(refreshed.version))
}

/// Runs `SELECT 1` as the session's user. False if the engine refuses the impersonation.
async fn try_out(
    app: &App,
    user: &UserName,
    effective_user: &str,
    origin: &Origin,
) -> Result<bool, HttpError> {
    let mut request = signed(app, Method::POST, "/v1/statement")?;
    *request.body_mut() = Body::from("SELECT 1");
    identify(request.headers_mut(), user, effective_user);
    forwarded(
        request.headers_mut(),
        app.config.engine_forwarded_proto.as_str(),
        &origin.host,
        "",
    );
    let mut response = engine::send(app, request, Attempts::One).await?;
    for _ in 0..MAX_PAGES {
        let bytes = read_bytes("the engine", response.into_body()).await?;
        let unreadable = |reason: String| HttpError::Unreadable {
            to: "the engine".to_owned(),
            reason,
        };
        let page: QueryResults =
            serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        if let Some(error) = page.error {
            return Ok(!error.message.contains("cannot impersonate"));
        }
        let Some(next) = page.next_uri else {
            return Ok(true);
        };
        let next = url::Url::parse(&next).map_err(|error| unreadable(error.to_string()))?;
        let mut request = signed(app, Method::GET, next.path())?;
        identify(request.headers_mut(), user, effective_user);
        forwarded(
            request.headers_mut(),
            app.config.engine_forwarded_proto.as_str(),
            &origin.host,
            "",
        );
        response = engine::send(app, request, Attempts::Several).await?;
    }
    Ok(true)
}

fn signed(app: &App, method: Method, path: &str) -> Result<Request<Body>, HttpError> {
    engine::request(app, method, path).map_err(|failure| HttpError::Unreachable {
        to: "the engine".to_owned(),
        reason: failure.problem().detail.clone(),
    })
}

/// Who asks, and as whom.
pub fn identify(map: &mut http::HeaderMap, user: &UserName, effective_user: &str) {
    for (name, value) in [
        (headers::ORIGINAL_USER, user.as_str()),
        (headers::USER, effective_user),
    ] {
        // Users are of a narrow alphabet, and nonces too.
        if let Ok(value) = HeaderValue::from_str(value) {
            map.insert(HeaderName::from_static(name), value);
        }
    }
}

/// What the engine makes the addresses of pages of.
pub fn forwarded(map: &mut http::HeaderMap, proto: &str, host: &str, prefix: &str) {
    for (name, value) in [
        ("x-forwarded-proto", proto),
        ("x-forwarded-host", host),
        ("x-forwarded-prefix", prefix),
    ] {
        match HeaderValue::from_str(value) {
            Ok(value) if !value.is_empty() => {
                map.insert(HeaderName::from_static(name), value);
            }
            _ => {}
        }
    }
}
