//! Only Workers that may carry a person are believed when they do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use townlake_core::identity::{Principal, PrincipalKind, Via};
use townlake_kit::http::{Service, read_bytes};
use townlake_kit::identity::{PRINCIPAL_HEADER, Peer, encode};

fn router() -> Router {
    Router::new().route("/", get(async |peer: Peer| peer.principal.user.to_string()))
}

fn ana() -> Principal {
    Principal {
        user: "ana@corp.example".parse().unwrap(),
        groups: ["analysts".parse().unwrap()].into(),
        kind: PrincipalKind::Person,
        via: Via::Access,
        pii: None,
    }
}

async fn ask(caller: &str, header: Option<&str>) -> (StatusCode, String) {
    let service = Service::router("callee", router(), caller);
    let mut request = Request::get("http://callee/");
    if let Some(header) = header {
        request = request.header(PRINCIPAL_HEADER, header);
    }
    let response = service
        .send(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let status = response.status();
    let body = read_bytes("callee", response.into_body()).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_worker_acts_for_a_person_only_if_it_may() {
    let carried = encode(&ana());
    for (caller, header, status, text) in [
        (
            "gateway",
            Some(carried.as_str()),
            StatusCode::OK,
            "ana@corp.example",
        ),
        (
            "skipper",
            Some(carried.as_str()),
            StatusCode::OK,
            "ana@corp.example",
        ),
        ("skimmer", None, StatusCode::OK, "svc-skimmer"),
        (
            "skimmer",
            Some(carried.as_str()),
            StatusCode::FORBIDDEN,
            "caller_carries_nobody",
        ),
        (
            "gateway",
            Some("not base64!"),
            StatusCode::BAD_REQUEST,
            "principal_malformed",
        ),
        (
            "gateway",
            Some("e30"),
            StatusCode::BAD_REQUEST,
            "principal_malformed",
        ),
        ("Bad Name", None, StatusCode::FORBIDDEN, "caller_unknown"),
    ] {
        let (got, body) = ask(caller, header).await;
        assert_eq!(got, status, "{caller}: {body}");
        assert!(body.contains(text), "{caller}: {body}");
    }
}

#[tokio::test]
async fn without_a_binding_there_is_no_caller() {
    use tower::ServiceExt;
    let request = Request::get("/")
        .header(PRINCIPAL_HEADER, encode(&ana()))
        .body(Body::empty())
        .unwrap();
    let response = router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}
