//! A query as a Durable Object: its own SQLite keeps it, its alarm drives it and, an hour later, removes it.
#![expect(
    missing_docs,
    reason = "the macro of the Durable Object writes functions without any"
)]

use axum::body::Body;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use townlake_core::names::UserName;
use townlake_kit::clock::Clock;
use townlake_kit::failure::Failure;
use townlake_kit::http::{Service, read_bytes};
use townlake_kit::log;
use townlake_kit::send::SendFuture;
use townlake_protocol::skipper::ExecuteError;
use worker::{
    DurableObject, Env, ObjectNamespace, Request, RequestInit, Response, SqlStorage,
    SqlStorageValue, State, durable_object, wasm_bindgen,
};

use super::runner::{Keep, Runner, unknown};
use super::{KEPT_SECONDS, Kept, Start, Status, View};

/// Rows of one stored piece. A piece must stay below the 2 MB that a value in SQLite may have on the runtime.
const ROWS_PER_PIECE: usize = 200;
const BYTES_PER_PIECE: usize = 1 << 20;

/// What the object is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
enum Ask {
    Start {
        start: Box<Start>,
    },
    Describe {
        user: UserName,
    },
    View {
        user: UserName,
        fingerprint: String,
        limit: usize,
    },
}

/// All queries, by their binding.
#[derive(Debug, Clone)]
pub struct Queries {
    namespace: ObjectNamespace,
}

impl Queries {
    /// The binding of `wrangler.toml`.
    pub fn from_env(env: &Env, binding: &str) -> worker::Result<Self> {
        Ok(Self {
            namespace: env.durable_object(binding)?,
        })
    }

    /// Starts a query.
    pub async fn start(&self, start: Start) -> Result<Result<(), ExecuteError>, Failure> {
        let id = start.id.clone();
        self.ask(
            &id,
            &Ask::Start {
                start: Box::new(start),
            },
        )
        .await
    }

    /// Everything but the rows.
    pub async fn describe(&self, id: &str, user: &UserName) -> Result<Option<Kept>, Failure> {
        self.ask(id, &Ask::Describe { user: user.clone() }).await
    }

    /// The first rows.
    pub async fn view(
        &self,
        id: &str,
        user: &UserName,
        fingerprint: &str,
        limit: usize,
    ) -> Result<Result<View, ExecuteError>, Failure> {
        self.ask(
            id,
            &Ask::View {
                user: user.clone(),
                fingerprint: fingerprint.to_owned(),
                limit,
            },
        )
        .await
    }

    async fn ask<T: DeserializeOwned>(&self, id: &str, ask: &Ask) -> Result<T, Failure> {
        let unavailable =
            |error: worker::Error| Failure::unavailable("the query", error.to_string());
        let body =
            serde_json::to_string(ask).map_err(|error| Failure::internal(error.to_string()))?;
        let bytes = SendFuture::new(async {
            let stub = self.namespace.get_by_name(id).map_err(unavailable)?;
            let mut init = RequestInit::new();
            init.with_method(worker::Method::Post)
                .with_body(Some(body.into()));
            let request = Request::new_with_init("http://query/", &init).map_err(unavailable)?;
            let response = stub
                .fetch_with_request(request)
                .await
                .map_err(unavailable)?;
            let status = response.status_code();
            let response: http::Response<worker::Body> =
                response.try_into().map_err(unavailable)?;
            let bytes = read_bytes("query", Body::new(response.into_body()))
                .await
                .map_err(Failure::from)?;
            if status == 200 {
                Ok(bytes)
            } else {
                Err(Failure::unavailable(
                    "the query",
                    format!("status {status}"),
                ))
            }
        })
        .await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::internal(format!("a query's answer: {error}")))
    }
}

/// One query.
#[durable_object]
pub struct QueryObject {
    state: State,
    env: Env,
}

impl DurableObject for QueryObject {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let ask: Ask = request.json().await?;
        match self.answer(ask).await {
            Ok(answer) => Response::ok(answer),
            Err(failure) => {
                log::error(
                    "a query failed on our side",
                    &[("code", failure.problem().code.as_str().into())],
                );
                Response::error(failure.problem().title.clone(), 500)
            }
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let failed = |failure: Failure| worker::Error::RustError(failure.problem().title.clone());
        let kept = self.pieces().load().map_err(failed)?;
        let running = kept.is_some_and(|kept| matches!(kept.status, Status::Running { .. }));
        if !running {
            self.state.storage().delete_all().await?;
            return Response::empty();
        }
        // A failure here makes the runtime ring again, and the query goes on from its last page.
        self.runner()?.drive().await.map_err(failed)?;
        self.state.storage().set_alarm(KEPT_SECONDS * 1_000).await?;
        Response::empty()
    }
}

