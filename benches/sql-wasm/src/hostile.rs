//! The texts of `shared/sql/tests/hostile`, read and followed where a stack cannot grow.

#[path = "../../../shared/sql/tests/hostile/follow.rs"]
mod follow;
#[path = "../../../shared/sql/tests/hostile/texts.rs"]
#[expect(dead_code, reason = "the names are for people")]
mod texts;

/// How many texts there are.
#[unsafe(no_mangle)]
pub extern "C" fn hostile_texts() -> usize {
    texts::texts().len()
}

/// How long one of the texts is, in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn hostile_length(number: usize) -> usize {
    texts::texts()
        .get(number)
        .map_or(0, |text| text.written_out().len())
}

/// Follows one of the texts. Whether it ends as it has to: read, or refused.
#[unsafe(no_mangle)]
pub extern "C" fn hostile(number: usize) -> bool {
    texts::texts()
        .get(number)
        .is_some_and(|text| follow::follow(&text.written_out()) == text.is_read)
}
