//! What Skimmer remembers. Each function holds its SQL.

pub mod classifications;
pub mod scans;
pub mod schema;
