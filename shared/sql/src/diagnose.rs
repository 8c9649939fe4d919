//! What is wrong or doubtful in a statement, with the place, the nearest names, and a change that mends it.
//!
//! Names are suggested only from what the caller gives: the columns of the relations in the statement and a list
//! of tables, both of which hold only what the reader may see. What is merely unusual is not reported.

mod comparisons;
mod counting;
mod grouping;
mod joins;
mod many;
mod names;

use townlake_core::advice::{Advice, Span};

use crate::bound::{About, Bound, Problem, TextRange};
use crate::edit::Edit;
use crate::hints::{arguments_hint, function_hint};
use crate::types::function_kind;

/// Something wrong or doubtful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word for it, e.g. `unknown_column`.
    pub code: &'static str,
    /// How sure it is that something is wrong.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The changes that do it, all of them together; none where it is not plain.
    pub fix: Vec<Edit>,
    /// Where.
    pub at: TextRange,
}

/// How sure it is that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Trino refuses the statement.
    Error,
    /// Trino runs it, and it hardly does what was meant.
    Warning,
}

impl Severity {
    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    fn new(
        code: &'static str,
        severity: Severity,
        message: impl Into<String>,
        at: &TextRange,
    ) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            hint: None,
            fix: Vec::new(),
            at: at.clone(),
        }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn with_fix(mut self, fix: impl IntoIterator<Item = Edit>) -> Self {
        self.fix = fix.into_iter().collect();
        self
    }

    /// The same for a surface that shows advice; `text` is the statement.
    pub fn advice(&self, text: &str) -> Advice {
        let before = text.get(..self.at.start).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let span = Span {
            line: before.matches('\n').count() as u64 + 1,
            column: line.chars().count() as u64 + 1,
        };
        let advice = Advice::new(self.code, self.severity.name(), self.message.clone()).at(span);
        match &self.hint {
            Some(hint) => advice.with_hint(hint.clone()),
            None => advice,
        }
    }
}

/// What is wrong with a statement, in the order of the text. `tables` are the names of those that may be suggested.
pub fn diagnose(bound: &Bound, text: &str, tables: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = bound
        .problems
        .iter()
        .map(|problem| of_problem(bound, text, tables, problem))
        .collect();
    let mut doubtful = Vec::new();
    comparisons::check(bound, text, &mut doubtful);
    counting::check(bound, &mut doubtful);
    joins::check(bound, text, &mut doubtful);
    many::check(bound, text, &mut doubtful);
    // What Trino refuses anyway needs no second word.
    doubtful.retain(|doubt| {
        let overlaps =
            |found: &Finding| found.at.start < doubt.at.end && doubt.at.start < found.at.end;
        !findings.iter().any(overlaps)
    });
    findings.append(&mut doubtful);
    findings.sort_by_key(|finding| (finding.at.start, finding.severity));
    findings.dedup();
    findings
}

fn of_problem(bound: &Bound, text: &str, tables: &[String], problem: &Problem) -> Finding {
    if is_of_dune(&problem.message) {
        let message = problem.message.clone();
        return Finding::new("not_in_trino", Severity::Warning, message, &problem.at)
            .with_hint("Dune's engine has this, and Trino refuses it");
    }
    match &problem.about {
        About::Table(name) => names::table(problem, text, name, tables),
        About::Column { name, among } => names::column(bound, text, problem, name, among),
        About::Ambiguous { name, candidates } => {
            names::ambiguous(bound, text, problem, name, candidates)
        }
        About::Function(name) => {
            // One that Trino does not have may be the engine's own, which nobody here knows of.
            let (code, severity, usual) = match function_kind(name) {
                Some(_) => ("wrong_arguments", Severity::Error, arguments_hint(name)),
                None => ("unknown_function", Severity::Warning, function_hint(name)),
            };
            let finding = Finding::new(code, severity, problem.message.clone(), &problem.at);
            match counting::of_several(bound, text, problem).or_else(|| usual.map(str::to_owned)) {
                Some(hint) => finding.with_hint(hint),
                None => finding,
            }
        }
        About::NotGrouped(_) => grouping::not_grouped(bound, text, problem),
        About::Types => comparisons::types(bound, text, problem),
        About::Other => Finding::new(
            "refused",
            Severity::Error,
            problem.message.clone(),
            &problem.at,
        ),
    }
}

/// Whether Trino lacks what Dune's engine, which is made of it, has: `UINT256`, `INT256`, and bytes written `0x…`, which
/// Trino takes for numbers. Their models are known by them, and a thousand errors would hide the real ones.
fn is_of_dune(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let is_type = ["unknown type: ", "unknown resolvedtype: "]
        .iter()
        .any(|start| message.starts_with(start));
    message.starts_with("invalid numeric literal: 0x") || is_type && message.contains("int256")
}
