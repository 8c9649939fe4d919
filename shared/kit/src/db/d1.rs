//! D1, through its binding. Reads and writes go to the primary: no session is opened, as access is decided here.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use wasm_bindgen::JsValue;
use worker::send::{SendFuture, SendWrapper};
use worker::{D1Database, D1PreparedStatement, D1Result, Env};

use super::{DatabaseError, Statement, Value, read};

/// A database. Clones share it.
#[derive(Clone)]
pub struct Database {
    d1: std::sync::Arc<SendWrapper<D1Database>>,
}

impl Database {
    /// The database that a binding of `wrangler.toml` names.
    pub fn from_env(env: &Env, binding: &str) -> Result<Self, DatabaseError> {
        let d1 = env.d1(binding)?;
        Ok(Self {
            d1: std::sync::Arc::new(SendWrapper::new(d1)),
        })
    }

    /// All rows of a query.
    pub async fn all<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError> {
        SendFuture::new(async {
            let result = self.prepare(sql, values)?.all().await?;
            rows(&result)?.into_iter().map(read).collect()
        })
        .await
    }

    /// The first row of a query, if there is one.
    pub async fn first<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// Runs one statement and says how many rows it changed.
    pub async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, DatabaseError> {
        SendFuture::new(async {
            let result = check(self.prepare(sql, values)?.run().await?)?;
            let changes = result.meta()?.and_then(|meta| meta.changes).unwrap_or(0);
            Ok(changes as u64)
        })
        .await
    }

    /// Runs all statements in one transaction: all of them or none.
    pub async fn batch(&self, statements: Vec<Statement>) -> Result<(), DatabaseError> {
        SendFuture::new(async {
            let prepared = statements
                .into_iter()
                .map(|Statement { sql, values }| self.prepare(&sql, values))
                .collect::<Result<Vec<_>, _>>()?;
            for result in self.d1.batch(prepared).await? {
                check(result)?;
            }
            Ok(())
        })
        .await
    }

    fn prepare(&self, sql: &str, values: Vec<Value>) -> Result<D1PreparedStatement, DatabaseError> {
        let values: Vec<JsValue> = values.into_iter().map(to_js).collect();
        Ok(self.d1.prepare(sql).bind(&values)?)
    }
}

fn to_js(value: Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        // D1 takes no BigInt.
        Value::Integer(number) => JsValue::from_f64(number as f64),
        Value::Real(number) => JsValue::from_f64(number),
        Value::Text(text) => JsValue::from_str(&text),
    }
}

fn check(result: D1Result) -> Result<D1Result, DatabaseError> {
    match result.error() {
        Some(message) => Err(DatabaseError::from_message(message)),
        None => Ok(result),
    }
}

fn rows(result: &D1Result) -> Result<Vec<Json>, DatabaseError> {
    if let Some(message) = result.error() {
        return Err(DatabaseError::from_message(message));
    }
    Ok(result.results()?)
}

impl From<worker::Error> for DatabaseError {
    fn from(error: worker::Error) -> Self {
        Self::from_message(error.to_string())
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database(D1)")
    }
}
