//! The names that somebody may have meant.

use std::collections::BTreeSet;

/// How many names are suggested at most.
const MOST: usize = 3;

/// The names nearest to the one written, the nearest first; none if none is near.
///
/// Near is what differs in a few letters, in where words are divided, or in the order of its words.
pub fn nearest<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let folded = written.to_lowercase();
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| Some((distance(&folded, &name.to_lowercase())?, name)))
        .collect();
    found.sort_unstable();
    found.dedup();
    // A near name makes names that are much farther pointless.
    let closest = found.first().map_or(0, |(distance, _)| *distance);
    found.retain(|(distance, _)| *distance <= closest + 2);
    found.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// How far apart two names are, if they are near at all.
fn distance(written: &str, name: &str) -> Option<usize> {
    let squeezed = |name: &str| name.replace(['_', '-', ' '], "");
    if squeezed(written) == squeezed(name) {
        return Some(0);
    }
    let (words, others) = (words(written), words(name));
    if words == others {
        return Some(1);
    }
    let letters = letters_apart(written, name);
    let allowed = match written.chars().count().max(name.chars().count()) {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    if letters <= allowed {
        return Some(letters);
    }
    // `customer_name` where there is `name`, `status` where there is `order_status`.
    let fewer = words.len().min(others.len());
    let contained = words.is_subset(&others) || others.is_subset(&words);
    let telling = words.intersection(&others).any(|word| word.len() > 3);
    (contained && telling && fewer > 0).then_some(4)
}

fn words(name: &str) -> BTreeSet<&str> {
    name.split(['_', '-', ' ', '.'])
        .filter(|word| !word.is_empty())
        .collect()
}

/// The least number of letters added, left out, replaced, or swapped with the next.
fn letters_apart(first: &str, second: &str) -> usize {
    let second: Vec<char> = second.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=second.len()).collect();
    let mut previous: Option<char> = None;
    for (row, letter) in first.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut other_previous: Option<char> = None;
        for (column, other) in second.iter().enumerate() {
            let at =
                |list: &[usize], place: usize| list.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column) + usize::from(letter != *other))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            if previous == Some(*other) && other_previous == Some(letter) && column > 0 {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
            other_previous = Some(*other);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = [
            "amount",
            "account",
            "order_status",
            "user_id",
            "id",
            "created_at",
            "name",
            "zip",
        ];
        for (written, found) in [
            ("amout", vec!["amount"]),
            ("AMUONT", vec!["amount"]),
            ("status", vec!["order_status"]),
            ("userid", vec!["user_id"]),
            ("id_user", vec!["user_id"]),
            ("created", vec!["created_at"]),
            ("customer_name", vec!["name"]),
            ("ix", vec![]),
            ("zap", vec!["zip"]),
            ("quantity", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(nearest(written, names.into_iter()), found, "{written}");
        }
    }
}
