//! One catalog with a Lifeguard that answers with a given model.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use townlake_catalog::routes::{App, router};
use townlake_core::identity::{Principal, PrincipalKind, Via};
use townlake_core::names::TableRef;
use townlake_core::policy::model::Model;
use townlake_core::time::Timestamp;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::http::{Service, json_request, read_bytes};
use townlake_kit::json::Json;
use townlake_kit::policy::PolicyCache;
use townlake_protocol::catalog::SearchAnswer;
use townlake_protocol::snapshot::Snapshot;

/// A catalog in this process.
pub struct Platform {
    catalog: Router,
}

impl Platform {
    /// The demo's model and snapshot.
    pub async fn demo() -> Self {
        Self::new(Some(model()), &snapshot()).await
    }

    /// The demo's snapshot and a Lifeguard that has nothing to say.
    pub async fn without_policy() -> Self {
        Self::new(None, &snapshot()).await
    }

    /// A model and a snapshot.
    pub async fn new(model: Option<Model>, snapshot: &Snapshot) -> Self {
        let lifeguard = match model {
            Some(model) => Router::new().route("/internal/model", get(async move || Json(model))),
            None => Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE),
        };
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/catalog");
        let app = App {
            db: Database::in_memory(&migrations).unwrap(),
            clock: Clock::fixed(moment()),
            lifeguard: Service::router("lifeguard", lifeguard, "catalog"),
            policy: PolicyCache::default(),
            refresh_seconds: 1,
        };
        let platform = Self {
            catalog: router(app),
        };
        platform.put(snapshot).await;
        platform
    }

    /// Skimmer's snapshot.
    pub async fn put(&self, snapshot: &Snapshot) -> Value {
        let (status, answer) = self.put_as("skimmer", snapshot).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// A snapshot from some Worker.
    pub async fn put_as(&self, caller: &str, snapshot: &Snapshot) -> (StatusCode, Value) {
        self.send(
            caller,
            Method::PUT,
            "/internal/snapshot",
            None,
            Some(snapshot),
        )
        .await
    }

    /// A search as a person.
    pub async fn search(&self, user: &str, question: &str, limit: usize) -> SearchAnswer {
        let question = question.replace(' ', "%20");
        let (status, answer) = self
            .get(user, &format!("/api/search?q={question}&limit={limit}"))
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    /// A GET as a person, through the gateway.
    pub async fn get(&self, user: &str, path: &str) -> (StatusCode, Value) {
        self.send::<()>("gateway", Method::GET, path, Some(&person(user)), None)
            .await
    }

    /// A GET as a Worker.
    pub async fn get_as(&self, caller: &str, path: &str) -> (StatusCode, Value) {
        self.send::<()>(caller, Method::GET, path, None, None).await
    }

    async fn send<T: serde::Serialize>(
        &self,
        caller: &str,
        method: Method,
        path: &str,
        principal: Option<&Principal>,
        body: Option<&T>,
    ) -> (StatusCode, Value) {
        let service = Service::router("catalog", self.catalog.clone(), caller);
        let request: Request<Body> =
            json_request(method, &service.uri(path), principal, body).unwrap();
        let response = service.send(request).await.unwrap();
        let status = response.status();
        let bytes = read_bytes("catalog", response.into_body()).await.unwrap();
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
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

fn moment() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

/// Two reviewed marts, a pending table and a denied one.
pub fn snapshot() -> Snapshot {
    let column =
        |name: &str, ordinal: u32| json!({ "name": name, "type": "varchar", "ordinal": ordinal });
    serde_json::from_value(json!({
        "taken_at": moment(),
        "tables": [
            {
                "table": "lake.fct.billings_allocated", "kind": "table",
                "comment": "Billed amounts by product and day, the revenue. [exact, daily]",
                "columns": [column("account_id", 1), column("alloc_amount", 2), column("product", 3)],
            },
            {
                "table": "lake.dim.accounts", "kind": "table", "comment": "One row per account. [exact, daily]",
                "columns": [column("account_id", 1), column("owner_email", 2), column("customer_type", 3), column("ssn_number", 4)],
            },
            {
                "table": "postgres.crm.contacts", "kind": "table", "comment": "People with their email.",
                "columns": [column("contact_email", 1)],
            },
            { "table": "postgres.hr.salaries", "kind": "table", "columns": [column("secret_amount", 1)] },
        ],
    }))
    .unwrap()
}

/// What was decided about the snapshot: analysts read the marts.
pub fn model() -> Model {
    let snapshot = snapshot();
    let clear = |name: &str| {
        (
            name.to_owned(),
            json!({ "state": "clear", "reviewed_type": "varchar" }),
        )
    };
    let approved = |columns: Vec<(String, Value)>| json!({ "state": "approved", "columns": columns.into_iter().collect::<serde_json::Map<_, _>>() });
    let masked = (
        "owner_email".to_owned(),
        json!({ "state": "masked", "class": "email", "reviewed_type": "varchar" }),
    );
    serde_json::from_value(json!({
        "version": 1,
        "groups": { "analysts": ["ana@corp.example"] },
        "tables": tables(&snapshot),
        "reviews": {
            "lake.fct.billings_allocated": approved(vec![clear("account_id"), clear("alloc_amount"), clear("product")]),
            "lake.dim.accounts": approved(vec![clear("account_id"), masked, clear("customer_type")]),
            "postgres.hr.salaries": { "state": "denied" },
        },
        "grants": [{
            "id": "grt_1", "subject": { "group": "analysts" }, "table": "lake.*.*", "privileges": ["select"],
        }],
    }))
    .unwrap()
}

/// A snapshot's tables as the model has them.
pub fn tables(snapshot: &Snapshot) -> Value {
    let tables = snapshot.tables.iter().map(|table| {
        let columns: Vec<Value> = table
            .columns
            .iter()
            .map(|column| json!({ "name": column.name, "type": column.data_type }))
            .collect();
        let name: &TableRef = &table.table;
        (
            name.to_string(),
            json!({ "kind": "table", "columns": columns, "dropped": table.dropped }),
        )
    });
    Value::Object(tables.collect())
}
