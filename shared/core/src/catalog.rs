//! What the catalog decides without a database: how names split into words, what a table's comment promises,
//! and which datasets answer a question best.

pub mod about;
pub mod rank;
pub mod words;
