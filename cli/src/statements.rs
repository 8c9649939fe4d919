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
    let mut rest = text
        .get(start..)
        .unwrap_or_default()
        .char_indices()
        .peekable();
    while let Some((offset, character)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match character {
            ';' => {
                if filled {
                    parts.push(begin..start + offset);
                }
                begin = start + offset + 1;
                filled = false;
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
            other => filled |= !other.is_whitespace(),
        }
    }
    if filled || parts.is_empty() {
        parts.push(begin..text.len());
    }
    parts
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
            ("--- a comment\nselect 1", vec!["--- a comment\nselect 1"]),
            ("", vec![""]),
            ("select 'é;' ; select 2", vec!["select 'é;' ", " select 2"]),
        ] {
            let found: Vec<&str> = split(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, parts, "{text}");
        }
    }
}
