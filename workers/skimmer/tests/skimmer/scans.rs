//! What a scan sees, says and remembers.

use http::{Method, StatusCode};
use serde_json::json;
use townlake_core::pii::PiiClass;
use townlake_protocol::skimmer::{Scan, ScanState, Scans};

use crate::platform::Platform;

#[tokio::test]
async fn new_columns_are_classified_with_masked_evidence_and_registered() {
    let platform = Platform::new(None);
    platform.put_contacts();
    let scan = platform.scan().await;
    assert_eq!(scan.state, ScanState::Done, "{:?}", scan.problems);
    assert_eq!(
        (
            scan.summary.tables,
            scan.summary.columns_classified,
            scan.summary.columns_flagged
        ),
        (1, 6, 4)
    );
    for (column, class) in [
        ("id", None),
        ("full_name", Some(PiiClass::PersonName)),
        ("email", Some(PiiClass::Email)),
        ("phone", Some(PiiClass::Phone)),
        ("last_ip", Some(PiiClass::Ipv4)),
        ("order_ref", None),
    ] {
        let proposal = platform.proposal("postgres.crm.contacts", column).unwrap();
        assert_eq!(proposal.class, class, "{column}: {proposal:?}");
        assert!(!proposal.evidence.is_empty() && (0.0..=1.0).contains(&proposal.confidence));
        let text = serde_json::to_string(&proposal).unwrap();
        for raw in ["Amara", "silva", "corp.example", "415", "203.0"] {
            assert!(!text.contains(raw), "`{raw}` in {text}");
        }
    }
    let snapshot = platform.last_snapshot();
    assert_eq!(
        snapshot,
        *platform.catalog.lock().unwrap().snapshots.last().unwrap()
    );
    assert_eq!(
        snapshot.tables[0].comment.as_deref(),
        Some("One row each. [exact, daily]")
    );
    assert_eq!(snapshot.tables[0].columns.len(), 6);
}

#[tokio::test]
async fn what_was_looked_at_is_not_sampled_again() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.scan().await;
    let samples = |platform: &Platform| {
        platform.with_engine(|engine| {
            engine
                .statements
                .iter()
                .filter(|sql| sql.contains(" LIMIT "))
                .count()
        })
    };
    assert_eq!(samples(&platform), 1);
    let again = platform.scan().await;
    assert_eq!(
        (again.summary.columns_classified, samples(&platform)),
        (0, 1)
    );

    // A new column and a changed type: only these are asked for.
    platform.with_engine(|engine| {
        let table = engine.tables.get_mut("postgres.crm.contacts").unwrap();
        table.columns.push(("fax".to_owned(), "varchar".to_owned()));
        table.columns[5].1 = "varchar(40)".to_owned();
        table
            .rows
            .iter_mut()
            .enumerate()
            .for_each(|(n, row)| row.push(json!(format!("+1 415 555 {n:04}"))));
    });
    let third = platform.scan().await;
    assert_eq!(third.summary.columns_classified, 2);
    let last = platform.with_engine(|engine| engine.statements.last().unwrap().clone());
    assert_eq!(
        last,
        r#"SELECT substr("order_ref", 1, 400) AS "order_ref", substr("fax", 1, 400) AS "fax" FROM "postgres"."crm"."contacts" LIMIT 1000"#
    );
    assert_eq!(
        platform
            .proposal("postgres.crm.contacts", "fax")
            .unwrap()
            .class,
        Some(PiiClass::Phone)
    );
}

#[tokio::test]
async fn what_is_gone_stays_as_a_tombstone() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.put_table("lake.dim.accounts", &[("id", "bigint")], vec![]);
    platform.scan().await;
    platform.with_engine(|engine| {
        engine.tables.remove("lake.dim.accounts");
        let contacts = engine.tables.get_mut("postgres.crm.contacts").unwrap();
        contacts.columns.remove(2);
        contacts.rows.iter_mut().for_each(|row| _ = row.remove(2));
    });
    let scan = platform.scan().await;
    assert_eq!(
        (scan.summary.tables_dropped, scan.summary.columns_dropped),
        (1, 2)
    );
    let snapshot = platform.last_snapshot();
    assert!(
        snapshot.tables[0].dropped && snapshot.tables[0].table.to_string() == "lake.dim.accounts"
    );
    let email = snapshot.tables[1]
        .columns
        .iter()
        .find(|column| column.name == "email")
        .unwrap();
    assert!(email.dropped);

    // Recreated the same, it is the same: nothing is looked at again.
    platform.put_contacts();
    let scan = platform.scan().await;
    assert_eq!(
        (
            scan.summary.columns_classified,
            scan.summary.columns_dropped
        ),
        (0, 0)
    );
    assert!(
        platform.last_snapshot().tables[1]
            .columns
            .iter()
            .all(|column| !column.dropped)
    );
}

