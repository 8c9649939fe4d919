//! `execute`: guards a snippet, runs it, and puts whatever came of it into one envelope.

use std::collections::BTreeSet;

use serde_json::Value;
use townlake_core::identity::Principal;
use townlake_kit::{log, random};
use townlake_protocol::skipper::{Budget, Call, Envelope, ErrorKind, ExecuteError};

use crate::query::KEPT_SECONDS;
use crate::routes::App;
use crate::sandbox::{Execution, Report, SandboxError, Settings, Thrown};
use crate::snippet::{Guarded, Position, SnippetError, guard};
use crate::store::{self, NewResult};
use crate::{cut, functions};

/// How much of a result a model gets to read, in characters: about 6,000 tokens. The rest has a handle.
const RESULT_ROOM: usize = 24_000;

/// Runs a snippet as the caller.
pub async fn execute(app: &App, principal: &Principal, code: &str) -> Envelope {
    let settings = Settings::default();
    let budget = Budget {
        limit_ms: settings.wall_ms,
        limit_iterations: settings.iterations,
        ..Budget::default()
    };
    // Nobody can guess it, so no snippet can put something else in its place.
    let guarded = match guard(code, &random::id("guard")) {
        Ok(guarded) => guarded,
        Err(error) => {
            return Envelope {
                error: Some(syntax(error)),
                budget,
                ..Envelope::default()
            };
        }
    };
    let execution = Execution {
        id: random::id("exe"),
        principal: principal.clone(),
    };
    let envelope = match app
        .sandbox
        .run(&guarded.module, &execution, &settings)
        .await
    {
        Err(error) => Envelope {
            error: Some(stopped(&guarded, error)),
            budget,
            ..Envelope::default()
        },
        Ok(report) => bounded(app, principal, envelope(&guarded, report, budget)).await,
    };
    record(&execution.id, &envelope);
    envelope
}

/// One line a run: how it went, nothing of what it read or wrote.
fn record(execution: &str, envelope: &Envelope) {
    let kind = envelope
        .error
        .as_ref()
        .and_then(|error| serde_json::to_value(error.kind).ok());
    log::info(
        "a snippet ran",
        &[
            ("execution", execution.into()),
            ("ok", envelope.ok.into()),
            ("error", kind.unwrap_or_default()),
            ("ms", envelope.budget.ms.into()),
            ("calls", envelope.calls.len().into()),
        ],
    );
}

/// The harness's report as an envelope, with places in the author's own text.
fn envelope(guarded: &Guarded, report: Report, budget: Budget) -> Envelope {
    let error = report.error.map(|thrown| explain(guarded, thrown));
    Envelope {
        ok: error.is_none(),
        result: report.result.filter(|_| error.is_none()),
        error,
        logs: report.logs,
        dropped_logs: report.dropped_logs,
        budget: Budget {
            ms: report.ms,
            iterations: report.iterations,
            ..budget
        },
        truncated: report.truncated,
        displays: report
            .calls
            .iter()
            .filter_map(|call| call.display.clone())
            .collect(),
        calls: report
            .calls
            .into_iter()
            .map(|call| Call {
                function: call.function,
                ok: call.ok,
                ms: call.ms,
                query_id: call.query_id,
            })
            .collect(),
    }
}

/// Cuts the result to what a model reads, and keeps the whole where the caller can come back for it.
async fn bounded(app: &App, principal: &Principal, mut envelope: Envelope) -> Envelope {
    let Some(result) = envelope.result.take() else {
        return envelope;
    };
    if cut::size(&result) <= RESULT_ROOM {
        envelope.result = Some(result);
        return envelope;
    }
    let handle = keep(app, principal, &result, &envelope).await;
    let (result, mut truncated) = cut::cut(result, RESULT_ROOM);
    for truncation in &mut truncated {
        truncation.handle.clone_from(&handle);
    }
    envelope.result = Some(result);
    envelope.truncated.append(&mut truncated);
    envelope
}

async fn keep(
    app: &App,
    principal: &Principal,
    result: &Value,
    envelope: &Envelope,
) -> Option<String> {
    let id = random::id("res");
    let now = app.clock.now();
    let queries: BTreeSet<String> = envelope
        .calls
        .iter()
        .filter_map(|call| call.query_id.clone())
        .collect();
    let kept = NewResult {
        id: &id,
        owner: &principal.user,
        title: "what a snippet returned",
        created_at: now,
        expires_at: now.plus_seconds(KEPT_SECONDS),
    };
    let queries: Vec<String> = queries.into_iter().collect();
    match store::add_text(&app.db, kept, &result.to_string(), &queries).await {
        Ok(()) => Some(format!("skipper://results/{id}")),
        Err(error) => {
            log::error(
                "a result could not be kept",
                &[("cause", error.to_string().into())],
            );
            None
        }
    }
}

