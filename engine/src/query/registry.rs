//! The queries that the engine knows of.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::DateTime;
use hmac::{Hmac, Mac};
use parking_lot::Mutex;
use rand::RngCore;
use sha2::Sha256;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use townlake_protocol::trino::ErrorCode;

use super::{Pages, Query, QueryRef, State, run, watch};
use crate::clock;
use crate::engine::Engine;
use crate::error::Failure;
use crate::session::Session;

/// A client that does not ask for this long is gone.
const ABANDONED: Duration = Duration::from_secs(300);

/// An ended query is remembered for this long, for clients that ask for the last page again.
const REMEMBERED: Duration = Duration::from_secs(120);

/// Queries that run at once; the others wait.
const AT_ONCE: usize = 16;

/// Queries that may wait or run.
const AT_MOST: usize = 1000;

/// Queries that are known of, ended ones included; beyond it the ended ones are forgotten at once.
const REMEMBERED_AT_MOST: usize = 4 * AT_MOST;

/// A client whose answer got lost asks again within this time.
const RETRIED: Duration = Duration::from_secs(10);

/// Pages made ahead of the client: one being read and one being made.
const PAGES_AHEAD: usize = 2;

/// All queries.
pub struct Registry {
    engine: Engine,
    runtime: tokio::runtime::Handle,
    queries: Mutex<HashMap<String, QueryRef>>,
    key: [u8; 32],
    counter: AtomicU64,
    suffix: String,
    turns: Arc<Semaphore>,
}

/// How a statement arrives.
pub struct Arrival {
    /// Its text.
    pub sql: String,
    /// Its session.
    pub session: Session,
    /// What the headers asked for, before the policy had its say.
    pub requested_original_user: Option<String>,
    /// The same for the user.
    pub requested_user: Option<String>,
    /// A failure known before it runs.
    pub failure: Option<Failure>,
}

impl Registry {
    /// Queries run on the given runtime; it should not be the one that answers requests, which is the current one and
    /// watches over them.
    pub fn new(engine: Engine, runtime: tokio::runtime::Handle) -> Arc<Self> {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        let mut suffix = [0; 4];
        rand::rng().fill_bytes(&mut suffix);
        let suffix = suffix
            .iter()
            .map(|b| char::from(b'a' + b % 26))
            .chain("x".chars())
            .collect();
        let registry = Arc::new(Self {
            engine,
            runtime,
            queries: Mutex::default(),
            key,
            counter: AtomicU64::new(0),
            suffix,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        });
        tokio::spawn(sweep(Arc::downgrade(&registry)));
        tokio::spawn(watch::recheck(Arc::downgrade(&registry)));
        registry
    }

    /// The engine behind it.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Takes a statement in and starts it.
    pub fn submit(self: &Arc<Self>, arrival: Arrival) -> QueryRef {
        let id = self.next_id();
        let slug = self.slug(&id);
        let (sender, parts) = mpsc::channel(PAGES_AHEAD);
        let query = Arc::new(Query {
            slug,
            id: id.clone(),
            sql: arrival.sql,
            session: arrival.session,
            created_millis: clock::now().as_millis(),
            started: Instant::now(),
            state: Mutex::new(State::Queued),
            head: Mutex::new(None),
            failure: Mutex::new(None),
            reads: Mutex::default(),
            access: Mutex::new(None),
            cancel: CancellationToken::new(),
            seen: Mutex::new(Instant::now()),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            analysed_millis: AtomicU64::new(0),
            pages: tokio::sync::Mutex::new(Pages::new(parts)),
            progress: tokio::sync::Notify::new(),
            delivered: CancellationToken::new(),
        });
        if let Some(failure) = arrival.failure {
            query.fail(failure);
        }
        let full = {
            let mut queries = self.queries.lock();
            if queries.len() >= REMEMBERED_AT_MOST {
                queries.retain(|_, query| !is_over(query) || query.seen.lock().elapsed() < RETRIED);
            }
            let full = queries.values().filter(|query| !is_over(query)).count() >= AT_MOST;
            queries.insert(id, Arc::clone(&query));
            full
        };
        if full {
            query.fail(Failure::new(
                ErrorCode::QueryQueueFull,
                "Too many queued queries",
            ));
        }
        tokio::spawn(run::drive(
            self.engine.clone(),
            Arc::clone(&query),
            sender,
            run::Start {
                original_user: arrival.requested_original_user,
                user: arrival.requested_user,
                turns: Arc::clone(&self.turns),
                runtime: self.runtime.clone(),
            },
        ));
        query
    }

    /// The query of an id.
    pub fn find(&self, id: &str) -> Option<QueryRef> {
        self.queries.lock().get(id).cloned()
    }

    /// All queries at this moment.
    pub fn all(&self) -> Vec<QueryRef> {
        self.queries.lock().values().cloned().collect()
    }

    /// `20260501_120000_00001_abcdx`
    fn next_id(&self) -> String {
        let n = self.counter.fetch_add(1, Ordering::Relaxed);
        let at = DateTime::from_timestamp_millis(clock::now().as_millis()).unwrap_or_default();
        format!("{}_{:05}_{}", at.format("%Y%m%d_%H%M%S"), n, self.suffix)
    }

    /// The part of a query's addresses that cannot be guessed.
    fn slug(&self, id: &str) -> String {
        let mut mac = match <Hmac<Sha256> as Mac>::new_from_slice(&self.key) {
            Ok(mac) => mac,
            // A key of 32 bytes is always taken; without one nobody finds the query.
            Err(_) => return hex::encode(self.key),
        };
        mac.update(id.as_bytes());
        let bytes = mac.finalize().into_bytes();
        format!("y{}", hex::encode(bytes.get(..20).unwrap_or(&bytes)))
    }

    fn forget_old(&self) {
        let mut gone = Vec::new();
        self.queries.lock().retain(|_, query| {
            let idle = query.seen.lock().elapsed();
            let ended = is_over(query)
                && query
                    .pages
                    .try_lock()
                    .is_ok_and(|pages| pages.next.is_none());
            if !ended && idle > ABANDONED {
                gone.push(Arc::clone(query));
            }
            !(ended && idle > REMEMBERED || idle > ABANDONED + REMEMBERED)
        });
        for query in gone {
            query.fail(Failure::new(
                ErrorCode::AbandonedQuery,
                format!(
                    "Query {} was abandoned by the client, as it may have exited or stopped checking for query results",
                    query.id
                ),
            ));
        }
    }
}

/// Whether a query makes no more rows. Its client may still have some to fetch.
fn is_over(query: &QueryRef) -> bool {
    matches!(*query.state.lock(), State::Failed | State::Finished)
}

async fn sweep(registry: std::sync::Weak<Registry>) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        match registry.upgrade() {
            Some(registry) => registry.forget_old(),
            None => return,
        }
    }
}
