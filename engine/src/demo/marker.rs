//! `demo.json`: what demo is complete in a folder, and what it holds.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::pii::{MARTS, PLACEMENTS, Placement};

/// Goes up when the generator writes something else for the same seed.
const GENERATOR: u32 = 1;

/// A complete demo.
#[derive(Debug, Serialize)]
pub struct Marker {
    #[serde(flatten)]
    pub identity: Identity,
    /// The moment that the data stands at.
    pub as_of: DateTime<Utc>,
    pub tables: Vec<TableEntry>,
    /// The tables that analysts may read from the start.
    pub marts: &'static [&'static str],
    /// Where personal data is; all other columns hold none.
    pub pii: &'static [Placement],
}

/// What makes a demo the same as another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    generator: u32,
    scale: f64,
    seed: u64,
}

/// A table and its size.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct TableEntry {
    /// `catalog.schema.table`.
    pub table: String,
    pub rows: u64,
}

/// The part of the file that decides whether there is anything to do.
#[derive(Debug, Deserialize)]
pub struct Written {
    #[serde(flatten)]
    pub identity: Identity,
    pub as_of: DateTime<Utc>,
    pub tables: Vec<TableEntry>,
}

impl Identity {
    pub fn new(scale: f64, seed: u64) -> Self {
        Identity {
            generator: GENERATOR,
            scale,
            seed,
        }
    }
}

impl Marker {
    pub fn new(identity: Identity, as_of: DateTime<Utc>, tables: Vec<TableEntry>) -> Self {
        Marker {
            identity,
            as_of,
            tables,
            marts: MARTS,
            pii: PLACEMENTS,
        }
    }

    /// Writes the file in one step: a reader finds the old one or the new one.
    pub fn write(&self, home: &Path) -> std::io::Result<()> {
        let path = path(home);
        let unfinished = path.with_extension("unfinished");
        std::fs::write(&unfinished, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(unfinished, path)
    }
}

/// What is complete in the folder. A file that cannot be read as one counts as none: the demo is
/// then written again.
pub fn read(home: &Path) -> Option<Written> {
    serde_json::from_slice(&std::fs::read(path(home)).ok()?).ok()
}

/// Takes the mark away before anything is changed.
pub fn remove(home: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path(home)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn path(home: &Path) -> PathBuf {
    home.join("demo.json")
}
