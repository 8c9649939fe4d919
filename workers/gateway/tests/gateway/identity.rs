//! Who is believed to be whom.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::town::Town;

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn credentials_prove_their_owner_and_nobody_else() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let bo = town.token("bo").await;
    let now = town.clock.now().as_seconds();
    let signed = |others| town.issuer.assertion("ana@corp.example", now, others);
    let plain = signed(json!({}));
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"key-1"}"#),
        URL_SAFE_NO_PAD.encode(
            town.issuer
                .claims("ines@corp.example", now, json!({}))
                .to_string()
        ),
    );
    let as_header = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    let assertion = |value: &str| as_header("cf-access-jwt-assertion", value);
    let authorization = |value: &str| as_header("authorization", value);
    let both = |assertion: &str, token: &str| {
        vec![
            ("cf-access-jwt-assertion", assertion.to_owned()),
            ("authorization", format!("Bearer {token}")),
        ]
    };
    let principal = townlake_kit::identity::encode(
        &serde_json::from_value(
            json!({"user": "ines@corp.example", "groups": ["admins"], "kind": "person", "via": "internal"}),
        )
        .unwrap(),
    );
    let cases = [
        ("an assertion", assertion(&plain), Ok("ana@corp.example")),
        (
            "a token",
            authorization(&format!("Bearer {ana}")),
            Ok("ana@corp.example"),
        ),
        (
            "a token as a password",
            authorization(&basic("ana@corp.example", &ana)),
            Ok("ana@corp.example"),
        ),
        (
            "a token as a password of nobody",
            authorization(&basic("", &ana)),
            Ok("ana@corp.example"),
        ),
        (
            "a name in other letters",
            authorization(&basic("Ana@Corp.Example", &ana)),
            Ok("ana@corp.example"),
        ),
        (
            "both of one person",
            both(&plain, &ana),
            Ok("ana@corp.example"),
        ),
        (
            "both of two people",
            both(&plain, &bo),
            Err("credentials_differ"),
        ),
        ("nothing", vec![], Err("credential_missing")),
        (
            "an empty assertion",
            assertion(""),
            Err("credential_missing"),
        ),
        (
            "a stranger's key",
            assertion(&town.issuer.forged_assertion("ines@corp.example", now)),
            Err("assertion_invalid"),
        ),
        ("no signature", assertion(&none), Err("assertion_invalid")),
        (
            "the public key as a secret",
            assertion(&town.issuer.confused_assertion("ines@corp.example", now)),
            Err("assertion_invalid"),
        ),
        (
            "an expired assertion",
            assertion(&signed(json!({"exp": now - 120}))),
            Err("assertion_invalid"),
        ),
        (
            "an assertion of tomorrow",
            assertion(&signed(json!({"nbf": now + 600}))),
            Err("assertion_invalid"),
        ),
        (
            "another audience",
            assertion(&signed(json!({"aud": ["elsewhere"]}))),
            Err("assertion_invalid"),
        ),
        (
            "another issuer",
            assertion(&signed(json!({"iss": "https://evil.example"}))),
            Err("assertion_invalid"),
        ),
        (
            "no expiry",
            assertion(&signed(json!({"exp": null}))),
            Err("assertion_invalid"),
        ),
        (
            "a person whom the directory does not know",
            assertion(&town.issuer.assertion("eve@corp.example", now, json!({}))),
            Err("user_unknown"),
        ),
        (
            "a service's name",
            assertion(&signed(json!({"email": "svc-skimmer"}))),
            Err("user_unknown"),
        ),
        (
            "a name with a regular expression",
            assertion(&signed(json!({"email": ".*@corp.example"}))),
            Err("assertion_invalid"),
        ),
        ("not a token", assertion("abc"), Err("assertion_invalid")),
        (
            "two assertions",
            vec![
                ("cf-access-jwt-assertion", plain.clone()),
                ("cf-access-jwt-assertion", plain.clone()),
            ],
            Err("credential_twice"),
        ),
        (
            "two tokens",
            vec![
                ("authorization", format!("Bearer {ana}")),
                ("authorization", format!("Bearer {bo}")),
            ],
            Err("credential_twice"),
        ),
        (
            "an unknown token",
            authorization(&format!("Bearer tlp_{}", "a".repeat(43))),
            Err("token_unknown"),
        ),
        (
            "a cut token",
            authorization(&format!("Bearer {}", &ana[..40])),
            Err("token_unknown"),
        ),
        (
            "an assertion as a token",
            authorization(&format!("Bearer {plain}")),
            Err("credential_unknown"),
        ),
        (
            "another's name beside the token",
            authorization(&basic("bo@corp.example", &ana)),
            Err("token_of_another"),
        ),
        (
            "a password",
            authorization(&basic("ana@corp.example", "secret")),
            Err("credential_unknown"),
        ),
        (
            "basic without a colon",
            authorization(&format!("Basic {}", STANDARD.encode("abc"))),
            Err("credential_unreadable"),
        ),
        (
            "basic that is none",
            authorization("Basic !!!"),
            Err("credential_unreadable"),
        ),
        (
            "another scheme",
            authorization("Digest abc"),
            Err("credential_unknown"),
        ),
        (
            "a carried principal",
            as_header("x-townlake-principal", &principal),
            Err("credential_missing"),
        ),
    ];
    for (what, headers, expected) in cases {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = town.send("GET", "/api/me", &headers, "").await;
        let body = answer.json();
        match expected {
            Ok(user) => assert_eq!(
                (answer.status.as_u16(), body["user"].as_str()),
                (200, Some(user)),
                "{what}: {body}"
            ),
            Err(code) => {
                assert_eq!(
                    (answer.status.as_u16(), body["code"].as_str()),
                    (401, Some(code)),
                    "{what}: {body}"
                );
                assert_eq!(
                    body["next"][0]["href"], "http://127.0.0.1:8787/cdn-cgi/access/login",
                    "{what}"
                );
                for secret in [&ana, &bo, &plain] {
                    assert!(
                        !answer.text.contains(secret.as_str()),
                        "{what} repeats a credential"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_carried_principal_does_not_travel_on() {
    let town = Town::open().await;
    let assertion = town.assertion("ana");
    let headers = [
        ("cf-access-jwt-assertion", assertion.as_str()),
        ("x-townlake-principal", "forged"),
        ("X-Townlake-Anything", "forged"),
        ("cookie", "CF_Authorization=secret"),
    ];
    town.send("GET", "/api/search?q=x", &headers, "").await;
    let (name, method, path, headers) = town.elsewhere.lock().unwrap().pop().unwrap();
    assert_eq!(
        (name.as_str(), method.as_str(), path.as_str()),
        ("catalog", "GET", "/api/search?q=x")
    );
    let principal = headers["x-townlake-principal"].to_str().unwrap();
    let principal: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(principal).unwrap()).unwrap();
    assert_eq!(
        (&principal["user"], &principal["via"]),
        (&json!("ana@corp.example"), &json!("access"))
    );
    for gone in [
        "cookie",
        "cf-access-jwt-assertion",
        "authorization",
        "x-townlake-anything",
    ] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
}

#[tokio::test]
async fn a_token_is_good_for_what_it_was_made_for() {
    let town = Town::open().await;
    for (scope, path, method) in [
        ("query", "/v1/statement", "POST"),
        ("mcp", "/mcp", "POST"),
        ("api", "/api/me", "GET"),
    ] {
        let body = json!({"name": "x", "hours": 1, "scopes": [scope]});
        let token = town.ok("ana", "POST", "/api/tokens", Some(body)).await["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let bearer = format!("Bearer {token}");
        for (other, other_method) in [
            ("/v1/statement", "POST"),
            ("/mcp", "POST"),
            ("/api/me", "GET"),
        ] {
            let answer = town
                .send(
                    other_method,
                    other,
                    &[("authorization", &bearer)],
                    "SELECT 1",
                )
                .await;
            let expected = if other == path { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{scope} {other}: {}", answer.text);
        }
        let _ = method;
    }
}

#[tokio::test]
async fn who_is_revoked_or_leaves_is_out_within_the_refresh_time() {
    let town = Town::open().await;
    let made = town
        .ok(
            "ana",
            "POST",
            "/api/tokens",
            Some(json!({"name": "x", "hours": 1})),
        )
        .await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(town.sql(token, "SELECT 1").await.status, 200);
    town.ok(
        "ana",
        "DELETE",
        &format!("/api/tokens/{}", made["id"].as_str().unwrap()),
        None,
    )
    .await;
    town.wait(1);
    assert_eq!(
        town.sql(token, "SELECT 1").await.json()["code"],
        "token_revoked"
    );

    let token = town.token("ana").await;
    assert_eq!(town.sql(&token, "SELECT 1").await.status, 200);
    town.issuer
        .edit(|directory| directory["people"][0]["active"] = json!(false));
    town.wait(2);
    assert_eq!(
        town.sql(&token, "SELECT 1").await.json()["code"],
        "user_unknown"
    );
}

#[tokio::test]
async fn me_says_what_a_client_needs() {
    let town = Town::open().await;
    for (who, reviewer, admin) in [
        ("ana", false, false),
        ("rui", true, false),
        ("ines", true, true),
    ] {
        let me = town.ok(who, "GET", "/api/me", None).await;
        assert_eq!(
            (&me["is_reviewer"], &me["is_admin"]),
            (&json!(reviewer), &json!(admin)),
            "{me}"
        );
        assert_eq!(
            me["logout_url"],
            "http://127.0.0.1:8787/cdn-cgi/access/logout"
        );
    }
}
