//! From text to tokens: size and nesting checked, and nothing kept that Trino would read differently.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace, Word};
use townlake_core::advice::Span;
use townlake_core::names::is_reserved;

use crate::cursor::is_word;
use crate::depth::check_depth;
use crate::dialect::Trino;
use crate::error::ReadError;
use crate::extras::Extras;
use crate::hints::token_hint;
use crate::limits::MAX_CHARACTERS;
use crate::literals;

/// The tokens of one statement without white space, comments and the closing semicolon.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// In the order of the text.
    pub(crate) list: Vec<TokenWithSpan>,
    /// Just behind the last token, where something is missing if something is missing.
    pub(crate) end: Span,
}

/// A place in the text as the rest of the platform writes it.
pub(crate) fn span_of(location: Location) -> Span {
    Span {
        line: location.line,
        column: location.column,
    }
}

/// Splits a text into the tokens of one statement.
///
/// # Errors
/// The text is too long, too deep, empty, holds a second statement, or a token that Trino does not have.
pub(crate) fn tokenize(text: &str) -> Result<Tokens, ReadError> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(ReadError::TooLong {
            limit: MAX_CHARACTERS,
        });
    }
    let dialect = Trino::new(&[], 0, Extras::default());
    let all = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|error| ReadError::Syntax {
            message: unsplittable(&error.message),
            at: span_of(error.location),
        })?;

    let mut list: Vec<TokenWithSpan> = Vec::with_capacity(all.len() / 2);
    let mut end = Span { line: 1, column: 1 };
    let mut closed = false;
    let all = literals::join(all)?;
    let may_hold_statements = holds_function(&all);
    let mut between = Vec::new();
    for token in all {
        match &token.token {
            Token::EOF => continue,
            Token::Whitespace(space) => {
                check_comment(space, &token)?;
                continue;
            }
            Token::SemiColon => {
                // A lone or repeated `;` is harmless; a statement behind one is not.
                closed = true;
                between.push(token);
                continue;
            }
            _ => {}
        }
        if closed && !list.is_empty() {
            if !may_hold_statements {
                return Err(ReadError::Several {
                    at: span_of(token.span.start),
                });
            }
            list.append(&mut between);
        }
        closed = false;
        between.clear();
        let is_body = may_hold_statements
            && matches!(&token.token, Token::DollarQuotedString(text) if text.tag.is_none());
        if !is_body && !is_of_trino_alone(&token.token) {
            check_token(&token)?;
        }
        if let Some(previous) = list.last()
            && !is_list_of_privileges(&list)
        {
            check_pair(previous, &token)?;
        }
        check_star(&list, &token)?;
        end = span_of(token.span.end);
        list.push(token);
    }
    if list.is_empty() {
        return Err(ReadError::Empty);
    }
    check_depth(&list)?;
    Ok(Tokens { list, end })
}

/// Whether the text begins with a function, whose body may hold statements with semicolons.
fn holds_function(tokens: &[TokenWithSpan]) -> bool {
    let mut words = tokens
        .iter()
        .map(|token| &token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_)));
    let first = words.next();
    let mut second = words.next();
    if is_word(first, "CREATE") && is_word(second, "OR") {
        words.next();
        second = words.next();
    }
    is_word(first, "WITH") && (is_word(second, "FUNCTION") || is_word(second, "SESSION"))
        || is_word(first, "CREATE") && is_word(second, "FUNCTION")
}

/// Trino ends a `--` comment at a carriage return too; what follows one there would be hidden from us.
fn check_comment(space: &Whitespace, token: &TokenWithSpan) -> Result<(), ReadError> {
    let Whitespace::SingleLineComment { comment, prefix } = space else {
        return Ok(());
    };
    let lone_return = comment
        .trim_end_matches('\n')
        .trim_end_matches('\r')
        .contains('\r');
    if lone_return || prefix != "--" {
        return Err(ReadError::NotUnderstood {
            what: "a comment with a carriage return in it".to_owned(),
            hint: Some("end the comment with a line feed"),
            at: span_of(token.span.start),
        });
    }
    Ok(())
}

/// Refuses tokens that are left over when all that is Trino's own has been made into what sqlparser reads.
pub(crate) fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), ReadError> {
    tokens.iter().try_for_each(check_token)
}

