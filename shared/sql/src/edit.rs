//! Changes of a text that leave everything else in it as it is, byte for byte.

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

/// Makes several changes at once. Places are those of the text before any of them; insertions at the same place
/// stand in the order given.
///
/// Nothing if two of them touch the same text, or one lies outside of it.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
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
}
