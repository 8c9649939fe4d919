//! Types from their text: `decimal(12,2)`, `timestamp(3) with time zone`, `row(a bigint, "b" varchar)`.

use std::sync::Arc;

use super::name::PLAIN;
use super::{ErrorName, Type, TypeProblem};

/// How deep a type may be inside others: a type is walked and freed by recursion.
const MAX_DEPTH: usize = 100;

/// Longest `varchar` with a length.
pub(super) const MAX_VARCHAR: u64 = 2_147_483_646;

/// Longest `char`.
pub(super) const MAX_CHAR: u64 = 65_536;

/// The type of a text, as SQL writes it or as the protocol does. Upper and lower case are the same.
///
/// # Errors
/// There is no such type, or not with these parameters.
pub fn parse_type(text: &str) -> Result<Type, TypeProblem> {
    let written = read(text).ok_or_else(|| unknown(text))?;
    type_of(&written, text)
}

/// A type's text as a tree; names as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
}

/// What stands in a type's parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parameter {
    Number(u64),
    Type(Option<String>, Written),
}

/// The tree of a text that is a type and nothing more.
pub(super) fn read(text: &str) -> Option<Written> {
    let tokens = tokens(text)?;
    let mut reader = Reader {
        tokens: &tokens,
        depth: 0,
    };
    let written = reader.read_type()?;
    reader.tokens.is_empty().then_some(written)
}

fn unknown(text: &str) -> TypeProblem {
    TypeProblem::mismatch(format!("Unknown type: {text}"))
}

fn type_of(written: &Written, text: &str) -> Result<Type, TypeProblem> {
    let name = written.name.to_lowercase();
    let parameters = written.parameters.as_slice();
    let inner = |parameter: &Parameter| match parameter {
        Parameter::Type(None, inner) => type_of(inner, text),
        _ => Err(unknown(text)),
    };
    match (name.as_str(), parameters) {
        ("decimal" | "dec" | "numeric", []) => Ok(Type::Decimal(38, 0)),
        ("decimal" | "dec" | "numeric", [Parameter::Number(p)]) => decimal(*p, 0),
        ("decimal" | "dec" | "numeric", [Parameter::Number(p), Parameter::Number(s)]) => {
            decimal(*p, *s)
        }
        ("varchar", [Parameter::Number(n)]) => varchar(*n),
        ("char", []) => Ok(Type::Char(1)),
        ("char", [Parameter::Number(n)]) => char(*n),
        ("time", [Parameter::Number(p)]) => precision("TIME", *p).map(Type::Time),
        ("time with time zone", [Parameter::Number(p)]) => {
            precision("TIME WITH TIME ZONE", *p).map(Type::TimeTz)
        }
        ("timestamp", [Parameter::Number(p)]) => precision("TIMESTAMP", *p).map(Type::Timestamp),
        ("timestamp with time zone", [Parameter::Number(p)]) => {
            precision("TIMESTAMP WITH TIME ZONE", *p).map(Type::TimestampTz)
        }
        ("array", [item]) => Ok(Type::array_of(inner(item)?)),
        ("map", [key, value]) => {
            let key = inner(key)?;
            if !key.is_comparable() {
                return Err(unknown(text));
            }
            Ok(Type::Map(Arc::new(key), Arc::new(inner(value)?)))
        }
        ("qdigest", [of]) => Ok(Type::QDigest(Arc::new(inner(of)?))),
        ("row", [_, ..]) => Ok(Type::Row(
            parameters
                .iter()
                .map(|parameter| match parameter {
                    Parameter::Type(name, ty) => Ok((name.clone(), type_of(ty, text)?)),
                    Parameter::Number(_) => Err(unknown(text)),
                })
                .collect::<Result<Vec<_>, _>>()?
                .into(),
        )),
        ("function", [arguments @ .., result]) => Ok(Type::Function(
            arguments
                .iter()
                .map(inner)
                .collect::<Result<Vec<_>, _>>()?
                .into(),
            Arc::new(inner(result)?),
        )),
        ("int", []) => Ok(Type::Integer),
        (plain, []) => PLAIN
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(plain))
            .map(|(ty, _)| ty.clone())
            .ok_or_else(|| unknown(text)),
        _ => Err(unknown(text)),
    }
}

