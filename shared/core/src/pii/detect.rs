//! From a column and its sample to ranked findings.

use super::column::{ColumnSample, TypeKind};
use super::name::{Hint, hint, words};
use super::person::{self, Reading};
use super::profile::{Profile, Rate, percent, share};
use super::{Detection, Evidence, Finding, PiiClass, email, ip, mask, number, phone, secret, text};

/// Findings from this confidence on are proposed to the reviewer.
pub const PROPOSE_AT: f64 = 0.5;

/// How sure a name alone makes, where there is no value to check.
const BY_NAME_ALONE: f64 = 0.5;

/// A column with everything that the rules look at.
struct Column<'a> {
    profile: Profile<'a>,
    kind: TypeKind,
    name: Vec<String>,
    table: Vec<String>,
    neighbours: Vec<Vec<String>>,
}

impl Column<'_> {
    fn hint(&self, class: PiiClass) -> Hint {
        hint(class, &self.name, &self.table)
    }

    /// Whether a sibling's name says that it holds the class: a table with an e-mail column is about people.
    fn has_neighbour(&self, class: PiiClass) -> bool {
        self.neighbours
            .iter()
            .any(|name| hint(class, name, &self.table) == Hint::For)
    }

    fn finding(&self, class: PiiClass, confidence: f64, rule: &str, text: String) -> Finding {
        let mut evidence = vec![Evidence::new(rule, text)];
        if self.hint(class) == Hint::For {
            evidence.push(Evidence::new(
                "name",
                format!("the column's name says {}", class.plural()),
            ));
        }
        Finding {
            class,
            confidence: (confidence.clamp(0.0, 0.99) * 100.0).round() / 100.0,
            evidence,
        }
    }
}

/// Looks at a column and says what it seems to hold, and why.
pub fn detect(sample: &ColumnSample<'_>) -> Detection {
    let column = Column {
        profile: Profile::of(sample.values),
        kind: TypeKind::of(sample.data_type),
        name: words(sample.name),
        table: words(sample.table),
        neighbours: sample.neighbours.iter().map(|name| words(name)).collect(),
    };
    if !column.kind.is_worth_sampling() {
        let note = Evidence::new(
            "type",
            format!(
                "values of type `{}` are none of the classes",
                sample.data_type
            ),
        );
        return Detection {
            findings: Vec::new(),
            notes: vec![note],
        };
    }
    let mut notes = vec![Evidence::new("sample", column.profile.text())];
    if column.profile.distinct.is_empty() {
        return Detection {
            findings: by_name_alone(&column).into_iter().collect(),
            notes,
        };
    }
    let mut findings: Vec<Finding> = secrets(&column).into_iter().collect();
    let something_else = column.profile.something_else();
    match &something_else {
        Some((rule, text)) => notes.push(Evidence::new(rule, text.clone())),
        None => {
            let rules: [fn(&Column<'_>) -> Option<Finding>; 7] =
                [emails, phones, ipv4, ipv6, cards, ibans, ssns];
            findings.extend(rules.into_iter().filter_map(|rule| rule(&column)));
            findings.extend(names(&column));
        }
    }
    if something_else.is_none()
        && !findings
            .iter()
            .any(|finding| finding.confidence >= PROPOSE_AT)
    {
        findings.extend(free_text(&column));
    }
    findings.sort_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then(a.class.cmp(&b.class))
    });
    Detection { findings, notes }
}

fn by_name_alone(column: &Column<'_>) -> Option<Finding> {
    let class = PiiClass::ALL
        .into_iter()
        .find(|class| column.hint(*class) == Hint::For)?;
    let text = format!(
        "the column's name says {}; there is no value to check it by",
        class.plural()
    );
    Some(Finding {
        class,
        confidence: BY_NAME_ALONE,
        evidence: vec![Evidence::new("name", text)],
    })
}

fn emails(column: &Column<'_>) -> Option<Finding> {
    let rate = column.profile.rate(email::is_email);
    let hint = column.hint(PiiClass::Email);
    let named = if hint == Hint::For { 0.05 } else { 0.0 };
    let against = if hint == Hint::Against { 0.6 } else { 0.0 };
    (rate.share() >= 0.5).then(|| {
        let text = format!(
            "{} are e-mail addresses{}",
            rate.text(),
            column.profile.example(email::is_email)
        );
        column.finding(
            PiiClass::Email,
            0.5 + 0.45 * rate.share() + named - against,
            "email.format",
            text,
        )
    })
}

