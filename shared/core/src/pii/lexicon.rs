//! Words that make a name and words that unmake one. `lexicon/README.md` says where the names come from.

use std::collections::HashSet;
use std::sync::OnceLock;

type Words = OnceLock<HashSet<&'static str>>;

/// Whether a folded word is a given name somewhere.
pub fn is_given(word: &str) -> bool {
    static WORDS: Words = OnceLock::new();
    has(&WORDS, include_str!("lexicon/given.txt"), word)
}

/// Whether a folded word is a surname somewhere.
pub fn is_surname(word: &str) -> bool {
    static WORDS: Words = OnceLock::new();
    has(&WORDS, include_str!("lexicon/surname.txt"), word)
}

/// Whether a folded word is a title or a degree.
pub fn is_title(word: &str) -> bool {
    static WORDS: Words = OnceLock::new();
    has(&WORDS, TITLES, word)
}

/// Whether a folded word is one of the small ones inside of surnames.
pub fn is_particle(word: &str) -> bool {
    static WORDS: Words = OnceLock::new();
    has(&WORDS, PARTICLES, word)
}

/// Whether a folded word says that the value is no person.
pub fn is_no_person(word: &str) -> bool {
    static WORDS: Words = OnceLock::new();
    has(&WORDS, NOT_PEOPLE, word)
}

fn has(words: &Words, list: &'static str, word: &str) -> bool {
    words
        .get_or_init(|| list.split_ascii_whitespace().collect())
        .contains(word)
}

/// Titles and degrees: they stand beside a name.
const TITLES: &str = "bc dds dott dr dvm esq fr frau herr hr ii iii ing iv jr madam mba md mgr miss mlle mme mr mrs ms mx pan pani \
    phd prof sig sir sr sra srta";

/// Small words inside of surnames.
const PARTICLES: &str = "'t abu af al av ben bin bint da das de del della den der di do dos du e el ibn la le lo los op san st ten \
    ter van von y zu zur";

/// Words of organisations, places and things: a value with one is no person's name.
const NOT_PEOPLE: &str = "& ab admin administrator ag agent airport analyst and as assistant associates association ave avenue band \
    bank beach best boulevard brothers choir city club co. collection college company corp corp. corporation \
    county department designer developer director dvd east edition engineer ensemble falls for fort foundation \
    gmbh greatest group heights hits holdings hospital inc inc. institute island kg kingdom kit labs lake \
    limited live llc ltd ltd. manager marketing media mount network north of officer orchestra oy pack partners \
    plan plc port president pro quartet rd records republic river road s.a. s.r.o. saint sales sarl school \
    series server service services set society solutions sons south springs srl st. staff states storage street \
    studio studios support systems team technologies technology the trio united university valley vol volume \
    west";
