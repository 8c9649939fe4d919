//! Skipper with the real catalog, a Lifeguard that answers with a given model, and an engine of two pages.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use townlake_core::identity::{Principal, PrincipalKind, Via};
use townlake_core::policy::model::Model;
use townlake_core::time::Timestamp;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::http::{Service, json_request, read_bytes};
use townlake_kit::identity::{PRINCIPAL_HEADER, encode};
use townlake_kit::json::Json;
use townlake_kit::policy::PolicyCache;
use townlake_protocol::skipper::ExecuteError;
use townlake_skipper::query::Queries;
use townlake_skipper::routes::{App, router};
use townlake_skipper::sandbox::Sandbox;
use townlake_skipper::tools::{Tools, dispatch};

/// An analyst, who reads it.
pub const ANA: &str = "ana@corp.example";
/// Somebody without a grant.
pub const BO: &str = "bo@corp.example";
const MODERN: &str = "2026-07-28";

/// Skipper in this process.
pub struct Platform {
    app: App,
    model: Arc<Mutex<Model>>,
    clock: Clock,
}

impl Platform {
    /// One reviewed table that Ana may read.
    pub async fn new() -> Self {
        let clock = Clock::fixed("2026-05-01T12:00:00Z".parse().unwrap());
        let model = Arc::new(Mutex::new(model()));
        let lifeguard = Router::new()
            .route(
                "/internal/model",
                get(async |State(model): State<Arc<Mutex<Model>>>| {
                    Json(model.lock().unwrap().clone())
                }),
            )
            .route(
                "/api/explain",
                get(async || Json(json!({ "explained": true }))),
            )
            .with_state(model.clone());
        let migrations = |name: &str| {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../migrations")
                .join(name)
        };
        let catalog = townlake_catalog::routes::router(townlake_catalog::routes::App {
            db: Database::in_memory(&migrations("catalog")).unwrap(),
            clock: clock.clone(),
            lifeguard: Service::router("lifeguard", lifeguard.clone(), "catalog"),
            policy: PolicyCache::default(),
            refresh_seconds: 0,
        });
        let snapshot = json!({ "taken_at": clock.now(), "tables": [{
            "table": "lake.dim.accounts", "kind": "table", "comment": "One row per account. [sampled 1:10, daily]",
            "columns": [
                { "name": "region", "type": "varchar", "ordinal": 1 }, { "name": "email", "type": "varchar", "ordinal": 2 },
            ],
        }] });
        let skimmer = Service::router("catalog", catalog.clone(), "skimmer");
        let _: Value = skimmer
            .send_json(Method::PUT, "/internal/snapshot", None, &snapshot)
            .await
            .unwrap();
        let gateway = Router::new()
            .route("/v1/statement", post(statement))
            .route("/t/x/{*page}", get(page).delete(cancel));
        let gateway = Service::router("gateway", gateway, "skipper");
        let app = App {
            db: Database::in_memory(&migrations("skipper")).unwrap(),
            clock: clock.clone(),
            catalog: Service::router("catalog", catalog, "skipper"),
            lifeguard: Service::router("lifeguard", lifeguard, "skipper"),
            policy: PolicyCache::default(),
            refresh_seconds: 0,
            queries: Queries::new(gateway, clock.clone()),
            sandbox: Sandbox,
            public_url: "http://127.0.0.1:8787".to_owned(),
        };
        Self { app, model, clock }
    }

    /// Changes what was decided.
    pub fn decide(&self, change: impl FnOnce(&mut Model)) {
        let mut model = self.model.lock().unwrap();
        model.version += 1;
        change(&mut model);
    }

    /// Lets time pass.
    pub fn later(&self, seconds: i64) {
        self.clock
            .set(Timestamp::plus_seconds(self.clock.now(), seconds));
    }

    /// A function of `skipper` as a person.
    pub async fn call(
        &self,
        user: &str,
        function: &str,
        arguments: Value,
    ) -> Result<Value, ExecuteError> {
        let tools = Tools {
            app: self.app.clone(),
            principal: person(user),
        };
        dispatch(&tools, function, &arguments.to_string().into()).await
    }

    /// A request of the modern era.
    pub async fn ask(&self, user: &str, method: &str, mut params: Value) -> (StatusCode, Value) {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let name = params
            .get("name")
            .or_else(|| params.get("uri"))
            .and_then(Value::as_str)
            .map(str::to_owned);
        let mut headers = vec![
            ("mcp-protocol-version", MODERN.to_owned()),
            ("mcp-method", method.to_owned()),
        ];
        headers.extend(name.map(|name| ("mcp-name", name)));
        self.post(
            user,
            &headers,
            &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
        )
        .await
    }

