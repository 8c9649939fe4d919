//! Requests and rows as data, charts and refusals as what they come to.

use super::*;

fn rows(value: Value) -> Vec<Row> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_object().unwrap().clone())
        .collect()
}

fn request(value: Value) -> ChartRequest {
    serde_json::from_value(value).unwrap()
}

fn sales() -> Vec<Row> {
    rows(json!([
        { "day": "2026-01-01", "product": "R2", "region": "EU", "revenue": "12.50", "units": 3 },
        { "day": "2026-01-02", "product": "CDN", "region": "US", "revenue": "7.25", "units": 5 },
    ]))
}

#[test]
fn axes_are_chosen_by_what_columns_hold() {
    for (asked, x, y, color) in [
        (json!({ "chart_type": "bar" }), "product", "revenue", None),
        (json!({ "chart_type": "line" }), "day", "revenue", None),
        (
            json!({ "chart_type": "area", "y": "units" }),
            "day",
            "units",
            None,
        ),
        (json!({ "chart_type": "point" }), "revenue", "units", None),
        (
            json!({ "chart_type": "pie" }),
            "product",
            "revenue",
            Some("product"),
        ),
        (
            json!({ "chart_type": "stacked_bar", "x": "day" }),
            "day",
            "revenue",
            Some("product"),
        ),
        (
            json!({ "chart_type": "bar", "x": "region", "y": "units", "color": "product" }),
            "region",
            "units",
            Some("product"),
        ),
    ] {
        let chart = chart(&request(asked.clone()), &sales()).unwrap();
        assert_eq!(
            (chart.x.as_str(), chart.y.as_str(), chart.color.as_deref()),
            (x, y, color),
            "{asked}"
        );
        assert_eq!(
            chart.spec["$schema"],
            "https://vega.github.io/schema/vega-lite/v6.json"
        );
    }
}

#[test]
fn values_are_as_vega_reads_them_and_only_those_that_are_drawn() {
    let chart = chart(
        &request(json!({ "chart_type": "line", "title": "Revenue" })),
        &sales(),
    )
    .unwrap();
    assert_eq!(
        chart.spec["data"]["values"][0],
        json!({ "day": "2026-01-01", "revenue": 12.5 })
    );
    assert_eq!(chart.spec["encoding"]["x"]["type"], "temporal");
    assert_eq!(chart.spec["title"], "Revenue");
}

#[test]
fn a_column_with_dots_is_a_field_and_not_a_path() {
    let rows = rows(json!([{ "a.b[0]": "x", "n": 1 }]));
    let chart = chart(&request(json!({ "chart_type": "bar" })), &rows).unwrap();
    assert_eq!(chart.spec["encoding"]["x"]["field"], "a\\.b\\[0\\]");
}

#[test]
fn what_cannot_be_drawn_is_refused_with_a_way_on() {
    let many = |n: usize| -> Vec<Row> {
        (0..n)
            .map(|i| rows(json!([{ "name": format!("n{i}"), "value": i }])).remove(0))
            .collect()
    };
    for (asked, data, message) in [
        (json!({ "chart_type": "bar" }), vec![], "no rows"),
        (
            json!({ "chart_type": "bar", "x": "productt" }),
            sales(),
            "`productt`; they have `day`, `product`",
        ),
        (
            json!({ "chart_type": "bar", "y": "product", "x": "day" }),
            sales(),
            "y needs numbers",
        ),
        (
            json!({ "chart_type": "bar" }),
            rows(json!([{ "a": "x", "b": "y" }])),
            "no column is left for y",
        ),
        (
            json!({ "chart_type": "bar" }),
            rows(json!([{ "n": 1 }])),
            "no column is left for x",
        ),
        (
            json!({ "chart_type": "stacked_bar" }),
            rows(json!([{ "a": "x", "n": 1 }])),
            "no column is left for color",
        ),
        (json!({ "chart_type": "pie" }), many(13), "at most 12"),
        (json!({ "chart_type": "bar" }), many(201), "at most 200"),
        (
            json!({ "chart_type": "point", "x": "value", "y": "value", "color": "name" }),
            many(21),
            "at most 20",
        ),
        (
            json!({ "chart_type": "point" }),
            many(5_001),
            "at most 5000",
        ),
        (
            json!({ "chart_type": "pie" }),
            rows(json!([{ "a": "x", "n": -1 }])),
            "negative",
        ),
    ] {
        let error = chart(&request(asked.clone()), &data).unwrap_err();
        assert!(error.to_string().contains(message), "{asked}: {error}");
        assert!(!error.hint().is_empty());
    }
}
