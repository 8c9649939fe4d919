//! Texts that would be too deep, texts that hide it, and texts that people write.

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
fn brackets_cannot_hide_behind_a_division_or_a_regular_expression() {
    let deep = "(".repeat(1_000);
    for code in [
        format!("if (1) /'/; {deep}'"),
        format!("while (a) /\"/.test(b); {deep}\""),
        format!("for (const a of b) /`/; {deep}`"),
        format!("x = a++ / 1; y = '/'; {deep}"),
        format!("x = (a) / 1; y = 'x/'; {deep}"),
        format!("x = b.if(1) / 2; y = '/'; {deep}"),
        format!("x = [1] / 2; y = '/'; {deep}"),
        format!("x = /[/'\"]/; {deep}"),
        format!("x = 'a\\\n{deep}'; {deep}"),
        format!("// a\r{deep}"),
        format!("x = {{}} /'/; {deep}'"),
        format!("{{}} /'/; {deep}'"),
        format!("x = 1.\nfor (const x of y) /`/; {deep}"),
        format!("x = 1e+5.\nfor (const x of y) / `${{1}}`; {deep}"),
        format!("x = .5e-3.if(1) / '/'; {deep}"),
        format!("x = 1..if(1) / 2; y = '/'; {deep}"),
        format!("a\n++/`/.x; {deep}"),
        format!("let a\n/`/.x; {deep}"),
        format!("while (1) {{ break\n/`/.x; {deep} }}"),
        format!("while (1) {{ debugger /*\n*/ /`/.x; {deep} }}"),
        format!("a: while (1) {{ continue a\n/`/.x; {deep} }}"),
        format!("\u{a0}if (1) /`/; {deep}"),
        format!("return\u{feff}/`/; {deep}"),
        format!("x = of++ / 2; y = '/'; {deep}"),
        format!("x = \\u{{61}} / 2; y = '/'; {deep}"),
        format!("x = a <!--b; `${{1}}`; {deep}"),
        format!("#!`\n{deep}"),
        format!("x = of /'/; {deep}'"),
        format!("x = await (1) / '/'; {deep}"),
        format!("for await (x of y) /'/; {deep}'"),
        format!("// a\u{2028}{deep}"),
        format!("x = `${{{{a: `}}`}}}}`; {deep}"),
    ] {
        assert!(check(&code).is_err(), "{:.40}", code);
    }
    for code in [
        "const share = (a - b) / b; const label = `${share}/day`; return a.b / c.d",
        "return rows.map(r => ({ p: (r.a / r.b) * 100, l: `${r.x}/${r.y}` }))",
        "if (/^a(b|c)$/.test(x)) y = x.replace(/'/g, \"\") / 2",
        "for await (const x of y) z += (x.n / 2) / (x.m / 3)",
        "return [.../a/g[Symbol.matchAll]('a')].length / 2",
        "a = b++ / 2; c = d[0] / 3; return f(1) / g(2) / 4",
        "const o = { return: 4 }; return o.return / 2 / 1",
        "const share =\n  a /\n  b; return share / 1. / .5 / 1e-3 / 0x1e",
    ] {
        assert_eq!(check(code), Ok(()), "{code}");
    }
}

#[test]
fn the_place_of_the_trouble_is_named() {
    let error = check(&format!("\n  {}", "(".repeat(400))).unwrap_err();
    assert_eq!(error.position.unwrap().line, 2);
    assert!(error.hint.is_some());
}

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
