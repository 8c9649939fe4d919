//! What the trees of statements hold, and that what was taken out of them is found by the place it belongs to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use sqlparser::ast::{Expr, SetExpr, Spanned, TableFactor, Visit, Visitor};
use sqlparser::tokenizer::Location;
use std::fmt::Debug;
use std::ops::ControlFlow;

use townlake_sql::tree::Change;
use townlake_sql::{ParsedStatement, Session, parse};

fn parsed(text: &str) -> ParsedStatement {
    let session = Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        ..Session::default()
    };
    parse(text, &session).unwrap()
}

/// What a statement's parts are, a line each.
fn describe(statement: &ParsedStatement) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(target) = &statement.target {
        let columns: Vec<_> = target.columns.iter().map(ToString::to_string).collect();
        lines.push(format!("target {} ({})", target.table, columns.join(", ")));
        if let Some(branch) = &target.branch {
            lines.push(format!("branch {branch}"));
        }
    }
    if let Some(query) = &statement.query {
        lines.push(format!("query {query}"));
    }
    match &statement.change {
        Some(Change::Update {
            assignments,
            condition,
        }) => {
            for assignment in assignments {
                lines.push(format!("set {} = {}", assignment.column, assignment.value));
            }
            lines.extend(
                condition
                    .iter()
                    .map(|condition| format!("where {condition}")),
            );
        }
        Some(Change::Delete { condition }) => {
            lines.extend(
                condition
                    .iter()
                    .map(|condition| format!("where {condition}")),
            );
        }
        Some(Change::Merge(merge)) => lines.push(format!("merge on {}", merge.on)),
        None => {}
    }
    lines
}

#[test]
fn statements_have_their_parts() {
    let cases: &[(&str, &[&str])] = &[
        ("SELECT 1", &["query SELECT 1"]),
        ("EXPLAIN TABLE t", &["query SELECT * FROM t"]),
        (
            "PREPARE p FROM INSERT INTO t VALUES 1",
            &["target c.s.t ()", "query VALUES (1)"],
        ),
        (
            "INSERT INTO x.t @ \"Audit\" (A, \"b c\") SELECT 1, 2",
            &[
                "target c.x.t (A, \"b c\")",
                "branch \"Audit\"",
                "query SELECT 1, 2",
            ],
        ),
        (
            "CREATE TABLE t (a, b) COMMENT 'x' WITH (p = 1) AS SELECT 1, 2 WITH NO DATA",
            &["target c.s.t (a, b)", "query SELECT 1, 2"],
        ),
        (
            "CREATE TABLE t (a bigint, b varchar(2))",
            &["target c.s.t ()"],
        ),
        (
            "CREATE VIEW v AS SELECT 1 a",
            &["target c.s.v ()", "query SELECT 1 AS a"],
        ),
        (
            "UPDATE t SET a = 1, b = 2 WHERE c",
            &["target c.s.t ()", "set a = 1", "set b = 2", "where c"],
        ),
        ("DELETE FROM t WHERE c", &["target c.s.t ()", "where c"]),
        ("DELETE FROM t", &["target c.s.t ()"]),
        (
            "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
            &["target c.s.t ()", "merge on t.a = u.a"],
        ),
        ("REFRESH MATERIALIZED VIEW v", &["target c.s.v ()"]),
        ("SHOW TABLES", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(describe(&parsed(text)), *expected, "{text}");
    }
}

/// The user's text from a place on, so long as the case says.
fn text_at<'t>(statement: &'t ParsedStatement, place: &Location, length: usize) -> &'t str {
    let start = statement.text.offset(*place);
    statement.text.text().get(start..start + length).unwrap()
}

