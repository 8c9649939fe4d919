//! The Worker's routes. All of them are internal: people come through the gateway.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use futures::channel::oneshot;
use serde::Deserialize;
use townlake_core::identity::{Principal, PrincipalKind};
use townlake_kit::background::Background;
use townlake_kit::failure::Failure;
use townlake_kit::identity::{Caller, Peer};
use townlake_kit::json::Json;
use townlake_protocol::skimmer::{Scan, ScanTrigger, Scans};

use crate::app::App;
use crate::scan::{self, Order};
use crate::store;

/// Scans that are listed if the caller does not say how many.
const DEFAULT_LIMIT: u32 = 20;
/// And at most.
const MAX_LIMIT: u32 = 200;

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/api/scans", get(list).post(start))
        .route("/internal/cron", post(cron))
        .method_not_allowed_fallback(async || {
            Failure::bad_request(
                "method_not_allowed",
                "scans are listed by GET and started by POST",
            )
        })
        .fallback(async || Failure::not_found("route", "Skimmer serves /api/scans"))
        .with_state(app)
}

/// `POST /api/scans`: scans now and answers when it is through. For reviewers and admins.
///
/// Requests that come during a scan wait for it and then share the next one, which sees what they want seen.
async fn start(
    State(app): State<App>,
    peer: Peer,
    background: Background,
) -> Result<Json<Scan>, Failure> {
    let person = allowed(&app, &peer)?;
    let order = Order {
        trigger: ScanTrigger::Request,
        requested_by: Some(person.user.to_string()),
    };
    // The scan goes on if the caller goes away: half a scan would have to be waited out.
    let (done, result) = oneshot::channel();
    background.run(async move {
        // Nobody listening is fine.
        let _ = done.send(scan::run(&app, order).await);
    });
    let scan = result
        .await
        .map_err(|_| Failure::unavailable("the scan", "it was dropped"))??;
    Ok(Json(scan))
}

#[derive(Debug, Deserialize)]
struct Listing {
    limit: Option<u32>,
}

/// `GET /api/scans?limit=`: the last scans, newest first. For reviewers and admins.
async fn list(
    State(app): State<App>,
    peer: Peer,
    listing: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<Scans>, Failure> {
    allowed(&app, &peer)?;
    let Query(listing) = listing
        .map_err(|rejection| Failure::bad_request("query_malformed", rejection.body_text()))?;
    let limit = listing.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    Ok(Json(Scans {
        scans: store::scans::list(&app.db, limit).await?,
    }))
}

/// `POST /internal/cron`: what the schedule runs, for where no schedule fires.
async fn cron(State(app): State<App>, caller: Caller) -> Result<Json<Scan>, Failure> {
    caller.require(&["gateway"])?;
    Ok(Json(
        scan::run(
            &app,
            Order {
                trigger: ScanTrigger::Cron,
                requested_by: None,
            },
        )
        .await?,
    ))
}

/// The person behind the request, if they may start and see scans.
fn allowed<'a>(app: &App, peer: &'a Peer) -> Result<&'a Principal, Failure> {
    let person = &peer.principal;
    let belongs = person.is_in(&app.access.reviewers) || person.is_in(&app.access.admins);
    if person.kind == PrincipalKind::Person && belongs {
        return Ok(person);
    }
    let detail = format!(
        "scans are for the groups `{}` and `{}`",
        app.access.reviewers, app.access.admins
    );
    Err(Failure::forbidden("scan_not_allowed", detail)
        .with_hint("ask a reviewer to scan, or wait for the next scheduled one"))
}
