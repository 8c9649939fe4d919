//! Any text ends in a reading or an error, and what is read keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use townlake_sql::{Session, mentioned, parse, read};

fuzz_target!(|text: &str| {
    let session = Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        prepared: [("p".to_owned(), "SELECT * FROM t".to_owned())].into(),
    };
    let lines: Vec<&str> = text.split('\n').collect();
    let is_inside = |line: u64, column: u64| {
        let line = usize::try_from(line)
            .ok()
            .and_then(|line| line.checked_sub(1));
        line.and_then(|line| lines.get(line)).is_some_and(|line| {
            let length = u64::try_from(line.chars().count()).unwrap_or(u64::MAX);
            (1..=length + 1).contains(&column)
        })
    };
    match parse(text, &session) {
        Ok(parsed) => {
            for used in &parsed.reading.tables {
                assert!(is_inside(used.at.line, used.at.column), "{used:?}");
            }
            // Reading is parsing, less what a gateway does not let through.
            if let Ok(reading) = read(text, &session) {
                assert_eq!(reading, parsed.reading);
            }
        }
        Err(error) => {
            if let Some(at) = error.at() {
                assert!(is_inside(at.line, at.column), "{error:?}");
            }
            assert!(!error.to_string().is_empty());
        }
    }
    let found = mentioned(text, &session);
    for mention in found.tables {
        assert!(is_inside(mention.at.line, mention.at.column), "{mention:?}");
    }
});
