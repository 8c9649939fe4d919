//! Java's regular expressions and replacements, as far as Java and Rust agree on their meaning. What they do
//! not agree on is refused: a pattern that means something else here than in Trino would be a hole in one of
//! the two.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use regex::{Captures, Regex};

/// A compiled pattern that must match a whole name.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// `.*`, the commonest.
    Any,
    /// An alternation of plain names: by far the fastest, and what [`render`](crate::policy::render) writes.
    Names(BTreeSet<String>),
    /// Anything else.
    Regex(Regex),
}

impl Pattern {
    /// Compiles a Java pattern for `matches()`.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        if pattern == ".*" {
            return Ok(Self::Any);
        }
        let translated = translate(pattern)?;
        match translated.names {
            Some(names) => Ok(Self::Names(names.into_iter().collect())),
            None => Ok(Self::Regex(whole(&translated.regex)?)),
        }
    }

    /// Whether the whole name matches.
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => !name.contains(LINE_TERMINATORS),
            Self::Names(names) => names.contains(name),
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

/// Compiles a Java pattern that must match the whole text, keeping its groups.
pub(super) fn capturing(pattern: &str) -> Result<Regex, String> {
    whole(&translate(pattern)?.regex)
}

/// Compiles a Java pattern for `find()`.
pub(super) fn finding(pattern: &str) -> Result<Regex, String> {
    build(&translate(pattern)?.regex)
}

