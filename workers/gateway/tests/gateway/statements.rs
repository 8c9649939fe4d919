//! What may go to the engine, as what, and how a refusal reads.

use serde_json::json;

use crate::town::{Town, URL};

#[tokio::test]
async fn refusals_say_what_why_and_what_to_do() {
    let town = Town::open().await;
    let (ana, bo) = (town.token("ana").await, town.token("bo").await);
    let mut texts = String::new();
    for (who, sql) in [
        (&ana, "SELECT * FROM crm.public.pending"),
        (&ana, "SELECT *\n  FROM crm.public.hidden"),
        (&ana, "SELECT * FROM lake.dim.acounts"),
        (&ana, "SELECT * FROM lake.dmi.accounts"),
        (&ana, "SELECT * FROM nowhere.dim.accounts"),
        (&ana, "SELECT * FROM crm.public.\"contacts$files\""),
        (
            &bo,
            "WITH x AS (SELECT * FROM lake.dim.accounts) SELECT * FROM x",
        ),
        (&bo, "EXPLAIN ANALYZE SELECT * FROM lake.dim.customers"),
        (&ana, "SELECT * FROM accounts"),
        (&ana, "INSERT INTO lake.dim.accounts VALUES (1, 'x')"),
        (&ana, "DROP TABLE lake.dim.accounts"),
        (
            &ana,
            "ALTER TABLE lake.dim.accounts EXECUTE rollback_to_snapshot(1)",
        ),
        (
            &ana,
            "CALL lake.system.rollback_to_snapshot('dim', 'accounts', 1)",
        ),
        (&ana, "CREATE SCHEMA lake.mine"),
        (
            &ana,
            "CREATE FUNCTION lake.mine.f() RETURNS bigint RETURN 1",
        ),
        (&ana, "SET SESSION AUTHORIZATION 'ines@corp.example'"),
        (
            &ana,
            "SELECT * FROM TABLE(crm.system.query(query => 'SELECT * FROM contacts'))",
        ),
        (&ana, "SELECT * FROM lake.dim.accounts FOR UPDATE"),
        (&ana, "SELECT 1; SELECT 2"),
        (&ana, "SELEC 1"),
        (&ana, ""),
        (&ana, "EXECUTE nothing"),
        (&ana, "GRANT SELECT ON lake.dim.accounts TO bo"),
        (&ana, "REVOKE SELECT ON lake.dim.accounts FROM bo"),
        (&ana, "DENY SELECT ON SCHEMA lake.dim TO bo"),
        (&ana, "GRANT admin TO ana"),
        (&ana, "CREATE ROLE admin"),
        (&ana, "DROP ROLE admin IN lake"),
        (&ana, "SET ROLE admin"),
        (&ana, "SHOW GRANTS ON SCHEMA lake.dim"),
        (&ana, "PREPARE p FROM GRANT admin TO ana"),
        (&ana, "EXECUTE IMMEDIATE 'GRANT admin TO ana'"),
        (&ana, "EXPLAIN GRANT admin TO ana"),
        (&ana, "CREATE CATALOG x USING postgresql"),
        (&ana, "DROP CATALOG lake CASCADE"),
        (&ana, "ALTER SCHEMA lake.dim RENAME TO other"),
        (&ana, "ALTER SCHEMA lake.dim SET AUTHORIZATION ana"),
        (&ana, "ALTER VIEW lake.dim.accounts SET AUTHORIZATION ana"),
        (&ana, "ALTER quark lake.dim SET AUTHORIZATION ana"),
        (&ana, "EXPLAIN ANALYZE lake.dim.accounts"),
    ] {
        let (name, message) = town.sql(who, sql).await.error();
        texts.push_str(&format!("{sql}\n  {name}: {message}\n"));
    }
    insta::assert_snapshot!(texts, @r#"
    SELECT * FROM crm.public.pending
      PERMISSION_DENIED: line 1:15: Access Denied: table `crm.public.pending` awaits review: what nobody has reviewed yet is closed to everyone. the group `reviewers` can review it. ask for a review: http://127.0.0.1:8787/requests/new?table=crm.public.pending
    SELECT *
      FROM crm.public.hidden
      TABLE_NOT_FOUND: line 2:8: table `crm.public.hidden` does not exist: there is no table of that name that you may know of. `SHOW TABLES` lists what there is
    SELECT * FROM lake.dim.acounts
      TABLE_NOT_FOUND: line 1:15: table `lake.dim.acounts` does not exist: there is no table of that name that you may know of. did you mean `lake.dim.accounts`?
    SELECT * FROM lake.dmi.accounts
      SCHEMA_NOT_FOUND: line 1:15: schema `lake.dmi` does not exist: there is no schema of that name that you may know of. did you mean `lake.dim`?
    SELECT * FROM nowhere.dim.accounts
      CATALOG_NOT_FOUND: line 1:15: catalog `nowhere` does not exist: there is no catalog of that name that you may know of. `SHOW TABLES` lists what there is
    SELECT * FROM crm.public."contacts$files"
      TABLE_NOT_FOUND: line 1:15: table `crm.public.contacts$files` does not exist: there is no table of that name that you may know of. `SHOW TABLES` lists what there is
    WITH x AS (SELECT * FROM lake.dim.accounts) SELECT * FROM x
      PERMISSION_DENIED: line 1:26: Access Denied: you cannot read table `lake.dim.accounts`: no grant gives it to you or to a group of yours. ask to join the group `analysts`, the smallest one whose members read it. ask for access: http://127.0.0.1:8787/requests/new?table=lake.dim.accounts
    EXPLAIN ANALYZE SELECT * FROM lake.dim.customers
      PERMISSION_DENIED: line 1:31: Access Denied: you cannot read table `lake.dim.customers`: no grant gives it to you or to a group of yours. ask to join the group `analysts`, the smallest one whose members read it. ask for access: http://127.0.0.1:8787/requests/new?table=lake.dim.customers
    SELECT * FROM accounts
      MISSING_CATALOG_NAME: line 1:15: `accounts` needs a catalog: write `catalog.schema.table`, or choose one with USE: nothing was run
    INSERT INTO lake.dim.accounts VALUES (1, 'x')
      PERMISSION_DENIED: line 1:13: Access Denied: you cannot insert into `lake.dim.accounts`: no grant gives it to you or to a group of yours. the group `admins` can grant it. ask for access: http://127.0.0.1:8787/requests/new?table=lake.dim.accounts
    DROP TABLE lake.dim.accounts
      PERMISSION_DENIED: line 1:12: Access Denied: you cannot change `lake.dim.accounts`: no grant gives it to you or to a group of yours. the group `admins` can grant it. ask for access: http://127.0.0.1:8787/requests/new?table=lake.dim.accounts
    ALTER TABLE lake.dim.accounts EXECUTE rollback_to_snapshot(1)
      PERMISSION_DENIED: line 1:13: Access Denied: you cannot change `lake.dim.accounts`: no grant gives it to you or to a group of yours. the group `admins` can grant it. ask for access: http://127.0.0.1:8787/requests/new?table=lake.dim.accounts
    CALL lake.system.rollback_to_snapshot('dim', 'accounts', 1)
      PERMISSION_DENIED: Access Denied: the procedure `lake.system.rollback_to_snapshot` cannot be called: procedures of the engine are not governed by the policy. ask whoever runs the platform to do it
    CREATE SCHEMA lake.mine
      PERMISSION_DENIED: Access Denied: CREATE SCHEMA is not allowed: schemas are made and removed by whoever runs the platform. ask them to do it
    CREATE FUNCTION lake.mine.f() RETURNS bigint RETURN 1
      PERMISSION_DENIED: Access Denied: CREATE FUNCTION is not allowed: functions are made and removed by whoever runs the platform. ask them, or write the expression where it is used
    SET SESSION AUTHORIZATION 'ines@corp.example'
      PERMISSION_DENIED: Access Denied: a session cannot become another user or role: whose rights apply is decided by the credential alone. open a PII session to see what a mask hides, or connect with another credential
    SELECT * FROM TABLE(crm.system.query(query => 'SELECT * FROM contacts'))
      PERMISSION_DENIED: line 1:21: Access Denied: the table function `crm.system.query` cannot be used: it brings rows past the policy's masks and filters. select from the tables themselves
    SELECT * FROM lake.dim.accounts FOR UPDATE
      NOT_SUPPORTED: line 1:33: a clause behind the query is not understood here: what the gateway cannot read to its end, it does not let through
    SELECT 1; SELECT 2
      SYNTAX_ERROR: line 1:11: only one statement can be sent at a time: something follows the `;`: nothing was run
    SELEC 1
      SYNTAX_ERROR: line 1:1: expected a statement such as SELECT, SHOW, DESCRIBE or EXPLAIN, found `SELEC`: nothing was run

      SYNTAX_ERROR: the statement is empty: nothing was run
    EXECUTE nothing
      NOT_FOUND: line 1:9: there is no prepared statement `nothing` in this session: nothing was run
    GRANT SELECT ON lake.dim.accounts TO bo
      PERMISSION_DENIED: Access Denied: GRANT is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    REVOKE SELECT ON lake.dim.accounts FROM bo
      PERMISSION_DENIED: Access Denied: REVOKE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    DENY SELECT ON SCHEMA lake.dim TO bo
      PERMISSION_DENIED: Access Denied: DENY ON SCHEMA is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    GRANT admin TO ana
      PERMISSION_DENIED: Access Denied: GRANT ROLE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    CREATE ROLE admin
      PERMISSION_DENIED: Access Denied: CREATE ROLE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    DROP ROLE admin IN lake
      PERMISSION_DENIED: Access Denied: DROP ROLE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    SET ROLE admin
      PERMISSION_DENIED: Access Denied: a session cannot become another user or role: whose rights apply is decided by the credential alone. open a PII session to see what a mask hides, or connect with another credential
    SHOW GRANTS ON SCHEMA lake.dim
      PERMISSION_DENIED: Access Denied: SHOW GRANTS ON SCHEMA is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    PREPARE p FROM GRANT admin TO ana
      PERMISSION_DENIED: Access Denied: GRANT ROLE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    EXECUTE IMMEDIATE 'GRANT admin TO ana'
      PERMISSION_DENIED: Access Denied: GRANT ROLE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    EXPLAIN GRANT admin TO ana
      PERMISSION_DENIED: Access Denied: GRANT ROLE is not allowed: who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine. ask for access: http://127.0.0.1:8787/requests/new
    CREATE CATALOG x USING postgresql
      PERMISSION_DENIED: Access Denied: CREATE CATALOG is not allowed: catalogs are connected and removed by whoever runs the platform. ask them to do it
    DROP CATALOG lake CASCADE
      PERMISSION_DENIED: Access Denied: DROP CATALOG is not allowed: catalogs are connected and removed by whoever runs the platform. ask them to do it
    ALTER SCHEMA lake.dim RENAME TO other
      PERMISSION_DENIED: Access Denied: ALTER SCHEMA is not allowed: schemas are made and removed by whoever runs the platform. ask them to do it
    ALTER SCHEMA lake.dim SET AUTHORIZATION ana
      PERMISSION_DENIED: Access Denied: ALTER SCHEMA is not allowed: schemas are made and removed by whoever runs the platform. ask them to do it
    ALTER VIEW lake.dim.accounts SET AUTHORIZATION ana
      PERMISSION_DENIED: Access Denied: SET AUTHORIZATION is not allowed: whose rights apply is decided by the rules in Lifeguard, not by who owns what in the engine. ask whoever runs the platform for the privilege that is missing
    ALTER quark lake.dim SET AUTHORIZATION ana
      PERMISSION_DENIED: Access Denied: SET AUTHORIZATION is not allowed: whose rights apply is decided by the rules in Lifeguard, not by who owns what in the engine. ask whoever runs the platform for the privilege that is missing
    EXPLAIN ANALYZE lake.dim.accounts
      PERMISSION_DENIED: line 1:17: Access Denied: you cannot insert into `lake.dim.accounts`: no grant gives it to you or to a group of yours. the group `admins` can grant it. ask for access: http://127.0.0.1:8787/requests/new?table=lake.dim.accounts
    "#);
    assert!(
        town.engine.asked().is_empty(),
        "nothing of it reached the engine"
    );
}

#[tokio::test]
async fn statements_go_on_as_the_caller_with_the_gateways_credential() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let headers = [
        ("x-trino-user", "ana@corp.example"),
        ("x-trino-catalog", "lake"),
        ("x-trino-schema", "dim"),
        ("x-trino-session", "query_max_run_time=1h"),
        ("x-trino-role", "system=ROLE{admin}"),
        ("x-trino-extra-credential", "a=b"),
        ("x-trino-source", "test"),
        ("x-forwarded-prefix", "/evil"),
        ("cookie", "a=b"),
    ];
    let answer = town
        .sql_with(&ana, "SELECT * FROM accounts", &headers)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let asked = town.engine.asked().pop().unwrap();
    assert_eq!(
        asked.body,
        "SELECT accounts.id, accounts.name FROM accounts"
    );
    for (name, value) in [
        ("x-trino-user", "ana@corp.example"),
        ("x-trino-original-user", "ana@corp.example"),
        ("x-trino-catalog", "lake"),
        ("x-trino-session", "query_max_run_time=1h"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "127.0.0.1:8787"),
    ] {
        assert_eq!(
            asked.headers.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    for gone in [
        "x-trino-role",
        "x-trino-extra-credential",
        "cookie",
        "x-townlake-principal",
    ] {
        assert!(!asked.headers.contains_key(gone), "{gone}");
    }
    assert!(asked.headers["x-forwarded-prefix"].starts_with("/t/"));
    assert!(!asked.headers["authorization"].contains("tlp_"));
    // What people read stays out of reach of the engine's own ideas of who they are.
    assert!(answer.next().starts_with("/t/"));
}

#[tokio::test]
async fn another_user_than_the_credentials_is_refused() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    for header in ["x-trino-user", "x-trino-original-user"] {
        for user in [
            "ines@corp.example",
            "ana@corp.example+pii.abc",
            "ana@corp.example,ines@corp.example",
            "svc-skimmer",
        ] {
            let answer = town.sql_with(&ana, "SELECT 1", &[(header, user)]).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["code"].as_str()),
                (403, Some("user_differs")),
                "{user}"
            );
        }
    }
    let problem = town
        .sql_with(&ana, "SELECT 1", &[("x-trino-user", "root")])
        .await
        .json();
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "user_differs",
      "detail": "`x-trino-user` names `root`, but the credential belongs to `ana@corp.example`",
      "hint": "connect as user `ana@corp.example`, or without a user name",
      "status": 403,
      "title": "this is not yours to do",
      "type": "about:blank"
    }
    "#);
    assert!(town.engine.asked().is_empty());
}

