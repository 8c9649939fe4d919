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
const NOT_PEOPLE: &str = "& ab admin administrator ag agent airport alameda allee analyst and as assistant associates association ave \
    avenida avenue band bank beach best boulevard brothers cadde caddesi calle camino chemin choir city club co. \
    collection college company corp corp. corporation corso county department designer developer director dvd \
    east edition engineer ensemble falls for fort foundation gasse gata gatan gmbh greatest group heights hits \
    hochschule holdings hospital impasse inc inc. institute island katu kg kingdom kit laan labs lake limited \
    live llc ltd ltd. manager marketing media mount network north of officer orchestra oy pack partners paseo \
    piazza place plan platz plaza plc port praca president pro quai quartet rd records republic river road rua \
    rue s.a. s.r.o. saint sales sarl school series server service services set society sokagi sokak solutions \
    sons south springs srl st. staff states storage straat strasse street studio studios support systems team \
    technologies technology the travessa trio ulica ulitsa united universidad universidade universita \
    universitat universite universitet university université utca valley vej via viale vol volume weg west \
    вулиця переулок площа проспект улица";
