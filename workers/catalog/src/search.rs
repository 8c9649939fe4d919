//! Finds datasets and describes one, as far as the caller may know of them.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use townlake_core::advice::NextStep;
use townlake_core::catalog::about;
use townlake_core::catalog::rank::{Field, Hit, rank};
use townlake_core::catalog::words::{Term, terms};
use townlake_core::identity::Principal;
use townlake_core::names::TableRef;
use townlake_core::policy::model::Model;
use townlake_core::time::Timestamp;
use townlake_kit::failure::Failure;
use townlake_protocol::catalog::{Access, Column, Dataset, DatasetSummary, SearchAnswer};

use crate::knowledge::{self, Knowledge};
use crate::routes::App;
use crate::store::{self, ColumnRow, DatasetRow, Found};

/// How many columns a summary names.
const SUMMARY_COLUMNS: usize = 8;
/// What is escaped in a link's parameter. Dots and the like stay, so that the link can be read.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-');

/// The datasets that fit the question, best first; all that the caller may know of if it is empty.
pub async fn search(
    app: &App,
    principal: &Principal,
    question: &str,
    limit: usize,
) -> Result<SearchAnswer, Failure> {
    let model = app.model().await?;
    let viewer = Viewer {
        model: &model,
        principal,
        now: app.clock.now(),
    };
    let terms = terms(question);
    let found = if terms.is_empty() {
        Vec::new()
    } else {
        store::find(&app.db, &terms).await?
    };
    let (order, matched) = if terms.is_empty() {
        (viewer.browse(&app.db).await?, BTreeMap::new())
    } else {
        viewer.order(&found, &terms)
    };
    let total = order.len();
    let shown: Vec<String> = order.into_iter().take(limit).collect();
    let mut rows: BTreeMap<String, DatasetRow> = store::datasets(&app.db, Some(&shown))
        .await?
        .into_iter()
        .map(|row| (row.name.clone(), row))
        .collect();
    let mut columns = by_dataset(store::columns(&app.db, &shown).await?);
    let datasets: Vec<DatasetSummary> = shown
        .iter()
        .filter_map(|name| {
            let row = rows.remove(name)?;
            let (table, known) = viewer.knows(name)?;
            let matched = matched.get(name);
            Some(summary(
                row,
                table,
                &known,
                &columns.remove(name).unwrap_or_default(),
                matched,
            ))
        })
        .collect();
    let terms = terms.into_iter().map(|term| term.word).collect();
    Ok(SearchAnswer {
        terms,
        total,
        cut: total.saturating_sub(datasets.len()),
        datasets,
    })
}

/// One dataset with the columns that the caller may know of.
pub async fn dataset(
    app: &App,
    principal: &Principal,
    table: &TableRef,
) -> Result<Dataset, Failure> {
    let model = app.model().await?;
    let viewer = Viewer {
        model: &model,
        principal,
        now: app.clock.now(),
    };
    let name = table.to_string();
    let row = store::datasets(&app.db, Some(std::slice::from_ref(&name)))
        .await?
        .into_iter()
        .next();
    let (Some(row), Some((_, known))) = (row, viewer.knows(&name)) else {
        return Err(Failure::not_found(
            "dataset",
            format!("`{name}` is not a dataset that you may know of"),
        )
        .with_hint("search for it by a word of its name or of what it holds"));
    };
    let columns = store::columns(&app.db, &[name]).await?;
    let about = about::parse(&row.comment);
    let (reason, next) = way_on(table, &known);
    Ok(Dataset {
        name: table.clone(),
        kind: row.kind,
        description: if known.described {
            about.description
        } else {
            String::new()
        },
        exactness: about.exactness,
        freshness: about.freshness,
        access: known.access,
        reason,
        next,
        columns: columns
            .into_iter()
            .filter_map(|column| described(column, &known))
            .collect(),
        seen_at: Timestamp::from_millis(row.seen_at),
    })
}

/// Columns that matched, by dataset.
type Matched = BTreeMap<String, BTreeSet<String>>;

struct Viewer<'a> {
    model: &'a Model,
    principal: &'a Principal,
    now: Timestamp,
}

