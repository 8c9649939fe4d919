//! Many rows in few statements: as JSON arrays, taken apart by `json_each`. D1 allows 100 parameters a statement.

use serde_json::Value;
use townlake_kit::db::{Statement, params};

/// The most JSON in one parameter, in bytes; D1 takes 2 MB.
const MAX_PARAMETER_BYTES: usize = 1 << 20;

/// The statement once per part of the rows that fits a parameter: `?1` is the part as a JSON array, and the values
/// follow from `?2` on.
pub fn rows_with(
    sql: &str,
    rows: impl Iterator<Item = Value>,
    values: Vec<townlake_kit::db::Value>,
) -> Vec<Statement> {
    let statement = |part: String| {
        let mut all = params![part];
        all.extend(values.iter().cloned());
        Statement::new(sql, all)
    };
    let mut statements = Vec::new();
    let mut part = String::new();
    for row in rows {
        let row = row.to_string();
        if !part.is_empty() && part.len() + row.len() >= MAX_PARAMETER_BYTES {
            part.push(']');
            statements.push(statement(std::mem::take(&mut part)));
        }
        part.push(if part.is_empty() { '[' } else { ',' });
        part.push_str(&row);
    }
    if !part.is_empty() {
        part.push(']');
        statements.push(statement(part));
    }
    statements
}

/// The same without further values.
pub fn rows(sql: &str, rows: impl Iterator<Item = Value>) -> Vec<Statement> {
    rows_with(sql, rows, Vec::new())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_stay_under_the_limit_and_lose_nothing() {
        let long = "x".repeat(1000);
        let statements = rows("-", (0..3000).map(|number| json!([number, long])));
        let mut seen = 0;
        for statement in &statements {
            let [townlake_kit::db::Value::Text(part)] = statement.values.as_slice() else {
                panic!("one text")
            };
            assert!(part.len() <= MAX_PARAMETER_BYTES + 1);
            let rows: Vec<(u64, String)> = serde_json::from_str(part).unwrap();
            for (number, _) in rows {
                assert_eq!(number, seen);
                seen += 1;
            }
        }
        assert_eq!((statements.len(), seen), (3, 3000));
        assert!(rows("-", std::iter::empty()).is_empty());
    }
}
