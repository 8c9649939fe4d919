//! `POST /v1/statement`: one statement, decided about and sent on.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use townlake_core::advice::Advice;
use townlake_core::identity::Principal;
use townlake_core::names::TableRef;
use townlake_core::policy::evaluate::Asker;
use townlake_core::policy::ids::PiiSessionId;
use townlake_core::policy::model::{Model, PiiSession};
use townlake_core::policy::session::live_session;
use townlake_kit::background::Background;
use townlake_kit::failure::Failure;
use townlake_kit::http::HttpError;
use townlake_kit::identity::Peer;
use townlake_kit::log;
use townlake_protocol::lifeguard::audit::{AuditEvent, AuditKind};
use townlake_protocol::lifeguard::tokens::TokenScope;
use townlake_protocol::trino::{ErrorCode, headers};
use townlake_sql::limits::MAX_CHARACTERS;
use townlake_sql::{ReadError, Reading, Statement};

use super::answer::{self, Refused};
use super::check::{self, Question};
use super::claims::{Claims, PiiClaim, print};
use super::engine::{self, Attempts};
use super::head::Page;
use super::session::{self, ClientSession, PII_PROPERTY, SessionError};
use super::sync;
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
    run(&app, Sender { principal: caller.principal, origin, client }, background, request).await
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
    let origin = app.config.public_origins.first().cloned().ok_or_else(|| Failure::internal("no origin is set"))?;
    Ok(Sender { principal: peer.principal, origin, client: audit::client_name(client) })
}

async fn run(app: &App, sender: Sender, background: Background, request: Request) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let client = session::read(&parts.headers, &sender.principal.user).map_err(refuse_session)?;
    let id = audit::new_id();
    let sql = match read_text(body).await? {
        Ok(sql) => sql,
        Err(error) => return Ok(answer::failed(&id, &sender.origin, &check::unreadable(&error))),
    };
    let asked = Asked { app, id, sql, sender, client };
    match asked.decide().await {
        Ok(Decided::Answered(response)) => Ok(response),
        Ok(Decided::Allowed(allowed)) => asked.forward(allowed, background).await,
        Err(refused) => Ok(asked.refuse(refused).await),
    }
}

fn refuse_session(error: SessionError) -> Failure {
    match &error {
        SessionError::OtherUser { caller, .. } => Failure::forbidden("user_differs", error.to_string())
            .with_hint(format!("connect as user `{caller}`, or without a user name")),
        _ => Failure::bad_request("header_malformed", error.to_string()),
    }
}

/// The statement, or why it is none.
async fn read_text(body: Body) -> Result<Result<String, ReadError>, Failure> {
    let bytes = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(Err(ReadError::TooLong { characters: MAX_BODY_BYTES + 1, limit: MAX_CHARACTERS }));
        }
        Err(_) => return Err(Failure::bad_request("body_unreadable", "the statement breaks off")),
    };
    match String::from_utf8(bytes.into()) {
        Ok(sql) => Ok(Ok(sql)),
        Err(_) => Err(Failure::bad_request("body_not_utf8", "the statement is not UTF-8 text")),
    }
}

/// A statement on its way.
struct Asked<'a> {
    app: &'a App,
    /// Our own id of it, until the engine gives one.
    id: String,
    sql: String,
    sender: Sender,
    client: ClientSession,
}

enum Decided {
    /// The gateway's own to answer.
    Answered(Response),
    /// May go to the engine.
    Allowed(Allowed),
}

/// What an allowed statement stands on.
struct Allowed {
    tables: Vec<(TableRef, String)>,
    session: Option<PiiSession>,
    version: u64,
}

/// Why a statement does not go to the engine, and on which tables it would have.
struct NotAllowed {
    refused: Refused,
    tables: Vec<TableRef>,
}

impl From<Refused> for NotAllowed {
    fn from(refused: Refused) -> Self {
        Self { refused, tables: Vec::new() }
    }
}

