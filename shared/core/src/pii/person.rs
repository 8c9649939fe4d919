//! Names of people: a shape that names have, and a lexicon that says which words are names somewhere.

use unicode_normalization::UnicodeNormalization;

use super::lexicon::{is_given, is_no_person, is_particle, is_surname, is_title};

/// How a value reads as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Not a name by its shape.
    No,
    /// Shaped like a name of one word; whether that is a given name and whether it is a surname.
    Part {
        /// In the lexicon of given names.
        given: bool,
        /// In the lexicon of surnames.
        surname: bool,
    },
    /// Shaped like a full name, none of its words in the lexicon.
    Shape,
    /// Shaped like a full name, with a given name or a surname.
    Half,
    /// A given name and a surname.
    Full,
}

/// Reads one value as one name, or as a list of full names (`Angus Young, Malcolm Young`).
pub fn read(value: &str) -> Reading {
    let value = value.trim();
    match read_one(value) {
        reading @ (Reading::Full | Reading::Half) => return reading,
        other if !value.contains(LIST_MARKS) => return other,
        _ => {}
    }
    let parts: Vec<&str> = value
        .split(LIST_MARKS)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let named = parts
        .iter()
        .filter(|part| matches!(read_one(part), Reading::Full | Reading::Half))
        .count();
    let full = parts
        .iter()
        .filter(|part| read_one(part) == Reading::Full)
        .count();
    match parts.len() {
        2.. if named * 2 > parts.len() && full > 0 => Reading::Full,
        2.. if named * 2 > parts.len() => Reading::Half,
        _ => Reading::No,
    }
}

const LIST_MARKS: [char; 4] = [',', '/', ';', '&'];

fn read_one(value: &str) -> Reading {
    if value.is_empty() || value.chars().count() > 60 || !value.chars().all(is_name_char) {
        return Reading::No;
    }
    if value.chars().any(is_east_asian) {
        return read_east_asian(value);
    }
    // `Silva, Ana` is `Ana Silva`.
    let turned = value
        .split_once(',')
        .map(|(last, first)| format!("{} {}", first.trim(), last.trim()));
    let words: Vec<&str> = turned
        .as_deref()
        .unwrap_or(value)
        .split_whitespace()
        .collect();
    let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
    if folded.iter().any(|word| is_no_person(word)) || !is_cased_like_a_name(&words, &folded) {
        return Reading::No;
    }
    let names: Vec<&str> = folded
        .iter()
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !is_title(word) && !is_particle(word))
        .collect();
    // A patronymic stands beside a given name, wherever the surname is.
    let patronymic = names.len() > 2 && names.iter().any(|word| is_patronymic(word));
    let lexical: Vec<&str> = names
        .iter()
        .copied()
        .filter(|word| word.chars().count() > 1 && !(patronymic && is_patronymic(word)))
        .collect();
    match (names.as_slice(), lexical.as_slice()) {
        ([_], [word]) => Reading::Part {
            given: given(word),
            surname: surname(word),
        },
        ([_, _, ..], [.., last]) if names.len() <= 5 => {
            // An initial stands for a given name: `J. Smith`.
            let has_given = lexical.len() > 1
                && lexical
                    .iter()
                    .take(lexical.len() - 1)
                    .any(|word| given(word));
            // Some languages put the surname first.
            let turned = given(last)
                && lexical.first().is_some_and(|first| surname(first))
                && lexical.len() > 1;
            let initial = lexical.len() < names.len();
            let either = lexical.iter().any(|word| surname(word));
            match (has_given || initial, surname(last), turned) {
                (true, true, _) | (_, _, true) => Reading::Full,
                _ if patronymic && either => Reading::Full,
                (true, false, _) if has_given => Reading::Half,
                (false, true, _) => Reading::Half,
                _ => Reading::Shape,
            }
        }
        _ => Reading::No,
    }
}

fn is_name_char(c: char) -> bool {
    c.is_alphabetic() || is_mark(c) || c == ' ' || ".,-'’`·・\u{a0}\u{200c}".contains(c)
}

/// Vowel signs and other marks that are part of words in Indic, Thai, Arabic and Hebrew script.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{65f}' | '\u{670}' | '\u{900}'..='\u{dff}' | '\u{e31}'..='\u{e4e}')
}

/// In scripts with upper case, each word of a name starts with it, but for particles; or the whole value has one case.
fn is_cased_like_a_name(words: &[&str], folded: &[String]) -> bool {
    let cased = |c: char| c.is_uppercase() || c.is_lowercase();
    let letters = || {
        words
            .iter()
            .flat_map(|word| word.chars())
            .filter(|c| cased(*c))
    };
    if letters().all(char::is_uppercase) || letters().all(char::is_lowercase) {
        return true;
    }
    words.iter().zip(folded).all(|(word, folded)| {
        is_particle(folded)
            || word.starts_with("d'")
            || word
                .chars()
                .find(|c| c.is_alphabetic())
                .is_none_or(|first| !first.is_lowercase())
    })
}

fn given(word: &str) -> bool {
    is_given(word) || word.split('-').any(|part| part.len() > 2 && is_given(part))
}