#[tokio::test]
async fn statements_of_any_size_get_an_answer() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    for (length, fits) in [
        (999_990, true),
        (1_000_001, false),
        (4_000_001, false),
        (9_000_000, false),
    ] {
        let sql = format!("SELECT '{}'", "x".repeat(length - 9));
        let answer = town.sql(&ana, &sql).await;
        match fits {
            true => assert!(answer.json()["error"].is_null(), "{}", &answer.text[..200]),
            false => assert_eq!(answer.error().0, "QUERY_TEXT_TOO_LARGE"),
        }
    }
    let answer = town
        .send(
            "POST",
            "/v1/statement",
            &[("authorization", &format!("Bearer {ana}"))],
            vec![0xff, 0xfe],
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["code"].as_str()),
        (400, Some("body_not_utf8"))
    );
}

#[tokio::test]
async fn metadata_statements_pass_and_the_engine_filters_them() {
    let town = Town::open().await;
    let bo = town.token("bo").await;
    for sql in [
        "SHOW CATALOGS",
        "SHOW SCHEMAS FROM crm",
        "SHOW TABLES FROM crm.public",
        "DESCRIBE crm.public.pending",
        "SHOW COLUMNS FROM lake.dim.accounts",
        "SELECT * FROM lake.information_schema.tables",
        "SELECT * FROM system.jdbc.tables",
        "START TRANSACTION",
        "USE lake.dim",
        "SELECT 1",
        "SELECT * FROM TABLE(sequence(1, 3))",
        "PREPARE p FROM SELECT ?",
        "EXPLAIN SELECT 1",
        "SET TIME ZONE 'UTC'",
    ] {
        let answer = town.sql(&bo, sql).await;
        assert!(answer.json()["error"].is_null(), "{sql}: {}", answer.text);
    }
    let answer = town.sql(&bo, "USE lake.dim").await;
    assert_eq!(answer.headers["x-trino-set-schema"], "dim");
    assert!(
        !answer
            .headers
            .contains_key("x-trino-set-authorization-user")
    );
    assert_eq!(
        town.sql(&bo, "DESCRIBE crm.public.hidden").await.error().0,
        "TABLE_NOT_FOUND"
    );
}

