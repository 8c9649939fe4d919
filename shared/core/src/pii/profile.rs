//! Statistics of a sample, computed once and shared by the detectors.

use std::collections::{BTreeMap, BTreeSet};

use super::mask;
use super::number;

/// A sample in numbers.
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    /// Sampled rows, NULLs included.
    pub rows: usize,
    /// Rows with a value that is not blank, in order.
    pub filled: Vec<&'a str>,
    /// The distinct ones, trimmed.
    pub distinct: Vec<&'a str>,
    /// Characters of the shortest and the longest value.
    pub lengths: (usize, usize),
    /// Whether the values are whole numbers that only grow or only fall, in the order they came.
    pub monotonic: bool,
    /// The most frequent mask of a distinct value, and its share.
    pub top_mask: Option<(String, f64)>,
}

/// How many of the distinct values pass a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Those that pass.
    pub passed: usize,
    /// All.
    pub of: usize,
}

impl Rate {
    /// The share that passes, 0 of an empty sample.
    pub fn share(self) -> f64 {
        share(self.passed, self.of)
    }

    /// The share in words: `98 % of 250 distinct values`.
    pub fn text(self) -> String {
        let values = if self.of == 1 { "value" } else { "values" };
        format!("{} of {} distinct {values}", percent(self.share()), self.of)
    }
}

/// A share as a percentage without decimals; only all is 100 % and only nothing is 0 %.
pub fn percent(share: f64) -> String {
    match (share * 100.0).round() {
        r if r >= 100.0 && share < 1.0 => "over 99 %".to_owned(),
        r if r < 1.0 && share > 0.0 => "under 1 %".to_owned(),
        r => format!("{r:.0} %"),
    }
}

/// `part` of `whole`, 0 if there is no whole.
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

impl<'a> Profile<'a> {
    /// The profile of a sample.
    pub fn of(values: &'a [Option<String>]) -> Self {
        let filled: Vec<&str> = values
            .iter()
            .flatten()
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .collect();
        let distinct: Vec<&str> = filled
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let lengths = distinct.iter().map(|value| value.chars().count());
        let lengths = (
            lengths.clone().min().unwrap_or(0),
            lengths.max().unwrap_or(0),
        );
        let mut masks: BTreeMap<String, usize> = BTreeMap::new();
        for value in &distinct {
            *masks.entry(mask::shape(value)).or_default() += 1;
        }
        let top_mask = masks
            .into_iter()
            .max_by(|(mask, count), (other, others)| {
                count.cmp(others).then_with(|| other.cmp(mask))
            })
            .map(|(mask, count)| (mask, share(count, distinct.len())));
        Self {
            rows: values.len(),
            monotonic: is_monotonic(&filled),
            lengths,
            top_mask,
            filled,
            distinct,
        }
    }

    /// How many of the distinct values pass `test`.
    pub fn rate(&self, test: impl Fn(&str) -> bool) -> Rate {
        Rate {
            passed: self.distinct.iter().filter(|value| test(value)).count(),
            of: self.distinct.len(),
        }
    }

    /// A masked value that passes `test`, for the evidence.
    pub fn example(&self, test: impl Fn(&str) -> bool) -> String {
        self.distinct
            .iter()
            .find(|value| test(value))
            .map(|value| format!(", e.g. `{}`", mask::shape(value)))
            .unwrap_or_default()
    }

    /// The sample's size in words.
    pub fn text(&self) -> String {
        let nulls = self.rows - self.filled.len();
        let mut text = format!(
            "{} sampled, {} without a value, {} distinct",
            self.rows,
            nulls,
            self.distinct.len()
        );
        if let Some((mask, share)) = self.top_mask.as_ref().filter(|(_, share)| *share >= 0.2) {
            text.push_str(&format!("; {} look like `{mask}`", percent(*share)));
        }
        text
    }

    /// What the values are instead of personal data, if they plainly are something else.
    ///
    /// Secrets are not vetoed by it: a key may well be a UUID.
    pub fn something_else(&self) -> Option<(&'static str, String)> {
        if self.distinct.is_empty() {
            return None;
        }
        type Test = (&'static str, fn(&str) -> bool, &'static str);
        let tests: [Test; 6] = [
            ("not.uuid", is_uuid, "UUIDs"),
            (
                "not.hash",
                is_hash,
                "hashes (32, 40, 56, 64, 96 or 128 hexadecimal digits)",
            ),
            ("not.timestamp", is_timestamp, "dates or times"),
            ("not.fraction", is_fraction, "numbers with a fraction"),
            ("not.boolean", is_boolean, "yes or no"),
            (
                "not.ean",
                number::is_ean,
                "article numbers (EAN, ISBN-13) with a right check digit",
            ),
        ];
        let found = tests.into_iter().find_map(|(rule, test, what)| {
            let rate = self.rate(test);
            // One in ten numbers has a right check digit; three values prove nothing.
            let enough = rule != "not.ean" || rate.of >= 8;
            (enough && rate.share() >= 0.9).then(|| (rule, format!("{} are {what}", rate.text())))
        });
        found.or_else(|| {
            let rate = self.rate(is_epoch);
            (rate.share() >= 0.95 && rate.of >= 3 && (self.monotonic || self.is_narrow_epoch()))
                .then(|| {
                    (
                        "not.epoch",
                        format!(
                            "{} are seconds or milliseconds since 1970 within a few years",
                            rate.text()
                        ),
                    )
                })
        })
    }

