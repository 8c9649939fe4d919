//! The types of statements, against what a real Trino 476 answered to them: never another type, never
//! another error, nothing let through that Trino refuses. Not to know is allowed, but seldom.
#![expect(clippy::unwrap_used, reason = "a broken case must fail the test")]

use townlake_sql::bound::Known;
use townlake_sql::{ReadError, Schema, Session, bind, parse};

/// A statement a line: `types` as the protocol names them, or `error` and `message`.
const CASES: &str = include_str!("data/trino-types.jsonl");

/// `expression => type`, or the error's name.
const RULES: &str = include_str!("data/types.txt");

/// The least share of the cases, in percent, for which the answer is known.
const LEAST_KNOWN: usize = 99;

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The output's types.
    Types(Vec<String>),
    /// The error's name.
    Error(String),
    /// A value is computed, and that fails. What its type is cannot be seen.
    Runs,
    /// It cannot be told.
    Unknown,
}

#[test]
fn types_are_trinos() {
    let mut known = 0;
    let mut wrong = Vec::new();
    let count = CASES.lines().count();
    for line in CASES.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let sql = case["sql"].as_str().unwrap();
        let (ours, trinos) = (answer(sql), recorded(&case));
        let agrees = match (&ours, &trinos) {
            (Answer::Unknown, _) => continue,
            (Answer::Types(_), Answer::Runs) => true,
            (ours, trinos) => ours == trinos,
        };
        known += 1;
        if !agrees {
            wrong.push(format!(
                "{sql}\n    ours: {ours:?}\n    Trino's: {trinos:?}"
            ));
        }
    }
    println!("{count} statements, {known} known, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        known * 100 >= count * LEAST_KNOWN,
        "only {known} of {count} are known"
    );
}

#[test]
fn rules_hold_where_nothing_was_recorded() {
    let rules = RULES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in rules {
        let (expression, expected) = line.split_once(" => ").unwrap();
        let shown = match answer(&format!("SELECT {expression}")) {
            Answer::Types(types) => types.join("; "),
            Answer::Error(name) => name,
            other => format!("{other:?}"),
        };
        assert_eq!(shown, expected, "{expression}");
    }
}

fn recorded(case: &serde_json::Value) -> Answer {
    if let Some(types) = case["types"].as_array() {
        let names = types.iter().map(|name| name.as_str().unwrap().to_owned());
        return Answer::Types(names.collect());
    }
    // Trino gives a place to what it finds before anything runs, and only to that.
    let message = case["message"].as_str().unwrap();
    if message
        .trim_start_matches("io.trino.spi.TrinoException: ")
        .starts_with("line ")
    {
        Answer::Error(case["error"].as_str().unwrap().to_owned())
    } else {
        Answer::Runs
    }
}

fn answer(sql: &str) -> Answer {
    let session = Session::default();
    let statement = match parse(sql, &session) {
        Ok(statement) => statement,
        Err(ReadError::Syntax { .. }) => return Answer::Error("SYNTAX_ERROR".to_owned()),
        Err(_) => return Answer::Unknown,
    };
    let bound = bind(&statement, &Schema::default(), &session);
    if let Some(problem) = bound.problems.first() {
        return Answer::Error(problem.error.to_owned());
    }
    let output = bound.output.and_then(|id| bound.relation(id)).unwrap();
    let types = output.columns.iter().map(|column| match &column.ty {
        Known::Known(ty) => Some(ty.to_string()),
        Known::Unknown => None,
    });
    match types.collect() {
        Some(types) => Answer::Types(types),
        None => Answer::Unknown,
    }
}
