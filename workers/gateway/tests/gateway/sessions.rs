//! PII sessions: named by the client, checked here, enforced by the engine.

use serde_json::{Value, json};

use crate::town::Town;

async fn open(town: &Town, who: &str) -> Value {
    let body = json!({"classes": ["email"], "minutes": 10, "reason": "a ticket"});
    let session = town.ok(who, "POST", "/api/pii-sessions", Some(body)).await;
    town.wait(2);
    session
}

const EMAILS: &str = "SELECT email FROM crm.public.contacts";

#[tokio::test]
async fn a_session_changes_the_effective_user_and_is_recorded_first() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let session = open(&town, "ana").await;
    let id = session["id"].as_str().unwrap();
    let header = format!("query_max_run_time=1h,pii_session={id}");
    let answer = town
        .sql_with(&ana, EMAILS, &[("x-trino-session", &header)])
        .await;
    assert!(answer.json()["error"].is_null(), "{}", answer.text);
    let asked = town.engine.asked();
    assert_eq!(asked[0].path, "/v1/townlake/refresh");
    // A busy machine may make the gateway ask twice.
    let statement = asked.last().unwrap();
    assert_eq!(statement.path, "/v1/statement");
    assert_eq!(
        statement.headers["x-trino-user"],
        session["effective_user"].as_str().unwrap()
    );
    assert_eq!(
        statement.headers["x-trino-original-user"],
        "ana@corp.example"
    );
    assert_eq!(
        statement.headers["x-trino-session"],
        "query_max_run_time=1h"
    );
    let started = town.audit().await.pop().unwrap();
    assert_eq!(
        (&started["pii_session"], &started["effective_user"]),
        (&session["id"], &session["effective_user"])
    );

    town.sql_with(&ana, EMAILS, &[("x-trino-session", &header)])
        .await;
    let paths: Vec<_> = town
        .engine
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .collect();
    assert!(
        paths.iter().all(|path| path == "/v1/statement"),
        "the engine is asked what it knows until it knows, and no more: {paths:?}"
    );

    town.sql(&ana, EMAILS).await;
    let asked = town.engine.asked().pop().unwrap();
    assert_eq!(
        asked.headers["x-trino-user"], "ana@corp.example",
        "without the property, masks hold"
    );
}

#[tokio::test]
async fn set_session_and_reset_session_are_answered_here() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let session = open(&town, "ana").await;
    let id = session["id"].as_str().unwrap();
    let set = town
        .sql(&ana, &format!("set session PII_SESSION = '{id}'"))
        .await;
    assert_eq!(set.json()["updateType"], "SET SESSION");
    assert_eq!(
        set.json()["columns"],
        serde_json::json!([]),
        "JDBC waits for columns, be there none"
    );
    assert_eq!(set.json()["stats"]["state"], "FINISHED");
    let value = set.headers["x-trino-set-session"]
        .to_str()
        .unwrap()
        .to_owned();
    let lifted = town
        .sql_with(&ana, EMAILS, &[("x-trino-session", &value)])
        .await;
    assert!(lifted.json()["error"].is_null(), "{}", lifted.text);
    assert!(town.engine.asked().pop().unwrap().headers["x-trino-user"].contains("+pii."));
    let reset = town
        .sql_with(
            &ana,
            "RESET SESSION pii_session",
            &[("x-trino-session", &value)],
        )
        .await;
    assert_eq!(reset.headers["x-trino-clear-session"], "pii_session");
    assert!(reset.json()["error"].is_null());
    assert!(town.engine.asked().is_empty());
}

