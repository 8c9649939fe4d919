//! What people who come from other dialects write, and what Trino has for it.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::cursor::is_word;
use townlake_core::names::is_reserved;

/// What to write instead of a function that Trino does not have; the name in any case.
pub fn function_hint(name: &str) -> Option<&'static str> {
    let hint = match name.to_ascii_lowercase().as_str() {
        "date_sub" | "datesub" | "subdate" => {
            "write `x - INTERVAL '1' DAY` or date_add('day', -1, x)"
        }
        "dateadd" | "timestampadd" | "adddate" => "write date_add('day', 1, x)",
        "datediff" | "timestampdiff" => "write date_diff('day', a, b)",
        "datepart" | "datename" => "write extract(YEAR FROM x)",
        "getdate" | "sysdate" | "getutcdate" => "write `current_timestamp`",
        "curdate" | "today" => "write `current_date`",
        "to_char" => "write format_datetime(x, 'yyyy-MM-dd') or format('%s', x)",
        "to_number" => "write CAST(x AS decimal(18, 2))",
        "safe_cast" | "try_convert" => "write TRY_CAST(x AS type)",
        "ifnull" | "nvl" | "isnull" | "zeroifnull" => "write coalesce(a, b)",
        "iff" | "iif" | "decode" => "write if(condition, a, b) or CASE",
        "left" => "write substr(text, 1, n)",
        "right" => "write substr(text, -n)",
        "len" | "datalength" => "write length(x)",
        "charindex" | "instr" | "locate" => "write strpos(text, part)",
        "group_concat" | "string_agg" | "wm_concat" => {
            "write listagg(x, ',') WITHIN GROUP (ORDER BY x)"
        }
        "collect_list" => "write array_agg(x)",
        "collect_set" => "write array_agg(DISTINCT x)",
        "median" | "percentile_cont" | "percentile_disc" => "write approx_percentile(x, 0.5)",
        "countif" => "write count_if(condition)",
        "approx_count_distinct" => "write approx_distinct(x)",
        "explode" | "posexplode" | "flatten" => "write CROSS JOIN UNNEST(array) AS t (x)",
        "get_json_object" | "json_extract_path_text" => "write json_extract_scalar(x, '$.path')",
        "parse_json" => "write json_parse(x)",
        "regexp_substr" => "write regexp_extract(x, pattern)",
        "regexp_matches" | "regexp_contains" | "rlike" => "write regexp_like(x, pattern)",
        "array_length" | "size" | "array_size" => "write cardinality(array)",
        "array_contains" => "write contains(array, x)",
        "generate_series" => "write CROSS JOIN UNNEST(sequence(1, 10)) AS t (x)",
        "unix_timestamp" => "write to_unixtime(x)",
        "struct" | "named_struct" => "write CAST(ROW(a, b) AS ROW(x bigint, y varchar))",
        _ => return None,
    };
    Some(hint)
}

/// How a function of Trino's is called that people call as another dialect's of the same name.
pub(crate) fn arguments_hint(name: &str) -> Option<&'static str> {
    Some(match name {
        "concat" => "texts alone are joined: write CAST(x AS varchar) for what is none",
        "date_add" => "write date_add('day', 1, x)",
        "date_diff" => "write date_diff('day', a, b)",
        "date_trunc" => "write date_trunc('day', x)",
        _ => return None,
    })
}

/// What to write instead of a type that Trino does not have.
pub(crate) fn type_hint(name: &str) -> Option<&'static str> {
    let name = name.split('(').next().unwrap_or_default().trim();
    Some(match name.to_ascii_lowercase().as_str() {
        "string" | "text" | "nvarchar" | "varchar2" => "write varchar",
        "int64" | "long" | "int8" => "write bigint",
        "int32" | "int4" => "write integer",
        "float64" | "float8" | "float" => "write double",
        "number" | "numeric" | "bignumeric" => "write decimal(18, 2)",
        "bool" => "write boolean",
        "datetime" | "timestamp_ntz" => "write timestamp(3)",
        "timestamptz" | "timestamp_tz" | "timestamp_ltz" => "write timestamp(3) with time zone",
        "bytes" | "bytea" | "blob" | "binary" => "write varbinary",
        "jsonb" | "variant" | "object" => "write json",
        "struct" => "write row(x bigint, y varchar)",
        _ => return None,
    })
}

