//! The statement inside another one that is of another text: what `EXECUTE` and `EXECUTE IMMEDIATE` run.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::bound::TextRange;
use crate::read::Session;
use crate::statement::Statement;
use crate::tree::{ParsedStatement, tokens};

/// A statement of another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Where an inner statement's text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a string of the outer text: the bytes of the literal, quotes included.
    Literal(TextRange),
    /// Among the session's prepared statements, under this name.
    Prepared(String),
}

/// The statement that `EXECUTE IMMEDIATE 'text'` or `EXECUTE name` runs; none for all others.
pub fn inner(statement: &ParsedStatement, session: &Session) -> Option<Inner> {
    match without_explain(&statement.reading.statement) {
        Statement::ExecuteImmediate { .. } => literal(statement),
        Statement::Execute { name, .. } => session
            .prepared
            .iter()
            .find(|(known, _)| known.to_lowercase() == *name)
            .map(|(known, text)| Inner {
                text: text.clone(),
                origin: Origin::Prepared(known.clone()),
            }),
        _ => None,
    }
}

fn without_explain(statement: &Statement) -> &Statement {
    match statement {
        Statement::Explain { of, .. } => without_explain(of),
        other => other,
    }
}

/// The first string behind `IMMEDIATE`.
fn literal(statement: &ParsedStatement) -> Option<Inner> {
    let (tokens, _) = tokens(statement.text.text()).ok()?;
    let mut behind = tokens
        .iter()
        .skip_while(|token| !matches!(&token.token, Token::Word(word) if word.keyword == Keyword::IMMEDIATE))
        .skip(1);
    let token = behind.next()?;
    let (Token::SingleQuotedString(text) | Token::UnicodeStringLiteral(text)) = &token.token else {
        return None;
    };
    Some(Inner {
        text: text.clone(),
        origin: Origin::Literal(statement.text.range(token.span)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn what_an_execute_runs_is_found() {
        let mut session = Session {
            catalog: Some("lake".into()),
            schema: Some("dim".into()),
            ..Session::default()
        };
        session
            .prepared
            .insert("Mine".to_owned(), "SELECT * FROM t".to_owned());
        for (sql, text, origin) in [
            ("EXECUTE mine", Some("SELECT * FROM t"), "Mine"),
            (
                "EXECUTE IMMEDIATE 'SELECT ''é'' FROM t' USING 1",
                Some("SELECT 'é' FROM t"),
                "'SELECT ''é'' FROM t'",
            ),
            ("EXPLAIN EXECUTE mine", Some("SELECT * FROM t"), "Mine"),
            ("SELECT * FROM t", None, ""),
            ("PREPARE x FROM SELECT * FROM t", None, ""),
        ] {
            let found = inner(&parse(sql, &session).unwrap(), &session);
            assert_eq!(
                found.as_ref().map(|inner| inner.text.as_str()),
                text,
                "{sql}"
            );
            match found.map(|inner| inner.origin) {
                Some(Origin::Literal(at)) => assert_eq!(&sql[at], origin),
                Some(Origin::Prepared(name)) => assert_eq!(name, origin),
                None => {}
            }
        }
    }
}
