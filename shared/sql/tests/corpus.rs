//! Parses real statements: every `*.sql` below the folder that `TOWNLAKE_SQL_CORPUS` names.
//!
//! `tools/test/corpus.mjs` fetches TPC-H and TPC-DS there, in Trino's dialect. A folder may hold others: each
//! sub-folder is a set of its own, of which at least 99 of 100 statements have to be read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use townlake_sql::{Session, parse};

/// How many statements a set has that is complete, all of which are read.
const COMPLETE: [(&str, usize); 2] = [("tpch", 22), ("tpcds", 99)];

#[test]
fn real_statements_are_parsed() {
    let Some(folder) = std::env::var_os("TOWNLAKE_SQL_CORPUS") else {
        println!("not run: TOWNLAKE_SQL_CORPUS names no folder of statements");
        return;
    };
    let session = Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        ..Session::default()
    };
    let mut sets: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for file in statements(Path::new(&folder)) {
        let set = file.strip_prefix(&folder).unwrap().iter().next().unwrap();
        let (count, failures) = sets.entry(set.to_string_lossy().into_owned()).or_default();
        *count += 1;
        let text = std::fs::read_to_string(&file).unwrap();
        if let Err(error) = parse(&text, &session) {
            let place = error
                .at()
                .map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
            failures.push(format!("{}{place}: {error}", file.display()));
        }
    }
    let mut wrong = Vec::new();
    for (set, (count, failures)) in &sets {
        println!("{set}: {} of {count} parsed", count - failures.len());
        for failure in failures {
            println!("  {failure}");
        }
        let complete = COMPLETE.iter().find(|(name, _)| name == set);
        let fine = match complete {
            Some((_, wanted)) => count == wanted && failures.is_empty(),
            None => failures.len() * 100 <= *count,
        };
        if !fine {
            wrong.push(set);
        }
    }
    for (name, _) in COMPLETE {
        assert!(sets.contains_key(name), "the folder has no {name}");
    }
    assert!(wrong.is_empty(), "too few were parsed of {wrong:?}");
}

fn statements(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
