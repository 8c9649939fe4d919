//! Every word that Trino does not reserve is a name wherever a name may stand, whatever sqlparser uses it for.

use townlake_sql::{Session, parse};

/// Trino's own keywords that are not reserved, and words that other dialects reserve. ALL, ANY and SOME are not among
/// them: they are read as tables' aliases, but sqlparser takes them for what quantifies where a column may stand.
const WORDS: &str = include_str!("words.txt");

/// `@` stands for the word.
const PLACES: &[&str] = &[
    "SELECT @ FROM t",
    "SELECT @, a FROM t",
    "SELECT a, @ FROM t",
    "SELECT t.@, @.a, @.@ FROM t",
    "SELECT a AS @ FROM t",
    "SELECT a @ FROM t",
    "SELECT f(a) @, b FROM t",
    "SELECT a FROM t @ WHERE true",
    "SELECT a FROM t JOIN u @ ON true",
    "SELECT a FROM (SELECT 1) @ ORDER BY 1",
    "SELECT a AS @, b FROM t",
    "SELECT count(@), max(t.@), sum(@) + 1 FROM t",
    "SELECT a FROM t WHERE @ = 1 AND t.@ > @ OR @ IS NULL",
    "SELECT a FROM t WHERE @ IN (1) AND @ LIKE 'x' AND @ BETWEEN @ AND @",
    "SELECT a FROM t WHERE a = @",
    "SELECT a FROM t GROUP BY @, a HAVING max(@) > 1 ORDER BY @ DESC, a",
    "SELECT CASE WHEN @ THEN @ ELSE @ END, CAST(@ AS bigint), coalesce(@, 1) FROM t",
    "SELECT CASE @ WHEN 1 THEN 2 END, (@), ROW(@, 1), ARRAY[@], -@, @ || 'x', @ * 2 FROM t",
    "SELECT a FROM c.s.@",
    "SELECT a FROM @",
    "SELECT @.a FROM t AS @",
    "SELECT @.a FROM t AS @ JOIN u AS b ON @.a = b.@",
    "WITH @ AS (SELECT 1 AS a) SELECT a FROM @ JOIN @ AS b ON true",
    "WITH x (@) AS (SELECT 1) SELECT x.@ FROM x",
    "SELECT a FROM (VALUES 1) AS v (@)",
    "SELECT a FROM t JOIN u USING (@)",
    "SELECT sum(a) OVER (PARTITION BY @ ORDER BY @) FROM t",
    "SELECT transform(a, @ -> @ + 1) FROM t",
    "INSERT INTO t (@, a) SELECT @, a FROM u",
    "UPDATE t SET @ = 1 WHERE @ = 2",
];

#[test]
fn words_that_are_not_reserved_are_names() {
    let session = Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        ..Session::default()
    };
    let mut failures = Vec::new();
    for word in WORDS.lines() {
        for place in PLACES {
            let text = place.replace('@', word);
            if let Err(error) = parse(&text, &session) {
                failures.push(format!("{text}\n  {error}"));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
