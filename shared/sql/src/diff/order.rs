//! Which columns stayed in their order, so that one new column does not count as a move of all behind it.

use std::collections::BTreeSet;

/// The longest part of a list of different numbers that rises.
pub(super) fn longest_rising(numbers: &[usize]) -> BTreeSet<usize> {
    // `ends[n]` is the place of the smallest number that a rising part of n + 1 numbers can end with.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
    for (place, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| at(*end) < *number);
        before.push(
            length
                .checked_sub(1)
                .and_then(|last| ends.get(last).copied()),
        );
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut rising = BTreeSet::new();
    let mut place = ends.last().copied();
    while let Some(current) = place {
        rising.insert(at(current));
        place = before.get(current).copied().flatten();
    }
    rising
}

#[cfg(test)]
mod tests {
    use super::longest_rising;

    #[test]
    fn what_stays_in_order_is_found() {
        for (numbers, rising) in [
            (vec![], vec![]),
            (vec![0, 1, 2], vec![0, 1, 2]),
            (vec![2, 0, 1], vec![0, 1]),
            (vec![0, 3, 1, 2], vec![0, 1, 2]),
        ] {
            assert_eq!(
                longest_rising(&numbers).into_iter().collect::<Vec<_>>(),
                rising,
                "{numbers:?}"
            );
        }
    }
}
