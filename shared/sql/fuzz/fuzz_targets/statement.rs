//! Any text ends in an error or a statement, and whatever is a statement can be bound, followed, compared, diagnosed
//! and rewritten.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/promises/statement.rs"]
mod statement;

fuzz_target!(|text: &str| {
    if let Some(parsed) = statement::parsed(text) {
        statement::followed(text, &parsed);
    }
});
