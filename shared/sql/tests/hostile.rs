//! Texts made to overflow a stack or to take for ever.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use townlake_sql::diagnose::diagnose;
use townlake_sql::lineage::lineage;
use townlake_sql::rewrite::expand_stars;
use townlake_sql::{Others, Schema, Session, analyse, bind, mentioned, parse, shape};

/// In seconds, for the slowest machine with the least time for the test; the slowest text takes a tenth.
const LONGEST: f64 = 30.0;

/// What the gateway does with a statement that it can read, and what the command does besides.
fn follow(sql: &str, session: &Session) {
    let statement = parse(sql, session).unwrap();
    for others in [Others::Unknown, Others::Missing] {
        let bound = bind(&statement, &Schema::new(others), session);
        let _ = analyse(&bound);
        let _ = expand_stars(&bound, sql);
        let _ = lineage(&bound);
        let _ = diagnose(&bound, sql, &[]);
    }
    shape(sql).unwrap();
}

/// They end soon on a stack as small as WebAssembly's: read, or with an error.
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
            "a long case",
            format!(
                "SELECT CASE {} ELSE 1 END",
                repeat("WHEN a = 1 AND b = 2 THEN 3 + 4 ", 20_000)
            ),
            true,
        ),
        (
            "cases without an end",
            format!("SELECT {}", repeat("(CASE WHEN ", 95)),
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
        (
            "JSON functions in each other",
            format!(
                "SELECT {}1{}",
                repeat("JSON_QUERY(", 90),
                repeat(", 'lax $')", 90)
            ),
            true,
        ),
        (
            "JSON objects in each other",
            format!(
                "SELECT {}1{}",
                repeat("JSON_OBJECT('a' : ", 90),
                repeat(")", 90)
            ),
            true,
        ),
        (
            "nested columns of a JSON_TABLE",
            format!(
                "SELECT * FROM JSON_TABLE('x', 'lax $' {}COLUMNS (a bigint{})",
                repeat("COLUMNS (NESTED PATH '$' ", 90),
                repeat(")", 91)
            ),
            true,
        ),
        (
            "many nested columns of a JSON_TABLE",
            format!(
                "SELECT * FROM JSON_TABLE('x', 'lax $' {}",
                repeat("COLUMNS (NESTED PATH '$' ", 10_000)
            ),
            false,
        ),
        (
            "row patterns over each other",
            format!(
                "{}SELECT 1 AS a{}",
                repeat("SELECT * FROM (", 40),
                repeat(") MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS true)", 40)
            ),
            true,
        ),
        (
            "many row patterns side by side",
            format!(
                "SELECT * FROM t{}",
                repeat(
                    ", (SELECT 1 AS a) x MATCH_RECOGNIZE (PATTERN (A* B?) DEFINE A AS true)",
                    5_000
                )
            ),
            true,
        ),
        (
            "windows in each other's patterns",
            format!(
                "SELECT {}1{}",
                repeat("sum(", 40),
                repeat(
                    ") OVER (ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING PATTERN (A) DEFINE A AS true)",
                    40
                )
            ),
            true,
        ),
        (
            "a long pattern",
            format!(
                "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A{}) DEFINE A AS true)",
                repeat(" | B+? {- C{1,2} -}", 30_000)
            ),
            true,
        ),
        (
            "values",
            format!("VALUES 1{}", repeat(", 1", 200_000)),
            true,
        ),
        (
            "values in each other",
            format!("SELECT {}1{}", repeat("(VALUES ", 60), repeat(")", 60)),
            true,
        ),
        (
            "time travels",
            format!(
                "SELECT * FROM t{}",
                repeat(", t FOR VERSION AS OF 1 + 1 x", 20_000)
            ),
            true,
        ),
        (
            "time travels in one",
            format!("SELECT * FROM t{}", repeat(" FOR VERSION AS OF 1", 20_000)),
            false,
        ),
        (
            "queries in double parentheses",
            format!("SELECT {}1{}", repeat("((SELECT ", 45), repeat("))", 45)),
            true,
        ),
        (
            "unions in parentheses",
            format!(
                "SELECT {}1{}",
                repeat("((SELECT ", 40),
                repeat(") UNION SELECT 1)", 40)
            ),
            true,
        ),
        (
            "lists of lists",
            format!(
                "SELECT 1 WHERE {}1{}",
                repeat("a IN ((", 45),
                repeat("), 1)", 45)
            ),
            true,
        ),
        (
            "a list of many lists",
            format!("SELECT 1 WHERE a IN ((1){})", repeat(", (1)", 100_000)),
            true,
        ),
        (
            "many lists",
            format!("SELECT a IN ((1), 2){}", repeat(", a IN ((1), 2)", 30_000)),
            true,
        ),
        (
            "an error below many subqueries with a long list",
            format!(
                "{}SELECT a IN (1{}) FROM{}",
                repeat("SELECT * FROM (", 30),
                repeat(", 1", 100_000),
                repeat(")", 30)
            ),
            false,
        ),
        (
            "table arguments",
            format!(
                "SELECT * FROM TABLE(f(TABLE(t){}))",
                repeat(", TABLE(t) PARTITION BY a", 20_000)
            ),
            true,
        ),
        (
            "functions for one query",
            format!(
                "WITH FUNCTION f() RETURNS bigint RETURN 1{} SELECT 1",
                repeat(", FUNCTION f() RETURNS bigint RETURN 1", 99)
            ),
            true,
        ),
        (
            "many functions for one query",
            format!(
                "WITH FUNCTION f() RETURNS bigint RETURN 1{} SELECT 1",
                repeat(", FUNCTION f() RETURNS bigint RETURN 1", 20_000)
            ),
            false,
        ),
        (
            "a function without an end",
            format!(
                "WITH FUNCTION f() RETURNS bigint BEGIN {}",
                repeat("END; ", 100_000)
            ),
            false,
        ),
        ("semicolons", repeat(";", 500_000), false),
        (
            "a string without an end",
            format!("SELECT '{}", repeat("a''", 300_000)),
            false,
        ),
        (
            "a name without an end",
            format!("SELECT \"{}", repeat("a\"\"", 300_000)),
            false,
        ),
        (
            "a comment without an end",
            format!("SELECT /*{}", repeat("* /", 300_000)),
            false,
        ),
        (
            "comments",
            format!("SELECT 1 {}", repeat("/**/ -- x\n", 80_000)),
            true,
        ),
        (
            "other letters",
            format!("SELECT '{}'", repeat("é😀\u{301}", 200_000)),
            true,
        ),
        ("letters outside of quotes", repeat("é", 900_000), false),
        (
            "escapes",
            format!("SELECT U&'{}'", repeat("\\0041", 150_000)),
            true,
        ),
        (
            "brackets",
            format!("SELECT {}", repeat("ARRAY[", 100_000)),
            false,
        ),
        (
            "a deep row",
            format!(
                "SELECT CAST(1 AS {}x{})",
                repeat("row(a ", 90),
                repeat(")", 90)
            ),
            true,
        ),
        (
            "a wide row",
            format!("SELECT CAST(1 AS row(a x{}))", repeat(", a x", 100_000)),
            true,
        ),
        (
            "lambdas without parameters",
            format!("SELECT {}1{}", repeat("f(() -> ", 45), repeat(")", 45)),
            true,
        ),
        (
            "placeholders",
            format!("SELECT ?{}", repeat(", ?", 100_000)),
            true,
        ),
        ("digits", format!("SELECT {}", repeat("1_0", 300_000)), true),
        (
            "casts of casts",
            format!(
                "SELECT {}1{}",
                repeat("CAST(", 95),
                repeat(" AS array(x))", 95)
            ),
            true,
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
            .spawn(move || {
                let found = mentioned(&sql, &session);
                if found.error.is_none() {
                    follow(&sql, &session);
                }
                found.error.map_or(Ok(found.tables.len()), Err)
            })
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(result.is_ok(), readable, "{name}: {result:?}");
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {seconds:.2} s");
        assert!(seconds < LONGEST, "{name} took {seconds} s");
    }
}