fn syntax(error: SnippetError) -> ExecuteError {
    ExecuteError {
        line: error.position.map(|position| position.line),
        column: error.position.map(|position| position.column),
        hint: error.hint,
        ..ExecuteError::new(ErrorKind::Syntax, error.message)
    }
}

fn stopped(guarded: &Guarded, error: SandboxError) -> ExecuteError {
    match error {
        SandboxError::Refused(message) => {
            // Unlike a stack, this message counts columns from 0.
            let position = running(&message).map(|place| {
                guarded.original(Position {
                    column: place.column + 1,
                    ..place
                })
            });
            let text = message
                .split_once("SyntaxError: ")
                .map_or(message.as_str(), |(_, text)| text);
            let text = text.lines().next().unwrap_or_default();
            ExecuteError {
                line: position.map(|position| position.line),
                column: position.map(|position| position.column),
                ..ExecuteError::new(ErrorKind::Syntax, text).with_hint(
                    "mend the code at this place and send all of it again; nothing of it ran",
                )
            }
        }
        SandboxError::Timeout(_) => ExecuteError::new(ErrorKind::Timeout, error.to_string())
            .with_hint("queries that it started go on: fetch them rather than start them again"),
        SandboxError::Stopped(_) => ExecuteError::new(ErrorKind::Limit, error.to_string())
            .with_hint("let the query do the work: aggregate in SQL and return fewer rows"),
        SandboxError::Unavailable(_) => {
            ExecuteError::new(ErrorKind::Unavailable, error.to_string())
        }
    }
}

fn explain(guarded: &Guarded, thrown: Thrown) -> ExecuteError {
    let position = running(&thrown.stack).map(|place| guarded.original(place));
    let kind = thrown.fields.get("kind").cloned();
    let known = kind.and_then(|kind| serde_json::from_value::<ErrorKind>(kind).ok());
    let mut error = match known {
        // Fields of one of our own errors, or of something that looks like one: they bind nobody.
        Some(kind) => {
            let mut fields = thrown.fields.clone();
            fields.insert("message".to_owned(), Value::String(thrown.message.clone()));
            serde_json::from_value(Value::Object(fields))
                .unwrap_or_else(|_| ExecuteError::new(kind, thrown.message.clone()))
        }
        None => {
            let message = match thrown.name.as_str() {
                "Error" | "Thrown" | "" => thrown.message.clone(),
                name => format!("{name}: {}", thrown.message),
            };
            ExecuteError::new(ErrorKind::Runtime, message)
        }
    };
    if error.hint.is_none() {
        error.hint = hint(&error, &thrown);
    }
    if error.did_you_mean.is_empty() {
        error.did_you_mean = meant(&thrown);
    }
    error.line = position.map(|position| position.line);
    error.column = position.map(|position| position.column);
    error
}

fn hint(error: &ExecuteError, thrown: &Thrown) -> Option<String> {
    let text = match (error.kind, thrown.name.as_str()) {
        (ErrorKind::Limit, _) => {
            "a loop does not end, or goes through too much: aggregate in SQL instead"
        }
        (ErrorKind::Timeout, _) => {
            "queries that it started go on: fetch them rather than start them again"
        }
        (ErrorKind::Permission, _) => "explain_access({table}) says what is missing",
        (_, "ReferenceError") => {
            "the globals are `skipper`, `console` and those of plain JavaScript; there is no fetch, require or import"
        }
        (_, "RangeError") if thrown.message.contains("call stack") => {
            "a function calls itself without end"
        }
        _ if thrown
            .message
            .contains("not permitted to access the internet") =>
        {
            "a snippet has no network: data comes through skipper's functions only"
        }
        (_, "TypeError") if thrown.message.contains("undefined") => {
            "look at the value with console.log first; calls of skipper need `await`"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Names near the one that does not exist.
fn meant(thrown: &Thrown) -> Vec<String> {
    if thrown.fields.get("code").and_then(Value::as_str) == Some("unknown_function") {
        return thrown
            .fields
            .get("subject")
            .and_then(Value::as_str)
            .map(functions::near)
            .unwrap_or_default();
    }
    match thrown.message.strip_suffix(" is not defined") {
        Some(name) if thrown.name == "ReferenceError" => {
            let mut near = functions::near(name)
                .into_iter()
                .map(|name| format!("skipper.{name}"))
                .collect::<Vec<_>>();
            if strsim::jaro_winkler(name, "skipper") > 0.8 {
                near.insert(0, "skipper".to_owned());
            }
            near
        }
        _ => Vec::new(),
    }
}

/// The first place in the module that a stack or a message names.
fn running(text: &str) -> Option<Position> {
    let (_, rest) = text.split_once("user.js:")?;
    let mut numbers = rest.split(|c: char| !c.is_ascii_digit());
    let line = numbers.next()?.parse().ok()?;
    let column = numbers
        .next()
        .and_then(|column| column.parse().ok())
        .unwrap_or(1);
    Some(Position { line, column })
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
