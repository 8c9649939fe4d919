//! What a function asks of its window.

use super::signature::Kind;
use super::{ErrorName, TypeProblem};

/// Which clauses a window has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowClauses {
    /// `ORDER BY`.
    pub has_order: bool,
    /// A frame: `ROWS ...`, `RANGE ...`, `GROUPS ...`.
    pub has_frame: bool,
}

/// Fails unless a function may be used over such a window; without `OVER` there is none.
///
/// # Errors
/// The function needs a window or takes none, or the window lacks or has a clause that it must have or lack.
pub fn check_window(
    name: &str,
    kind: Kind,
    window: Option<WindowClauses>,
) -> Result<(), TypeProblem> {
    let name = name.to_ascii_lowercase();
    match (kind, window) {
        (Kind::Window, None) => Err(TypeProblem::new(
            ErrorName::MissingOver,
            format!("Window function {name} requires an OVER clause"),
        )),
        (Kind::Scalar, Some(_)) => Err(TypeProblem::new(
            ErrorName::FunctionNotWindow,
            format!("Not a window function: {name}"),
        )),
        (Kind::Window, Some(clauses)) => check_clauses(&name, clauses),
        _ => Ok(()),
    }
}

fn check_clauses(name: &str, clauses: WindowClauses) -> Result<(), TypeProblem> {
    let looks_aside = matches!(name, "lag" | "lead");
    if looks_aside && !clauses.has_order {
        return Err(TypeProblem::new(
            ErrorName::MissingOrderBy,
            format!("{name} function requires an ORDER BY window clause"),
        ));
    }
    let takes_frame = matches!(name, "first_value" | "last_value" | "nth_value");
    if clauses.has_frame && !takes_frame {
        return Err(TypeProblem::new(
            ErrorName::InvalidWindowFrame,
            format!("Cannot specify window frame for {name} function"),
        ));
    }
    Ok(())
}
