//! Java's regular expressions and replacements, as far as Java and Rust agree on their meaning. What they do
//! not agree on is refused: a pattern that means something else here than in Trino would be a hole in one of
//! the two.

mod replacement;

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

pub(super) use replacement::Replacement;

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
        format!(
            "is not a regular expression: {}",
            last.trim_start_matches("error: ")
        )
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
                    return Err(format!(
                        "has `{c}` after another quantifier, which engines read differently"
                    ));
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
        _ => return Err(
            "has a `(?` other than `(?:` and `(?<name>`: look-around and flags are not supported"
                .to_owned(),
        ),
    }
    Ok(())
}

/// What follows `{`: `n}`, `n,}` or `n,m}`.
fn count(characters: &mut Peekable<Chars<'_>>, regex: &mut String) -> Result<(), String> {
    let mut text = String::new();
    loop {
        match characters.next() {
            Some('}') => break,
            Some(c)
                if c.is_ascii_digit() || (c == ',' && !text.is_empty() && !text.contains(',')) =>
            {
                text.push(c)
            }
            _ => {
                return Err(
                    "has a `{` that is not a count: write `[{]` for the character".to_owned(),
                );
            }
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
            return Err(format!(
                "has `\\{c}`, which is not supported: engines read it differently"
            ));
        }
        c => Atom::Character(c),
    })
}

fn hexadecimal(characters: &mut Peekable<Chars<'_>>, digits: usize) -> Result<char, String> {
    let mut code = 0;
    for _ in 0..digits {
        let digit = characters.next().and_then(|c| c.to_digit(16));
        code = code * 16
            + digit.ok_or_else(|| format!("has an escape without {digits} hexadecimal digits"))?;
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
            ']' if items == 0 => {
                return Err("has a class that begins with `]`: write `\\]`".to_owned());
            }
            ']' => break,
            '[' => {
                return Err("has a class within a class, which engines read differently".to_owned());
            }
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
            assert_eq!(
                Pattern::new(pattern).unwrap().matches(name),
                matches,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn what_engines_read_differently_is_refused() {
        for pattern in [
            "a*+", "a++", "a**", "(?i)a", "(?=a)", "(?<!a)b", "\\p{L}", "\\bword", "\\Qa\\E",
            "[a&&b]", "[a[b]]", "[]a]", "a{,2}", "a{", "(a", "a)", "*a", "[a", "[z-a]", "a\\",
            "(a)\\1", "[a-c-e]", "[a-\\d]",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn plain_names_need_no_regular_expression() {
        assert!(
            matches!(Pattern::new("a[.]b|c\\$d").unwrap(), Pattern::Names(names) if names.len() == 2)
        );
        assert!(matches!(Pattern::new("a|(b)").unwrap(), Pattern::Regex(_)));
    }
}
