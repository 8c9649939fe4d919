//! A running Lifeguard to talk to, and what its two answers to "who sees what" are.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use townlake_core::names::{TableRef, UserName};
use townlake_core::policy::document::Document;
use townlake_core::policy::evaluate::{Asker, ColumnAccess, Visibility, access};
use townlake_core::policy::ids::PiiSessionId;
use townlake_core::policy::interpret::AccessControl;
use townlake_core::policy::model::Model;
use townlake_core::policy::render::validate;
use townlake_core::policy::session::live_session;
use townlake_core::time::Timestamp;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::http::Outbound;
use townlake_kit::identity::Caller;
use townlake_lifeguard::{App, Config, router};

use crate::iam::{Iam, TOKEN};

/// When tests begin.
pub const START: &str = "2026-05-01T12:00:00Z";
/// Memberships older than this do not count.
pub const IAM_MAX_AGE_SECONDS: i64 = 120;

/// A running Lifeguard.
pub struct Town {
    pub db: Database,
    pub clock: Clock,
    pub iam: Iam,
    router: Router,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }
}

impl Town {
    /// A Lifeguard with an empty database.
    pub async fn start() -> Self {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/lifeguard");
        let db = Database::in_memory(&migrations).unwrap();
        let clock = Clock::fixed(START.parse().unwrap());
        let iam = Iam::start().await;
        let config = Config {
            iam_url: iam.url.clone(),
            iam_token: TOKEN.to_owned(),
            iam_max_age_seconds: IAM_MAX_AGE_SECONDS,
            refresh_seconds: 1,
            reviewers: "reviewers".parse().unwrap(),
            admins: "admins".parse().unwrap(),
            public_url: "http://127.0.0.1:8787".to_owned(),
        };
        let outbound = Outbound::new(Duration::from_millis(300));
        let app = App {
            db: db.clone(),
            clock: clock.clone(),
            outbound,
            config: Arc::new(config),
        };
        Self {
            db,
            clock,
            iam,
            router: router(app),
        }
    }

