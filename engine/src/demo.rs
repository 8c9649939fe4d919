//! `townlake-engine demo`: writes a network company's data, the same bytes for the same arguments.
//!
//! Three places, as in a real company: the sales system in Postgres (`crm`), the lake (Iceberg in
//! `HOME/warehouse` with its catalog `HOME/lake.db`), and files (`HOME/files`). `HOME/demo.json`
//! is written last and says what is complete; without it everything is made again.
//!
//! Sizes at scale 1: 2,000 accounts, 6,000 contacts, a million rows of usage. Usage has the grain
//! of a minute with a row only where a meter reported, because a row for each of the 131,000
//! minutes of three months, account and product would be a billion.

mod billing;
mod calendar;
mod columns;
mod company;
mod crm;
mod edge;
mod files;
mod lake;
mod lexicon;
mod marker;
mod people;
pub mod pii;
mod random;
mod support;
mod usage;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use clap::Args;
use thiserror::Error;
use townlake_lake::{CommitStamp, Commitment, LakeError, Warehouse};

use calendar::Calendar;
use company::Company;
use marker::{Identity, Marker, TableEntry};
use random::Seed;

/// The lake's catalog name, in SQL as in the SQLite file.
const CATALOG: &str = "lake";

/// The largest demo: beyond it a laptop's disk is the limit.
const LARGEST_SCALE: f64 = 100.0;

/// Sampled requests at scale 1.
const SAMPLES_AT_SCALE_1: f64 = 150_000.0;

/// Support tickets at scale 1; below it, still enough for "the 100 billing tickets".
const TICKETS_AT_SCALE_1: f64 = 4_000.0;
const FEWEST_TICKETS: usize = 1_500;

/// Writes the demo company's data.
#[derive(Debug, Clone, Args)]
pub struct DemoArguments {
    /// The folder that holds the platform's state.
    #[arg(long)]
    pub home: PathBuf,
    /// The size: 1 is 2,000 accounts.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// What the random numbers start from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The moment that the data stands at, as in `2026-11-21T08:00:00Z`.
    #[arg(long)]
    pub as_of: DateTime<Utc>,
    /// A file with the URL of the Postgres to load the schema `crm` into. Without it that part is
    /// written as `HOME/demo/crm.sql`.
    #[arg(long)]
    pub postgres_url_file: Option<PathBuf>,
}

