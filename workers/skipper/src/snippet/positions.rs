//! Places in the author's text, and the way back to them from the text that runs.

/// A place in a text. Lines count from 1, columns from 1 in UTF-16 units, as JavaScript engines count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// Where something was put between the author's characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Insertion {
    /// Before this place of the author's text.
    position: Position,
    /// So many UTF-16 units, none of them a line's end.
    length: u32,
}

/// All insertions into one text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions {
    insertions: Vec<Insertion>,
    lines: u32,
}

impl Positions {
    /// The way back for insertions given as byte offset and text, in the order of their offsets.
    pub fn new(code: &str, insertions: &[(usize, String)]) -> Self {
        let mut walked = Walk::new(code);
        let insertions = insertions
            .iter()
            .map(|(offset, text)| Insertion {
                position: walked.to(*offset),
                length: units(text),
            })
            .collect();
        Self {
            insertions,
            lines: u32::try_from(code.lines().count())
                .unwrap_or(u32::MAX)
                .max(1),
        }
    }

    /// The author's place for a place in the text that runs.
    pub fn original(&self, running: Position) -> Position {
        if running.line > self.lines {
            return Position {
                line: self.lines,
                column: 1,
            };
        }
        let mut added = 0;
        for insertion in self
            .insertions
            .iter()
            .filter(|insertion| insertion.position.line == running.line)
        {
            let start = insertion.position.column.saturating_add(added);
            if running.column < start {
                break;
            }
            if running.column < start.saturating_add(insertion.length) {
                return insertion.position;
            }
            added = added.saturating_add(insertion.length);
        }
        Position {
            line: running.line,
            column: running.column.saturating_sub(added).max(1),
        }
    }
}

/// The place of a byte offset.
pub fn position_at(code: &str, offset: usize) -> Position {
    Walk::new(code).to(offset)
}

fn units(text: &str) -> u32 {
    text.chars()
        .map(|character| character.len_utf16() as u32)
        .sum()
}

/// Goes through a text once, from offset to offset.
struct Walk<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
    position: Position,
}

impl<'a> Walk<'a> {
    fn new(code: &'a str) -> Self {
        Self {
            rest: code.char_indices().peekable(),
            position: Position { line: 1, column: 1 },
        }
    }

    /// Offsets must not go back.
    fn to(&mut self, offset: usize) -> Position {
        while let Some((_, character)) = self.rest.next_if(|(at, _)| *at < offset) {
            if character == '\n' {
                self.position = Position {
                    line: self.position.line + 1,
                    column: 1,
                };
            } else {
                self.position.column += character.len_utf16() as u32;
            }
        }
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_back_over_what_was_put_in() {
        let code = "const ä = '😀';\nfor (;;) x();";
        let insertions = [
            (0, "HEAD{".to_owned()),
            (code.find("x()").unwrap(), "{t();".to_owned()),
            (code.len(), "}".to_owned()),
        ];
        let positions = Positions::new(code, &insertions);
        for (line, column, wanted) in [
            (1, 3, (1, 1)),
            (1, 6, (1, 1)),
            (1, 12, (1, 7)),
            (2, 1, (2, 1)),
            (2, 10, (2, 10)),
            (2, 12, (2, 10)),
            (2, 15, (2, 10)),
            (2, 16, (2, 11)),
            (9, 4, (2, 1)),
        ] {
            let got = positions.original(Position { line, column });
            assert_eq!((got.line, got.column), wanted, "{line}:{column}");
        }
    }

    #[test]
    fn characters_outside_the_first_plane_are_two_units_wide() {
        assert_eq!(
            position_at("'😀'x", "'😀'".len()),
            Position { line: 1, column: 5 }
        );
    }
}
