//! Phone numbers.

/// Digits of a number without its extension, and whether it says its country.
struct Number {
    digits: String,
    international: bool,
    grouped: bool,
}

/// Whether the text is a number with its country (`+55 (12) 3923-5555`, `0044 20 ...`), of a possible length.
pub fn is_international(value: &str) -> bool {
    read(value).is_some_and(|number| number.international && has_country(&number.digits))
}

/// Whether the text could be a phone number as people of some country write it to each other.
pub fn is_national(value: &str) -> bool {
    read(value).is_some_and(|number| {
        number.international && has_country(&number.digits)
            || (7..=15).contains(&number.digits.len())
    })
}

/// Whether the text is a North American number written in groups, e.g. `(780) 428-9482` or `1 780-428-9482`.
pub fn is_north_american(value: &str) -> bool {
    let Some(number) = read(value).filter(|number| !number.international && number.grouped) else {
        return false;
    };
    let digits = number
        .digits
        .strip_prefix('1')
        .filter(|rest| rest.len() == 10)
        .unwrap_or(&number.digits);
    let from_two = |at: usize| {
        digits
            .as_bytes()
            .get(at)
            .is_some_and(|b| (b'2'..=b'9').contains(b))
    };
    // Groups of 3, 3 and 4: `2021-05-1234` has ten digits as well.
    let groups: Vec<usize> = split_extension(value)
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .filter(|length| *length > 0)
        .collect();
    digits.len() == 10
        && from_two(0)
        && from_two(3)
        && matches!(groups.as_slice(), [3, 3, 4] | [1, 3, 3, 4] | [3, 7])
}

fn read(value: &str) -> Option<Number> {
    let value = split_extension(value.trim().trim_start_matches("tel:"));
    let allowed = |c: char| c.is_ascii_digit() || " ()-./+\u{a0}\u{2011}\u{2013}".contains(c);
    let plus = value.matches('+').count();
    if value.is_empty()
        || !value.chars().all(allowed)
        || plus > 1
        || (plus == 1 && !value.starts_with(['+', '(']))
    {
        return None;
    }
    // The `0` that a caller from abroad leaves out: `+44 (0)20 ...`.
    let digits: String = value
        .replace("(0)", "")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let abroad = digits
        .strip_prefix("00")
        .filter(|rest| plus == 0 && rest.len() >= 8);
    let international = plus == 1 || abroad.is_some();
    let grouped = value.chars().any(|c| !c.is_ascii_digit() && c != '+');
    let digits = abroad.unwrap_or(&digits).to_owned();
    // The same digit throughout stands for `unknown`.
    let varied = digits.bytes().any(|b| Some(b) != digits.bytes().next());
    (varied && (6..=17).contains(&digits.len())).then_some(Number {
        digits,
        international,
        grouped,
    })
}

/// The number before `x123`, `ext. 123` and the like.
fn split_extension(value: &str) -> &str {
    let lower = value.to_ascii_lowercase();
    let at = ["ext", "x", "#"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min();
    match at.and_then(|at| value.split_at_checked(at)) {
        Some((number, extension))
            if extension
                .chars()
                .rev()
                .take_while(char::is_ascii_digit)
                .count()
                > 0 =>
        {
            number.trim_end()
        }
        _ => value,
    }
}

/// Whether international digits start with a country's code and go on for as long as numbers there may be.
fn has_country(digits: &str) -> bool {
    (1..=3)
        .filter_map(|length| digits.split_at_checked(length))
        .any(|(code, rest)| {
            // People write the trunk `0` too: `+49 0711 2842222`.
            let rest = rest
                .strip_prefix('0')
                .filter(|_| code != "39")
                .unwrap_or(rest);
            known_lengths(code).is_some_and(|(min, max)| (min..=max).contains(&rest.len()))
                && (code != "1" || rest.starts_with(|c: char| ('2'..='9').contains(&c)))
        })
}

/// The shortest and longest national number behind a country code, from the ITU's numbering plans; `None` for codes
/// that nobody has. Where plans differ much the bounds are wide.
fn known_lengths(code: &str) -> Option<(usize, usize)> {
    let number: u16 = code.parse().ok().filter(|_| !code.starts_with('0'))?;
    let lengths = match number {
        1 | 7 | 30 | 90 => (10, 10),
        20 => (8, 10),
        27 | 31 | 33 | 34 | 40 | 41 | 48 | 351 | 420 | 421 => (9, 9),
        32 | 36 | 61 | 66 => (8, 9),
        39 | 49 => (6, 11),
        43 => (4, 13),
        44 => (9, 10),
        45 | 47 | 65 => (8, 8),
        46 => (7, 10),
        51..=58 => (7, 11),
        60 | 62..=64 => (7, 12),
        81 | 82 | 84 => (8, 11),
        86 | 91 => (10, 11),
        92..=95 | 98 => (8, 10),
        212 | 213 | 216 | 218 | 220..=269 | 290 | 291 | 297..=299 => (6, 11),
        353 => (7, 9),
        358 => (5, 12),
        350 | 352 | 354..=357 | 359 | 370..=378 | 380..=383 | 385..=387 | 389 | 423 => (4, 11),
        500..=509 | 590..=599 | 670 | 672..=683 | 685..=692 => (4, 11),
        800 | 808 | 850 | 852 | 853 | 855 | 856 | 870 | 878 | 880..=883 | 886 | 888 => (4, 12),
        960..=968 | 970..=977 | 979 | 992..=996 | 998 => (6, 11),
        _ => return None,
    };
    Some(lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_what_only_looks_like_one() {
        for (value, international, national, north_american) in [
            ("+55 (12) 3923-5555", true, true, false),
            ("+49 0711 2842222", true, true, false),
            ("+44 (0)20 7707 0707", true, true, false),
            ("0044 20 7707 0707", true, true, false),
            ("+12025550143", true, true, false),
            ("+1 202 555 0143 x12", true, true, false),
            ("+1 102 555 0143", false, true, false),
            ("+999 123 456 789", false, true, false),
            ("(780) 428-9482", false, true, true),
            ("1 (780) 836-9987", false, true, true),
            ("780-428-9482 ext. 5", false, true, true),
            ("01 49 70 65 65", false, true, false),
            ("7804289482", false, true, false),
            ("2021-05-1234", false, true, false),
            ("+5", false, false, false),
            ("+01:00", false, false, false),
            ("1111111111", false, false, false),
            ("12 apples", false, false, false),
            ("", false, false, false),
        ] {
            assert_eq!(
                (
                    is_international(value),
                    is_national(value),
                    is_north_american(value)
                ),
                (international, national, north_american),
                "{value}"
            );
        }
    }
}
