//! Completed queries, reported over HTTP in the shape of Trino's event listener.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use townlake_core::time::Timestamp;

use crate::clock;
use crate::query::{Query, State};

/// Events that wait to be sent; more are dropped, and that is logged.
const WAITING: usize = 10_000;

/// How often an event is tried before it is dropped.
const TRIES: u32 = 8;

/// Where completed queries are reported.
#[derive(Clone, Default)]
pub struct Events(Option<mpsc::Sender<Value>>);

impl Events {
    /// Nowhere.
    pub fn none() -> Self {
        Self(None)
    }

    /// To an address, with a credential. Sending goes on in the background.
    pub fn to(url: String, token: String) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(send(url, token, receiver));
        Self(Some(sender))
    }

    /// Reports a query that has ended.
    pub fn completed(&self, query: &Arc<Query>, environment: &str) {
        let Some(sender) = &self.0 else { return };
        if sender.try_send(event(query, environment)).is_err() {
            tracing::error!(query.id = %query.id, "the event of query {} was dropped: too many wait", query.id);
        }
    }
}

fn event(query: &Query, environment: &str) -> Value {
    let session = &query.session;
    let failure = query.failure();
    let state = if failure.is_some() {
        State::Failed
    } else {
        State::Finished
    };
    let tables: Vec<Value> = query
        .reads
        .lock()
        .iter()
        .map(|read| {
            let columns: Vec<Value> = read
                .columns
                .iter()
                .map(|(column, mask)| json!({"column": column, "mask": mask}))
                .collect();
            json!({
                "catalog": read.table.catalog,
                "schema": read.table.schema,
                "table": read.table.table,
                "columns": columns,
                "filters": read.filters,
                "directlyReferenced": true,
            })
        })
        .collect();
    let rows = query.rows.load(Ordering::Relaxed);
    let bytes = query.bytes.load(Ordering::Relaxed);
    // Both in seconds, as Trino's HTTP event listener has them.
    let wall = query.started.elapsed().as_secs_f64();
    let planning =
        Duration::from_millis(query.analysed_millis.load(Ordering::Relaxed)).as_secs_f64();
    json!({
        "metadata": {
            "queryId": query.id,
            "query": query.sql,
            "queryState": state.name(),
            "tables": tables,
        },
        "context": {
            "user": session.user,
            "originalUser": session.original_user,
            "principal": session.principal,
            "source": session.source,
            "catalog": session.catalog,
            "schema": session.schema,
            "timezone": session.zone.name(),
            "environment": environment,
        },
        "statistics": {
            "outputRows": rows,
            "outputBytes": bytes,
            "processedInputRows": rows,
            "processedInputBytes": bytes,
            "wallTime": wall,
            "planningTime": planning,
        },
        "failureInfo": failure.map(|failure| {
            let wire = failure.to_wire();
            json!({
                "errorCode": {
                    "code": wire.error_code,
                    "name": wire.error_name,
                    "type": wire.error_type,
                },
                "failureMessage": wire.message,
            })
        }),
        "createTime": Timestamp::from_millis(query.created_millis).to_string(),
        "endTime": clock::now().to_string(),
    })
}

async fn send(url: String, token: String, mut events: mpsc::Receiver<Value>) {
    let client = match reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()
    {
        Ok(client) => client,
        Err(error) => {
            tracing::error!("events cannot be sent: {error}");
            return;
        }
    };
    while let Some(event) = events.recv().await {
        for attempt in 0..TRIES {
            let result = client
                .post(&url)
                .bearer_auth(&token)
                .json(&event)
                .send()
                .await;
            let problem = match result {
                Ok(response) if response.status().is_success() => break,
                Ok(response) => format!("status {}", response.status().as_u16()),
                Err(error) => error.without_url().to_string(),
            };
            if attempt + 1 == TRIES {
                tracing::error!("an event was dropped after {TRIES} tries: {problem}");
            } else {
                tokio::time::sleep(Duration::from_millis(200 << attempt.min(6))).await;
            }
        }
    }
}
