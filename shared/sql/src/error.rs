//! Why a statement was not read.

use thiserror::Error;
use townlake_core::advice::Span;

/// Why a statement was not read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// Nothing but white space and comments.
    #[error("the statement is empty")]
    Empty,
    /// Not SQL as Trino defines it, or a part of it that is not understood yet.
    #[error("{message}")]
    Syntax {
        /// What was expected, and what was found instead.
        message: String,
        /// Where.
        at: Span,
    },
    /// Valid or not, the construct is not followed here, and so not let through.
    #[error("{what} is not understood here{}", hint.map(|hint| format!(": {hint}")).unwrap_or_default())]
    NotUnderstood {
        /// The construct.
        what: String,
        /// What to write instead.
        hint: Option<&'static str>,
        /// Where.
        at: Span,
    },
    /// A second statement follows the first.
    #[error("only one statement can be sent at a time: something follows the `;`")]
    Several {
        /// Where the second one starts.
        at: Span,
    },
    /// A name of one or two parts, and the session has no catalog.
    #[error("`{name}` needs a catalog: write `catalog.schema.table`, or choose one with USE")]
    MissingCatalog {
        /// The name as written.
        name: String,
        /// Where.
        at: Span,
    },
    /// A name of one part, and the session has no schema.
    #[error("`{name}` needs a schema: write `catalog.schema.table`, or choose one with USE")]
    MissingSchema {
        /// The name as written.
        name: String,
        /// Where.
        at: Span,
    },
    /// More than `limits::MAX_CHARACTERS` characters.
    #[error("the statement is longer than {limit} characters")]
    TooLong {
        /// How many there may be.
        limit: usize,
    },
    /// Nested deeper than the limits allow.
    #[error("the statement is nested too deeply: {what}")]
    TooDeep {
        /// What exceeds which limit.
        what: String,
        /// Where.
        at: Span,
    },
    /// `EXECUTE` of a name that the session did not prepare.
    #[error("there is no prepared statement `{name}` in this session")]
    NotPrepared {
        /// The name.
        name: String,
        /// Where.
        at: Span,
    },
}

impl ReadError {
    /// Where in the user's text, if there is one place to point at.
    pub fn at(&self) -> Option<Span> {
        match self {
            Self::Empty | Self::TooLong { .. } => None,
            Self::Syntax { at, .. }
            | Self::NotUnderstood { at, .. }
            | Self::Several { at }
            | Self::MissingCatalog { at, .. }
            | Self::MissingSchema { at, .. }
            | Self::TooDeep { at, .. }
            | Self::NotPrepared { at, .. } => Some(*at),
        }
    }

    /// The same error with its place moved: a statement inside a literal is reported at the literal.
    pub(crate) fn moved_to(mut self, place: Span) -> Self {
        match &mut self {
            Self::Empty => {
                return Self::Syntax {
                    message: "expected a statement, found an empty text".to_owned(),
                    at: place,
                };
            }
            Self::TooLong { .. } => {}
            Self::Syntax { at, .. }
            | Self::NotUnderstood { at, .. }
            | Self::Several { at }
            | Self::MissingCatalog { at, .. }
            | Self::MissingSchema { at, .. }
            | Self::TooDeep { at, .. }
            | Self::NotPrepared { at, .. } => *at = place,
        }
        self
    }
}
