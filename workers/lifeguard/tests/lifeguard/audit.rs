//! What is on record, and that it stays so.

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use townlake_kit::db::params;

use crate::town::Town;

#[tokio::test]
async fn what_is_recorded_is_neither_changed_nor_removed() {
    let town = Town::with_tables().await;
    town.call(
        "rui",
        "POST",
        "/api/reviews",
        Some(json!({"tables": [
        {"table": "lake.dim.accounts", "state": "approved"}]})),
    )
    .await
    .ok();
    for table in ["audit_events", "review_decisions"] {
        let rows = async || {
            town.db
                .all::<Value>(&format!("SELECT * FROM {table}"), params![])
                .await
                .unwrap()
        };
        let before = rows().await;
        assert!(!before.is_empty(), "{table}");
        for sql in [
            format!("UPDATE {table} SET sequence = sequence + 100"),
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE sequence = 1"),
        ] {
            let error = town.db.run(&sql, params![]).await.unwrap_err().to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
        assert_eq!(rows().await, before);
    }
    let replace = "INSERT OR REPLACE INTO audit_events (sequence, id, at, kind, user, reported_by, event) \
                   SELECT sequence, 'forged', 0, kind, 'nobody', reported_by, event FROM audit_events";
    town.db.run(replace, params![]).await.unwrap();
    let forged: Vec<Value> = town
        .db
        .all("SELECT id FROM audit_events WHERE id = 'forged'", params![])
        .await
        .unwrap();
    assert!(
        forged.is_empty(),
        "an event in the place of another is left out"
    );
    let replace = "INSERT OR REPLACE INTO review_decisions (sequence, table_name, previous_state, state, decided_by, \
                   decided_at) SELECT sequence, 'x', 'pending', 'approved', 'nobody', 0 FROM review_decisions";
    assert!(
        town.db
            .run(replace, params![])
            .await
            .unwrap_err()
            .to_string()
            .contains("append-only")
    );
    assert!(
        town.db
            .run("UPDATE policy_state SET version = 1", params![])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn each_change_is_on_record_with_who_and_why() {
    let town = Town::with_tables().await;
    let call = async |who: &str, method: &str, path: &str, body: Value| {
        town.call(who, method, path, Some(body)).await.ok()
    };
    call("rui", "POST", "/api/reviews", json!({"tables": [
        {"table": "crm.public.contacts", "state": "approved", "remaining": "proposal", "note": "fine"}]})).await;
    let grant = call(
        "ines",
        "POST",
        "/api/grants",
        json!({"subject": {"group": "analysts"}, "table": "crm.*.*",
        "privileges": ["select"], "reason": "support"}),
    )
    .await;
    call(
        "ines",
        "DELETE",
        &format!("/api/grants/{}", grant["id"].as_str().unwrap()),
        json!(null),
    )
    .await;
    let unmask = call(
        "ines",
        "POST",
        "/api/unmask-grants",
        json!({"subject": {"group": "analysts"},
        "class": "email", "reason": "support"}),
    )
    .await;
    let session = call(
        "ana",
        "POST",
        "/api/pii-sessions",
        json!({"classes": ["email"], "minutes": 5,
        "reason": "ticket 7"}),
    )
    .await;
    call(
        "ana",
        "DELETE",
        &format!("/api/pii-sessions/{}", session["id"].as_str().unwrap()),
        json!(null),
    )
    .await;
    call(
        "ines",
        "DELETE",
        &format!("/api/unmask-grants/{}", unmask["id"].as_str().unwrap()),
        json!(null),
    )
    .await;
    let token = call(
        "ana",
        "POST",
        "/api/tokens",
        json!({"name": "cli", "hours": 1}),
    )
    .await;
    call(
        "ana",
        "DELETE",
        &format!("/api/tokens/{}", token["id"].as_str().unwrap()),
        json!(null),
    )
    .await;
    let request = call(
        "bo",
        "POST",
        "/api/requests",
        json!({"table": "crm.public.contacts", "reason": "curious"}),
    )
    .await;
    call(
        "rui",
        "POST",
        &format!("/api/requests/{}/close", request["id"].as_str().unwrap()),
        json!({"answer": "no"}),
    )
    .await;

    let events = call("ines", "GET", "/api/audit", json!(null)).await;
    let found: Vec<String> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|event| {
            let user = event["user"].as_str().unwrap();
            format!(
                "{} {}",
                user.split('@').next().unwrap(),
                event["kind"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "svc-skimmer schema_changed",
            "svc-lifeguard directory_changed",
            "rui table_reviewed",
            "ines grant_created",
            "ines grant_revoked",
            "ines unmask_grant_created",
            "ana pii_session_opened",
            "ana pii_session_ended",
            "ines unmask_grant_revoked",
            "ana token_created",
            "ana token_revoked",
            "bo access_requested",
            "rui access_request_closed",
        ]
    );
    let opened = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["kind"] == "pii_session_opened");
    assert_eq!(opened.unwrap()["detail"]["reason"], "ticket 7");
    let token = token["token"].as_str().unwrap();
    assert!(!events.to_string().contains(token));

    let own = call("bo", "GET", "/api/audit", json!(null)).await;
    assert!(
        own["events"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["user"] == "bo@corp.example")
    );
    let page = call("ines", "GET", "/api/audit?limit=5", json!(null)).await;
    assert_eq!(page["events"].as_array().unwrap().len(), 5);
    let next = format!("/api/audit?limit=100&before={}", page["next_before"]);
    let rest = call("ines", "GET", &next, json!(null)).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), found.len() - 5);
    assert_eq!(rest["next_before"], json!(null));
}

#[tokio::test]
async fn an_event_sent_twice_is_stored_once() {
    let town = Town::start().await;
    let event = |id: &str, kind: &str| {
        json!({"id": id, "at": "2026-05-01T12:00:00Z", "kind": kind, "user": "ana@corp.example",
            "query_id": "q1", "statement": "SELECT 1", "tables": ["lake.dim.accounts"]})
    };
    let send = async |events: Value| {
        town.from(
            "gateway",
            Method::POST,
            "/internal/audit",
            &[],
            Some(events),
        )
        .await
    };
    send(json!([
        event("a", "query_started"),
        event("b", "query_completed")
    ]))
    .await
    .ok();
    send(json!([
        event("b", "query_completed"),
        event("c", "query_refused")
    ]))
    .await
    .ok();
    let events = town.call("ana", "GET", "/api/audit", None).await.ok();
    let ids: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["id"].clone())
        .collect();
    assert_eq!(ids, ["c", "b", "a"]);
    assert_eq!(send(json!([event("d", "party_started")])).await.status, 400);
    assert_eq!(send(json!([event("", "query_started")])).await.status, 400);
}

