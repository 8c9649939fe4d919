//! The pages behind a statement: served while the policy still allows what the query stands on.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use townlake_core::advice::Advice;
use townlake_core::policy::evaluate::Asker;
use townlake_core::policy::explain::refusal;
use townlake_core::policy::model::Model;
use townlake_core::policy::session::live_session;
use townlake_kit::failure::Failure;
use townlake_kit::http::HttpError;
use townlake_kit::identity::Peer;
use townlake_kit::log;
use townlake_protocol::lifeguard::audit::{AuditKind, AuditOutcome};
use townlake_protocol::lifeguard::tokens::TokenScope;
use townlake_protocol::trino::ErrorCode;

use super::answer::{self, Refused};
use super::claims::Claims;
use super::engine::{self, Attempts};
use super::head::Page;
use super::place;
use super::statement::{Sender, internal_sender};
use super::sync;
use crate::app::App;
use crate::audit;
use crate::identify::Caller;
use crate::origin::Origin;

/// What a client may ask of a page beside the page itself.
const PARAMETERS: [&str; 2] = ["maxWait", "targetResultSize"];

/// The route for people and their programs.
pub async fn public(
    State(app): State<App>,
    Extension(origin): Extension<Origin>,
    Path((claims, page)): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Result<Response, Failure> {
    caller.require(TokenScope::Query)?;
    let client = audit::client_name(request.headers());
    let sender = Sender {
        principal: caller.principal,
        origin,
        client,
    };
    let wanted = Wanted::of(&request);
    follow(&app, sender, &claims, &page, wanted).await
}

/// The route for other Workers.
pub async fn internal(
    State(app): State<App>,
    Path((claims, page)): Path<(String, String)>,
    peer: Peer,
    request: Request,
) -> Result<Response, Failure> {
    let sender = internal_sender(&app, peer, request.headers())?;
    let wanted = Wanted::of(&request);
    follow(&app, sender, &claims, &page, wanted).await
}

/// `DELETE /v1/query/{id}`: how the JavaScript client cancels. The engine lets only the owner.
pub async fn kill(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    caller.require(TokenScope::Query)?;
    if !is_plain(&id) {
        return Err(unknown_page());
    }
    let mut request = engine::request(&app, Method::DELETE, &format!("/v1/query/{id}"))?;
    let user = &caller.principal.user;
    sync::identify(request.headers_mut(), user, user.as_str());
    sync::forwarded(
        request.headers_mut(),
        app.config.engine_forwarded_proto.as_str(),
        "gateway",
        "",
    );
    match engine::send(&app, request, Attempts::Several)
        .await?
        .status()
    {
        status if status.is_success() => Ok(StatusCode::NO_CONTENT),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Failure::forbidden(
            "query_of_another",
            "the query is not yours to stop",
        )),
        _ => Err(Failure::not_found(
            "query",
            "the engine has no running query of that id",
        )),
    }
}

/// What of a request matters here.
struct Wanted {
    method: Method,
    /// The parameters that are passed on, with their `?`.
    query: String,
}

impl Wanted {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            query: query(request),
        }
    }
}

async fn follow(
    app: &App,
    sender: Sender,
    text: &str,
    page: &str,
    wanted: Wanted,
) -> Result<Response, Failure> {
    let claims = Claims::verify(text, &app.config.url_key).ok_or_else(unknown_page)?;
    if claims.user != sender.principal.user {
        return Err(Failure::forbidden(
            "page_of_another",
            "the page belongs to another user's query",
        ));
    }
    if query_of(page) != Some(claims.query_id.as_str()) {
        return Err(unknown_page());
    }
    let following = Following {
        app,
        sender,
        claims,
        text,
        path: format!("/v1/statement/{page}{}", wanted.query),
    };
    match wanted.method {
        Method::GET => following.get().await,
        Method::HEAD => following.head().await,
        _ => following.delete().await,
    }
}

