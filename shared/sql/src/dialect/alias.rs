//! Which keywords of sqlparser's may be an alias without `AS`: in Trino, all that are not reserved.

use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use townlake_core::names::is_reserved;

/// Whether the word is a select item's alias, and not what follows the item.
pub(super) fn is_column_alias(keyword: Keyword, parser: &mut Parser) -> bool {
    is_alias(keyword, parser)
}

/// Whether the word is a table's alias, and not what follows the table.
pub(super) fn is_table_alias(keyword: Keyword, parser: &mut Parser) -> bool {
    is_alias(keyword, parser)
}

fn is_alias(keyword: Keyword, parser: &mut Parser) -> bool {
    if keyword == Keyword::NoKeyword {
        return true;
    }
    // sqlparser stands behind the word here.
    let behind = parser.peek_token_ref();
    let behind_word = match &behind.token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    match keyword {
        Keyword::LIMIT => {
            !matches!(behind.token, Token::Number(..) | Token::Placeholder(_))
                && behind_word != Keyword::ALL
        }
        Keyword::OFFSET => !matches!(behind.token, Token::Number(..) | Token::Placeholder(_)),
        Keyword::FETCH => !matches!(behind_word, Keyword::FIRST | Keyword::NEXT),
        Keyword::WINDOW => !matches!(behind.token, Token::Word(_)) || reserved(behind_word),
        Keyword::TABLESAMPLE => {
            behind.token != Token::LParen
                && !matches!(behind_word, Keyword::BERNOULLI | Keyword::SYSTEM)
        }
        Keyword::MATCH_RECOGNIZE => behind.token != Token::LParen,
        // Not Trino's, but what other dialects write here: refused by name rather than taken for a name.
        Keyword::QUALIFY => !matches!(behind.token, Token::Word(_)) || reserved(behind_word),
        Keyword::PIVOT | Keyword::UNPIVOT => behind.token != Token::LParen,
        Keyword::MINUS => !matches!(
            behind_word,
            Keyword::SELECT | Keyword::ALL | Keyword::VALUES
        ),
        _ => !reserved(keyword),
    }
}

fn reserved(keyword: Keyword) -> bool {
    is_reserved(&format!("{keyword:?}"))
}
