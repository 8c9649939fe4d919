//! Numbers with a check digit or a fixed form: payment cards, IBANs, US social security numbers, article numbers.

/// Whether the text is a payment card number: a known issuer's range and length, and Luhn's check digit.
///
/// Spaces and dashes may stand between groups. About 3 % of random 16-digit numbers pass.
pub fn is_card(value: &str) -> bool {
    let grouped = value
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b' ' || b == b'-');
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    grouped
        && !value.contains("--")
        && !value.contains("  ")
        && has_issuer(&digits)
        && luhn(&digits)
}

fn has_issuer(digits: &str) -> bool {
    let head = |length: usize| {
        digits
            .get(..length)
            .and_then(|head| head.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let (two, three, four, six) = (head(2), head(3), head(4), head(6));
    match digits.len() {
        14 => (300..=305).contains(&three) || three == 309 || two == 36 || (38..=39).contains(&two),
        15 => two == 34 || two == 37,
        13 | 19 if digits.starts_with('4') => true,
        16..=19 => {
            let visa = digits.len() == 16 && digits.starts_with('4');
            let mastercard =
                digits.len() == 16 && ((51..=55).contains(&two) || (2221..=2720).contains(&four));
            let discover = four == 6011
                || (644..=649).contains(&three)
                || two == 65
                || (622_126..=622_925).contains(&six);
            let jcb = (3528..=3589).contains(&four);
            let unionpay = two == 62 || two == 81;
            let maestro = matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763);
            visa || mastercard || discover || jcb || unionpay || maestro
        }
        _ => false,
    }
}

/// Whether a text of digits ends in Luhn's check digit.
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (at, byte) in digits.bytes().rev().enumerate() {
        let Some(digit) = byte.is_ascii_digit().then(|| u32::from(byte - b'0')) else {
            return false;
        };
        let doubled = if at % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    // A row of one digit, such as sixteen zeros, stands for `none`.
    sum % 10 == 0
        && digits
            .bytes()
            .any(|byte| Some(byte) != digits.bytes().next())
}

/// Whether the text is an IBAN: a known country, its length, and the remainder 1 modulo 97.
pub fn is_iban(value: &str) -> bool {
    let compact: String = value
        .chars()
        .filter(|c| *c != ' ' && *c != '-')
        .collect::<String>()
        .to_ascii_uppercase();
    let known = compact.get(..2).is_some_and(|country| {
        IBAN_LENGTHS
            .iter()
            .any(|(known, length)| *known == country && *length == compact.len())
    });
    let Some((head, body)) = compact.split_at_checked(4).filter(|_| known) else {
        return false;
    };
    if !head.bytes().skip(2).all(|b| b.is_ascii_digit()) {
        return false;
    }
    let remainder = body
        .chars()
        .chain(head.chars())
        .try_fold(0u32, |remainder, c| {
            let digit = c.to_digit(36)?;
            Some(if digit < 10 {
                (remainder * 10 + digit) % 97
            } else {
                (remainder * 100 + digit) % 97
            })
        });
    remainder == Some(1)
}

/// From the SWIFT registry of IBAN formats.
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Whether the text is `AAA-GG-SSSS` (or with spaces) in the ranges that are given out.
pub fn is_ssn(value: &str) -> bool {
    let separator = if value.contains('-') { '-' } else { ' ' };
    let parts: Vec<&str> = value.split(separator).collect();
    match parts.as_slice() {
        [area, group, serial] if (area.len(), group.len(), serial.len()) == (3, 2, 4) => {
            is_ssn_digits(&[*area, *group, *serial].concat())
        }
        _ => false,
    }
}

/// Whether nine digits lie in the ranges of social security numbers. Nine in ten random numbers do.
pub fn is_ssn_digits(digits: &str) -> bool {
    let all_digits = digits.len() == 9 && digits.bytes().all(|b| b.is_ascii_digit());
    match (digits.get(..3), digits.get(3..5), digits.get(5..)) {
        (Some(area), Some(group), Some(serial)) if all_digits => {
            area != "000"
                && area != "666"
                && !area.starts_with('9')
                && group != "00"
                && serial != "0000"
        }
        _ => false,
    }
}

/// Whether the text is an EAN-8, UPC-A, EAN-13 (ISBN-13 too) or GTIN-14 with its check digit.
pub fn is_ean(value: &str) -> bool {
    let digits: String = value.chars().filter(|c| *c != '-').collect();
    if !matches!(digits.len(), 8 | 12 | 13 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| u32::from(byte - b'0') * if at % 2 == 1 { 3 } else { 1 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_and_ranges() {
        // The card networks' published test numbers and the SWIFT registry's examples.
        for (value, card, iban, ssn, ean) in [
            ("4242 4242 4242 4242", true, false, false, false),
            ("4242-4242-4242-4242", true, false, false, false),
            ("378282246310005", true, false, false, false),
            ("6011111111111117", true, false, false, false),
            ("4242424242424241", false, false, false, false),
            ("1234567812345670", false, false, false, false),
            ("490154203237518", false, false, false, false),
            ("0000000000000000", false, false, false, false),
            ("GB29 NWBK 6016 1331 9268 19", false, true, false, false),
            ("de89370400440532013000", false, true, false, false),
            ("DE88370400440532013000", false, false, false, false),
            ("NL91ABNA0417164300", false, true, false, false),
            ("219-09-9998", false, false, true, false),
            ("666-12-3456", false, false, false, false),
            ("912-34-5678", false, false, false, false),
            ("4006381333931", false, false, false, true),
            ("978-3-16-148410-0", false, false, false, true),
            ("é9é9", false, false, false, false),
        ] {
            assert_eq!(
                (is_card(value), is_iban(value), is_ssn(value), is_ean(value)),
                (card, iban, ssn, ean),
                "{value}"
            );
        }
    }
}
