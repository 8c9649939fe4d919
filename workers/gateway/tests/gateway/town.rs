//! A gateway to talk to, with a real Lifeguard behind it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use townlake_gateway::app::{App, Config, Kept};
use townlake_gateway::routes;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::entry::ConfigError;
use townlake_kit::http::{Outbound, Service};
use townlake_kit::identity::Caller;

use crate::engine::Engine;
use crate::issuer::{AUDIENCE, IAM_TOKEN, Issuer};

pub const START: &str = "2026-05-01T12:00:00Z";
pub const URL: &str = "http://127.0.0.1:8787";
pub const POLICY_TOKEN: &str = "policy-token-of-the-engine";
pub const CRON_TOKEN: &str = "cron-token-of-the-edge";

/// Everything that runs.
pub struct Town {
    pub clock: Clock,
    pub issuer: Issuer,
    pub engine: Engine,
    pub app: App,
    public: Router,
    internal: Router,
    lifeguard: Router,
    /// What the other Workers were asked: who, method and path, principal.
    pub elsewhere: Elsewhere,
}

/// Requests that came to the Workers that are not here.
pub type Elsewhere = Arc<Mutex<Vec<(String, String, String, HeaderMap)>>>;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    /// The error of a Trino answer.
    #[track_caller]
    pub fn error(&self) -> (String, String) {
        assert_eq!(self.status, 200, "{}", self.text);
        let error = &self.json()["error"];
        let text = |name: &str| {
            error[name]
                .as_str()
                .unwrap_or_else(|| panic!("{}", self.text))
                .to_owned()
        };
        (text("errorName"), text("message"))
    }

    /// The path of the next page.
    #[track_caller]
    pub fn next(&self) -> String {
        let body = self.json();
        let next = body["nextUri"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", self.text));
        next.strip_prefix(URL)
            .unwrap_or_else(|| panic!("{next}"))
            .to_owned()
    }
}

