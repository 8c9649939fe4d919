//! A small engine behind the gateway's route: Trino's protocol in pages, and the statements that Skimmer sends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};

/// A table's columns (name, type) and rows.
#[derive(Clone, Default)]
pub struct Table {
    pub columns: Vec<(String, String)>,
    pub rows: Vec<Vec<Value>>,
    pub comment: Option<String>,
    pub view: bool,
}

/// What the engine has, and what is wrong with it.
#[derive(Default)]
pub struct Engine {
    /// By `catalog.schema.table`.
    pub tables: BTreeMap<String, Table>,
    /// Answers nothing at all.
    pub down: bool,
    /// Catalogs that fail.
    pub broken_catalogs: BTreeSet<String>,
    /// Tables that cannot be read; the message quotes a value, as engines do.
    pub broken_tables: BTreeSet<String>,
    /// Does not know `substr`.
    pub cannot_cut: bool,
    /// Every statement, as it came.
    pub statements: Vec<String>,
    pages: BTreeMap<String, Value>,
    queries: usize,
}

pub type Shared = Arc<Mutex<Engine>>;

pub fn router(engine: Shared) -> Router {
    Router::new()
        .route("/v1/statement", post(start))
        .route(
            "/t/c.m/v1/statement/executing/{id}/{token}",
            get(page).delete(async || StatusCode::NO_CONTENT),
        )
        .with_state(engine)
}

async fn start(State(engine): State<Shared>, sql: String) -> Response {
    let mut engine = engine.lock().unwrap();
    engine.statements.push(sql.clone());
    if engine.down {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    engine.queries += 1;
    let id = format!("20260501_{:06}_x", engine.queries);
    let head = json!({"id": id, "infoUri": "https://lake.example/ui", "stats": {"state": "QUEUED"}, "warnings": []});
    let (columns, rows) = match engine.answer(&sql) {
        Ok(answer) => answer,
        Err((name, message)) => {
            let mut failed = head;
            failed["error"] = json!({"message": message, "errorCode": 1, "errorName": name, "errorType": "USER_ERROR"});
            return axum::Json(failed).into_response();
        }
    };
    let columns: Vec<Value> = columns
        .iter()
        .map(|name| json!({"name": name, "type": "varchar"}))
        .collect();
    // A page without rows, then the rows in two halves.
    let halves = rows.split_at(rows.len() / 2);
    let halves: Vec<Value> = [halves.0, halves.1]
        .iter()
        .map(|half| json!(half))
        .collect();
    for (token, data) in halves.iter().enumerate() {
        let mut page = head.clone();
        page["columns"] = json!(columns);
        page["data"] = data.clone();
        if token == 0 {
            page["nextUri"] = json!(format!(
                "https://lake.example/t/c.m/v1/statement/executing/{id}/1"
            ));
        }
        engine.pages.insert(format!("{id}/{token}"), page);
    }
    let mut first = head;
    first["nextUri"] = json!(format!(
        "https://lake.example/t/c.m/v1/statement/executing/{id}/0"
    ));
    axum::Json(first).into_response()
}

async fn page(State(engine): State<Shared>, Path((id, token)): Path<(String, String)>) -> Response {
    // Others get their turn meanwhile, as over a network.
    tokio::time::sleep(Duration::from_millis(2)).await;
    match engine.lock().unwrap().pages.get(&format!("{id}/{token}")) {
        Some(page) => axum::Json(page.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

type Answer = Result<(Vec<String>, Vec<Vec<Value>>), (&'static str, String)>;

impl Engine {
    fn answer(&self, sql: &str) -> Answer {
        if sql == "SHOW CATALOGS" {
            let catalogs: BTreeSet<&str> = self
                .tables
                .keys()
                .filter_map(|name| name.split('.').next())
                .chain(["system"])
                .collect();
            return Ok((
                vec!["Catalog".to_owned()],
                catalogs.into_iter().map(|name| vec![json!(name)]).collect(),
            ));
        }
        if let Some((_, catalog)) = sql.split_once("catalog_name = '") {
            return self.metadata(catalog.trim_end_matches('\''), |schema, name, table| {
                vec![vec![json!(schema), json!(name), json!(table.comment)]]
            });
        }
        if let Some((head, what)) = sql.split_once(".information_schema.") {
            let catalog = head.rsplit(' ').next().unwrap().trim_matches('"');
            return match what.starts_with("tables") {
                true => self.metadata(catalog, |schema, name, table| {
                    vec![vec![
                        json!(schema),
                        json!(name),
                        json!(if table.view { "VIEW" } else { "BASE TABLE" }),
                    ]]
                }),
                false => self.metadata(catalog, |schema, name, table| {
                    let row = |(at, (column, kind)): (usize, &(String, String))| {
                        vec![
                            json!(schema),
                            json!(name),
                            json!(column),
                            json!(kind),
                            json!(at + 1),
                        ]
                    };
                    table.columns.iter().enumerate().map(row).collect()
                }),
            };
        }
        self.select(sql)
    }

    fn metadata(
        &self,
        catalog: &str,
        rows: impl Fn(&str, &str, &Table) -> Vec<Vec<Value>>,
    ) -> Answer {
        if self.broken_catalogs.contains(catalog) {
            return Err(("JDBC_ERROR", "connection refused".to_owned()));
        }
        let mut all = Vec::new();
        for (name, table) in &self.tables {
            let parts: Vec<&str> = name.splitn(3, '.').collect();
            if let [of, schema, name] = parts.as_slice()
                && *of == catalog
            {
                all.extend(rows(schema, name, table));
            }
        }
        Ok((vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], all))
    }

    /// `SELECT "a", substr("b", 1, 400) AS "b" FROM "c"."s"."t" LIMIT 1000`
    fn select(&self, sql: &str) -> Answer {
        let (columns, rest) = sql
            .strip_prefix("SELECT ")
            .unwrap()
            .rsplit_once(" FROM ")
            .unwrap();
        let (name, limit) = rest.split_once(" LIMIT ").unwrap();
        let name = name.replace('"', "");
        let table = self
            .tables
            .get(&name)
            .ok_or(("TABLE_NOT_FOUND", format!("no table {name}")))?;
        if self.broken_tables.contains(&name) {
            return Err((
                "INVALID_CAST_ARGUMENT",
                "Cannot cast 'raw-value-in-message' to integer".to_owned(),
            ));
        }
        if self.cannot_cut && columns.contains("substr(") {
            return Err(("FUNCTION_NOT_FOUND", "no function substr".to_owned()));
        }
        let wanted: Vec<&str> = columns
            .replace(", 1, 400)", "")
            .split(", ")
            .map(|column| column.rsplit('"').nth(1).unwrap().to_owned())
            .map(|column| {
                table
                    .columns
                    .iter()
                    .position(|(name, _)| *name == column)
                    .unwrap()
            })
            .map(|at| table.columns[at].0.as_str())
            .collect();
        let at = |name: &str| {
            table
                .columns
                .iter()
                .position(|(other, _)| other == name)
                .unwrap()
        };
        let rows = table.rows.iter().take(limit.parse().unwrap());
        let rows = rows
            .map(|row| wanted.iter().map(|name| row[at(name)].clone()).collect())
            .collect();
        Ok((wanted.iter().map(|name| (*name).to_owned()).collect(), rows))
    }
}
