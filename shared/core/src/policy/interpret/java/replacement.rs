//! Java's replacements.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Captures, Regex};

/// A Java replacement: `$1`, `${name}`, and a backslash before anything that stands for itself.
#[derive(Debug, Clone)]
pub(in crate::policy::interpret) struct Replacement(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

impl Replacement {
    /// Reads a replacement for a pattern.
    pub(in crate::policy::interpret) fn new(text: &str, pattern: &Regex) -> Result<Self, String> {
        let groups = pattern.captures_len() - 1;
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let piece = match c {
                '\\' => {
                    plain.push(characters.next().ok_or("ends in a backslash")?);
                    continue;
                }
                '$' => reference(&mut characters, groups, pattern)?,
                c => {
                    plain.push(c);
                    continue;
                }
            };
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(piece);
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    /// The text, if it depends on no group.
    pub(in crate::policy::interpret) fn constant(&self) -> Option<String> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                Piece::Group(_) | Piece::Named(_) => None,
            })
            .collect()
    }

    /// The text for one match.
    pub(in crate::policy::interpret) fn expand(&self, captures: &Captures<'_>) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Group(group) => captures.get(*group).map_or("", |group| group.as_str()),
                Piece::Named(name) => captures.name(name).map_or("", |group| group.as_str()),
            })
            .collect()
    }

    /// Java's `replaceAll`, which unlike Rust's also replaces the empty match right after another one.
    pub(in crate::policy::interpret) fn replace_all(&self, pattern: &Regex, text: &str) -> String {
        let mut result = String::new();
        let mut copied = 0;
        let mut from = 0;
        while from <= text.len() {
            let Some(captures) = pattern.captures_at(text, from) else {
                break;
            };
            let Some(found) = captures.get(0) else { break };
            result.push_str(text.get(copied..found.start()).unwrap_or_default());
            result.push_str(&self.expand(&captures));
            copied = found.end();
            from = if found.is_empty() {
                let step = text.get(found.end()..).and_then(|rest| rest.chars().next());
                found.end() + step.map_or(1, char::len_utf8)
            } else {
                found.end()
            };
        }
        result.push_str(text.get(copied..).unwrap_or_default());
        result
    }
}

fn reference(
    characters: &mut Peekable<Chars<'_>>,
    groups: usize,
    pattern: &Regex,
) -> Result<Piece, String> {
    match characters.next() {
        Some('{') => {
            let mut name = String::new();
            loop {
                match characters.next() {
                    Some('}') => break,
                    Some(c) if c.is_ascii_alphanumeric() => name.push(c),
                    _ => return Err("has a `${` without a group's name and `}`".to_owned()),
                }
            }
            if pattern.capture_names().flatten().any(|known| known == name) {
                Ok(Piece::Named(name))
            } else {
                Err(format!(
                    "refers to the group `{name}`, which does not exist"
                ))
            }
        }
        Some(first) if first.is_ascii_digit() => {
            let digit = |c: char| c.to_digit(10).map_or(0, |digit| digit as usize);
            let mut group = digit(first);
            if group > groups {
                return Err(format!("refers to group {group}, which does not exist"));
            }
            // As many more digits as still name a group.
            while let Some(next) = characters.peek().copied().filter(char::is_ascii_digit) {
                let longer = group * 10 + digit(next);
                if longer > groups {
                    break;
                }
                group = longer;
                characters.next();
            }
            Ok(Piece::Group(group))
        }
        _ => Err("has a `$` that refers to no group: write `[$]` or `\\$`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{capturing, finding};
    use super::*;

    #[test]
    fn replacements_follow_java() {
        for (pattern, replacement, text, wanted) in [
            ("([^@]+)@.*", "$1", "ana@corp.com", "ana"),
            ("(.*)", "$1@corp.com", "ana", "ana@corp.com@corp.com"),
            ("(.+)", "$1@corp.com", "ana", "ana@corp.com"),
            ("(?<name>[a-z]+)", "${name}\\$", "ana", "ana$"),
            ("(a)", "$10", "a", "a0"),
        ] {
            let regex = finding(pattern).unwrap();
            let replacement = Replacement::new(replacement, &regex).unwrap();
            assert_eq!(replacement.replace_all(&regex, text), wanted, "{pattern}");
        }
        let regex = capturing("a").unwrap();
        for bad in ["$1", "$x", "${y}", "a\\"] {
            assert!(Replacement::new(bad, &regex).is_err(), "{bad}");
        }
        // A backslash is eaten, so this does not stand for a literal dot.
        assert_eq!(
            Replacement::new("a\\.b", &regex)
                .unwrap()
                .constant()
                .as_deref(),
            Some("a.b")
        );
    }
}