fn surname(word: &str) -> bool {
    let known = |word: &str| {
        is_surname(word)
            || word
                .strip_prefix("o'")
                .or_else(|| word.strip_prefix("mc"))
                .or_else(|| word.strip_prefix("mac"))
                .is_some_and(is_surname)
    };
    known(word)
        || word.split('-').any(|part| part.len() > 3 && known(part))
        || has_surname_ending(word)
}

/// Endings that make a surname in some language, whatever stands before them.
fn has_surname_ending(word: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "ов",
        "ев",
        "ёв",
        "ова",
        "ева",
        "ёва",
        "ский",
        "ская",
        "цкий",
        "цкая",
        "енко",
        "чук",
        "швили",
        "дзе",
        "dottir",
        "sson",
        "ssen",
        "lsen",
        "nsen",
        "rsen",
        "dsen",
        "ksen",
        "tsen",
        "ovic",
        "evic",
        "ovich",
        "evich",
        "owski",
        "ewski",
        "inski",
        "ynski",
        "owska",
        "ewska",
        "inska",
        "ynska",
        "wicz",
        "czyk",
        "czak",
        "ovsky",
        "evsky",
        "ova",
        "eva",
        "yev",
        "enko",
        "chuk",
        "oglu",
        "shvili",
        "adze",
        "poulos",
        "poulou",
        "akis",
        "idis",
        "iadis",
        "escu",
        "eanu",
        "zadeh",
        "nejad",
        "όπουλος",
        "άκης",
        "ίδης",
        "άδης",
        "ίδου",
        "άκη",
        "yan",
        "нко",
    ];
    let length = word.chars().count();
    ENDINGS
        .iter()
        .any(|ending| word.ends_with(ending) && length >= ending.chars().count() + 3)
}

fn is_patronymic(word: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "ович", "евич", "ьич", "овна", "евна", "ична", "иніч", "івна", "ївна",
    ];
    word.chars().count() >= 6 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7af}')
}

/// Chinese, Japanese and Korean names start with the surname, and few surnames cover nearly everyone.
fn read_east_asian(value: &str) -> Reading {
    let spaced = value.chars().any(char::is_whitespace);
    let letters: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '・' && *c != '·')
        .collect();
    let count = letters.chars().count();
    let starts = |length: usize| {
        let head: String = letters.chars().take(length).collect();
        is_surname(&head).then_some(length)
    };
    // Written with a blank, people from elsewhere put the surname last.
    if let [first, last] = value.split_whitespace().collect::<Vec<_>>().as_slice()
        && (is_surname(first) || is_surname(last) || is_given(first) || is_given(last))
        && count <= 8
    {
        return Reading::Full;
    }
    // The longest surname that fits and leaves a given name.
    let surname = [3, 2, 1]
        .into_iter()
        .filter(|length| *length < count)
        .find_map(starts);
    let rest = count.saturating_sub(surname.unwrap_or(0));
    match surname {
        Some(_) if (2..=6).contains(&count) && rest <= 4 && (spaced || rest <= 3) => Reading::Full,
        // Chinese and Japanese put blanks into names and into little else; Korean puts them everywhere.
        None if (2..=8).contains(&count) && spaced && !value.chars().any(is_hangul) => {
            Reading::Half
        }
        None if (2..=6).contains(&count) && spaced => Reading::Shape,
        _ if (1..=3).contains(&count) => Reading::Part {
            given: is_given(&letters),
            surname: is_surname(&letters),
        },
        _ => Reading::No,
    }
}

/// A word as the lexicon has it: lower case, Latin letters without marks.
pub fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word
        .to_lowercase()
        .nfd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
    {
        match c {
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ı' => out.push('i'),
            'þ' => out.push_str("th"),
            '’' | '`' => out.push('\''),
            _ => out.push(c),
        }
    }
    out.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_only_looks_like_one() {
        for (value, expected) in [
            ("Luís Gonçalves", Reading::Full),
            ("GONÇALVES, Luís", Reading::Full),
            ("Dr. Johannes Van der Berg", Reading::Full),
            ("J. Smith", Reading::Full),
            ("Hugh O'Reilly", Reading::Full),
            ("Иван Петров", Reading::Full),
            ("Смирнова Анна Викторовна", Reading::Full),
            ("王小明", Reading::Full),
            ("김민준", Reading::Full),
            ("佐藤 健", Reading::Full),
            ("Angus Young, Malcolm Young, Brian Johnson", Reading::Full),
            (
                "Maria",
                Reading::Part {
                    given: true,
                    surname: true,
                },
            ),
            ("Xqzt Vbnm", Reading::Shape),
            ("Flores, Matthews and Sullivan", Reading::No),
            ("Google Inc.", Reading::No),
            ("Balls to the Wall", Reading::No),
            ("Customer#000000001", Reading::No),
            ("Sales Manager", Reading::No),
            ("", Reading::No),
        ] {
            let reading = read(value);
            let same = match (reading, expected) {
                (Reading::Part { given, .. }, Reading::Part { given: wanted, .. }) => {
                    given == wanted
                }
                (reading, expected) => reading == expected,
            };
            assert!(same, "{value}: {reading:?}");
        }
    }
}
