//! Given names and surnames of many languages. `lexicon/README.md` says where they come from.

use std::collections::HashSet;
use std::sync::OnceLock;

static GIVEN: OnceLock<HashSet<&'static str>> = OnceLock::new();
static SURNAMES: OnceLock<HashSet<&'static str>> = OnceLock::new();

/// Whether a folded word is a given name somewhere.
pub fn is_given(word: &str) -> bool {
    GIVEN
        .get_or_init(|| include_str!("lexicon/given.txt").lines().collect())
        .contains(word)
}

/// Whether a folded word is a surname somewhere.
pub fn is_surname(word: &str) -> bool {
    SURNAMES
        .get_or_init(|| include_str!("lexicon/surname.txt").lines().collect())
        .contains(word)
}
