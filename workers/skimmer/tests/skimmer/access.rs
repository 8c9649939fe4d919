//! Who may start a scan.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::platform::Platform;

#[tokio::test]
async fn scans_are_for_reviewers_and_admins() {
    let platform = Platform::new(None);
    for (method, groups, status) in [
        (Method::POST, Some(&["reviewers"][..]), StatusCode::OK),
        (
            Method::POST,
            Some(&["analysts", "admins"][..]),
            StatusCode::OK,
        ),
        (Method::GET, Some(&["admins"][..]), StatusCode::OK),
        (Method::POST, Some(&["analysts"][..]), StatusCode::FORBIDDEN),
        (Method::GET, Some(&[][..]), StatusCode::FORBIDDEN),
        // The gateway for itself, without a person.
        (Method::POST, None, StatusCode::FORBIDDEN),
    ] {
        let (answered, body) = platform
            .call::<Value>(method.clone(), "/api/scans", groups)
            .await;
        assert_eq!(answered, status, "{method} {groups:?}: {body}");
    }
}

#[tokio::test]
async fn bad_requests_say_what_is_wrong() {
    let platform = Platform::new(None);
    for (method, path, status, code) in [
        (
            Method::GET,
            "/api/scans?limit=many",
            StatusCode::BAD_REQUEST,
            "query_malformed",
        ),
        (
            Method::DELETE,
            "/api/scans",
            StatusCode::BAD_REQUEST,
            "method_not_allowed",
        ),
        (
            Method::GET,
            "/api/other",
            StatusCode::NOT_FOUND,
            "route_not_found",
        ),
    ] {
        let (answered, body) = platform
            .call::<Value>(method, path, Some(&["admins"]))
            .await;
        assert_eq!(
            (answered, body["code"].as_str()),
            (status, Some(code)),
            "{body}"
        );
    }
}
