//! Queries: started, awaited, read, each time as the caller and checked anew.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use townlake_core::catalog::about::Exactness;
use townlake_core::names::TableRef;
use townlake_core::policy::evaluate::{Asker, access, accessible_tables, session_of};
use townlake_core::policy::explain::refusal;
use townlake_core::policy::fingerprint::fingerprint;
use townlake_core::policy::ids::PiiSessionId;
use townlake_core::policy::model::Model;
use townlake_kit::clock::pause;
use townlake_kit::random;
use townlake_protocol::catalog::Dataset;
use townlake_protocol::skipper::{About, AboutTable, ErrorKind, ExecuteError, ResultColumn};

use super::{Tools, dataset, failed, to_value};
use crate::query::{KEPT_SECONDS, Kept, MAX_ROWS, Start, Status, View};
use crate::store::{self, NewResult};

/// How long `fetch_results` waits before it says that the query still runs. Shorter than a snippet's own time.
const WAIT_SECONDS: i64 = 45;
/// The session property that names a PII session.
const PII_SESSION: &str = "pii_session";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartQuery {
    sql: String,
    #[serde(default)]
    session: BTreeMap<String, Value>,
}

/// Starts a query and gives its id.
pub async fn start_query(tools: &Tools, arguments: StartQuery) -> Result<Value, ExecuteError> {
    let session = session_properties(&arguments.session)?;
    let tables = tables_of(&arguments.sql);
    let model = tools.app.model().await.map_err(failed)?;
    let start = Start {
        id: random::id("qry"),
        fingerprint: fingerprint_of(tools, &model, tables.as_deref(), &session),
        sql: arguments.sql,
        session,
        principal: tools.principal.clone(),
        tables,
    };
    let id = start.id.clone();
    let title: String = start
        .sql
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(80)
        .collect();
    let tables = start.tables.clone();
    if let Err(error) = tools.app.queries.start(start).await.map_err(failed)? {
        return Err(with_way_out(tools, &model, tables.as_deref(), error));
    }
    let now = tools.app.clock.now();
    let result = NewResult {
        id: &id,
        owner: &tools.principal.user,
        title: &title,
        created_at: now,
        expires_at: now.plus_seconds(KEPT_SECONDS),
    };
    store::add_query(&tools.app.db, result)
        .await
        .map_err(|error| failed(error.into()))?;
    Ok(Value::String(id))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FetchResults {
    query_id: String,
    #[serde(default)]
    mode: Mode,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Inject,
    Display,
    Both,
}

/// Waits for a query's rows.
pub async fn fetch_results(tools: &Tools, arguments: FetchResults) -> Result<Value, ExecuteError> {
    let limit = match arguments.limit {
        None => MAX_ROWS,
        Some(limit @ 1..=MAX_ROWS) => limit,
        Some(limit) => {
            return Err(ExecuteError::new(
                ErrorKind::Invalid,
                format!("`limit` is {limit}; it must be between 1 and {MAX_ROWS}"),
            )
            .with_hint("aggregate in SQL rather than fetch more rows"));
        }
    };
    let shown = match arguments.mode {
        Mode::Display => 0,
        Mode::Inject | Mode::Both => limit,
    };
    let page = page(tools, &arguments.query_id, shown).await?;
    let truncated =
        page.kept.truncated || (arguments.mode != Mode::Display && page.kept.row_count > limit);
    let mut result = json!({
        "queryId": arguments.query_id,
        "columns": page.kept.columns,
        "row_count": page.kept.row_count,
        "truncated": truncated,
        "about": page.about,
    });
    if arguments.mode != Mode::Display {
        result["rows"] = Value::Array(page.rows.into_iter().map(Value::Object).collect());
    }
    if arguments.mode != Mode::Inject {
        result["display"] = json!(format!("skipper://results/{}", arguments.query_id));
    }
    Ok(result)
}

/// A query's rows, checked against what the caller may read now.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Everything but its rows.
    pub kept: Kept,
    /// Rows by column name.
    pub rows: Vec<Map<String, Value>>,
    /// What the answer rests on.
    pub about: About,
}

