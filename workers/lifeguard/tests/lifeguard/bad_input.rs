//! Bad input: what is answered, and that nothing changes.

use http::Method;
use serde_json::{Value, json};

use crate::town::Town;

#[tokio::test]
async fn bad_input_gets_its_precise_error() {
    let town = Town::with_tables().await;
    town.call(
        "ines",
        "POST",
        "/api/unmask-grants",
        Some(json!({"subject": {"user": "ana@corp.example"},
        "class": "email", "reason": "support"})),
    )
    .await
    .ok();
    let before = town.served().await;
    let grant = |change: Value| {
        let mut grant = json!({"subject": {"group": "analysts"}, "table": "lake.dim.*", "privileges": ["select"],
            "reason": "reports"});
        for (name, value) in change.as_object().unwrap() {
            grant[name] = value.clone();
        }
        grant
    };
    let unmask =
        |class: &str| json!({"subject": {"group": "analysts"}, "class": class, "reason": "x"});
    let session = |classes: Value, minutes: i64, reason: &str| json!({"classes": classes, "minutes": minutes, "reason": reason});
    for (who, path, body, status, code, detail) in [
        (
            "ines",
            "/api/grants",
            grant(json!({"table": "lake.dim"})),
            400,
            "body_malformed",
            "`lake.dim` is not a table pattern",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"table": "lake.dim.acc*"})),
            400,
            "body_malformed",
            "with `*` for any whole part",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"subject": {"group": "Analysts"}})),
            400,
            "body_malformed",
            "`Analysts` is not a group name",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"subject": {"user": "ana|.*@corp.example"}})),
            400,
            "body_malformed",
            "is not a user name",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"subject": {"team": "x"}})),
            400,
            "body_malformed",
            "unknown variant `team`",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"subject": {"group": "nobody"}})),
            400,
            "subject_unknown",
            "has no group `nobody`",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"subject": {"user": "eve@corp.example"}})),
            400,
            "subject_unknown",
            "has no user `eve@corp.example`",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"privileges": []})),
            400,
            "field_invalid",
            "`privileges` is empty",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"privileges": ["drop"]})),
            400,
            "body_malformed",
            "unknown variant `drop`",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"privileges": ["scan"]})),
            400,
            "body_malformed",
            "unknown variant `scan`",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"columns": []})),
            400,
            "field_invalid",
            "`columns` is empty",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"columns": ["id"], "privileges": ["select", "insert"]})),
            400,
            "grant_cannot_write",
            "gives `select` only",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"row_filter": "a = 1) OR (1 = 1"})),
            400,
            "body_malformed",
            "a bracket without its partner at character 6",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"row_filter": "a = 1; DROP TABLE x"})),
            400,
            "body_malformed",
            "a semicolon",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"row_filter": "  "})),
            400,
            "body_malformed",
            "the row filter is empty",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"expires_at": "2020-01-01T00:00:00Z"})),
            400,
            "field_invalid",
            "which has passed",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"expires_at": "tomorrow"})),
            400,
            "body_malformed",
            "`tomorrow` is not a time",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"reason": "  "})),
            400,
            "field_invalid",
            "`reason` is empty",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"reason": "x".repeat(1001)})),
            400,
            "field_invalid",
            "`reason` has 1001 characters, 1000 are allowed",
        ),
        (
            "ines",
            "/api/grants",
            grant(json!({"tabel": "x"})),
            400,
            "body_malformed",
            "unknown field `tabel`",
        ),
        (
            "ines",
            "/api/unmask-grants",
            unmask("e-mail"),
            400,
            "body_malformed",
            "unknown variant `e-mail`",
        ),
        (
            "ana",
            "/api/pii-sessions",
            session(json!(["email"]), 0, "x"),
            400,
            "field_invalid",
            "`minutes` is 0, from 1 to 60",
        ),
        (
            "ana",
            "/api/pii-sessions",
            session(json!(["email"]), 61, "x"),
            400,
            "field_invalid",
            "`minutes` is 61, from 1 to 60",
        ),
        (
            "ana",
            "/api/pii-sessions",
            session(json!(["email"]), -1, "x"),
            400,
            "body_malformed",
            "invalid value: integer `-1`",
        ),
        (
            "ana",
            "/api/pii-sessions",
            session(json!([]), 5, "x"),
            400,
            "field_invalid",
            "`classes` is empty",
        ),
        (
            "ana",
            "/api/pii-sessions",
            session(json!(["email"]), 5, ""),
            400,
            "field_invalid",
            "`reason` is empty",
        ),
        (
            "ana",
            "/api/tokens",
            json!({"name": "", "hours": 1}),
            400,
            "field_invalid",
            "`name` is empty",
        ),
        (
            "ana",
            "/api/tokens",
            json!({"name": "x", "hours": 0}),
            400,
            "field_invalid",
            "`hours` is 0, from 1 to 8760",
        ),
        (
            "ana",
            "/api/tokens",
            json!({"name": "x", "hours": 8761}),
            400,
            "field_invalid",
            "`hours` is 8761",
        ),
        (
            "ana",
            "/api/tokens",
            json!({"name": "x", "hours": 1, "scopes": []}),
            400,
            "field_invalid",
            "`scopes` is empty",
        ),
        (
            "ana",
            "/api/tokens",
            json!({"name": "x", "hours": 1, "scopes": ["root"]}),
            400,
            "body_malformed",
            "unknown variant `root`",
        ),
        (
            "ana",
            "/api/requests",
            json!({"table": "lake.dim.nothing", "reason": "x"}),
            404,
            "table_not_found",
            "there is no table `lake.dim.nothing`",
        ),
        (
            "ana",
            "/api/requests",
            json!({"table": "nothing", "reason": "x"}),
            400,
            "body_malformed",
            "`nothing` is not a table name",
        ),
        (
            "ana",
            "/api/requests",
            json!({"table": "lake.dim.accounts", "reason": "x", "group": "none"}),
            400,
            "group_unknown",
            "there is no group `none`",
        ),
        (
            "rui",
            "/api/reviews",
            json!({"tables": []}),
            400,
            "review_malformed",
            "`tables` is empty",
        ),
        (
            "rui",
            "/api/reviews",
            json!({"tables": [{"table": "lake.dim.accounts", "state": "open"}]}),
            400,
            "body_malformed",
            "unknown variant `open`",
        ),
        (
            "rui",
            "/api/reviews",
            json!([]),
            400,
            "body_malformed",
            "the body is not what this route takes",
        ),
        (
            "rui",
            "/api/nothing",
            json!({}),
            404,
            "route_not_found",
            "no such route",
        ),
        (
            "rui",
            "/api/explain",
            json!({}),
            405,
            "method_not_allowed",
            "with other methods",
        ),
    ] {
        let answer = town.call(who, "POST", path, Some(body.clone())).await;
        let place = format!("{path} {body}: {}", answer.body);
        assert_eq!(answer.status, status, "{place}");
        assert_eq!(answer.body["code"], code, "{place}");
        assert!(
            answer.body["detail"].as_str().unwrap().contains(detail),
            "{place}"
        );
    }
    for (path, detail) in [
        ("/api/reviews?state=soon", "unknown variant `soon`"),
        ("/api/audit?limit=many", "invalid digit"),
        ("/api/explain", "missing field `table`"),
        ("/api/explain?table=x", "`x` is not a table name"),
    ] {
        let answer = town.call("ines", "GET", path, None).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (400, &json!("parameters_malformed")),
            "{path}"
        );
        assert!(
            answer.body["detail"].as_str().unwrap().contains(detail),
            "{path}: {}",
            answer.body
        );
    }
    let after = town.served().await;
    assert_eq!(before.0.trino, after.0.trino);
    assert_eq!(before.1, after.1);
}