#[tokio::test]
async fn prepared_statements_are_read_before_they_run() {
    let town = Town::open().await;
    let bo = town.token("bo").await;
    let prepared = [(
        "x-trino-prepared-statement",
        "p=SELECT+%2A+FROM+lake.dim.accounts+WHERE+id+%3D+%3F",
    )];
    for sql in [
        "EXECUTE p USING 1",
        "EXECUTE IMMEDIATE 'SELECT * FROM lake.dim.accounts'",
        "DESCRIBE OUTPUT p",
    ] {
        let (name, message) = town.sql_with(&bo, sql, &prepared).await.error();
        assert_eq!(name, "PERMISSION_DENIED", "{sql}: {message}");
    }
    let ana = town.token("ana").await;
    assert!(
        town.sql_with(&ana, "EXECUTE p USING 1", &prepared)
            .await
            .json()["error"]
            .is_null()
    );
}

#[tokio::test]
async fn what_is_asked_and_refused_is_on_record() {
    let town = Town::open().await;
    let (ana, bo) = (town.token("ana").await, town.token("bo").await);
    let started = town
        .sql_with(
            &ana,
            "SELECT id FROM lake.dim.accounts",
            &[("x-trino-source", "test")],
        )
        .await
        .json();
    town.sql(&bo, "SELECT id FROM lake.dim.accounts").await;
    let bearer = format!("Bearer {}", crate::town::POLICY_TOKEN);
    let report = json!({"metadata": {"queryId": started["id"], "queryState": "FINISHED"},
        "context": {"user": "ana@corp.example", "originalUser": "ana@corp.example"},
        "statistics": {"outputRows": 7, "wallTime": 0.5}, "endTime": "2026-05-01T12:00:09Z"});
    for _ in 0..2 {
        let answer = town
            .send(
                "POST",
                "/internal/events",
                &[("authorization", &bearer)],
                report.to_string(),
            )
            .await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    let events = town.audit().await;
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == "query_completed")
            .count(),
        1,
        "{kinds:?}"
    );
    let find = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap();
    let (start, refusal, end) = (
        find("query_started"),
        find("query_refused"),
        find("query_completed"),
    );
    assert_eq!(
        (&start["query_id"], &start["query_id"]),
        (&started["id"], &end["query_id"])
    );
    assert_eq!(
        (&start["statement"], &start["client"], &start["via"]),
        (
            &json!("SELECT id FROM lake.dim.accounts"),
            &json!("test"),
            &json!("token")
        )
    );
    assert_eq!(start["tables"], json!(["lake.dim.accounts"]));
    assert_eq!(
        (&refusal["user"], &refusal["code"], &refusal["outcome"]),
        (
            &json!("bo@corp.example"),
            &json!("table_not_granted"),
            &json!("refused")
        )
    );
    assert_eq!((&end["rows"], &end["elapsed_ms"]), (&json!(7), &json!(500)));
}

