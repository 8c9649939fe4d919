//! Refusals over HTTP: problem details of RFC 9457, with the fields of [`Advice`].

use serde::{Deserialize, Serialize};
use townlake_core::advice::{Advice, NextStep, Span};

/// The body of every answer outside the Trino protocol that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank`: the code below says more than a URI would.
    #[serde(rename = "type", default = "blank")]
    pub kind: String,
    /// One line: what was refused.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable word that clients may branch on.
    #[serde(default)]
    pub code: String,
    /// Which rule or missing piece decided.
    #[serde(default)]
    pub detail: String,
    /// The best next step in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Steps that can be taken with a click or a command, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<NextStep>,
    /// Where in the statement it went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

impl Problem {
    /// A problem without next steps.
    pub fn new(
        status: u16,
        code: &str,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self::from_advice(status, Advice::new(code, title, detail))
    }

    /// The advice as a problem.
    pub fn from_advice(status: u16, advice: Advice) -> Self {
        let Advice {
            code,
            title,
            detail,
            hint,
            next,
            span,
        } = advice;
        Self {
            kind: blank(),
            title,
            status,
            code,
            detail,
            hint,
            next,
            span,
        }
    }

    /// The problem as advice, for another surface.
    pub fn into_advice(self) -> Advice {
        let Self {
            title,
            code,
            detail,
            hint,
            next,
            span,
            ..
        } = self;
        Advice {
            code,
            title,
            detail,
            hint,
            next,
            span,
        }
    }
}

fn blank() -> String {
    "about:blank".to_owned()
}
