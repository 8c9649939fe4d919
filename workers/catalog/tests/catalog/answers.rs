//! What callers find, and what they are told.

use http::StatusCode;
use serde_json::json;

use crate::platform::{Platform, snapshot};

#[tokio::test]
async fn datasets_are_found_by_the_words_of_their_names_and_columns() {
    let platform = Platform::demo().await;
    for (question, first) in [
        ("billing product revenue", "lake.fct.billings_allocated"),
        ("accounts", "lake.dim.accounts"),
        ("account", "lake.dim.accounts"),
        ("acct", "lake.dim.accounts"),
        ("customerType", "lake.dim.accounts"),
        ("customer_type", "lake.dim.accounts"),
        ("alloc_amount", "lake.fct.billings_allocated"),
        ("contacts", "postgres.crm.contacts"),
    ] {
        let answer = platform.search("ana@corp.example", question, 10).await;
        let found = answer
            .datasets
            .first()
            .map(|dataset| dataset.name.to_string());
        assert_eq!(found.as_deref(), Some(first), "{question}: {answer:?}");
    }
}

#[tokio::test]
async fn a_pending_column_and_a_denied_table_are_never_found() {
    let platform = Platform::demo().await;
    for (question, total) in [
        ("email", 1),
        ("people", 0),
        ("ssn", 0),
        ("salaries", 0),
        ("secret", 0),
    ] {
        let answer = platform.search("ana@corp.example", question, 10).await;
        assert_eq!(answer.total, total, "{question}: {answer:?}");
        assert!(
            answer
                .datasets
                .iter()
                .all(|dataset| dataset.name.to_string() == "lake.dim.accounts")
        );
    }
    let contacts = platform
        .get("ana@corp.example", "/api/datasets/postgres.crm.contacts")
        .await;
    assert_eq!(contacts.0, StatusCode::OK);
    assert_eq!(contacts.1["access"], "awaits_review");
    assert_eq!(contacts.1["columns"], json!([]));
    assert_eq!(contacts.1["description"], "");
    let denied = platform
        .get("ana@corp.example", "/api/datasets/postgres.hr.salaries")
        .await;
    let absent = platform
        .get("ana@corp.example", "/api/datasets/postgres.hr.nothing")
        .await;
    assert_eq!(denied.0, StatusCode::NOT_FOUND);
    assert_eq!(
        denied.1["code"], absent.1["code"],
        "a denied dataset looks like none"
    );
}

#[tokio::test]
async fn an_answer_says_exactness_freshness_masks_and_what_was_cut() {
    let platform = Platform::demo().await;
    let (_, accounts) = platform
        .get("ana@corp.example", "/api/datasets/lake.dim.accounts")
        .await;
    assert_eq!(accounts["description"], "One row per account.");
    assert_eq!(accounts["exactness"], json!({ "kind": "exact" }));
    assert_eq!(accounts["freshness"], "daily");
    assert_eq!(accounts["access"], "granted");
    assert_eq!(
        accounts["columns"][1],
        json!({ "name": "owner_email", "type": "varchar", "masked": "email", "readable": true })
    );
    let answer = platform.search("ana@corp.example", "", 1).await;
    assert_eq!((answer.total, answer.cut, answer.datasets.len()), (3, 2, 1));
    let (_, bo) = platform
        .get("bo@corp.example", "/api/datasets/lake.dim.accounts")
        .await;
    assert_eq!(bo["access"], "not_granted");
    assert_eq!(
        bo["next"][0]["href"],
        "/requests/new?table=lake.dim.accounts"
    );
    assert_eq!(bo["columns"][1]["readable"], false);
}

#[tokio::test]
async fn a_later_snapshot_replaces_and_an_older_one_changes_nothing() {
    let platform = Platform::demo().await;
    assert_eq!(
        platform.put(&snapshot()).await,
        json!({ "changed": 0 }),
        "the same again costs nothing"
    );
    let mut later = snapshot();
    later.taken_at = later.taken_at.plus_seconds(60);
    later
        .tables
        .retain(|table| table.table.to_string() != "lake.dim.accounts");
    later.tables[0].comment = Some("Allocated. [sampled 1:10, hourly]".to_owned());
    assert_eq!(platform.put(&later).await, json!({ "changed": 1 }));
    let answer = platform.search("ana@corp.example", "accounts", 10).await;
    assert!(
        answer
            .datasets
            .iter()
            .all(|dataset| dataset.name.to_string() != "lake.dim.accounts")
    );
    let (_, billings) = platform
        .get(
            "ana@corp.example",
            "/api/datasets/lake.fct.billings_allocated",
        )
        .await;
    assert_eq!(
        billings["exactness"],
        json!({ "kind": "sampled", "one_in": 10 })
    );
    assert_eq!(
        platform.put(&snapshot()).await,
        json!({ "changed": 0 }),
        "late ones are ignored"
    );
}

#[tokio::test]
async fn only_skimmer_writes_and_nobody_reads_without_the_policy() {
    let platform = Platform::demo().await;
    assert_eq!(
        platform.put_as("gateway", &snapshot()).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        platform.get_as("skimmer", "/api/search?q=a").await.0,
        StatusCode::FORBIDDEN
    );
    let closed = Platform::without_policy().await;
    let (status, problem) = closed
        .get("ana@corp.example", "/api/search?q=accounts")
        .await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
}

#[tokio::test]
async fn questions_of_any_form_are_safe() {
    let platform = Platform::demo().await;
    for question in [
        "%22",
        "%27%20OR%201%3D1",
        "name%3A*",
        "NEAR(a%20b)",
        "%5E",
        "-",
        "*",
        "a%00b",
        "%F0%9F%98%80",
    ] {
        let (status, answer) = platform
            .get("ana@corp.example", &format!("/api/search?q={question}"))
            .await;
        assert_eq!(status, StatusCode::OK, "{question}: {answer}");
    }
    for path in [
        "/api/search?limit=0",
        "/api/search?limit=101",
        "/api/datasets/x",
        &format!("/api/search?q={}", "a".repeat(2_000)),
    ] {
        let (status, problem) = platform.get("ana@corp.example", path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path:.40}");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
    }
}
