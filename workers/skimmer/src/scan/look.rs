//! One table: sample it, let the detectors and the model speak, put both together.

use std::sync::atomic::{AtomicU32, Ordering};

use townlake_core::pii::{ColumnSample, DETECTOR_VERSION, Detection, Evidence, TypeKind, detect};
use townlake_kit::trino::TrinoFailure;
use townlake_protocol::skimmer::ScanProblem;
use townlake_protocol::snapshot::SnapshotColumn;

use super::Job;
use crate::app::App;
use crate::classify::{Second, decide};
use crate::model::{self, Asked, COLUMNS_AT_ONCE, ModelError};
use crate::sample::{self, Values};
use crate::store::classifications::{Classification, ModelState};

/// After so many failures in a row the model is left alone for the rest of the scan.
const PATIENCE: u32 = 2;

/// What the tables of one scan share.
#[derive(Debug, Default)]
pub struct Session {
    model_failures: AtomicU32,
}

/// What came of looking at a table.
#[derive(Debug)]
pub struct Looked {
    /// One for each column that was due.
    pub classifications: Vec<Classification>,
    /// Whether values were read.
    pub sampled: bool,
    /// Why they were not.
    pub problem: Option<ScanProblem>,
}

/// Looks at the columns of a job. A table that cannot be sampled is judged by its names, and tried again next time.
pub async fn at(app: &App, session: &Session, job: &Job) -> Looked {
    let columns: Vec<&SnapshotColumn> = job
        .table
        .columns
        .iter()
        .filter(|column| !column.dropped && job.columns.contains(&column.name))
        .collect();
    let worth: Vec<&SnapshotColumn> = columns
        .iter()
        .copied()
        .filter(|column| TypeKind::of(&column.data_type).is_worth_sampling())
        .collect();
    let sample = if worth.is_empty() {
        Ok(Vec::new())
    } else {
        sample::take(app, &job.table.table, &worth).await
    };
    let (sample, failure) = match sample {
        Ok(sample) => (Some(sample), None),
        Err(failure) => (None, Some(failure)),
    };
    let empty = Values::new();
    let values = |column: &SnapshotColumn| {
        let at = worth.iter().position(|other| other.name == column.name);
        at.and_then(|at| sample.as_ref()?.get(at)).unwrap_or(&empty)
    };
    let detections: Vec<Detection> = columns
        .iter()
        .map(|column| detect_column(job, column, values(column)))
        .collect();
    let asked: Vec<Asked> = columns
        .iter()
        .zip(&detections)
        .map(|(column, detection)| Asked {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            samples: model::shapes(values(column)),
            detectors: detection.proposal().map(|finding| finding.class),
        })
        .collect();
    let seconds = ask(app, session, job, &asked).await;
    let mut classifications = Vec::new();
    for ((column, detection), second) in columns.iter().zip(detections).zip(seconds) {
        let is_worth = TypeKind::of(&column.data_type).is_worth_sampling();
        let state = match &second {
            Second::Unbound => ModelState::Unbound,
            Second::Answered { .. } => ModelState::Answered,
            Second::Failed(_) => ModelState::Failed,
        };
        let distinct = values(column)
            .iter()
            .flatten()
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        let mut verdict = decide(detection, second, distinct);
        if let Some(failure) = failure.as_ref().filter(|_| is_worth) {
            verdict
                .evidence
                .push(Evidence::new("sample.failed", reason(failure)));
        }
        classifications.push(Classification {
            column: column.name.clone(),
            data_type: column.data_type.clone(),
            class: verdict.class,
            confidence: verdict.confidence,
            evidence: verdict.evidence,
            detector_version: DETECTOR_VERSION,
            sampled: failure.is_none() || !is_worth,
            model: state,
        });
    }
    let sampled = failure.is_none() && !worth.is_empty();
    let problem = failure.map(|failure| ScanProblem {
        what: job.table.table.to_string(),
        detail: format!("{}; the next scan tries again", reason(&failure)),
    });
    Looked {
        classifications,
        sampled,
        problem,
    }
}

fn detect_column(job: &Job, column: &SnapshotColumn, values: &Values) -> Detection {
    let neighbours: Vec<&str> = neighbours(job)
        .filter(|name| *name != column.name)
        .collect();
    detect(&ColumnSample {
        table: &job.table.table.table,
        name: &column.name,
        data_type: &column.data_type,
        neighbours: &neighbours,
        values,
    })
}

fn neighbours(job: &Job) -> impl Iterator<Item = &str> {
    job.table
        .columns
        .iter()
        .filter(|column| !column.dropped)
        .map(|column| column.name.as_str())
}

/// Asks the model about all columns of a table, in portions.
async fn ask(app: &App, session: &Session, job: &Job, asked: &[Asked]) -> Vec<Second> {
    let Some(model) = &app.model else {
        return vec![Second::Unbound; asked.len()];
    };
    let table = job.table.table.to_string();
    let others: Vec<&str> = neighbours(job)
        .filter(|name| asked.iter().all(|column| column.name != *name))
        .collect();
    let mut seconds = Vec::new();
    for portion in asked.chunks(COLUMNS_AT_ONCE) {
        let answer = if session.model_failures.load(Ordering::Relaxed) >= PATIENCE {
            Err(ModelError::GivenUp)
        } else {
            let answer = model::ask(model, &table, &others, portion).await;
            match &answer {
                Ok(_) => session.model_failures.store(0, Ordering::Relaxed),
                Err(_) => _ = session.model_failures.fetch_add(1, Ordering::Relaxed),
            }
            answer
        };
        match answer {
            Ok(opinions) => seconds.extend(opinions.into_iter().map(|opinion| Second::Answered {
                model: model.name().to_owned(),
                opinion,
            })),
            Err(error) => seconds.extend(portion.iter().map(|_| Second::Failed(error.clone()))),
        }
    }
    seconds
}

/// Why a table could not be sampled, without the engine's own words: they may quote a value.
fn reason(failure: &TrinoFailure) -> String {
    match failure {
        TrinoFailure::Query { id, error } => {
            format!(
                "it could not be sampled: the engine says {} (query {id})",
                error.error_name
            )
        }
        TrinoFailure::Http(_) => {
            "it could not be sampled: the engine or the gateway did not answer".to_owned()
        }
        TrinoFailure::Late { limit } => {
            format!("it could not be sampled within {} s", limit.as_secs())
        }
    }
}
