//! The table of functions holds what a real Trino answered to SHOW FUNCTIONS, and nothing else.

use std::collections::BTreeSet;

const TABLE: &str = include_str!("../src/types/functions.txt");
const ANSWER: &str = include_str!("data/trino-functions.json");

/// Name, arguments and result, kind, determinism. Variables are spelled in either case.
type Row = (String, String, &'static str, bool);

#[test]
fn the_table_is_trinos_answer() {
    let answer: serde_json::Value = serde_json::from_str(ANSWER).unwrap();
    let text = |row: &serde_json::Value, at: usize| row[at].as_str().unwrap().to_owned();
    let answered: BTreeSet<Row> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row[3] != "table")
        .map(|row| {
            let types = format!("{} {}", text(row, 2), text(row, 1)).to_lowercase();
            let deterministic = row[4].as_bool().unwrap();
            (text(row, 0), types, kind(&text(row, 3)), deterministic)
        })
        .collect();
    let listed: BTreeSet<Row> = TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let types = format!("{} {}", columns[1], columns[2]).to_lowercase();
            let has = |note: &str| columns[3].split("; ").any(|found| found == note);
            let kind = ["aggregate", "window"].into_iter().find(|kind| has(kind));
            (
                columns[0].to_owned(),
                types,
                kind.unwrap_or("scalar"),
                !has("random"),
            )
        })
        .collect();
    let only = |a: &BTreeSet<Row>, b: &BTreeSet<Row>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(only(&answered, &listed), [], "missing in functions.txt");
    assert_eq!(only(&listed, &answered), [], "not in Trino's answer");
}

fn kind(text: &str) -> &'static str {
    ["aggregate", "window"]
        .into_iter()
        .find(|kind| *kind == text)
        .unwrap_or("scalar")
}
