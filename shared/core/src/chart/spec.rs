//! Chooses axes and builds the specification.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::columns::{ColumnKind, kinds, number, time};
use super::{ChartError, ChartRequest, ChartType, MAX_BARS, MAX_COLORS, MAX_ROWS, MAX_SLICES, Row};

/// A chart that can be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The Vega-Lite specification, with its rows.
    pub spec: Value,
    /// The column along the x axis.
    pub x: String,
    /// The column along the y axis.
    pub y: String,
    /// The column that colours tell apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// Draws the rows as the request says, choosing what it leaves open.
pub fn chart(request: &ChartRequest, rows: &[Row]) -> Result<Chart, ChartError> {
    if rows.is_empty() {
        return Err(ChartError::NoRows);
    }
    if rows.len() > MAX_ROWS {
        return Err(ChartError::TooManyRows { rows: rows.len() });
    }
    let columns = Columns {
        all: kinds(rows),
        rows,
    };
    let axes = axes(request, &columns)?;
    check(request.chart_type, &axes, &columns)?;
    Ok(Chart {
        spec: spec(request, &axes, &columns),
        x: axes.x,
        y: axes.y,
        color: axes.color,
    })
}

struct Columns<'a> {
    all: Vec<(String, ColumnKind)>,
    rows: &'a [Row],
}

impl Columns<'_> {
    fn kind(&self, name: &str) -> Option<ColumnKind> {
        self.all
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, kind)| *kind)
    }

    fn named(&self, name: Option<&String>) -> Result<Option<String>, ChartError> {
        match name {
            Some(name) if self.kind(name).is_none() => Err(ChartError::NoColumn {
                column: name.clone(),
                columns: self.all.iter().map(|(known, _)| known.clone()).collect(),
            }),
            name => Ok(name.cloned()),
        }
    }

    /// The first column of one of the kinds, the first kind first, that is not taken.
    fn first(&self, wanted: &[ColumnKind], taken: &[Option<&String>]) -> Option<String> {
        wanted.iter().find_map(|kind| {
            self.all
                .iter()
                .find(|(name, known)| known == kind && !taken.contains(&Some(name)))
                .map(|(name, _)| name.clone())
        })
    }

    fn distinct(&self, name: &str) -> usize {
        self.rows
            .iter()
            .filter_map(|row| row.get(name))
            .map(Value::to_string)
            .collect::<BTreeSet<_>>()
            .len()
    }
}

struct Axes {
    x: String,
    y: String,
    color: Option<String>,
}

fn axes(request: &ChartRequest, columns: &Columns<'_>) -> Result<Axes, ChartError> {
    use ColumnKind::{Category, Number, Time};
    let x = columns.named(request.x.as_ref())?;
    let y = columns.named(request.y.as_ref())?;
    let color = columns.named(request.color.as_ref())?;
    let wanted: &[ColumnKind] = match request.chart_type {
        ChartType::Point => &[Number, Time, Category],
        ChartType::Line | ChartType::Area => &[Time, Number, Category],
        ChartType::Bar | ChartType::StackedBar | ChartType::Pie => &[Category, Time, Number],
    };
    // A number that is asked for on the y axis must not be taken by x, nor the only number at all.
    let only_number = columns.first(&[Number], &[x.as_ref(), color.as_ref()]);
    let spare = if y.is_none() && request.chart_type != ChartType::Point {
        only_number.as_ref()
    } else {
        None
    };
    let x = x
        .or_else(|| columns.first(wanted, &[y.as_ref(), color.as_ref(), spare]))
        .ok_or(ChartError::NoFit {
            channel: "x",
            needs: "a second column",
        })?;
    let y = y
        .or_else(|| columns.first(&[Number], &[Some(&x), color.as_ref()]))
        .ok_or(ChartError::NoFit {
            channel: "y",
            needs: "a column of numbers",
        })?;
    let color = match request.chart_type {
        ChartType::Pie => Some(x.clone()),
        ChartType::StackedBar if color.is_none() => Some(
            columns
                .first(&[Category], &[Some(&x), Some(&y)])
                .ok_or(ChartError::NoFit {
                    channel: "color",
                    needs: "a column of names",
                })?,
        ),
        _ => color,
    };
    Ok(Axes { x, y, color })
}

