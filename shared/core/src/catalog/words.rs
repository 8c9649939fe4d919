//! Identifiers and questions as words that can be compared.

/// More terms than this in one question are cut off: each costs a look-up in the index.
pub const MAX_TERMS: usize = 12;

/// Words that say nothing about which table is meant.
const STOP_WORDS: &[&str] = &[
    "a", "all", "an", "and", "are", "at", "by", "did", "do", "does", "for", "from", "get", "have",
    "how", "in", "is", "it", "its", "list", "many", "me", "most", "much", "my", "of", "on", "or",
    "our", "over", "per", "show", "table", "tables", "that", "the", "their", "them", "these",
    "they", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who",
    "with",
];

/// Abbreviations that people and tables use for the same thing, each spelled as the index stems it.
const SYNONYMS: &[(&str, &str)] = &[
    ("acct", "account"),
    ("addr", "address"),
    ("amt", "amount"),
    ("avg", "average"),
    ("cat", "category"),
    ("cust", "customer"),
    ("desc", "description"),
    ("dept", "department"),
    ("dt", "date"),
    ("id", "identifier"),
    ("inv", "invoice"),
    ("num", "number"),
    ("org", "organization"),
    ("prod", "product"),
    ("qty", "quantity"),
    ("rev", "revenue"),
    ("sub", "subscription"),
    ("ts", "timestamp"),
    ("txn", "transaction"),
];

/// One word of a question, with the other spellings that mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The word as asked, in lower case.
    pub word: String,
    /// Other spellings, which count for less.
    pub alternatives: Vec<String>,
}

/// The text under which an identifier is indexed: its parts, its parts split further at digits, and all of it in one.
///
/// `R2StorageBytes` gives `r2 r 2 storage bytes r2storagebytes`, so that any way of typing it finds it.
pub fn index_text(identifier: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut add = |word: String| {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    };
    let parts = split(identifier);
    for part in &parts {
        add(part.clone());
        let pieces = split_at_digits(part);
        if pieces.len() > 1 {
            pieces.into_iter().for_each(&mut add);
        }
    }
    if parts.len() > 1 {
        add(parts.concat());
    }
    words.join(" ")
}

/// An identifier's words in lower case: split at everything that is no letter or digit, and at humps (`camelCase`,
/// `HTTPServer`). Letters and digits stay together, since `r2` and `ipv4` are words.
pub fn split(identifier: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in identifier
        .split(|c: char| !c.is_alphanumeric())
        .filter(|piece| !piece.is_empty())
    {
        let characters: Vec<char> = piece.chars().collect();
        let mut word = String::new();
        for (position, &character) in characters.iter().enumerate() {
            let before = position
                .checked_sub(1)
                .and_then(|before| characters.get(before));
            let after = characters.get(position + 1);
            let hump = character.is_uppercase()
                && before.is_some_and(|before| {
                    before.is_lowercase()
                        || before.is_ascii_digit()
                        || (before.is_uppercase()
                            && after.is_some_and(|after| after.is_lowercase()))
                });
            if hump && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(character.to_lowercase());
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// A question's terms, without the words that say nothing (unless it has no others).
pub fn terms(question: &str) -> Vec<Term> {
    let mut words: Vec<String> = Vec::new();
    for word in split(question) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let telling: Vec<String> = words
        .iter()
        .filter(|word| !STOP_WORDS.contains(&word.as_str()))
        .cloned()
        .collect();
    let mut chosen = if telling.is_empty() { words } else { telling };
    chosen.truncate(MAX_TERMS);
    chosen
        .into_iter()
        .map(|word| Term {
            alternatives: alternatives(&word),
            word,
        })
        .collect()
}

/// The term as an FTS5 string: quoted, so that nothing in it is an operator.
pub fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

fn alternatives(word: &str) -> Vec<String> {
    let singular = word
        .strip_suffix('s')
        .filter(|stem| stem.len() > 2)
        .unwrap_or(word);
    SYNONYMS
        .iter()
        .filter_map(|&(short, long)| match singular {
            _ if singular == short || word == short => Some(long.to_owned()),
            _ if singular == long || word == long => Some(short.to_owned()),
            _ => None,
        })
        .collect()
}

fn split_at_digits(word: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last_was_digit = None;
    for character in word.chars() {
        let digit = character.is_ascii_digit();
        match pieces.last_mut() {
            Some(piece) if last_was_digit == Some(digit) => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
        last_was_digit = Some(digit);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_split_at_separators_and_humps() {
        for (identifier, words) in [
            ("billings_allocated", "billings allocated"),
            ("customerType", "customer type"),
            ("HTTPServerName", "http server name"),
            ("lake.fct-usage", "lake fct usage"),
            ("r2_storage", "r2 storage"),
            ("Ipv4Address", "ipv4 address"),
            ("größeInCm", "größe in cm"),
            ("__", ""),
        ] {
            assert_eq!(split(identifier).join(" "), words, "{identifier}");
        }
    }

    #[test]
    fn index_text_keeps_the_joined_form_and_the_digits_apart() {
        assert_eq!(
            index_text("R2StorageBytes"),
            "r2 r 2 storage bytes r2storagebytes"
        );
        assert_eq!(index_text("accounts"), "accounts");
    }

    #[test]
    fn terms_drop_words_that_say_nothing() {
        let words = |question: &str| {
            terms(question)
                .into_iter()
                .map(|term| term.word)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            words("how many of the customers by revenue"),
            "customers revenue"
        );
        assert_eq!(words("the"), "the");
        assert_eq!(words("\" OR name:*"), "name");
        assert_eq!(words(""), "");
    }

    #[test]
    fn abbreviations_are_alternatives_in_both_directions() {
        assert_eq!(terms("acct").first().unwrap().alternatives, ["account"]);
        assert_eq!(terms("customers").first().unwrap().alternatives, ["cust"]);
    }

    #[test]
    fn a_quoted_word_cannot_end_its_quotes() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
