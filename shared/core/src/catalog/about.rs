//! What a table's comment promises: every table says in a bracket at its end whether it is exact or sampled, and how
//! fresh it is (`One row per account. [exact, daily]`, `[sampled 1:100, 5 minutes]`).

use serde::{Deserialize, Serialize};

/// Whether a table holds every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Exactness {
    /// All rows are there.
    Exact,
    /// One row in `one_in` is there; sums must be multiplied by it.
    Sampled {
        /// The rate's denominator.
        one_in: u64,
    },
    /// The table does not say.
    #[default]
    Unknown,
}

/// A table's comment, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct About {
    /// The comment without its bracket.
    pub description: String,
    /// Whether all rows are there.
    pub exactness: Exactness,
    /// How old the newest row may be, in the table's own words (`daily`, `5 minutes`).
    pub freshness: Option<String>,
}

/// Takes a comment apart. A bracket that promises nothing known stays part of the description.
pub fn parse(comment: &str) -> About {
    let comment = comment.trim();
    let Some((before, promise)) = comment
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
    else {
        return About {
            description: comment.to_owned(),
            ..About::default()
        };
    };
    let mut parts = promise.splitn(2, ',').map(str::trim);
    let Some(exactness) = parts.next().and_then(exactness) else {
        return About {
            description: comment.to_owned(),
            ..About::default()
        };
    };
    let freshness = parts
        .next()
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    About {
        description: before.trim_end().to_owned(),
        exactness,
        freshness,
    }
}

fn exactness(word: &str) -> Option<Exactness> {
    let word = word.to_lowercase();
    if word == "exact" {
        return Some(Exactness::Exact);
    }
    let rate = word.strip_prefix("sampled")?.trim();
    let one_in = rate
        .strip_prefix("1:")
        .or_else(|| rate.strip_prefix("1/"))?
        .trim()
        .parse()
        .ok()?;
    match one_in {
        0 => None,
        1 => Some(Exactness::Exact),
        _ => Some(Exactness::Sampled { one_in }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_says_exactness_and_freshness() {
        for (comment, description, exactness, freshness) in [
            (
                "One row per account. [exact, daily]",
                "One row per account.",
                Exactness::Exact,
                Some("daily"),
            ),
            (
                "[sampled 1:100, 5 minutes]",
                "",
                Exactness::Sampled { one_in: 100 },
                Some("5 minutes"),
            ),
            (
                "Requests [Sampled 1/10]",
                "Requests",
                Exactness::Sampled { one_in: 10 },
                None,
            ),
            (
                "Bot scores [sampled 1:0, daily]",
                "Bot scores [sampled 1:0, daily]",
                Exactness::Unknown,
                None,
            ),
            (
                "Plans [see wiki]",
                "Plans [see wiki]",
                Exactness::Unknown,
                None,
            ),
            ("no bracket", "no bracket", Exactness::Unknown, None),
            ("a [b] c [exact]", "a [b] c", Exactness::Exact, None),
            ("", "", Exactness::Unknown, None),
        ] {
            let about = parse(comment);
            assert_eq!(about.description, description, "{comment}");
            assert_eq!(about.exactness, exactness, "{comment}");
            assert_eq!(about.freshness.as_deref(), freshness, "{comment}");
        }
    }
}