/// A Java replacement: `$1`, `${name}`, and a backslash before anything that stands for itself.
#[derive(Debug, Clone)]
pub(super) struct Replacement(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

impl Replacement {
    /// Reads a replacement for a pattern.
    pub(super) fn new(text: &str, pattern: &Regex) -> Result<Self, String> {
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
    pub(super) fn constant(&self) -> Option<String> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                Piece::Group(_) | Piece::Named(_) => None,
            })
            .collect()
    }

    /// The text for one match.
    pub(super) fn expand(&self, captures: &Captures<'_>) -> String {
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
    pub(super) fn replace_all(&self, pattern: &Regex, text: &str) -> String {
        let mut result = String::new();
        let mut copied = 0;
        let mut from = 0;
        while from <= text.len() {
            let Some(captures) = pattern.captures_at(text, from) else { break };
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

fn reference(characters: &mut Peekable<Chars<'_>>, groups: usize, pattern: &Regex) -> Result<Piece, String> {
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
                Err(format!("refers to the group `{name}`, which does not exist"))
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

const LINE_TERMINATORS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
const DOT: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";

fn whole(regex: &str) -> Result<Regex, String> {
    build(&format!(r"\A(?:{regex})\z"))
}

fn build(regex: &str) -> Result<Regex, String> {
    Regex::new(regex).map_err(|error| {
        let text = error.to_string();
        // The library points into the translation over several lines; its last line says what is wrong.
        let last = text.lines().last().unwrap_or_default();
        format!("is not a regular expression: {}", last.trim_start_matches("error: "))
    })
}

struct Translated {
    regex: String,
    /// The names, if the pattern is nothing but an alternation of them.
    names: Option<Vec<String>>,
}

/// A character that stands for itself, or a class of characters.
enum Atom {
    Character(char),
    Class(&'static str),
}

fn translate(pattern: &str) -> Result<Translated, String> {
    let mut regex = String::with_capacity(pattern.len() + 8);
    let mut names = Some(vec![String::new()]);
    let mut characters = pattern.chars().peekable();
    let mut quantified = false;
    while let Some(c) = characters.next() {
        let mut quantifier = false;
        let literal = match c {
            '\\' => match escape(&mut characters)? {
                Atom::Character(c) => Some(c),
                Atom::Class(class) => {
                    regex.push_str(class);
                    None
                }
            },
            '[' => class(&mut characters, &mut regex)?,
            '(' => {
                regex.push('(');
                group(&mut characters, &mut regex)?;
                None
            }
            '|' => {
                regex.push('|');
                // Inside of brackets `names` is gone already.
                if let Some(names) = &mut names {
                    names.push(String::new());
                }
                quantified = false;
                continue;
            }
            '*' | '+' | '?' | '{' => {
                if quantified {
                    return Err(format!("has `{c}` after another quantifier, which engines read differently"));
                }
                quantifier = true;
                regex.push(c);
                if c == '{' {
                    count(&mut characters, &mut regex)?;
                }
                // A `?` after a quantifier makes it lazy, which cannot change a match of the whole name.
                if characters.next_if_eq(&'?').is_some() {
                    regex.push('?');
                }
                None
            }
            '.' => {
                regex.push_str(DOT);
                None
            }
            '^' | '$' | ')' => {
                regex.push(c);
                None
            }
            c => Some(c),
        };
        match literal {
            Some(c) => {
                push_escaped(&mut regex, c);
                if let Some(last) = names.as_mut().and_then(|names| names.last_mut()) {
                    last.push(c);
                }
            }
            None => names = None,
        }
        quantified = quantifier;
    }
    Ok(Translated { regex, names })
}

/// What follows `(`: nothing special, `?:` or `?<name>`.
fn group(characters: &mut Peekable<Chars<'_>>, regex: &mut String) -> Result<(), String> {
    if characters.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    match characters.next() {
        Some(':') => regex.push_str("?:"),
        Some('<') if characters.peek().is_some_and(char::is_ascii_alphabetic) => {
            regex.push_str("?<");
            loop {
                match characters.next() {
                    Some('>') => break regex.push('>'),
                    Some(c) if c.is_ascii_alphanumeric() => regex.push(c),
                    _ => return Err("has a group whose name is not letters and digits".to_owned()),
                }
            }
        }
        _ => return Err("has a `(?` other than `(?:` and `(?<name>`: look-around and flags are not supported".to_owned()),
    }
    Ok(())
}

/// What follows `{`: `n}`, `n,}` or `n,m}`.
fn count(characters: &mut Peekable<Chars<'_>>, regex: &mut String) -> Result<(), String> {
    let mut text = String::new();
    loop {
        match characters.next() {
            Some('}') => break,
            Some(c) if c.is_ascii_digit() || (c == ',' && !text.is_empty() && !text.contains(',')) => text.push(c),
            _ => return Err("has a `{` that is not a count: write `[{]` for the character".to_owned()),
        }
    }
    if text.is_empty() {
        return Err("has an empty count `{}`".to_owned());
    }
    regex.push_str(&text);
    regex.push('}');
    Ok(())
}

/// What follows a backslash.
fn escape(characters: &mut Peekable<Chars<'_>>) -> Result<Atom, String> {
    let c = characters.next().ok_or("ends in a backslash")?;
    Ok(match c {
        // Java's classes are of ASCII.
        'd' => Atom::Class("[0-9]"),
        'D' => Atom::Class("[^0-9]"),
        'w' => Atom::Class("[0-9A-Za-z_]"),
        'W' => Atom::Class("[^0-9A-Za-z_]"),
        's' => Atom::Class(r"[ \t\n\x0B\f\r]"),
        'S' => Atom::Class(r"[^ \t\n\x0B\f\r]"),
        't' => Atom::Character('\t'),
        'n' => Atom::Character('\n'),
        'r' => Atom::Character('\r'),
        'f' => Atom::Character('\u{c}'),
        'x' => Atom::Character(hexadecimal(characters, 2)?),
        'u' => Atom::Character(hexadecimal(characters, 4)?),
        c if c.is_ascii_alphanumeric() => {
            return Err(format!("has `\\{c}`, which is not supported: engines read it differently"));
        }
        c => Atom::Character(c),
    })
}

fn hexadecimal(characters: &mut Peekable<Chars<'_>>, digits: usize) -> Result<char, String> {
    let mut code = 0;
    for _ in 0..digits {
        let digit = characters.next().and_then(|c| c.to_digit(16));
        code = code * 16 + digit.ok_or_else(|| format!("has an escape without {digits} hexadecimal digits"))?;
    }
    char::from_u32(code).ok_or_else(|| "has an escape that is no character".to_owned())
}

/// What follows `[`. A class of one character, such as `[.]`, is that character.
fn class(characters: &mut Peekable<Chars<'_>>, regex: &mut String) -> Result<Option<char>, String> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut text = String::from(if negated { "[^" } else { "[" });
    let mut only = None;
    let mut items = 0_usize;
    // Whether a `-` here would start a range: after a single character, and not after a range.
    let mut range_start = false;
    loop {
        let c = characters.next().ok_or("has a `[` without its `]`")?;
        let atom = match c {
            ']' if items == 0 => return Err("has a class that begins with `]`: write `\\]`".to_owned()),
            ']' => break,
            '[' => return Err("has a class within a class, which engines read differently".to_owned()),
            '&' if characters.peek() == Some(&'&') => {
                return Err("has `&&` in a class, which engines read differently".to_owned());
            }
            '\\' => escape(characters)?,
            '-' if items > 0 && characters.peek() != Some(&']') => {
                if !range_start {
                    return Err("has a `-` in a class that is not a range: put it last".to_owned());
                }
                let end = match characters.next() {
                    Some('\\') => escape(characters)?,
                    Some(c) if c != '[' => Atom::Character(c),
                    _ => return Err("has a range without an end".to_owned()),
                };
                let Atom::Character(end) = end else {
                    return Err("has a range that ends in a class".to_owned());
                };
                text.push('-');
                push_escaped(&mut text, end);
                range_start = false;
                only = None;
                items += 1;
                continue;
            }
            c => Atom::Character(c),
        };
        items += 1;
        match atom {
            Atom::Character(c) => {
                push_escaped(&mut text, c);
                only = (items == 1).then_some(c);
                range_start = true;
            }
            Atom::Class(inner) => {
                text.push_str(inner);
                only = None;
                range_start = false;
            }
        }
    }
    text.push(']');
    match only {
        Some(c) if !negated && items == 1 => Ok(Some(c)),
        _ => {
            regex.push_str(&text);
            Ok(None)
        }
    }
}

fn push_escaped(regex: &mut String, c: char) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        regex.push_str(&format!(r"\x{{{:x}}}", u32::from(c)));
    } else {
        regex.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_name_and_case() {
        for (pattern, name, matches) in [
            ("peop", "people", false),
            ("people", "People", false),
            ("people|orders", "orders", true),
            ("a[.]b", "a.b", true),
            ("a[.]b", "axb", false),
            ("a\\.b", "axb", false),
            ("ana@corp[.]com([+]pii[.]n1)?", "ana@corp.com+pii.n1", true),
            (".*[+].*", "ana+x", true),
            (".*", "any thing", true),
            ("people[$].*", "people$files", true),
            ("[a-z0-9._-]+@corp[.]com", "a-b.c@corp.com", true),
            ("\\d+", "١", false),
            ("\\w+", "é", false),
            ("[^a-c]+", "xyz", true),
            ("x{2,3}", "xxx", true),
            ("x{2}", "xxx", false),
            ("(?:a|b)c", "bc", true),
            ("a|", "", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn what_engines_read_differently_is_refused() {
        for pattern in [
            "a*+", "a++", "a**", "(?i)a", "(?=a)", "(?<!a)b", "\\p{L}", "\\bword", "\\Qa\\E", "[a&&b]", "[a[b]]",
            "[]a]", "a{,2}", "a{", "(a", "a)", "*a", "[a", "[z-a]", "a\\", "(a)\\1", "[a-c-e]", "[a-\\d]",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn plain_names_need_no_regular_expression() {
        assert!(matches!(Pattern::new("a[.]b|c\\$d").unwrap(), Pattern::Names(names) if names.len() == 2));
        assert!(matches!(Pattern::new("a|(b)").unwrap(), Pattern::Regex(_)));
    }

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
        assert_eq!(Replacement::new("a\\.b", &regex).unwrap().constant().as_deref(), Some("a.b"));
    }
}
