//! A model file's statements: what stands between the semicolons, behind the front matter.

use std::ops::Range;

/// The parts of a file that hold a statement, in bytes.
///
/// A block of settings between two lines `---` at the start is no SQL and left out.
pub(crate) fn split(text: &str) -> Vec<Range<usize>> {
    let start = front_matter(text);
    let mut parts = Vec::new();
    let mut begin = start;
    let mut filled = false;
    let mut body = Body::default();
    let mut rest = text
        .get(start..)
        .unwrap_or_default()
        .char_indices()
        .peekable();
    while let Some((offset, character)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match character {
            ';' if body.is_left_open() => {}
            ';' => {
                if filled {
                    parts.push(begin..start + offset);
                }
                begin = start + offset + 1;
                filled = false;
                body = Body::default();
            }
            '\'' | '"' => {
                filled = true;
                // A doubled quote closes and opens again, which comes to the same.
                rest.by_ref().find(|(_, inner)| *inner == character);
            }
            '-' if next == Some('-') => {
                rest.by_ref().find(|(_, inner)| *inner == '\n');
            }
            '/' if next == Some('*') => {
                rest.next();
                let mut before = ' ';
                rest.by_ref().find(|(_, inner)| {
                    let closed = before == '*' && *inner == '/';
                    before = *inner;
                    closed
                });
            }
            first if first.is_ascii_alphabetic() => {
                filled = true;
                let mut word = first.to_ascii_uppercase().to_string();
                while let Some((_, inner)) = rest.peek()
                    && (inner.is_ascii_alphanumeric() || *inner == '_')
                {
                    word.push(inner.to_ascii_uppercase());
                    rest.next();
                }
                body.meet(word);
            }
            other => filled |= !other.is_whitespace(),
        }
    }
    if filled || parts.is_empty() {
        parts.push(begin..text.len());
    }
    parts
}

/// The body of a function, `BEGIN ... END`, whose statements have semicolons of their own.
#[derive(Default)]
struct Body {
    /// How many words of the statement were met.
    words: usize,
    /// Whether the statement defines functions: `WITH FUNCTION`, `CREATE OR REPLACE FUNCTION`.
    is_function: bool,
    /// How many of `BEGIN` and `CASE` wait for their `END`.
    open: usize,
    last: String,
}

impl Body {
    /// At a semicolon: whether it is the body's own.
    fn is_left_open(&mut self) -> bool {
        if self.last == "END" {
            self.open = self.open.saturating_sub(1);
            self.last.clear();
        }
        self.open > 0
    }

    fn meet(&mut self, word: String) {
        self.words += 1;
        self.is_function |= word == "FUNCTION" && self.words <= 4;
        let behind_end = self.last == "END";
        match word.as_str() {
            "BEGIN" if self.is_function => self.open += 1,
            "CASE" if self.open > 0 && !behind_end => self.open += 1,
            // `END IF` closes what was not counted.
            "IF" | "LOOP" | "WHILE" | "REPEAT" if self.open > 0 && behind_end => {}
            _ if behind_end && self.open > 0 => self.open -= 1,
            _ => {}
        }
        self.last = word;
    }
}

/// Where the SQL starts behind settings between two lines `---`.
fn front_matter(text: &str) -> usize {
    let mut offset = 0;
    let mut opened = false;
    for line in text.split_inclusive('\n') {
        offset += line.len();
        match (line.trim_end(), opened) {
            ("---", false) => opened = true,
            ("---", true) => return offset,
            (_, false) => return 0,
            (_, true) => {}
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn statements_are_what_stands_between_semicolons() {
        for (text, parts) in [
            ("select 1", vec!["select 1"]),
            ("select 1;", vec!["select 1"]),
            ("select 1; ; -- x;y\n", vec!["select 1"]),
            (
                "select ';' ; select \";\"",
                vec!["select ';' ", " select \";\""],
            ),
            (
                "select 'it''s;'; select 2",
                vec!["select 'it''s;'", " select 2"],
            ),
            (
                "select 1 /* ; */ - 2;/*/;*/select 3",
                vec!["select 1 /* ; */ - 2", "/*/;*/select 3"],
            ),
            ("---\nname: x; y\n---\nselect 1;", vec!["select 1"]),
            (
                "with function f(x int) returns int begin if x > 1 then return 2; end if; return case when x = 1 then 0 else x end; end select f(a) from t; select 2",
                vec![
                    "with function f(x int) returns int begin if x > 1 then return 2; end if; return case when x = 1 then 0 else x end; end select f(a) from t",
                    " select 2",
                ],
            ),
            (
                "create or replace function f() returns int begin case 1 when 1 then return 1; end case; end; select 1; begin; end",
                vec![
                    "create or replace function f() returns int begin case 1 when 1 then return 1; end case; end",
                    " select 1",
                    " begin",
                    " end",
                ],
            ),
            ("--- a comment\nselect 1", vec!["--- a comment\nselect 1"]),
            ("", vec![""]),
            ("select 'é;' ; select 2", vec!["select 'é;' ", " select 2"]),
        ] {
            let found: Vec<&str> = split(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, parts, "{text}");
        }
    }
}
