//! Statements made to overflow a stack or to grow without end are followed all the same, on a stack as small as
//! WebAssembly's.
use std::thread;

use townlake_sql::diagnose::diagnose;
use townlake_sql::diff::{Diff, diff};
use townlake_sql::lineage::lineage;
use townlake_sql::rewrite::expand_stars;
use townlake_sql::{Schema, Session, bind, parse};

/// What WebAssembly gives, twice over: unoptimised code has larger frames.
const STACK: usize = 2 << 20;

/// The longest expression that a doubling may grow to.
const LONGEST: usize = 100_000;

#[test]
fn hostile_statements_are_followed_on_a_small_stack() {
    for (name, text) in cases() {
        let follow = move || {
            let session = Session {
                catalog: Some("c".to_owned()),
                schema: Some("s".to_owned()),
                ..Session::default()
            };
            let parsed = parse(&text, &session).unwrap_or_else(|error| panic!("{name}: {error}"));
            let bound = bind(&parsed, &Schema::none(), &session);
            let found = lineage(&bound);
            let longest = found
                .outputs
                .iter()
                .map(|output| output.expression.len())
                .max();
            assert!(
                longest.unwrap_or(0) <= LONGEST.max(text.len() * 4),
                "{name}"
            );
            assert!(
                found.rows.text.len() <= LONGEST.max(text.len() * 4),
                "{name}"
            );
            assert_eq!(
                diff(&bound, &bound).columns,
                Diff::default().columns,
                "{name}"
            );
            diagnose(&bound, &text, &["t".to_owned()]);
            let _ = expand_stars(&bound, &text);
        };
        thread::Builder::new()
            .stack_size(STACK)
            .spawn(follow)
            .unwrap()
            .join()
            .unwrap();
    }
}

fn cases() -> Vec<(&'static str, String)> {
    // Each query doubles the expression of the one before.
    let doubled: Vec<String> = (1..200)
        .map(|n| format!("q{n} AS (SELECT a + a AS a FROM q{})", n - 1))
        .collect();
    let chained: Vec<String> = (1..5_000)
        .map(|n| format!("q{n} AS (SELECT a FROM q{} WHERE a > {n})", n - 1))
        .collect();
    let joined: Vec<String> = (1..40)
        .map(|n| {
            format!(
                "q{n} AS (SELECT x.a FROM q{0} x JOIN q{0} y ON x.a = y.a)",
                n - 1
            )
        })
        .collect();
    let with = |parts: &[String]| {
        let last = parts.len();
        format!(
            "WITH q0 AS (SELECT a FROM t), {} SELECT a FROM q{last}",
            parts.join(", ")
        )
    };
    vec![
        (
            "a sum",
            format!("SELECT a{} AS s FROM t", " + a".repeat(900)),
        ),
        (
            "conditions",
            format!("SELECT a FROM t WHERE a = 1{}", " OR a = 2".repeat(450)),
        ),
        (
            "parentheses",
            format!(
                "SELECT {}a{} AS s FROM t",
                "(1 * (2 + ".repeat(40),
                "))".repeat(40)
            ),
        ),
        (
            "functions",
            format!(
                "SELECT {}a{} AS s FROM t",
                "abs(".repeat(60),
                ")".repeat(60)
            ),
        ),
        (
            "cases",
            format!(
                "SELECT {}a{} AS s FROM t",
                "CASE WHEN a = 1 THEN ".repeat(30),
                " ELSE 0 END".repeat(30)
            ),
        ),
        (
            "unions",
            format!(
                "SELECT a FROM t{}",
                " UNION ALL SELECT a FROM t".repeat(900)
            ),
        ),
        (
            "subqueries",
            format!(
                "{}SELECT a FROM t{}",
                "SELECT a FROM (".repeat(30),
                ") WHERE a > 1".repeat(30)
            ),
        ),
        (
            "joins",
            format!(
                "SELECT t.a FROM t{}",
                (0..400)
                    .map(|n| format!(" JOIN t t{n} ON t.a = t{n}.a"))
                    .collect::<String>()
            ),
        ),
        ("doubled expressions", with(&doubled)),
        ("a long chain of queries", with(&chained)),
        ("doubled joins", with(&joined)),
    ]
}
