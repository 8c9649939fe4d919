//! Refuses texts whose tree would be too deep.
//!
//! The parser descends recursively and so does every walk over its tree, on a stack that cannot grow: ten thousand
//! brackets, or ten thousand `!`, would end the isolate with all its requests. So depth is bounded before parsing, by
//! counting what makes a tree deep: open brackets, and words and signs in one stretch without `;` or `,`.

use super::SnippetError;
use super::positions::position_at;

/// Brackets within brackets. Code that people read has fewer than 20.
const MAX_BRACKETS: usize = 150;
/// Words and signs in one stretch: an expression of so many parts can be a tree as deep.
const MAX_STRETCH: usize = 1_500;

/// Checks the text.
pub fn check(code: &str) -> Result<(), SnippetError> {
    let too_deep = |offset: usize, what: &str| {
        SnippetError::new(format!("the code is nested too deeply: {what}"))
            .at(position_at(code, offset))
            .with_hint("split it into statements, each ended by `;`, or into functions")
    };
    // The stretch of each bracket that is open; the outermost is the text itself.
    let mut stretches: Vec<usize> = vec![0];
    for token in Tokens::new(code) {
        match token.kind {
            Kind::Open => {
                if stretches.len() > MAX_BRACKETS {
                    return Err(too_deep(token.offset, &format!("more than {MAX_BRACKETS} brackets are open here")));
                }
                stretches.push(0);
            }
            Kind::Close => {
                if stretches.len() > 1 {
                    stretches.pop();
                }
            }
            Kind::Separator => {
                if let Some(stretch) = stretches.last_mut() {
                    *stretch = 0;
                }
                continue;
            }
            Kind::Part => {}
        }
        if let Some(stretch) = stretches.last_mut() {
            *stretch += 1;
            if *stretch > MAX_STRETCH {
                let what = format!("more than {MAX_STRETCH} words and signs without `;` or `,`");
                return Err(too_deep(token.offset, &what));
            }
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Separator,
    Part,
}

struct Token {
    kind: Kind,
    offset: usize,
}

/// Words and signs of a text, with strings, comments and regular expressions left out as far as they can be told
/// without parsing. What is told wrong is counted wrong, never read wrong: the parser decides what the text means.
struct Tokens<'a> {
    code: &'a [u8],
    offset: usize,
    /// Whether a `/` would begin a regular expression.
    value_expected: bool,
    /// Open brackets within each template's `${`, innermost last.
    templates: Vec<usize>,
}

impl<'a> Tokens<'a> {
    fn new(code: &'a str) -> Self {
        Self { code: code.as_bytes(), offset: 0, value_expected: true, templates: Vec::new() }
    }

    fn at(&self, offset: usize) -> u8 {
        self.code.get(offset).copied().unwrap_or(0)
    }

    fn skip_until(&mut self, end: &[u8]) {
        let rest = self.code.get(self.offset..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|window| window == end);
        self.offset += found.map_or(rest.len(), |found| found + end.len());
    }

    /// Over a quoted text or a regular expression to behind its end, or to the line's end if it has none.
    fn skip_quoted(&mut self, end: u8) {
        let mut in_class = false;
        while self.offset < self.code.len() {
            let byte = self.at(self.offset);
            self.offset += 1;
            match byte {
                b'\\' => self.offset += 1,
                b'\n' => return,
                b'[' if end == b'/' => in_class = true,
                b']' if end == b'/' => in_class = false,
                _ if byte == end && !in_class => return,
                _ => {}
            }
        }
    }

    /// Over a template's text, to behind its end or behind a `${`. True if it stopped at a `${`.
    fn skip_template(&mut self) -> bool {
        while self.offset < self.code.len() {
            match (self.at(self.offset), self.at(self.offset + 1)) {
                (b'\\', _) => self.offset += 2,
                (b'`', _) => {
                    self.offset += 1;
                    return false;
                }
                (b'$', b'{') => {
                    self.offset += 2;
                    return true;
                }
                _ => self.offset += 1,
            }
        }
        false
    }

    fn template(&mut self, offset: usize) -> Token {
        if self.skip_template() {
            self.templates.push(0);
            self.value_expected = true;
            return Token { kind: Kind::Open, offset };
        }
        self.value_expected = false;
        Token { kind: Kind::Part, offset }
    }

    fn word(&mut self, offset: usize) -> Token {
        while is_word(self.at(self.offset)) {
            self.offset += 1;
        }
        let word = self.code.get(offset..self.offset).unwrap_or_default();
        let keywords: [&[u8]; 10] = [
            b"return", b"typeof", b"case", b"await", b"yield", b"void", b"delete", b"in", b"of", b"else",
        ];
        self.value_expected = keywords.contains(&word);
        Token { kind: Kind::Part, offset }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let offset = self.offset;
            let byte = *self.code.get(offset)?;
            self.offset += 1;
            let kind = match (byte, self.at(self.offset)) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => continue,
                (b'/', b'/') => {
                    self.skip_until(b"\n");
                    continue;
                }
                (b'/', b'*') => {
                    self.offset += 1;
                    self.skip_until(b"*/");
                    continue;
                }
                (b'/', _) if self.value_expected => {
                    self.skip_quoted(b'/');
                    self.value_expected = false;
                    return Some(Token { kind: Kind::Part, offset });
                }
                (b'"' | b'\'', _) => {
                    self.skip_quoted(byte);
                    self.value_expected = false;
                    return Some(Token { kind: Kind::Part, offset });
                }
                (b'`', _) => return Some(self.template(offset)),
                (b'}', _) if self.templates.last() == Some(&0) => {
                    self.templates.pop();
                    // Back in the template's text, whose next `${` stands at the same depth.
                    if self.skip_template() {
                        self.templates.push(0);
                        self.value_expected = true;
                        return Some(Token { kind: Kind::Separator, offset });
                    }
                    self.value_expected = false;
                    return Some(Token { kind: Kind::Close, offset });
                }
                (b'(' | b'[' | b'{', _) => {
                    if let Some(open) = self.templates.last_mut() {
                        *open += 1;
                    }
                    Kind::Open
                }
                (b')' | b']' | b'}', _) => {
                    if let Some(open) = self.templates.last_mut() {
                        *open = open.saturating_sub(1);
                    }
                    self.value_expected = byte == b'}';
                    return Some(Token { kind: Kind::Close, offset });
                }
                (b';' | b',', _) => Kind::Separator,
                (byte, _) if is_word(byte) => return Some(self.word(offset)),
                _ => Kind::Part,
            };
            self.value_expected = true;
            return Some(Token { kind, offset });
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_texts_are_refused_and_ordinary_ones_are_not() {
        let deep = [
            "(".repeat(200),
            "[".repeat(200),
            "!".repeat(2_000),
            "a=>".repeat(2_000),
            format!("x = {}1", "1+".repeat(2_000)),
            format!("x{}", ".f(1, 2)".repeat(2_000)),
            "if(a)".repeat(2_000),
            "a ? b : ".repeat(2_000),
            "`${".repeat(200),
            format!("{} else {{}}", "if (a) {} else ".repeat(2_000)),
        ];
        for code in &deep {
            assert!(check(code).is_err(), "{:.40}", code);
        }
        let plain = [
            format!("const a = [{}];", "1, ".repeat(5_000)),
            "const x = f(1);\n".repeat(1_000),
            format!("const text = \"{}\";", "(".repeat(500)),
            format!("// {}\n/* {} */", "(".repeat(500), "[".repeat(500)),
            format!("const r = /{}/;", "\\(".repeat(500)),
            format!("const t = `{}`;", "${a} (".repeat(500)),
        ];
        for code in &plain {
            assert_eq!(check(code), Ok(()), "{:.40}", code);
        }
    }

    #[test]
    fn the_place_of_the_trouble_is_named() {
        let error = check(&format!("\n  {}", "(".repeat(400))).unwrap_err();
        assert_eq!(error.position.unwrap().line, 2);
        assert!(error.hint.is_some());
    }
}