#[tokio::test]
async fn a_token_is_stored_as_its_hash_only_and_dies_when_it_should() {
    let town = Town::start().await;
    let created = town
        .call(
            "ana",
            "POST",
            "/api/tokens",
            Some(json!({"name": "cli", "hours": 1, "scopes": ["query"]})),
        )
        .await
        .ok();
    let token = created["token"].as_str().unwrap();
    assert_eq!((token.len(), &token[..4]), (47, "tlp_"));
    let digest = hex::encode(Sha256::digest(token));
    for table in ["tokens", "audit_events"] {
        let rows: Vec<Value> = town
            .db
            .all(&format!("SELECT * FROM {table}"), params![])
            .await
            .unwrap();
        assert!(!json!(rows).to_string().contains(token), "{table}");
    }
    let identified = town.identify(json!({"token_sha256": digest})).await.ok();
    assert_eq!(identified["user"], "ana@corp.example");
    assert_eq!(identified["groups"], json!(["analysts"]));
    assert_eq!(
        (&identified["token_id"], &identified["scopes"]),
        (&created["id"], &json!(["query"]))
    );
    let listed = town.call("ana", "GET", "/api/tokens", None).await.ok();
    assert_eq!(
        listed["tokens"][0]["last_used_at"],
        town.clock.now().to_string()
    );
    assert!(!listed.to_string().contains(&digest));
    assert_eq!(
        town.call("bo", "GET", "/api/tokens", None).await.ok()["tokens"],
        json!([])
    );
    let delete = format!("/api/tokens/{}", created["id"].as_str().unwrap());
    assert_eq!(town.call("bo", "DELETE", &delete, None).await.status, 404);

    town.wait(3600);
    let code = async |digest: &str| {
        town.identify(json!({"token_sha256": digest})).await.body["code"].clone()
    };
    assert_eq!(code(&digest).await, "token_expired");
    assert_eq!(code("00").await, "token_unknown");
    let second = town
        .call(
            "ana",
            "POST",
            "/api/tokens",
            Some(json!({"name": "b", "hours": 2})),
        )
        .await
        .ok();
    let digest = hex::encode(Sha256::digest(second["token"].as_str().unwrap()));
    town.identify(json!({"token_sha256": digest})).await.ok();
    town.iam.set_active("ana@corp.example", false);
    town.wait(1);
    assert_eq!(
        code(&digest).await,
        "user_unknown",
        "a token is worth no more than its owner"
    );
    town.iam.set_active("ana@corp.example", true);
    town.wait(1);
    town.call(
        "ana",
        "DELETE",
        &format!("/api/tokens/{}", second["id"].as_str().unwrap()),
        None,
    )
    .await
    .ok();
    assert_eq!(code(&digest).await, "token_revoked");
    let made = town
        .call_via(
            "ana",
            "token",
            "POST",
            "/api/tokens",
            Some(json!({"name": "c", "hours": 1})),
        )
        .await;
    assert_eq!(made.body["code"], "token_cannot_make_tokens");
}