fn phones(column: &Column<'_>) -> Option<Finding> {
    let profile = &column.profile;
    let hint = column.hint(PiiClass::Phone);
    let found = |confidence: f64, rule: &str, rate: Rate, what: &str, test: fn(&str) -> bool| {
        let text = format!("{} are {what}{}", rate.text(), profile.example(test));
        Some(column.finding(PiiClass::Phone, confidence, rule, text))
    };
    let international = profile.rate(phone::is_international);
    let enough = if hint == Hint::For { 0.5 } else { 0.8 };
    if international.share() >= enough && hint != Hint::Against {
        let confidence = 0.55 + 0.4 * international.share();
        let what = "phone numbers with a country code and a length that exists there";
        return found(
            confidence,
            "phone.international",
            international,
            what,
            phone::is_international,
        );
    }
    let grouped = profile.rate(phone::is_north_american);
    let national = profile.rate(phone::is_national);
    match hint {
        Hint::For if national.share() >= 0.6 && !profile.monotonic => {
            let what = "digits in the groups and of the length of phone numbers";
            found(
                0.5 + 0.4 * national.share(),
                "phone.national",
                national,
                what,
                phone::is_national,
            )
        }
        Hint::Silent if grouped.share() >= 0.9 && grouped.of >= 5 => {
            let what = "North American phone numbers in groups";
            found(
                0.75,
                "phone.north_american",
                grouped,
                what,
                phone::is_north_american,
            )
        }
        _ => None,
    }
}

fn ipv4(column: &Column<'_>) -> Option<Finding> {
    let rate = column.profile.rate(ip::is_ipv4);
    let both = column
        .profile
        .rate(|value| ip::is_ipv4(value) || ip::is_ipv6(value));
    let hint = column.hint(PiiClass::Ipv4);
    if hint == Hint::Against || both.share() < 0.8 || rate.share() < 0.2 {
        return None;
    }
    let versions = column.profile.rate(ip::is_version_like);
    let text = format!(
        "{} are IPv4 addresses{}",
        rate.text(),
        column.profile.example(ip::is_ipv4)
    );
    // Versions in four parts are addresses to any parser: low numbers need a name that says otherwise.
    if versions.passed * 2 > rate.passed && hint != Hint::For && column.kind != TypeKind::Ip {
        let text = format!(
            "{text}; but {} could be versions, and the name does not say address",
            versions.text()
        );
        return Some(column.finding(PiiClass::Ipv4, 0.3, "ipv4.format", text));
    }
    let named = if hint == Hint::For { 0.1 } else { 0.0 };
    Some(column.finding(
        PiiClass::Ipv4,
        0.4 + 0.3 * both.share() + 0.15 * rate.share() + named,
        "ipv4.format",
        text,
    ))
}

fn ipv6(column: &Column<'_>) -> Option<Finding> {
    let rate = column.profile.rate(ip::is_ipv6);
    let both = column
        .profile
        .rate(|value| ip::is_ipv4(value) || ip::is_ipv6(value));
    if column.hint(PiiClass::Ipv6) == Hint::Against || both.share() < 0.8 || rate.share() < 0.05 {
        return None;
    }
    let text = format!(
        "{} are IPv6 addresses{}",
        rate.text(),
        column.profile.example(ip::is_ipv6)
    );
    Some(column.finding(
        PiiClass::Ipv6,
        0.5 + 0.2 * both.share() + 0.25 * rate.share(),
        "ipv6.format",
        text,
    ))
}

fn cards(column: &Column<'_>) -> Option<Finding> {
    let rate = column.profile.rate(number::is_card);
    let hint = column.hint(PiiClass::PaymentCard);
    // A single number passes by chance; four of four do so once in a million.
    let enough = if hint == Hint::For { 1 } else { 4 };
    (rate.share() >= 0.9 && rate.of >= enough && hint != Hint::Against).then(|| {
        let example = column.profile.example(number::is_card);
        let text = format!(
            "{} have an issuer's range and length and Luhn's check digit (chance 3 %){example}",
            rate.text()
        );
        let named = if hint == Hint::For { 0.05 } else { 0.0 };
        column.finding(
            PiiClass::PaymentCard,
            0.92 * rate.share() + named,
            "card.luhn",
            text,
        )
    })
}

