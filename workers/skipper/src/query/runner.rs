//! Starts a query, drives it to its end and answers its owner.

use serde_json::Value;
use townlake_core::names::UserName;
use townlake_kit::clock::Clock;
use townlake_kit::failure::Failure;
use townlake_kit::http::Service;
use townlake_kit::log;
use townlake_kit::trino::{self, Page, Statement, TrinoFailure};
use townlake_protocol::skipper::{ErrorKind, ExecuteError};
use townlake_protocol::trino::headers;

use super::rows::{collect, named};
use super::{Kept, MAX_RUN_SECONDS, Start, Status, View};

/// Where one query is kept.
pub trait Keep {
    /// What is kept of it, without its rows.
    fn load(&self) -> Result<Option<Kept>, Failure>;
    /// Keeps this in the place of what was kept, and these rows beside those that were.
    fn save(&self, kept: &Kept, rows: &[Vec<Value>]) -> Result<(), Failure>;
    /// The first rows.
    fn rows(&self, limit: usize) -> Result<Vec<Vec<Value>>, Failure>;
}

/// One query.
#[derive(Debug)]
pub struct Runner<K> {
    keep: K,
    gateway: Service,
    clock: Clock,
}

impl<K: Keep> Runner<K> {
    /// The query that is kept there.
    pub fn new(keep: K, gateway: Service, clock: Clock) -> Self {
        Self {
            keep,
            gateway,
            clock,
        }
    }

    /// Sends the statement. What the gateway refuses at once is an error; what fails later is found when its rows are
    /// asked for.
    pub async fn start(&self, start: Start) -> Result<Result<(), ExecuteError>, Failure> {
        if self.keep.load()?.is_some() {
            return Err(Failure::conflict(
                "query_exists",
                "a query of this id was started before",
            ));
        }
        let session: Vec<String> = start
            .session
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let session = session.join(",");
        let sent = if session.is_empty() {
            vec![]
        } else {
            vec![(headers::SESSION, session.as_str())]
        };
        let statement = Statement {
            sql: &start.sql,
            principal: Some(&start.principal),
            source: "skipper",
            headers: &sent,
        };
        let started_at = self.clock.now();
        let page = match trino::start(&self.gateway, statement).await {
            Ok(page) => page,
            Err(failure) => return Ok(Err(explain(failure))),
        };
        let kept = Kept {
            start,
            status: Status::Finished,
            columns: Vec::new(),
            row_count: 0,
            bytes: 0,
            truncated: false,
            started_at,
        };
        self.take(kept, page).await?;
        Ok(Ok(()))
    }

    /// Goes on with a running query until it is no longer running.
    pub async fn drive(&self) -> Result<(), Failure> {
        while let Some(mut kept) = self.keep.load()? {
            let Status::Running { next } = kept.status.clone() else {
                return Ok(());
            };
            let principal = kept.start.principal.clone();
            if self.clock.now() > kept.started_at.plus_seconds(MAX_RUN_SECONDS) {
                self.give_up(&kept, &next).await;
                let error = ExecuteError::new(
                    ErrorKind::Timeout,
                    format!("the query ran longer than {MAX_RUN_SECONDS} s"),
                )
                .with_hint("read less: filter by time, or aggregate first");
                kept.status = Status::Failed {
                    error: Box::new(error),
                };
                self.keep.save(&kept, &[])?;
                return Ok(());
            }
            match trino::next(&self.gateway, Some(&principal), &next).await {
                Ok(page) => self.take(kept, page).await?,
                Err(failure) => {
                    kept.status = Status::Failed {
                        error: Box::new(explain(failure)),
                    };
                    self.keep.save(&kept, &[])?;
                }
            }
        }
        Ok(())
    }

    /// Everything but the rows, for the owner. To anyone else it does not exist.
    pub fn describe(&self, user: &UserName) -> Result<Option<Kept>, Failure> {
        Ok(self
            .keep
            .load()?
            .filter(|kept| &kept.start.principal.user == user))
    }

    /// The first rows, for the owner as long as they may read the same as when they asked.
    pub fn view(
        &self,
        user: &UserName,
        fingerprint: &str,
        limit: usize,
    ) -> Result<Result<View, ExecuteError>, Failure> {
        let Some(kept) = self.describe(user)? else {
            return Ok(Err(unknown()));
        };
        if kept.start.fingerprint != fingerprint {
            return Ok(Err(ExecuteError::new(
                ErrorKind::Permission,
                "what you may read of these tables has changed since the query was started",
            )
            .with_code("result_outdated")
            .with_hint("start the query again")));
        }
        let rows = self.keep.rows(limit)?;
        Ok(Ok(View { kept, rows }))
    }

    async fn take(&self, mut kept: Kept, page: Page) -> Result<(), Failure> {
        if let Some(columns) = page.columns.filter(|_| kept.columns.is_empty()) {
            kept.columns = named(columns);
        }
        let rows = match &page.data {
            None => Vec::new(),
            Some(data) => serde_json::from_str(data.get()).map_err(|error| {
                Failure::internal(format!("a page of rows cannot be read: {error}"))
            })?,
        };
        let collected = collect(&kept.columns, rows, kept.row_count, kept.bytes);
        kept.row_count += collected.rows.len();
        kept.bytes += collected.bytes;
        kept.status = match page.next {
            None => {
                kept.truncated |= collected.full;
                Status::Finished
            }
            Some(next) if collected.full => {
                self.give_up(&kept, &next).await;
                kept.truncated = true;
                Status::Finished
            }
            Some(next) => Status::Running { next },
        };
        self.keep.save(&kept, &collected.rows)
    }

    /// An abandoned query ends by itself, so that a failure here is only worth a line.
    async fn give_up(&self, kept: &Kept, next: &str) {
        if let Err(failure) = trino::cancel(&self.gateway, Some(&kept.start.principal), next).await
        {
            log::warn(
                "a query could not be cancelled",
                &[("failure", failure.to_string().into())],
            );
        }
    }
}

/// There is no such query, or it is another's.
pub fn unknown() -> ExecuteError {
    ExecuteError::new(ErrorKind::NotFound, "there is no such query of yours")
        .with_code("query_not_found")
        .with_hint("results are kept for an hour; start the query again")
}

/// A failed statement as a snippet sees it.
fn explain(failure: TrinoFailure) -> ExecuteError {
    match failure {
        TrinoFailure::Query { error, .. } => {
            let kind = match error.error_name.as_str() {
                "PERMISSION_DENIED" => ErrorKind::Permission,
                "TABLE_NOT_FOUND" | "SCHEMA_NOT_FOUND" | "CATALOG_NOT_FOUND"
                | "COLUMN_NOT_FOUND" => ErrorKind::NotFound,
                "EXCEEDED_TIME_LIMIT" => ErrorKind::Timeout,
                "QUERY_QUEUE_FULL" | "SERVER_STARTING_UP" => ErrorKind::Unavailable,
                _ => ErrorKind::Sql,
            };
            let location = error.error_location.as_ref();
            ExecuteError {
                code: Some(error.error_name.to_lowercase()),
                sql_line: location.map(|at| at.line_number),
                sql_column: location.map(|at| at.column_number),
                ..ExecuteError::new(kind, error.message)
            }
        }
        TrinoFailure::Http(townlake_kit::http::HttpError::Refused { problem }) => (*problem).into(),
        TrinoFailure::Http(error) => ExecuteError::new(ErrorKind::Unavailable, error.to_string())
            .with_hint("try again in a few seconds; the query may have to be started again"),
        TrinoFailure::Late { .. } => ExecuteError::new(ErrorKind::Timeout, failure.to_string()),
    }
}
