//! Types, casts, operators and functions: 12,619 statements. What is answered is answered as Trino answers
//! it; the rest is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use serde_json::Value;
use townlake_engine::policy::MissingSections;

use crate::client::{Answer, Client};
use crate::server::Server;

const CASES: &str = include_str!("../data/trino-types/cases.jsonl");

/// Agreement below this is a step back.
const AGREEING: usize = 11_659;

/// Whether two values are the same. Where a double was computed, its last digits may differ between
/// libraries: Trino's own differ between processors.
fn same(a: &Value, b: &Value, computed: bool) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            let (x, y) = (x.as_f64().unwrap(), y.as_f64().unwrap());
            a == b || x == y || (computed && (x - y).abs() <= 1e-9 * x.abs().max(y.abs()))
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y, computed))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len()
                && x.iter()
                    .all(|(key, x)| y.get(key).is_some_and(|y| same(x, y, computed)))
        }
        _ => a == b,
    }
}

fn agrees(case: &Value, answer: &Answer) -> bool {
    match (case.get("error"), answer) {
        (Some(_), Answer::Failed { .. }) => true,
        (None, Answer::Rows { types, rows, .. }) => {
            let expected: Vec<&str> = case["types"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let about = case["about"].as_str().unwrap();
            let computed = about.starts_with("agg ") || about.starts_with("fn ");
            let expected_rows = case["rows"].as_array().unwrap();
            let by_row = |rows: &[Value]| {
                let mut rows = rows.to_vec();
                if !case["sql"].as_str().unwrap().contains("ORDER BY") {
                    rows.sort_by_key(Value::to_string);
                }
                Value::Array(rows)
            };
            *types == expected && same(&by_row(expected_rows), &by_row(rows), computed)
        }
        _ => false,
    }
}

/// A message without its place and its details, to count by.
fn reason(message: &str) -> &str {
    let message = match message.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest,
        _ => message,
    };
    message.split_once('(').map_or(message, |(head, _)| head)
}

#[tokio::test(flavor = "multi_thread")]
async fn types_and_functions_answer_as_trino_does() {
    let server = Server::start(BTreeMap::new(), MissingSections::Refused).await;
    let client = Arc::new(Client::new(&server.url));
    let cases: Vec<Value> = CASES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answers: Vec<(Value, Answer)> = futures::stream::iter(cases)
        .map(|case| {
            let client = Arc::clone(&client);
            async move {
                let sql = case["sql"].as_str().unwrap().to_owned();
                // As they were recorded; `current_user` tells the user.
                let headers = [
                    ("x-trino-time-zone", "Europe/Lisbon"),
                    ("x-trino-user", "admin"),
                ];
                let answer = client.run(&sql, "gateway", &headers).await;
                (case, answer)
            }
        })
        .buffer_unordered(8)
        .collect()
        .await;
    let (mut agree, mut same_error, mut refused) = (0, 0, 0);
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    for (case, answer) in &answers {
        if agrees(case, answer) {
            match answer {
                Answer::Failed { name, .. } if Some(name.as_str()) == case["error"].as_str() => {
                    same_error += 1;
                    agree += 1;
                }
                Answer::Failed { name, message } => {
                    refused += 1;
                    let about = case["about"].as_str().unwrap();
                    let recorded = case["error"].as_str().unwrap();
                    let what = reason(message);
                    let key = format!("{about}: {name} for {recorded}: {what}");
                    *refusals.entry(key).or_default() += 1;
                }
                Answer::Rows { .. } => agree += 1,
            }
        } else if let (None, Answer::Failed { name, message }) = (case.get("error"), answer) {
            refused += 1;
            let about = case["about"].as_str().unwrap();
            let key = format!("{about}: {name}: {}", reason(message));
            *refusals.entry(key).or_default() += 1;
        } else {
            wrong.push(format!("{case}\n    here:  {answer:?}"));
        }
    }
    println!(
        "types and functions: {agree} agree ({same_error} of them errors), {refused} refused, {} wrong",
        wrong.len()
    );
    let dump = std::env::temp_dir().join("townlake-type-cases.txt");
    let mut text = String::new();
    for (what, count) in &refusals {
        text.push_str(&format!("refused {count:5} {what}\n"));
    }
    for what in &wrong {
        text.push_str(&format!("wrong {what}\n"));
    }
    std::fs::write(&dump, text).unwrap();
    println!("details in {}", dump.display());
    assert!(
        wrong.is_empty(),
        "{} answers differ from Trino's, e.g.\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(agree >= AGREEING, "only {agree} answers agree with Trino's");
}
