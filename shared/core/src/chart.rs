//! Charts as data: a request and rows become a Vega-Lite specification that can only draw them.
//!
//! A specification is built here from a closed set of forms, never taken from a caller, so there is no way to put an
//! address, an expression or a script into one.

mod columns;
mod spec;

pub use columns::{ColumnKind, kinds};
pub use spec::{Chart, chart};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

/// Rows in one chart. Vega draws so many points without a pause that a person would notice.
pub const MAX_ROWS: usize = 5_000;
/// Bars on one axis: more are narrower than a pixel or two.
pub const MAX_BARS: usize = 200;
/// Colours that people can tell apart in a legend.
pub const MAX_COLORS: usize = 20;
/// Slices of a pie that people can compare.
pub const MAX_SLICES: usize = 12;

/// One row: a value by column name.
pub type Row = Map<String, Value>;

/// The form of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartType {
    /// Lengths side by side.
    Bar,
    /// Lengths on top of each other, one colour each.
    StackedBar,
    /// A course over time or order.
    Line,
    /// The same, filled.
    Area,
    /// One mark a row.
    Point,
    /// Parts of a whole.
    Pie,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartRequest {
    /// Its form.
    pub chart_type: ChartType,
    /// The column along the x axis (a pie's slices).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The column along the y axis (a pie's sizes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The column that colours tell apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The line above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Why there is no chart.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChartError {
    /// Nothing to draw.
    #[error("there are no rows to draw")]
    NoRows,
    /// More than can be drawn.
    #[error("there are {rows} rows; a chart shows at most {MAX_ROWS}")]
    TooManyRows {
        /// How many there are.
        rows: usize,
    },
    /// A column that the rows do not have.
    #[error("the rows have no column `{column}`; they have {}", quoted(.columns))]
    NoColumn {
        /// What was asked for.
        column: String,
        /// What there is.
        columns: Vec<String>,
    },
    /// An axis that needs numbers was given something else.
    #[error("{channel} needs numbers, and `{column}` holds {kind}")]
    NotNumbers {
        /// `x` or `y`.
        channel: &'static str,
        /// The column.
        column: String,
        /// What it holds.
        kind: ColumnKind,
    },
    /// No column is fit for an axis that the request leaves open.
    #[error("no column is left for {channel}: it needs {needs}")]
    NoFit {
        /// `x`, `y` or `color`.
        channel: &'static str,
        /// What would do.
        needs: &'static str,
    },
    /// More different values than people can tell apart.
    #[error("`{column}` has {values} different values; {channel} shows at most {most}")]
    TooManyValues {
        /// The column.
        column: String,
        /// How many it has.
        values: usize,
        /// Where it would stand.
        channel: &'static str,
        /// The limit.
        most: usize,
    },
    /// A pie of negative parts.
    #[error("`{column}` has a negative value, which is no part of a whole")]
    NegativePart {
        /// The column.
        column: String,
    },
}

impl ChartError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoRows => "check the query's filters; an empty result has nothing to show",
            Self::TooManyRows { .. } => "aggregate in SQL (GROUP BY a coarser time or category)",
            Self::NoColumn { .. } => "name columns as the query's SELECT does",
            Self::NotNumbers { .. } => "choose a numeric column, or CAST it in SQL",
            Self::NoFit { .. } => {
                "name x, y and color yourself, or select the columns that are missing"
            }
            Self::TooManyValues { .. } => {
                "keep the largest in SQL (ORDER BY ... LIMIT) and sum up the rest as `other`"
            }
            Self::NegativePart { .. } => "use a bar chart",
        }
    }
}

fn quoted(columns: &[String]) -> String {
    columns
        .iter()
        .map(|column| format!("`{column}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
