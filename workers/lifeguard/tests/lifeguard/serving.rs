//! How the policy document is handed out: ETag, validity, the last good one.

use futures::future::join_all;
use http::Method;
use serde_json::json;
use townlake_core::names::TableRef;
use townlake_core::policy::document::Document;
use townlake_core::policy::evaluate::Visibility;
use townlake_core::policy::render::{REFRESH_GRACE_SECONDS, VALIDITY_SECONDS};
use townlake_core::time::Timestamp;
use townlake_kit::db::params;

use crate::iam::Mood;
use crate::town::{IAM_MAX_AGE_SECONDS, Town, enforced, user};

fn valid_until(answer: &crate::town::Answer) -> Timestamp {
    answer.header("x-townlake-valid-until").parse().unwrap()
}

#[tokio::test]
async fn an_empty_database_is_a_valid_and_closed_document() {
    let town = Town::start().await;
    town.iam.be(Mood::Broken);
    let (document, model) = town.served().await;
    assert!(document.groups.is_empty());
    let table: TableRef = "lake.dim.accounts".parse().unwrap();
    for who in ["ana", "svc-gateway", "svc-skipper"] {
        let user = user(who);
        let sight = enforced(&document, &model, &user, user.as_str(), &table);
        assert_eq!(sight.visibility, Visibility::Absent, "{who}");
    }
    assert!(model.may_scan(&user("svc-skimmer")));
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again_but_stays_valid() {
    let town = Town::with_tables().await;
    let first = town.policy(None).await;
    let etag = first.header("etag");
    let until = valid_until(&first);
    assert_eq!(first.body["meta"]["valid_until"], until.to_string());
    // The directory is the first to be no longer true.
    assert_eq!(
        until,
        town.clock
            .now()
            .plus_seconds(IAM_MAX_AGE_SECONDS + REFRESH_GRACE_SECONDS)
    );
    town.wait(600);
    let again = town.policy(Some(&etag)).await;
    assert_eq!(
        (again.status.as_u16(), again.header("etag")),
        (304, etag.clone())
    );
    assert_eq!(valid_until(&again), until.plus_seconds(600));
    assert_eq!(again.body, serde_json::Value::Null);

    // Whoever comes without an ETag gets the same content with times of now.
    let whole = town.policy(None).await;
    assert_eq!(whole.header("etag"), etag);
    assert_eq!(
        whole.body["meta"]["valid_until"],
        until.plus_seconds(600).to_string()
    );
    assert_eq!(whole.body["trino"], first.body["trino"]);

    town.call(
        "rui",
        "POST",
        "/api/reviews",
        Some(json!({"tables": [
        {"table": "lake.dim.accounts", "state": "approved"}]})),
    )
    .await
    .ok();
    let changed = town.policy(Some(&etag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), etag);
}

#[tokio::test]
async fn nothing_is_promised_much_beyond_its_own_end() {
    let town = Town::with_tables().await;
    town.call(
        "ines",
        "POST",
        "/api/grants",
        Some(json!({
        "subject": {"group": "analysts"}, "table": "lake.*.*", "privileges": ["select"],
        "expires_at": town.clock.now().plus_seconds(30), "reason": "briefly"})),
    )
    .await
    .ok();
    let end = town.clock.now().plus_seconds(30 + REFRESH_GRACE_SECONDS);
    assert_eq!(valid_until(&town.policy(None).await), end);
    town.wait(10);
    assert_eq!(valid_until(&town.policy(None).await), end);
    town.wait(20);
    assert!(valid_until(&town.policy(None).await) > end);
    assert!(
        valid_until(&town.policy(None).await) <= town.clock.now().plus_seconds(VALIDITY_SECONDS)
    );
}

#[tokio::test]
async fn every_change_has_a_higher_version() {
    let town = Town::with_tables().await;
    let mut last = 0;
    let reviewed =
        |state: &str| json!({"tables": [{"table": "lake.dim.accounts", "state": state}]});
    let grant = json!({"subject": {"group": "analysts"}, "table": "lake.*.*", "privileges": ["select"], "reason": "x"});
    for (who, path, body) in [
        ("rui", "/api/reviews", reviewed("approved")),
        ("ines", "/api/grants", grant.clone()),
        ("ines", "/api/grants", grant),
        ("rui", "/api/reviews", reviewed("denied")),
    ] {
        let answer = town.call(who, "POST", path, Some(body)).await.ok();
        let version = answer["policy_version"].as_u64().unwrap();
        assert!(version > last, "{path}");
        last = version;
        let served = town.policy(None).await;
        assert_eq!(served.body["meta"]["version"], version);
        assert_eq!(
            served.header("x-townlake-policy-version"),
            version.to_string()
        );
    }
    let same = town
        .call("rui", "POST", "/api/reviews", Some(reviewed("denied")))
        .await
        .ok();
    assert_eq!(
        (same["policy_version"].as_u64(), same["changed"].as_u64()),
        (Some(last), Some(0))
    );
}

#[tokio::test]
async fn changes_at_the_same_moment_are_all_taken_or_refused_in_words() {
    let town = Town::with_tables().await;
    let review = |table: &str, state: &str| json!({"tables": [{"table": table, "state": state, "remaining": "clear"}]});
    let mut calls = Vec::new();
    for index in 0..20 {
        let table = ["crm.public.contacts", "lake.dim.accounts"][index % 2];
        let state = ["approved", "pending", "denied"][index % 3];
        calls.push(town.call("rui", "POST", "/api/reviews", Some(review(table, state))));
    }
    for answer in join_all(calls).await {
        assert!(
            matches!(answer.status.as_u16(), 200 | 409),
            "{}",
            answer.body
        );
    }
    town.served().await;
    let left: Option<serde_json::Value> = town
        .db
        .first("SELECT * FROM guards", params![])
        .await
        .unwrap();
    assert!(left.is_none());
}

/// A review that no rule can express stands for whatever may go wrong with rendering.
#[tokio::test]
async fn the_last_good_document_is_served_until_it_ends_and_nothing_after() {
    let town = Town::with_tables().await;
    let good = town.policy(None).await;
    let until = valid_until(&good);
    // More than Trino takes as one document: a megabyte of columns on each of twenty tables.
    let sql = "WITH RECURSIVE tables_(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM tables_ WHERE n < 20) \
               INSERT INTO tables (name, kind, dropped, first_seen_at, changed_at, state) \
               SELECT 'lake.big.t' || n, 'table', 0, 0, 0, 'approved' FROM tables_";
    town.db.run(sql, params![]).await.unwrap();
    let sql = "WITH RECURSIVE columns_(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM columns_ WHERE n < 900) \
               INSERT INTO columns (table_name, name, type, ordinal, dropped) \
               SELECT tables.name, replace(tables.name, '.', '_') || printf('%01100d', n), 'bigint', n, 0 \
               FROM tables, columns_ WHERE tables.name LIKE 'lake.big.%'";
    town.db.run(sql, params![]).await.unwrap();
    town.db
        .run("UPDATE policy_state SET version = version + 1", params![])
        .await
        .unwrap();

    town.wait(30);
    let served = town.policy(None).await;
    assert_eq!(served.status, 200, "{}", served.body);
    assert_eq!(served.header("etag"), good.header("etag"));
    assert_eq!(
        valid_until(&served),
        until,
        "a promise is not renewed for what is no longer true"
    );
    assert_eq!(town.policy(Some(&good.header("etag"))).await.status, 304);

    town.clock.set(until);
    let over = town.policy(Some(&good.header("etag"))).await;
    assert_eq!(
        (over.status.as_u16(), over.body["code"].as_str()),
        (503, Some("policy_unavailable"))
    );

    town.db
        .run(
            "DELETE FROM columns WHERE table_name LIKE 'lake.big.%'",
            params![],
        )
        .await
        .unwrap();
    town.db
        .run("UPDATE policy_state SET version = version + 1", params![])
        .await
        .unwrap();
    assert_eq!(
        town.policy(None).await.status,
        200,
        "it recovers without a hand"
    );
}

#[tokio::test]
async fn a_grant_that_cannot_be_read_gives_nothing_and_stops_nobody() {
    let town = Town::with_tables().await;
    let grant = |table: &str| {
        json!({"subject": {"group": "analysts"}, "table": table, "privileges": ["select"],
            "row_filter": "id > 1", "reason": "x"})
    };
    town.call("ines", "POST", "/api/grants", Some(grant("lake.*.*")))
        .await
        .ok();
    town.call("ines", "POST", "/api/grants", Some(grant("crm.*.*")))
        .await
        .ok();
    let sql = "UPDATE grants SET row_filter = 'id > 1) OR (1 = 1' WHERE table_pattern = 'crm.*.*'";
    town.db.run(sql, params![]).await.unwrap();
    town.db
        .run("UPDATE policy_state SET version = version + 1", params![])
        .await
        .unwrap();
    let (_, model) = town.served().await;
    let left: Vec<_> = model
        .grants
        .iter()
        .map(|grant| grant.table.to_string())
        .collect();
    assert_eq!(left, ["lake.*.*"]);
}

#[tokio::test]
async fn a_long_document_comes_back_whole() {
    let town = Town::with_tables().await;
    let columns: Vec<_> = (0..4000)
        .map(|n| json!({"name": format!("spalte_\u{fc}_{n:0>200}"), "type": "bigint", "ordinal": n + 1}))
        .collect();
    let snapshot = json!({"taken_at": town.clock.now().plus_seconds(1), "tables": [
        {"table": "lake.big.t", "kind": "table", "columns": columns}]});
    town.from(
        "skimmer",
        Method::PUT,
        "/internal/snapshot",
        &[],
        Some(snapshot),
    )
    .await
    .ok();
    town.call(
        "rui",
        "POST",
        "/api/reviews",
        Some(json!({"tables": [
        {"table": "lake.big.t", "state": "approved"}]})),
    )
    .await
    .ok();
    let text = town.policy(None).await.ok().to_string();
    assert!(
        text.chars().count() > 800_000,
        "long enough to be cut: {}",
        text.len()
    );
    Document::from_json(&text).unwrap();
}

#[tokio::test]
async fn the_model_is_sent_again_only_when_it_changed() {
    let town = Town::with_tables().await;
    let get = async |etag: &str| {
        town.from(
            "catalog",
            Method::GET,
            "/internal/model",
            &[("if-none-match", etag)],
            None,
        )
        .await
    };
    let first = get("").await;
    let etag = first.header("etag");
    town.wait(30);
    assert_eq!(get(&etag).await.status, 304);
    town.iam.be(Mood::Broken);
    town.wait(IAM_MAX_AGE_SECONDS);
    let stale = get(&etag).await;
    assert_eq!(stale.status, 200, "stale memberships are another model");
    assert_eq!(stale.body["groups"], json!({}));
}

#[tokio::test]
async fn each_worker_reaches_only_its_routes() {
    let town = Town::with_tables().await;
    for (method, path, body, allowed) in [
        (
            Method::POST,
            "/internal/identify",
            json!({"user": "ana@corp.example"}),
            vec!["gateway"],
        ),
        (
            Method::GET,
            "/internal/policy",
            json!(null),
            vec!["gateway"],
        ),
        (
            Method::GET,
            "/internal/model",
            json!(null),
            vec!["gateway", "catalog", "skipper", "skimmer"],
        ),
        (
            Method::POST,
            "/internal/audit",
            json!([]),
            vec!["gateway", "skipper", "skimmer"],
        ),
        (
            Method::PUT,
            "/internal/snapshot",
            crate::town::snapshot("2026-05-02T12:00:00Z"),
            vec!["skimmer"],
        ),
        (
            Method::PUT,
            "/internal/proposals",
            json!([]),
            vec!["skimmer"],
        ),
    ] {
        for caller in ["gateway", "catalog", "skipper", "skimmer", "lifeguard"] {
            let answer = town
                .from(caller, method.clone(), path, &[], Some(body.clone()))
                .await;
            let wanted = if allowed.contains(&caller) { 200 } else { 403 };
            assert_eq!(answer.status, wanted, "{caller} {path}: {}", answer.body);
        }
        let outside = town.raw(None, method, path, &[], body.to_string()).await;
        assert_eq!(outside.status, 404, "{path}");
    }
    // Skimmer and the catalog may not act for a person.
    let principal =
        json!({"user": "ines@corp.example", "groups": [], "kind": "person", "via": "access"});
    let principal = townlake_kit::identity::encode(&serde_json::from_value(principal).unwrap());
    for caller in ["skimmer", "catalog"] {
        let headers = [("x-townlake-principal", principal.as_str())];
        let answer = town
            .from(caller, Method::GET, "/api/grants", &headers, None)
            .await;
        assert_eq!(answer.status, 403, "{caller}");
    }
}