#[tokio::test]
async fn a_body_that_is_not_json_or_too_long_is_refused() {
    let town = Town::with_tables().await;
    let principal =
        json!({"user": "ines@corp.example", "groups": [], "kind": "person", "via": "access"});
    let principal = townlake_kit::identity::encode(&serde_json::from_value(principal).unwrap());
    let headers = [("x-townlake-principal", principal.as_str())];
    for (body, code) in [
        ("{\"subject\":".to_owned(), "body_malformed"),
        (String::new(), "body_malformed"),
        ("\u{0}".to_owned(), "body_malformed"),
        ("[".repeat(100_000), "body_malformed"),
        (" ".repeat(5 << 20), "body_unreadable"),
    ] {
        let answer = town
            .raw(Some("gateway"), Method::POST, "/api/grants", &headers, body)
            .await;
        assert_eq!(
            (
                answer.status.as_u16(),
                answer.body["code"].as_str().unwrap()
            ),
            (400, code)
        );
    }
    for value in ["", "!", "e30"] {
        let headers = [("x-townlake-principal", value)];
        let answer = town
            .raw(
                Some("gateway"),
                Method::GET,
                "/api/grants",
                &headers,
                String::new(),
            )
            .await;
        assert_eq!(answer.body["code"], "principal_malformed", "{value}");
    }
}

