//! `POST /v1/statement`: one statement, decided about and sent on.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use townlake_core::identity::Principal;
use townlake_kit::background::Background;
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_protocol::lifeguard::tokens::TokenScope;
use townlake_sql::ReadError;
use townlake_sql::limits::MAX_CHARACTERS;

use super::answer;
use super::asked::{Asked, Decided};
use super::check;
use super::session::{self, SessionError};
use crate::app::App;
use crate::audit;
use crate::identify::Caller;
use crate::origin::Origin;

/// A character has at most four bytes.
const MAX_BODY_BYTES: usize = 4 * MAX_CHARACTERS;

/// Who sends a statement, and from where.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Whose rights apply.
    pub principal: Principal,
    /// The address that was asked.
    pub origin: Origin,
    /// What the client calls itself.
    pub client: Option<String>,
}

/// The route for people and their programs.
pub async fn public(
    State(app): State<App>,
    Extension(origin): Extension<Origin>,
    caller: Caller,
    background: Background,
    request: Request,
) -> Result<Response, Failure> {
    caller.require(TokenScope::Query)?;
    let client = audit::client_name(request.headers());
    run(
        &app,
        Sender {
            principal: caller.principal,
            origin,
            client,
        },
        background,
        request,
    )
    .await
}

/// The route for other Workers.
pub async fn internal(
    State(app): State<App>,
    peer: Peer,
    background: Background,
    request: Request,
) -> Result<Response, Failure> {
    let sender = internal_sender(&app, peer, request.headers())?;
    run(&app, sender, background, request).await
}

/// A Worker, or the person it carries. The address is the platform's own; Workers follow only the path.
pub fn internal_sender(app: &App, peer: Peer, client: &HeaderMap) -> Result<Sender, Failure> {
    peer.caller.require(&["skimmer", "skipper"])?;
    let origin = app
        .config
        .public_origins
        .first()
        .cloned()
        .ok_or_else(|| Failure::internal("no origin is set"))?;
    Ok(Sender {
        principal: peer.principal,
        origin,
        client: audit::client_name(client),
    })
}

async fn run(
    app: &App,
    sender: Sender,
    background: Background,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let client = session::read(&parts.headers, &sender.principal.user).map_err(refuse_session)?;
    let id = audit::new_id();
    let sql = match read_text(body).await? {
        Ok(sql) => sql,
        Err(error) => {
            return Ok(answer::failed(
                &id,
                &sender.origin,
                &check::unreadable(&error),
            ));
        }
    };
    let asked = Asked {
        app,
        id,
        sql,
        sender,
        client,
    };
    match asked.decide().await {
        Ok(Decided::Answered(response)) => Ok(response),
        Ok(Decided::Allowed(allowed)) => asked.forward(allowed, background).await,
        Err(refused) => Ok(asked.refuse(refused).await),
    }
}

fn refuse_session(error: SessionError) -> Failure {
    match &error {
        SessionError::OtherUser { caller, .. } => {
            Failure::forbidden("user_differs", error.to_string()).with_hint(format!(
                "connect as user `{caller}`, or without a user name"
            ))
        }
        _ => Failure::bad_request("header_malformed", error.to_string()),
    }
}

/// The statement, or why it is none.
async fn read_text(body: Body) -> Result<Result<String, ReadError>, Failure> {
    let bytes = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(Err(ReadError::TooLong {
                limit: MAX_CHARACTERS,
            }));
        }
        Err(_) => {
            return Err(Failure::bad_request(
                "body_unreadable",
                "the statement breaks off",
            ));
        }
    };
    match String::from_utf8(bytes.into()) {
        Ok(sql) => Ok(Ok(sql)),
        Err(_) => Err(Failure::bad_request(
            "body_not_utf8",
            "the statement is not UTF-8 text",
        )),
    }
}
