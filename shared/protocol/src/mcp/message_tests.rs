//! Requests of both eras, good and bad, as data.

use super::*;

struct Case {
    rule: &'static str,
    version: Option<&'static str>,
    method: Option<&'static str>,
    name: Option<&'static str>,
    body: &'static str,
    /// `Ok(era)`, or status and code.
    wanted: Result<Era, (u16, i32)>,
}

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn headers<'a>(case: &Case) -> Headers<'a> {
    Headers {
        content_type: Some("application/json; charset=utf-8"),
        accept: Some("application/json, text/event-stream"),
        version: case.version,
        method: case.method,
        name: case.name,
    }
}

#[test]
fn headers_and_body_must_agree() {
    const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{META}}"#;
    const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{},META}}"#;
    const READ: &str = r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"skipper://results/ä",META}}"#;
    let modern = |rule, version, method, name, body, wanted| Case {
        rule,
        version,
        method,
        name,
        body,
        wanted,
    };
    let cases = [
        modern(
            "a modern list",
            Some(MODERN),
            Some("tools/list"),
            None,
            LIST,
            Ok(Era::Modern),
        ),
        modern(
            "a modern call",
            Some(MODERN),
            Some("tools/call"),
            Some("search"),
            CALL,
            Ok(Era::Modern),
        ),
        modern(
            "a name in base64",
            Some(MODERN),
            Some("resources/read"),
            Some("=?base64?c2tpcHBlcjovL3Jlc3VsdHMvw6Q=?="),
            READ,
            Ok(Era::Modern),
        ),
        modern(
            "no version header",
            None,
            Some("tools/list"),
            None,
            LIST,
            Err((400, -32020)),
        ),
        modern(
            "another version header",
            Some("2025-11-25"),
            Some("tools/list"),
            None,
            LIST,
            Err((400, -32020)),
        ),
        modern(
            "no method header",
            Some(MODERN),
            None,
            None,
            LIST,
            Err((400, -32020)),
        ),
        modern(
            "another method header",
            Some(MODERN),
            Some("tools/call"),
            None,
            LIST,
            Err((400, -32020)),
        ),
        modern(
            "a method header in capitals",
            Some(MODERN),
            Some("Tools/List"),
            None,
            LIST,
            Err((400, -32020)),
        ),
        modern(
            "no name header",
            Some(MODERN),
            Some("tools/call"),
            None,
            CALL,
            Err((400, -32020)),
        ),
        modern(
            "another name header",
            Some(MODERN),
            Some("tools/call"),
            Some("execute"),
            CALL,
            Err((400, -32020)),
        ),
        modern(
            "broken base64",
            Some(MODERN),
            Some("tools/call"),
            Some("=?base64?%%?="),
            CALL,
            Err((400, -32020)),
        ),
        modern(
            "a call without a name",
            Some(MODERN),
            Some("tools/call"),
            Some("search"),
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{META}}"#,
            Err((400, -32602)),
        ),
        modern(
            "the modern header without its meta",
            Some(MODERN),
            Some("tools/list"),
            None,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            Err((400, -32602)),
        ),
        modern(
            "no client capabilities",
            Some(MODERN),
            Some("tools/list"),
            None,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
            Err((400, -32602)),
        ),
        modern(
            "a version that is not served",
            Some("2099-01-01"),
            Some("tools/list"),
            None,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01"}}}"#,
            Err((400, -32022)),
        ),
        modern(
            "an unknown version in the header only",
            Some("1900-01-01"),
            None,
            None,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            Err((400, -32022)),
        ),
        modern(
            "initialize of before",
            None,
            None,
            None,
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#,
            Ok(Era::Legacy("2025-03-26")),
        ),
        modern(
            "a legacy list",
            Some("2025-11-25"),
            None,
            None,
            r#"{"jsonrpc":"2.0","id":"x","method":"tools/list"}"#,
            Ok(Era::Legacy("2025-11-25")),
        ),
        modern(
            "a batch",
            Some("2025-11-25"),
            None,
            None,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            Err((400, -32600)),
        ),
        modern("no JSON", Some(MODERN), None, None, "{", Err((400, -32700))),
        modern(
            "a null id",
            None,
            None,
            None,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            Err((400, -32600)),
        ),
        modern(
            "a fractional id",
            None,
            None,
            None,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            Err((400, -32600)),
        ),
        modern(
            "JSON-RPC 1",
            None,
            None,
            None,
            r#"{"id":1,"method":"ping"}"#,
            Err((400, -32600)),
        ),
        modern(
            "a response",
            None,
            None,
            None,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            Err((400, -32600)),
        ),
        modern(
            "params in a list",
            None,
            None,
            None,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#,
            Err((400, -32602)),
        ),
        modern("a text", None, None, None, r#""ping""#, Err((400, -32600))),
    ];
    for case in &cases {
        let body = case.body.replace("META", META);
        let got = match read(&headers(case), body.as_bytes()) {
            Ok(Incoming::Request(request)) => Ok(request.era),
            Ok(Incoming::Notification) => panic!("{}: a notification", case.rule),
            Err(rejection) => Err((rejection.status, rejection.error.code)),
        };
        assert_eq!(got, case.wanted, "{}", case.rule);
    }
}

#[test]
fn a_rejection_names_the_request_and_what_is_served() {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{{{}}}}}"#,
        META.replace("2026", "2099")
    );
    let headers = Headers {
        content_type: Some("application/json"),
        version: Some("2099-07-28"),
        method: Some("tools/list"),
        ..Headers::default()
    };
    let rejection = read(&headers, body.as_bytes()).unwrap_err();
    let json = rejection.to_json();
    assert_eq!(json["id"], 7);
    assert_eq!(json["error"]["data"]["requested"], "2099-07-28");
    assert_eq!(json["error"]["data"]["supported"][0], MODERN);
}

#[test]
fn notifications_need_no_answer_in_either_era() {
    for (version, body) in [
        (
            None,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned(),
        ),
        (
            Some(MODERN),
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{{META}}}}}"#
            ),
        ),
    ] {
        let headers = Headers {
            content_type: Some("application/json"),
            version,
            ..Headers::default()
        };
        assert_eq!(read(&headers, body.as_bytes()), Ok(Incoming::Notification));
    }
}

#[test]
fn only_json_comes_in_and_goes_out() {
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (content_type, accept, status) in [
        (None, None, 415),
        (Some("text/plain"), None, 415),
        (Some("application/json"), Some("text/html"), 406),
    ] {
        let headers = Headers {
            content_type,
            accept,
            ..Headers::default()
        };
        assert_eq!(read(&headers, body).unwrap_err().status, status);
    }
    let large = vec![b' '; MAX_REQUEST_BYTES + 1];
    let headers = Headers {
        content_type: Some("application/json"),
        ..Headers::default()
    };
    assert_eq!(read(&headers, &large).unwrap_err().status, 413);
}