#[tokio::test]
async fn only_the_owners_live_session_is_of_any_use() {
    let town = Town::open().await;
    let (ana, rui) = (town.token("ana").await, town.token("rui").await);
    let session = open(&town, "ana").await;
    let id = session["id"].as_str().unwrap().to_owned();
    let header = format!("pii_session={id}");
    let foreign = town
        .sql_with(&rui, "SELECT 1", &[("x-trino-session", &header)])
        .await
        .error();
    let unknown = town
        .sql_with(
            &rui,
            "SELECT 1",
            &[("x-trino-session", "pii_session=pii_x")],
        )
        .await
        .error();
    assert_eq!(foreign.0, "INVALID_SESSION_PROPERTY");
    assert_eq!(
        foreign.1.replace(&id, "x"),
        unknown.1.replace("pii_x", "x"),
        "another's session looks like none"
    );
    assert_eq!(
        town.sql(&rui, &format!("SET SESSION pii_session = '{id}'"))
            .await
            .error()
            .0,
        "INVALID_SESSION_PROPERTY"
    );
    assert_eq!(
        town.sql(&ana, "SET SESSION pii_session = 1 + 1")
            .await
            .error()
            .0,
        "INVALID_SESSION_PROPERTY"
    );
    town.wait(601);
    let (name, message) = town
        .sql_with(&ana, EMAILS, &[("x-trino-session", &header)])
        .await
        .error();
    assert_eq!(name, "INVALID_SESSION_PROPERTY");
    assert!(
        message.contains("is over") && message.contains("RESET SESSION pii_session"),
        "{message}"
    );
    let reset = town
        .sql_with(
            &ana,
            "RESET SESSION pii_session",
            &[("x-trino-session", &header)],
        )
        .await;
    assert!(
        reset.json()["error"].is_null(),
        "there is a way out of a session that is over"
    );
    assert!(town.engine.asked().is_empty());
}

#[tokio::test]
async fn a_running_query_stops_with_its_session() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    for end in ["expiry", "ended", "unmask grant revoked"] {
        let session = open(&town, "ana").await;
        let id = session["id"].as_str().unwrap().to_owned();
        let first = town
            .sql_with(
                &ana,
                EMAILS,
                &[("x-trino-session", &format!("pii_session={id}"))],
            )
            .await;
        let second = town.page(&ana, &first.next()).await;
        assert_eq!(
            second.json()["data"][0][0].as_str().map(|row| &row[..5]),
            Some("row 1"),
            "{end}"
        );
        match end {
            "expiry" => town.wait(600),
            "ended" => drop(
                town.ok("ana", "DELETE", &format!("/api/pii-sessions/{id}"), None)
                    .await,
            ),
            _ => {
                let grants = town.ok("ines", "GET", "/api/unmask-grants", None).await;
                let grant = grants["unmask_grants"][0]["id"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{grants}"))
                    .to_owned();
                town.ok(
                    "ines",
                    "DELETE",
                    &format!("/api/unmask-grants/{grant}"),
                    None,
                )
                .await;
            }
        }
        town.wait(2);
        // The token is of one hour, the session was of ten minutes.
        town.engine.asked();
        let (name, message) = town.page(&ana, &second.next()).await.error();
        assert_eq!(name, "PERMISSION_DENIED");
        assert!(message.contains("PII session is over"), "{end}: {message}");
        let asked = town.engine.asked();
        assert_eq!(
            asked
                .iter()
                .map(|asked| asked.method.as_str())
                .collect::<Vec<_>>(),
            ["DELETE"],
            "{end}"
        );
        let stopped = town.audit().await.pop().unwrap();
        assert_eq!(
            (stopped["kind"].as_str(), &stopped["pii_session"]),
            (Some("query_stopped"), &session["id"]),
            "{end}"
        );
    }
}

#[tokio::test]
async fn an_engine_that_has_not_heard_of_the_session_is_waited_for() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let session = open(&town, "ana").await;
    let header = format!("pii_session={}", session["id"].as_str().unwrap());
    // A Trino has no refresh route; it refuses the impersonation until it has fetched the policy.
    town.engine.set_version(None);
    town.engine.know_late(2);
    let answer = town
        .sql_with(&ana, EMAILS, &[("x-trino-session", &header)])
        .await;
    assert!(answer.json()["error"].is_null(), "{}", answer.text);
    let asked = town.engine.asked();
    let tries = asked
        .iter()
        .filter(|asked| asked.body == "SELECT 1")
        .count();
    assert_eq!(tries, 3);
    assert_eq!(asked.last().unwrap().body, EMAILS);
}

#[tokio::test]
async fn without_a_record_nothing_is_unmasked() {
    let mut town = Town::open().await;
    let ana = town.token("ana").await;
    let session = open(&town, "ana").await;
    let header = format!("pii_session={}", session["id"].as_str().unwrap());
    town.break_audit();
    let (name, message) = town
        .sql_with(&ana, EMAILS, &[("x-trino-session", &header)])
        .await
        .error();
    assert_eq!(name, "GENERIC_INTERNAL_ERROR");
    assert!(message.contains("record could not be written"), "{message}");
    assert_eq!(
        town.engine.asked().pop().unwrap().method,
        "DELETE",
        "the query that had begun is stopped"
    );
    // Without a session, an audit that is away for a moment does not stop the work.
    assert!(town.sql(&ana, EMAILS).await.json()["error"].is_null());
}
