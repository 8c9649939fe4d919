//! Whether a text is JSON.

/// How deep values may be inside each other; reading is by recursion.
const MAX_DEPTH: usize = 500;

/// Whether a text is one JSON value.
pub(super) fn is_json(text: &str) -> bool {
    let mut rest = text;
    value(&mut rest, 0).is_some() && rest.trim_start().is_empty()
}

fn value(rest: &mut &str, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    *rest = rest.trim_start();
    match rest.chars().next()? {
        '{' => list(rest, '}', |rest| {
            *rest = rest.trim_start();
            string(rest)?;
            sign(rest, ':')?;
            value(rest, depth + 1)
        }),
        '[' => list(rest, ']', |rest| value(rest, depth + 1)),
        '"' => string(rest),
        '-' | '0'..='9' => number(rest),
        _ => {
            let word = ["true", "false", "null"]
                .into_iter()
                .find(|word| rest.starts_with(word))?;
            *rest = rest.get(word.len()..)?;
            Some(())
        }
    }
}

fn sign(rest: &mut &str, sign: char) -> Option<()> {
    *rest = rest.trim_start().strip_prefix(sign)?;
    Some(())
}

fn list(
    rest: &mut &str,
    close: char,
    mut member: impl FnMut(&mut &str) -> Option<()>,
) -> Option<()> {
    *rest = rest.get(1..)?;
    if sign(rest, close).is_some() {
        return Some(());
    }
    loop {
        member(rest)?;
        if sign(rest, close).is_some() {
            return Some(());
        }
        sign(rest, ',')?;
    }
}

fn string(rest: &mut &str) -> Option<()> {
    let mut characters = rest.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => {
                *rest = characters.as_str();
                return Some(());
            }
            '\\' => match characters.next()? {
                '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {}
                'u' => {
                    for _ in 0..4 {
                        characters.next().filter(char::is_ascii_hexdigit)?;
                    }
                }
                _ => return None,
            },
            c if c < ' ' => return None,
            _ => {}
        }
    }
}

fn number(rest: &mut &str) -> Option<()> {
    let digits = |text: &mut &str| {
        let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let any = after.len() < text.len();
        *text = after;
        any.then_some(())
    };
    let mut text = rest.strip_prefix('-').unwrap_or(rest);
    match text.strip_prefix('0') {
        Some(after) => text = after,
        None => digits(&mut text)?,
    }
    if let Some(mut fraction) = text.strip_prefix('.') {
        digits(&mut fraction)?;
        text = fraction;
    }
    if let Some(exponent) = text.strip_prefix(['e', 'E']) {
        let mut exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        digits(&mut exponent)?;
        text = exponent;
    }
    *rest = text;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_other_text() {
        for (text, expected) in [
            (r#" {"a": [1, -2.5e+3, null], "b\u00e9": {}} "#, true),
            ("[]", true),
            ("12", true),
            ("01", false),
            ("[1,]", false),
            ("{'a': 1}", false),
            ("\"a", false),
            ("nul", false),
            ("", false),
            ("1 2", false),
        ] {
            assert_eq!(is_json(text), expected, "{text}");
        }
        assert!(!is_json(&"[".repeat(100_000)));
    }
}