#[tokio::test]
async fn a_silent_catalog_drops_nothing_and_is_named() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.put_table("lake.dim.accounts", &[("id", "bigint")], vec![]);
    platform.scan().await;
    platform.with_engine(|engine| engine.broken_catalogs.insert("postgres".to_owned()));
    let scan = platform.scan().await;
    assert_eq!(
        (scan.state, scan.summary.tables, scan.summary.tables_dropped),
        (ScanState::Done, 2, 0)
    );
    assert_eq!(scan.problems[0].what, "postgres");
    assert!(
        platform
            .last_snapshot()
            .tables
            .iter()
            .all(|table| !table.dropped)
    );
}

#[tokio::test]
async fn an_engine_that_is_away_changes_nothing() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.scan().await;
    platform.with_engine(|engine| engine.down = true);
    let scan = platform.scan().await;
    assert_eq!(
        (scan.state, scan.problems[0].what.as_str()),
        (ScanState::Failed, "engine")
    );
    assert_eq!(platform.lifeguard.lock().unwrap().snapshots.len(), 1);
    platform.with_engine(|engine| engine.down = false);
    assert_eq!(platform.scan().await.state, ScanState::Done);
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_judged_by_its_names_and_tried_again() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.with_engine(|engine| {
        engine
            .broken_tables
            .insert("postgres.crm.contacts".to_owned())
    });
    let scan = platform.scan().await;
    assert_eq!(scan.state, ScanState::Done);
    assert!(
        scan.problems[0].detail.contains("INVALID_CAST_ARGUMENT"),
        "{:?}",
        scan.problems
    );
    let proposal = platform.proposal("postgres.crm.contacts", "email").unwrap();
    assert_eq!(
        (proposal.class, proposal.confidence),
        (Some(PiiClass::Email), 0.5)
    );
    let everything = format!("{scan:?} {proposal:?}");
    assert!(
        everything.contains("sample.failed") && !everything.contains("raw-value-in-message"),
        "{everything}"
    );

    platform.with_engine(|engine| engine.broken_tables.clear());
    platform.later(60);
    assert_eq!(platform.scan().await.summary.columns_classified, 6);
    assert!(
        platform
            .proposal("postgres.crm.contacts", "email")
            .unwrap()
            .confidence
            > 0.9
    );
}

#[tokio::test]
async fn an_engine_that_cannot_cut_texts_is_asked_for_whole_ones() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.with_engine(|engine| engine.cannot_cut = true);
    let scan = platform.scan().await;
    assert_eq!((scan.summary.columns_flagged, scan.problems.len()), (4, 0));
}

#[tokio::test]
async fn proposals_that_lifeguard_missed_are_sent_by_the_next_scan() {
    let platform = Platform::new(None);
    platform.put_contacts();
    platform.lifeguard.lock().unwrap().deaf = true;
    let scan = platform.scan().await;
    assert_eq!(scan.state, ScanState::Failed);
    assert!(
        scan.problems
            .iter()
            .all(|problem| problem.what == "lifeguard"),
        "{:?}",
        scan.problems
    );
    assert_eq!(platform.catalog.lock().unwrap().snapshots.len(), 1);
    platform.lifeguard.lock().unwrap().deaf = false;
    platform.later(60);
    let scan = platform.scan().await;
    assert_eq!(
        (scan.state, scan.summary.columns_classified),
        (ScanState::Done, 0)
    );
    assert_eq!(
        platform
            .proposal("postgres.crm.contacts", "email")
            .unwrap()
            .class,
        Some(PiiClass::Email)
    );
    platform.later(60);
    platform.lifeguard.lock().unwrap().proposals.clear();
    platform.scan().await;
    assert!(platform.lifeguard.lock().unwrap().proposals.is_empty());
}

