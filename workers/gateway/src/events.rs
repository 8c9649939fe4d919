//! `POST /internal/events`: what the engine reports about queries, in the form of Trino's HTTP event listener.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use townlake_core::names::{TableRef, UserName};
use townlake_core::time::Timestamp;
use townlake_kit::failure::Failure;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::audit::{AuditColumn, AuditEvent, AuditKind, AuditOutcome};

use crate::app::App;
use crate::audit;
use crate::policy::require_bearer;

/// One report or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Reports {
    /// Several at once.
    Many(Vec<Report>),
    /// One, as Trino sends them.
    One(Box<Report>),
}

/// A query's report. Only what the audit keeps; the rest (plans, payloads) is dropped on arrival.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    metadata: Metadata,
    context: Context,
    #[serde(default)]
    statistics: Option<Statistics>,
    #[serde(default)]
    failure_info: Option<FailureReport>,
    #[serde(default)]
    create_time: Option<String>,
    #[serde(default)]
    end_time: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    query_id: String,
    #[serde(default)]
    query_state: String,
    #[serde(default)]
    tables: Vec<ReportedTable>,
}

#[derive(Debug, Clone, Deserialize)]
struct ReportedTable {
    catalog: String,
    schema: String,
    table: String,
    #[serde(default)]
    columns: Vec<ReportedColumn>,
}

#[derive(Debug, Clone, Deserialize)]
struct ReportedColumn {
    column: String,
    #[serde(default)]
    mask: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    user: String,
    #[serde(default)]
    original_user: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    #[serde(default)]
    output_rows: Option<u64>,
    #[serde(default)]
    output_bytes: Option<u64>,
    /// Seconds, or ISO 8601 text.
    #[serde(default)]
    wall_time: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailureReport {
    #[serde(default)]
    error_code: Option<ReportedCode>,
}

#[derive(Debug, Clone, Deserialize)]
struct ReportedCode {
    #[serde(default)]
    name: String,
}

/// `POST /internal/events`
pub async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    Json(reports): Json<Reports>,
) -> Result<StatusCode, Failure> {
    require_bearer(&headers, Some(&app.config.policy_token))?;
    let reports = match reports {
        Reports::Many(reports) => reports,
        Reports::One(report) => vec![*report],
    };
    for report in reports {
        if let Some(event) = to_event(report, app.clock.now()) {
            // An error makes the engine send it again; the id makes a second copy harmless.
            audit::record(&app, event).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The end of a query as an audit event. None for reports of a beginning, which the gateway writes by itself, and for
/// users that are none of ours.
fn to_event(report: Report, now: Timestamp) -> Option<AuditEvent> {
    let Report {
        metadata,
        context,
        statistics,
        failure_info,
        create_time,
        end_time,
    } = report;
    if end_time.is_none() && statistics.is_none() {
        return None;
    }
    let moment = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (began, ended) = (moment(&create_time), moment(&end_time));
    let original = context
        .original_user
        .unwrap_or_else(|| context.user.clone());
    let person = original
        .split_once('+')
        .map_or(original.as_str(), |(person, _)| person);
    let user: UserName = person.parse().ok()?;
    let id = format!("evt_{}", metadata.query_id);
    let mut event = AuditEvent::new(id, ended.unwrap_or(now), AuditKind::QueryCompleted, user);
    event.effective_user = Some(context.user).filter(|effective| effective != event.user.as_str());
    event.client = context.source;
    event.query_id = Some(metadata.query_id);
    let code = failure_info
        .and_then(|failure| failure.error_code)
        .map(|code| code.name);
    event.outcome = Some(match code.as_deref() {
        Some("USER_CANCELED" | "ABANDONED_QUERY") => AuditOutcome::Canceled,
        Some("PERMISSION_DENIED") => AuditOutcome::Refused,
        Some(_) => AuditOutcome::Failed,
        None if metadata.query_state == "FAILED" => AuditOutcome::Failed,
        None => AuditOutcome::Succeeded,
    });
    event.code = code;
    for reported in metadata.tables {
        let table = TableRef::new(&reported.catalog, &reported.schema, &reported.table);
        event
            .columns
            .extend(reported.columns.into_iter().map(|column| AuditColumn {
                table: table.clone(),
                column: column.column,
                masked: column.mask.is_some_and(|mask| !mask.is_null()),
            }));
        event.tables.push(table);
    }
    if let Some(statistics) = statistics {
        event.rows = statistics.output_rows;
        event.bytes = statistics.output_bytes;
        event.elapsed_ms = statistics.wall_time.and_then(|time| millis(&time));
    }
    if let (None, Some(began), Some(ended)) = (event.elapsed_ms, began, ended) {
        event.elapsed_ms = u64::try_from(ended.as_millis() - began.as_millis()).ok();
    }
    Some(event)
}

/// Seconds as a number, as Jackson writes a duration.
fn millis(time: &Value) -> Option<u64> {
    let seconds = time
        .as_f64()
        .filter(|seconds| seconds.is_finite() && (0.0..1e12).contains(seconds))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked"
    )]
    Some((seconds * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_becomes_an_event_of_the_person() {
        let report: Report = serde_json::from_value(serde_json::json!({
            "metadata": {
                "queryId": "20261121_1", "queryState": "FINISHED", "plan": "dropped",
                "tables": [{"catalog": "postgres", "schema": "crm", "table": "contacts",
                    "columns": [{"column": "email", "mask": {"expression": "x"}}, {"column": "id", "mask": null}]}],
            },
            "context": {"user": "ana@corp.example+pii.n1", "originalUser": "ana@corp.example", "source": "cli"},
            "statistics": {"outputRows": 3, "outputBytes": 99, "wallTime": 1.25},
            "createTime": "2026-11-21T03:00:00Z", "endTime": "2026-11-21T03:00:02Z",
        }))
        .unwrap();
        let event = to_event(report, Timestamp::from_millis(0)).unwrap();
        insta::assert_json_snapshot!(event, @r#"
        {
          "id": "evt_20261121_1",
          "at": "2026-11-21T03:00:02.000Z",
          "kind": "query_completed",
          "user": "ana@corp.example",
          "effective_user": "ana@corp.example+pii.n1",
          "client": "cli",
          "query_id": "20261121_1",
          "tables": [
            "postgres.crm.contacts"
          ],
          "columns": [
            {
              "table": "postgres.crm.contacts",
              "column": "email",
              "masked": true
            },
            {
              "table": "postgres.crm.contacts",
              "column": "id",
              "masked": false
            }
          ],
          "rows": 3,
          "bytes": 99,
          "elapsed_ms": 1250,
          "outcome": "succeeded"
        }
        "#);
    }

    #[test]
    fn beginnings_and_strangers_are_left_out() {
        for report in [
            serde_json::json!({"metadata": {"queryId": "1"}, "context": {"user": "ana@corp.example"}}),
            serde_json::json!({"metadata": {"queryId": "1"}, "context": {"user": "Not A User"}, "statistics": {}}),
        ] {
            let report: Report = serde_json::from_value(report).unwrap();
            assert_eq!(to_event(report, Timestamp::from_millis(0)), None);
        }
    }
}
