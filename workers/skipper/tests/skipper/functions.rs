//! What `skipper.*` does, as the person it is for.

use serde_json::{Value, json};
use townlake_protocol::skipper::ErrorKind;

use crate::platform::{ANA, BO, Platform};

const SQL: &str = "SELECT region, sum(revenue), max(email) FROM lake.dim.accounts GROUP BY region";

async fn query(platform: &Platform, sql: &str) -> String {
    let id = platform
        .call(ANA, "start_query", json!({ "sql": sql }))
        .await
        .unwrap();
    id.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_query_gives_rows_by_name_and_what_they_rest_on() {
    let platform = Platform::new().await;
    let id = query(&platform, SQL).await;
    let result = platform
        .call(ANA, "fetch_results", json!({ "queryId": id }))
        .await
        .unwrap();
    assert_eq!(result["row_count"], 4);
    assert_eq!(
        result["rows"][0],
        json!({ "region": "region 0", "revenue": 12.5 })
    );
    assert_eq!(
        result["columns"][1],
        json!({ "name": "revenue", "type": "decimal(12,2)" })
    );
    assert_eq!(result["truncated"], false);
    assert_eq!(result["about"]["exact"], false);
    assert_eq!(
        result["about"]["tables"][0]["exactness"],
        json!({ "kind": "sampled", "one_in": 10 })
    );
    assert_eq!(
        result["about"]["maskedColumns"],
        json!(["lake.dim.accounts.email"])
    );
    assert_eq!(result["about"]["asOf"], "2026-05-01T12:00:00.000Z");
    let bare = platform
        .call(ANA, "fetch_results", json!(id))
        .await
        .unwrap();
    assert_eq!(
        bare["rows"], result["rows"],
        "a bare text stands for the main argument"
    );
}

#[tokio::test]
async fn rows_for_display_do_not_reach_the_snippet() {
    let platform = Platform::new().await;
    let id = query(&platform, SQL).await;
    let shown = platform
        .call(
            ANA,
            "fetch_results",
            json!({ "queryId": id, "mode": "display" }),
        )
        .await
        .unwrap();
    assert!(shown.get("rows").is_none());
    assert_eq!(shown["display"], format!("skipper://results/{id}"));
    let (_, read) = platform
        .ask(ANA, "resources/read", json!({ "uri": shown["display"] }))
        .await;
    let contents: Value =
        serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(contents["rows"][0]["region"], "region 0");
    let both = platform
        .call(
            ANA,
            "fetch_results",
            json!({ "queryId": id, "mode": "both", "limit": 1 }),
        )
        .await
        .unwrap();
    assert_eq!(
        (both["rows"].as_array().unwrap().len(), &both["truncated"]),
        (1, &json!(true))
    );
}

#[tokio::test]
async fn a_query_is_its_owners_alone() {
    let platform = Platform::new().await;
    let id = query(&platform, SQL).await;
    let error = platform
        .call(BO, "fetch_results", json!({ "queryId": id }))
        .await
        .unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::NotFound,
        "another's query looks like none"
    );
    let none = platform
        .call(BO, "fetch_results", json!({ "queryId": "qry_none" }))
        .await
        .unwrap_err();
    assert_eq!(none.code, error.code);
    let (_, list) = platform.ask(BO, "resources/list", json!({})).await;
    assert_eq!(
        list["result"]["resources"].as_array().unwrap().len(),
        1,
        "only the declarations"
    );
    let (_, read) = platform
        .ask(
            BO,
            "resources/read",
            json!({ "uri": format!("skipper://results/{id}") }),
        )
        .await;
    assert_eq!(read["error"]["code"], -32602);
}

