//! A client of Trino's protocol.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::server::KEY;

/// A client of one engine.
pub struct Client {
    http: reqwest::Client,
    url: String,
}

/// What a statement came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Rows, possibly none.
    Rows {
        columns: Vec<String>,
        types: Vec<String>,
        rows: Vec<Value>,
    },
    /// A failure.
    Failed { name: String, message: String },
}

/// A token for a principal.
pub fn token(principal: &str) -> String {
    let claims = json!({"sub": principal, "exp": 4_102_444_800_i64});
    encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(&KEY),
    )
    .unwrap()
}

impl Client {
    pub fn new(url: &str) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: url.to_owned(),
        }
    }

    /// Runs a statement to its end.
    pub async fn run(&self, sql: &str, principal: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .http
            .post(format!("{}/v1/statement", self.url))
            .bearer_auth(token(principal))
            .header("x-trino-client-capabilities", "PARAMETRIC_DATETIME")
            .body(sql.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut page: Value = request.send().await.unwrap().json().await.unwrap();
        let (mut columns, mut types, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            if let Some(error) = page.get("error") {
                return Answer::Failed {
                    name: error["errorName"].as_str().unwrap().to_owned(),
                    message: error["message"].as_str().unwrap().to_owned(),
                };
            }
            if let Some(list) = page.get("columns").and_then(Value::as_array) {
                let texts = |key: &str| {
                    list.iter()
                        .map(|column| column[key].as_str().unwrap().to_owned())
                        .collect()
                };
                columns = texts("name");
                types = texts("type");
            }
            if let Some(data) = page.get("data").and_then(Value::as_array) {
                rows.extend(data.iter().cloned());
            }
            let Some(next) = page.get("nextUri").and_then(Value::as_str) else {
                return Answer::Rows {
                    columns,
                    types,
                    rows,
                };
            };
            page = self
                .http
                .get(next)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
        }
    }

    /// The page at which a statement ends.
    pub async fn last_page(&self, sql: &str, principal: &str) -> Value {
        let request = self
            .http
            .post(format!("{}/v1/statement", self.url))
            .bearer_auth(token(principal))
            .header("x-trino-transaction-id", "NONE")
            .body(sql.to_owned());
        let mut page: Value = request.send().await.unwrap().json().await.unwrap();
        while let Some(next) = page.get("nextUri").and_then(Value::as_str) {
            let answer = self.http.get(next).send().await.unwrap();
            page = answer.json().await.unwrap();
        }
        page
    }
}
