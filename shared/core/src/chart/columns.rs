//! What the columns of some rows hold.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Row;

/// What a column holds, as far as a chart cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Numbers, or texts that are numbers (as exact decimals come).
    Number,
    /// Dates or times.
    Time,
    /// Anything else: names to tell apart.
    Category,
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "numbers",
            Self::Time => "times",
            Self::Category => "names",
        })
    }
}

/// The columns of the rows in the order in which they first occur, with what they hold.
pub fn kinds(rows: &[Row]) -> Vec<(String, ColumnKind)> {
    let mut names: Vec<&String> = Vec::new();
    for row in rows {
        for name in row.keys() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
        .into_iter()
        .map(|name| (name.clone(), kind(rows, name)))
        .collect()
}

fn kind(rows: &[Row], name: &str) -> ColumnKind {
    let mut values = rows
        .iter()
        .filter_map(|row| row.get(name))
        .filter(|value| !value.is_null())
        .peekable();
    if values.peek().is_none() {
        return ColumnKind::Category;
    }
    let values: Vec<&Value> = values.collect();
    if values.iter().all(|value| number(value).is_some()) {
        ColumnKind::Number
    } else if values.iter().all(|value| time(value).is_some()) {
        ColumnKind::Time
    } else {
        ColumnKind::Category
    }
}

/// The value as a number: one, or a text that is nothing else.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            // Leading zeros are of codes (`0049`), not of numbers.
            let digits = text.trim_start_matches('-');
            let coded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
            text.parse()
                .ok()
                .filter(|_| !coded)
                .filter(|number: &f64| number.is_finite())
        }
        _ => None,
    }
}

/// The value as an ISO 8601 time, if it is a date or a time as engines write them.
pub(super) fn time(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 10
        && bytes
            .iter()
            .take(10)
            .enumerate()
            .all(|(position, byte)| match position {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
    if !shaped {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    if rest.is_empty() {
        return Some(date.to_owned());
    }
    let clock = rest.strip_prefix(['T', ' '])?;
    if !clock.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // Engines write `12:00:00.000 UTC`; browsers read `12:00:00.000Z`.
    let clock = clock
        .strip_suffix(" UTC")
        .map_or_else(|| clock.to_owned(), |clock| format!("{clock}Z"));
    Some(format!("{date}T{clock}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_say_what_a_column_holds() {
        for (values, wanted) in [
            (json!([1, 2.5, null]), ColumnKind::Number),
            (json!(["12.50", "-3.00"]), ColumnKind::Number),
            (json!(["0049", "0050"]), ColumnKind::Category),
            (json!(["2026-01-01", "2026-01-02"]), ColumnKind::Time),
            (json!(["2026-01-01 12:00:00.000 UTC"]), ColumnKind::Time),
            (json!(["2026-01-01x"]), ColumnKind::Category),
            (json!(["2026", "x"]), ColumnKind::Category),
            (json!([true, false]), ColumnKind::Category),
            (json!([null, null]), ColumnKind::Category),
        ] {
            let rows: Vec<Row> = values
                .as_array()
                .unwrap()
                .iter()
                .map(|value| Row::from_iter([("v".to_owned(), value.clone())]))
                .collect();
            assert_eq!(kinds(&rows), [("v".to_owned(), wanted)], "{values}");
        }
    }

    #[test]
    fn engine_times_become_browser_times() {
        assert_eq!(
            time(&json!("2026-01-01 12:00:00.000 UTC")).unwrap(),
            "2026-01-01T12:00:00.000Z"
        );
        assert_eq!(
            time(&json!("2026-01-01 12:00:00")).unwrap(),
            "2026-01-01T12:00:00"
        );
        assert_eq!(time(&json!("2026-01-01")).unwrap(), "2026-01-01");
    }
}
