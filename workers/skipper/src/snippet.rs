//! A person's or an agent's JavaScript, made ready to run: parsed, so that a mistake is named with its line and
//! column, and guarded, so that none of its loops runs for ever.
//!
//! The text is not printed anew from its tree: guards are put between its own characters, so that line numbers stay
//! what the author sees and columns can be counted back.

mod guard;
mod positions;
mod shape;
mod tokens;

pub use guard::{Guarded, guard};
pub use positions::Position;

/// The longest snippet, in bytes. Agents write a few thousand; the parser's stack is the reason for an end.
pub const MAX_SNIPPET_BYTES: usize = 64 << 10;

/// Why a snippet cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetError {
    /// What is wrong.
    pub message: String,
    /// Where, in the author's own text.
    pub position: Option<Position>,
    /// What to do.
    pub hint: Option<String>,
}

impl SnippetError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            position: None,
            hint: None,
        }
    }

    fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
