//! A scan: ask the engine what there is, tell the others, look at what is new, hand on proposals.

mod look;

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use http::Method;
use serde::Serialize;
use townlake_core::names::TableRef;
use townlake_core::pii::DETECTOR_VERSION;
use townlake_core::time::Timestamp;
use townlake_kit::clock::pause;
use townlake_kit::failure::Failure;
use townlake_kit::http::{HttpError, Service, json_request, read_bytes, read_json};
use townlake_kit::{log, random};
use townlake_protocol::skimmer::{Scan, ScanProblem, ScanState, ScanSummary, ScanTrigger};
use townlake_protocol::snapshot::{Snapshot, SnapshotTable};

use crate::app::App;
use crate::discover;
use crate::store::classifications::{self, Look, ModelState};
use crate::store::{scans, schema};

/// Problems that are listed of one scan; a broken catalog has as many as it has tables.
const MAX_PROBLEMS: usize = 50;
/// Columns that Lifeguard is told of at once.
const PROPOSALS_AT_ONCE: u32 = 500;
/// How long a request waits for a scan that runs already, and for the one after it.
const PATIENCE_SECONDS: i64 = 150;
/// How often a model that fails is asked about the same column, and how long it is left alone in between.
const MODEL_ATTEMPTS: u32 = 3;
const MODEL_REST_SECONDS: i64 = 600;

/// Why a scan is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What started it.
    pub trigger: ScanTrigger,
    /// Who asked, if it was a person.
    pub requested_by: Option<String>,
}

/// Scans now. While another scan runs, a request waits for its end, since it may have passed by what the caller wants
/// seen; all who wait share the scan that follows. The schedule does not wait: it takes the running one as its own.
pub async fn run(app: &App, order: Order) -> Result<Scan, Failure> {
    let asked_at = app.clock.now();
    let mut waited = Duration::ZERO;
    loop {
        let now = app.clock.now();
        let scan = Scan {
            id: random::id("scn"),
            trigger: order.trigger,
            requested_by: order.requested_by.clone(),
            state: ScanState::Running,
            started_at: now,
            finished_at: None,
            summary: ScanSummary::default(),
            problems: Vec::new(),
        };
        if waited > Duration::ZERO
            && let Some(scan) = scans::finished_since(&app.db, asked_at).await?
        {
            return Ok(scan);
        }
        if scans::claim(&app.db, &scan, now).await? {
            return carry_out(app, scan).await;
        }
        if order.trigger == ScanTrigger::Cron
            && let Some(running) = scans::list(&app.db, 1).await?.into_iter().next()
        {
            return Ok(running);
        }
        if waited.as_secs() as i64 > PATIENCE_SECONDS {
            return Err(Failure::unavailable(
                "the scan before this one",
                "it holds its claim for too long",
            ));
        }
        let step = Duration::from_millis(250);
        pause(step).await;
        waited += step;
    }
}

async fn carry_out(app: &App, mut scan: Scan) -> Result<Scan, Failure> {
    let result = steps(app, &mut scan).await;
    if let Err(failure) = &result {
        scan.state = ScanState::Failed;
        scan.problems.push(ScanProblem {
            what: "scan".to_owned(),
            detail: failure.problem().title.clone(),
        });
    }
    scan.problems.truncate(MAX_PROBLEMS);
    scan.finished_at = Some(app.clock.now());
    scans::finish(&app.db, &scan).await?;
    log::info(
        "a scan ended",
        &[
            ("scan", scan.id.clone().into()),
            ("scan.state", serde_json::json!(scan.state)),
            ("scan.summary", serde_json::json!(scan.summary)),
            ("scan.problems", scan.problems.len().into()),
        ],
    );
    result.map(|()| scan)
}

async fn steps(app: &App, scan: &mut Scan) -> Result<(), Failure> {
    let seen = match discover::ask(app).await {
        Ok(seen) => seen,
        Err(failure) => {
            scan.state = ScanState::Failed;
            let detail =
                format!("it does not say which catalogs it has ({failure}); nothing was changed");
            scan.problems.push(ScanProblem {
                what: "engine".to_owned(),
                detail,
            });
            return Ok(());
        }
    };
    scan.problems.extend(seen.problems.iter().cloned());
    let merged = discover::merge(schema::load(&app.db).await?, seen, scan.started_at);
    schema::store(&app.db, &merged.snapshot).await?;
    scan.summary.tables_dropped = merged.tables_dropped;
    scan.summary.columns_dropped = merged.columns_dropped;
    scan.state = ScanState::Done;
    // Told before anything is looked at: a table is listed as soon as it is known, and its columns stay closed.
    tell(&app.lifeguard, &merged.snapshot, scan).await;
    tell(&app.catalog, &merged.snapshot, scan).await;
    look_at_all(app, &merged.snapshot, scan).await?;
    propose(app, scan).await?;
    Ok(())
}

/// Hands the snapshot on. Who misses it gets the next one; without Lifeguard the scan has failed its purpose.
async fn tell(service: &Service, snapshot: &Snapshot, scan: &mut Scan) {
    if let Err(error) = put(service, "/internal/snapshot", snapshot).await {
        scan.state = ScanState::Failed;
        let detail = format!("it did not take the schema ({error}); the next scan sends it again");
        scan.problems.push(ScanProblem {
            what: service.name().to_owned(),
            detail,
        });
    }
}

