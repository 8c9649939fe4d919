//! Everything around statements: hosts, pages of others, the other Workers, programs, and the web UI's files.

use serde_json::json;

use crate::town::{CRON_TOKEN, POLICY_TOKEN, Town, URL};

#[tokio::test]
async fn requests_of_other_pages_change_nothing() {
    let town = Town::open().await;
    let assertion = town.assertion("ana");
    let token = format!("Bearer {}", town.token("ana").await);
    let cookie = ("cf-access-jwt-assertion", assertion.as_str());
    let bearer = ("authorization", token.as_str());
    let body = json!({"name": "x", "hours": 1}).to_string();
    for (what, method, headers, status) in [
        ("our page", "POST", vec![cookie, ("origin", URL)], 200),
        (
            "our page over TLS",
            "POST",
            vec![cookie, ("origin", "https://localhost:8743")],
            200,
        ),
        (
            "our page by fetch metadata",
            "POST",
            vec![cookie, ("sec-fetch-site", "same-origin")],
            200,
        ),
        ("no word of a page", "POST", vec![cookie], 403),
        (
            "another page",
            "POST",
            vec![cookie, ("origin", "https://evil.example")],
            403,
        ),
        (
            "no page's origin",
            "POST",
            vec![cookie, ("origin", "null")],
            403,
        ),
        (
            "another page that claims to be ours",
            "POST",
            vec![
                cookie,
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "same-origin"),
            ],
            403,
        ),
        (
            "a page on another port",
            "POST",
            vec![cookie, ("origin", "http://127.0.0.1:9999")],
            403,
        ),
        (
            "a page of a sibling site",
            "POST",
            vec![cookie, ("sec-fetch-site", "same-site")],
            403,
        ),
        (
            "another page that reads",
            "GET",
            vec![cookie, ("origin", "https://evil.example")],
            403,
        ),
        ("a read by cookie", "GET", vec![cookie], 200),
        ("a program with a token", "GET", vec![bearer], 200),
        (
            "another page with a token",
            "GET",
            vec![bearer, ("origin", "https://evil.example")],
            403,
        ),
    ] {
        let answer = town
            .send(method, "/api/tokens", &headers, body.clone())
            .await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn only_the_platforms_own_hosts_are_served() {
    let town = Town::open().await;
    let token = format!("Bearer {}", town.token("ana").await);
    for (what, headers, status) in [
        ("our host", vec![("host", "127.0.0.1:8787")], 200),
        (
            "our host behind the edge",
            vec![
                ("host", "127.0.0.1:9"),
                ("x-forwarded-host", "localhost:8743"),
                ("x-forwarded-proto", "https"),
            ],
            200,
        ),
        ("a rebound name", vec![("host", "evil.example:8787")], 421),
        ("another port", vec![("host", "127.0.0.1:9")], 421),
        (
            "our host with another scheme",
            vec![("host", "localhost:8743"), ("x-forwarded-proto", "http")],
            421,
        ),
        (
            "a foreign forwarded host",
            vec![
                ("host", "127.0.0.1:8787"),
                ("x-forwarded-host", "evil.example"),
            ],
            421,
        ),
    ] {
        let mut headers = headers;
        headers.push(("authorization", token.as_str()));
        let answer = town.send("GET", "/api/me", &headers, "").await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
    }
    assert_eq!(
        town.send("GET", "/healthz", &[("host", "127.0.0.1:9")], "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn each_part_of_the_api_has_its_worker() {
    let town = Town::open().await;
    let assertion = town.assertion("ana");
    let headers = [
        ("cf-access-jwt-assertion", assertion.as_str()),
        ("origin", URL),
        ("mcp-protocol-version", "2026-07-28"),
    ];
    for (method, path, worker) in [
        ("GET", "/api/scans", "skimmer"),
        ("POST", "/api/scans", "skimmer"),
        ("GET", "/api/datasets/lake.dim.accounts?x=1", "catalog"),
        ("GET", "/api/search?q=a%20b", "catalog"),
        ("POST", "/mcp", "skipper"),
        ("GET", "/mcp", "skipper"),
        ("DELETE", "/mcp", "skipper"),
    ] {
        let answer = town.send(method, path, &headers, "{}").await;
        assert_eq!(answer.text, format!("{worker} answers"), "{path}");
        assert!(!answer.headers.contains_key("set-cookie"), "{path}");
        assert_eq!(answer.headers["mcp-session-id"], "m1");
        let (asked, asked_method, asked_path, asked_headers) =
            town.elsewhere.lock().unwrap().pop().unwrap();
        assert_eq!(
            (asked.as_str(), asked_method.as_str(), asked_path.as_str()),
            (worker, method, path)
        );
        assert_eq!(asked_headers["mcp-protocol-version"], "2026-07-28");
    }
    for path in [
        "/api/nothing",
        "/api/",
        "/internal/audit",
        "/internal/model",
        "/v1/nothing",
        "/api/reviews/../../internal/model",
    ] {
        let answer = town.send("GET", path, &headers, "").await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{path}"
        );
    }
    assert_eq!(town.send("POST", "/mcp", &[], "{}").await.status, 401);
}

#[tokio::test]
async fn programs_come_in_with_their_own_credential_only() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    for (method, path, secret) in [
        ("GET", "/internal/policy", POLICY_TOKEN),
        ("POST", "/internal/cron", CRON_TOKEN),
        ("POST", "/internal/events", POLICY_TOKEN),
    ] {
        for wrong in [
            "",
            "wrong",
            &ana,
            &secret[1..],
            if secret == POLICY_TOKEN {
                CRON_TOKEN
            } else {
                POLICY_TOKEN
            },
        ] {
            let bearer = format!("Bearer {wrong}");
            let answer = town
                .send(method, path, &[("authorization", &bearer)], "[]")
                .await;
            assert_eq!(answer.status, 401, "{path} {wrong}: {}", answer.text);
        }
        assert_eq!(
            town.send(method, path, &[], "[]").await.status,
            401,
            "{path}"
        );
        let bearer = format!("Bearer {secret}");
        let answer = town
            .send(method, path, &[("authorization", &bearer)], "[]")
            .await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    }
    assert_eq!(
        town.elsewhere.lock().unwrap().last().unwrap().2,
        "/internal/cron"
    );
}

#[tokio::test]
async fn the_policy_is_fetched_by_its_etag() {
    let town = Town::open().await;
    let bearer = format!("Bearer {POLICY_TOKEN}");
    let first = town
        .send("GET", "/internal/policy", &[("authorization", &bearer)], "")
        .await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    assert!(first.headers.contains_key("x-townlake-valid-until"));
    assert_eq!(first.json()["trino"].as_object().unwrap().len(), 12);
    let again = town
        .send(
            "GET",
            "/internal/policy",
            &[("authorization", &bearer), ("if-none-match", &etag)],
            "",
        )
        .await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert!(
        again.headers.contains_key("x-townlake-valid-until"),
        "a 304 renews how long it may be used"
    );
}

#[tokio::test]
async fn pages_are_served_with_a_strict_policy() {
    let town = Town::open().await;
    for path in [
        "/",
        "/reviews",
        "/requests/new?table=lake.dim.accounts",
        "/assets/index.js",
    ] {
        let answer = town.send("GET", path, &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, "assets answers"),
            "{path}"
        );
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';")
                && !policy.contains("unsafe-eval"),
            "{policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
    }
    assert_eq!(town.send("POST", "/reviews", &[], "").await.status, 404);
    let info = town.send("GET", "/v1/info", &[], "").await;
    assert_eq!(info.json()["nodeVersion"]["version"], "476-test");
}