pub(super) fn decimal(p: u64, s: u64) -> Result<Type, TypeProblem> {
    match (u8::try_from(p), u8::try_from(s)) {
        (Ok(precision @ 1..=38), Ok(scale)) if s <= p => Ok(Type::Decimal(precision, scale)),
        (Ok(1..=38), _) => Err(TypeProblem::new(
            ErrorName::InvalidFunctionArgument,
            format!("DECIMAL scale must be in range [0, precision ({p})]: {s}"),
        )),
        _ => Err(TypeProblem::new(
            ErrorName::InvalidFunctionArgument,
            format!("DECIMAL precision must be in range [1, 38]: {p}"),
        )),
    }
}

/// One more than the longest is how a signature says that there is no length.
pub(super) fn varchar(n: u64) -> Result<Type, TypeProblem> {
    match u32::try_from(n) {
        Ok(length) if n <= MAX_VARCHAR => Ok(Type::Varchar(Some(length))),
        _ if n == MAX_VARCHAR + 1 => Ok(Type::Varchar(None)),
        _ => Err(TypeProblem::new(
            ErrorName::InvalidFunctionArgument,
            format!("VARCHAR length must be in range [0, {MAX_VARCHAR}], got {n}"),
        )),
    }
}

pub(super) fn char(n: u64) -> Result<Type, TypeProblem> {
    match u32::try_from(n) {
        Ok(length) if n <= MAX_CHAR => Ok(Type::Char(length)),
        _ => Err(TypeProblem::new(
            ErrorName::InvalidFunctionArgument,
            format!("CHAR length must be in range [0, {MAX_CHAR}], got {n}"),
        )),
    }
}

