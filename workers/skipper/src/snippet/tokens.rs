//! The words and signs of a snippet before it is parsed.

/// What a token does to the depth of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bracket, or a template's beginning or `${`.
    Open,
    /// Its end.
    Close,
    /// `;` or `,`, or a template's text between two `${`.
    Separator,
    /// Any other word or sign.
    Part,
    /// A `/` of which only a parser could tell whether it divides or begins a regular expression.
    Unclear,
}

/// A word or sign.
pub struct Token {
    /// What it does to the depth.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub offset: usize,
}

/// Words and signs of a text, without strings, comments and regular expressions.
///
/// Exact wherever it does not say `Unclear`: a text in which this and the parser saw different strings could hide
/// brackets from one of the two.
pub struct Tokens<'a> {
    text: &'a str,
    code: &'a [u8],
    offset: usize,
    next: Next,
    /// Whether the last token was one of [`HEADS`] as a keyword.
    after_head: bool,
    /// Whether the last token was a single `.`, after which even a keyword is a name.
    after_dot: bool,
    /// Whether a line ended since the last token: a statement may have ended with it.
    after_line: bool,
    /// For each open bracket, whether it is the head of a statement.
    brackets: Vec<bool>,
    /// How many brackets were open at each template's `${`, innermost last.
    templates: Vec<usize>,
}

/// What may come next, which is what tells a division from a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value: `/` begins a regular expression.
    Value,
    /// An operator: `/` divides.
    Operator,
    /// Only a parser could tell. Code that people write has no `/` there.
    Either,
}

/// Words after which a value comes.
const BEFORE_VALUES: [&[u8]; 16] = [
    b"return",
    b"typeof",
    b"case",
    b"void",
    b"delete",
    b"in",
    b"else",
    b"instanceof",
    b"new",
    b"throw",
    b"do",
    b"extends",
    b"default",
    b"export",
    b"import",
    b"finally",
];
/// Words whose round brackets are followed by a statement, not by an operator.
const HEADS: [&[u8]; 4] = [b"if", b"while", b"for", b"with"];

impl<'a> Tokens<'a> {
    /// The tokens of the text.
    pub fn new(code: &'a str) -> Self {
        Self {
            text: code,
            code: code.as_bytes(),
            offset: 0,
            next: Next::Value,
            after_head: false,
            after_dot: false,
            after_line: false,
            brackets: Vec::new(),
            templates: Vec::new(),
        }
    }

    fn at(&self, offset: usize) -> u8 {
        self.code.get(offset).copied().unwrap_or(0)
    }

    fn skip_line(&mut self) {
        while self.offset < self.code.len() && !is_line_end(self.at(self.offset)) {
            self.offset += 1;
        }
    }

    fn skip_comment(&mut self) {
        let rest = self.code.get(self.offset..).unwrap_or_default();
        let found = rest.windows(2).position(|window| window == b"*/");
        let length = found.map_or(rest.len(), |found| found + 2);
        let comment = rest.get(..length).unwrap_or_default();
        self.after_line |= comment.iter().copied().any(is_line_end);
        self.offset += length;
    }

