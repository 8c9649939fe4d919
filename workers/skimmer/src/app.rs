//! What the Worker works with.

use std::time::Duration;

use townlake_core::names::GroupName;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::http::Service;

use crate::model::Model;

/// Bindings and settings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// Skimmer's own database.
    pub db: Database,
    /// The time.
    pub clock: Clock,
    /// The way to the engine.
    pub gateway: Service,
    /// Takes the snapshot and the proposals.
    pub lifeguard: Service,
    /// Takes the snapshot.
    pub catalog: Service,
    /// The classifier, where one is bound.
    pub model: Option<Model>,
    /// Who may start a scan and see how it went.
    pub access: Access,
    /// How much one scan may do.
    pub budget: Budget,
}

/// The groups whose members may start a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Those who decide about tables.
    pub reviewers: GroupName,
    /// Those who decide about people.
    pub admins: GroupName,
}

/// How much one scan may do. What is left over waits for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Tables that are sampled.
    pub tables: usize,
    /// Time after which no further table is begun.
    pub time: Duration,
    /// Tables that are looked at side by side.
    pub at_once: usize,
    /// Rows of a sample.
    pub rows: usize,
    /// Characters of a sampled value.
    pub characters: usize,
    /// The longest that one statement may take.
    pub statement: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            tables: 500,
            time: Duration::from_secs(60),
            at_once: 4,
            rows: 1000,
            // Enough for the beginning of a comment; a thousand of them are 400 kB a column.
            characters: 400,
            statement: Duration::from_secs(20),
        }
    }
}
