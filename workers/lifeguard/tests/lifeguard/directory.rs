//! The copy of the IAM: how it is pulled, and what a bad answer does.

use futures::future::join_all;
use http::Method;
use serde_json::json;
use townlake_kit::db::params;

use crate::iam::Mood;
use crate::town::{Town, user};

async fn groups_of(town: &Town, who: &str) -> Result<Vec<String>, String> {
    let answer = town.identify(json!({"user": user(who)})).await;
    match answer.status.as_u16() {
        200 => Ok(serde_json::from_value(answer.body["groups"].clone()).unwrap()),
        _ => Err(answer.body["code"].as_str().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn a_pull_is_made_when_it_is_due_and_costs_little_when_nothing_changed() {
    let town = Town::start().await;
    for _ in 0..5 {
        assert_eq!(groups_of(&town, "ana").await.unwrap(), ["analysts"]);
    }
    assert_eq!(town.iam.requests(), (1, 0));
    let version = town.policy(None).await.body["meta"]["version"].clone();
    for _ in 0..3 {
        town.wait(1);
        assert_eq!(town.policy(None).await.body["meta"]["version"], version);
    }
    assert_eq!(town.iam.requests(), (4, 3));
    town.iam.edit(|_| ());
    town.wait(1);
    assert_eq!(
        town.policy(None).await.body["meta"]["version"],
        version,
        "another ETag, the same content"
    );
    assert_eq!(town.iam.requests(), (5, 3));
}

#[tokio::test]
async fn many_requests_at_once_pull_once() {
    let town = Town::start().await;
    groups_of(&town, "ana").await.unwrap();
    town.wait(1);
    let calls: Vec<_> = (0..20)
        .map(|_| town.identify(json!({"user": "ana@corp.example"})))
        .collect();
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(town.iam.requests().0, 2);
}

#[tokio::test]
async fn nobody_is_turned_away_while_the_first_pull_or_one_after_a_pause_runs() {
    let town = Town::start().await;
    for _ in 0..2 {
        let calls: Vec<_> = (0..5)
            .map(|_| town.identify(json!({"user": "ana@corp.example"})))
            .collect();
        for answer in join_all(calls).await {
            assert_eq!(answer.body["groups"], json!(["analysts"]));
        }
        let version = town.policy(None).await.body["meta"]["version"].clone();
        assert_eq!(version, 2, "the same directory is stored once");
        town.wait(3600);
    }
}

#[tokio::test]
async fn a_bad_answer_changes_nothing_and_the_reason_is_kept() {
    let bad_name = json!({"version": "2", "groups": [], "people": [
        {"email": "bo@corp.example", "name": "Bo", "active": true},
        {"email": "Ana Example", "name": "Ana", "active": true}]});
    for (mood, wanted) in [
        (Mood::Broken, "the IAM answered 503 Service Unavailable"),
        (
            Mood::Odd("<html>".to_owned()),
            "the directory is not of the documented form: expected value at line 1",
        ),
        (
            Mood::Odd(json!({"people": []}).to_string()),
            "the directory is not of the documented form: missing field",
        ),
        (
            Mood::Odd(bad_name.to_string()),
            "`people[1].email`: `Ana Example` is not a user name",
        ),
        (Mood::Silent, "did not answer within 300 ms"),
        (Mood::Cut, "the answer of `the IAM` cannot be read"),
    ] {
        let town = Town::start().await;
        assert_eq!(groups_of(&town, "ana").await.unwrap(), ["analysts"]);
        town.iam.be(mood.clone());
        town.wait(1);
        assert_eq!(
            groups_of(&town, "ana").await.unwrap(),
            ["analysts"],
            "{mood:?}"
        );
        let status = town.call("ines", "GET", "/api/groups", None).await.ok()["directory"].clone();
        let failure = status["failure"].as_str().unwrap();
        assert!(failure.contains(wanted), "{mood:?}: {failure}");
        assert!(!failure.contains(crate::iam::TOKEN));
        let others = town.call("ana", "GET", "/api/groups", None).await.ok();
        assert_eq!(
            others["directory"]["failure"],
            json!(null),
            "only administrators read the reason"
        );
        town.iam.be(Mood::Well);
        town.iam.set_member("analysts", "ana@corp.example", false);
        town.wait(1);
        assert!(
            groups_of(&town, "ana").await.unwrap().is_empty(),
            "{mood:?}"
        );
    }
}

#[tokio::test]
async fn nobody_is_known_before_the_first_answer() {
    let town = Town::start().await;
    town.iam.be(Mood::Broken);
    assert_eq!(
        groups_of(&town, "ana").await.unwrap_err(),
        "directory_stale"
    );
    town.iam.be(Mood::Well);
    town.wait(1);
    assert_eq!(groups_of(&town, "ana").await.unwrap(), ["analysts"]);
    assert_eq!(groups_of(&town, "eve").await.unwrap_err(), "user_unknown");
    town.iam.set_active("bo@corp.example", false);
    town.wait(1);
    assert_eq!(groups_of(&town, "bo").await.unwrap_err(), "user_unknown");
    assert_eq!(
        groups_of(&town, "svc-skimmer").await.unwrap_err(),
        "user_unknown"
    );
}

#[tokio::test]
async fn a_pull_whose_holder_vanished_is_made_again() {
    let town = Town::start().await;
    groups_of(&town, "ana").await.unwrap();
    let until = town.clock.now().plus_seconds(10);
    town.db
        .run(
            "UPDATE directory SET claim = 'gone', claimed_until = ?1",
            params![until],
        )
        .await
        .unwrap();
    town.iam.set_member("analysts", "ana@corp.example", false);
    town.wait(9);
    assert_eq!(
        groups_of(&town, "ana").await.unwrap(),
        ["analysts"],
        "somebody seems to be pulling"
    );
    town.wait(1);
    assert!(groups_of(&town, "ana").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_directory_of_many_people_is_stored_whole() {
    let town = Town::start().await;
    let names: Vec<String> = (0..30_000)
        .map(|n| format!("person-number-{n}@corp.example"))
        .collect();
    town.iam.edit(|directory| {
        let people = names
            .iter()
            .map(|name| json!({"email": name, "name": "A name", "active": true}));
        directory["people"].as_array_mut().unwrap().extend(people);
        directory["groups"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "all", "members": names}));
    });
    let groups = town.call("ines", "GET", "/api/groups", None).await.ok();
    let all = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["name"] == "all")
        .unwrap()
        .clone();
    assert_eq!(
        (all["size"].as_u64(), all["member"].as_bool()),
        (Some(30_000), Some(false))
    );
    assert_eq!(
        town.from("gateway", Method::GET, "/internal/policy", &[], None)
            .await
            .status,
        200
    );
}