/// Why the demo could not be written.
#[derive(Debug, Error)]
pub enum DemoError {
    /// A size that makes no sense.
    #[error("`--scale {scale}` is out of range: use a number above 0 and up to {LARGEST_SCALE}")]
    Scale {
        /// As given.
        scale: f64,
    },
    /// A file or folder.
    #[error("`{path}`: {source}")]
    Io {
        /// Which one.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The lake.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Rows that do not make a table.
    #[error("the demo's rows: {0}")]
    Rows(#[from] datafusion::arrow::error::ArrowError),
    /// The Parquet files.
    #[error(transparent)]
    Files(#[from] files::FilesError),
    /// Postgres.
    #[error(transparent)]
    Crm(#[from] crm::CrmError),
}

/// Writes the demo, or nothing if the folder holds it already. Prints one line per table.
///
/// # Errors
/// When an argument is out of range, or a file, the lake or Postgres cannot be written. The folder
/// then has no mark of a complete demo, and the next run starts over.
pub async fn run(arguments: DemoArguments) -> Result<(), DemoError> {
    let DemoArguments {
        home, scale, seed, ..
    } = &arguments;
    if !(*scale > 0.0 && *scale <= LARGEST_SCALE) {
        return Err(DemoError::Scale { scale: *scale });
    }
    std::fs::create_dir_all(home).map_err(io(home))?;
    let home = &home.canonicalize().map_err(io(home))?;
    let postgres_url = match &arguments.postgres_url_file {
        Some(file) => Some(
            std::fs::read_to_string(file)
                .map_err(io(file))?
                .trim()
                .to_owned(),
        ),
        None => None,
    };
    let identity = Identity::new(*scale, *seed);
    if is_complete(home, identity, postgres_url.as_deref()).await? {
        return Ok(());
    }

    marker::remove(home).map_err(io(home))?;
    let calendar = Calendar::new(arguments.as_of);
    let company = Arc::new(Company::new(Seed(*seed), *scale, calendar));
    let mut tables = load_crm(&company, home, postgres_url.as_deref()).await?;
    tables.extend(load_lake(&company, home, *scale).await?);
    tables.push(load_files(&company, home, *scale)?);
    Marker::new(identity, arguments.as_of, tables)
        .write(home)
        .map_err(io(home))
}

async fn is_complete(
    home: &Path,
    identity: Identity,
    postgres_url: Option<&str>,
) -> Result<bool, DemoError> {
    let Some(written) = marker::read(home).filter(|written| written.identity == identity) else {
        return Ok(false);
    };
    if let Some(url) = postgres_url {
        // The mark may be older than the Postgres, which has its own folder.
        let contacts = written
            .tables
            .iter()
            .find(|entry| entry.table == "postgres.crm.contacts")
            .map_or(0, |entry| entry.rows);
        if !crm::is_loaded(url, contacts).await? {
            return Ok(false);
        }
    }
    println!(
        "demo data is complete, as of {}",
        written.as_of.to_rfc3339()
    );
    Ok(true)
}

async fn load_crm(
    company: &Company,
    home: &Path,
    postgres_url: Option<&str>,
) -> Result<Vec<TableEntry>, DemoError> {
    let begin = Instant::now();
    let tables = crm::tables(company, &people::contacts(company));
    match postgres_url {
        Some(url) => crm::load(url, &tables).await?,
        None => {
            let folder = home.join("demo");
            std::fs::create_dir_all(&folder).map_err(io(&folder))?;
            let file = folder.join("crm.sql");
            std::fs::write(&file, crm::script(&tables)).map_err(io(&file))?;
        }
    }
    let each = begin.elapsed() / u32::try_from(tables.len().max(1)).unwrap_or(1);
    Ok(tables
        .iter()
        .map(|table| report(format!("postgres.{}", table.name), table.rows as u64, each))
        .collect())
}

async fn load_lake(
    company: &Arc<Company>,
    home: &Path,
    scale: f64,
) -> Result<Vec<TableEntry>, DemoError> {
    let folder = home.join("warehouse");
    let warehouse = Warehouse::open(CATALOG, &folder, &home.join("lake.db")).await?;
    let samples = (SAMPLES_AT_SCALE_1 * scale).round() as usize;
    let mut entries = Vec::new();
    for (namespace, name) in lake::TABLES {
        let begin = Instant::now();
        clear(&warehouse, &folder, namespace, name).await?;
        warehouse.create_namespace(namespace).await?;
        let Some(table) = lake::make(company, namespace, name, samples.max(2_000)) else {
            continue;
        };
        let table = table?;
        let stamp = CommitStamp {
            at_ms: company.calendar.as_of_millis(),
            id: company.seed.id(&format!(
                "{namespace}.{name} {scale} {}",
                company.calendar.as_of_millis()
            )),
        };
        let written = warehouse
            .create_table_as(&table.definition, table.rows, &Commitment::new(stamp))
            .await?;
        entries.push(report(
            format!("{CATALOG}.{namespace}.{name}"),
            written.row_count().await?,
            begin.elapsed(),
        ));
    }
    Ok(entries)
}

/// Takes away the table and what an interrupted run left of it. Nothing else in the warehouse is
/// touched: it may hold tables that people made.
async fn clear(
    warehouse: &Warehouse,
    folder: &Path,
    namespace: &str,
    name: &str,
) -> Result<(), DemoError> {
    match warehouse.drop_table(namespace, name).await {
        Ok(()) | Err(LakeError::NoSuchTable { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let folder = folder.join(namespace);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry.map_err(io(&folder))?.path();
        // A table's folder is called `<name>-<32 hexadecimal digits>`.
        let is_ours = path
            .file_name()
            .and_then(|file| file.to_str())
            .and_then(|file| file.strip_prefix(name)?.strip_prefix('-'))
            .is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_ours {
            std::fs::remove_dir_all(&path).map_err(io(&path))?;
        }
    }
    Ok(())
}

fn load_files(company: &Company, home: &Path, scale: f64) -> Result<TableEntry, DemoError> {
    let begin = Instant::now();
    let folder = home.join("files").join("support");
    std::fs::create_dir_all(&folder).map_err(io(&folder))?;
    let count = ((TICKETS_AT_SCALE_1 * scale).round() as usize).max(FEWEST_TICKETS);
    let tickets = support::tickets(company, &people::contacts(company), count);
    files::write_tickets(&folder.join("tickets"), &tickets)?;
    Ok(report(
        "files.support.tickets".into(),
        tickets.len() as u64,
        begin.elapsed(),
    ))
}

fn report(table: String, rows: u64, took: std::time::Duration) -> TableEntry {
    println!("{table:<36} {rows:>10} rows {:>6.1} s", took.as_secs_f64());
    TableEntry { table, rows }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> DemoError + use<> {
    let path = path.display().to_string();
    move |source| DemoError::Io {
        path: path.clone(),
        source,
    }
}
