//! Personal data is where `demo.json` says, and nowhere else.

use regex::Regex;
use townlake_engine::demo::pii::PLACEMENTS;

use crate::fixture::{AS_OF, Generated, LAKE_TABLES, generate};

/// What identifies a person in a value, by the simplest rules that could work.
fn looks_personal() -> Vec<(&'static str, Regex)> {
    vec![
        ("email", Regex::new(r"[\w.+-]+@[\w-]+\.example").unwrap()),
        (
            "ipv4",
            Regex::new(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b").unwrap(),
        ),
        ("ipv6", Regex::new(r"2001:db8:").unwrap()),
        (
            "phone",
            Regex::new(r"555[-. ]01\d\d|\+\d{1,3} [\d()]").unwrap(),
        ),
        (
            "payment_card",
            Regex::new(r"\b(\d{4}[ -]){3}\d{4}\b").unwrap(),
        ),
    ]
}

/// (column, value) of every text column of the lake and the files.
async fn text_columns(demo: &Generated) -> Vec<(String, String, Vec<String>)> {
    let mut columns = Vec::new();
    let tables = LAKE_TABLES.into_iter().chain(["files.support.tickets"]);
    for table in tables {
        let frame = demo.session.table(table).await.unwrap();
        let names: Vec<String> = frame
            .schema()
            .fields()
            .iter()
            .filter(|field| field.data_type().is_string())
            .map(|field| field.name().clone())
            .collect();
        for name in names {
            let values = demo
                .rows(&format!("SELECT DISTINCT {name} FROM {table} LIMIT 20000"))
                .await;
            columns.push((table.to_owned(), name, values));
        }
    }
    columns
}

fn crm_columns(demo: &Generated) -> Vec<(String, String, Vec<String>)> {
    let script = std::fs::read_to_string(demo.folder.path().join("demo/crm.sql")).unwrap();
    let mut columns = Vec::new();
    for part in script.split("\nCOPY ").skip(1) {
        let (head, body) = part.split_once(" FROM stdin;\n").unwrap();
        let (table, names) = head.trim_end_matches(')').split_once(" (").unwrap();
        for (index, name) in names.split(", ").enumerate() {
            let values = body
                .lines()
                .take_while(|line| *line != "\\.")
                .map(|line| line.split('\t').nth(index).unwrap().to_owned())
                .collect();
            columns.push((format!("postgres.{table}"), name.to_owned(), values));
        }
    }
    columns
}

#[tokio::test]
async fn personal_data_is_where_the_manifest_says_and_nowhere_else() {
    let demo = generate(AS_OF).await;
    let mut columns = text_columns(&demo).await;
    columns.extend(crm_columns(&demo));
    for placement in PLACEMENTS {
        assert!(
            columns
                .iter()
                .any(|(table, name, _)| table == placement.table && name == placement.column),
            "{placement:?} names no column"
        );
    }
    let rules = looks_personal();
    for (table, name, values) in &columns {
        let class = PLACEMENTS
            .iter()
            .find(|p| p.table == *table && p.column == *name)
            .map(|p| p.class);
        let filled: Vec<&String> = values.iter().filter(|v| *v != "\\N").collect();
        for (rule, regex) in &rules {
            let hits = filled.iter().filter(|value| regex.is_match(value)).count();
            match class {
                None => assert_eq!(hits, 0, "{table}.{name} looks like {rule}: {values:?}"),
                Some(class) if class == *rule => {
                    let share = hits as f64 / filled.len() as f64;
                    assert!(share > 0.6, "{table}.{name}: {share} of {rule}");
                }
                Some(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn tickets_hold_some_personal_data_and_much_that_is_none() {
    let demo = generate(AS_OF).await;
    let bodies = demo.rows("SELECT body FROM files.support.tickets").await;
    let rules = looks_personal();
    let personal = bodies
        .iter()
        .filter(|body| rules.iter().any(|(_, regex)| regex.is_match(body)))
        .count();
    let share = personal as f64 / bodies.len() as f64;
    assert!((0.15..0.6).contains(&share), "{share}");
    assert!(bodies.iter().all(|body| !body.contains('{')), "unfilled");
}

#[tokio::test]
async fn names_come_from_all_over_the_world() {
    let demo = generate(AS_OF).await;
    let columns = crm_columns(&demo);
    let names = &columns
        .iter()
        .find(|(_, name, _)| name == "full_name")
        .unwrap()
        .2;
    let latin = names.iter().filter(|name| name.is_ascii()).count() as f64 / names.len() as f64;
    assert!((0.3..0.8).contains(&latin), "{latin}");
    let scripts: [(&str, std::ops::RangeInclusive<char>); 4] = [
        ("Cyrillic", 'а'..='я'),
        ("Arabic", 'ا'..='ي'),
        ("Hangul", '가'..='힣'),
        ("Han", '一'..='鿿'),
    ];
    for (script, letters) in scripts {
        assert!(
            names
                .iter()
                .any(|name| name.chars().any(|c| letters.contains(&c))),
            "{script}"
        );
    }
}
