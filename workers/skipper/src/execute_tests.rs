//! Reports of the harness as data, envelopes as what a model reads.

use serde_json::json;

use super::*;

fn told(code: &str, report: Value) -> Envelope {
    let guarded = guard(code, "guard_x").unwrap();
    envelope(
        &guarded,
        serde_json::from_value(report).unwrap(),
        Budget::default(),
    )
}

#[test]
fn an_error_names_the_authors_own_line_and_column() {
    let code = "const a = 1;\nfor (const x of [1]) { nothing(x); }\nreturn a";
    let guarded = guard(code, "guard_x").unwrap();
    let line = guarded.module.lines().nth(1).unwrap();
    let column = line.find("nothing").unwrap() + 1;
    let stack = format!(
        "ReferenceError: nothing is not defined\n    at snippet (user.js:2:{column})\n    at run (harness.js:40:1)"
    );
    let error = told(code, json!({ "error": { "name": "ReferenceError", "message": "nothing is not defined", "stack": stack } }))
        .error
        .unwrap();
    assert_eq!((error.line, error.column), (Some(2), Some(24)));
    assert_eq!(error.message, "ReferenceError: nothing is not defined");
    assert_eq!(error.kind, ErrorKind::Runtime);
}

#[test]
fn what_was_thrown_becomes_an_error_of_its_kind() {
    for (thrown, kind, message) in [
        (
            json!({ "name": "Thrown", "message": "text" }),
            ErrorKind::Runtime,
            "text",
        ),
        (
            json!({ "name": "Error", "message": "" }),
            ErrorKind::Runtime,
            "",
        ),
        (
            json!({ "name": "TypeError", "message": "x is undefined" }),
            ErrorKind::Runtime,
            "TypeError: x is undefined",
        ),
        (
            json!({ "name": "BudgetError", "message": "too long", "kind": "limit" }),
            ErrorKind::Limit,
            "too long",
        ),
        (
            json!({ "name": "SkipperError", "message": "no", "kind": "permission", "code": "table_not_granted" }),
            ErrorKind::Permission,
            "no",
        ),
        (
            json!({ "name": "SkipperError", "message": "odd", "kind": "permission", "line": "no number" }),
            ErrorKind::Permission,
            "odd",
        ),
        (
            json!({ "name": "Mine", "message": "own", "kind": "unheard_of" }),
            ErrorKind::Runtime,
            "Mine: own",
        ),
    ] {
        let told = told("return 1", json!({ "error": thrown.clone(), "result": 1 }));
        assert!(!told.ok && told.result.is_none());
        let error = told.error.unwrap();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (kind, message),
            "{thrown}"
        );
    }
}

#[test]
fn a_name_that_does_not_exist_comes_with_its_neighbours() {
    let unknown = json!({ "name": "SkipperError", "message": "no", "kind": "not_found", "code": "unknown_function", "subject": "start_querry" });
    let error = told("return 1", json!({ "error": unknown })).error.unwrap();
    assert_eq!(
        error.did_you_mean.first().map(String::as_str),
        Some("start_query")
    );
    let missing = json!({ "name": "ReferenceError", "message": "fetch_results is not defined" });
    let error = told("return 1", json!({ "error": missing })).error.unwrap();
    assert_eq!(
        error.did_you_mean.first().map(String::as_str),
        Some("skipper.fetch_results")
    );
}

#[test]
fn a_permission_keeps_its_way_out() {
    let refusal = json!({
        "name": "SkipperError", "message": "you cannot read table `lake.dim.accounts`", "kind": "permission",
        "detail": "no grant gives it to you", "hint": "ask to join the group `analysts`",
        "next": [{ "label": "ask for access", "href": "http://x/requests/new?table=lake.dim.accounts" }],
    });
    let error = told("return 1", json!({ "error": refusal })).error.unwrap();
    assert_eq!(
        error.hint.as_deref(),
        Some("ask to join the group `analysts`")
    );
    assert_eq!(error.next.first().unwrap().label, "ask for access");
}

#[test]
fn a_mistake_that_the_engine_finds_is_a_syntax_error_with_its_place() {
    let code = "const a = 1;\nconst a = 2;";
    let guarded = guard(code, "guard_x").unwrap();
    let message = "Failed to start Worker:\nUncaught SyntaxError: Identifier 'a' has already been declared\n  at user.js:2:6";
    let error = stopped(&guarded, SandboxError::Refused(message.to_owned()));
    assert_eq!(error.kind, ErrorKind::Syntax);
    assert_eq!((error.line, error.column), (Some(2), Some(7)));
}
