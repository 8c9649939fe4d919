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

/// Texts made to overflow a stack or to take for ever end soon, with an error, on a stack as small as WebAssembly's.
#[test]
fn hostile_texts_end_soon_on_a_small_stack() {
    let repeat = |text: &str, times: usize| text.repeat(times);
    let cases: Vec<(&str, String, bool)> = vec![
        (
            "parentheses",
            format!("SELECT {}1{}", repeat("(", 90), repeat(")", 90)),
            true,
        ),
        (
            "many parentheses",
            format!("SELECT {}1{}", repeat("(", 500), repeat(")", 500)),
            false,
        ),
        (
            "parentheses without end",
            format!("SELECT {}", repeat("(", 400_000)),
            false,
        ),
        (
            "parentheses around a table",
            format!("SELECT * FROM {}t{}", repeat("(", 60), repeat(")", 60)),
            true,
        ),
        (
            "subqueries",
            format!(
                "{}SELECT 1{}",
                repeat("SELECT * FROM (", 30),
                repeat(")", 30)
            ),
            true,
        ),
        (
            "many subqueries",
            format!(
                "{}SELECT 1{}",
                repeat("SELECT * FROM (", 500),
                repeat(")", 500)
            ),
            false,
        ),
        (
            "subqueries joined in parentheses",
            format!(
                "SELECT * FROM {}(SELECT 1){}",
                repeat("((SELECT * FROM ", 40),
                repeat(") JOIN t ON true)", 40)
            ),
            false,
        ),
        ("a sum", format!("SELECT 1{}", repeat(" + 1", 900)), true),
        (
            "a long sum",
            format!("SELECT 1{}", repeat(" + 1", 200_000)),
            false,
        ),
        (
            "a long condition",
            format!("SELECT 1 WHERE a = 1{}", repeat(" OR a = 1", 100_000)),
            false,
        ),
        (
            "unions",
            format!("SELECT 1{}", repeat(" UNION ALL SELECT 1", 900)),
            true,
        ),
        (
            "many unions",
            format!("SELECT 1{}", repeat(" UNION ALL SELECT 1", 40_000)),
            false,
        ),
        (
            "a long list",
            format!("SELECT 1 WHERE a IN (1{})", repeat(", 1", 300_000)),
            true,
        ),
        (
            "many columns",
            format!("SELECT a{} FROM t", repeat(", a", 100_000)),
            true,
        ),
        (
            "not",
            format!("SELECT {} true", repeat("NOT ", 10_000)),
            false,
        ),
        ("minus", format!("SELECT {} 1", repeat("- ", 10_000)), false),
        (
            "is null",
            format!("SELECT a{}", repeat(" IS NULL", 10_000)),
            false,
        ),
        (
            "case",
            format!(
                "SELECT {}1{}",
                repeat("CASE WHEN true THEN ", 10_000),
                repeat(" END", 10_000)
            ),
            false,
        ),
        (
            "functions",
            format!("SELECT {}1{}", repeat("f(", 90), repeat(")", 90)),
            true,
        ),
        (
            "subscripts",
            format!("SELECT a{}", repeat("[1]", 10_000)),
            true,
        ),
        (
            "nested subscripts",
            format!("SELECT {}1{}", repeat("a[", 10_000), repeat("]", 10_000)),
            false,
        ),
        (
            "sums of groups",
            format!("SELECT {}1{}", repeat("(1 + ", 90), repeat(" + 1)", 90)),
            true,
        ),
        (
            "joins",
            format!("SELECT * FROM t{}", repeat(" JOIN t ON true", 20_000)),
            true,
        ),
        (
            "ctes",
            format!(
                "WITH a AS (SELECT 1){} SELECT 1",
                repeat(", a AS (SELECT 1)", 20_000)
            ),
            true,
        ),
        (
            "lambdas",
            format!("SELECT {}x{}", repeat("f(x -> ", 90), repeat(")", 90)),
            true,
        ),
        ("explains", repeat("EXPLAIN ", 10_000) + "SELECT 1", false),
        (
            "intervals",
            format!("SELECT {}", repeat("INTERVAL ", 10_000)),
            false,
        ),
        (
            "dates",
            format!("SELECT {} '1'", repeat("DATE ", 10_000)),
            false,
        ),
        (
            "periods",
            format!("SELECT a{}", repeat(".a", 100_000)),
            false,
        ),
        (
            "casts",
            format!(
                "SELECT {}1{}",
                repeat("CAST(", 90),
                repeat(" AS bigint)", 90)
            ),
            true,
        ),
        (
            "a deep type",
            format!(
                "SELECT CAST(1 AS {}x{})",
                repeat("array(", 90),
                repeat(")", 90)
            ),
            true,
        ),
        (
            "exists",
            format!("SELECT {}", repeat("EXISTS (SELECT ", 10_000)),
            false,
        ),
    ];
    for (name, sql, readable) in cases {
        let start = std::time::Instant::now();
        let session = Session {
            catalog: Some("c".into()),
            schema: Some("s".into()),
            ..Session::default()
        };
        let result = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || read(&sql, &session).map(|reading| reading.tables.len()))
            .unwrap()
            .join()
            .unwrap();
        if result.is_ok() != readable {
            panic!("{name}: {result:?}");
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!(seconds < 10.0, "{name} took {seconds} s");
    }
}
