//! What is found wrong in a statement, case by case: `tests/diagnose/*.txt`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "binding/case.rs"]
mod case;
#[path = "binding/check.rs"]
mod check;

use case::cases;
use check::check;
use townlake_sql::diagnose::{Finding, diagnose};
use townlake_sql::edit::apply;
use townlake_sql::{bind, parse};

#[test]
fn findings_are_what_their_cases_say() {
    check("diagnose", 35, |case| {
        let names = |bound: &str| bound.rsplit('.').next().unwrap_or(bound).to_owned();
        let tables: Vec<String> = case
            .schema
            .tables()
            .map(|(table, _)| names(&table.to_string()))
            .collect();
        let find = |sql: &str| {
            let statement = parse(sql, &case.session).unwrap();
            diagnose(&bind(&statement, &case.schema, &case.session), sql, &tables)
        };
        let findings = find(&case.sql);
        // A fix mends what it is for.
        for finding in findings.iter().filter(|finding| !finding.fix.is_empty()) {
            let mended = apply(&case.sql, &finding.fix).unwrap();
            let left = find(&mended);
            assert!(
                left.len() < findings.len(),
                "{}: {mended} has {left:?} after {finding:?}",
                case.rule
            );
        }
        let lines: Vec<String> = findings
            .iter()
            .map(|finding| show(&case.sql, finding))
            .collect();
        if lines.is_empty() {
            "=> nothing".to_owned()
        } else {
            lines.join("\n")
        }
    });
}

#[test]
fn advice_says_where_and_what_to_do() {
    let case = cases("| t(a bigint)\nSELECT 1\n  FROM t WHERE 'é' = 'é' AND a = NULL").remove(0);
    let bound = bind(
        &parse(&case.sql, &case.session).unwrap(),
        &case.schema,
        &case.session,
    );
    let advice = diagnose(&bound, &case.sql, &[]).remove(0).advice(&case.sql);
    assert_eq!(advice.code, "compared_with_null");
    assert_eq!(advice.hint.as_deref(), Some("write `a IS NULL`"));
    assert_eq!(
        advice.span.map(|span| (span.line, span.column)),
        Some((2, 30))
    );
}

fn show(text: &str, finding: &Finding) -> String {
    let mut line = format!(
        "=> {} {} at `{}`: {}",
        finding.severity.name(),
        finding.code,
        &text[finding.at.clone()],
        finding.message
    );
    if let Some(hint) = &finding.hint {
        line.push_str(&format!("; {hint}"));
    }
    if !finding.fix.is_empty() {
        line.push_str(&format!("; fixed: {}", apply(text, &finding.fix).unwrap()));
    }
    line.replace('\n', " ")
}