impl Asked<'_> {
    async fn decide(&self) -> Result<Decided, NotAllowed> {
        let app = self.app;
        let reading = townlake_sql::read(&self.sql, &self.client.sql).map_err(|error| check::unreadable(&error))?;
        let model = app.model().await.map_err(|error| no_policy(&error))?;
        let now = app.clock.now();
        let user = &self.sender.principal.user;
        match &reading.statement {
            Statement::SetSession { name, value } if name == PII_PROPERTY => {
                return Ok(Decided::Answered(self.set_session(&model, value.as_deref())?));
            }
            Statement::ResetSession { name } if name == PII_PROPERTY => {
                let session = header(headers::CLEAR_SESSION, PII_PROPERTY);
                let response = answer::finished(&self.id, &self.sender.origin, "RESET SESSION", session);
                return Ok(Decided::Answered(response));
            }
            _ => {}
        }
        let session = match &self.client.pii {
            None => None,
            Some(id) => Some(self.session(&model, id)?),
        };
        let session_id = session.as_ref().map(|session| &session.id);
        let asker = Asker { user, session: session_id };
        let public_url = app.config.public_url();
        let question = Question { model: &model, asker, now, public_url: &public_url };
        let tables = check::check(question, &reading)
            .map_err(|refused| NotAllowed { refused, tables: tables_of(&reading) })?;
        if let Some(session) = &session
            && let Err(failure) = sync::wait_for(app, model.version, session, &self.sender.origin).await
        {
            return Err(not_synced(&failure).into());
        }
        let tables = tables.into_iter().map(|table| (table.clone(), print(&model, asker, &table, now))).collect();
        Ok(Decided::Allowed(Allowed { tables, session, version: model.version }))
    }

    /// The caller's own live session of that id.
    fn session(&self, model: &Model, id: &str) -> Result<PiiSession, Refused> {
        let app = self.app;
        let user = &self.sender.principal.user;
        live_session(model, user, &PiiSessionId::from(id), app.clock.now())
            .map(|live| live.session.clone())
            .ok_or_else(|| check::no_session(id, user, model, &app.config.public_url()))
    }

    /// `SET SESSION pii_session = '<id>'`: the client remembers it and sends it along from now on.
    fn set_session(&self, model: &Model, id: Option<&str>) -> Result<Response, Refused> {
        let Some(id) = id else {
            let advice = Advice::new(
                "pii_session_malformed",
                "the session property `pii_session` takes a string",
                "it names a PII session by its id, as in `SET SESSION pii_session = 'pii_...'`",
            );
            return Err(Refused::new(ErrorCode::InvalidSessionProperty, advice));
        };
        self.session(model, id)?;
        let value = format!("{PII_PROPERTY}={}", utf8_percent_encode(id, NON_ALPHANUMERIC));
        Ok(answer::finished(&self.id, &self.sender.origin, "SET SESSION", header(headers::SET_SESSION, &value)))
    }

    async fn refuse(&self, NotAllowed { refused, tables }: NotAllowed) -> Response {
        let mut event = audit::with_refusal(self.event(AuditKind::QueryRefused), &refused.advice.code, tables);
        event.query_id = Some(self.id.clone());
        audit::record_or_warn(self.app, event).await;
        answer::failed(&self.id, &self.sender.origin, &refused)
    }

    fn event(&self, kind: AuditKind) -> AuditEvent {
        let client = self.sender.client.as_deref();
        let mut event = audit::event(self.app, self.id.clone(), kind, &self.sender.principal, client);
        event.pii_session.clone_from(&self.client.pii);
        audit::with_statement(event, &self.sql)
    }

    /// Sends the statement to the engine, and its answer back.
    async fn forward(&self, allowed: Allowed, background: Background) -> Result<Response, Failure> {
        let Self { app, sender, .. } = self;
        let user = &sender.principal.user;
        let effective_user = allowed.session.as_ref().map_or_else(|| user.to_string(), PiiSession::effective_user);
        // The engine's id of the query is part of the address, so a placeholder stands there until it is known.
        let placeholder = format!("/t/{}", self.id);
        let proto = app.config.engine_forwarded_proto.as_str();
        let mut request = engine::request(app, Method::POST, "/v1/statement")?;
        *request.body_mut() = Body::from(self.sql.clone());
        request.headers_mut().extend(self.client.headers.clone());
        sync::identify(request.headers_mut(), user, &effective_user);
        sync::forwarded(request.headers_mut(), proto, &sender.origin.host, &placeholder);
        let (parts, body) = match engine::send(app, request, Attempts::One).await {
            Ok(response) => response.into_parts(),
            Err(error) => return Ok(self.no_engine(&error)),
        };
        if parts.status != StatusCode::OK {
            return Ok(self.odd_answer(parts.status));
        }
        let mut page = match Page::read(body).await {
            Ok(page) => page,
            Err(error) => return Ok(self.no_engine(&error)),
        };
        let Some(query_id) = page.field("id").map(str::to_owned) else {
            return Ok(self.odd_answer(parts.status));
        };
        let claims = Claims {
            user: user.clone(),
            query_id: query_id.clone(),
            pii: allowed
                .session
                .as_ref()
                .map(|session| PiiClaim { id: session.id.clone(), effective_user: effective_user.clone() }),
            tables: allowed.tables,
        };
        let next = page.field("nextUri").and_then(|uri| uri.split_once(&placeholder)).map(|(_, path)| path.to_owned());
        let Some(prefix) = claims.to_prefix(&app.config.url_key) else {
            self.give_up(next).await;
            return Ok(answer::failed(&self.id, &sender.origin, &too_many_tables(claims.tables.len())));
        };
        let mut event = self.event(AuditKind::QueryStarted);
        event.query_id = Some(query_id);
        event.effective_user = Some(effective_user).filter(|effective| effective != user.as_str());
        event.tables = claims.tables.into_iter().map(|(table, _)| table).collect();
        event.policy_version = Some(allowed.version);
        if allowed.session.is_some() {
            // What is seen unmasked is on record before it is seen.
            if let Err(error) = audit::record(app, event).await {
                self.give_up(next).await;
                return Ok(answer::failed(&self.id, &sender.origin, &no_record(&error)));
            }
        } else {
            let app = App::clone(app);
            background.run(async move { audit::record_or_warn(&app, event).await });
        }
        let engine_address = format!("{proto}://{}{placeholder}", sender.origin.host);
        page.replace(&engine_address, &format!("{}{prefix}", sender.origin));
        Ok(answer::passed(&parts, page.into_body()))
    }

    /// Stops a query whose answer nobody gets.
    async fn give_up(&self, path: Option<String>) {
        let Some(path) = path else { return };
        let stopped = match engine::request(self.app, Method::DELETE, &path) {
            Ok(request) => engine::send(self.app, request, Attempts::Several).await.map(drop),
            Err(_) => return,
        };
        if let Err(error) = stopped {
            log::warn("a query could not be stopped", &[("cause", error.to_string().into())]);
        }
    }

    fn no_engine(&self, error: &HttpError) -> Response {
        log::error("the engine does not answer", &[("cause", error.to_string().into())]);
        answer::failed(&self.id, &self.sender.origin, &no_engine(error))
    }

    fn odd_answer(&self, status: StatusCode) -> Response {
        log::error("the engine gave an odd answer to a statement", &[("status", status.as_u16().into())]);
        let detail = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "it does not accept the gateway's credential",
            _ => "its answer cannot be read",
        };
        let advice = Advice::new("engine_odd", "the query engine did not take the statement", detail)
            .with_hint("tell whoever runs the platform");
        answer::failed(&self.id, &self.sender.origin, &Refused::new(ErrorCode::GenericInternalError, advice))
    }
}

