//! An engine on a free port, and the policy's endpoint that it pulls from.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use base64::Engine as _;
use serde_json::{Value, json};
use townlake_engine::auth::Authenticator;
use townlake_engine::catalog::{Catalog, Catalogs};
use townlake_engine::engine::Engine;
use townlake_engine::events::Events;
use townlake_engine::policy::{MissingSections, PolicyStore, Settings};
use townlake_engine::query::Registry;
use townlake_engine::server::{App, router};
use townlake_engine::start::{WorkGuard, work_runtime};

/// The key of the tokens.
pub const KEY: [u8; 32] = [7; 32];

/// A running engine.
pub struct Server {
    pub url: String,
    document: Arc<Mutex<Value>>,
    version: u64,
    store: Arc<PolicyStore>,
    _work: WorkGuard,
}

/// A policy that lets everyone read everything.
pub fn open_policy() -> Value {
    json!({
        "catalogs": [{"allow": "all"}],
        "schemas": [{"owner": true}],
        "tables": [{"privileges": ["SELECT"]}],
        "queries": [{"allow": ["execute", "view", "kill"]}],
        "impersonation": [{"new_user": ".*"}],
        "principals": [{"principal": ".*", "user": ".*", "allow": true}],
        "system_information": [],
        "system_session_properties": [],
        "catalog_session_properties": [],
        "functions": [],
        "procedures": [],
        "authorization": [],
    })
}

fn document(version: u64, groups: &Value, trino: &Value) -> Value {
    json!({
        "meta": {"version": version, "rendered_at": "2026-01-01T00:00:00Z", "valid_until": "2100-01-01T00:00:00Z"},
        "groups": groups,
        "trino": trino,
    })
}

impl Server {
    /// Starts one over these catalogs.
    pub async fn start(
        catalogs: BTreeMap<String, Arc<dyn Catalog>>,
        missing_sections: MissingSections,
    ) -> Self {
        let shared = Arc::new(Mutex::new(document(1, &json!({}), &open_policy())));
        let routes = Router::new()
            .route("/policy", get(policy))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let store = PolicyStore::start(Settings {
            url: format!("http://{address}/policy"),
            token: "secret".to_owned(),
            every: Duration::from_secs(3600),
            missing_sections,
        })
        .await
        .unwrap();
        let engine = Engine::new(
            Catalogs::new(catalogs),
            Arc::clone(&store),
            Events::none(),
            "test".to_owned(),
            512,
        )
        .unwrap();
        let (work, guard) = work_runtime().unwrap();
        let key = base64::engine::general_purpose::STANDARD.encode(KEY);
        let app = App {
            registry: Registry::new(engine, work),
            auth: Arc::new(Authenticator::new(&key).unwrap()),
            started: Instant::now(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router(app)).await.unwrap() });
        Self {
            url,
            document: shared,
            version: 1,
            store,
            _work: guard,
        }
    }

    /// Changes the policy and has the engine pull it.
    pub async fn set_policy(&mut self, groups: &Value, trino: &Value) {
        self.version += 1;
        *self.document.lock().unwrap() = document(self.version, groups, trino);
        assert_eq!(self.store.refresh().await.unwrap(), self.version);
    }
}

async fn policy(State(document): State<Arc<Mutex<Value>>>) -> axum::Json<Value> {
    axum::Json(document.lock().unwrap().clone())
}