impl QueryObject {
    async fn answer(&self, ask: Ask) -> Result<String, Failure> {
        let broken = |error: worker::Error| Failure::unavailable("the query", error.to_string());
        let answer = match ask {
            Ask::Start { start } => {
                self.pieces().create()?;
                let started = self.runner().map_err(broken)?.start(*start).await?;
                // Now: the alarm drives it. Refused statements leave nothing behind.
                if started.is_ok() {
                    self.state
                        .storage()
                        .set_alarm(0_i64)
                        .await
                        .map_err(broken)?;
                } else {
                    self.state.storage().delete_all().await.map_err(broken)?;
                }
                to_json(&started)
            }
            Ask::Describe { user } => match self.pieces().exists()? {
                false => to_json::<Option<Kept>>(&None),
                true => to_json(&self.runner().map_err(broken)?.describe(&user)?),
            },
            Ask::View {
                user,
                fingerprint,
                limit,
            } => match self.pieces().exists()? {
                false => to_json::<Result<View, ExecuteError>>(&Err(unknown())),
                true => to_json(&self.runner().map_err(broken)?.view(
                    &user,
                    &fingerprint,
                    limit,
                )?),
            },
        };
        answer.map_err(|error| Failure::internal(error.to_string()))
    }

    fn pieces(&self) -> Pieces {
        Pieces {
            sql: self.state.storage().sql(),
        }
    }

    fn runner(&self) -> worker::Result<Runner<Pieces>> {
        let gateway = Service::from_env(&self.env, "GATEWAY")
            .map_err(|error| worker::Error::RustError(error.to_string()))?;
        Ok(Runner::new(self.pieces(), gateway, Clock::system()))
    }
}

fn to_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string(value)
}

/// The object's SQLite: one row says how far the query is, the others hold its rows in pieces.
struct Pieces {
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Piece {
    json: String,
}

impl Pieces {
    fn create(&self) -> Result<(), Failure> {
        self.run("CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL)", vec![])?;
        self.run(
            "CREATE TABLE IF NOT EXISTS pieces (position INTEGER PRIMARY KEY, json TEXT NOT NULL)",
            vec![],
        )?;
        Ok(())
    }

    fn exists(&self) -> Result<bool, Failure> {
        let found = self.all(
            "SELECT name AS json FROM sqlite_master WHERE type = 'table' AND name = 'kept'",
            vec![],
        )?;
        Ok(!found.is_empty())
    }

    fn run(&self, sql: &str, values: Vec<SqlStorageValue>) -> Result<(), Failure> {
        self.sql.exec(sql, values).map(|_| ()).map_err(broken)
    }

    fn all(&self, sql: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Piece>, Failure> {
        self.sql
            .exec(sql, values)
            .and_then(|cursor| cursor.to_array())
            .map_err(broken)
    }
}

impl Keep for Pieces {
    fn load(&self) -> Result<Option<Kept>, Failure> {
        if !self.exists()? {
            return Ok(None);
        }
        match self
            .all("SELECT json FROM kept WHERE id = 1", vec![])?
            .into_iter()
            .next()
        {
            None => Ok(None),
            Some(piece) => serde_json::from_str(&piece.json)
                .map(Some)
                .map_err(|error| Failure::internal(error.to_string())),
        }
    }

    fn save(&self, kept: &Kept, rows: &[Vec<Value>]) -> Result<(), Failure> {
        // Statements without an await between them are one transaction to the runtime.
        let json = to_json(kept).map_err(|error| Failure::internal(error.to_string()))?;
        self.run(
            "INSERT OR REPLACE INTO kept (id, json) VALUES (1, ?)",
            vec![SqlStorageValue::String(json)],
        )?;
        for piece in pieces_of(rows)? {
            self.run(
                "INSERT INTO pieces (json) VALUES (?)",
                vec![SqlStorageValue::String(piece)],
            )?;
        }
        Ok(())
    }

    fn rows(&self, limit: usize) -> Result<Vec<Vec<Value>>, Failure> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for piece in self.all("SELECT json FROM pieces ORDER BY position", vec![])? {
            let some: Vec<Vec<Value>> = serde_json::from_str(&piece.json)
                .map_err(|error| Failure::internal(error.to_string()))?;
            rows.extend(some);
            if rows.len() >= limit {
                break;
            }
        }
        rows.truncate(limit);
        Ok(rows)
    }
}

/// The rows as JSON arrays of at most so many bytes each.
fn pieces_of(rows: &[Vec<Value>]) -> Result<Vec<String>, Failure> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut count = 0;
    for row in rows {
        let json = to_json(row).map_err(|error| Failure::internal(error.to_string()))?;
        if count > 0 && (count == ROWS_PER_PIECE || piece.len() + json.len() > BYTES_PER_PIECE) {
            pieces.push(format!("[{piece}]"));
            piece.clear();
            count = 0;
        }
        if count > 0 {
            piece.push(',');
        }
        piece.push_str(&json);
        count += 1;
    }
    if count > 0 {
        pieces.push(format!("[{piece}]"));
    }
    Ok(pieces)
}

fn broken(error: worker::Error) -> Failure {
    Failure::unavailable("the query", error.to_string())
}
