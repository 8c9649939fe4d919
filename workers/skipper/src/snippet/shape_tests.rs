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
