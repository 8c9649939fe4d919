//! Types, kept as text: no type names a table.

use sqlparser::ast::{DataType, Ident, ObjectName, ObjectNamePart};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// A type of Trino's, e.g. `array(row(a bigint, "b" varchar(10)))`.
pub(crate) fn parse_type(parser: &mut Parser) -> Result<DataType, ParserError> {
    let first = parser.peek_token_ref().clone();
    let Token::Word(word) = &first.token else {
        return parser.expected("a type", first);
    };
    let mut text = String::new();
    take(parser, &mut text);
    match word.keyword {
        Keyword::DOUBLE if sees(parser, Keyword::PRECISION) => take(parser, &mut text),
        Keyword::INTERVAL => {
            take(parser, &mut text);
            if sees(parser, Keyword::TO) {
                take(parser, &mut text);
                take(parser, &mut text);
            }
        }
        _ => {}
    }
    match parser.peek_token_ref().token {
        Token::LParen => take_group(parser, &mut text, &Token::LParen, &Token::RParen)?,
        Token::Lt => take_group(parser, &mut text, &Token::Lt, &Token::Gt)?,
        _ => {}
    }
    if matches!(word.keyword, Keyword::TIME | Keyword::TIMESTAMP)
        && (sees(parser, Keyword::WITH) || sees(parser, Keyword::WITHOUT))
        && is_keyword(parser, 1, Keyword::TIME)
    {
        for _ in 0..3 {
            take(parser, &mut text);
        }
    }
    while sees(parser, Keyword::ARRAY) {
        take(parser, &mut text);
        if parser.peek_token_ref().token == Token::LBracket {
            take_group(parser, &mut text, &Token::LBracket, &Token::RBracket)?;
        }
    }
    let name = ObjectNamePart::Identifier(Ident::with_span(first.span, text));
    Ok(DataType::Custom(ObjectName(vec![name]), Vec::new()))
}

fn sees(parser: &Parser, keyword: Keyword) -> bool {
    is_keyword(parser, 0, keyword)
}

fn is_keyword(parser: &Parser, ahead: usize, keyword: Keyword) -> bool {
    matches!(&parser.peek_nth_token_ref(ahead).token, Token::Word(word)
        if word.quote_style.is_none() && word.keyword == keyword)
}

/// Moves over a token and adds it to the text.
fn take(parser: &mut Parser, text: &mut String) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(&parser.next_token().token.to_string());
}

/// Moves over what is between two tokens, them included: names, numbers, commas, and such groups.
fn take_group(
    parser: &mut Parser,
    text: &mut String,
    opens: &Token,
    closes: &Token,
) -> Result<(), ParserError> {
    let mut open = 0_usize;
    loop {
        let token = &parser.peek_token_ref().token;
        let belongs = matches!(
            token,
            Token::Word(_)
                | Token::Number(_, _)
                | Token::Comma
                | Token::LParen
                | Token::RParen
                | Token::Lt
                | Token::Gt
                | Token::LBracket
                | Token::RBracket
        );
        if !belongs {
            let found = parser.peek_token_ref().clone();
            return parser.expected("a type", found);
        }
        if token == opens {
            open += 1;
        } else if token == closes {
            open -= 1;
        }
        take(parser, text);
        if open == 0 {
            return Ok(());
        }
    }
}
