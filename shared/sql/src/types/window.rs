//! What a function asks of its window.

use super::coerce::can_coerce;
use super::operator::operator;
use super::signature::Kind;
use super::{ErrorName, Type, TypeProblem};

/// Which clauses a window has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowClauses {
    /// `ORDER BY`.
    pub has_order: bool,
    /// A frame: `ROWS ...`, `RANGE ...`, `GROUPS ...`.
    pub has_frame: bool,
}

/// What a frame counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Rows that tie.
    Groups,
    /// Values of the key.
    Range,
}

/// Which end of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameEdge {
    /// The first row.
    Start,
    /// The last row.
    End,
}

/// Fails unless a frame may reach so far: the type of the distance, and those of ORDER BY's keys.
///
/// # Errors
/// Rows are counted in something else than whole numbers, or the distance does not fit the one key.
pub fn check_frame_offset(
    unit: FrameUnit,
    edge: FrameEdge,
    offset: Option<&Type>,
    keys: &[Option<&Type>],
) -> Result<(), TypeProblem> {
    let name = match unit {
        FrameUnit::Rows => "ROWS",
        FrameUnit::Groups => "GROUPS",
        FrameUnit::Range => "RANGE",
    };
    if unit != FrameUnit::Rows && keys.is_empty() {
        return Err(TypeProblem::new(
            ErrorName::MissingOrderBy,
            format!("Window frame of type {name} PRECEDING or FOLLOWING requires ORDER BY"),
        ));
    }
    if unit == FrameUnit::Range {
        return check_distance(offset, keys);
    }
    match offset {
        Some(ty) if !ty.is_integer() && !matches!(ty, Type::Decimal(_, 0)) => {
            let edge = match edge {
                FrameEdge::Start => "start",
                FrameEdge::End => "end",
            };
            Err(TypeProblem::mismatch(format!(
                "Window frame {name} {edge} value type must be exact numeric type with scale 0 (actual {})",
                ty.in_messages()
            )))
        }
        _ => Ok(()),
    }
}

/// A distance between values of the key.
fn check_distance(offset: Option<&Type>, keys: &[Option<&Type>]) -> Result<(), TypeProblem> {
    let [key] = keys else {
        return Err(TypeProblem::new(
            ErrorName::InvalidOrderBy,
            format!(
                "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY (actual: {})",
                keys.len()
            ),
        ));
    };
    let Some(key) = key else {
        return Ok(());
    };
    if !key.is_numeric() && !key.is_temporal() {
        return Err(TypeProblem::mismatch(format!(
            "Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item type be numeric, datetime or interval (actual: {})",
            key.in_messages()
        )));
    }
    let Some(offset) = offset else {
        return Ok(());
    };
    let is_alike = if key.is_numeric() {
        offset.is_numeric()
    } else {
        matches!(offset, Type::IntervalDayTime | Type::IntervalYearMonth)
    };
    let moved = operator("+", &[Some(key), Some(offset)]);
    match moved {
        Ok(Some(moved)) if is_alike && can_coerce(key, &moved) => Ok(()),
        Ok(Some(moved)) if is_alike => Err(TypeProblem::mismatch(format!(
            "Sort key must evaluate to a {} (actual: {})",
            moved.in_messages(),
            key.in_messages()
        ))),
        _ => Err(TypeProblem::mismatch(format!(
            "Window frame RANGE value type ({}) not compatible with sort item type ({})",
            offset.in_messages(),
            key.in_messages()
        ))),
    }
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