    /// How many bytes of white space stand at the offset: to the language, all that Unicode has, and its byte order
    /// mark.
    fn white_space(&self) -> usize {
        let byte = self.at(self.offset);
        if byte.is_ascii() {
            return usize::from(matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c));
        }
        let rest = self.text.get(self.offset..).unwrap_or_default();
        let first = rest.chars().next();
        first
            .filter(|first| first.is_whitespace() || *first == '\u{feff}')
            .map_or(0, char::len_utf8)
    }

    /// Over white space and comments.
    fn skip_blank(&mut self) {
        while self.offset < self.code.len() {
            match (self.at(self.offset), self.at(self.offset + 1)) {
                (b'/', b'/') => self.skip_line(),
                (b'/', b'*') => {
                    self.offset += 2;
                    self.skip_comment();
                }
                (byte, _) => match self.white_space() {
                    0 => return,
                    bytes => {
                        self.after_line |= is_line_end(byte);
                        self.offset += bytes;
                    }
                },
            }
        }
    }

    /// Over the rest of a word or of a number's digits, `\u{…}` included.
    fn skip_word(&mut self) {
        loop {
            let byte = self.at(self.offset);
            let rest = self.code.get(self.offset..).unwrap_or_default();
            if rest.starts_with(b"\\u{") {
                while !matches!(self.at(self.offset), b'}' | 0) {
                    self.offset += 1;
                }
            } else if !is_word(byte) || self.white_space() > 0 {
                return;
            }
            self.offset += 1;
        }
    }

    /// Over the rest of a number. A point behind digits is a part of it, so that what comes after `1.` is no name.
    fn number(&mut self, offset: usize) -> Kind {
        self.skip_word();
        let digits = self.code.get(offset..self.offset).unwrap_or_default();
        let is_decimal = digits
            .iter()
            .all(|digit| digit.is_ascii_digit() || *digit == b'_');
        if is_decimal && self.at(self.offset) == b'.' {
            self.offset += 1;
            self.skip_word();
        }
        let is_based = matches!(self.at(offset + 1), b'x' | b'X' | b'b' | b'B' | b'o' | b'O');
        let is_exponent = matches!(self.at(self.offset - 1), b'e' | b'E') && !is_based;
        if is_exponent && matches!(self.at(self.offset), b'+' | b'-') {
            self.offset += 1;
            self.skip_word();
        }
        self.after_head = false;
        self.next = Next::Operator;
        Kind::Part
    }

    /// Over a quoted text or a regular expression to behind its end, or to the line's end if it has none.
    fn skip_quoted(&mut self, end: u8) {
        let mut in_class = false;
        while self.offset < self.code.len() {
            let byte = self.at(self.offset);
            self.offset += 1;
            match byte {
                // A line's end after a backslash goes on with the string; a carriage return may come in a pair.
                b'\\' if self.at(self.offset) == b'\r' && self.at(self.offset + 1) == b'\n' => {
                    self.offset += 2
                }
                b'\\' => self.offset += 1,
                _ if is_line_end(byte) => return,
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

    fn open(&mut self) -> Kind {
        self.brackets.push(self.after_head);
        self.next = Next::Value;
        Kind::Open
    }

    fn close(&mut self, byte: u8) -> Kind {
        let was_head = self.brackets.pop().unwrap_or(false);
        self.next = match byte {
            b')' if was_head => Next::Value,
            // A block's end or an object's.
            b'}' => Next::Either,
            _ => Next::Operator,
        };
        Kind::Close
    }

    /// The text of a template up to its next `${` or its end.
    fn template(&mut self, at_end: Kind, at_next: Kind) -> Kind {
        if self.skip_template() {
            self.templates.push(self.brackets.len());
            self.brackets.push(false);
            self.next = Next::Value;
            return at_next;
        }
        self.next = Next::Operator;
        at_end
    }

    fn word(&mut self, offset: usize, is_name: bool) -> Kind {
        self.offset = offset;
        self.skip_word();
        let word = self.code.get(offset..self.offset).unwrap_or_default();
        self.after_head =
            !is_name && (HEADS.contains(&word) || self.after_head && word == b"await");
        self.next = match word {
            _ if is_name => Next::Operator,
            // A name of its own, or the `of` of a loop; the others depend on the function around them.
            b"of" | b"yield" | b"await" => Next::Either,
            _ if BEFORE_VALUES.contains(&word) => Next::Value,
            _ => Next::Operator,
        };
        Kind::Part
    }

    fn sign(&mut self, byte: u8) -> Kind {
        let follows = self.at(self.offset);
        match byte {
            b'.' if follows == b'.' && self.at(self.offset + 1) == b'.' => {
                self.offset += 2;
                self.next = Next::Value;
            }
            // A name comes, never a `/`.
            b'.' => {
                self.next = Next::Either;
                self.after_dot = true;
            }
            b'+' | b'-' if follows == byte => {
                self.offset += 1;
                // On a value's own line it belongs to that, otherwise to what comes.
                if self.after_line {
                    self.next = Next::Value;
                }
            }
            _ => self.next = Next::Value,
        }
        Kind::Part
    }

    fn slash(&mut self) -> Kind {
        match self.next {
            Next::Value => {
                self.skip_quoted(b'/');
                // Its flags.
                self.skip_word();
                self.next = Next::Operator;
                Kind::Part
            }
            // Where a statement can end with the line, a regular expression can begin the next one.
            Next::Operator if self.after_line => Kind::Unclear,
            Next::Operator => {
                self.next = Next::Value;
                Kind::Part
            }
            Next::Either => Kind::Unclear,
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        let offset = self.offset;
        let byte = *self.code.get(offset)?;
        self.offset += 1;
        let dot_before = std::mem::replace(&mut self.after_dot, false);
        let head_before = self.after_head;
        let kind = match byte {
            b'/' => self.slash(),
            b'"' | b'\'' => {
                self.skip_quoted(byte);
                self.next = Next::Operator;
                Kind::Part
            }
            b'`' => self.template(Kind::Part, Kind::Open),
            // Back in the text of the template, whose next `${` stands at the same depth.
            b'}' if self
                .templates
                .last()
                .is_some_and(|open| open + 1 == self.brackets.len()) =>
            {
                self.templates.pop();
                self.brackets.pop();
                self.template(Kind::Close, Kind::Separator)
            }
            b'(' | b'[' | b'{' => self.open(),
            b')' | b']' | b'}' => self.close(byte),
            b';' | b',' => {
                self.next = Next::Value;
                Kind::Separator
            }
            b'0'..=b'9' => self.number(offset),
            b'.' if self.at(self.offset).is_ascii_digit() => self.number(offset),
            byte if is_word(byte) => self.word(offset, dot_before),
            byte => self.sign(byte),
        };
        self.after_line = false;
        // Only the bracket right behind the word is its head (`for await (` has two words).
        if head_before && !is_word(byte) {
            self.after_head = false;
        }
        Some(Token { kind, offset })
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\') || byte >= 0x80
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