/// What to write instead of a token that Trino does not have.
pub(crate) fn token_hint(token: &Token) -> Option<&'static str> {
    Some(match token {
        Token::DoubleColon => "write CAST(x AS type)",
        Token::DoubleEq => "compare with `=`",
        Token::Spaceship => "write IS NOT DISTINCT FROM",
        Token::Overlap => "write AND",
        Token::ExclamationMark => "write NOT",
        Token::Tilde | Token::TildeAsterisk | Token::ExclamationMarkTilde => {
            "write regexp_like(x, pattern)"
        }
        Token::Sharp => "comments begin with `--`",
        Token::Placeholder(_) | Token::Colon | Token::AtSign => "parameters are written as `?`",
        Token::Ampersand => "write bitwise_and(a, b)",
        Token::Pipe => "write bitwise_or(a, b)",
        Token::Caret => "write power(a, b) or bitwise_xor(a, b)",
        Token::DuckIntDiv => "write `/`, which gives a whole number for whole numbers",
        Token::LongArrow => "write json_extract_scalar(x, '$.path')",
        Token::DoubleQuotedString(_) => "strings are in single quotes",
        Token::Char('‘' | '’' | '“' | '”') => "write straight quotes",
        _ => return None,
    })
}

/// What is probably wrong where sqlparser met a token that it did not expect; `index` is the token's.
pub(crate) fn syntax_hint(tokens: &[TokenWithSpan], index: usize) -> Option<&'static str> {
    let token = |back: usize| {
        let index = index.checked_sub(back)?;
        tokens.get(index).map(|token| &token.token)
    };
    let words = |back: usize, words: &[&str]| {
        let mut numbered = words.iter().enumerate();
        numbered.all(|(ahead, word)| {
            back.checked_sub(ahead)
                .is_some_and(|back| is_word(token(back), word))
        })
    };
    let here = token(0);
    let is_end = matches!(here, None | Some(Token::RParen))
        || [
            "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "UNION", "LIMIT",
        ]
        .iter()
        .any(|word| is_word(here, word));
    if token(1) == Some(&Token::Comma) && is_end {
        return Some("remove the comma before it");
    }
    if token(1) == Some(&Token::LParen)
        && token(3) == Some(&Token::Mul)
        && (words(2, &["EXCEPT"]) || words(2, &["REPLACE"]) || words(2, &["EXCLUDE"]))
        || token(1) == Some(&Token::Mul) && is_word(here, "REPLACE")
    {
        return Some("Trino has no `* EXCEPT`: name the columns that you want");
    }
    let is_name = |token: Option<&Token>| matches!(token, Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value));
    let is_value = is_name(token(2)) || matches!(token(2), Some(Token::RParen | Token::Number(..)));
    if here == Some(&Token::LParen) && is_name(token(1)) && is_value {
        return Some("is a comma missing before that function?");
    }
    if here == Some(&Token::Comma) && words(2, &["LIMIT"]) {
        return Some("write OFFSET and LIMIT instead of `LIMIT 10, 5`");
    }
    if words(1, &["LATERAL"]) && is_word(here, "VIEW") {
        return Some("write CROSS JOIN UNNEST(array) AS t (x)");
    }
    if words(1, &["INSERT"]) && is_word(here, "OVERWRITE") {
        return Some("delete the rows first, or use CREATE OR REPLACE TABLE");
    }
    if is_word(tokens.first().map(|token| &token.token), "DELETE") && is_word(here, "USING") {
        return Some("write WHERE x IN (SELECT ...)");
    }
    if words(1, &["AS"]) && matches!(here, Some(Token::SingleQuotedString(_))) {
        return Some("quote names with double quotes");
    }
    if matches!(here, Some(Token::Word(word)) if word.quote_style == Some('"'))
        && ["LIKE", "INTERVAL", "DATE", "TIMESTAMP", "ESCAPE"]
            .iter()
            .any(|word| words(1, &[word]))
    {
        return Some("strings are in single quotes");
    }
    let known = [
        ("ON", "a CROSS JOIN has no condition, and each JOIN one"),
        (
            "QUALIFY",
            "filter by the window function in the WHERE of an outer query",
        ),
        ("ILIKE", "write `lower(x) LIKE lower(pattern)`"),
        ("RETURNING", "Trino gives no rows back from a change"),
        ("TOP", "write LIMIT at the end of the query"),
        (
            "SEPARATOR",
            "write listagg(x, ',') WITHIN GROUP (ORDER BY x)",
        ),
    ];
    let hint = known.iter().find(|(word, _)| is_word(here, word));
    hint.map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_other_dialects_have_one_of_trino() {
        let cases = [
            ("DATE_SUB", Some("date_add")),
            ("IfNull", Some("coalesce")),
            ("group_concat", Some("listagg")),
            ("median", Some("approx_percentile")),
            ("coalesce", None),
            ("date_add", None),
            ("", None),
        ];
        for (name, part) in cases {
            let hint = function_hint(name);
            assert_eq!(hint.is_some(), part.is_some(), "{name}");
            assert!(
                hint.unwrap_or_default().contains(part.unwrap_or_default()),
                "{name}"
            );
        }
    }
}
