//! The classifier model: what it is told, and what its moods do to a scan.

use std::time::Duration;

use townlake_core::pii::PiiClass;
use townlake_protocol::skimmer::ScanState;
use townlake_skimmer::model::Model;

use crate::model_server::{Endpoint, Mood};
use crate::platform::Platform;

const TABLE: &str = "postgres.crm.contacts";

#[tokio::test]
async fn a_model_that_answers_well_is_heard_beside_the_detectors() {
    let endpoint = Endpoint::start(Mood::Well).await;
    let platform = Platform::new(Some(endpoint.model()));
    platform.put_contacts();
    let scan = platform.scan().await;
    assert_eq!(
        (
            scan.state,
            scan.summary.model_answers,
            scan.summary.model_failures
        ),
        (ScanState::Done, 6, 0)
    );
    // Agreement, contradiction against a proof, and a column that only the model flags.
    for (column, class, word) in [
        (
            "email",
            Some(PiiClass::Email),
            "`small-model` says e-mail addresses",
        ),
        (
            "phone",
            Some(PiiClass::Phone),
            "what the detectors saw weighs more",
        ),
        (
            "order_ref",
            Some(PiiClass::PersonName),
            "`small-model` says names of people",
        ),
        ("id", None, "`small-model` says none of the classes"),
    ] {
        let proposal = platform.proposal(TABLE, column).unwrap();
        assert_eq!(proposal.class, class, "{column}");
        assert!(
            proposal
                .evidence
                .iter()
                .any(|reason| reason.rule == "model" && reason.text.contains(word)),
            "{proposal:?}"
        );
    }
}

#[tokio::test]
async fn the_model_is_told_names_types_and_masks_but_no_value() {
    let endpoint = Endpoint::start(Mood::Well).await;
    let platform = Platform::new(Some(endpoint.model()));
    platform.put_contacts();
    platform.scan().await;
    let seen = endpoint.seen.lock().unwrap();
    let [(body, key)] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (body["model"].as_str(), key.as_deref()),
        (Some("small-model"), Some("Bearer key"))
    );
    let text = body.to_string();
    for told in [
        TABLE,
        "full_name",
        "varchar(120)",
        "Xxxxx Xxxxx",
        "+9 999 999 9999",
        "999.9.9.999",
    ] {
        assert!(text.contains(told), "`{told}` in {text}");
    }
    for raw in ["Amara", "silva", "corp.example", "415", "203.0"] {
        assert!(!text.contains(raw), "`{raw}` in {text}");
    }
}

#[tokio::test]
async fn without_a_usable_answer_the_detectors_decide_and_the_evidence_says_so() {
    for (mood, reason) in [
        (Mood::Late, "did not answer within 0.4 s"),
        (Mood::Drips, "did not answer within 0.4 s"),
        (Mood::Prose, "not the JSON that was asked for"),
        (Mood::NotJson, "it is not JSON"),
        (Mood::MakesUpColumns, "a column that is not there"),
        (Mood::Fails, "answered 500"),
        (Mood::Empty, "it has no text"),
    ] {
        let endpoint = Endpoint::start(mood).await;
        let platform = Platform::new(Some(endpoint.model()));
        platform.put_contacts();
        let scan = platform.scan().await;
        assert_eq!(
            (
                scan.state,
                scan.summary.model_failures,
                scan.summary.columns_flagged
            ),
            (ScanState::Done, 6, 4)
        );
        let proposal = platform.proposal(TABLE, "email").unwrap();
        assert_eq!(proposal.class, Some(PiiClass::Email));
        let failed = proposal
            .evidence
            .iter()
            .find(|evidence| evidence.rule == "model.failed")
            .unwrap();
        assert!(
            failed.text.contains(reason) && failed.text.contains("decided alone"),
            "{}",
            failed.text
        );
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_recorded_as_such() {
    let nobody = Model::endpoint(
        "http://127.0.0.1:9/v1",
        "m",
        None,
        Duration::from_millis(400),
    )
    .unwrap();
    let platform = Platform::new(Some(nobody));
    platform.put_contacts();
    let scan = platform.scan().await;
    assert_eq!(
        (scan.state, scan.summary.columns_flagged),
        (ScanState::Done, 4)
    );
    let proposal = platform.proposal(TABLE, "phone").unwrap();
    assert!(
        proposal
            .evidence
            .iter()
            .any(|reason| reason.text.contains("cannot be reached")),
        "{proposal:?}"
    );
}

#[tokio::test]
async fn a_model_that_failed_is_asked_again_later_and_not_for_ever() {
    let endpoint = Endpoint::start(Mood::Fails).await;
    let platform = Platform::new(Some(endpoint.model()));
    platform.put_contacts();
    platform.scan().await;
    platform.later(60);
    assert_eq!(platform.scan().await.summary.columns_classified, 0);
    platform.later(600);
    assert_eq!(platform.scan().await.summary.columns_classified, 6);
    *endpoint.mood.lock().unwrap() = Mood::Well;
    platform.later(600);
    assert_eq!(platform.scan().await.summary.model_answers, 6);
    platform.later(600);
    assert_eq!(platform.scan().await.summary.columns_classified, 0);

    *endpoint.mood.lock().unwrap() = Mood::Fails;
    platform.put_table("lake.s.other", &[("a", "varchar")], vec![]);
    let mut looked = 0;
    for _ in 0..6 {
        looked += platform.scan().await.summary.columns_classified;
        platform.later(3600);
    }
    assert_eq!(looked, 3);
}

#[tokio::test]
async fn a_model_that_fails_twice_is_left_alone_for_the_rest_of_the_scan() {
    let endpoint = Endpoint::start(Mood::Late).await;
    let mut platform = Platform::new(Some(endpoint.model()));
    platform.app.budget.at_once = 1;
    for n in 0..8 {
        platform.put_table(&format!("lake.s.t{n}"), &[("a", "varchar")], vec![]);
    }
    let scan = platform.scan().await;
    assert_eq!(
        (scan.summary.columns_classified, scan.summary.model_failures),
        (8, 8)
    );
    assert_eq!(endpoint.seen.lock().unwrap().len(), 2);
}
