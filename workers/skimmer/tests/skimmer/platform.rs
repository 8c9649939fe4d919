//! Skimmer with all that it talks to.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::routing::put;
use axum::{Json, Router};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt;
use townlake_core::identity::Principal;
use townlake_core::time::Timestamp;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::http::Service;
use townlake_kit::identity::{Caller, PRINCIPAL_HEADER, encode};
use townlake_protocol::skimmer::{ColumnProposal, Scan, TableProposals};
use townlake_protocol::snapshot::Snapshot;
use townlake_skimmer::app::{Access, App, Budget};
use townlake_skimmer::model::Model;
use townlake_skimmer::routes::router;

use crate::engine::{self, Engine, Table};

/// What Lifeguard and the catalog were told, and whether they listen.
#[derive(Default)]
pub struct Told {
    pub snapshots: Vec<Snapshot>,
    pub proposals: Vec<TableProposals>,
    pub deaf: bool,
}

pub struct Platform {
    pub app: App,
    pub engine: engine::Shared,
    pub lifeguard: Arc<Mutex<Told>>,
    pub catalog: Arc<Mutex<Told>>,
}

impl Platform {
    pub fn new(model: Option<Model>) -> Self {
        let engine = engine::Shared::default();
        let (lifeguard, catalog) = (
            Arc::new(Mutex::new(Told::default())),
            Arc::new(Mutex::new(Told::default())),
        );
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/skimmer");
        let app = App {
            db: Database::in_memory(&migrations).unwrap(),
            clock: Clock::fixed("2026-05-01T12:00:00Z".parse().unwrap()),
            gateway: Service::router("gateway", engine::router(engine.clone()), "skimmer"),
            lifeguard: Service::router("lifeguard", receiver(lifeguard.clone()), "skimmer"),
            catalog: Service::router("catalog", receiver(catalog.clone()), "skimmer"),
            model,
            access: Access {
                reviewers: "reviewers".parse().unwrap(),
                admins: "admins".parse().unwrap(),
            },
            budget: Budget::default(),
        };
        Self {
            app,
            engine,
            lifeguard,
            catalog,
        }
    }

    /// Scans as the schedule does.
    pub async fn scan(&self) -> Scan {
        let (status, scan) = self
            .call::<Scan>(Method::POST, "/internal/cron", None)
            .await;
        assert_eq!(status, StatusCode::OK);
        scan
    }

    /// Calls a route through the gateway, for a person in these groups if any.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        groups: Option<&[&str]>,
    ) -> (StatusCode, T) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(groups) = groups {
            request = request.header(PRINCIPAL_HEADER, encode(&person(groups)));
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Caller::new("gateway"));
        let response = router(self.app.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error} in {body:?}")),
        )
    }

    pub fn put_table(&self, name: &str, columns: &[(&str, &str)], rows: Vec<Vec<Value>>) {
        let columns = columns
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
            .collect();
        let table = Table {
            columns,
            rows,
            comment: Some("One row each. [exact, daily]".to_owned()),
            view: false,
        };
        self.engine
            .lock()
            .unwrap()
            .tables
            .insert(name.to_owned(), table);
    }

    pub fn with_engine<T>(&self, change: impl FnOnce(&mut Engine) -> T) -> T {
        change(&mut self.engine.lock().unwrap())
    }

    pub fn later(&self, seconds: i64) {
        let now: Timestamp = self.app.clock.now();
        self.app.clock.set(now.plus_seconds(seconds));
    }

    /// The last proposal for a column.
    pub fn proposal(&self, table: &str, column: &str) -> Option<ColumnProposal> {
        let told = self.lifeguard.lock().unwrap();
        let columns = told
            .proposals
            .iter()
            .filter(|proposals| proposals.table.to_string() == table);
        columns
            .flat_map(|proposals| &proposals.columns)
            .rfind(|proposal| proposal.name == column)
            .cloned()
    }

    pub fn last_snapshot(&self) -> Snapshot {
        self.lifeguard
            .lock()
            .unwrap()
            .snapshots
            .last()
            .unwrap()
            .clone()
    }

    /// The shop's contacts, 40 of them.
    pub fn put_contacts(&self) {
        let rows = (0..40)
            .map(|n| {
                let (given, surname) = NAMES[n % NAMES.len()];
                json!([
                    n,
                    format!("{given} {surname}"),
                    format!(
                        "{}.{}{n}@corp.example",
                        given.to_lowercase(),
                        surname.to_lowercase()
                    ),
                    format!("+1 415 555 {n:04}"),
                    format!("203.0.{n}.{}", 200 - n),
                    format!("ORD-{n:06}"),
                ])
            })
            .map(|row| row.as_array().unwrap().clone())
            .collect();
        let columns = [
            ("id", "bigint"),
            ("full_name", "varchar(80)"),
            ("email", "varchar(120)"),
            ("phone", "varchar(24)"),
            ("last_ip", "varchar(45)"),
            ("order_ref", "varchar(20)"),
        ];
        self.put_table("postgres.crm.contacts", &columns, rows);
    }
}

const NAMES: [(&str, &str); 5] = [
    ("Amara", "Silva"),
    ("Jonas", "Weber"),
    ("Chiara", "Rossi"),
    ("Pavel", "Novak"),
    ("Grace", "Taylor"),
];

fn receiver(told: Arc<Mutex<Told>>) -> Router {
    async fn snapshot(
        State(told): State<Arc<Mutex<Told>>>,
        Json(snapshot): Json<Snapshot>,
    ) -> StatusCode {
        let mut told = told.lock().unwrap();
        if told.deaf {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        told.snapshots.push(snapshot);
        StatusCode::NO_CONTENT
    }
    async fn proposals(
        State(told): State<Arc<Mutex<Told>>>,
        Json(all): Json<Vec<TableProposals>>,
    ) -> StatusCode {
        let mut told = told.lock().unwrap();
        if told.deaf {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        told.proposals.extend(all);
        StatusCode::NO_CONTENT
    }
    Router::new()
        .route("/internal/snapshot", put(snapshot))
        .route("/internal/proposals", put(proposals))
        .with_state(told)
}

fn person(groups: &[&str]) -> Principal {
    serde_json::from_value(json!({
        "user": "rui@corp.example", "groups": groups, "kind": "person", "via": "access",
    }))
    .unwrap()
}