fn ibans(column: &Column<'_>) -> Option<Finding> {
    let rate = column.profile.rate(number::is_iban);
    let named = column.hint(PiiClass::Iban) == Hint::For;
    let enough = if named { 0.6 } else { 0.8 };
    (rate.share() >= enough).then(|| {
        let example = column.profile.example(number::is_iban);
        let text = format!(
            "{} have a country's length and the check digits of an IBAN (chance 1 %){example}",
            rate.text()
        );
        column.finding(
            PiiClass::Iban,
            0.5 + 0.45 * rate.share() + if named { 0.04 } else { 0.0 },
            "iban.mod97",
            text,
        )
    })
}

fn ssns(column: &Column<'_>) -> Option<Finding> {
    let profile = &column.profile;
    let hint = column.hint(PiiClass::SsnUs);
    let dashed = profile.rate(number::is_ssn);
    let bare = profile.rate(number::is_ssn_digits);
    match hint {
        Hint::Against => None,
        _ if dashed.share() >= 0.95 && (hint == Hint::For || dashed.of >= 5) => {
            let example = profile.example(number::is_ssn);
            let text = format!(
                "{} are `AAA-GG-SSSS` in the ranges given out{example}",
                dashed.text()
            );
            Some(column.finding(
                PiiClass::SsnUs,
                if hint == Hint::For { 0.97 } else { 0.85 },
                "ssn.format",
                text,
            ))
        }
        Hint::For if bare.share() >= 0.95 && !profile.monotonic => {
            let text = format!(
                "{} are nine digits in the ranges given out (chance 88 %)",
                bare.text()
            );
            Some(column.finding(PiiClass::SsnUs, 0.75, "ssn.digits", text))
        }
        _ => None,
    }
}

fn secrets(column: &Column<'_>) -> Option<Finding> {
    let profile = &column.profile;
    let hint = column.hint(PiiClass::Secret);
    let known = profile.rate(|value| secret::find(value).is_some());
    let first = profile
        .distinct
        .iter()
        .find_map(|value| secret::find(value));
    // Within long text it is the text's finding; a column of single words with one key in it is a leak as well.
    let single_words = profile.rate(|value| !value.contains(' ')).share() >= 0.9;
    if let Some(first) = first.filter(|_| known.share() >= 0.5 || single_words || hint == Hint::For)
    {
        let example = mask::secret(first.prefix, first.value);
        let text = format!(
            "{} ({} of them) are secrets by their form, such as {}: `{example}`",
            known.text(),
            known.passed,
            first.what
        );
        return Some(column.finding(
            PiiClass::Secret,
            0.7 + 0.28 * known.share(),
            "secret.prefix",
            text,
        ));
    }
    if hint != Hint::For || column.kind != TypeKind::Text {
        return None;
    }
    let opaque = profile.rate(secret::is_opaque);
    let password = column
        .name
        .iter()
        .any(|word| PASSWORD_WORDS.contains(&word.as_str()));
    let many = profile.distinct.len() * 2 >= profile.filled.len();
    if opaque.share() >= 0.8 {
        let text = format!("{} are one long random-looking word", opaque.text());
        return Some(column.finding(PiiClass::Secret, 0.75, "secret.opaque", text));
    }
    (password && many && profile.lengths.0 >= 4).then(|| {
        let text = format!(
            "{} to {} characters, nearly all different",
            profile.lengths.0, profile.lengths.1
        );
        column.finding(PiiClass::Secret, 0.7, "secret.password", text)
    })
}

const PASSWORD_WORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "senha",
    "contraseña",
    "passwort",
    "otp",
];

