//! What is kept of an answer: bounded, and in a form that JavaScript reads without loss.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use townlake_protocol::skipper::ResultColumn;
use townlake_protocol::trino::Column;

/// The most rows that are kept of one query.
pub const MAX_ROWS: usize = 10_000;
/// The most bytes of them, as JSON: what goes into a sandbox and out of it again within its memory.
pub const MAX_BYTES: usize = 8 << 20;
/// The largest whole number that JavaScript reads exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;
/// Decimals of so many digits are exact as JavaScript numbers.
const MAX_SAFE_DIGITS: u32 = 15;

/// The rows of one page that fit, and whether something did not.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The rows, as JSON arrays.
    pub rows: Vec<Vec<Value>>,
    /// Their size as JSON.
    pub bytes: usize,
    /// Whether a limit was reached: nothing further is kept.
    pub full: bool,
}

/// Takes of a page what fits beside what is kept already.
pub fn collect(
    columns: &[ResultColumn],
    page: Vec<Vec<Value>>,
    kept_rows: usize,
    kept_bytes: usize,
) -> Collected {
    let mut collected = Collected {
        rows: Vec::new(),
        bytes: 0,
        full: false,
    };
    for row in page {
        let row: Vec<Value> = columns
            .iter()
            .map(Some)
            .chain(std::iter::repeat(None))
            .zip(row)
            .map(|(column, value)| {
                readable(column.map_or("", |column| column.data_type.as_str()), value)
            })
            .collect();
        let size = crate::cut::size(&Value::Array(row.clone()));
        let too_many = kept_rows + collected.rows.len() >= MAX_ROWS;
        if too_many || kept_bytes + collected.bytes + size > MAX_BYTES {
            collected.full = true;
            return collected;
        }
        collected.bytes += size;
        collected.rows.push(row);
    }
    collected
}

/// The columns with names of their own: a row is an object, and SQL allows a name twice.
pub fn named(columns: Vec<Column>) -> Vec<ResultColumn> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    columns
        .into_iter()
        .map(|column| {
            let mut name = column.name.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{}_{number}", column.name);
                number += 1;
            }
            ResultColumn {
                name,
                data_type: column.type_name,
            }
        })
        .collect()
}

/// A value as JavaScript can work with it: exact decimals become numbers where that loses nothing, and whole numbers
/// that JavaScript would round become texts.
fn readable(data_type: &str, value: Value) -> Value {
    match value {
        Value::String(text) if is_safe_decimal(data_type) => match text.parse::<f64>() {
            Ok(number) => json!(number),
            Err(_) => Value::String(text),
        },
        Value::Number(number) => {
            let unsafe_whole = number.as_u64().is_some_and(|whole| whole > MAX_SAFE)
                || number
                    .as_i64()
                    .is_some_and(|whole| whole.unsigned_abs() > MAX_SAFE);
            if unsafe_whole {
                Value::String(number.to_string())
            } else {
                Value::Number(number)
            }
        }
        value => value,
    }
}

fn is_safe_decimal(data_type: &str) -> bool {
    data_type
        .strip_prefix("decimal(")
        .and_then(|rest| rest.split([',', ')']).next())
        .and_then(|digits| digits.trim().parse::<u32>().ok())
        .is_some_and(|digits| digits <= MAX_SAFE_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(types: &[&str]) -> Vec<ResultColumn> {
        types
            .iter()
            .map(|data_type| ResultColumn {
                name: (*data_type).to_owned(),
                data_type: (*data_type).to_owned(),
            })
            .collect()
    }

    #[test]
    fn values_are_what_javascript_reads_exactly() {
        for (data_type, value, wanted) in [
            ("decimal(12,2)", json!("12.50"), json!(12.5)),
            (
                "decimal(38,2)",
                json!("12345678901234567890.12"),
                json!("12345678901234567890.12"),
            ),
            (
                "bigint",
                json!(9_007_199_254_740_991_u64),
                json!(9_007_199_254_740_991_u64),
            ),
            (
                "bigint",
                json!(9_007_199_254_740_992_u64),
                json!("9007199254740992"),
            ),
            (
                "bigint",
                json!(-9_223_372_036_854_775_808_i64),
                json!("-9223372036854775808"),
            ),
            ("varchar", json!("12.50"), json!("12.50")),
            ("double", json!("NaN"), json!("NaN")),
            ("bigint", json!(null), json!(null)),
        ] {
            let collected = collect(&columns(&[data_type]), vec![vec![value.clone()]], 0, 0);
            assert_eq!(collected.rows, [[wanted]], "{data_type} {value}");
        }
    }

    #[test]
    fn rows_and_bytes_are_bounded() {
        let page = |rows: usize| vec![vec![json!("x")]; rows];
        let one = columns(&["varchar"]);
        assert!(!collect(&one, page(10), MAX_ROWS - 10, 0).full);
        let collected = collect(&one, page(11), MAX_ROWS - 10, 0);
        assert!(collected.full);
        assert_eq!(collected.rows.len(), 10);
        assert!(collect(&one, page(1), 0, MAX_BYTES).full);
    }

    #[test]
    fn a_name_that_stands_twice_gets_a_number() {
        let column = |name: &str| Column {
            name: name.to_owned(),
            type_name: "bigint".to_owned(),
            type_signature: None,
        };
        let names: Vec<String> = named(vec![column("a"), column("a_2"), column("a"), column("a")])
            .into_iter()
            .map(|column| column.name)
            .collect();
        assert_eq!(names, ["a", "a_2", "a_3", "a_4"]);
    }
}