/// PUTs JSON; what comes back does not matter as long as it is a success.
async fn put<T: Serialize>(service: &Service, path: &str, body: &T) -> Result<(), HttpError> {
    let request = json_request(Method::PUT, &service.uri(path), None, Some(body))?;
    let response = service.send(request).await?;
    if response.status().is_success() {
        read_bytes(service.name(), response.into_body()).await?;
        return Ok(());
    }
    read_json::<serde_json::Value>(service.name(), response)
        .await
        .map(|_| ())
}

/// Looks at every table that has something new, several side by side, until all are done or the budget is used up.
async fn look_at_all(app: &App, snapshot: &Snapshot, scan: &mut Scan) -> Result<(), Failure> {
    let living = snapshot.tables.iter().filter(|table| !table.dropped);
    scan.summary.tables = count(living.clone().count());
    scan.summary.columns = count(
        living
            .flat_map(|table| &table.columns)
            .filter(|column| !column.dropped)
            .count(),
    );
    let jobs = due(
        snapshot,
        &classifications::looks(&app.db).await?,
        app.model.is_some(),
        app.clock.now(),
    );
    let waiting: usize = jobs.iter().map(|job| job.columns.len()).sum();
    let until = app
        .clock
        .now()
        .plus_seconds(app.budget.time.as_secs() as i64);
    let session = look::Session::default();
    let id = scan.id.clone();
    let mut results = futures::stream::iter(jobs.into_iter().take(app.budget.tables))
        .map(|job| {
            let (session, id) = (&session, &id);
            async move {
                if app.clock.now() > until {
                    return Ok(None);
                }
                let looked = look::at(app, session, &job).await;
                classifications::store(
                    &app.db,
                    &job.table.table,
                    &looked.classifications,
                    app.clock.now(),
                )
                .await?;
                app.db.batch(vec![scans::beat(id, app.clock.now())]).await?;
                Ok::<_, Failure>(Some(looked))
            }
        })
        .buffer_unordered(app.budget.at_once);
    let mut done = 0;
    while let Some(result) = results.next().await {
        let Some(looked) = result? else { continue };
        done += looked.classifications.len();
        let summary = &mut scan.summary;
        summary.tables_sampled += u32::from(looked.sampled);
        summary.columns_classified += count(looked.classifications.len());
        let flagged = looked
            .classifications
            .iter()
            .filter(|look| look.class.is_some());
        summary.columns_flagged += count(flagged.count());
        let asked = |state| {
            count(
                looked
                    .classifications
                    .iter()
                    .filter(|look| look.model == state)
                    .count(),
            )
        };
        summary.model_answers += asked(ModelState::Answered);
        summary.model_failures += asked(ModelState::Failed);
        scan.problems.extend(looked.problem);
    }
    scan.summary.columns_waiting = count(waiting.saturating_sub(done));
    if scan.summary.columns_waiting > 0 && scan.state == ScanState::Done {
        scan.state = ScanState::Partial;
    }
    Ok(())
}

/// Tells Lifeguard of every look that it has not taken yet, those of earlier scans included.
async fn propose(app: &App, scan: &mut Scan) -> Result<(), Failure> {
    loop {
        let read_at = app.clock.now();
        let proposals = classifications::unsent(&app.db, PROPOSALS_AT_ONCE).await?;
        if proposals.is_empty() {
            return Ok(());
        }
        if let Err(error) = put(&app.lifeguard, "/internal/proposals", &proposals).await {
            scan.state = ScanState::Failed;
            let detail =
                format!("it did not take the proposals ({error}); the next scan sends them again");
            scan.problems.push(ScanProblem {
                what: app.lifeguard.name().to_owned(),
                detail,
            });
            return Ok(());
        }
        classifications::sent(&app.db, &proposals, read_at, app.clock.now()).await?;
    }
}

/// A table with the columns that are to be looked at.
#[derive(Debug, Clone, PartialEq)]
struct Job {
    table: SnapshotTable,
    /// Their names.
    columns: Vec<String>,
    /// Whether nobody has looked at one of them before.
    new: bool,
}

/// The tables that have something to be looked at: never seen columns first.
fn due(
    snapshot: &Snapshot,
    looks: &HashMap<(TableRef, String), Look>,
    model_is_bound: bool,
    now: Timestamp,
) -> Vec<Job> {
    let is_due = |look: Option<&Look>, data_type: &str| {
        look.is_none_or(|look| {
            let model_may_answer = model_is_bound
                && look.model == ModelState::Failed
                && look.model_failures < MODEL_ATTEMPTS
                && look.looked_at.plus_seconds(MODEL_REST_SECONDS) <= now;
            look.data_type != data_type
                || look.detector_version < DETECTOR_VERSION
                || !look.sampled
                || model_may_answer
        })
    };
    let mut jobs: Vec<Job> = Vec::new();
    for table in snapshot.tables.iter().filter(|table| !table.dropped) {
        let mut job = Job {
            table: table.clone(),
            columns: Vec::new(),
            new: false,
        };
        for column in table.columns.iter().filter(|column| !column.dropped) {
            let look = looks.get(&(table.table.clone(), column.name.clone()));
            if is_due(look, &column.data_type) {
                job.new |= look.is_none();
                job.columns.push(column.name.clone());
            }
        }
        if !job.columns.is_empty() {
            jobs.push(job);
        }
    }
    jobs.sort_by_key(|job| !job.new);
    jobs
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
