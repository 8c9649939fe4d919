//! A statement on its way: decided about, sent to the engine, and its answer sent back.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use townlake_core::advice::Advice;
use townlake_core::names::TableRef;
use townlake_core::policy::evaluate::Asker;
use townlake_core::policy::ids::PiiSessionId;
use townlake_core::policy::model::{Model, PiiSession};
use townlake_core::policy::session::live_session;
use townlake_kit::background::Background;
use townlake_kit::failure::Failure;
use townlake_kit::http::{HttpError, read_bytes};
use townlake_kit::log;
use townlake_protocol::lifeguard::audit::{AuditColumn, AuditEvent, AuditKind};
use townlake_protocol::trino::{ErrorCode, headers};
use townlake_sql::{Reading, Statement};

use super::answer::{self, Refused};
use super::check::{self, Question};
use super::claims::{Claims, Moves, PiiClaim, print};
use super::engine::{self, Attempts};
use super::govern::{Governed, govern};
use super::head::Page;
use super::place;
use super::session::{ClientSession, PII_PROPERTY, prepared_header};
use super::statement::Sender;
use super::sync;
use super::unavailable::{engine_away, engine_behind, engine_odd, no_policy, no_record};
use crate::app::App;
use crate::audit;

/// A statement on its way.
pub struct Asked<'a> {
    /// The gateway.
    pub app: &'a App,
    /// Our own id of it, until the engine gives one.
    pub id: String,
    /// The text.
    pub sql: String,
    /// Who sends it.
    pub sender: Sender,
    /// The client's session.
    pub client: ClientSession,
}

/// What becomes of a statement that is not refused.
pub enum Decided {
    /// The gateway's own to answer.
    Answered(Response),
    /// May go to the engine.
    Allowed(Allowed),
}

/// What an allowed statement stands on.
pub struct Allowed {
    tables: Vec<(TableRef, String)>,
    governed: Governed,
    /// The columns that are seen through a mask, and those that are not.
    columns: Vec<AuditColumn>,
    session: Option<PiiSession>,
    version: u64,
    /// Whether the engine may be asked twice: a query that nobody follows ends by itself, a write may not.
    attempts: Attempts,
}

/// Why a statement does not go to the engine, and on which tables it would have.
pub struct NotAllowed {
    refused: Refused,
    tables: Vec<TableRef>,
}

impl From<Refused> for NotAllowed {
    fn from(refused: Refused) -> Self {
        Self {
            refused,
            tables: Vec::new(),
        }
    }
}

