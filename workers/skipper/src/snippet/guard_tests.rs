//! What is put where. That it stops loops is seen under a real engine in `tests/snippets.rs`.

use super::*;

fn body(code: &str) -> String {
    let module = guard(code, "t").unwrap().module;
    let module = module
        .strip_prefix("export default async function (skipper, console, t) {")
        .unwrap();
    module.strip_suffix("\n}\n").unwrap().to_owned()
}

#[test]
fn every_loop_and_function_calls_the_guard() {
    for (code, guarded) in [
        (
            "while (a) { b(); } return 1",
            "while (a) {t(); b(); } return 1",
        ),
        ("while (a) b(); return 1", "while (a) {t();b();} return 1"),
        ("for (;;); return 1", "for (;;){t();;} return 1"),
        (
            "do x(); while (y)\nreturn 1",
            "do {t();x();} while (y)\nreturn 1",
        ),
        (
            "for (const a of b) for (const c in d) e(); return 1",
            "for (const a of b) {t();for (const c in d) {t();e();}} return 1",
        ),
        ("function f() {} return 1", "function f() {t();} return 1"),
        ("return a.map(x => x + 1)", "return a.map(x => (t(),x + 1))"),
        (
            "return a.map(x => ({ x }))",
            "return a.map(x => (t(),({ x })))",
        ),
        ("return () => () => 1", "return () => (t(),() => (t(),1))"),
        (
            "return async () => { await 1; }",
            "return async () => {t(); await 1; }",
        ),
        (
            "return class { m() {} get g() { return 1 } static { while (1); } }",
            "return class { m() {t();} get g() {t(); return 1 } static { while (1){t();;} } }",
        ),
        (
            "return { m() {}, async *g() {} }",
            "return { m() {t();}, async *g() {t();} }",
        ),
        (
            "a: for (;;) { continue a }\nreturn 1",
            "a: for (;;) {t(); continue a }\nreturn 1",
        ),
        (
            "return f((x = () => 1) => x)",
            "return f((x = () => (t(),1)) => (t(),x))",
        ),
    ] {
        assert_eq!(body(code), guarded, "{code}");
    }
}

#[test]
fn a_snippet_without_return_gives_its_last_expression() {
    for (code, guarded) in [
        ("const a = 1;\na + 1", "const a = 1;\nreturn a + 1"),
        ("await f()", "return await f()"),
        ("if (a) { return 1 }\nb", "if (a) { return 1 }\nb"),
        (
            "a.forEach(x => { return x });\nb;",
            "a.forEach(x => {t(); return x });\nreturn b;",
        ),
        (
            "async () => { return 1 }",
            "return (async () => {t(); return 1 })()",
        ),
        (
            "(async function () { return 1 })",
            "return ((async function () {t(); return 1 }))()",
        ),
        ("const a = 1", "const a = 1"),
        ("x\nnull", "x\nreturn null"),
    ] {
        assert_eq!(body(code), guarded, "{code}");
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (code, line, column, hint) in [
        ("const a = 1;\nconst b = ;", 2, 11, "mend"),
        ("return {", 1, 9, "mend"),
        ("let x: number = 1;", 1, 6, "TypeScript"),
        ("import a from 'b'", 1, 1, "top level"),
        ("export default 1", 1, 1, "top level"),
        ("const m = await import('x')", 1, 17, "plain JavaScript"),
        ("}; (() => {", 1, 1, "mend"),
    ] {
        let error = guard(code, "t").unwrap_err();
        let position = error.position.unwrap();
        assert_eq!(
            (position.line, position.column),
            (line, column),
            "{code}: {error:?}"
        );
        assert!(
            error.hint.clone().unwrap().contains(hint),
            "{code}: {error:?}"
        );
    }
    assert!(guard("", "t").is_err());
    assert!(guard(&" ".repeat(MAX_SNIPPET_BYTES + 1), "t").is_err());
}

#[test]
fn a_markdown_fence_is_left_out_and_lines_stay() {
    let guarded = guard("```js\nreturn 1\n```", "t").unwrap();
    assert!(guarded.module.contains("\nreturn 1\n"));
    assert_eq!(
        guarded.original(Position { line: 2, column: 3 }),
        Position { line: 2, column: 3 }
    );
}

#[test]
fn positions_lead_back_to_the_authors_text() {
    let code = "for (;;) oops();";
    let guarded = guard(code, "tick12").unwrap();
    let running = guarded.module.find("oops").unwrap() as u32 + 1;
    assert_eq!(
        guarded.original(Position {
            line: 1,
            column: running
        }),
        Position {
            line: 1,
            column: 10
        }
    );
}