    /// A Lifeguard that knows a few tables, with Skimmer's proposals.
    pub async fn with_tables() -> Self {
        let town = Self::start().await;
        town.from(
            "skimmer",
            Method::PUT,
            "/internal/snapshot",
            &[],
            Some(snapshot(START)),
        )
        .await
        .ok();
        town.from(
            "skimmer",
            Method::PUT,
            "/internal/proposals",
            &[],
            Some(proposals()),
        )
        .await
        .ok();
        town
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// A request of a person or service, as the gateway passes it on. `ana` stands for `ana@corp.example`.
    pub async fn call(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_via(who, "access", method, path, body).await
    }

    /// The same, with how the person proved who they are.
    pub async fn call_via(
        &self,
        who: &str,
        via: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let user = user(who);
        let kind = if user.is_service() {
            "service"
        } else {
            "person"
        };
        // The groups that a request carries must not matter: these claim everything.
        let principal =
            json!({"user": user, "groups": ["admins", "reviewers"], "kind": kind, "via": via});
        let principal = townlake_kit::identity::encode(&serde_json::from_value(principal).unwrap());
        let headers = [("x-townlake-principal", principal.as_str())];
        self.from("gateway", method.parse().unwrap(), path, &headers, body)
            .await
    }

    /// A request of a Worker.
    pub async fn from(
        &self,
        caller: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.raw(Some(caller), method, path, headers, body).await
    }

    /// A request with any text as its body.
    pub async fn raw(
        &self,
        caller: Option<&str>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        if let Some(caller) = caller {
            request.extensions_mut().insert(Caller::new(caller));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        if !parts.status.is_success() && parts.status != StatusCode::NOT_MODIFIED {
            assert_eq!(
                parts.headers[header::CONTENT_TYPE],
                "application/problem+json",
                "{body}"
            );
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// `GET /internal/policy`, perhaps with an ETag.
    pub async fn policy(&self, etag: Option<&str>) -> Answer {
        let headers: Vec<_> = etag
            .map(|etag| ("if-none-match", etag))
            .into_iter()
            .collect();
        self.from("gateway", Method::GET, "/internal/policy", &headers, None)
            .await
    }

    /// The document and the model as they are now, both checked.
    pub async fn served(&self) -> (Document, Model) {
        let document = Document::from_json(&self.policy(None).await.ok().to_string()).unwrap();
        validate(&document).unwrap();
        let model = self
            .from("gateway", Method::GET, "/internal/model", &[], None)
            .await
            .ok();
        let model: Model = serde_json::from_value(model).unwrap();
        assert_eq!(model.version, document.meta.version);
        assert!(self.clock.now() < document.meta.valid_until);
        (document, model)
    }

    /// `POST /internal/identify`.
    pub async fn identify(&self, body: Value) -> Answer {
        self.from(
            "gateway",
            Method::POST,
            "/internal/identify",
            &[],
            Some(body),
        )
        .await
    }
}

/// `ana` as `ana@corp.example`; services as they are.
pub fn user(who: &str) -> UserName {
    if who.starts_with("svc-") {
        who.parse().unwrap()
    } else {
        format!("{who}@corp.example").parse().unwrap()
    }
}

/// What somebody gets of a table: how much they may know, each readable column with its mask, and the row filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    pub visibility: Visibility,
    pub columns: Vec<(String, Option<String>)>,
    pub row_filter: Option<String>,
}

/// What the model says.
pub fn decided(
    model: &Model,
    user: &UserName,
    session: Option<&PiiSessionId>,
    table: &TableRef,
    now: Timestamp,
) -> Sight {
    let found = access(model, Asker { user, session }, table, now);
    let columns = found
        .columns
        .iter()
        .filter(|column| column.access != ColumnAccess::Hidden)
        .map(|column| (column.name.clone(), column.mask.clone()));
    let mut columns: Vec<_> = columns.collect();
    columns.sort();
    Sight {
        visibility: found.visibility,
        columns,
        row_filter: found.row_filter,
    }
}

/// What an engine makes of the document. `effective` is the user that the query runs as.
pub fn enforced(
    document: &Document,
    model: &Model,
    user: &UserName,
    effective: &str,
    table: &TableRef,
) -> Sight {
    let control = AccessControl::new(document).unwrap();
    let original = user.as_str();
    let identity = match control.identity("gateway", Some(original), Some(effective)) {
        Ok(identity) => identity,
        // A service that the gateway may not act for, or a session that is over.
        Err(_) => {
            return Sight {
                visibility: Visibility::Absent,
                columns: Vec::new(),
                row_filter: None,
            };
        }
    };
    if !control.sees_table(&identity, table) {
        return Sight {
            visibility: Visibility::Absent,
            columns: Vec::new(),
            row_filter: None,
        };
    }
    let names = model
        .tables
        .get(table)
        .into_iter()
        .flat_map(|known| &known.columns);
    let mut columns: Vec<(String, Option<String>)> = Vec::new();
    for column in names.filter(|column| {
        control
            .check_can_select(&identity, table, &[&column.name])
            .is_ok()
    }) {
        let mask = control
            .column_masks(&identity, table, &[&column.name])
            .remove(&column.name);
        columns.push((column.name.clone(), mask.map(|mask| mask.sql)));
    }
    columns.sort();
    if columns.is_empty() {
        return Sight {
            visibility: Visibility::Listed,
            columns,
            row_filter: None,
        };
    }
    let row_filter = control
        .row_filter(&identity, table)
        .map(|filter| filter.sql);
    Sight {
        visibility: Visibility::Readable,
        columns,
        row_filter,
    }
}

/// How often something was seen: to know that a test looked at anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Readable tables.
    pub readable: usize,
    /// Masked columns in them.
    pub masked: usize,
    /// Tables in which a session lifts a mask.
    pub lifted: usize,
}

/// Asserts that the model and the document say the same to everyone, in and out of sessions.
pub fn assert_agreement(
    document: &Document,
    model: &Model,
    users: &[UserName],
    now: Timestamp,
) -> Seen {
    let control = AccessControl::new(document).unwrap();
    let mut seen = Seen::default();
    for table in model.tables.keys() {
        for user in users {
            let decided = decided(model, user, None, table, now);
            seen.readable += usize::from(decided.visibility == Visibility::Readable);
            seen.masked += decided
                .columns
                .iter()
                .filter(|(_, mask)| mask.is_some())
                .count();
            assert_eq!(
                enforced(document, model, user, user.as_str(), table),
                decided,
                "{user} {table}"
            );
        }
        for session in &model.pii_sessions {
            let effective = session.effective_user();
            let owner = &session.user;
            let admitted = control
                .identity("gateway", Some(owner.as_str()), Some(&effective))
                .is_ok();
            let alive = live_session(model, owner, &session.id, now).is_some();
            assert_eq!(admitted, alive, "{effective}");
            if alive {
                let decided = decided(model, owner, Some(&session.id), table, now);
                seen.lifted +=
                    usize::from(decided != self::decided(model, owner, None, table, now));
                assert_eq!(
                    enforced(document, model, owner, &effective, table),
                    decided,
                    "{effective} {table}"
                );
            }
        }
    }
    seen
}

/// A snapshot of the tables that tests use.
pub fn snapshot(taken_at: &str) -> Value {
    let columns = |text: &str| -> Vec<Value> {
        let columns = text
            .split(", ")
            .map(|column| column.split_once(' ').unwrap());
        columns
            .enumerate()
            .map(|(i, (name, kind))| json!({"name": name, "type": kind, "ordinal": i + 1}))
            .collect()
    };
    json!({"taken_at": taken_at, "tables": [
        {"table": "crm.public.contacts", "kind": "table",
         "columns": columns("id bigint, email varchar, phone varchar(20), note varchar")},
        {"table": "lake.dim.accounts", "kind": "table", "comment": "One row per account. [exact, daily]",
         "columns": columns("id bigint, name varchar, region varchar")},
    ]})
}

/// What Skimmer thinks of them.
pub fn proposals() -> Value {
    let column = |name: &str, class: Value| {
        json!({"name": name, "class": class, "confidence": 0.9, "detector_version": 1,
            "evidence": [{"rule": "test", "text": "looks like it"}]})
    };
    json!([
        {"table": "crm.public.contacts", "columns": [
            column("id", Value::Null), column("email", json!("email")), column("phone", json!("phone"))]},
        {"table": "lake.dim.accounts", "columns": [
            column("id", Value::Null), column("name", Value::Null), column("region", Value::Null)]},
    ])
}
