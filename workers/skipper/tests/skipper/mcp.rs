//! MCP over the real router: what is offered, in both eras.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::platform::{ANA, BO, Platform};

#[tokio::test]
async fn both_eras_are_served_on_one_address() {
    let platform = Platform::new().await;
    let (status, modern) = platform.ask(ANA, "server/discover", json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        modern["result"]["supportedVersions"],
        json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"])
    );
    assert_eq!(modern["result"]["resultType"], "complete");
    assert_eq!(modern["result"]["cacheScope"], "public");
    for (asked, given) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2024-11-05", "2025-11-25"),
    ] {
        let (status, legacy) = platform
            .ask_legacy(ANA, "initialize", json!({ "protocolVersion": asked }))
            .await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(legacy["result"]["protocolVersion"], given);
        assert!(legacy["result"].get("resultType").is_none());
    }
    assert_eq!(
        platform.ask_legacy(ANA, "ping", json!({})).await.1["result"],
        json!({})
    );
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(
        platform.post(ANA, &[], &initialized).await.0,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn lists_say_how_long_they_hold_and_for_whom() {
    let platform = Platform::new().await;
    for (method, field, scope) in [
        ("tools/list", "tools", "public"),
        ("resources/list", "resources", "private"),
        ("resources/templates/list", "resourceTemplates", "public"),
        ("prompts/list", "prompts", "public"),
    ] {
        let (_, answer) = platform.ask(ANA, method, json!({})).await;
        assert!(answer["result"][field].is_array(), "{method}: {answer}");
        assert_eq!(answer["result"]["cacheScope"], scope, "{method}");
        assert!(answer["result"]["ttlMs"].is_u64(), "{method}");
        let (_, legacy) = platform.ask_legacy(ANA, method, json!({})).await;
        assert!(legacy["result"].get("ttlMs").is_none(), "{method}");
    }
    let names = |answer: &Value| -> Vec<String> {
        answer["result"]["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&platform.ask(ANA, "tools/list", json!({})).await.1),
        ["search", "execute"]
    );
}

#[tokio::test]
async fn what_is_not_served_is_refused_in_the_form_of_its_era() {
    let platform = Platform::new().await;
    let (status, modern) = platform.ask(ANA, "tools/destroy", json!({})).await;
    assert_eq!(
        (status, modern["error"]["code"].as_i64()),
        (StatusCode::NOT_FOUND, Some(-32601))
    );
    let (status, legacy) = platform.ask_legacy(ANA, "tools/destroy", json!({})).await;
    assert_eq!(
        (status, legacy["error"]["code"].as_i64()),
        (StatusCode::OK, Some(-32601))
    );
    assert_eq!(legacy["id"], "a");
    for (method, params) in [
        ("initialize", json!({})),
        ("tools/call", json!({ "name": "nothing", "arguments": {} })),
        ("tools/call", json!({ "name": "search", "arguments": [] })),
        (
            "resources/read",
            json!({ "uri": "skipper://results/qry_0" }),
        ),
        ("resources/read", json!({ "uri": "file:///etc/passwd" })),
        ("prompts/get", json!({ "name": "explore" })),
    ] {
        let (_, answer) = platform.ask(ANA, method, params.clone()).await;
        let wanted = if method == "initialize" {
            -32601
        } else {
            -32602
        };
        assert_eq!(
            answer["error"]["code"], wanted,
            "{method} {params}: {answer}"
        );
    }
    let (_, legacy) = platform
        .ask_legacy(
            ANA,
            "resources/read",
            json!({ "uri": "skipper://results/qry_0" }),
        )
        .await;
    assert_eq!(legacy["error"]["code"], -32002);
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        assert_eq!(
            platform.method(method).await,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
}

#[tokio::test]
async fn only_the_gateway_brings_people() {
    let platform = Platform::new().await;
    let request = http::Request::post("http://skipper/mcp")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(
        platform.send("catalog", request).await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn search_ranks_functions_and_datasets_as_the_caller() {
    let platform = Platform::new().await;
    let (_, answer) = platform
        .ask(
            ANA,
            "tools/call",
            json!({ "name": "search", "arguments": { "query": "chart accounts by region" } }),
        )
        .await;
    let result = &answer["result"];
    assert_eq!(result["isError"], false);
    assert_eq!(
        result["structuredContent"]["functions"][0]["name"],
        "create_chart"
    );
    assert_eq!(
        result["structuredContent"]["datasets"][0]["name"],
        "lake.dim.accounts"
    );
    assert_eq!(
        result["structuredContent"]["datasets"][0]["access"],
        "granted"
    );
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        text, result["structuredContent"],
        "text and data hold the same"
    );
    let (_, bo) = platform
        .ask(
            BO,
            "tools/call",
            json!({ "name": "search", "arguments": { "query": "accounts" } }),
        )
        .await;
    assert_eq!(
        bo["result"]["structuredContent"]["datasets"][0]["access"],
        "not_granted"
    );
}

#[tokio::test]
async fn wrong_arguments_and_wrong_code_are_answers_that_a_model_can_mend() {
    let platform = Platform::new().await;
    for (tool, arguments, kind) in [
        ("search", json!({}), "invalid"),
        ("search", json!({ "query": 1 }), "invalid"),
        ("search", json!({ "query": "a", "limit": 0 }), "invalid"),
        ("execute", json!({ "code": "return (" }), "syntax"),
        ("execute", json!({ "code": "x", "timeout": 1 }), "invalid"),
        (
            "execute",
            json!({ "code": format!("return '{}'", "x".repeat(70_000)) }),
            "syntax",
        ),
    ] {
        let (status, answer) = platform
            .ask(
                ANA,
                "tools/call",
                json!({ "name": tool, "arguments": arguments.clone() }),
            )
            .await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(answer["result"]["isError"], true, "{tool} {arguments:.60}");
        let error = &answer["result"]["structuredContent"]["error"];
        assert_eq!(error["kind"], kind, "{tool} {arguments:.60}: {error}");
        assert!(
            error["hint"].is_string() || error["detail"].is_string(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn prompts_and_declarations_can_be_read() {
    let platform = Platform::new().await;
    let (_, prompt) = platform
        .ask(
            ANA,
            "prompts/get",
            json!({ "name": "explore", "arguments": { "topic": "billing" } }),
        )
        .await;
    assert!(
        prompt["result"]["messages"][0]["content"]["text"]
            .as_str()
            .unwrap()
            .contains("billing")
    );
    let (_, declarations) = platform
        .ask(
            ANA,
            "resources/read",
            json!({ "uri": "skipper://functions" }),
        )
        .await;
    assert!(
        declarations["result"]["contents"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("declare const skipper")
    );
}
