//! A refusal that says what to do next. Every surface (Trino error, problem+json, MCP) is built from it.

use serde::{Deserialize, Serialize};

/// What was refused, why, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// A stable word that clients may branch on, e.g. `table_not_granted`.
    pub code: String,
    /// One line: what was refused.
    pub title: String,
    /// Which rule or missing piece decided.
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

/// One thing that the reader can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// What the step does, e.g. `ask for access`.
    pub label: String,
    /// The page or route to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// What to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A place in the user's own text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl Advice {
    /// Advice with only the parts that are always there.
    pub fn new(code: &str, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            title: title.into(),
            detail: detail.into(),
            hint: None,
            next: Vec::new(),
            span: None,
        }
    }

    /// The same with the best next step in words.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with one more page to open.
    pub fn with_link(mut self, label: &str, href: impl Into<String>) -> Self {
        self.next.push(NextStep {
            label: label.to_owned(),
            href: Some(href.into()),
            command: None,
        });
        self
    }

    /// The same with one more command to type.
    pub fn with_command(mut self, label: &str, command: impl Into<String>) -> Self {
        self.next.push(NextStep {
            label: label.to_owned(),
            href: None,
            command: Some(command.into()),
        });
        self
    }

    /// The same, pointing into the statement.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// All of it as one text, for surfaces that carry only a message.
    pub fn to_message(&self) -> String {
        let mut text = format!("{}: {}", self.title, self.detail);
        if let Some(hint) = &self.hint {
            text.push_str(". ");
            text.push_str(hint);
        }
        for step in &self.next {
            if let Some(target) = step.href.as_ref().or(step.command.as_ref()) {
                text.push_str(&format!(". {}: {target}", step.label));
            }
        }
        text
    }
}