/// Waits for a query and reads its first rows.
pub async fn page(tools: &Tools, query_id: &str, limit: usize) -> Result<Page, ExecuteError> {
    let kept = finished(tools, query_id).await?;
    // Asked after the wait: what counts is what the caller may read when the rows are given.
    let model = tools.app.model().await.map_err(failed)?;
    if let Status::Failed { error } = kept.status {
        return Err(with_way_out(
            tools,
            &model,
            kept.start.tables.as_deref(),
            *error,
        ));
    }
    let fingerprint = fingerprint_of(
        tools,
        &model,
        kept.start.tables.as_deref(),
        &kept.start.session,
    );
    let user = &tools.principal.user;
    let View { kept, rows } = tools
        .app
        .queries
        .view(query_id, user, &fingerprint, limit)
        .await
        .map_err(failed)??;
    let rows = rows
        .into_iter()
        .map(|row| by_name(&kept.columns, row))
        .collect();
    let about = about(tools, &kept).await;
    Ok(Page { kept, rows, about })
}

/// The query once it no longer runs.
async fn finished(tools: &Tools, query_id: &str) -> Result<Kept, ExecuteError> {
    let until = tools.app.clock.now().plus_seconds(WAIT_SECONDS);
    let mut wait = Duration::from_millis(20);
    loop {
        let kept = described(tools, query_id).await?;
        if !matches!(kept.status, Status::Running { .. }) {
            return Ok(kept);
        }
        if tools.app.clock.now() >= until {
            let rows = kept.row_count;
            let message =
                format!("the query still runs after {WAIT_SECONDS} s, with {rows} rows so far");
            let again = format!("fetch_results({{queryId: \"{query_id}\"}})");
            return Err(ExecuteError::new(ErrorKind::Timeout, message)
                .with_code("query_running")
                .with_hint(format!(
                    "call {again} in a new snippet; do not start it again"
                )));
        }
        pause(wait).await;
        wait = (wait * 3 / 2).min(Duration::from_millis(500));
    }
}

