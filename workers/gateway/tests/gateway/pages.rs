//! The pages behind a statement: bound to the caller, to the query, and to what it stood on.

use serde_json::json;

use crate::town::Town;

const ACCOUNTS: &str = "SELECT * FROM lake.dim.accounts";

#[tokio::test]
async fn a_page_is_for_its_caller_alone() {
    let town = Town::open().await;
    let (ana, rui) = (town.token("ana").await, town.token("rui").await);
    let next = town.sql(&ana, ACCOUNTS).await.next();
    assert_eq!(town.send("GET", &next, &[], "").await.status, 401);
    assert_eq!(town.page(&rui, &next).await.status, 403);
    let bearer = format!("Bearer {rui}");
    assert_eq!(
        town.send("DELETE", &next, &[("authorization", &bearer)], "")
            .await
            .status,
        403
    );
    assert_eq!(town.page(&ana, &next).await.status, 200);
    assert_eq!(
        town.page(&ana, &next).await.status,
        200,
        "a page may be read again"
    );
}

#[tokio::test]
async fn an_address_that_was_not_handed_out_leads_nowhere() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let next = town.sql(&ana, ACCOUNTS).await.next();
    let other = town.sql(&ana, "SELECT 1").await.next();
    town.engine.asked();
    let (claims, path) = next
        .strip_prefix("/t/")
        .unwrap()
        .split_once("/v1/")
        .unwrap();
    let (other_claims, _) = other
        .strip_prefix("/t/")
        .unwrap()
        .split_once("/v1/")
        .unwrap();
    let (json, mac) = claims.split_once('.').unwrap();
    let (other_json, _) = other_claims.split_once('.').unwrap();
    for (what, address) in [
        (
            "another query's claims",
            format!("/t/{other_claims}/v1/{path}"),
        ),
        (
            "other claims under the same signature",
            format!("/t/{other_json}.{mac}/v1/{path}"),
        ),
        ("no signature", format!("/t/{json}/v1/{path}")),
        ("an empty signature", format!("/t/{json}./v1/{path}")),
        (
            "a changed letter",
            format!(
                "/t/{}{}/v1/{path}",
                if claims.starts_with('A') { "B" } else { "A" },
                &claims[1..]
            ),
        ),
        (
            "another path",
            format!("/t/{claims}/v1/statement/executing/x/slug/1"),
        ),
        (
            "a path out of the statements",
            format!("/t/{claims}/v1/statement/../query/x/slug/1"),
        ),
        (
            "escaped dots",
            format!("/t/{claims}/v1/{}", path.replace("/slug", "/%2e%2e")),
        ),
        ("no claims", format!("/v1/{path}")),
    ] {
        let answer = town.page(&ana, &address).await;
        assert_eq!(answer.status, 404, "{what}: {}", answer.text);
    }
    assert!(town.engine.asked().is_empty());
}

#[tokio::test]
async fn a_query_stops_when_what_it_stood_on_is_gone() {
    for (change, message) in [
        ("revoke", "you cannot read table `lake.dim.accounts`"),
        ("leave", "you cannot read table `lake.dim.accounts`"),
        (
            "review",
            "what you may see of `lake.dim.accounts` has changed",
        ),
        ("deny", "`lake.dim.accounts` does not exist"),
    ] {
        let town = Town::open().await;
        let ana = town.token("ana").await;
        let first = town.sql(&ana, ACCOUNTS).await;
        let second = town.page(&ana, &first.next()).await;
        let harmless = town.sql(&ana, "SELECT * FROM lake.dim.customers").await;
        assert!(second.json()["error"].is_null());
        match change {
            "revoke" => {
                let grants = town.ok("ines", "GET", "/api/grants", None).await;
                let of_table = |grant: &&serde_json::Value| grant["table"] == "lake.dim.accounts";
                let grant = grants["grants"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(of_table)
                    .unwrap()["id"]
                    .clone();
                town.ok(
                    "ines",
                    "DELETE",
                    &format!("/api/grants/{}", grant.as_str().unwrap()),
                    None,
                )
                .await;
            }
            "leave" => town.issuer.leave("analysts", "ana@corp.example"),
            "review" => drop(
                review(
                    &town,
                    json!({"table": "lake.dim.accounts", "state": "approved",
                "columns": [{"name": "name", "decision": "masked", "class": "person_name"}]}),
                )
                .await,
            ),
            _ => drop(
                review(
                    &town,
                    json!({"table": "lake.dim.accounts", "state": "denied"}),
                )
                .await,
            ),
        }
        town.wait(2);
        town.engine.asked();
        let (name, text) = town.page(&ana, &second.next()).await.error();
        assert_eq!(name, "PERMISSION_DENIED", "{change}");
        assert!(
            text.contains("the query was stopped") && text.contains(message),
            "{change}: {text}"
        );
        assert_eq!(town.engine.asked()[0].method, "DELETE", "{change}");
        assert_eq!(
            town.audit().await.last().unwrap()["kind"],
            "query_stopped",
            "{change}"
        );
        let other = town.page(&ana, &harmless.next()).await;
        assert!(
            other.json()["error"].is_null(),
            "{change}: other queries go on: {}",
            other.text
        );
    }
}

async fn review(town: &Town, table: serde_json::Value) -> serde_json::Value {
    town.ok(
        "rui",
        "POST",
        "/api/reviews",
        Some(json!({"tables": [table]})),
    )
    .await
}

#[tokio::test]
async fn a_new_column_that_awaits_review_stops_nobody() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let first = town.sql(&ana, "SELECT id FROM crm.public.contacts").await;
    review(
        &town,
        json!({"table": "crm.public.contacts", "state": "approved",
        "columns": [{"name": "phone", "decision": "denied"}]}),
    )
    .await;
    town.wait(2);
    assert!(town.page(&ana, &first.next()).await.json()["error"].is_null());
}

#[tokio::test]
async fn queries_are_given_up_by_their_owner() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let bearer = format!("Bearer {ana}");
    let headers = [("authorization", bearer.as_str())];
    let next = town.sql(&ana, ACCOUNTS).await.next();
    assert_eq!(town.send("HEAD", &next, &headers, "").await.status, 200);
    assert_eq!(town.send("DELETE", &next, &headers, "").await.status, 204);
    for (id, status) in [("mine", 204), ("theirs", 403), ("a%2fb", 404)] {
        let answer = town
            .send("DELETE", &format!("/v1/query/{id}"), &headers, "")
            .await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text);
    }
    assert_eq!(town.send("POST", &next, &headers, "").await.status, 405);
}

#[tokio::test]
async fn a_query_over_very_many_tables_is_refused_before_its_rows_come() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    let tables: Vec<String> = (0..200).map(|_| "lake.dim.accounts".to_owned()).collect();
    let answer = town
        .sql(
            &ana,
            &format!("SELECT count(*) FROM {}", tables.join(" CROSS JOIN ")),
        )
        .await;
    assert!(
        answer.json()["error"].is_null(),
        "the same table many times is one: {}",
        answer.text
    );
}
