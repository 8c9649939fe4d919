//! Personal data inside longer text: comments, logs, JSON.

use std::collections::BTreeMap;

use super::column::{leaves, nested};
use super::{PiiClass, email, ip, mask, number, person, phone, secret};

/// Longest text that is read through, in characters; samples are cut long before.
const READ: usize = 4000;

/// What a text holds: each class found, with a masked example.
pub fn scan(text: &str) -> BTreeMap<PiiClass, String> {
    let mut found = BTreeMap::new();
    let flat = nested(text).map(|value| leaves(&value, 100).join(" \u{2028} "));
    let text: String = flat.as_deref().unwrap_or(text).chars().take(READ).collect();
    if let Some(secret) = secret::find(&text) {
        found.insert(
            PiiClass::Secret,
            format!(
                "{}: `{}`",
                secret.what,
                mask::secret(secret.prefix, secret.value)
            ),
        );
    }
    for word in text.split_whitespace() {
        scan_word(word, &mut found);
    }
    scan_numbers(&text, &mut found);
    if let Some(name) = greeted(&text) {
        add(&mut found, PiiClass::PersonName, name);
    }
    found
}

fn add(found: &mut BTreeMap<PiiClass, String>, class: PiiClass, value: &str) {
    found
        .entry(class)
        .or_insert_with(|| format!("`{}`", mask::shape(value)));
}

fn scan_word(word: &str, found: &mut BTreeMap<PiiClass, String>) {
    // The user part of an address with a password is the secret's business.
    let has_login = word.contains("://") && secret::find(word).is_some();
    for part in word.split(|c: char| "<>()[]{},;\"'|=&?!".contains(c)) {
        let part = part.trim_matches(|c: char| ".:/`*".contains(c));
        let part = part.strip_prefix("mailto:").unwrap_or(part);
        if part.contains('@')
            && !has_login
            && email::is_address(part.rsplit('/').next().unwrap_or(part))
        {
            add(found, PiiClass::Email, part);
        } else if ip::is_ipv4(part) && !ip::is_version_like(part) {
            add(found, PiiClass::Ipv4, part);
        } else if part.len() >= 11 && ip::is_ipv6(part) {
            add(found, PiiClass::Ipv6, part);
        } else if number::is_iban(part) {
            add(found, PiiClass::Iban, part);
        }
    }
}

/// Numbers may hold blanks, so they are looked for in runs of digits and marks.
fn scan_numbers(text: &str, found: &mut BTreeMap<PiiClass, String>) {
    let is_part = |c: char| c.is_ascii_digit() || "+()-. ".contains(c);
    let mut before = ' ';
    let mut run = String::new();
    for c in text.chars().chain(std::iter::once('\u{2028}')) {
        if is_part(c) && (!run.is_empty() || !before.is_alphanumeric()) {
            run.push(c);
            continue;
        }
        // Digits that go on with letters belong to some code.
        if !c.is_alphanumeric() || run.ends_with([' ', '.']) {
            classify_number(run.trim_matches([' ', '-', '.']), found);
        }
        run.clear();
        before = c;
    }
}

fn classify_number(run: &str, found: &mut BTreeMap<PiiClass, String>) {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    if digits < 9 {
        return;
    }
    if number::is_card(run) {
        add(found, PiiClass::PaymentCard, run);
    } else if number::is_ssn(run) && run.contains('-') {
        add(found, PiiClass::SsnUs, run);
    } else if run.starts_with('+') && phone::is_international(run)
        || phone::is_north_american(run) && !ip::is_ipv4(run)
    {
        add(found, PiiClass::Phone, run);
    }
}

/// Words after which people write a name.
const GREETINGS: &[&str] = &[
    "dear",
    "hi",
    "hello",
    "regards",
    "thanks",
    "cheers",
    "sincerely",
    "name is",
    "i am",
    "i'm",
    "signed",
    "spoke with",
    "hola",
    "hallo",
];

fn greeted(text: &str) -> Option<&str> {
    // Lower case may change a text's length in bytes, and then places in one are no places in the other.
    let lower = text.to_ascii_lowercase();
    GREETINGS.iter().find_map(|greeting| {
        lower.match_indices(greeting).find_map(|(at, _)| {
            let starts = lower.get(..at).is_some_and(|head| {
                head.chars()
                    .next_back()
                    .is_none_or(|c| !c.is_alphanumeric())
            });
            let rest = text.get(at + greeting.len()..)?;
            let name = rest.trim_start_matches([' ', ',', '\n', '-', '\u{2028}']);
            let end = name
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(name.len());
            let name = name.get(..end)?;
            let capital = name.chars().next().is_some_and(char::is_uppercase)
                && name.chars().skip(1).all(|c| !c.is_uppercase());
            let given = matches!(
                person::read(name),
                person::Reading::Part { given: true, .. }
            );
            (starts && name.len() < rest.len() && capital && given && name.chars().count() > 2)
                .then_some(name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_inside_text_are_found() {
        for (text, classes) in [
            (
                "please write to ana.silva@corp.example, thanks",
                vec![PiiClass::Email],
            ),
            (
                "https://x.example/?email=ana@corp.example&x=1",
                vec![PiiClass::Email],
            ),
            (
                "call me at +1 (780) 428-9482 tomorrow",
                vec![PiiClass::Phone],
            ),
            ("call (780) 428-9482.", vec![PiiClass::Phone]),
            (
                "card 4242 4242 4242 4242 was refused",
                vec![PiiClass::PaymentCard],
            ),
            ("ssn 219-09-9998", vec![PiiClass::SsnUs]),
            (
                "from 203.0.113.7 and 2001:db8::8a2e:370:7334",
                vec![PiiClass::Ipv4, PiiClass::Ipv6],
            ),
            ("pay to DE89370400440532013000", vec![PiiClass::Iban]),
            (
                "db is postgres://app:hunter2@db.corp.example/x",
                vec![PiiClass::Secret],
            ),
            (
                r#"{"user": {"mail": "ana@corp.example"}, "n": 3}"#,
                vec![PiiClass::Email],
            ),
            ("Hi Maria, how are you", vec![PiiClass::PersonName]),
            ("Hi Support team", vec![]),
            ("upgraded to 4.18.0.3, order 4111-22", vec![]),
            ("ticket 2024-05-0012345 closed at 12:30:59", vec![]),
            ("trace 550e8400-e29b-41d4-a716-446655440000", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(
                scan(text).into_keys().collect::<Vec<_>>(),
                classes,
                "{text}"
            );
        }
    }

    #[test]
    fn examples_are_masked() {
        let found = scan("Dear Maria, ana@corp.example ghp_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8");
        let text = format!("{found:?}");
        for raw in ["Maria", "ana", "corp", "a1B2"] {
            assert!(!text.contains(raw), "{text}");
        }
    }
}
