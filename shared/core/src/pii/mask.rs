//! What may be shown of a value: its shape.

/// Characters of a masked sample. Longer values end in `…`.
const LIMIT: usize = 40;

/// A value with every letter and digit replaced: `Xxxx.99@xxx.xx`. Keeps punctuation, length and case.
///
/// Letters of scripts without case become `x`. Control characters become spaces, so that a sample stays in its line.
pub fn shape(value: &str) -> String {
    let mut out: String = value.chars().take(LIMIT).map(mask_char).collect();
    if value.chars().nth(LIMIT).is_some() {
        out.push('…');
    }
    out
}

fn mask_char(c: char) -> char {
    match c {
        _ if c.is_numeric() => '9',
        _ if c.is_uppercase() => 'X',
        _ if c.is_alphabetic() => 'x',
        _ if c.is_control() => ' ',
        _ if c.is_ascii() => c,
        _ if c.is_whitespace() => ' ',
        // Emoji, marks and the like may be the value itself.
        _ => 'x',
    }
}

/// A secret with only its public prefix left, e.g. `ghp_…`.
pub fn secret(prefix: &str, value: &str) -> String {
    format!("{prefix}… ({} characters)", value.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_and_no_digit_survives() {
        for (value, masked) in [
            ("Ana.Silva7@corp.example", "Xxx.Xxxxx9@xxxx.xxxxxxx"),
            ("+55 (12) 3923-5555", "+99 (99) 9999-9999"),
            ("王小明", "xxx"),
            ("a\nb", "x x"),
            ("M", "X"),
            ("½ ④", "9 9"),
        ] {
            assert_eq!(shape(value), masked);
        }
        assert_eq!(shape(&"a".repeat(50)).chars().count(), 41);
        assert_eq!(secret("ghp_", "ghp_0123"), "ghp_… (8 characters)");
    }
}