/// Tokens of a row pattern, of `JSON_OBJECT('a' : 1)` and of `INSERT INTO t @ branch`. They are looked at again when
/// those have been made into something else.
fn is_of_trino_alone(token: &Token) -> bool {
    match token {
        Token::LBrace
        | Token::RBrace
        | Token::Caret
        | Token::Pipe
        | Token::Colon
        | Token::AtSign => true,
        Token::Placeholder(text) => text == "$",
        _ => false,
    }
}

fn check_token(token: &TokenWithSpan) -> Result<(), ReadError> {
    let at = span_of(token.span.start);
    let refuse = |what: String, hint| Err(ReadError::NotUnderstood { what, hint, at });
    match &token.token {
        Token::Word(Word {
            quote_style: Some('`'),
            value,
            ..
        }) => refuse(
            format!("the backquoted name `{value}`"),
            Some("quote names with double quotes"),
        ),
        Token::Word(Word {
            quote_style: Some(_),
            value,
            ..
        }) if value.is_empty() => Err(ReadError::Syntax {
            message: "a quoted name cannot be empty".to_owned(),
            at,
        }),
        Token::Word(_)
        | Token::Number(_, false)
        | Token::SingleQuotedString(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::Comma
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::LBracket
        | Token::RBracket
        | Token::RArrow
        | Token::Arrow => Ok(()),
        // The engine numbers them.
        Token::Placeholder(text) if text.starts_with('?') => Ok(()),
        Token::Question => Ok(()),
        Token::Char(character) if character.is_alphabetic() => refuse(
            format!("`{character}` outside of quotes"),
            Some("put names with letters outside of a to z into double quotes"),
        ),
        other => refuse(format!("`{other}`"), token_hint(other)),
    }
}

/// Whether the next token stands in `GRANT INSERT, SELECT`: what its comma announces may be a reserved word.
fn is_list_of_privileges(list: &[TokenWithSpan]) -> bool {
    let is_verb = |token: &TokenWithSpan| {
        ["GRANT", "REVOKE", "DENY"]
            .iter()
            .any(|verb| is_word(Some(&token.token), verb))
    };
    let begins = list.first().is_some_and(is_verb)
        || is_word(list.first().map(|token| &token.token), "PREPARE")
            && list.get(3).is_some_and(is_verb);
    begins && list.last().is_some_and(|token| token.token == Token::Comma)
}

/// sqlparser would take these words for a table's name, and complain about what follows.
fn check_pair(previous: &TokenWithSpan, token: &TokenWithSpan) -> Result<(), ReadError> {
    let keyword = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    let wants_table = matches!(keyword(previous), Keyword::FROM | Keyword::JOIN);
    let is_clause = matches!(
        keyword(token),
        Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::FROM
            | Keyword::JOIN
            | Keyword::ON
            | Keyword::USING
    );
    if wants_table && is_clause {
        return Err(ReadError::Syntax {
            message: format!("expected a table, found `{}`", token.token),
            at: span_of(token.span.start),
        });
    }
    // A subquery is in parentheses, so no list goes on like this.
    if previous.token == Token::Comma && keyword(token) == Keyword::SELECT {
        return Err(ReadError::Syntax {
            message:
                "expected what the comma announces, found `SELECT`: remove the comma before it"
                    .to_owned(),
            at: span_of(token.span.start),
        });
    }
    // The parser would call itself for each of them without counting.
    if keyword(previous) == Keyword::INTERVAL && keyword(token) == Keyword::INTERVAL {
        return Err(ReadError::Syntax {
            message: "expected a string, found `INTERVAL`".to_owned(),
            at: span_of(token.span.start),
        });
    }
    Ok(())
}

/// sqlparser would take `(*)` for `*`. Trino has a star in parentheses only as a function's argument.
fn check_star(list: &[TokenWithSpan], token: &TokenWithSpan) -> Result<(), ReadError> {
    let [before @ .., open, star] = list else {
        return Ok(());
    };
    let is_alone =
        open.token == Token::LParen && star.token == Token::Mul && token.token == Token::RParen;
    let is_argument = matches!(
        before.last().map(|token| &token.token),
        Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value)
    );
    if is_alone && !is_argument {
        return Err(ReadError::Syntax {
            message: "expected an expression, found `*`".to_owned(),
            at: span_of(star.span.start),
        });
    }
    Ok(())
}

/// sqlparser's words for a text that cannot be split, in those of this crate.
fn unsplittable(message: &str) -> String {
    if message.starts_with("Expected close delimiter") {
        return "a quoted name without an end: expected `\"`".to_owned();
    }
    lower_first(message.trim_end_matches('.'))
}

/// sqlparser's messages begin with a capital.
pub(crate) fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
