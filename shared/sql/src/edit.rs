//! Changes of a text that leave everything else in it as it is, byte for byte.

use townlake_core::advice::Span;

use crate::bound::TextRange;

/// A piece of text in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; nothing between its ends is an insertion.
    pub at: TextRange,
    /// What is written there.
    pub text: String,
}

impl Edit {
    /// A replacement.
    pub fn replace(at: TextRange, text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
        }
    }

    /// An insertion before the byte `at`.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }
}

/// A piece of a changed text that was not there before, and so moved what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Where it begins in the changed text.
    pub from: Span,
    /// Where it ends there.
    pub to: Span,
    /// Where what it replaced ended in the text before.
    pub before: Span,
}

/// Makes several changes at once. Places are those of the text before any of them; insertions at the same place
/// stand in the order given.
///
/// Nothing if two of them touch the same text, or one lies outside of it.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let edits = in_order(edits);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        changed.push_str(text.get(done..edit.at.start)?);
        text.get(edit.at.clone())?;
        changed.push_str(&edit.text);
        done = edit.at.end;
    }
    changed.push_str(text.get(done..)?);
    Some(changed)
}

/// What [`apply`] moves by these changes, in the order of the text. Nothing where it does nothing.
pub fn moved(text: &str, edits: &[Edit]) -> Option<Vec<Moved>> {
    let mut moved = Vec::with_capacity(edits.len());
    let (mut then, mut now, mut done) = (BEGIN, BEGIN, 0);
    for edit in in_order(edits) {
        let kept = text.get(done..edit.at.start)?;
        let from = behind(now, kept);
        now = behind(from, &edit.text);
        then = behind(behind(then, kept), text.get(edit.at.clone())?);
        done = edit.at.end;
        moved.push(Moved {
            from,
            to: now,
            before: then,
        });
    }
    Some(moved)
}

/// Where a place of the changed text was before. What was written by a change was where that change begins.
pub fn place_before(moved: &[Moved], place: Span) -> Span {
    let Some((last, earlier)) = moved
        .iter()
        .rposition(|moved| moved.from <= place)
        .and_then(|last| Some((moved.get(last)?, moved.get(..last)?)))
    else {
        return place;
    };
    if place < last.to {
        return place_before(earlier, last.from);
    }
    if place.line > last.to.line {
        return Span {
            line: place.line - last.to.line + last.before.line,
            ..place
        };
    }
    Span {
        line: last.before.line,
        column: place.column - last.to.column + last.before.column,
    }
}

const BEGIN: Span = Span { line: 1, column: 1 };

fn in_order(edits: &[Edit]) -> Vec<&Edit> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    edits
}

/// The place behind a text that begins at a place.
fn behind(place: Span, text: &str) -> Span {
    text.chars()
        .fold(place, |place, character| match character {
            '\n' => Span {
                line: place.line + 1,
                column: 1,
            },
            _ => Span {
                column: place.column + 1,
                ..place
            },
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_leave_the_rest_alone() {
        let edits = |list: &[(usize, usize, &str)]| -> Vec<Edit> {
            list.iter()
                .map(|(start, end, text)| Edit::replace(*start..*end, *text))
                .collect()
        };
        for (list, result) in [
            (edits(&[]), Some("aéb")),
            (edits(&[(1, 3, "x")]), Some("axb")),
            (
                edits(&[(3, 3, "2"), (0, 1, "1"), (3, 3, "3")]),
                Some("1é23b"),
            ),
            (edits(&[(0, 3, "x"), (1, 3, "y")]), None),
            (edits(&[(2, 3, "x")]), None),
            (edits(&[(4, 5, "x")]), None),
        ] {
            assert_eq!(apply("aéb", &list).as_deref(), result, "{list:?}");
        }
    }

    #[test]
    fn what_stays_is_led_back_to_its_place() {
        let text = "A *, B\n C, u.\n*, D; E";
        let place = |text: &str, part: &str| behind(BEGIN, text.split_once(part).unwrap().0);
        let edit = |part: &str, written: &str| {
            let start = text.find(part).unwrap();
            Edit::replace(start..start + part.len(), written)
        };
        let edits = [
            edit("u.\n*", "u.1,\n\n é"),
            edit("*", "2 3"),
            edit("; ", ""),
            Edit::insert(text.len(), "LIMIT 5"),
        ];
        let changed = apply(text, &edits).unwrap();
        let moved = moved(text, &edits).unwrap();
        for part in ["A", ",", "B", "C", "D", "E"] {
            let now = place(&changed, part);
            assert_eq!(place_before(&moved, now), place(text, part), "{part}");
        }
        for (written, replaced) in [("3", "*"), ("é", "u."), ("1,", "u.")] {
            let now = place(&changed, written);
            assert_eq!(
                place_before(&moved, now),
                place(text, replaced),
                "{written}"
            );
        }
        let end = behind(BEGIN, text);
        assert_eq!(place_before(&moved, place(&changed, "MIT")), end);
    }
}
