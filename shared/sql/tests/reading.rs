//! Reads every case of `tests/cases/*.txt` and compares what was read with what the case says.
//!
//! A case is a block: a line `# rule`, optionally `@ catalog.schema` (the session) and `@ prepared name: text`,
//! the statement, and lines that start with `=> ` and say what is read. Blocks have an empty line between them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use townlake_sql::{Access, ReadError, Reading, Session, Statement, read};

#[test]
fn statements_are_read_as_their_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut failures = String::new();
    let mut count = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
            let case = Case::parse(block);
            count += 1;
            let actual = describe(&read(&case.sql, &case.session));
            if actual != case.expected {
                writeln!(
                    failures,
                    "# {}\n{}\n{}\nexpected\n{}\n",
                    case.rule, case.sql, actual, case.expected
                )
                .unwrap();
            }
        }
    }
    assert!(count >= 80, "only {count} cases were found");
    assert!(failures.is_empty(), "\n{failures}");
}

struct Case {
    rule: String,
    session: Session,
    sql: String,
    expected: String,
}

impl Case {
    fn parse(block: &str) -> Self {
        let mut case = Self {
            rule: String::new(),
            session: Session::default(),
            sql: String::new(),
            expected: String::new(),
        };
        for line in block.trim_matches('\n').lines() {
            if let Some(rule) = line.strip_prefix("# ") {
                case.rule = rule.to_owned();
            } else if let Some(prepared) = line.strip_prefix("@ prepared ") {
                let (name, text) = prepared.split_once(": ").unwrap();
                case.session
                    .prepared
                    .insert(name.to_owned(), text.to_owned());
            } else if let Some(names) = line.strip_prefix("@ ") {
                let (catalog, schema) = names
                    .split_once('.')
                    .map_or((names, None), |(c, s)| (c, Some(s)));
                case.session.catalog = Some(catalog.to_owned());
                case.session.schema = schema.map(str::to_owned);
            } else if line.starts_with("=> ") {
                push_line(&mut case.expected, line);
            } else {
                push_line(&mut case.sql, line);
            }
        }
        // `\r` and other characters that a line of text cannot hold.
        case.sql = case.sql.replace("<CR>", "\r").replace("<NBSP>", "\u{a0}");
        case
    }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

fn describe(result: &Result<Reading, ReadError>) -> String {
    match result {
        Ok(reading) => {
            let mut text = format!("=> {}", name_of(&reading.statement));
            for used in &reading.tables {
                let access = match used.access {
                    Access::Metadata => "shows",
                    Access::Read => "reads",
                    Access::Write => "writes",
                    Access::Define => "defines",
                };
                write!(
                    text,
                    "\n=> {access} {} at {}:{}",
                    used.table, used.at.line, used.at.column
                )
                .unwrap();
            }
            for used in &reading.table_functions {
                write!(
                    text,
                    "\n=> calls {} at {}:{}",
                    used.name.join("."),
                    used.at.line,
                    used.at.column
                )
                .unwrap();
            }
            text
        }
        Err(error) => match error.at() {
            Some(at) => format!("=> refused at {}:{}: {error}", at.line, at.column),
            None => format!("=> refused: {error}"),
        },
    }
}

fn name_of(statement: &Statement) -> String {
    match statement {
        Statement::Explain { analyze, of } => {
            format!(
                "explain{} {}",
                if *analyze { " analyze" } else { "" },
                name_of(of)
            )
        }
        Statement::Prepare { name, of } => format!("prepare {name}: {}", name_of(of)),
        Statement::Execute { name, of } => format!("execute {name}: {}", name_of(of)),
        Statement::ExecuteImmediate { of } => format!("execute immediate: {}", name_of(of)),
        Statement::DescribePrepared { name, of } => {
            format!("describe prepared {name}: {}", name_of(of))
        }
        other => format!("{other:?}"),
    }
}
