//! What is counted here is what the parser sees, in texts where the two could part.

use super::*;

/// The brackets of a text as the parser's own lexer sees them; none if the text is wrong.
fn brackets_of_the_parser(code: &str) -> Option<Vec<usize>> {
    use oxc_parser::Kind as Token;
    let allocator = oxc_allocator::Allocator::default();
    let options = oxc_parser::ParseOptions {
        allow_return_outside_function: true,
        ..Default::default()
    };
    let parser = || {
        oxc_parser::Parser::new(&allocator, code, oxc_span::SourceType::mjs()).with_options(options)
    };
    // Of a wrong text it has no tokens to show.
    let parsed = parser().parse();
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return None;
    }
    let parsed = parser()
        .with_config(oxc_parser::config::TokensParserConfig)
        .parse();
    let is_bracket = |kind| {
        matches!(
            kind,
            Token::LParen
                | Token::RParen
                | Token::LBrack
                | Token::RBrack
                | Token::LCurly
                | Token::RCurly
        )
    };
    let tokens = parsed
        .tokens
        .iter()
        .filter(|token| is_bracket(token.kind()));
    Some(tokens.map(|token| token.start() as usize).collect())
}

/// The same as they are counted here.
struct Counted {
    brackets: Vec<usize>,
    /// The first place that is unclear.
    unclear: Option<usize>,
}

fn brackets_here(code: &str) -> Counted {
    let mut brackets = Vec::new();
    let mut unclear = None;
    for token in Tokens::new(code) {
        let byte = code.as_bytes().get(token.offset).copied().unwrap_or(0);
        match token.kind {
            Kind::Unclear => {
                unclear = Some(token.offset);
                break;
            }
            // A template's own ends are tokens of another kind to the parser.
            Kind::Open | Kind::Close if b"()[]{}".contains(&byte) => brackets.push(token.offset),
            _ => {}
        }
    }
    let template_ends = template_ends(code);
    brackets.retain(|offset| !template_ends.contains(offset));
    Counted { brackets, unclear }
}

/// Whether a right text has the same brackets for both, up to what is unclear.
fn agree(code: &str) -> bool {
    if code.trim_start_matches('\u{feff}').starts_with("#!") {
        // Refused, whatever follows.
        return true;
    }
    let Some(mut parser) = brackets_of_the_parser(code) else {
        return true;
    };
    let here = brackets_here(code);
    parser.retain(|offset| here.unclear.is_none_or(|unclear| *offset < unclear));
    parser == here.brackets
}

/// Where a `}` goes on with a template's text.
fn template_ends(code: &str) -> Vec<usize> {
    let mut tokens = Tokens::new(code);
    let mut ends = Vec::new();
    loop {
        let open = tokens.templates.len();
        let Some(token) = tokens.next() else {
            return ends;
        };
        if code.as_bytes().get(token.offset) == Some(&b'}') && tokens.templates.len() < open {
            ends.push(token.offset);
        }
    }
}

mod agreement {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;

    use super::{agree, brackets_here, brackets_of_the_parser};

