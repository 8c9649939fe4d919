//! Places of a file as people count them.

use townlake_core::advice::Span;

/// The line and the column of a byte, both from 1, columns in characters.
pub(crate) fn place(text: &str, offset: usize) -> Span {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Span {
        line: before.matches('\n').count() as u64 + 1,
        column: before.get(start..).unwrap_or_default().chars().count() as u64 + 1,
    }
}

/// A place in a part of a text as a place in the whole; `start` is where the part starts.
pub(crate) fn shifted(start: Span, inside: Span) -> Span {
    Span {
        line: start.line + inside.line - 1,
        column: if inside.line == 1 {
            start.column + inside.column - 1
        } else {
            inside.column
        },
    }
}

/// A line with a caret below a place, as compilers show it.
pub(crate) fn excerpt(text: &str, at: Span, width: usize) -> String {
    let line = text
        .split('\n')
        .nth(at.line as usize - 1)
        .unwrap_or_default();
    let line = line.trim_end_matches('\r');
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    // Tabs stay tabs, so that the caret stands where it belongs.
    let before: String = line
        .chars()
        .take(at.column as usize - 1)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let room = line
        .chars()
        .count()
        .saturating_sub(at.column as usize - 1)
        .max(1);
    let carets = "^".repeat(width.clamp(1, room));
    format!("{margin} |\n{number} | {line}\n{margin} | {before}{carets}\n")
}