fn check(chart_type: ChartType, axes: &Axes, columns: &Columns<'_>) -> Result<(), ChartError> {
    let kind = |column: &str| columns.kind(column).unwrap_or(ColumnKind::Category);
    if kind(&axes.y) != ColumnKind::Number {
        return Err(ChartError::NotNumbers {
            channel: "y",
            column: axes.y.clone(),
            kind: kind(&axes.y),
        });
    }
    let at_most =
        |column: &String, channel: &'static str, most: usize| match columns.distinct(column) {
            values if values > most => Err(ChartError::TooManyValues {
                column: column.clone(),
                values,
                channel,
                most,
            }),
            _ => Ok(()),
        };
    match chart_type {
        ChartType::Pie => {
            at_most(&axes.x, "a pie", MAX_SLICES)?;
            let negative = |row: &Row| {
                row.get(&axes.y)
                    .and_then(number)
                    .is_some_and(|part| part < 0.0)
            };
            if columns.rows.iter().any(negative) {
                return Err(ChartError::NegativePart {
                    column: axes.y.clone(),
                });
            }
        }
        ChartType::Bar | ChartType::StackedBar => at_most(&axes.x, "a bar chart", MAX_BARS)?,
        ChartType::Line | ChartType::Area | ChartType::Point => {}
    }
    match &axes.color {
        Some(color) if kind(color) != ColumnKind::Number => at_most(color, "color", MAX_COLORS),
        _ => Ok(()),
    }
}

fn spec(request: &ChartRequest, axes: &Axes, columns: &Columns<'_>) -> Value {
    let kind = |column: &str| columns.kind(column).unwrap_or(ColumnKind::Category);
    let channel = |column: &str| json!({ "field": escaped(column), "type": vega_type(kind(column)), "title": column });
    let discrete = |column: &str| {
        let mut channel = channel(column);
        let time = kind(column) == ColumnKind::Time;
        channel["type"] = json!(if time { "ordinal" } else { "nominal" });
        // The query's order is the author's order.
        channel["sort"] = Value::Null;
        channel
    };
    let mark = match request.chart_type {
        ChartType::Bar | ChartType::StackedBar => json!({ "type": "bar", "tooltip": true }),
        ChartType::Line => {
            json!({ "type": "line", "tooltip": true, "point": columns.rows.len() <= 60 })
        }
        ChartType::Area => json!({ "type": "area", "tooltip": true }),
        ChartType::Point => json!({ "type": "point", "tooltip": true }),
        ChartType::Pie => json!({ "type": "arc", "tooltip": true }),
    };
    let mut encoding = match request.chart_type {
        ChartType::Pie => json!({ "theta": channel(&axes.y), "color": discrete(&axes.x) }),
        ChartType::Bar | ChartType::StackedBar => {
            json!({ "x": discrete(&axes.x), "y": channel(&axes.y) })
        }
        ChartType::Line | ChartType::Area if kind(&axes.x) == ColumnKind::Category => {
            json!({ "x": discrete(&axes.x), "y": channel(&axes.y) })
        }
        _ => json!({ "x": channel(&axes.x), "y": channel(&axes.y) }),
    };
    if let Some(color) = axes
        .color
        .as_ref()
        .filter(|_| request.chart_type != ChartType::Pie)
    {
        encoding["color"] = if kind(color) == ColumnKind::Number {
            channel(color)
        } else {
            discrete(color)
        };
    }
    let mut spec = json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": { "values": values(axes, columns) },
        "mark": mark,
        "encoding": encoding,
        "width": "container",
        "height": 320,
    });
    if let Some(title) = &request.title {
        spec["title"] = json!(title);
    }
    spec
}

/// The rows with the columns that are drawn, each value as Vega reads it.
fn values(axes: &Axes, columns: &Columns<'_>) -> Vec<Row> {
    let used: BTreeSet<&String> = [Some(&axes.x), Some(&axes.y), axes.color.as_ref()]
        .into_iter()
        .flatten()
        .collect();
    columns
        .rows
        .iter()
        .map(|row| {
            used.iter()
                .map(|name| {
                    let value = row.get(*name).unwrap_or(&Value::Null);
                    let value = match columns.kind(name) {
                        Some(ColumnKind::Number) => {
                            number(value).map_or(Value::Null, |number| json!(number))
                        }
                        Some(ColumnKind::Time) => time(value).map_or(Value::Null, Value::String),
                        _ => value.clone(),
                    };
                    ((*name).clone(), value)
                })
                .collect()
        })
        .collect()
}

fn vega_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Number => "quantitative",
        ColumnKind::Time => "temporal",
        ColumnKind::Category => "nominal",
    }
}

/// A column's name as a field: to Vega, `a.b` and `a[0]` are paths unless escaped.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '.' | '[' | ']' | '\\' | '\'' | '"') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
