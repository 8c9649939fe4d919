//! Changes of a statement's text that keep everything they do not touch as it is: stars become columns, tables get
//! other names, parameters become values, a limit is set.
//!
//! Each function gives edits for `edit::apply`. Where a change cannot be written without changing what the
//! statement means, it refuses.

mod limit;
mod parameters;
mod stars;
mod tables;

use thiserror::Error;

use crate::bound::TextRange;

pub use limit::limit;
pub use parameters::replace_parameters;
pub use stars::expand_stars;
pub use tables::rename_tables;

/// Why a statement cannot be changed as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RewriteError {
    /// Nobody knows which columns there are.
    #[error("`{star}` cannot be expanded: the columns behind it are not known; name the columns")]
    UnknownColumns {
        /// The star as written.
        star: String,
        /// Where.
        at: TextRange,
    },
    /// No name says which column is meant.
    #[error("`{star}` cannot be expanded: {reason}; name the columns")]
    NotNameable {
        /// The star as written.
        star: String,
        /// Why.
        reason: String,
        /// Where.
        at: TextRange,
    },
    /// As many values as there are question marks are needed.
    #[error("the statement has {wanted} parameters, and {given} values were given")]
    ParameterCount {
        /// How many there are.
        wanted: usize,
        /// How many values.
        given: usize,
    },
    /// The limit cannot be lowered.
    #[error("the limit cannot be lowered: {reason}")]
    Limit {
        /// Why.
        reason: &'static str,
        /// Where.
        at: TextRange,
    },
}

/// A text that does not run into the words beside its place: in `SELECT *FROM t` a column, in `?and` a value.
fn apart(text: &str, at: &TextRange, written: &str) -> String {
    let is_word = |character: Option<char>| {
        character.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '\'')
    };
    let before = text
        .get(..at.start)
        .and_then(|before| before.chars().next_back());
    let after = text.get(at.end..).and_then(|after| after.chars().next());
    let lead = if is_word(before) { " " } else { "" };
    let trail = if is_word(after) { " " } else { "" };
    format!("{lead}{written}{trail}")
}

/// A piece of a statement, or nothing where there is none.
fn written(text: &str, at: TextRange) -> &str {
    text.get(at).unwrap_or_default()
}

/// Where a star stands whose columns are placed at `at`: they may be placed at its qualifier.
fn star_at(text: &str, at: &TextRange) -> Option<TextRange> {
    if written(text, at.clone()).ends_with('*') {
        return Some(at.clone());
    }
    let rest = text.get(at.end..)?;
    let star = rest
        .trim_start()
        .strip_prefix('.')?
        .trim_start()
        .strip_prefix('*')?;
    Some(at.start..at.end + rest.len() - star.len())
}

/// The word right before a place, in lower case.
fn word_before(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let trimmed = before.trim_end();
    if trimmed.len() == before.len() {
        // Something other than white space stands between.
        return String::new();
    }
    let start = trimmed
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '_')
        .last()
        .map_or(trimmed.len(), |(offset, _)| offset);
    trimmed.get(start..).unwrap_or_default().to_lowercase()
}
