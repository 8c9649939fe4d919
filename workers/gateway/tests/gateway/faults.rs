//! Parts that do not answer: nothing opens, and the message says what became of the statement.

use crate::engine::Mood;
use crate::town::Town;

#[tokio::test]
async fn an_engine_that_is_away_or_odd_gets_a_clear_error() {
    let town = Town::open().await;
    let ana = town.token("ana").await;
    for (mood, text) in [
        (Mood::Odd, "its answer cannot be read"),
        (Mood::Busy, "it is too busy or still starting"),
    ] {
        town.engine.be(mood);
        let (name, message) = town.sql(&ana, "SELECT 1").await.error();
        assert_eq!(name, "GENERIC_INTERNAL_ERROR", "{mood:?}");
        assert!(message.contains(text), "{mood:?}: {message}");
    }
    town.engine.be(Mood::Picky);
    let answer = town.sql(&ana, "SELECT 1").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["detail"],
        "Invalid X-Trino-Time-Zone header: 'x' is not a time zone"
    );
    town.engine.be(Mood::Well);
    let next = town.sql(&ana, "SELECT 1").await.next();
    town.engine.be(Mood::Busy);
    let answer = town.page(&ana, &next).await;
    assert_eq!(answer.status, 503, "clients try this again by themselves");
    town.engine.be(Mood::Restarted);
    let (name, message) = town.page(&ana, &next).await.error();
    assert_eq!(name, "GENERIC_INTERNAL_ERROR");
    assert!(
        message.contains("no longer has this query") && message.contains("run the query again"),
        "{message}"
    );
}

#[tokio::test]
async fn an_engine_that_nobody_listens_for_is_named() {
    let mut town = Town::open().await;
    let ana = town.token("ana").await;
    let next = town.sql(&ana, "SELECT 1").await.next();
    town.lose_engine();
    let (name, message) = town.sql(&ana, "SELECT 1").await.error();
    assert_eq!(name, "GENERIC_INTERNAL_ERROR");
    assert!(
        message.contains("the query engine does not answer: nothing was run"),
        "{message}"
    );
    let (_, message) = town.page(&ana, &next).await.error();
    assert!(message.contains("run the query again"), "{message}");
}

#[tokio::test]
async fn without_a_policy_everything_is_closed() {
    let mut town = Town::open().await;
    let ana = town.token("ana").await;
    let next = town.sql(&ana, "SELECT 1").await.next();
    town.lose_model();
    let (name, message) = town.sql(&ana, "SELECT 1").await.error();
    assert_eq!(name, "GENERIC_INTERNAL_ERROR");
    assert!(message.contains("the policy cannot be read"), "{message}");
    assert_eq!(
        town.page(&ana, &next).await.status,
        503,
        "no page without a policy"
    );
    assert_eq!(town.send("GET", "/healthz", &[], "").await.status, 503);
}