#[tokio::test]
async fn bad_reports_of_skimmer_are_refused_and_late_ones_ignored() {
    let town = Town::with_tables().await;
    let put = async |path: &str, body: Value| {
        town.from("skimmer", Method::PUT, path, &[], Some(body))
            .await
    };
    let mut twice = crate::town::snapshot("2026-05-01T12:00:01Z");
    let table = twice["tables"][0].clone();
    twice["tables"].as_array_mut().unwrap().push(table);
    let answer = put("/internal/snapshot", twice).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (400, &json!("snapshot_malformed"))
    );

    let late = json!({"taken_at": "2026-05-01T11:59:59Z", "tables": []});
    assert_eq!(put("/internal/snapshot", late).await.ok()["late"], true);
    assert_eq!(town.served().await.1.tables.len(), 2);
    assert!(
        town.served()
            .await
            .1
            .tables
            .values()
            .all(|table| !table.dropped)
    );

    let again = put(
        "/internal/snapshot",
        crate::town::snapshot("2026-05-01T12:00:02Z"),
    )
    .await
    .ok();
    assert_eq!(
        (&again["changed"], &again["late"]),
        (&json!(0), &json!(false))
    );

    let proposal = |column: &str, class: Value, confidence: f64, version: u32| {
        json!([{"table": "crm.public.contacts", "columns": [{"name": column, "class": class,
            "confidence": confidence, "detector_version": version, "evidence": []}]}])
    };
    let answer = put(
        "/internal/proposals",
        proposal("note", json!("email"), 1.5, 1),
    )
    .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (400, &json!("proposal_malformed"))
    );
    let stored = put(
        "/internal/proposals",
        proposal("gone", json!("email"), 0.5, 1),
    )
    .await
    .ok();
    assert_eq!(
        stored,
        json!({"stored": 0, "unknown": ["crm.public.contacts.gone"]})
    );
    put(
        "/internal/proposals",
        proposal("note", json!("free_text"), 0.5, 3),
    )
    .await
    .ok();
    put("/internal/proposals", proposal("note", json!(null), 0.9, 2))
        .await
        .ok();
    let reviews = town.call("rui", "GET", "/api/reviews", None).await.ok();
    let columns = reviews["tables"][0]["columns"].as_array().unwrap().clone();
    let note = columns
        .iter()
        .find(|column| column["name"] == "note")
        .unwrap();
    assert_eq!(
        note["proposal"]["class"], "free_text",
        "an older detector does not overwrite a newer one"
    );
}
