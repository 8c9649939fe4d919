//! The front door for statements: Trino's client protocol.

pub mod answer;
pub mod asked;
pub mod check;
pub mod claims;
pub mod engine;
pub mod follow;
pub mod govern;
pub mod head;
pub mod place;
pub mod session;
pub mod statement;
pub mod sync;
pub mod unavailable;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Method;
use townlake_kit::failure::Failure;

use crate::app::App;

/// `GET /v1/info`: the engine's version, which clients look at to decide what they may use. No one needs to sign in.
pub async fn info(State(app): State<App>) -> Result<Response, Failure> {
    let request = engine::request(&app, Method::GET, "/v1/info")?;
    let (parts, body) = engine::send(&app, request, engine::Attempts::Several)
        .await?
        .into_parts();
    let mut response = (parts.status, body).into_response();
    if let Some(kind) = parts.headers.get(http::header::CONTENT_TYPE) {
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, kind.clone());
    }
    Ok(response)
}
