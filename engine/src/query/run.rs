//! Runs a query: analysis, then pages of rows as they come.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use tokio::sync::{Semaphore, mpsc};
use townlake_protocol::trino::ErrorCode;

use super::analysis::{self, Work};
use super::{Part, Query, State, watch};
use crate::encode::{self, Dialect};
use crate::engine::Engine;
use crate::error::{Failure, Result};
use crate::policy::Access;
use crate::types::Shown;

/// A page is sent once it has this many bytes; a single row may be longer.
const PAGE: usize = 1 << 20;

/// Rows encoded between two looks at the page's size.
const STEP: usize = 1024;

/// Rows that are ready are not held back for longer than this.
const LINGER: Duration = Duration::from_millis(100);

/// What a query starts with.
pub struct Start {
    /// Whose it is, before the policy had its say.
    pub original_user: Option<String>,
    /// The same for the user.
    pub user: Option<String>,
    /// Waits for its turn here.
    pub turns: Arc<Semaphore>,
    /// Where the work is done.
    pub runtime: tokio::runtime::Handle,
}

/// Runs a query to its end, whatever that is.
///
/// The work is done elsewhere: a join that finds nothing can keep all threads of its runtime busy for minutes, and
/// whoever stops the query, and the log of it, must not wait for that.
pub async fn drive(engine: Engine, query: Arc<Query>, sender: mpsc::Sender<Part>, start: Start) {
    let runtime = start.runtime.clone();
    let mut work = runtime.spawn(work(
        engine.clone(),
        Arc::clone(&query),
        sender.clone(),
        start,
    ));
    let result = tokio::select! {
        result = &mut work => result.unwrap_or_else(|error| Err(Failure::internal(error.to_string()))),
        () = query.cancel.cancelled() => {
            work.abort();
            Ok(())
        }
    };
    match result {
        Ok(()) => query.set_state(State::Finished),
        Err(failure) => {
            if failure.code == ErrorCode::GenericInternalError {
                tracing::error!(query.id = %query.id, "query {} failed: {}", query.id, failure.message);
            }
            query.fail(failure);
        }
    }
    if query.failure().is_none() {
        // The client learns of the end only from a page, so the query can still be stopped until then.
        let _ = sender.send(Part::End).await;
        tokio::select! {
            () = query.delivered.cancelled() => {}
            () = query.cancel.cancelled() => {}
        }
    }
    engine.events.completed(&query, &engine.environment);
}

/// Waits for the query's turn and runs it, within its own time limit if the session has one.
async fn work(
    engine: Engine,
    query: Arc<Query>,
    sender: mpsc::Sender<Part>,
    start: Start,
) -> Result<()> {
    let limit = analysis::run_time(&query.session)?;
    if query.failure().is_some() {
        return Ok(());
    }
    let _turn = start
        .turns
        .acquire()
        .await
        .map_err(|_| Failure::internal("the engine is shutting down"))?;
    let run = run(
        &engine,
        &query,
        &sender,
        start.original_user.as_deref(),
        start.user.as_deref(),
    );
    match limit {
        None => run.await,
        Some(limit) => tokio::time::timeout(limit, run).await.unwrap_or_else(|_| {
            Err(Failure::new(
                ErrorCode::ExceededTimeLimit,
                format!(
                    "Query exceeded the maximum run time limit of {:.2}s",
                    limit.as_secs_f64()
                ),
            ))
        }),
    }
}

async fn run(
    engine: &Engine,
    query: &Arc<Query>,
    sender: &mpsc::Sender<Part>,
    original_user: Option<&str>,
    user: Option<&str>,
) -> Result<()> {
    query.set_state(State::Planning);
    let policy = engine.policy.current()?;
    let access = Access::of_request(policy, &query.session.principal, original_user, user)?;
    access.check_can_execute_query()?;
    analysis::check_session(&query.session, &access)?;
    *query.access.lock() = Some(access.clone());
    let outcome = analysis::analyse(engine, query, &access).await?;
    *query.reads.lock() = outcome.reads;
    query.analysed_millis.store(
        u64::try_from(query.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        Ordering::Relaxed,
    );
    // The policy may have changed between the analysis and the moment the tables were noted.
    watch::check(query, &engine.policy.current()?);
    tokio::spawn(watch::expire(Arc::clone(query)));
    query.set_head(outcome.head);
    query.set_state(State::Running);
    match outcome.work {
        Work::Nothing => Ok(()),
        Work::Rows(types, batches) => {
            let mut pages = Pages::new(query, sender, types);
            for batch in batches {
                pages.add(&batch).await?;
            }
            pages.finish().await
        }
        Work::Plan(types, plan) => {
            let state = engine.state();
            let mut stream = execute_stream(plan, state.task_ctx())?;
            let mut pages = Pages::new(query, sender, types);
            loop {
                let next = if pages.is_empty() {
                    stream.next().await
                } else {
                    match tokio::time::timeout(LINGER, stream.next()).await {
                        Ok(next) => next,
                        Err(_) => {
                            pages.flush().await?;
                            continue;
                        }
                    }
                };
                match next {
                    Some(batch) => pages.add(&batch?).await?,
                    None => break,
                }
            }
            pages.finish().await
        }
    }
}

/// Gathers rows into pages.
struct Pages<'q> {
    query: &'q Query,
    sender: &'q mpsc::Sender<Part>,
    types: Vec<Shown>,
    dialect: Dialect,
    page: Vec<u8>,
    rows: u64,
    since: Instant,
}

impl<'q> Pages<'q> {
    fn new(query: &'q Query, sender: &'q mpsc::Sender<Part>, types: Vec<Shown>) -> Self {
        let dialect = Dialect {
            parametric_datetime: query.session.parametric_datetime,
        };
        Self {
            query,
            sender,
            types,
            dialect,
            page: Vec::new(),
            rows: 0,
            since: Instant::now(),
        }
    }

    fn is_empty(&self) -> bool {
        self.rows == 0
    }

    async fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            let to = (from + STEP).min(batch.num_rows());
            if self.rows == 0 {
                self.since = Instant::now();
            }
            encode::rows(batch, &self.types, from..to, self.dialect, &mut self.page)?;
            self.rows += (to - from) as u64;
            from = to;
            if self.page.len() >= PAGE || self.since.elapsed() > LINGER {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let page = std::mem::take(&mut self.page);
        let rows = std::mem::take(&mut self.rows);
        self.query.rows.fetch_add(rows, Ordering::Relaxed);
        self.query
            .bytes
            .fetch_add(page.len() as u64, Ordering::Relaxed);
        // Waits while the client has pages to read: that is the back-pressure.
        self.sender
            .send(Part::Rows(page, rows))
            .await
            .map_err(|_| Failure::new(ErrorCode::UserCanceled, "Query was canceled"))
    }

    async fn finish(&mut self) -> Result<()> {
        self.flush().await
    }
}