#[tokio::test]
async fn workers_ask_as_themselves_or_as_the_person_they_carry() {
    let town = Town::open().await;
    let answer = town
        .as_worker("skimmer", "POST", "/v1/statement", &[], "SELECT 1")
        .await;
    assert!(answer.json()["error"].is_null(), "{}", answer.text);
    let next = answer.next();
    assert_eq!(
        town.engine.asked().pop().unwrap().headers["x-trino-user"],
        "svc-skimmer"
    );
    let page = town.as_worker("skimmer", "GET", &next, &[], "").await;
    assert_eq!(
        page.json()["data"][0][0],
        format!("row 1: https://127.0.0.1:8787/t/x")
    );

    let carried = |user: &str| {
        let principal =
            json!({"user": user, "groups": ["admins"], "kind": "person", "via": "token"});
        townlake_kit::identity::encode(&serde_json::from_value(principal).unwrap())
    };
    let (ana, bo) = (carried("ana@corp.example"), carried("bo@corp.example"));
    let sql = "SELECT * FROM lake.dim.accounts";
    let answer = town
        .as_worker(
            "skipper",
            "POST",
            "/v1/statement",
            &[("x-townlake-principal", &ana)],
            sql,
        )
        .await;
    assert_eq!(
        town.engine.asked().pop().unwrap().headers["x-trino-user"],
        "ana@corp.example"
    );
    let next = answer.next();
    assert_eq!(
        town.as_worker(
            "skipper",
            "GET",
            &next,
            &[("x-townlake-principal", &ana)],
            ""
        )
        .await
        .status,
        200
    );
    assert_eq!(
        town.as_worker(
            "skipper",
            "GET",
            &next,
            &[("x-townlake-principal", &bo)],
            ""
        )
        .await
        .status,
        403
    );
    let refused = town
        .as_worker(
            "skipper",
            "POST",
            "/v1/statement",
            &[("x-townlake-principal", &bo)],
            sql,
        )
        .await;
    assert_eq!(
        refused.error().0,
        "PERMISSION_DENIED",
        "the groups that are carried decide nothing"
    );
    for (caller, headers, status) in [
        ("skimmer", vec![("x-townlake-principal", ana.as_str())], 403),
        ("catalog", vec![], 403),
    ] {
        assert_eq!(
            town.as_worker(caller, "POST", "/v1/statement", &headers, sql)
                .await
                .status,
            status,
            "{caller}"
        );
    }
    assert_eq!(
        town.as_worker("skipper", "GET", "/api/me", &[], "")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn addresses_have_the_scheme_that_was_asked() {
    let town = Town::open().await;
    let bearer = format!("Bearer {}", town.token("ana").await);
    for (proto, host, base) in [
        ("http", "127.0.0.1:8787", URL),
        ("https", "localhost:8743", "https://localhost:8743"),
    ] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-forwarded-proto", proto),
            ("x-forwarded-host", host),
            ("host", "127.0.0.1:9"),
        ];
        let mut page = town
            .send("POST", "/v1/statement", &headers, "SELECT 1")
            .await
            .json();
        let mut pages = 0;
        while let Some(next) = page["nextUri"].as_str() {
            let path = next.strip_prefix(base).unwrap_or_else(|| panic!("{next}"));
            let info = page["infoUri"].as_str().unwrap();
            assert!(info.starts_with(base), "{info}");
            page = town.send("GET", path, &headers, "").await.json();
            pages += 1;
            assert_eq!(
                page["data"][0][0],
                format!("row {pages}: https://127.0.0.1:8787/t/x"),
                "rows are left alone"
            );
        }
        assert_eq!(pages, crate::engine::PAGES);
    }
}
