//! The interpreter against answers recorded from a real Trino 476 (`tests/data/trino-policy`).
//!
//! For each recorded statement, the harness knows which questions Trino asks its access control, and in which
//! order; the interpreter's answers must add up to the recorded error, or to the recorded rows.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::panic, reason = "tests")]

mod recording;
mod statement;
mod world;

use std::collections::BTreeMap;

use townlake_core::policy::interpret::AccessControl;

use recording::{Case, Recording};
use statement::Outcome;
use world::World;

#[test]
fn every_recorded_answer_is_given() {
    let recording = Recording::read();
    assert_eq!(recording.cases.len(), 2174);
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (policy, rules) in &recording.policies {
        let control = AccessControl::with_open_sections(rules, &recording.groups).unwrap();
        let mut world = World::new();
        for case in recording.cases.iter().filter(|case| &case.policy == policy) {
            let outcome = statement::run(&control, &mut world, case);
            let verdict = compare(&outcome, case);
            *counts.entry(verdict.unwrap_or("wrong")).or_default() += 1;
            if verdict.is_none() {
                wrong.push(format!("{case:?}\n  interpreted as {outcome:?}\n"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong of {counts:?}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // What access control does not decide is a small, known part: it must not grow unnoticed.
    assert_eq!(
        counts.get("not for access control"),
        Some(&NOT_FOR_ACCESS_CONTROL),
        "{counts:?}"
    );
}

/// `KILL`, which is no statement, and views over a table whose mask has the wrong type.
const NOT_FOR_ACCESS_CONTROL: usize = 27;

/// How the outcome agrees with the recording; None if it does not.
fn compare(outcome: &Outcome, case: &Case) -> Option<&'static str> {
    let message = case.message.as_deref();
    match outcome {
        Outcome::Denied(denied) => (case.error.as_deref() == Some("PERMISSION_DENIED")
            && message == Some(denied.to_string().as_str()))
        .then_some("refused alike"),
        Outcome::Fails {
            error,
            message: wanted,
        } => {
            let same = case.error.as_deref() == Some(error)
                && message.is_some_and(|text| text.ends_with(wanted));
            same.then_some("refused alike")
        }
        Outcome::Rows(rows) => {
            (case.error.is_none() && case.rows.as_ref() == Some(rows)).then_some("same rows")
        }
        Outcome::Allowed => case.error.is_none().then_some("allowed alike"),
        Outcome::Undecided => {
            let about_access = case.error.as_deref() == Some("PERMISSION_DENIED")
                || message.is_some_and(|text| text.contains("not allowed"));
            (!about_access).then_some("not for access control")
        }
    }
}
