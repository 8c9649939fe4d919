//! A query from its arrival to its end.

mod analysis;
mod describe;
mod registry;
mod run;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use townlake_protocol::trino::{Column, StatementStats};

use crate::bind::Read;
use crate::error::Failure;
use crate::policy::Access;
use crate::session::Session;

pub use registry::{Arrival, Registry};

/// What a page of an answer is made of.
#[derive(Debug)]
pub enum Part {
    /// Rows as JSON arrays with commas between them, and how many they are.
    Rows(Vec<u8>, u64),
    /// All rows were given.
    End,
}

/// What a statement's analysis tells the client.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The columns of its rows, if it has rows.
    pub columns: Option<Vec<Column>>,
    /// What kind of change it was, for statements without rows.
    pub update_type: Option<String>,
    /// Headers that change the client's session.
    pub headers: Vec<(&'static str, String)>,
}

/// Where a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn.
    Queued,
    /// It is being understood.
    Planning,
    /// It makes rows.
    Running,
    /// All its rows are made.
    Finished,
    /// It failed or was stopped.
    Failed,
}

impl State {
    /// As clients see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Planning => "PLANNING",
            Self::Running => "RUNNING",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
        }
    }
}

/// A query.
pub struct Query {
    /// Its id.
    pub id: String,
    /// Its text.
    pub sql: String,
    /// Its session.
    pub session: Session,
    /// When it came, milliseconds since 1970.
    pub created_millis: i64,
    /// The capability in its addresses.
    pub slug: String,
    pub(crate) started: Instant,
    pub(crate) state: Mutex<State>,
    pub(crate) head: Mutex<Option<Head>>,
    pub(crate) failure: Mutex<Option<Failure>>,
    pub(crate) reads: Mutex<Vec<Read>>,
    pub(crate) access: Mutex<Option<Access>>,
    pub(crate) cancel: CancellationToken,
    pub(crate) seen: Mutex<Instant>,
    pub(crate) rows: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) analysed_millis: AtomicU64,
    pub(crate) pages: tokio::sync::Mutex<Pages>,
    /// Wakes those who wait for the analysis.
    pub(crate) progress: tokio::sync::Notify,
    /// Cancelled once the client has the last page.
    pub(crate) delivered: CancellationToken,
}

/// The pages that were asked for, and those to come.
pub(crate) struct Pages {
    parts: mpsc::Receiver<Part>,
    /// A part that was looked at before its page was asked for.
    waiting: Option<Part>,
    /// The token of the next page; none after the last.
    pub next: Option<u64>,
    /// The last page, for who asks for it again.
    pub last: Option<(u64, Bytes)>,
}

impl Pages {
    pub fn new(parts: mpsc::Receiver<Part>) -> Self {
        Self {
            parts,
            waiting: None,
            next: Some(0),
            last: None,
        }
    }

    /// The next part; none if the query ended without one.
    pub async fn next_part(&mut self) -> Option<Part> {
        match self.waiting.take() {
            Some(part) => Some(part),
            None => self.parts.recv().await,
        }
    }

    /// Takes no more parts and drops those that came.
    pub fn close(&mut self) {
        self.parts.close();
        self.waiting = None;
        while self.parts.try_recv().is_ok() {}
    }

    /// Whether it is known already that no rows follow. A part that is met on the way is kept.
    pub fn is_at_end(&mut self) -> bool {
        if self.waiting.is_none() {
            self.waiting = self.parts.try_recv().ok();
        }
        matches!(self.waiting, Some(Part::End))
    }
}

impl Query {
    /// Stops it with a failure, unless it has one already.
    pub fn fail(&self, failure: Failure) {
        {
            let mut slot = self.failure.lock();
            let mut state = self.state.lock();
            // What was delivered to its end cannot fail any more.
            if slot.is_some() {
                return;
            }
            *slot = Some(failure);
            *state = State::Failed;
        }
        self.cancel.cancel();
        self.progress.notify_waiters();
    }

    /// Its failure, if it failed.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.lock().clone()
    }

    pub(crate) fn set_state(&self, state: State) {
        let mut slot = self.state.lock();
        if *slot != State::Failed {
            *slot = state;
        }
    }

    /// How far it is.
    pub fn stats(&self) -> StatementStats {
        let state = *self.state.lock();
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let done = matches!(state, State::Finished | State::Failed);
        let analysed = self.analysed_millis.load(Ordering::Relaxed);
        StatementStats {
            state: state.name().to_owned(),
            queued: state == State::Queued,
            scheduled: matches!(state, State::Running | State::Finished),
            progress_percentage: (state == State::Finished).then_some(100.0),
            nodes: 1,
            total_splits: 1,
            queued_splits: 0,
            running_splits: u64::from(!done),
            completed_splits: u64::from(done),
            cpu_time_millis: elapsed,
            wall_time_millis: elapsed,
            queued_time_millis: 0,
            elapsed_time_millis: elapsed,
            analysis_time_millis: analysed,
            planning_time_millis: analysed,
            processed_rows: self.rows.load(Ordering::Relaxed),
            processed_bytes: self.bytes.load(Ordering::Relaxed),
            ..StatementStats::default()
        }
    }

    /// Waits until its analysis is done or has failed, at most so long. Gives whether it is.
    pub async fn analysed(&self, at_most: std::time::Duration) -> bool {
        let deadline = tokio::time::Instant::now() + at_most;
        loop {
            let notified = self.progress.notified();
            if self.head.lock().is_some() || self.failure.lock().is_some() {
                return true;
            }
            if tokio::time::timeout_at(deadline, notified).await.is_err() {
                return self.head.lock().is_some() || self.failure.lock().is_some();
            }
        }
    }

    pub(crate) fn set_head(&self, head: Head) {
        *self.head.lock() = Some(head);
        self.progress.notify_waiters();
    }

    /// Notes that the client is still there.
    pub fn touch(&self) {
        *self.seen.lock() = Instant::now();
    }
}

/// Shared by those who look at it.
pub type QueryRef = Arc<Query>;
