//! Masks and filters that are evaluated as a user of their own, as the policy renders every row filter.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use townlake_engine::catalog::Catalog;
use townlake_engine::catalog::tpch::TpchCatalog;
use townlake_engine::policy::MissingSections;

use crate::client::{Answer, Client};
use crate::server::{Server, open_policy};

const FILTER: &str = "regionkey = 1";
const MASK: &str = "CAST(IF(regionkey = 1, name, '***') AS varchar(25))";

/// Everyone but `svc-policy` lacks the column that filters and masks look at.
fn rules() -> Value {
    let hidden = json!({"name": "regionkey", "allow": false});
    let rule = |user: &str, more: Value| {
        let mut rule =
            json!({"user": user, "table": "nation", "privileges": ["SELECT"], "columns": [hidden]});
        rule.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        rule
    };
    let policy = json!({"user": "svc-policy"});
    json!([
        {"user": "svc-policy", "privileges": ["SELECT"]},
        rule("filtered", json!({"filter": FILTER, "filter_environment": policy})),
        rule("himself", json!({"filter": FILTER})),
        rule("stranger", json!({"filter": FILTER, "filter_environment": {"user": "nobody"}})),
        rule("elsewhere", json!({"filter": "regionkey = (SELECT max(regionkey) FROM tpch.tiny.region)", "filter_environment": policy})),
        rule("masked", json!({"columns": [hidden, {"name": "name", "mask": MASK, "mask_environment": policy}]})),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_read_what_their_own_user_may() {
    let tpch: Arc<dyn Catalog> = Arc::new(TpchCatalog { partitions: 1 });
    let mut server = Server::start(
        BTreeMap::from([("tpch".to_owned(), tpch)]),
        MissingSections::Refused,
    )
    .await;
    let mut policy = open_policy();
    policy["tables"] = rules();
    server.set_policy(&json!({}), &policy).await;
    let client = Client::new(&server.url);
    let closed = || Err("Access Denied: Cannot select from table tpch.tiny.nation");
    let names = "SELECT name FROM tpch.tiny.nation WHERE nationkey < 3 ORDER BY nationkey";
    let cases = [
        ("filtered", names, Ok(json!([["ARGENTINA"], ["BRAZIL"]]))),
        (
            "filtered",
            "SELECT count(*) FROM tpch.tiny.nation",
            Ok(json!([[5]])),
        ),
        (
            "filtered",
            "SELECT regionkey FROM tpch.tiny.nation",
            closed(),
        ),
        ("himself", names, closed()),
        ("stranger", names, closed()),
        (
            "masked",
            names,
            Ok(json!([["***"], ["ARGENTINA"], ["BRAZIL"]])),
        ),
        (
            "masked",
            "SELECT count(*) FROM tpch.tiny.nation WHERE name = 'ALGERIA'",
            Ok(json!([[0]])),
        ),
        (
            "elsewhere",
            names,
            Err(
                "A mask or filter with a user of its own (mask_environment, filter_environment) that reads another table is not supported by the embedded engine",
            ),
        ),
    ];
    for (user, sql, expected) in cases {
        let answer = client.run(sql, user, &[]).await;
        let seen = match &answer {
            Answer::Rows { rows, .. } => Ok(Value::Array(rows.clone())),
            Answer::Failed { message, .. } => Err(message.as_str()),
        };
        assert_eq!(seen, expected, "{user}: {sql}");
    }
}
