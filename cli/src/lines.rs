//! Places of a file as people count them.

use townlake_core::advice::Span;

/// The line and the column of a byte, both from 1, columns in characters.
pub(crate) fn place(text: &str, offset: usize) -> Span {
    Places::of(text).at(offset)
}

/// A text whose places are asked for again and again, best in its order: it may be one long line.
#[derive(Debug)]
pub(crate) struct Places<'t> {
    text: &'t str,
    /// Where each line starts.
    starts: Vec<usize>,
    /// The line asked for last: where it starts, how far it was read, and how many characters that were.
    last: (usize, usize, usize),
}

impl<'t> Places<'t> {
    /// Reads the text once.
    pub(crate) fn of(text: &'t str) -> Self {
        let behind = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(behind).collect(),
            last: (0, 0, 0),
        }
    }

    /// The line and the column of a byte, both from 1, columns in characters.
    pub(crate) fn at(&mut self, offset: usize) -> Span {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= end);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let (from, counted) = match self.last {
            (last, read, counted) if last == start && read <= end => (read, counted),
            _ => (start, 0),
        };
        let more = self.text.get(from..end).unwrap_or_default();
        let counted = counted + more.chars().count();
        self.last = (start, end, counted);
        Span {
            line: line as u64,
            column: counted as u64 + 1,
        }
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