#[tokio::test]
async fn rows_are_given_only_while_the_owner_may_read_the_same() {
    let platform = Platform::new().await;
    let id = query(&platform, SQL).await;
    platform
        .call(ANA, "fetch_results", json!({ "queryId": id }))
        .await
        .unwrap();
    platform.decide(|model| model.grants.clear());
    let error = platform
        .call(ANA, "fetch_results", json!({ "queryId": id }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (ErrorKind::Permission, Some("result_outdated"))
    );
    let (_, read) = platform
        .ask(
            ANA,
            "resources/read",
            json!({ "uri": format!("skipper://results/{id}") }),
        )
        .await;
    assert!(read.get("error").is_some(), "{read}");
}

#[tokio::test]
async fn a_refusal_says_what_is_missing_and_where_to_ask() {
    let platform = Platform::new().await;
    let error = platform
        .call(BO, "start_query", json!({ "sql": SQL }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
    assert!(error.message.contains("lake.dim.accounts"), "{error:?}");
    assert!(error.hint.unwrap().contains("analysts"));
    assert!(
        error
            .next
            .first()
            .unwrap()
            .href
            .as_ref()
            .unwrap()
            .starts_with("http://127.0.0.1:8787/requests/new?table=")
    );
}

#[tokio::test]
async fn wrong_sql_is_told_with_its_place() {
    let platform = Platform::new().await;
    let error = platform
        .call(ANA, "start_query", json!({ "sql": "SELEC 1" }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.sql_line, error.sql_column),
        (ErrorKind::Sql, Some(1), Some(1))
    );
}

#[tokio::test]
async fn more_than_is_kept_is_cut_and_said() {
    let platform = Platform::new().await;
    let id = query(&platform, "SELECT many FROM lake.dim.accounts").await;
    let result = platform
        .call(ANA, "fetch_results", json!({ "queryId": id, "limit": 10 }))
        .await
        .unwrap();
    assert_eq!(
        (result["row_count"].as_u64(), &result["truncated"]),
        (Some(10_000), &json!(true))
    );
    assert_eq!(result["rows"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn charts_are_drawn_from_rows_or_from_a_query() {
    let platform = Platform::new().await;
    let id = query(&platform, SQL).await;
    let from_query = platform
        .call(
            ANA,
            "create_chart",
            json!({ "chartType": "bar", "queryId": id }),
        )
        .await
        .unwrap();
    assert_eq!(from_query["kind"], "chart");
    assert_eq!(from_query["queryId"], id.as_str());
    assert_eq!(from_query["spec"]["encoding"]["y"]["field"], "revenue");
    let rows = json!([{ "a": "x", "n": 1 }]);
    let from_rows = platform
        .call(
            ANA,
            "create_chart",
            json!({ "chartType": "pie", "data": rows, "dataFrom": "qry_9" }),
        )
        .await
        .unwrap();
    assert_eq!(from_rows["queryId"], "qry_9");
    for (arguments, word) in [
        (json!({ "chartType": "bar" }), "`data`"),
        (
            json!({ "chartType": "bar", "data": rows, "queryId": id }),
            "not both",
        ),
        (
            json!({ "chartType": "donut", "data": rows }),
            "unknown variant",
        ),
        (
            json!({ "chartType": "bar", "data": rows, "x": "aa" }),
            "no column `aa`",
        ),
        (json!({ "chartType": "bar", "data": [1] }), "invalid type"),
    ] {
        let error = platform
            .call(ANA, "create_chart", arguments.clone())
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(
            error.message.contains(word),
            "{arguments}: {}",
            error.message
        );
    }
}

#[tokio::test]
async fn datasets_and_access_are_told_as_the_caller() {
    let platform = Platform::new().await;
    let found = platform
        .call(ANA, "search_datasets", json!({ "query": "accounts" }))
        .await
        .unwrap();
    assert_eq!(found["datasets"][0]["name"], "lake.dim.accounts");
    let details = platform
        .call(
            ANA,
            "get_entity_details",
            json!({ "name": "lake.dim.accounts" }),
        )
        .await
        .unwrap();
    assert_eq!(details["columns"][1]["masked"], "email");
    let fields = platform
        .call(BO, "list_schema_fields", json!("lake.dim.accounts"))
        .await
        .unwrap();
    assert_eq!(fields[0]["readable"], false);
    let absent = platform
        .call(
            ANA,
            "get_entity_details",
            json!({ "name": "lake.dim.nothing" }),
        )
        .await
        .unwrap_err();
    assert_eq!(absent.kind, ErrorKind::NotFound);
    let explained = platform
        .call(
            ANA,
            "explain_access",
            json!({ "table": "lake.dim.accounts" }),
        )
        .await
        .unwrap();
    assert_eq!(explained["explained"], true);
}

#[tokio::test]
async fn arguments_that_do_not_fit_name_what_fits() {
    let platform = Platform::new().await;
    for (function, arguments) in [
        ("search_datasets", json!({})),
        ("search_datasets", json!({ "query": "a", "limt": 1 })),
        ("fetch_results", json!({ "queryId": "q", "mode": "show" })),
        ("fetch_results", json!({ "queryId": "q", "limit": 0 })),
        ("start_query", json!(5)),
        (
            "start_query",
            json!({ "sql": "SELECT 1", "session": { "a b": 1 } }),
        ),
        (
            "start_query",
            json!({ "sql": "SELECT 1", "session": { "a": [] } }),
        ),
    ] {
        let error = platform
            .call(ANA, function, arguments.clone())
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{function} {arguments}");
        assert!(error.hint.is_some(), "{function} {arguments}");
    }
    let unknown = platform
        .call(ANA, "serch_datasets", json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        unknown.did_you_mean.first().map(String::as_str),
        Some("search_datasets")
    );
}

#[tokio::test]
async fn results_are_gone_after_an_hour() {
    let platform = Platform::new().await;
    let id = query(&platform, SQL).await;
    let count = async || {
        platform.ask(ANA, "resources/list", json!({})).await.1["result"]["resources"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count().await, 2, "{id}");
    platform.later(3_601);
    assert_eq!(count().await, 1);
}