    /// Whether numbers that could be moments lie within ten years of each other: phone numbers spread wider.
    fn is_narrow_epoch(&self) -> bool {
        let numbers: Vec<i64> = self
            .distinct
            .iter()
            .filter_map(|value| value.parse().ok())
            .collect();
        match (numbers.iter().min(), numbers.iter().max()) {
            (Some(min), Some(max)) => {
                let unit = if *min > 100_000_000_000 { 1000 } else { 1 };
                max - min < 10 * 366 * 86_400 * unit
            }
            _ => false,
        }
    }
}

fn is_monotonic(filled: &[&str]) -> bool {
    let numbers: Vec<i64> = filled
        .iter()
        .map_while(|value| value.parse().ok())
        .collect();
    let rising = |pair: &[i64]| matches!(pair, [a, b] if a <= b);
    let falling = |pair: &[i64]| matches!(pair, [a, b] if a >= b);
    filled.len() >= 8
        && numbers.len() == filled.len()
        && numbers.first() != numbers.last()
        && (numbers.windows(2).all(rising) || numbers.windows(2).all(falling))
}

/// Whether a text is a UUID.
pub fn is_uuid(value: &str) -> bool {
    let value = value.trim_start_matches('{').trim_end_matches('}');
    let groups: Vec<&str> = value.split('-').collect();
    groups.len() == 5
        && groups
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(group, length)| group.len() == length && is_hex(group))
}

/// Whether a text is the hexadecimal form of a common hash, with or without the hash's name before it.
pub fn is_hash(value: &str) -> bool {
    let digits = value.rsplit_once(':').map_or(value, |(_, digits)| digits);
    matches!(digits.len(), 32 | 40 | 56 | 64 | 96 | 128) && is_hex(digits)
}

/// Whether a text is hexadecimal digits only.
pub fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_fraction(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.split_once('.').is_some_and(|(whole, fraction)| {
        let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        all(whole) && all(fraction)
    })
}

fn is_boolean(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "t" | "f" | "y" | "n" | "0" | "1"
    )
}

/// `2026-05-01`, `2026/05/01 12:00:00`, `01.05.2026`, `12:30:00`.
fn is_timestamp(value: &str) -> bool {
    let date = value.split(['T', ' ']).next().unwrap_or_default();
    // A zone may follow the time; a log line goes on for longer.
    if value.len() > 40 || value.split(' ').count() > 3 {
        return false;
    }
    let parts: Vec<&str> = date.split(['-', '/', '.', ':']).collect();
    let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    if numbers.len() != parts.len() {
        return false;
    }
    let is_month_and_day = |a: u32, b: u32| (1..=12).contains(&a) && (1..=31).contains(&b);
    match (
        numbers.as_slice(),
        parts.first().map_or(0, |part| part.len()),
    ) {
        ([year, month, day], 4) => (1800..=2200).contains(year) && is_month_and_day(*month, *day),
        ([a, b, year], 1 | 2) if (1800..=2200).contains(year) => {
            is_month_and_day(*a, *b) || is_month_and_day(*b, *a)
        }
        ([hour, minute], 2) => date.contains(':') && *hour < 24 && *minute < 60,
        ([hour, minute, second], 2) => {
            date.contains(':') && *hour < 24 && *minute < 60 && *second <= 60
        }
        _ => false,
    }
}

/// Seconds or milliseconds since 1970 between 2001 and 2036.
fn is_epoch(value: &str) -> bool {
    value.parse::<i64>().is_ok_and(|number| {
        (1_000_000_000..2_100_000_000).contains(&number)
            || (1_000_000_000_000..2_100_000_000_000).contains(&number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[&str]) -> Vec<Option<String>> {
        values
            .iter()
            .map(|value| Some((*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_plainly_something_else_is_named() {
        for (values, rule) in [
            (
                vec!["6f1c1f0e-8c3b-4a57-9d0e-2a6c2f5d9b11"],
                Some("not.uuid"),
            ),
            (vec!["d41d8cd98f00b204e9800998ecf8427e"], Some("not.hash")),
            (
                vec!["2026-05-01 12:00:00", "2026-06-01"],
                Some("not.timestamp"),
            ),
            (vec!["1.25", "-3.5"], Some("not.fraction")),
            (
                vec!["1700000000", "1700000600", "1700000300"],
                Some("not.epoch"),
            ),
            (vec!["2025550143", "1415550199", "1212550112"], None),
            (vec!["hello"], None),
            (vec![], None),
        ] {
            let values = sample(&values);
            assert_eq!(
                Profile::of(&values).something_else().map(|(rule, _)| rule),
                rule,
                "{values:?}"
            );
        }
    }

    #[test]
    fn statistics_count_blank_as_null_and_mask_what_they_show() {
        let mut values = sample(&["ab1", "ab1", " ", "cd2"]);
        values.push(None);
        let profile = Profile::of(&values);
        assert_eq!(
            profile.text(),
            "5 sampled, 2 without a value, 2 distinct; 100 % look like `xx9`"
        );
        assert_eq!(
            profile.rate(|value| value.starts_with('a')).text(),
            "50 % of 2 distinct values"
        );
    }
}
