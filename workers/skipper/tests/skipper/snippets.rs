//! Guarded snippets under a real JavaScript engine, with the real harness: what runs away is stopped, what is right
//! gives what it gave before.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use townlake_skipper::snippet::guard;

/// Runs the snippets one after the other and gives the harness's reports.
fn run(snippets: &[&str]) -> Vec<Value> {
    let folder = std::env::temp_dir().join(format!(
        "townlake-snippets-{}-{}",
        std::process::id(),
        snippets.len()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/harness.js");
    std::fs::copy(sandbox, folder.join("harness.js")).unwrap();
    std::fs::write(folder.join("package.json"), r#"{"type":"module"}"#).unwrap();
    std::fs::write(folder.join("driver.js"), include_str!("driver.js")).unwrap();
    for (position, snippet) in snippets.iter().enumerate() {
        let guarded =
            guard(snippet, "guard_1f2e3d").unwrap_or_else(|error| panic!("{snippet}: {error:?}"));
        std::fs::write(folder.join(format!("user{position}.js")), guarded.module).unwrap();
    }
    let output = Command::new("node")
        .arg(folder.join("driver.js"))
        .arg(snippets.len().to_string())
        .output();
    let output = output.expect("node runs; `npm test` brings it");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stdout));
    })
}

#[test]
fn guarded_code_gives_what_it_gave_before() {
    let cases = [
        (
            "let n = 0; for (let i = 0; i < 10; i++) n += i; return n",
            json!(45),
        ),
        (
            "let n = 0; for (const x of [1, 2, 3]) n += x; for (const k in {a: 1}) n += k.length; return n",
            json!(7),
        ),
        ("let i = 0; do i++; while (i < 5)\nreturn i", json!(5)),
        (
            "outer: for (const a of [1, 2]) { for (const b of [1, 2]) { if (b === 2) continue outer; if (a === 2) break outer } }\nreturn 'done'",
            json!("done"),
        ),
        (
            "const f = (n) => n < 2 ? n : f(n - 1) + f(n - 2); return f(10)",
            json!(55),
        ),
        (
            "return [3, 1, 2].sort((a, b) => a - b).map(x => ({ x }))",
            json!([{ "x": 1 }, { "x": 2 }, { "x": 3 }]),
        ),
        (
            "class A { #n = 1; get n() { return this.#n } static make() { return new A() } }\nreturn A.make().n",
            json!(1),
        ),
        (
            "class B { constructor() { this.a = 1 } } class C extends B { constructor() { super(); this.b = 2 } }\nreturn {...new C()}",
            json!({ "a": 1, "b": 2 }),
        ),
        (
            "function* g() { let i = 0; while (i < 3) yield i++ }\nreturn [...g()]",
            json!([0, 1, 2]),
        ),
        (
            "async function* g() { yield 1; yield 2 }\nconst out = []; for await (const x of g()) out.push(x); return out",
            json!([1, 2]),
        ),
        (
            "const o = { m() { return this.v }, v: 7, get w() { return 8 } }; return o.m() + o.w",
            json!(15),
        ),
        (
            "return await Promise.all([1, 2].map(async x => x * 2))",
            json!([2, 4]),
        ),
        (
            "return (() => { 'use strict'; return this === undefined })()",
            json!(true),
        ),
        (
            "const t = (s, ...v) => s.raw.join('|') + v; return t`a${1}b`",
            json!("a|b1"),
        ),
        (
            "switch (1) { case 1: for (;;) break; return 'one' }",
            json!("one"),
        ),
        (
            "try { throw 1 } catch { return 'caught' } finally { for (;;) break }",
            json!("caught"),
        ),
        ("return ((a, b = () => 2) => a + b())(1)", json!(3)),
        ("const {a, ...rest} = {a: 1, b: 2}; rest", json!({ "b": 2 })),
        ("1 + 1", json!(2)),
        ("async () => 'called'", json!("called")),
        (
            "return /[/'\"`{]/.test('{') // a comment with { and `",
            json!(true),
        ),
        ("if (true) return 'a'; else return 'b'", json!("a")),
        (
            "a: { break a }\nreturn `x${[1, 2].map(n => `${n}`).join('')}`",
            json!("x12"),
        ),
    ];
    let reports = run(&cases.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    for ((code, wanted), report) in cases.iter().zip(&reports) {
        assert_eq!(&report["result"], wanted, "{code}: {report}");
    }
}

#[test]
fn whatever_runs_away_is_stopped() {
    let runaways = [
        "while (true) {}",
        "for (;;);",
        "do {} while (true)",
        "for (;;) { try { for (;;); } catch { continue } }",
        "for (;;) { try { for (;;); } finally { continue } }",
        "while (true) await null",
        "const f = async () => { await null; return f() }; return f()",
        "const f = () => Promise.resolve().then(f); return f()",
        "function* g() { while (true) yield 1 } return [...g()]",
        "const a = [1]; for (const x of a) a.push(x)",
        "const s = new Set([1]); s.forEach(x => { s.delete(x); s.add(x) })",
        "const f = (n) => { try { f(n + 1) } catch {} try { f(n + 1) } catch {} }; f(0); for (;;);",
        "return { get x() { for (;;); } }",
        "return { toJSON() { for (;;); } }",
        "class A { static { for (;;); } }",
        "const o = { valueOf() { for (;;); } }; return +o",
        "return [...{ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }]",
        "await new Promise(() => {})",
        "const guard_1 = () => {}; while (true) guard_1()",
        "arguments[2] = () => {}; while (true);",
        "for (let i = 0; ; i++) { const x = [1, 2, 3].map(y => y * i) }",
    ];
    for (code, report) in runaways.iter().zip(run(&runaways)) {
        let kind = report["error"]["kind"].as_str().unwrap_or_default();
        assert!(matches!(kind, "limit" | "timeout"), "{code}: {report}");
        assert!(report.get("result").is_none(), "{code}: {report}");
    }
}

#[test]
fn output_is_bounded_whatever_it_is() {
    let reports = run(&[
        "return 'x'.repeat(10_000_000)",
        "return Array.from({length: 1_000_000}, (_, i) => i)",
        "const a = {}; a.self = a; return a",
        "for (let i = 0; i < 10_000; i++) console.log('line', i, {deep: [1, 2n]}); return 1",
        "let o = {}; for (let i = 0; i < 10_000; i++) o = {o}; return o",
        "return [undefined, NaN, -0, 1n, Symbol('s'), () => 1, new Map([[1, 2]]), new Set([1]), new Date(0), new Error('e'), Promise.resolve(1)]",
        "return Object.fromEntries([['__proto__', 1], ['then', 2]])",
        "return skipper",
        "const r = await skipper; return typeof r",
        "throw null",
        "throw {message: 'no error at all'}",
        "const e = new Error(''); throw e",
        "return { get broken() { throw new Error('in a getter') } }",
    ]);
    let size = |report: &Value| report.to_string().len();
    assert!(size(&reports[0]) < 250_000 && !reports[0]["truncated"].as_array().unwrap().is_empty());
    assert!(
        size(&reports[1]) < 1_000_000 && !reports[1]["truncated"].as_array().unwrap().is_empty()
    );
    assert_eq!(reports[2]["result"]["self"], "[the same object again]");
    assert_eq!(reports[3]["logs"].as_array().unwrap().len(), 200);
    assert_eq!(reports[3]["droppedLogs"], 9_800);
    assert_eq!(reports[3]["logs"][0]["text"], "line 0 {\"deep\":[1,\"2\"]}");
    assert!(!reports[4]["truncated"].as_array().unwrap().is_empty());
    assert_eq!(
        reports[5]["result"],
        json!([null, "NaN", 0, "1", "Symbol(s)", "[function without a name]", [[1, 2]], [1], "1970-01-01T00:00:00.000Z",
            { "name": "Error", "message": "e" }, "[a promise: put `await` before it]"])
    );
    assert_eq!(reports[6]["result"]["then"], 2);
    assert!(reports[7]["result"].get("search_datasets").is_some());
    assert_eq!(reports[8]["result"], "object");
    assert_eq!(reports[9]["error"]["message"], "null");
    assert!(
        reports[10]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no error at all")
    );
    assert_eq!(reports[11]["error"]["name"], "Error");
    assert_eq!(
        reports[12]["result"]["broken"],
        "[cannot be read: in a getter]"
    );
}

#[test]
fn calls_answer_fail_and_settle() {
    let reports = run(&[
        "const found = await skipper.search_datasets({query: 'a'}); return [found.length, found.total, Array.isArray(found)]",
        "const id = await skipper.start_query({sql: 'x'}); const r = await skipper.fetch_results({queryId: id});\nreturn skipper.create_chart({chartType: 'bar', data: r.rows.filter(row => row.n > 1)})",
        "const r = await skipper.fetch_results({queryId: 'qry_1', mode: 'display'}); return r",
        "skipper.search_datasets({query: 'a'}); return 1",
        "try { await skipper.explain_access({table: 'a'}) } catch (e) { return [e.kind, e.hint, e instanceof Error] }",
        "const a = 1;\nawait skipper.explain_access({table: 'a'})",
        "return skipper.fetchResults()",
        "for (let i = 0; i < 500; i++) await skipper.search_datasets({query: 'a'})",
        "return skipper.search_datasets({query: 1n})",
        "skipper.search_datasets = () => 1; return 2",
    ]);
    assert_eq!(reports[0]["result"], json!([1, 5, true]));
    assert_eq!(reports[1]["result"]["sent"]["dataFrom"], "qry_1");
    assert_eq!(reports[1]["calls"][1]["queryId"], "qry_1");
    assert_eq!(reports[2]["calls"][0]["display"], "skipper://results/qry_1");
    assert_eq!(reports[3]["calls"][0]["ok"], true);
    assert!(
        reports[3]["logs"][0]["text"]
            .as_str()
            .unwrap()
            .contains("await")
    );
    assert_eq!(reports[4]["result"], json!(["permission", "ask", true]));
    assert_eq!(reports[5]["error"]["kind"], "permission");
    assert!(
        reports[5]["error"]["stack"]
            .as_str()
            .unwrap()
            .contains("user5.js:2:"),
        "{}",
        reports[5]
    );
    assert_eq!(reports[6]["error"]["code"], "unknown_function");
    assert_eq!(reports[7]["error"]["kind"], "limit");
    assert_eq!(reports[7]["calls"].as_array().unwrap().len(), 100);
    assert_eq!(reports[8]["error"]["name"], "TypeError");
    assert!(reports[9]["error"].is_object());
}
