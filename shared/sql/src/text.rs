//! From sqlparser's lines and columns to bytes of the user's text.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// How many characters lie between two marks.
const STRIDE: usize = 64;

/// A text whose places can be found by line and column.
///
/// sqlparser counts lines and, in each, characters from 1. Walking to a place from the start of a long line
/// would make looking up all places of a text take quadratic time, so every 64th character is marked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextMap {
    text: String,
    /// For each line, how many characters lie before it.
    lines: Vec<usize>,
    /// The byte of each 64th character; none of a text whose characters are bytes.
    marks: Vec<usize>,
}

impl TextMap {
    /// Marks a text.
    pub fn new(text: &str) -> Self {
        let mut lines = vec![0];
        let mut marks = Vec::new();
        let is_wide = !text.is_ascii();
        for (count, (byte, character)) in text.char_indices().enumerate() {
            if is_wide && count % STRIDE == 0 {
                marks.push(byte);
            }
            if character == '\n' {
                lines.push(count + 1);
            }
        }
        Self {
            text: text.to_owned(),
            lines,
            marks,
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at which a place is; the text's length for a place behind its end.
    pub fn offset(&self, place: Location) -> usize {
        let line = usize::try_from(place.line).unwrap_or(usize::MAX);
        let column = usize::try_from(place.column).unwrap_or(usize::MAX);
        let Some(before) = self.lines.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let count = before.saturating_add(column.saturating_sub(1));
        if self.marks.is_empty() {
            return count.min(self.text.len());
        }
        let Some(mark) = self.marks.get(count / STRIDE) else {
            return self.text.len();
        };
        let rest = self.text.get(*mark..).unwrap_or_default();
        rest.char_indices()
            .nth(count % STRIDE)
            .map_or(self.text.len(), |(byte, _)| mark + byte)
    }

    /// The bytes of a node, if sqlparser knows where it is.
    pub fn range(&self, span: Span) -> Option<Range<usize>> {
        (span.start.line > 0).then(|| {
            let start = self.offset(span.start);
            start..self.offset(span.end).max(start)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bytes_of_the_text() {
        let wide = "é€😀x".repeat(100);
        let cases: [(&str, u64, u64, &str); 9] = [
            ("", 1, 1, ""),
            ("abc", 1, 1, "abc"),
            ("abc", 1, 3, "c"),
            ("abc", 1, 4, ""),
            ("abc", 2, 1, ""),
            ("ab\ncd", 2, 1, "cd"),
            ("ab\r\ncd", 2, 2, "d"),
            ("é€😀x", 1, 4, "x"),
            (&wide, 1, 400, "x"),
        ];
        for (text, line, column, rest) in cases {
            let offset = TextMap::new(text).offset(Location::new(line, column));
            assert_eq!(text.get(offset..), Some(rest), "{text} at {line}:{column}");
        }
    }
}
