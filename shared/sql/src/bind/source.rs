//! Where things stand in the text: the tokens' bytes, and what the tree does not say about places.
//!
//! sqlparser's nodes lack the place of many words (`CAST(`, `NOT`, a closing parenthesis). The tokens have them.

use std::collections::BTreeMap;

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use crate::bound::TextRange;
use crate::text::TextMap;

/// A token's place, and what finding others around it needs.
#[derive(Debug)]
struct Piece {
    at: TextRange,
    /// The word, in capitals, if it is one that was not quoted.
    word: Option<String>,
    opens: bool,
    /// The piece that opens the innermost parenthesis around this one.
    around: Option<usize>,
    /// For one that opens: the piece that closes.
    partner: Option<usize>,
}

/// A text with its tokens' places.
#[derive(Debug)]
pub(super) struct Source<'t> {
    map: &'t TextMap,
    pieces: Vec<Piece>,
    by_start: BTreeMap<usize, usize>,
}

impl<'t> Source<'t> {
    /// A text and its tokens.
    pub(super) fn new(map: &'t TextMap, tokens: &[TokenWithSpan]) -> Self {
        let mut pieces: Vec<Piece> = Vec::with_capacity(tokens.len());
        let mut by_start = BTreeMap::new();
        let mut open: Vec<usize> = Vec::new();
        for token in tokens {
            let Some(at) = map.range(token.span) else {
                continue;
            };
            let index = pieces.len();
            let opens = matches!(token.token, Token::LParen | Token::LBracket);
            if matches!(token.token, Token::RParen | Token::RBracket)
                && let Some(opened) = open.pop()
                && let Some(piece) = pieces.get_mut(opened)
            {
                piece.partner = Some(index);
            }
            let word = match &token.token {
                Token::Word(word) if word.quote_style.is_none() => {
                    Some(word.value.to_ascii_uppercase())
                }
                _ => None,
            };
            by_start.insert(at.start, index);
            pieces.push(Piece {
                at,
                word,
                opens,
                around: open.last().copied(),
                partner: None,
            });
            if opens {
                open.push(index);
            }
        }
        Self {
            map,
            pieces,
            by_start,
        }
    }