impl Viewer<'_> {
    fn knows(&self, name: &str) -> Option<(TableRef, Knowledge)> {
        let table: TableRef = name.parse().ok()?;
        let known = knowledge::of(self.model, self.principal, &table, self.now)?;
        Some((table, known))
    }

    async fn browse(&self, db: &townlake_kit::db::Database) -> Result<Vec<String>, Failure> {
        let rows = store::datasets(db, None).await?;
        Ok(rows
            .into_iter()
            .map(|row| row.name)
            .filter(|name| self.knows(name).is_some())
            .collect())
    }

    /// The names of the datasets with a find that the caller may know of, best first.
    fn order(&self, found: &[Found], terms: &[Term]) -> (Vec<String>, Matched) {
        let mut known: BTreeMap<&str, Option<Knowledge>> = BTreeMap::new();
        let mut hits = Vec::new();
        let mut matched = Matched::new();
        for find in found {
            let knowledge = known
                .entry(find.dataset.as_str())
                .or_insert_with(|| self.knows(&find.dataset).map(|(_, knowledge)| knowledge));
            let Some(knowledge) = knowledge else { continue };
            if !may_match(find, knowledge) {
                continue;
            }
            if let Some(column) = &find.column_name {
                matched
                    .entry(find.dataset.clone())
                    .or_default()
                    .insert(column.clone());
            }
            hits.push(Hit {
                dataset: find.dataset.as_str(),
                term: find.term,
                field: find.field,
                strength: find.strength,
            });
        }
        let all = self
            .model
            .tables
            .keys()
            .filter(|table| self.knows(&table.to_string()).is_some())
            .count();
        let boost = |name: &&str| match known
            .get(name)
            .and_then(Option::as_ref)
            .map(|known| known.access)
        {
            // What the caller can use comes before what the caller would have to ask for.
            Some(Access::Granted) => 1.5,
            _ => 1.0,
        };
        let ranked = rank(&hits, terms.len(), all, boost);
        (
            ranked
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
            matched,
        )
    }
}

/// Whether the caller may know of what was found there.
fn may_match(find: &Found, known: &Knowledge) -> bool {
    match (find.field, &find.column_name) {
        (Field::Name | Field::Path, _) => true,
        (Field::Description, _) => known.described,
        (Field::Column | Field::ColumnComment, Some(column)) => known.columns.contains_key(column),
        (Field::Column | Field::ColumnComment, None) => false,
    }
}

fn by_dataset(rows: Vec<ColumnRow>) -> BTreeMap<String, Vec<ColumnRow>> {
    let mut columns: BTreeMap<String, Vec<ColumnRow>> = BTreeMap::new();
    for row in rows {
        columns.entry(row.dataset.clone()).or_default().push(row);
    }
    columns
}

fn summary(
    row: DatasetRow,
    name: TableRef,
    known: &Knowledge,
    columns: &[ColumnRow],
    matched: Option<&BTreeSet<String>>,
) -> DatasetSummary {
    let about = about::parse(&row.comment);
    let visible: Vec<&String> = columns
        .iter()
        .map(|column| &column.name)
        .filter(|name| known.columns.contains_key(*name))
        .collect();
    let telling = |name: &&&String| matched.is_none_or(|matched| matched.contains(**name));
    DatasetSummary {
        name,
        kind: row.kind,
        description: if known.described {
            about.description
        } else {
            String::new()
        },
        exactness: about.exactness,
        freshness: about.freshness,
        access: known.access,
        columns: visible
            .iter()
            .filter(telling)
            .take(SUMMARY_COLUMNS)
            .map(|name| (*name).clone())
            .collect(),
        column_count: visible.len(),
    }
}

fn described(row: ColumnRow, known: &Knowledge) -> Option<Column> {
    let knowledge = known.columns.get(&row.name)?;
    Some(Column {
        name: row.name,
        data_type: row.data_type,
        description: Some(row.comment).filter(|comment| !comment.is_empty()),
        masked: knowledge.masked,
        readable: knowledge.readable,
    })
}

/// Why there is no more than this, and what to do about it.
fn way_on(table: &TableRef, known: &Knowledge) -> (Option<String>, Vec<NextStep>) {
    let ask = |label: &str| {
        vec![NextStep {
            label: label.to_owned(),
            href: Some(format!(
                "/requests/new?table={}",
                utf8_percent_encode(&table.to_string(), PARAMETER)
            )),
            command: None,
        }]
    };
    match known.access {
        Access::Granted => (None, Vec::new()),
        Access::NotGranted => (
            Some("no grant covers you".to_owned()),
            ask("ask for access"),
        ),
        Access::AwaitsReview => (
            Some("it waits for a reviewer; until then its columns are closed".to_owned()),
            ask("ask for a review"),
        ),
    }
}
