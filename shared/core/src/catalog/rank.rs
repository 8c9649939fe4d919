//! Which datasets answer a question best.
//!
//! Ranked here rather than by the index's own bm25, since that weighs a word by how rare it is among all columns, those
//! that the caller may not know of included: its scores, and with them the order, would tell of hidden columns. Here a
//! word's rarity is counted over what the caller may know.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Where in a dataset a term was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The table's own name.
    Name,
    /// Its catalog or schema.
    Path,
    /// Its comment.
    Description,
    /// A column's name.
    Column,
    /// A column's comment.
    ColumnComment,
}

impl Field {
    /// How much a find in this field counts.
    fn weight(self) -> f64 {
        match self {
            Self::Name => 8.0,
            Self::Path => 2.0,
            Self::Description => 3.0,
            Self::Column => 3.0,
            Self::ColumnComment => 1.0,
        }
    }
}

/// One find that the caller may know of.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<D> {
    /// The dataset it is in.
    pub dataset: D,
    /// The question's term, by position.
    pub term: usize,
    /// Where it was found.
    pub field: Field,
    /// 1 for the word itself, less for a prefix or another spelling.
    pub strength: f64,
}

/// The datasets with a find, best first; those that score the same in the order of `D`.
///
/// `known` is how many datasets the caller may know of, `terms` how many terms the question has, and `boost` a factor
/// for a dataset, to be kept between 0.25 and 4 so that the text stays what decides.
pub fn rank<D: Ord + Clone>(
    hits: &[Hit<D>],
    terms: usize,
    known: usize,
    boost: impl Fn(&D) -> f64,
) -> Vec<(D, f64)> {
    let mut holders: BTreeMap<usize, BTreeSet<&D>> = BTreeMap::new();
    let mut found: BTreeMap<&D, BTreeMap<(usize, Field), f64>> = BTreeMap::new();
    for hit in hits {
        holders.entry(hit.term).or_default().insert(&hit.dataset);
        let best = found
            .entry(&hit.dataset)
            .or_default()
            .entry((hit.term, hit.field))
            .or_default();
        *best = best.max(hit.strength);
    }
    let rarity = |term: usize| {
        let holding = holders.get(&term).map_or(0, BTreeSet::len) as f64;
        (1.0 + (known.max(1) as f64 + 0.5) / (holding + 0.5)).ln()
    };
    let mut ranked: Vec<(D, f64)> = found
        .into_iter()
        .map(|(dataset, fields)| {
            let covered: BTreeSet<usize> = fields.keys().map(|(term, _)| *term).collect();
            let text: f64 = fields
                .iter()
                .map(|((term, field), strength)| rarity(*term) * field.weight() * strength)
                .sum();
            // A table that answers two words of three beats one that answers a single word in three places.
            let coverage = covered.len() as f64 / terms.max(1) as f64;
            (
                dataset.clone(),
                text * coverage * coverage * boost(dataset).clamp(0.25, 4.0),
            )
        })
        .collect();
    ranked.sort_by(|(left, a), (right, b)| b.total_cmp(a).then_with(|| left.cmp(right)));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(dataset: &'static str, term: usize, field: Field) -> Hit<&'static str> {
        Hit {
            dataset,
            term,
            field,
            strength: 1.0,
        }
    }

    fn order(hits: &[Hit<&'static str>], terms: usize) -> Vec<&'static str> {
        rank(hits, terms, 10, |_| 1.0)
            .into_iter()
            .map(|(dataset, _)| dataset)
            .collect()
    }

    #[test]
    fn a_name_beats_a_column_and_a_column_beats_its_comment() {
        let hits = [
            hit("c", 0, Field::ColumnComment),
            hit("b", 0, Field::Column),
            hit("a", 0, Field::Name),
        ];
        assert_eq!(order(&hits, 1), ["a", "b", "c"]);
    }

    #[test]
    fn more_of_the_question_beats_one_word_in_many_places() {
        let hits = [
            hit("wide", 0, Field::Description),
            hit("wide", 1, Field::Column),
            hit("narrow", 0, Field::Name),
        ];
        assert_eq!(order(&hits, 2), ["wide", "narrow"]);
    }

    #[test]
    fn a_rare_word_counts_more_than_a_common_one() {
        let mut hits = vec![hit("rare", 1, Field::Column)];
        hits.extend(["x1", "x2", "x3", "x4"].map(|dataset| hit(dataset, 0, Field::Column)));
        assert_eq!(order(&hits, 2).first(), Some(&"rare"));
    }

    #[test]
    fn equal_scores_stand_in_the_order_of_names_and_a_boost_breaks_them() {
        let hits = [hit("b", 0, Field::Name), hit("a", 0, Field::Name)];
        assert_eq!(order(&hits, 1), ["a", "b"]);
        let boosted = rank(
            &hits,
            1,
            10,
            |dataset| if *dataset == "b" { 2.0 } else { 1.0 },
        );
        assert_eq!(boosted.first().map(|(dataset, _)| *dataset), Some("b"));
    }
}