#[test]
fn what_was_taken_out_is_kept_by_place() {
    fn check<V: Debug>(
        statement: &ParsedStatement,
        found: &std::collections::BTreeMap<Location, V>,
        expected: &[(&str, &str)],
    ) {
        let texts: Vec<_> = found
            .iter()
            .zip(expected)
            .map(|((place, value), (word, part))| {
                let value = format!("{value:?}");
                assert!(value.contains(part), "{value}");
                (text_at(statement, place, word.len()), *part)
            })
            .collect();
        assert_eq!(texts, expected);
        assert_eq!(found.len(), expected.len());
    }
    let time = parsed(
        "SELECT 'é' FROM x.t FOR VERSION AS OF 42 a,\n \"U\" FOR TIMESTAMP AS OF current_date",
    );
    check(
        &time,
        &time.extras.time_travel,
        &[("x.t FOR", "Version"), ("\"U\"", "Timestamp")],
    );
    let json = parsed(
        "SELECT f(JSON_VALUE(a, 'lax $' PASSING b AS c RETURNING array(bigint) DEFAULT 1 ON EMPTY))",
    );
    check(
        &json,
        &json.extras.json,
        &[("JSON_VALUE", "array ( bigint )")],
    );
    let clauses = json.extras.json.values().next().unwrap();
    assert_eq!((clauses.passing.len(), clauses.defaults), (1, 1));
    assert_eq!(clauses.others, ["DEFAULT ON EMPTY"]);
    let table = parsed(
        "SELECT * FROM t, JSON_TABLE(j, 'lax $' COLUMNS (o FOR ORDINALITY, NESTED '$.a' COLUMNS (a date)))",
    );
    check(&table, &table.extras.json_tables, &[("JSON_TABLE", "date")]);
    assert_eq!(
        table
            .extras
            .json_tables
            .values()
            .next()
            .unwrap()
            .columns
            .len(),
        2
    );
    let argument = parsed("SELECT * FROM TABLE(f(TABLE(t) AS x PARTITION BY a PRUNE WHEN EMPTY))");
    check(
        &argument,
        &argument.extras.table_arguments,
        &[("TABLE(t)", "Prune")],
    );
    let corresponding = parsed("SELECT 1 a UNION CORRESPONDING BY (a, b) (SELECT 2 a)");
    check(
        &corresponding,
        &corresponding.extras.corresponding,
        &[("SELECT 2", "Ident")],
    );
    let group = parsed("SELECT a, (SELECT 1 GROUP BY ALL b) FROM t GROUP BY DISTINCT a");
    check(
        &group,
        &group.extras.group_by,
        &[("SELECT a", "Distinct"), ("SELECT 1", "All")],
    );
    let pattern = parsed(
        "SELECT m OVER w FROM t WINDOW w AS (MEASURES A.x AS m ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING PATTERN (A B) DEFINE B AS y)",
    );
    check(&pattern, &pattern.extras.row_patterns, &[("w AS", "\"B\"")]);
    let calls: Vec<_> = pattern
        .extras
        .measure_calls
        .iter()
        .map(|place| text_at(&pattern, place, 8))
        .collect();
    assert_eq!(calls, ["m OVER w"]);
    let star = parsed("SELECT (r).* AS (a, b) FROM t");
    check(&star, &star.extras.star_columns, &[("* AS", "Ident")]);
    let symmetric = parsed("SELECT a BETWEEN SYMMETRIC 7 AND 3");
    let bounds: Vec<_> = symmetric
        .extras
        .symmetric
        .iter()
        .map(|place| text_at(&symmetric, place, 1))
        .collect();
    assert_eq!(bounds, ["7"]);
    let inline = parsed(
        "WITH FUNCTION f(x row(a bigint)) RETURNS double precision RETURN x.a * 2 SELECT f(1)",
    );
    let function = inline.extras.functions.first().unwrap();
    assert_eq!(
        format!(
            "{} {}",
            function.parameters.first().unwrap().1,
            function.returns
        ),
        "row ( a bigint ) double precision"
    );
    assert_eq!(function.body.as_ref().unwrap().to_string(), "x.a * 2");
    let session = parsed("WITH SESSION a.b = 1 SELECT 1");
    assert_eq!(session.extras.session.first().unwrap().name, "a.b");
}

/// A subquery in front of MATCH_RECOGNIZE is in the tree where it was written.
#[test]
fn match_recognize_has_its_relation() {
    let statement = parsed(
        "SELECT * FROM (SELECT 1 x) t (x) MATCH_RECOGNIZE (MEASURES A.x AS y PATTERN (A+ B?) SUBSET c = (A, B) DEFINE B AS x > 1) AS m",
    );
    let query = statement.query.as_ref().unwrap();
    let SetExpr::Select(select) = query.body.as_ref() else {
        panic!("{query}")
    };
    let TableFactor::MatchRecognize {
        table, measures, ..
    } = &select.from.first().unwrap().relation
    else {
        panic!("{query}")
    };
    assert_eq!(table.to_string(), "(SELECT 1 AS x) t (x)");
    assert_eq!(measures.len(), 1);
    let pattern = statement.extras.row_patterns.values().next().unwrap();
    assert_eq!(pattern.variables.iter().collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(pattern.subsets.len(), 1);
}

/// Every name in a tree is where the text has it.
#[test]
fn names_are_where_they_were_written() {
    struct Names<'s>(&'s ParsedStatement, usize);
    impl Visitor for Names<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            if let Expr::Identifier(name) = expression {
                let range = self.0.text.range(expression.span()).unwrap();
                assert_eq!(self.0.text.text().get(range).unwrap(), name.to_string());
                self.1 += 1;
            }
            ControlFlow::Continue(())
        }
    }
    let texts = [
        "SELECT a, 'é😀', \"B c\" FROM (VALUES 1, é1) t (\"é\")".replace("é1", "x + 1"),
        "SELECT a\r\n  , /* é */ b FROM t FOR VERSION AS OF 3 u WHERE c > ALL (VALUES d)\n GROUP BY DISTINCT e".to_owned(),
        "TABLE t UNION ALL CORRESPONDING SELECT JSON_OBJECT(a : b) AT LOCAL, c BETWEEN SYMMETRIC d AND e".to_owned(),
    ];
    for (text, count) in texts.iter().zip([3, 5, 5]) {
        let statement = parsed(text);
        let mut names = Names(&statement, 0);
        let _ = statement.query.as_ref().unwrap().visit(&mut names);
        assert_eq!(names.1, count, "{text}");
    }
}