fn names(column: &Column<'_>) -> Option<Finding> {
    if column.kind == TypeKind::Integer {
        return None;
    }
    let readings: Vec<Reading> = column
        .profile
        .distinct
        .iter()
        .map(|value| person::read(value))
        .collect();
    let of = readings.len();
    let portion = |test: fn(&Reading) -> bool| {
        share(readings.iter().filter(|reading| test(reading)).count(), of)
    };
    let full = portion(|reading| *reading == Reading::Full);
    let half = full + portion(|reading| *reading == Reading::Half);
    let shaped = portion(|reading| *reading != Reading::No);
    let single = portion(|reading| matches!(reading, Reading::Part { .. }));
    let given = portion(|reading| matches!(reading, Reading::Part { given: true, .. }));
    let surname = portion(|reading| matches!(reading, Reading::Part { surname: true, .. }));
    let part = given.max(surname);
    let about_people =
        column.has_neighbour(PiiClass::Email) || column.has_neighbour(PiiClass::Phone);
    let confidence = match column.hint(PiiClass::PersonName) {
        Hint::For if shaped >= 0.5 && half.max(part) >= 0.25 => 0.75 + 0.2 * full.max(part),
        Hint::For if shaped >= 0.8 && half.max(part) >= 0.08 => 0.6,
        // Names that no list has, in a column that says it holds names and not only something of people.
        Hint::For
            if shaped >= 0.8 && of >= 3 && column.name.iter().any(|word| word.contains("name")) =>
        {
            0.5
        }
        Hint::Silent if full >= 0.4 && half >= 0.6 && of >= 5 => 0.6 + 0.3 * full,
        // Nothing else has two or three capital words in every value, and a name among them in nearly half.
        Hint::Silent if shaped - single >= 0.95 && half >= 0.42 && of >= 20 => 0.55 + 0.3 * full,
        Hint::Silent if about_people && full >= 0.25 && half >= 0.4 && of >= 3 => 0.6,
        Hint::Silent if single >= 0.8 && given >= 0.65 && of >= 12 => 0.6,
        // Places are named after people, and people after places: surnames alone are a hunch.
        Hint::Silent if single >= 0.8 && surname >= 0.75 && of >= 12 => 0.5,
        Hint::Silent if half >= 0.3 && of >= 5 => 0.35,
        Hint::Against if full >= 0.7 && of >= 10 => 0.45,
        _ => return None,
    };
    let named: fn(&str) -> bool = |value| {
        !matches!(
            person::read(value),
            Reading::No
                | Reading::Shape
                | Reading::Part {
                    given: false,
                    surname: false
                }
        )
    };
    let text = if single > 0.5 {
        format!(
            "of {of} distinct values {} are known given names and {} known surnames",
            percent(given),
            percent(surname)
        )
    } else {
        format!(
            "of {of} distinct values {} have a known given name and surname, {} at least one of them",
            percent(full),
            percent(half)
        )
    };
    let text = format!("{text}{}", column.profile.example(named));
    Some(column.finding(
        PiiClass::PersonName,
        confidence,
        "person_name.lexicon",
        text,
    ))
}

fn free_text(column: &Column<'_>) -> Option<Finding> {
    if !matches!(column.kind, TypeKind::Text | TypeKind::Nested) {
        return None;
    }
    // Numbers and codes that their own rules refused do not become personal by standing alone.
    if column
        .profile
        .rate(|value| value.chars().any(char::is_alphabetic))
        .share()
        < 0.1
    {
        return None;
    }
    let rows = column.profile.filled.len();
    let mut hits: std::collections::BTreeMap<PiiClass, (usize, String)> =
        std::collections::BTreeMap::new();
    let mut hit_rows = 0;
    for value in &column.profile.filled {
        let mut found = text::scan(value);
        // A `part_number` with the shape of a social security number is none, but `description` may well hold a name.
        found.retain(|class, _| {
            *class == PiiClass::PersonName || column.hint(*class) != Hint::Against
        });
        hit_rows += usize::from(!found.is_empty());
        for (class, example) in found {
            hits.entry(class).or_insert((0, example)).0 += 1;
        }
    }
    let rate = share(hit_rows, rows);
    if rate < 0.01 {
        return None;
    }
    let mut found: Vec<(PiiClass, usize, String)> = hits
        .into_iter()
        .map(|(class, (count, example))| (class, count, example))
        .collect();
    found.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let parts: Vec<String> = found
        .iter()
        .map(|(class, count, example)| {
            format!(
                "{} in {} ({example})",
                class.plural(),
                percent(share(*count, rows))
            )
        })
        .collect();
    let text = format!(
        "{} of {rows} values hold something personal: {}",
        percent(rate),
        parts.join(", ")
    );
    Some(column.finding(
        PiiClass::FreeText,
        0.6 + 0.35 * rate,
        "free_text.scan",
        text,
    ))
}