impl Town {
    /// A town whose tables nobody has reviewed.
    pub async fn empty() -> Self {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/lifeguard");
        let clock = Clock::fixed(START.parse().unwrap());
        let issuer = Issuer::start().await;
        let engine = Engine::start(&[7; 32]).await;
        let config = townlake_lifeguard::Config {
            iam_url: format!("{}/iam/v1/directory", issuer.url),
            iam_token: IAM_TOKEN.to_owned(),
            iam_max_age_seconds: 120,
            refresh_seconds: 1,
            reviewers: "reviewers".parse().unwrap(),
            admins: "admins".parse().unwrap(),
            public_url: URL.to_owned(),
        };
        let lifeguard = townlake_lifeguard::router(townlake_lifeguard::App {
            db: Database::in_memory(&migrations).unwrap(),
            clock: clock.clone(),
            outbound: Outbound::new(Duration::from_secs(5)),
            config: Arc::new(config),
        });
        let elsewhere = Elsewhere::default();
        let (issuer_url, engine_url) = (issuer.url.clone(), engine.url.clone());
        let config = Config::read(|name| {
            let key = |byte: u8| STANDARD.encode([byte; 32]);
            Ok(match name {
                "ACCESS_TEAM_DOMAIN" => issuer_url.clone(),
                "ACCESS_AUD" => AUDIENCE.to_owned(),
                "ENGINE_URL" => engine_url.clone(),
                "PUBLIC_ORIGINS" => format!("{URL},https://localhost:8743"),
                "REFRESH_SECONDS" => "1".to_owned(),
                "ENGINE_JWT_KEY" => key(7),
                "URL_KEY" => key(9),
                "POLICY_TOKEN" => POLICY_TOKEN.to_owned(),
                "CRON_TOKEN" => CRON_TOKEN.to_owned(),
                other => return Err(ConfigError::Missing(other.to_owned())),
            })
        })
        .unwrap();
        let other = |name: &'static str| {
            Service::router(name, other_worker(name, elsewhere.clone()), "gateway")
        };
        let app = App {
            clock: clock.clone(),
            lifeguard: Service::router("lifeguard", lifeguard.clone(), "gateway"),
            skimmer: other("skimmer"),
            catalog: other("catalog"),
            skipper: other("skipper"),
            assets: other("assets"),
            access: Outbound::new(Duration::from_secs(5)),
            engine: Outbound::new(Duration::from_secs(5)),
            config: Arc::new(config),
            kept: Kept::default(),
        };
        let (public, internal) = (routes::public(app.clone()), routes::internal(app.clone()));
        let town = Self {
            clock,
            issuer,
            engine,
            app,
            public,
            internal,
            lifeguard,
            elsewhere,
        };
        town.worker("skimmer", "PUT", "/internal/snapshot", snapshot())
            .await;
        town
    }

    /// A town where analysts read `lake.dim.accounts` and `crm.public.contacts`, its e-mail masked, and `phone` waits.
    /// `lake.dim.customers` is read by everyone but Bo. `crm.public.hidden` is denied.
    pub async fn open() -> Self {
        let town = Self::empty().await;
        let clear = |names: &[&str]| -> Vec<Value> {
            names
                .iter()
                .map(|name| json!({"name": name, "decision": "clear"}))
                .collect()
        };
        let mut contacts = clear(&["id", "note"]);
        contacts.push(json!({"name": "email", "decision": "masked", "class": "email"}));
        let reviews = json!({"tables": [
            {"table": "lake.dim.accounts", "state": "approved", "columns": clear(&["id", "name"])},
            {"table": "lake.dim.customers", "state": "approved", "columns": clear(&["id"])},
            {"table": "crm.public.contacts", "state": "approved", "columns": contacts},
            {"table": "crm.public.hidden", "state": "denied"},
        ]});
        town.ok("rui", "POST", "/api/reviews", Some(reviews)).await;
        for (group, table) in [
            ("analysts", "lake.dim.accounts"),
            ("analysts", "crm.public.contacts"),
            ("everyone", "lake.dim.customers"),
            ("analysts", "lake.dim.customers"),
            ("everyone", "crm.public.hidden"),
        ] {
            town.grant(group, table).await;
        }
        town.ok("ines", "POST", "/api/unmask-grants",
            Some(json!({"subject": {"user": "ana@corp.example"}, "class": "email", "reason": "support"}))).await;
        town.wait(2);
        town
    }

    pub async fn grant(&self, group: &str, table: &str) -> String {
        let body = json!({"subject": {"group": group}, "table": table, "privileges": ["select"], "reason": "work"});
        self.ok("ines", "POST", "/api/grants", Some(body)).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Lets time pass, and with it what is kept.
    pub fn wait(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    pub fn assertion(&self, who: &str) -> String {
        self.issuer.assertion(
            &format!("{who}@corp.example"),
            self.clock.now().as_seconds(),
            json!({}),
        )
    }

    /// A request from outside.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:8787");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(self.public.clone(), request.body(body.into()).unwrap()).await
    }

    /// A request of a signed-in person, from a page of the platform.
    pub async fn as_person(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let assertion = self.assertion(who);
        let headers = [
            ("cf-access-jwt-assertion", assertion.as_str()),
            ("origin", URL),
            ("content-type", "application/json"),
        ];
        self.send(
            method,
            path,
            &headers,
            body.map(|body| body.to_string()).unwrap_or_default(),
        )
        .await
    }

    /// The same, which has to work.
    pub async fn ok(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.as_person(who, method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        answer.json()
    }

    /// A personal access token of a person.
    pub async fn token(&self, who: &str) -> String {
        let token = self
            .ok(
                who,
                "POST",
                "/api/tokens",
                Some(json!({"name": "test", "hours": 1})),
            )
            .await;
        token["token"].as_str().unwrap().to_owned()
    }

    /// A statement by token.
    pub async fn sql(&self, token: &str, sql: &str) -> Answer {
        self.sql_with(token, sql, &[]).await
    }

    pub async fn sql_with(&self, token: &str, sql: &str, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        self.send("POST", "/v1/statement", &all, sql.to_owned())
            .await
    }

    pub async fn page(&self, token: &str, path: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send("GET", path, &[("authorization", bearer.as_str())], "")
            .await
    }

    /// A request of another Worker to the gateway's internal side.
    pub async fn as_worker(
        &self,
        caller: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Caller::new(caller));
        answer(self.internal.clone(), request).await
    }

    /// A request of a Worker to Lifeguard.
    async fn worker(&self, caller: &str, method: &str, path: &str, body: Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::from(body.to_string()));
        let mut request = request.unwrap();
        request.extensions_mut().insert(Caller::new(caller));
        let answer = answer(self.lifeguard.clone(), request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// From now on the audit log takes nothing.
    pub fn break_audit(&mut self) {
        self.behind(|router, request| {
            let broken = request.method() == "POST" && request.uri().path() == "/internal/audit";
            if broken { None } else { Some(router) }
        });
    }

    /// From now on Lifeguard gives no model.
    pub fn lose_model(&mut self) {
        self.behind(|router, request| {
            if request.uri().path() == "/internal/model" {
                None
            } else {
                Some(router)
            }
        });
    }

    /// From now on nobody listens where the engine was.
    pub fn lose_engine(&mut self) {
        let mut config = (*self.app.config).clone();
        config.engine_url = "http://127.0.0.1:1".to_owned();
        self.app.config = Arc::new(config);
        self.rebuild();
    }

    /// Puts something between the gateway and Lifeguard that answers 503 to some requests.
    fn behind(
        &mut self,
        pass: impl Fn(Router, &Request) -> Option<Router> + Clone + Send + Sync + 'static,
    ) {
        let lifeguard = self.lifeguard.clone();
        let router =
            Router::new().fallback(
                async move |request: Request| match pass(lifeguard, &request) {
                    Some(router) => router.oneshot(request).await.unwrap(),
                    None => http::Response::builder()
                        .status(503)
                        .body(Body::empty())
                        .unwrap(),
                },
            );
        self.app.lifeguard = Service::router("lifeguard", router, "gateway");
        self.app.kept = Kept::default();
        self.rebuild();
    }

    fn rebuild(&mut self) {
        self.public = routes::public(self.app.clone());
        self.internal = routes::internal(self.app.clone());
    }

    /// The audit log, oldest first, without what the set-up wrote.
    pub async fn audit(&self) -> Vec<Value> {
        // Events of ordinary queries are written after the answer went out.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let page = self.ok("ines", "GET", "/api/audit?limit=1000", None).await;
        let mut events = page["events"].as_array().unwrap().clone();
        events.reverse();
        events.retain(|event| event["kind"].as_str().unwrap().starts_with("query_"));
        events
    }
}

async fn answer(router: Router, request: Request) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn other_worker(name: &'static str, elsewhere: Elsewhere) -> Router {
    Router::new().fallback(async move |request: Request| {
        let path = request.uri().path_and_query().unwrap().to_string();
        let method = request.method().to_string();
        elsewhere
            .lock()
            .unwrap()
            .push((name.to_owned(), method, path, request.headers().clone()));
        (
            [
                ("content-type", "text/plain"),
                ("set-cookie", "a=b"),
                ("mcp-session-id", "m1"),
            ],
            format!("{name} answers"),
        )
    })
}

fn snapshot() -> Value {
    let columns = |text: &str| -> Vec<Value> {
        let columns = text
            .split(", ")
            .map(|column| column.split_once(' ').unwrap());
        columns
            .enumerate()
            .map(|(i, (name, kind))| json!({"name": name, "type": kind, "ordinal": i + 1}))
            .collect()
    };
    let table =
        |name: &str, text: &str| json!({"table": name, "kind": "table", "columns": columns(text)});
    json!({"taken_at": START, "tables": [
        table("crm.public.contacts", "id bigint, email varchar, phone varchar(20), note varchar"),
        table("crm.public.pending", "id bigint"),
        table("crm.public.hidden", "id bigint"),
        table("lake.dim.accounts", "id bigint, name varchar"),
        table("lake.dim.customers", "id bigint"),
    ]})
}