/// Everything but the rows of a query of the caller's.
async fn described(tools: &Tools, query_id: &str) -> Result<Kept, ExecuteError> {
    // Asking about any other name would make an object for it.
    let is_id = query_id.strip_prefix("qry_").is_some_and(|rest| {
        (1..=64).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let user = &tools.principal.user;
    let kept = match is_id {
        true => tools
            .app
            .queries
            .describe(query_id, user)
            .await
            .map_err(failed)?,
        false => None,
    };
    kept.ok_or_else(|| {
        ExecuteError::new(
            ErrorKind::NotFound,
            format!("you have no query `{query_id}`"),
        )
        .with_code("query_not_found")
        .with_hint("results are kept for an hour; start the query again")
    })
}

fn by_name(columns: &[ResultColumn], row: Vec<Value>) -> Map<String, Value> {
    columns
        .iter()
        .map(|column| column.name.clone())
        .zip(row)
        .collect()
}

/// The tables that the statement names; none if it cannot be read to its end.
fn tables_of(sql: &str) -> Option<Vec<TableRef>> {
    let reading = townlake_sql::read(sql, &townlake_sql::Session::default()).ok()?;
    let mut tables: Vec<TableRef> = reading.tables.into_iter().map(|used| used.table).collect();
    tables.sort();
    tables.dedup();
    Some(tables)
}

/// What the caller may read of the query's tables, in one word that changes when it does.
fn fingerprint_of(
    tools: &Tools,
    model: &Model,
    tables: Option<&[TableRef]>,
    session: &[(String, String)],
) -> String {
    let named = session
        .iter()
        .find(|(name, _)| name == PII_SESSION)
        .map(|(_, id)| PiiSessionId::from(id.as_str()));
    let session = named.or_else(|| session_of(&tools.principal));
    let asker = Asker {
        user: &tools.principal.user,
        session: session.as_ref(),
    };
    let now = tools.app.clock.now();
    let accesses = match tables {
        Some(tables) => tables
            .iter()
            .map(|table| access(model, asker, table, now))
            .collect(),
        // It could have read anything that the caller can read.
        None => accessible_tables(model, asker, now),
    };
    fingerprint(&accesses, &tools.principal.user)
}

fn session_properties(
    properties: &BTreeMap<String, Value>,
) -> Result<Vec<(String, String)>, ExecuteError> {
    let invalid = |message: String| {
        ExecuteError::new(ErrorKind::Invalid, message)
            .with_hint("session holds properties by name, e.g. {pii_session: \"pii_...\"}")
    };
    properties
        .iter()
        .map(|(name, value)| {
            let plain = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
            if name.is_empty() || !plain {
                return Err(invalid(format!(
                    "`{name}` is not the name of a session property"
                )));
            }
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => {
                    return Err(invalid(format!(
                        "the session property `{name}` must be a text, number or boolean"
                    )));
                }
            };
            Ok((
                name.clone(),
                utf8_percent_encode(&text, NON_ALPHANUMERIC)
                    .to_string()
                    .replace("%5F", "_"),
            ))
        })
        .collect()
}

/// The policy's own advice on the first table that keeps the caller out, beside the gateway's words.
fn with_way_out(
    tools: &Tools,
    model: &Model,
    tables: Option<&[TableRef]>,
    error: ExecuteError,
) -> ExecuteError {
    if error.kind != ErrorKind::Permission || !error.next.is_empty() {
        return error;
    }
    let session = session_of(&tools.principal);
    let asker = Asker {
        user: &tools.principal.user,
        session: session.as_ref(),
    };
    let now = tools.app.clock.now();
    let refused = tables
        .unwrap_or_default()
        .iter()
        .find_map(|table| refusal(model, asker, table, &[], now));
    match refused {
        None => error,
        Some(refused) => {
            let advised = ExecuteError::from_advice(
                ErrorKind::Permission,
                refused.to_advice(&tools.app.public_url),
            );
            ExecuteError {
                sql_line: error.sql_line,
                sql_column: error.sql_column,
                ..advised
            }
        }
    }
}

/// What the answer rests on, as far as the catalog tells this caller. That it cannot tell costs nobody their rows.
async fn about(tools: &Tools, kept: &Kept) -> About {
    let names = kept.start.tables.clone().unwrap_or_default();
    let datasets: Vec<Dataset> = join_all(
        names
            .iter()
            .map(async |name| dataset(tools, &name.to_string()).await.ok()),
    )
    .await
    .into_iter()
    .flatten()
    .collect();
    let all_say = datasets.len() == names.len()
        && !datasets.is_empty()
        && datasets
            .iter()
            .all(|dataset| dataset.exactness != Exactness::Unknown);
    let exact = all_say.then(|| {
        datasets
            .iter()
            .all(|dataset| dataset.exactness == Exactness::Exact)
    });
    let words = words_of(&kept.start.sql);
    let masked_columns = datasets
        .iter()
        .flat_map(|dataset| {
            let mentioned = |name: &String| words.contains(name) || words.contains(&"*".to_owned());
            dataset
                .columns
                .iter()
                .filter(move |column| column.masked.is_some() && mentioned(&column.name))
                .map(|column| format!("{}.{}", dataset.name, column.name))
                .collect::<Vec<_>>()
        })
        .collect();
    About {
        as_of: kept.started_at,
        exact,
        masked_columns,
        tables: datasets
            .into_iter()
            .map(|dataset| AboutTable {
                name: dataset.name,
                exactness: dataset.exactness,
                freshness: dataset.freshness,
            })
            .collect(),
    }
}

/// The words of a statement in lower case, and `*` where it stands: enough to tell which columns it may mention.
fn words_of(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = sql
        .to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if sql.contains('*') {
        words.push("*".to_owned());
    }
    words
}

/// A page as JSON, for a reader that is no snippet.
impl Page {
    /// `{columns, rows, row_count, truncated, about}`.
    pub fn to_json(&self) -> Result<Value, ExecuteError> {
        Ok(json!({
            "columns": self.kept.columns,
            "rows": self.rows,
            "row_count": self.kept.row_count,
            "truncated": self.kept.truncated || self.rows.len() < self.kept.row_count,
            "about": to_value(&self.about)?,
        }))
    }
}