pub(super) fn precision(name: &str, p: u64) -> Result<u8, TypeProblem> {
    match u8::try_from(p) {
        Ok(precision @ 0..=12) => Ok(precision),
        _ => Err(TypeProblem::new(
            ErrorName::NumericValueOutOfRange,
            format!("{name} precision must be in range [0, 12]: {p}"),
        )),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(u64),
    Sign(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' | ')' | ',' | '<' | '>' | '[' | ']' => tokens.push(Token::Sign(c)),
            '"' => {
                let mut name = String::new();
                loop {
                    match rest.next()? {
                        '"' if rest.next_if_eq(&'"').is_some() => name.push('"'),
                        '"' => break,
                        c => name.push(c),
                    }
                }
                tokens.push(Token::Quoted(name));
            }
            c if c.is_ascii_digit() => {
                let mut digits = String::from(c);
                while let Some(c) = rest.next_if(char::is_ascii_digit) {
                    digits.push(c);
                }
                tokens.push(Token::Number(digits.parse().ok()?));
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

struct Reader<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Reader<'_> {
    fn read_type(&mut self) -> Option<Written> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut written = self.read_base()?;
        // `bigint ARRAY` is an array too.
        while let [Token::Word(word), rest @ ..] = self.tokens {
            if !word.eq_ignore_ascii_case("array") || matches!(rest, [Token::Sign('(' | '<'), ..]) {
                break;
            }
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return None;
            }
            self.tokens = rest;
            if let [
                Token::Sign('['),
                Token::Number(_),
                Token::Sign(']'),
                rest @ ..,
            ] = self.tokens
            {
                self.tokens = rest;
            }
            written = Written {
                name: "array".to_owned(),
                parameters: vec![Parameter::Type(None, written)],
            };
        }
        self.depth -= 1;
        Some(written)
    }

    fn read_base(&mut self) -> Option<Written> {
        let mut name = match self.tokens {
            [Token::Word(word), rest @ ..] => {
                self.tokens = rest;
                word.clone()
            }
            [Token::Quoted(word), rest @ ..] => {
                self.tokens = rest;
                return Some(Written {
                    name: word.clone(),
                    parameters: self.read_parameters()?,
                });
            }
            _ => return None,
        };
        match name.to_ascii_lowercase().as_str() {
            "double" => {
                self.skip_words(&["precision"]);
                "double".clone_into(&mut name);
            }
            "interval" => {
                let of = if self.skip_words(&["day", "to", "second"]) {
                    "interval day to second"
                } else if self.skip_words(&["year", "to", "month"]) {
                    "interval year to month"
                } else {
                    return None;
                };
                of.clone_into(&mut name);
            }
            _ => {}
        }
        let parameters = self.read_parameters()?;
        if name.eq_ignore_ascii_case("time") || name.eq_ignore_ascii_case("timestamp") {
            if self.skip_words(&["with", "time", "zone"]) {
                name.push_str(" with time zone");
            } else {
                self.skip_words(&["without", "time", "zone"]);
            }
        }
        Some(Written { name, parameters })
    }

    /// `(...)`, or `<...>` as Hive writes it; nothing is no parameters.
    fn read_parameters(&mut self) -> Option<Vec<Parameter>> {
        let close = match self.tokens.first() {
            Some(Token::Sign('(')) => ')',
            Some(Token::Sign('<')) => '>',
            _ => return Some(Vec::new()),
        };
        let mut parameters = Vec::new();
        loop {
            // The opening parenthesis, or the comma.
            self.tokens = self.tokens.get(1..)?;
            parameters.push(self.read_parameter()?);
            match self.tokens.first()? {
                Token::Sign(',') => {}
                Token::Sign(c) if *c == close => {
                    self.tokens = self.tokens.get(1..)?;
                    return Some(parameters);
                }
                _ => return None,
            }
        }
    }

    fn read_parameter(&mut self) -> Option<Parameter> {
        if let [Token::Number(n), rest @ ..] = self.tokens {
            self.tokens = rest;
            return Some(Parameter::Number(*n));
        }
        let (start, depth) = (self.tokens, self.depth);
        if let Some(ty) = self.read_type()
            && matches!(self.tokens, [Token::Sign(',' | ')' | '>'), ..])
        {
            return Some(Parameter::Type(None, ty));
        }
        self.depth = depth;
        let (name, rest) = match start {
            [Token::Word(name), rest @ ..] => (name.to_lowercase(), rest),
            [Token::Quoted(name), rest @ ..] => (name.clone(), rest),
            _ => return None,
        };
        self.tokens = rest;
        Some(Parameter::Type(Some(name), self.read_type()?))
    }

    fn skip_words(&mut self, words: &[&str]) -> bool {
        let is_there = self.tokens.len() >= words.len()
            && words.iter().zip(self.tokens).all(
                |(word, token)| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word)),
            );
        if is_there {
            self.tokens = self.tokens.get(words.len()..).unwrap_or_default();
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_survive_their_text() {
        for text in [
            "boolean",
            "decimal(12, 2)",
            "varchar",
            "varchar(3)",
            "char(4)",
            "time(0) with time zone",
            "timestamp(6) with time zone",
            "timestamp(12)",
            "array(map(varchar, row(a bigint, b array(double))))",
            "INTERVAL DAY TO SECOND",
            "row(bigint, varchar(1))",
            "row(\"a b\" bigint)",
            "qdigest(double)",
            "HyperLogLog",
        ] {
            assert_eq!(parse_type(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_type_may_be_spelled_in_many_ways() {
        for (text, name) in [
            ("INT", "integer"),
            ("dec(5)", "decimal(5, 0)"),
            ("numeric", "decimal(38, 0)"),
            ("double precision", "double"),
            ("Timestamp", "timestamp(3)"),
            ("timestamp without time zone", "timestamp(3)"),
            (
                "TIMESTAMP ( 6 ) WITH TIME ZONE",
                "timestamp(6) with time zone",
            ),
            ("array<map<varchar,bigint>>", "array(map(varchar, bigint))"),
            ("bigint array", "array(bigint)"),
            ("varchar(2147483647)", "varchar"),
            (
                "row(time time, date date, x array(bigint))",
                "row(time time(3), date date, x array(bigint))",
            ),
            ("row(double precision)", "row(double)"),
            ("char", "char(1)"),
        ] {
            assert_eq!(parse_type(text).unwrap().to_string(), name, "{text}");
        }
    }

    #[test]
    fn what_is_no_type_has_trinos_error() {
        for (text, error) in [
            ("bignum", ErrorName::TypeMismatch),
            ("array", ErrorName::TypeMismatch),
            ("map(hyperloglog, bigint)", ErrorName::TypeMismatch),
            ("decimal(39,1)", ErrorName::InvalidFunctionArgument),
            ("decimal(3,4)", ErrorName::InvalidFunctionArgument),
            ("char(65537)", ErrorName::InvalidFunctionArgument),
            ("timestamp(13)", ErrorName::NumericValueOutOfRange),
        ] {
            assert_eq!(parse_type(text).unwrap_err().error, error, "{text}");
        }
        assert!(parse_type(&"array(".repeat(5_000)).is_err());
    }
}
