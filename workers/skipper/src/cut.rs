//! Makes a result fit into what a model reads, and says what was left out.
//!
//! The whole stays valid JSON. Room is shared out so that small parts stay whole: a title is not lost because the rows
//! beside it are many.

use serde_json::{Map, Value};
use townlake_protocol::skipper::Truncation;

/// Cuts the value to about so many characters of JSON.
pub fn cut(value: Value, room: usize) -> (Value, Vec<Truncation>) {
    let mut truncated = Vec::new();
    let value = fit(value, room, "", &mut truncated);
    (value, truncated)
}

/// How many characters the value's JSON has, counted without writing it.
pub fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| size(item) + 1).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields
                .iter()
                .map(|(name, field)| name.len() + 4 + size(field))
                .sum::<usize>()
        }
    }
}

fn fit(value: Value, room: usize, path: &str, truncated: &mut Vec<Truncation>) -> Value {
    if size(&value) <= room {
        return value;
    }
    match value {
        Value::String(text) => {
            let kept: String = text.chars().take(room.saturating_sub(2)).collect();
            note(truncated, path, kept.chars().count(), text.chars().count());
            Value::String(kept)
        }
        Value::Array(items) => list(items, room, path, truncated),
        Value::Object(fields) => object(fields, room, path, truncated),
        other => other,
    }
}

/// As many elements from the front as there is room for; the first one is shown cut rather than not at all.
fn list(items: Vec<Value>, room: usize, path: &str, truncated: &mut Vec<Truncation>) -> Value {
    let total = items.len();
    let mut left = room.saturating_sub(2);
    let mut kept = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        let needed = size(&item) + 1;
        if needed <= left {
            left -= needed;
            kept.push(item);
            continue;
        }
        if position == 0 {
            kept.push(fit(
                item,
                left.saturating_sub(1),
                &format!("{path}[0]"),
                truncated,
            ));
        }
        break;
    }
    if kept.len() < total {
        note(truncated, path, kept.len(), total);
    }
    Value::Array(kept)
}

/// Every field gets an equal share of the room; what a small one leaves over goes to those behind it.
fn object(
    fields: Map<String, Value>,
    room: usize,
    path: &str,
    truncated: &mut Vec<Truncation>,
) -> Value {
    let total = fields.len();
    let order: Vec<String> = fields.keys().cloned().collect();
    let mut by_size: Vec<(usize, String, Value)> = fields
        .into_iter()
        .map(|(name, field)| (size(&field), name, field))
        .collect();
    by_size.sort_by_key(|(size, _, _)| *size);
    let mut left = room.saturating_sub(2);
    let mut waiting = by_size.len();
    let mut kept: Map<String, Value> = Map::new();
    for (needed, name, field) in by_size {
        let overhead = name.len() + 4;
        let share = (left / waiting.max(1)).saturating_sub(overhead);
        waiting -= 1;
        // Less than this shows nothing that could be understood.
        if needed > share && share < 8 {
            continue;
        }
        let at = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let field = fit(field, share, &at, truncated);
        left = left.saturating_sub(size(&field) + overhead);
        kept.insert(name, field);
    }
    if kept.len() < total {
        note(truncated, path, kept.len(), total);
    }
    let in_order = order
        .into_iter()
        .filter_map(|name| kept.remove(&name).map(|field| (name, field)))
        .collect();
    Value::Object(in_order)
}

fn note(truncated: &mut Vec<Truncation>, path: &str, kept: usize, total: usize) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    truncated.push(Truncation {
        path: path.to_owned(),
        kept: count(kept),
        total: count(total),
        handle: None,
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        let value = json!({ "a": [1, 2, 3], "b": "text" });
        assert_eq!(cut(value.clone(), 1_000), (value, vec![]));
    }

    #[test]
    fn rows_are_cut_and_what_stands_beside_them_is_not() {
        let rows: Vec<Value> = (0..1_000)
            .map(|n| json!({ "n": n, "name": "abcdef" }))
            .collect();
        let (value, truncated) = cut(
            json!({ "title": "Top accounts", "rows": rows, "total": 1000 }),
            2_000,
        );
        assert_eq!(value["title"], "Top accounts");
        assert_eq!(value["total"], 1000);
        let kept = value["rows"].as_array().unwrap().len();
        assert!((50..100).contains(&kept), "{kept}");
        assert_eq!(truncated.len(), 1);
        assert_eq!(
            (truncated[0].path.as_str(), truncated[0].total),
            ("rows", 1_000)
        );
        assert!(value.to_string().len() <= 2_000);
    }

    #[test]
    fn one_huge_text_and_one_huge_row_are_shown_in_part() {
        let (value, truncated) = cut(json!("é".repeat(10_000)), 100);
        assert_eq!(value.as_str().unwrap().chars().count(), 98);
        assert_eq!((truncated[0].kept, truncated[0].total), (98, 10_000));
        let (value, truncated) = cut(json!([{ "note": "x".repeat(5_000) }, 1, 2]), 300);
        assert!(value[0]["note"].as_str().unwrap().len() > 100);
        assert_eq!(truncated.len(), 2);
    }

    #[test]
    fn the_room_is_kept_whatever_the_form() {
        let deep = (0..50).fold(
            json!("x".repeat(500)),
            |inner, _| json!({ "inner": inner, "other": "y".repeat(100) }),
        );
        let wide = Value::Object(
            (0..5_000)
                .map(|n| (format!("field{n}"), json!(n)))
                .collect(),
        );
        for value in [deep, wide, json!(vec!["z".repeat(50); 500])] {
            let (value, truncated) = cut(value, 1_000);
            assert!(
                value.to_string().len() <= 1_100,
                "{}",
                value.to_string().len()
            );
            assert!(!truncated.is_empty());
        }
    }
}
