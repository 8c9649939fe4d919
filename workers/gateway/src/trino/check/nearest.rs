//! The name that was probably meant.

/// The known name with the fewest edits to the wanted one, if it takes at most a third of its letters.
pub fn nearest<'k>(wanted: &str, known: &'k [String]) -> Option<&'k str> {
    let most = (wanted.chars().count() / 3).max(1);
    known
        .iter()
        .map(|name| (distance(wanted, name), name.as_str()))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(index + 1);
        for (known, pair) in to.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { break };
            let left = next.last().copied().unwrap_or_default();
            let replaced = diagonal + usize::from(*known != letter);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_name_is_not() {
        let known = [
            "lake.dim.accounts",
            "lake.dim.customers",
            "tpch.tiny.nation",
        ]
        .map(str::to_owned);
        for (wanted, expected) in [
            ("lake.dim.acounts", Some("lake.dim.accounts")),
            ("lake.dim.costumers", Some("lake.dim.customers")),
            ("tpch.tiny.nations", Some("tpch.tiny.nation")),
            ("postgres.hr.salaries", None),
        ] {
            assert_eq!(nearest(wanted, &known), expected, "{wanted}");
        }
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