    /// The whole text.
    pub(super) fn all(&self) -> &'t str {
        self.map.text()
    }

    /// The text of a place.
    pub(super) fn text(&self, at: &TextRange) -> &'t str {
        self.map.text().get(at.clone()).unwrap_or_default()
    }

    /// The bytes of a node of the tree, an empty range at the text's start if the tree does not say.
    pub(super) fn range(&self, span: Span) -> TextRange {
        self.map.range(span).unwrap_or(0..0)
    }

    /// What is written in a place, in one spelling: without comments, one space between tokens, unquoted words in
    /// lower case.
    pub(super) fn spelled(&self, at: &TextRange) -> String {
        let pieces = self.by_start.range(at.start..at.end.max(at.start));
        let words: Vec<String> = pieces
            .filter_map(|(_, index)| self.pieces.get(*index))
            .map(|piece| match self.text(&piece.at) {
                quoted if quoted.starts_with(['\'', '"']) => quoted.to_owned(),
                word => word.to_lowercase(),
            })
            .collect();
        words.join(" ")
    }

    fn index_from(&self, byte: usize) -> Option<usize> {
        self.by_start.range(byte..).next().map(|(_, index)| *index)
    }

    fn index_before(&self, byte: usize) -> Option<usize> {
        self.by_start
            .range(..byte)
            .next_back()
            .map(|(_, index)| *index)
    }

    fn piece(&self, index: Option<usize>) -> Option<&Piece> {
        self.pieces.get(index?)
    }

    /// The word that begins at or behind a byte, if the next token is one.
    fn word_from(&self, byte: usize) -> Option<(&str, TextRange)> {
        let piece = self.piece(self.index_from(byte))?;
        Some((piece.word.as_deref()?, piece.at.clone()))
    }

    /// The innermost parentheses or brackets around a node.
    pub(super) fn around(&self, at: &TextRange) -> Option<TextRange> {
        let open = self.piece(self.index_from(at.start))?.around?;
        let start = self.pieces.get(open)?.at.start;
        let close = self.piece(self.pieces.get(open)?.partner)?;
        Some(start..close.at.end)
    }

    /// The parentheses around a node with the word before them: `CAST(...)` from its operand.
    pub(super) fn around_with_word(&self, at: &TextRange) -> Option<TextRange> {
        let around = self.around(at)?;
        Some(self.with_words_before(&around, 1))
    }

    /// A range that begins so many tokens earlier.
    pub(super) fn with_words_before(&self, at: &TextRange, count: usize) -> TextRange {
        let mut start = at.start;
        for _ in 0..count {
            match self.piece(self.index_before(start)) {
                Some(piece) => start = piece.at.start,
                None => break,
            }
        }
        start..at.end
    }

    /// A range that begins at the last such word before it.
    pub(super) fn back_to(&self, at: &TextRange, word: &str) -> TextRange {
        let mut index = self.index_before(at.start);
        // The word is next to the node, or a few words of its own away.
        for _ in 0..8 {
            let Some(piece) = self.piece(index) else {
                break;
            };
            if piece.word.as_deref() == Some(word) {
                return piece.at.start..at.end;
            }
            index = index.and_then(|index| index.checked_sub(1));
        }
        at.clone()
    }

    /// A range that takes in the words behind it, as long as they are some of these.
    pub(super) fn with_words_behind(&self, at: &TextRange, words: &[&str]) -> TextRange {
        let mut end = at.end;
        while let Some((word, place)) = self.word_from(end) {
            if !words.contains(&word) {
                break;
            }
            end = place.end;
        }
        at.start..end
    }

    /// A range that takes in the parentheses that come next behind it, if they do.
    pub(super) fn with_group_behind(&self, at: &TextRange) -> TextRange {
        let next = self.piece(self.index_from(at.end));
        match next {
            Some(piece) if piece.opens => match self.piece(piece.partner) {
                Some(close) => at.start..close.at.end,
                None => at.clone(),
            },
            _ => at.clone(),
        }
    }

    /// A function call from its name to the end of its last clause.
    pub(super) fn call(&self, name: &TextRange) -> TextRange {
        let mut at = self.with_group_behind(name);
        loop {
            let Some((word, place)) = self.word_from(at.end) else {
                return at;
            };
            let until = at.start..place.end;
            at = match word {
                "FILTER" | "WITHIN" | "OVER" => {
                    let until = self.with_words_behind(&until, &["GROUP"]);
                    let with_group = self.with_group_behind(&until);
                    if with_group == until {
                        // `OVER w`
                        let end = self
                            .piece(self.index_from(until.end))
                            .map_or(until.end, |piece| piece.at.end);
                        until.start..end
                    } else {
                        with_group
                    }
                }
                "IGNORE" | "RESPECT" => self.with_words_behind(&until, &["NULLS"]),
                _ => return at,
            };
        }
    }

    /// The next such word behind a place.
    pub(super) fn next_word(&self, at: &TextRange, word: &str) -> Option<TextRange> {
        let mut pieces = self
            .by_start
            .range(at.end..)
            .filter_map(|(_, index)| self.pieces.get(*index));
        let found = pieces.find(|piece| piece.word.as_deref() == Some(word))?;
        Some(found.at.clone())
    }

    /// Where the operator between two nodes stands: the token behind the left one.
    pub(super) fn between(&self, left: &TextRange, right: &TextRange) -> TextRange {
        match self.piece(self.index_from(left.end)) {
            Some(piece) if piece.at.start < right.start => piece.at.clone(),
            _ => left.start..right.end,
        }
    }
}

/// Both and what lies between them.
pub(super) fn union(left: &TextRange, right: &TextRange) -> TextRange {
    if *left == (0..0) {
        return right.clone();
    }
    if *right == (0..0) {
        return left.clone();
    }
    left.start.min(right.start)..left.end.max(right.end)
}
