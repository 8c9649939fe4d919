//! Charts of rows or of a query's result.

use serde::Deserialize;
use serde_json::{Value, json};
use townlake_core::chart::{ChartError, ChartRequest, ChartType, MAX_ROWS, Row, chart};
use townlake_protocol::skipper::{ErrorKind, ExecuteError};

use super::{Tools, queries};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CreateChart {
    chart_type: ChartType,
    data: Option<Vec<Row>>,
    query_id: Option<String>,
    /// The query that `data` came from, as the sandbox remembers it.
    data_from: Option<String>,
    x: Option<String>,
    y: Option<String>,
    color: Option<String>,
    title: Option<String>,
}

/// Draws rows, or the rows of a query.
pub async fn create_chart(tools: &Tools, arguments: CreateChart) -> Result<Value, ExecuteError> {
    let request = ChartRequest {
        chart_type: arguments.chart_type,
        x: arguments.x,
        y: arguments.y,
        color: arguments.color,
        title: arguments.title,
    };
    let (rows, query_id) = match (arguments.data, arguments.query_id) {
        (Some(rows), None) => (rows, arguments.data_from),
        // One more than can be drawn, so that too many are refused rather than cut.
        (None, Some(query_id)) => (
            queries::page(tools, &query_id, MAX_ROWS + 1).await?.rows,
            Some(query_id),
        ),
        (Some(_), Some(_)) => return Err(invalid("give `data` or `queryId`, not both")),
        (None, None) => return Err(invalid("give `data` (rows) or `queryId`")),
    };
    let drawn = chart(&request, &rows).map_err(refused)?;
    let mut result = json!({
        "kind": "chart",
        "chartType": request.chart_type,
        "spec": drawn.spec,
        "x": drawn.x,
        "y": drawn.y,
    });
    if let Some(color) = drawn.color {
        result["color"] = json!(color);
    }
    if let Some(query_id) = query_id {
        result["queryId"] = json!(query_id);
    }
    Ok(result)
}

fn invalid(message: &str) -> ExecuteError {
    ExecuteError::new(ErrorKind::Invalid, format!("`create_chart`: {message}"))
        .with_code("invalid_arguments")
}

fn refused(error: ChartError) -> ExecuteError {
    let did_you_mean = match &error {
        ChartError::NoColumn { column, columns } => columns
            .iter()
            .filter(|known| strsim::jaro_winkler(column, known) > 0.8)
            .cloned()
            .collect(),
        _ => Vec::new(),
    };
    ExecuteError {
        did_you_mean,
        ..ExecuteError::new(ErrorKind::Invalid, error.to_string())
            .with_code("chart_refused")
            .with_hint(error.hint())
    }
}