    /// A request of the legacy era.
    pub async fn ask_legacy(&self, user: &str, method: &str, params: Value) -> (StatusCode, Value) {
        let headers = vec![("mcp-protocol-version", "2025-11-25".to_owned())];
        self.post(
            user,
            &headers,
            &json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params }),
        )
        .await
    }

    /// Any message.
    pub async fn post(
        &self,
        user: &str,
        headers: &[(&str, String)],
        body: &Value,
    ) -> (StatusCode, Value) {
        let mut request = http::Request::post("http://skipper/mcp")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(PRINCIPAL_HEADER, encode(&person(user)));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(
            "gateway",
            request.body(Body::from(body.to_string())).unwrap(),
        )
        .await
    }

    /// Any request from any Worker.
    pub async fn send(&self, caller: &str, request: http::Request<Body>) -> (StatusCode, Value) {
        let skipper = Service::router("skipper", router(self.app.clone()), caller);
        let response = skipper.send(request).await.unwrap();
        let status = response.status();
        let bytes = read_bytes("skipper", response.into_body()).await.unwrap();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }

    /// A bare request with a method.
    pub async fn method(&self, method: Method) -> StatusCode {
        let request =
            json_request::<()>(method, "http://skipper/mcp", Some(&person(ANA)), None).unwrap();
        self.send("gateway", request).await.0
    }
}

/// A person as the gateway carries them.
pub fn person(user: &str) -> Principal {
    Principal {
        user: user.parse().unwrap(),
        groups: Default::default(),
        kind: PrincipalKind::Person,
        via: Via::Access,
        pii: None,
    }
}

fn model() -> Model {
    serde_json::from_value(json!({
        "version": 1,
        "groups": { "analysts": [ANA] },
        "tables": { "lake.dim.accounts": { "kind": "table", "columns": [
            { "name": "region", "type": "varchar" }, { "name": "email", "type": "varchar" },
        ] } },
        "reviews": { "lake.dim.accounts": { "state": "approved", "columns": {
            "region": { "state": "clear", "reviewed_type": "varchar" },
            "email": { "state": "masked", "class": "email", "reviewed_type": "varchar" },
        } } },
        "grants": [{
            "id": "grt_1", "subject": { "group": "analysts" }, "table": "lake.dim.accounts", "privileges": ["select"],
        }],
    }))
    .unwrap()
}

/// The first page: refused for Bo and for what is no SQL, else a promise.
async fn statement(request: Request) -> Response {
    let is_bo = request
        .headers()
        .get(PRINCIPAL_HEADER)
        .is_some_and(|sent| sent == encode(&person(BO)).as_str());
    let sql = axum::body::to_bytes(request.into_body(), usize::MAX)
        .await
        .unwrap();
    let sql = String::from_utf8(sql.to_vec()).unwrap();
    let error = |name: &str, message: &str| json!({ "message": message, "errorCode": 1, "errorName": name, "errorType": "USER_ERROR" });
    let mut answer =
        json!({ "id": "20260501_1", "infoUri": "http://x/i", "stats": { "state": "QUEUED" } });
    if is_bo {
        answer["error"] = error("PERMISSION_DENIED", "Access Denied");
    } else if sql.starts_with("SELEC ") {
        answer["error"] = error("SYNTAX_ERROR", "line 1:1: mismatched input");
        answer["error"]["errorLocation"] = json!({ "lineNumber": 1, "columnNumber": 1 });
    } else {
        let pages = if sql.contains("many") { 20 } else { 2 };
        answer["nextUri"] = json!(format!("http://127.0.0.1:8787/t/x/v1/statement/{pages}"));
    }
    Json(answer).into_response()
}

/// A page of rows; its number counts down.
async fn page(axum::extract::Path(path): axum::extract::Path<String>) -> Json<Value> {
    let left: usize = path
        .rsplit('/')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    let rows: Vec<Value> = (0..1_000)
        .take(if left > 2 { 1_000 } else { 2 })
        .map(|n| json!([format!("region {n}"), "12.50"]))
        .collect();
    let mut answer = json!({
        "id": "20260501_1", "infoUri": "http://x/i", "stats": { "state": "RUNNING" },
        "columns": [{ "name": "region", "type": "varchar" }, { "name": "revenue", "type": "decimal(12,2)" }],
        "data": rows,
    });
    if left > 1 {
        answer["nextUri"] = json!(format!(
            "http://127.0.0.1:8787/t/x/v1/statement/{}",
            left - 1
        ));
    }
    Json(answer)
}

async fn cancel() -> StatusCode {
    StatusCode::NO_CONTENT
}