/// The query that a page's path is about. None if it is no path that engines hand out.
///
/// They are `queued/{query}/{slug}/{token}`, `executing/{query}/{slug}/{token}` and
/// `executing/partialCancel/{query}/{stage}/{slug}/{token}`.
fn query_of(page: &str) -> Option<&str> {
    let parts: Vec<&str> = page.split('/').collect();
    if !parts.iter().all(|part| is_plain(part)) {
        return None;
    }
    match parts.as_slice() {
        ["executing", "partialCancel", query, _, _, _] => Some(query),
        ["queued" | "executing", query, _, _] => Some(query),
        _ => None,
    }
}

fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn query(request: &Request) -> String {
    let kept: Vec<&str> = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            PARAMETERS.contains(&name)
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'.')
        })
        .collect();
    if kept.is_empty() {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    }
}

fn unknown_page() -> Failure {
    Failure::not_found(
        "page",
        "this is no address of a page that was handed out here",
    )
    .with_hint("send the statement again")
}

/// A page on its way.
struct Following<'a> {
    app: &'a App,
    sender: Sender,
    claims: Claims,
    /// The claims as they stand in the address.
    text: &'a str,
    /// The engine's path.
    path: String,
}

impl Following<'_> {
    async fn get(&self) -> Result<Response, Failure> {
        let app = self.app;
        let model = match app.model().await {
            Ok(model) => model,
            // No rows without a policy. The page stays where it is, so that the client may ask again.
            Err(error) => return Err(Failure::unavailable("the policy", error.to_string())),
        };
        if let Some(refused) = self.lost(&model) {
            return Ok(self.stop(refused).await);
        }
        let (parts, body) =
            match engine::send(app, self.request(Method::GET)?, Attempts::Several).await {
                Ok(response) => response.into_parts(),
                Err(error) => return Ok(self.gone(&error.to_string())),
            };
        match parts.status {
            StatusCode::OK => {}
            // Asked too late for a page that was followed by another: the client's own mistake.
            StatusCode::GONE => return Ok(answer::passed(&parts, body)),
            StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT => {
                return Err(Failure::unavailable("the engine", parts.status.to_string()));
            }
            status => return Ok(self.gone(&status.to_string())),
        }
        match self.own(body).await {
            Ok(body) => Ok(answer::passed(&parts, body)),
            Err(error) => Ok(self.gone(&error.to_string())),
        }
    }

    /// The engine's page with our own addresses, and places in the user's own text.
    async fn own(&self, body: Body) -> Result<Body, HttpError> {
        let moved = self.claims.moved.to_list();
        let theirs = self.app.config.engine_forwarded_proto;
        let origin = &self.sender.origin;
        if theirs == origin.scheme && moved.is_empty() {
            return Ok(body);
        }
        let mut page = Page::read(body).await?;
        if theirs != origin.scheme {
            page.replace(
                &format!("{}://{}/t/", theirs.as_str(), origin.host),
                &format!("{origin}/t/"),
            );
        }
        place::led_back(page, &moved).await
    }

    /// A sign of life from a client that is busy with a page.
    async fn head(&self) -> Result<Response, Failure> {
        let answered =
            engine::send(self.app, self.request(Method::HEAD)?, Attempts::Several).await?;
        Ok(answered.status().into_response())
    }

    async fn delete(&self) -> Result<Response, Failure> {
        match self.cancel().await {
            Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
            Err(error) => Err(Failure::from(error)),
        }
    }

    async fn cancel(&self) -> Result<(), HttpError> {
        let request = self
            .request(Method::DELETE)
            .map_err(|failure| HttpError::Unreachable {
                to: "the engine".to_owned(),
                reason: failure.problem().detail.clone(),
            })?;
        engine::send(self.app, request, Attempts::Several)
            .await
            .map(drop)
    }

    fn request(&self, method: Method) -> Result<http::Request<Body>, Failure> {
        let app = self.app;
        let mut request = engine::request(app, method, &self.path)?;
        let user = &self.claims.user;
        let effective_user = self
            .claims
            .pii
            .as_ref()
            .map_or(user.as_str(), |pii| &pii.effective_user);
        sync::identify(request.headers_mut(), user, effective_user);
        let proto = app.config.engine_forwarded_proto.as_str();
        let prefix = format!("/t/{}", self.text);
        sync::forwarded(
            request.headers_mut(),
            proto,
            &self.sender.origin.host,
            &prefix,
        );
        Ok(request)
    }

    /// What the query stood on and is no longer there.
    fn lost(&self, model: &Model) -> Option<Refused> {
        let now = self.app.clock.now();
        let claims = &self.claims;
        if let Some(pii) = &claims.pii
            && live_session(model, &claims.user, &pii.id, now).is_none()
        {
            let advice = Advice::new(
                "pii_session_over",
                "the query was stopped: its PII session is over",
                "rows that were still to come would have been unmasked",
            )
            .with_hint("open a new session and run the query again, or run it with masks");
            return Some(Refused::new(ErrorCode::PermissionDenied, advice));
        }
        let table = claims.changed(model, now)?;
        let asker = Asker {
            user: &claims.user,
            session: claims.pii.as_ref().map(|pii| &pii.id),
        };
        let advice = match refusal(model, asker, table, &[], now) {
            Some(missing) => {
                let mut advice = missing.to_advice(&self.app.config.public_url());
                advice.title = format!("the query was stopped: {}", advice.title);
                advice
            }
            None => Advice::new(
                "access_changed",
                format!("the query was stopped: what you may see of `{table}` has changed"),
                "rows that were still to come would have been by the old rules",
            )
            .with_hint("run the query again"),
        };
        Some(Refused::new(ErrorCode::PermissionDenied, advice))
    }

    async fn stop(&self, refused: Refused) -> Response {
        if let Err(error) = self.cancel().await {
            log::warn(
                "a query that lost its ground could not be stopped",
                &[("cause", error.to_string().into())],
            );
        }
        let client = self.sender.client.as_deref();
        // One event however often the client asks again.
        let id = format!("stop_{}", self.claims.query_id);
        let mut event = audit::event(
            self.app,
            id,
            AuditKind::QueryStopped,
            &self.sender.principal,
            client,
        );
        event.query_id = Some(self.claims.query_id.clone());
        event.pii_session = self.claims.pii.as_ref().map(|pii| pii.id.to_string());
        event.effective_user = self
            .claims
            .pii
            .as_ref()
            .map(|pii| pii.effective_user.clone());
        event.tables = self
            .claims
            .tables
            .iter()
            .map(|(table, _)| table.clone())
            .collect();
        event.outcome = Some(AuditOutcome::Refused);
        event.code = Some(refused.advice.code.clone());
        audit::record_or_warn(self.app, event).await;
        answer::failed(&self.claims.query_id, &self.sender.origin, &refused)
    }

    /// The engine is away, or no longer knows the query: it was started again, or the client was away for too long.
    fn gone(&self, cause: &str) -> Response {
        log::warn("a query's page is gone", &[("cause", cause.into())]);
        let advice = Advice::new(
            "query_lost",
            "the query engine no longer has this query",
            "it was started again or does not answer, and results that were not fetched are lost",
        )
        .with_hint("run the query again");
        let refused = Refused::new(ErrorCode::GenericInternalError, advice);
        answer::failed(&self.claims.query_id, &self.sender.origin, &refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_engines_hand_out_are_followed() {
        for (page, query) in [
            ("queued/20261121_1/yabc/1", Some("20261121_1")),
            ("executing/20261121_1/yabc/12", Some("20261121_1")),
            (
                "executing/partialCancel/20261121_1/0/yabc/1",
                Some("20261121_1"),
            ),
            ("executing/20261121_1/yabc", None),
            ("executing/20261121_1/yabc/1/2", None),
            ("other/20261121_1/yabc/1", None),
            ("executing/../../query/x", None),
            ("executing/20261121_1/ya%2fbc/1", None),
            ("executing/20261121_1//1", None),
            ("", None),
        ] {
            assert_eq!(query_of(page), query, "{page}");
        }
    }
}
