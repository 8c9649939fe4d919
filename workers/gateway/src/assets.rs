//! The web UI's files. They are the same for everyone and hold nothing of anyone.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, header};
use townlake_kit::failure::Failure;

use crate::app::App;

/// Only our own scripts, styles and data; nothing is evaluated, framed or sent elsewhere. The editor (CodeMirror) writes
/// `style` attributes, which is why those, and no style sheets but our own, may stand in the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
                      img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Below these are no pages: a program that asks for something unknown there gets an error, not a page.
const PROGRAM_PATHS: [&str; 4] = ["/api/", "/internal/", "/v1/", "/t/"];

/// Everything that no other route answers.
pub async fn get(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    let is_page = !PROGRAM_PATHS.iter().any(|prefix| path.starts_with(prefix));
    if !is_page || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Failure::not_found("route", format!("nothing answers `{path}` here"))
            .into_response();
    }
    let wanted = wanted(&app, &request);
    match fetch(&app, wanted).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

/// The request for the file: without credentials, as it is the same for everyone.
fn wanted(app: &App, request: &Request) -> Result<http::Request<Body>, Failure> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let mut wanted = http::Request::new(Body::empty());
    *wanted.method_mut() = request.method().clone();
    *wanted.uri_mut() = app
        .assets
        .uri(path)
        .parse()
        .map_err(|_| Failure::bad_request("path_malformed", "the path cannot be read"))?;
    for name in [header::ACCEPT, header::IF_NONE_MATCH] {
        if let Some(value) = request.headers().get(&name) {
            wanted.headers_mut().insert(name, value.clone());
        }
    }
    Ok(wanted)
}

async fn fetch(
    app: &App,
    wanted: Result<http::Request<Body>, Failure>,
) -> Result<Response, Failure> {
    let mut response = app.assets.send(wanted?).await?;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        "permissions-policy",
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    );
    Ok(response)
}
