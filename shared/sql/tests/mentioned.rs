//! Which tables are found in texts that cannot be read.

use townlake_sql::{Session, mentioned};

#[test]
fn broken_texts_keep_their_tables() {
    let cases: &[(&str, &[&str])] = &[
        // Readable: exactly what is read.
        (
            "SELECT * FROM a JOIN x.b ON true",
            &["c.s.a@1:15", "c.x.b@1:22"],
        ),
        // A clause without an end.
        ("SELECT * FROM a WHERE", &["c.s.a@1:15"]),
        (
            "SELECT a. FROM x.y.a, b t, (SELECT * FROM d) JOIN e",
            &["x.y.a@1:16", "c.s.b@1:23", "c.s.d@1:43", "c.s.e@1:51"],
        ),
        // Common table expressions are none.
        (
            "WITH q AS (SELECT * FROM a), r (x) AS (VALUES 1) SELECT FROM q, r, b",
            &["c.s.a@1:26", "c.s.b@1:68"],
        ),
        // Other dialects.
        ("SELECT * EXCEPT (x) FROM a", &["c.s.a@1:26"]),
        ("SELECT * FROM a QUALIFY 1 = 1", &["c.s.a@1:15"]),
        (
            "INSERT OVERWRITE TABLE x.a SELECT * FROM b",
            &["c.x.a@1:24", "c.s.b@1:42"],
        ),
        (
            "UPDATE a AS t SET x = 1 FROM b",
            &["c.s.a@1:8", "c.s.b@1:30"],
        ),
        ("DELETE FROM a USING b", &["c.s.a@1:13"]),
        (
            "MERGE INTO a USING b ON WHEN",
            &["c.s.a@1:12", "c.s.b@1:20"],
        ),
        (
            "CREATE TABLE IF NOT EXISTS a AS SELECT , FROM b",
            &["c.s.a@1:28", "c.s.b@1:47"],
        ),
        // FROM that no table follows.
        (
            "SELECT EXTRACT(YEAR FROM x), TRIM(BOTH FROM y), a IS NOT DISTINCT FROM b FROM t WHERE",
            &["c.s.t@1:79"],
        ),
        (
            "SELECT substring(x FROM 2) FROM a, LATERAL (SELECT FROM b), UNNEST(c) u",
            &["c.s.a@1:33", "c.s.b@1:57"],
        ),
        // Commas that no table follows.
        (
            "SELECT x, y FROM a WHERE x IN (1, b) GROUP BY c, d ORDER",
            &["c.s.a@1:18"],
        ),
        (
            "SELECT * FROM a JOIN b USING (x, y), c WHERE (",
            &["c.s.a@1:15", "c.s.b@1:22", "c.s.c@1:38"],
        ),
        // Functions of other dialects.
        (
            "SELECT * FROM a, generate_series(1, 2) g JOIN f(x) ON true LATERAL VIEW explode(b) c AS d",
            &["c.s.a@1:15"],
        ),
        (
            "INSERT INTO a (x, y) SELECT , FROM b (",
            &["c.s.a@1:13", "c.s.b@1:36"],
        ),
        // A common table expression of another dialect.
        (
            "WITH q AS MATERIALIZED (SELECT 1 FROM a), r AS NOT MATERIALIZED (SELECT 2 x) SELECT * FROM q, r",
            &["c.s.a@1:39"],
        ),
        // Templates.
        (
            "{{ config(alias = 'c', post_hook = '{{ f() }}') }} {% set m = ref('a') %} SELECT * FROM {{ ref('b') }} x JOIN {{ source(\"d\", 'E') }} y ON {{ f(x) }} {# ref('n') #} WHERE z > {{ n }}",
            &["c.s.a@1:63", "c.s.b@1:92", "c.d.e@1:114"],
        ),
        (
            "SELECT * FROM {{ ref('package', 'a') }}, {{ this }}, b {% if is_incremental() %} WHERE x IN (SELECT x FROM c) {% endif %}",
            &["c.s.a@1:18", "c.s.b@1:54", "c.s.c@1:108"],
        ),
        ("SELECT * FROM {{ ref('a'", &["c.s.a@1:18"]),
        ("SELECT {{ ref() }} FROM {{", &[]),
        // Texts that cannot be split are read up to there.
        ("SELECT * FROM a WHERE x = 'b FROM c", &["c.s.a@1:15"]),
        ("SELECT * FROM a /* FROM b", &["c.s.a@1:15"]),
        (
            "SELECT * FROM \"A b\".\"c.D\" WHERE $$",
            &["c.a b.c.d@1:15"],
        ),
        // Common table expressions that lost a part.
        (
            "WITH q AS SELECT 1 FROM a), r (SELECT 2 FROM b), p AS ({{ x }}), o (x) AS ( FROM c) SELECT * FROM q, r, p, o WHERE",
            &["c.s.a@1:25", "c.s.b@1:46", "c.s.c@1:82"],
        ),
        (
            "CREATE TABLE a AS (SELECT , FROM b",
            &["c.s.a@1:14", "c.s.b@1:34"],
        ),
        ("SELECT * FROM (x, y FROM a) WHERE", &["c.s.a@1:26"]),
        (
            "WITH q {{ x }} AS (SELECT 1 FROM a BY b, c), r AS {# y #} (SELECT , FROM q) SELECT * FROM r",
            &["c.s.a@1:34"],
        ),
        // A text that ends within a name.
        (
            "WITH query AS (SELECT 1 FROM a), r AS (SELECT 1 FROM que",
            &["c.s.a@1:30"],
        ),
        (
            "WITH query AS (SELECT 1 FROM a), r AS (SELECT 1 FROM que ",
            &["c.s.a@1:30", "c.s.que@1:54"],
        ),
        // Tables that lost what stood between them and a parenthesis.
        (
            "SELECT 1 FROM a ((x > 1)) JOIN b(SELECT 2 FROM c) JOIN f(x) ON",
            &["c.s.a@1:15", "c.s.b@1:32", "c.s.c@1:48"],
        ),
        ("SELECT position('a' IN x FROM a WHERE", &["c.s.a@1:31"]),
        // Functions that lost their parenthesis.
        (
            "SELECT EXTRACT(YEAR FROM x, y FROM a JOIN b ON",
            &["c.s.a@1:36", "c.s.b@1:43"],
        ),
        // The words of MERGE, behind a template too.
        (
            "{{ config() }} MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN UPDATE SET x = , y = 1",
            &["c.s.a@1:27", "c.s.b@1:35"],
        ),
        // A quote that lost the other one, over several lines.
        (
            "SELECT 'x FROM a\nJOIN b ON c = 'd' WHERE e = 'f'\nUNION SELECT 'g' FROM h",
            &["c.s.a@1:16", "c.s.b@2:6", "c.s.h@3:23"],
        ),
        (
            "SELECT 'x' FROM a WHERE y = z'\nUNION SELECT x FROM b",
            &["c.s.a@1:17", "c.s.b@2:21"],
        ),
        // A name with too many parts, and none.
        ("SELECT * FROM a.b.c.d", &["a.b.c@1:15"]),
        ("SELECT * FROM", &[]),
        ("", &[]),
        (")))) FROM a ((((", &["c.s.a@1:11"]),
        ("SELECT 1; SELECT * FROM a", &["c.s.a@1:25"]),
    ];
    let session = Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        ..Session::default()
    };
    let mut failures = Vec::new();
    for (text, expected) in cases {
        let found = mentioned(text, &session);
        let tables: Vec<String> = found
            .tables
            .iter()
            .map(|mention| {
                let name = mention
                    .table
                    .as_ref()
                    .map_or(mention.parts.join("."), ToString::to_string);
                format!("{name}@{}:{}", mention.at.line, mention.at.column)
            })
            .collect();
        if tables != *expected {
            failures.push(format!(
                "{text}\n  found {tables:?}\n  error {:?}",
                found.error
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_name_without_a_catalog_keeps_its_parts() {
    let found = mentioned("SELECT * FROM A.b WHERE", &Session::default());
    let parts: Vec<_> = found
        .tables
        .iter()
        .map(|mention| (mention.parts.join("."), mention.table.clone()))
        .collect();
    assert_eq!(parts, [("a.b".to_owned(), None)]);
    assert!(found.error.is_some());
}