/// The engine is away, in words that say what became of the statement.
pub fn no_engine(error: &HttpError) -> Refused {
    let detail = match error {
        HttpError::Timeout { .. } => "it took the statement, perhaps, and then said nothing for too long",
        _ => "nothing was run",
    };
    let advice = Advice::new("engine_unavailable", "the query engine does not answer", detail)
        .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

fn no_policy(error: &HttpError) -> Refused {
    log::error("there is no policy to decide with", &[("cause", error.to_string().into())]);
    let advice = Advice::new(
        "policy_unavailable",
        "the policy cannot be read at the moment",
        "without it everything is closed; nothing was run",
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

fn not_synced(failure: &Failure) -> Refused {
    let advice = Advice::new(
        "engine_behind",
        "the query engine has not heard of the PII session yet",
        failure.problem().title.clone(),
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

fn no_record(error: &HttpError) -> Refused {
    log::error("a query under a PII session could not be recorded", &[("cause", error.to_string().into())]);
    let advice = Advice::new(
        "audit_unavailable",
        "the query was not run",
        "queries under a PII session are recorded first, and the record could not be written",
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

fn too_many_tables(count: usize) -> Refused {
    let advice = Advice::new(
        "too_many_tables",
        format!("the statement names {count} tables, too many for one query"),
        "nothing was run",
    )
    .with_hint("split it into several, or ask for a view over them");
    Refused::new(ErrorCode::NotSupported, advice)
}

fn tables_of(reading: &Reading) -> Vec<TableRef> {
    let mut tables: Vec<TableRef> = reading.tables.iter().map(|used| used.table.clone()).collect();
    tables.sort();
    tables.dedup();
    tables
}

fn header(name: &'static str, value: &str) -> HeaderMap {
    let mut map = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(value) {
        map.insert(HeaderName::from_static(name), value);
    }
    map
}