impl Asked<'_> {
    /// Reads the statement and decides about it.
    ///
    /// # Errors
    /// It may not run.
    pub async fn decide(&self) -> Result<Decided, NotAllowed> {
        let app = self.app;
        let reading = townlake_sql::read(&self.sql, &self.client.sql)
            .map_err(|error| check::unreadable(&error))?;
        let model = app.model().await.map_err(|error| no_policy(&error))?;
        let refused = match self.decide_by(&reading, &model).await {
            Err(refused) => refused,
            decided => return decided,
        };
        // Before saying no, a look at the newest policy: it may have been granted, or the session opened, just now.
        let newest = app
            .newest_model()
            .await
            .map_err(|error| no_policy(&error))?;
        if newest.version == model.version {
            return Err(refused);
        }
        self.decide_by(&reading, &newest).await
    }

    async fn decide_by(&self, reading: &Reading, model: &Model) -> Result<Decided, NotAllowed> {
        let app = self.app;
        let now = app.clock.now();
        let user = &self.sender.principal.user;
        match &reading.statement {
            Statement::SetSession { name, value } if name == PII_PROPERTY => {
                return Ok(Decided::Answered(
                    self.set_session(model, value.as_deref())?,
                ));
            }
            Statement::ResetSession { name } if name == PII_PROPERTY => {
                let session = header(headers::CLEAR_SESSION, PII_PROPERTY);
                let response =
                    answer::finished(&self.id, &self.sender.origin, "RESET SESSION", session);
                return Ok(Decided::Answered(response));
            }
            _ => {}
        }
        let session = match &self.client.pii {
            None => None,
            Some(id) => Some(self.session(model, id)?),
        };
        let session_id = session.as_ref().map(|session| &session.id);
        let asker = Asker {
            user,
            session: session_id,
        };
        let public_url = app.config.public_url();
        let question = Question {
            model,
            asker,
            now,
            public_url: &public_url,
        };
        let not_allowed = |refused| NotAllowed {
            refused,
            tables: tables_of(reading),
        };
        let tables = check::check(question, reading).map_err(not_allowed)?;
        let governed = govern(question, &self.sql, &self.client.sql).map_err(not_allowed)?;
        let columns = governed.audited(question);
        sync::catch_up(app, model.version)
            .await
            .map_err(|failure| engine_behind(&failure))?;
        if let Some(session) = &session
            && let Err(failure) =
                sync::wait_for(app, model.version, session, &self.sender.origin).await
        {
            return Err(engine_behind(&failure).into());
        }
        let tables = tables
            .into_iter()
            .map(|table| (table.clone(), print(model, asker, &table, now)))
            .collect();
        let attempts = match reading.statement.innermost() {
            Statement::Query | Statement::Show(_) => Attempts::Several,
            _ => Attempts::One,
        };
        Ok(Decided::Allowed(Allowed {
            tables,
            governed,
            columns,
            session,
            version: model.version,
            attempts,
        }))
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
        let value = format!(
            "{PII_PROPERTY}={}",
            utf8_percent_encode(id, NON_ALPHANUMERIC)
        );
        Ok(answer::finished(
            &self.id,
            &self.sender.origin,
            "SET SESSION",
            header(headers::SET_SESSION, &value),
        ))
    }

    /// Records a refusal and answers with it.
    pub async fn refuse(&self, NotAllowed { refused, tables }: NotAllowed) -> Response {
        let mut event = audit::with_refusal(
            self.event(AuditKind::QueryRefused),
            &refused.advice.code,
            tables,
        );
        event.query_id = Some(self.id.clone());
        audit::record_or_warn(self.app, event).await;
        answer::failed(&self.id, &self.sender.origin, &refused)
    }

    fn event(&self, kind: AuditKind) -> AuditEvent {
        let client = self.sender.client.as_deref();
        let mut event = audit::event(
            self.app,
            self.id.clone(),
            kind,
            &self.sender.principal,
            client,
        );
        event.pii_session.clone_from(&self.client.pii);
        audit::with_statement(event, &self.sql)
    }

    /// Sends the statement to the engine, and its answer back.
    ///
    /// # Errors
    /// The request to the engine cannot be made.
    pub async fn forward(
        &self,
        allowed: Allowed,
        background: Background,
    ) -> Result<Response, Failure> {
        let Self { app, sender, .. } = self;
        let user = &sender.principal.user;
        let effective_user = allowed
            .session
            .as_ref()
            .map_or_else(|| user.to_string(), PiiSession::effective_user);
        // The engine's id of the query is part of the address, so a placeholder stands there until it is known.
        let placeholder = format!("/t/{}", self.id);
        let proto = app.config.engine_forwarded_proto.as_str();
        let mut request = engine::request(app, Method::POST, "/v1/statement")?;
        *request.body_mut() = Body::from(allowed.governed.sql);
        request.headers_mut().extend(self.client.headers.clone());
        if let Some((name, text)) = allowed.governed.prepared {
            let value = prepared_header(&name, &text);
            request
                .headers_mut()
                .extend(header(headers::PREPARED_STATEMENT, &value));
        }
        sync::identify(request.headers_mut(), user, &effective_user);
        sync::forwarded(
            request.headers_mut(),
            proto,
            &sender.origin.host,
            &placeholder,
        );
        let (parts, body) = match engine::send(app, request, allowed.attempts).await {
            Ok(response) => response.into_parts(),
            Err(error) => return Ok(self.no_engine(&error)),
        };
        if parts.status == StatusCode::BAD_REQUEST {
            return Err(refused_header(body).await);
        }
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
            pii: allowed.session.as_ref().map(|session| PiiClaim {
                id: session.id.clone(),
                effective_user: effective_user.clone(),
            }),
            tables: allowed.tables,
            moved: Moves::of(&allowed.governed.moved),
        };
        let next = page
            .field("nextUri")
            .and_then(|uri| uri.split_once(&placeholder))
            .map(|(_, path)| path.to_owned());
        let Some(prefix) = claims.to_prefix(&app.config.url_key) else {
            self.give_up(next).await;
            return Ok(answer::failed(
                &self.id,
                &sender.origin,
                &too_many_tables(claims.tables.len()),
            ));
        };
        let mut event = self.event(AuditKind::QueryStarted);
        event.query_id = Some(query_id);
        event.effective_user = Some(effective_user).filter(|effective| effective != user.as_str());
        event.tables = claims.tables.into_iter().map(|(table, _)| table).collect();
        event.columns = allowed.columns;
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
        match place::led_back(page, &allowed.governed.moved).await {
            Ok(body) => Ok(answer::passed(&parts, body)),
            Err(error) => Ok(self.no_engine(&error)),
        }
    }

    /// Stops a query whose answer nobody gets.
    async fn give_up(&self, path: Option<String>) {
        let Some(path) = path else { return };
        let stopped = match engine::request(self.app, Method::DELETE, &path) {
            Ok(request) => engine::send(self.app, request, Attempts::Several)
                .await
                .map(drop),
            Err(_) => return,
        };
        if let Err(error) = stopped {
            log::warn(
                "a query could not be stopped",
                &[("cause", error.to_string().into())],
            );
        }
    }

    fn no_engine(&self, error: &HttpError) -> Response {
        log::error(
            "the engine does not answer",
            &[("cause", error.to_string().into())],
        );
        answer::failed(&self.id, &self.sender.origin, &engine_away(error))
    }

    fn odd_answer(&self, status: StatusCode) -> Response {
        log::error(
            "the engine gave an odd answer to a statement",
            &[("status", status.as_u16().into())],
        );
        answer::failed(&self.id, &self.sender.origin, &engine_odd(status))
    }
}

/// A header that the engine cannot read, e.g. a time zone that is none. It says which.
async fn refused_header(body: Body) -> Failure {
    let text = match read_bytes("the engine", body).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).chars().take(500).collect(),
        Err(_) => "the engine cannot read one of the session's headers".to_owned(),
    };
    Failure::bad_request("session_refused", text)
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
    let mut tables: Vec<TableRef> = reading
        .tables
        .iter()
        .map(|used| used.table.clone())
        .collect();
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
