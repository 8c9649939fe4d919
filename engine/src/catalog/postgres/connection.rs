//! Connections: opened when needed, kept while idle, dropped when broken.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_postgres::{Client, Config, NoTls};

use townlake_protocol::trino::ErrorCode;

use crate::error::{Failure, Result};

/// A database on the same network answers much sooner; one that is away should not hold up a query.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Idle connections that are kept. Postgres allows 100 in all by default.
const KEPT: usize = 8;

/// Where a database is, and the connections to it that nobody uses right now.
#[derive(Debug)]
pub struct Connections {
    catalog: String,
    config: Config,
    idle: Mutex<Vec<Arc<Client>>>,
}

/// A connection in use. It goes back when dropped, unless it broke or was left in the middle of a result.
#[derive(Debug)]
pub struct Connection {
    client: Arc<Client>,
    home: Arc<Connections>,
    reading: bool,
}

impl Connections {
    /// Connections to the address; none is opened yet.
    pub fn new(catalog: &str, address: &str) -> Result<Self> {
        let mut config: Config = address.trim().parse().map_err(|_| {
            Failure::new(
                ErrorCode::GenericInternalError,
                format!("the address of catalog `{catalog}` is not a postgres:// address"),
            )
        })?;
        config
            .connect_timeout(CONNECT_WITHIN)
            .application_name("townlake");
        // Reading is all the engine does here; the database is told so.
        config.options("-c default_transaction_read_only=on");
        Ok(Self {
            catalog: catalog.to_owned(),
            config,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// The catalog's name, for messages.
    pub fn catalog(&self) -> &str {
        &self.catalog
    }

    /// A connection that worked when it was last used.
    pub async fn get(self: &Arc<Self>) -> Result<Connection> {
        loop {
            let Some(client) = self.idle.lock().pop() else {
                break;
            };
            if !client.is_closed() {
                return Ok(Connection {
                    client,
                    home: Arc::clone(self),
                    reading: false,
                });
            }
        }
        let connecting = self.config.connect(NoTls);
        let (client, connection) = tokio::time::timeout(CONNECT_WITHIN, connecting)
            .await
            .map_err(|_| self.away("it did not answer in time"))?
            .map_err(|error| self.failed(&error))?;
        let catalog = self.catalog.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(catalog, %error, "a connection to Postgres ended");
            }
        });
        Ok(Connection {
            client: Arc::new(client),
            home: Arc::clone(self),
            reading: false,
        })
    }

    /// What Postgres or the way to it complains about. Its detail is left out: it may quote a row.
    pub fn failed(&self, error: &tokio_postgres::Error) -> Failure {
        match error.as_db_error() {
            Some(refusal) => Failure::new(
                ErrorCode::JdbcError,
                format!(
                    "catalog `{}`: Postgres says: {}",
                    self.catalog,
                    refusal.message()
                ),
            ),
            None => self.away(&error.to_string()),
        }
    }

    fn away(&self, reason: &str) -> Failure {
        Failure::new(
            ErrorCode::JdbcError,
            format!(
                "the Postgres database of catalog `{}` does not answer ({reason}); try again shortly",
                self.catalog
            ),
        )
    }
}

impl Connection {
    /// Says that a result is being read: until its end, the connection is of no use to anyone else.
    pub fn begin_reading(&mut self) {
        self.reading = true;
    }

    /// Says that the result was read to its end.
    pub fn end_reading(&mut self) {
        self.reading = false;
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reading {
            // Nobody wants the rest: Postgres is told to stop, and the connection goes with it.
            let cancel = self.client.cancel_token();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    if let Err(error) = cancel.cancel_query(NoTls).await {
                        tracing::warn!(%error, "a query in Postgres could not be stopped");
                    }
                });
            }
            return;
        }
        let mut idle = self.home.idle.lock();
        if !self.client.is_closed() && idle.len() < KEPT {
            idle.push(Arc::clone(&self.client));
        }
    }
}
