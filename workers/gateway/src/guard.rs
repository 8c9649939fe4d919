//! What every public request passes before any route: which host, from which page, and which headers may stay.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use townlake_core::advice::Advice;
use townlake_kit::failure::Failure;
use townlake_kit::identity::PRINCIPAL_HEADER;

use crate::app::App;
use crate::credential::ASSERTION_HEADER;
use crate::origin::{Origin, single};

/// What may never come from outside.
const INTERNAL_PREFIX: &str = "x-townlake-";

/// Programs reach these with a credential of their own, under whatever name the machine has.
const MACHINE_PATHS: [&str; 2] = ["/internal/", "/healthz"];

/// The one middleware of the public side.
pub async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    strip_internal(request.headers_mut());
    let path = request.uri().path();
    if !MACHINE_PATHS
        .iter()
        .any(|machine| path.starts_with(machine))
    {
        match admit(&app, &request) {
            Ok(origin) => {
                request.extensions_mut().insert(origin);
            }
            Err(failure) => return secured(failure.into_response()),
        }
    }
    secured(next.run(request).await)
}

fn strip_internal(headers: &mut HeaderMap) {
    let internal: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(INTERNAL_PREFIX))
        .cloned()
        .collect();
    debug_assert!(
        PRINCIPAL_HEADER.starts_with(INTERNAL_PREFIX),
        "the principal is one of them"
    );
    for name in internal {
        headers.remove(&name);
    }
}

fn admit(app: &App, request: &Request) -> Result<Origin, Failure> {
    let origin = Origin::of_request(request)
        .filter(|origin| app.config.public_origins.contains(origin))
        .ok_or_else(|| {
            let title = "this host is not served here";
            let detail = "the request names a host that is not one of the platform's";
            let advice = Advice::new("host_not_served", title, detail)
                .with_link("open the platform", app.config.public_url());
            Failure::advice(StatusCode::MISDIRECTED_REQUEST, advice)
        })?;
    check_page(app, request)?;
    Ok(origin)
}

/// A browser sends a person's cookie along with what any page makes it send. So a request that changes something
/// must come from a page of ours, and no page of others may read an answer.
fn check_page(app: &App, request: &Request) -> Result<(), Failure> {
    let headers = request.headers();
    let foreign = |detail: &str| {
        let advice = Advice::new(
            "foreign_page",
            "requests from other pages are not answered",
            detail,
        )
        .with_hint("send it from a page of the platform, or with a personal access token");
        Failure::advice(StatusCode::FORBIDDEN, advice)
    };
    if headers.contains_key(header::ORIGIN) {
        let known = single(headers, header::ORIGIN.as_str())
            .and_then(Origin::parse)
            .is_some_and(|origin| app.config.public_origins.contains(&origin));
        return if known {
            Ok(())
        } else {
            Err(foreign("its `Origin` is not one of the platform's"))
        };
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let by_cookie =
        headers.contains_key(ASSERTION_HEADER) && !headers.contains_key(header::AUTHORIZATION);
    if reads || !by_cookie || single(headers, "sec-fetch-site") == Some("same-origin") {
        return Ok(());
    }
    Err(foreign(
        "a request by cookie that changes something needs an `Origin` header",
    ))
}

/// Headers that every answer has; a route may have set stricter ones.
fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