#[tokio::test]
async fn a_scan_stops_at_its_budget_and_the_next_goes_on() {
    let mut platform = Platform::new(None);
    for n in 0..5 {
        platform.put_table(
            &format!("lake.s.t{n}"),
            &[("a", "varchar"), ("d", "date")],
            vec![vec![json!("x"), json!("2026-05-01")]],
        );
    }
    platform.app.budget.tables = 2;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let scan = platform.scan().await;
        waiting.push((scan.state, scan.summary.columns_waiting));
    }
    assert_eq!(
        waiting,
        [
            (ScanState::Partial, 6),
            (ScanState::Partial, 2),
            (ScanState::Done, 0)
        ]
    );
}

#[tokio::test]
async fn nested_values_are_read() {
    let platform = Platform::new(None);
    let rows = (0..30)
        .map(|n| {
            vec![
                json!([format!("a{n}@corp.example"), null]),
                json!({"ip": format!("198.51.100.{n}")}),
                json!(4242),
            ]
        })
        .collect();
    let columns = [
        ("mails", "array(varchar)"),
        ("source", "json"),
        ("order", "integer"),
    ];
    platform.put_table("lake.s.nested", &columns, rows);
    platform.scan().await;
    assert_eq!(
        platform.proposal("lake.s.nested", "mails").unwrap().class,
        Some(PiiClass::Email)
    );
    assert_eq!(
        platform.proposal("lake.s.nested", "source").unwrap().class,
        Some(PiiClass::Ipv4)
    );
    assert_eq!(
        platform.proposal("lake.s.nested", "order").unwrap().class,
        None
    );
}

#[tokio::test]
async fn a_lake_larger_than_the_demo_is_scanned_within_one_budget() {
    let platform = Platform::new(None);
    for n in 0..23 {
        let rows = (0..1000)
            .map(|row| {
                (0..10)
                    .map(|column| json!(format!("some text {row} of column {column} in {n}")))
                    .collect()
            })
            .collect();
        let columns: Vec<(String, &str)> = (0..10)
            .map(|column| (format!("c{column}"), "varchar"))
            .collect();
        let columns: Vec<(&str, &str)> = columns
            .iter()
            .map(|(name, kind)| (name.as_str(), *kind))
            .collect();
        platform.put_table(&format!("lake.s.t{n}"), &columns, rows);
    }
    let started = tokio::time::Instant::now();
    let scan = platform.scan().await;
    assert_eq!(scan.summary.columns_classified, 230);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    println!("230 columns of 1000 rows in {:?}", started.elapsed());
}

#[tokio::test]
async fn requests_that_come_together_share_a_scan() {
    let platform = Platform::new(None);
    platform.put_contacts();
    let ask = || platform.call::<Scan>(Method::POST, "/api/scans", Some(&["reviewers"]));
    let answers = futures::future::join_all((0..5).map(|_| ask())).await;
    let mut ids: Vec<&str> = answers.iter().map(|(_, scan)| scan.id.as_str()).collect();
    assert!(
        answers
            .iter()
            .all(|(status, scan)| *status == StatusCode::OK && scan.state == ScanState::Done)
    );
    ids.sort_unstable();
    ids.dedup();
    // The first to come and the one that all others wait for.
    assert!(ids.len() <= 2, "{ids:?}");
    let (_, scans) = platform
        .call::<Scans>(Method::GET, "/api/scans", Some(&["admins"]))
        .await;
    assert_eq!(scans.scans.len(), ids.len());
    assert_eq!(
        scans.scans[0].requested_by.as_deref(),
        Some("rui@corp.example")
    );
}

#[tokio::test]
async fn a_scan_that_was_cut_short_does_not_block_the_next() {
    let platform = Platform::new(None);
    platform.put_contacts();
    let running = "INSERT INTO scans (id, trigger, state, started_at, alive_at, summary, problems) \
                   VALUES ('scn_dead', 'cron', 'running', ?1, ?1, '{}', '[]')";
    let params = townlake_kit::db::params![platform.app.clock.now()];
    platform.app.db.run(running, params).await.unwrap();
    assert_eq!(platform.scan().await.id, "scn_dead");
    platform.later(61);
    assert_eq!(platform.scan().await.state, ScanState::Done);
    let (_, scans) = platform
        .call::<Scans>(Method::GET, "/api/scans?limit=2", Some(&["admins"]))
        .await;
    assert_eq!(
        (scans.scans[1].id.as_str(), scans.scans[1].state),
        ("scn_dead", ScanState::Failed)
    );
}
