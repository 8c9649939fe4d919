//! With the real Lifeguard and the real catalog in place of those that only listen.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use townlake_kit::db::{Database, params};
use townlake_kit::http::{Outbound, Service};
use townlake_kit::policy::PolicyCache;
use townlake_protocol::skimmer::ScanState;

use crate::platform::Platform;

#[tokio::test]
async fn lifeguard_and_the_catalog_take_what_a_scan_tells_them() {
    let mut platform = Platform::new(None);
    let clock = platform.app.clock.clone();
    let database = |worker: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../migrations")
            .join(worker);
        Database::in_memory(&folder).unwrap()
    };
    let lifeguard_db = database("lifeguard");
    let lifeguard = townlake_lifeguard::router(townlake_lifeguard::App {
        db: lifeguard_db.clone(),
        clock: clock.clone(),
        outbound: Outbound::new(Duration::from_secs(1)),
        config: Arc::new(townlake_lifeguard::Config {
            // A scan asks nothing of the IAM.
            iam_url: "http://127.0.0.1:9".to_owned(),
            iam_token: "none".to_owned(),
            iam_max_age_seconds: 60,
            refresh_seconds: 60,
            reviewers: "reviewers".parse().unwrap(),
            admins: "admins".parse().unwrap(),
            public_url: "http://127.0.0.1:8787".to_owned(),
        }),
    });
    let catalog = townlake_catalog::routes::router(townlake_catalog::routes::App {
        db: database("catalog"),
        clock,
        lifeguard: Service::router("lifeguard", lifeguard.clone(), "catalog"),
        policy: PolicyCache::default(),
        refresh_seconds: 1,
    });
    platform.app.lifeguard = Service::router("lifeguard", lifeguard, "skimmer");
    platform.app.catalog = Service::router("catalog", catalog, "skimmer");

    platform.put_contacts();
    let scan = platform.scan().await;
    assert_eq!((scan.state, scan.problems), (ScanState::Done, vec![]));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        column_name: String,
        class: Option<String>,
    }
    let sql = "SELECT column_name, class FROM proposals WHERE table_name = ?1 ORDER BY column_name";
    let rows: Vec<Row> = lifeguard_db
        .all(sql, params!["postgres.crm.contacts"])
        .await
        .unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.column_name.as_str(), row.class.as_deref()))
        .collect();
    let expected = [
        ("email", Some("email")),
        ("full_name", Some("person_name")),
        ("id", None),
        ("last_ip", Some("ipv4")),
        ("order_ref", None),
        ("phone", Some("phone")),
    ];
    assert_eq!(found, expected);

    // A changed snapshot and a dropped table are taken as well.
    platform.with_engine(|engine| engine.tables.clear());
    platform.put_table("lake.dim.accounts", &[("id", "bigint")], vec![]);
    platform.later(60);
    assert_eq!(platform.scan().await.state, ScanState::Done);
}
