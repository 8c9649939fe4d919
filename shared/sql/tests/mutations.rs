//! What reading promises holds for the statements of the cases, cut and joined at random, and for all texts by which the
//! fuzzer got somewhere new.

use std::path::Path;

#[path = "promises/statement.rs"]
mod statement;

/// Raise it to look further: the first million are all right.
const TEXTS: u64 = 20_000;

#[test]
fn cut_and_joined_statements_keep_every_promise() {
    let pieces = pieces();
    assert!(pieces.len() > 1_000, "only {} pieces", pieces.len());
    let mut random = 42_u64;
    let mut readable = 0_u64;
    for _ in 0..TEXTS {
        let text = text(&pieces, &mut random);
        if let Some(parsed) = statement::parsed(&text) {
            statement::followed(&text, &parsed);
            readable += 1;
        }
    }
    assert!(readable > 0, "no text could be read");
}

#[test]
fn texts_that_the_fuzzer_found_keep_every_promise() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus.jsonl");
    let lines = std::fs::read_to_string(file).unwrap_or_default();
    let texts = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<String>(line).ok());
    let mut count = 0_u64;
    for text in texts {
        if let Some(parsed) = statement::parsed(&text) {
            statement::followed(&text, &parsed);
        }
        count += 1;
    }
    assert!(count > 1_000, "only {count} texts");
}

/// Words, names, literals and signs, statement by statement, with the place where each statement begins.
fn pieces() -> Vec<Vec<String>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folders = ["cases", "bound", "lineage", "diagnose", "touched"];
    let mut files: Vec<_> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(tests.join(folder)).into_iter().flatten())
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let mut statements = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        for block in text.split("\n\n") {
            let is_marked = |line: &&str| {
                ["#", "@ ", "=> ", "| "]
                    .iter()
                    .any(|mark| line.starts_with(mark))
            };
            let lines = block.lines().filter(|line| !is_marked(line));
            statements.push(split(&lines.collect::<Vec<_>>().join("\n")));
        }
    }
    let parts = statements.clone();
    // Long statements also in parts, so that a clause can land anywhere.
    for statement in parts {
        for part in statement.chunks(5) {
            statements.push(part.to_vec());
        }
    }
    statements
}

fn split(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut word = false;
    for character in text.chars() {
        let is_word = character.is_alphanumeric() || character == '_';
        match pieces.last_mut() {
            Some(last) if is_word && word => last.push(character),
            _ => pieces.push(character.to_string()),
        }
        word = is_word;
    }
    pieces
}

/// One statement with parts of others put in, left out, repeated and swapped.
fn text(statements: &[Vec<String>], random: &mut u64) -> String {
    let mut pieces = pick(statements, random).clone();
    for _ in 0..=below(6, random) {
        let at = below(pieces.len() + 1, random);
        match below(4, random) {
            0 => {
                let other = pick(statements, random).clone();
                pieces.splice(at..at, other);
            }
            1 => {
                let end = (at + 1 + below(4, random)).min(pieces.len());
                pieces.drain(at.min(end)..end);
            }
            2 => {
                let end = (at + 1 + below(12, random)).min(pieces.len());
                let repeated = pieces.get(at..end).unwrap_or_default().to_vec();
                pieces.splice(at..at, repeated);
            }
            _ => {
                let other = below(pieces.len() + 1, random);
                if at < pieces.len() && other < pieces.len() {
                    pieces.swap(at, other);
                }
            }
        }
    }
    pieces.concat()
}

fn pick<'s>(statements: &'s [Vec<String>], random: &mut u64) -> &'s Vec<String> {
    static NONE: Vec<String> = Vec::new();
    statements
        .get(below(statements.len(), random))
        .unwrap_or(&NONE)
}

/// A number below `end`, from a generator that every machine computes alike.
fn below(end: usize, random: &mut u64) -> usize {
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let high = usize::try_from(*random >> 33).unwrap_or_default();
    high % end.max(1)
}