    /// Texts in which slashes, quotes and brackets stand in every place that the grammar has for them.
    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "a",
            "1",
            "1.",
            "1.\n",
            "1..x",
            ".5",
            "1e+5",
            "0x1.if",
            "a?.if",
            "a\n",
            "of++",
            "\u{a0}a\u{feff}",
            "'('",
            "\"/)\"",
            "/(/",
            "/[/'\"]/g",
            "/\\//",
            "/`{/",
            "a++",
            "--a",
            "`(`",
            "this",
            "of",
            "[]",
            "({})",
            "a.if",
            "a.return",
            "/* ( */ a",
            "a // )\n",
            "'\\\n('",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(5, 40, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            prop_oneof![
                two.clone().prop_map(|(a, b)| format!("({a}) / {b}")),
                two.clone().prop_map(|(a, b)| format!("{a} / ({b})")),
                two.clone().prop_map(|(a, b)| format!("[{a}] / {b}")),
                two.clone()
                    .prop_map(|(a, b)| format!("f({a}) / g[{b}] / 2")),
                two.clone()
                    .prop_map(|(a, b)| format!("`'${{{a}}}(${{ {{x: {b}}}.x }}/`")),
                two.clone().prop_map(|(a, b)| format!("({a}) ? {b} : /'/")),
                two.prop_map(|(a, b)| format!("(({a}) => ({{ b: {b} }}))")),
                inner.clone().prop_map(|a| format!("(await ({a})) / 2")),
                inner.clone().prop_map(|a| format!("await ({a}) / 2")),
                inner.clone().prop_map(|a| format!("typeof /(/ + ({a})")),
                inner
                    .clone()
                    .prop_map(|a| format!("(function () {{ return /'/.test({a}) }})")),
                inner.clone().prop_map(|a| format!("[...({a})]")),
                inner
                    .clone()
                    .prop_map(|a| format!("b.while({a}) / 2 + '/'")),
                inner.prop_map(|a| format!("(async () => {{ if ({a}) /)/.test('('); }})")),
            ]
        })
    }

    fn statement() -> impl Strategy<Value = String> {
        let form = prop::sample::select(vec![
            "if (E) /'/.test(E); else /\"/;",
            "while (E) /`/.test(a);",
            "do /(/ while (E)",
            "let b\n/'/.test(E);",
            "while (1) { break\n/'/.test(E) }",
            "a\n++/'/.x;",
            "E\n--/'/[E];",
            "for (const x of E) /'/;",
            "for await (const x of E) /'/;",
            "for (;;) /'/;",
            "x = E;",
            "return E;",
            "{ E; }",
            "label: E;",
            "throw E;",
            "switch (E) { case /'/: E; default: /)/ }",
            "const { a = E, ...b } = E;",
            "E\n",
            "function g() { E }\n/'/;",
            "class A { m() { return E } }\n/'/;",
            "try { E } catch {} finally { E }",
            "if (a) {}\n/'/.test('(');",
        ]);
        (form, expression(), expression()).prop_map(|(form, a, b)| {
            form.replacen('E', &a, 1)
                .replacen('E', &b, 1)
                .replace('E', "a")
        })
    }

    /// Words of the language in any order.
    fn word() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "a", "of", "if", "for", "while", "do", "else", "return", "await", "async", "function",
            "class", "let", "var", "break", "continue", "debugger", "case", "yield", "static",
            "get", "in", "new", "typeof", "1", "1.", "0x1", "1e", "5", "'", "\"", "`", "${", "}",
            "{", "(", ")", "[", "]", "/", "/", "\\", "\\u{61}", "#", "=", "=>", "+", "++", "-",
            "--", "!", "<!--", "-->", ".", "..", "...", "?", "?.", ":", ";", ",", "*", "//", "/*",
            "*/", "@", "\u{a0}", "\u{feff}", "é", "\u{85}",
        ]);
        let gaps = prop::sample::select(vec!["", " ", " ", "\n", "\r\n", "/*\n*/", "\t"]);
        (words, gaps).prop_map(|(word, gap)| format!("{word}{gap}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn brackets_are_where_the_parser_sees_them(statements in prop::collection::vec(statement(), 1..4)) {
            let code = statements.join(" ");
            prop_assert!(agree(&code), "{}", code);
        }

        #[test]
        fn words_in_any_order_have_the_same_brackets(words in prop::collection::vec(word(), 1..12)) {
            let code = words.concat();
            prop_assert!(agree(&code), "{}", code);
        }
    }

    #[test]
    fn most_of_those_texts_are_told_apart() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut counts = (0, 0);
        for _ in 0..500 {
            let code = statement().new_tree(&mut runner).unwrap().current();
            if brackets_of_the_parser(&code).is_some() {
                counts.0 += 1;
                counts.1 += usize::from(brackets_here(&code).unclear.is_none());
            }
        }
        assert!(counts.0 > 250, "{counts:?}");
        assert!(counts.1 * 10 > counts.0 * 6, "{counts:?}");
    }
}
