//! `GET /api/me`: who the caller is, as far as a client needs it to show the right things.

use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use townlake_core::identity::{PrincipalKind, Via};
use townlake_core::names::{GroupName, UserName};
use townlake_kit::failure::Failure;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::tokens::TokenScope;

use crate::app::App;
use crate::identify::{Caller, login_url, logout_url};
use crate::origin::Origin;

/// The caller.
#[derive(Debug, Clone, Serialize)]
pub struct Me {
    user: UserName,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    groups: Vec<GroupName>,
    kind: PrincipalKind,
    via: Via,
    is_reviewer: bool,
    is_admin: bool,
    login_url: String,
    logout_url: String,
}

/// `GET /api/me`
pub async fn get(
    State(app): State<App>,
    Extension(origin): Extension<Origin>,
    caller: Caller,
) -> Result<Json<Me>, Failure> {
    caller.require(TokenScope::Api)?;
    let settings = &app.model_or_failure().await?.settings;
    let principal = &caller.principal;
    let is_in =
        |group: &Option<GroupName>| group.as_ref().is_some_and(|group| principal.is_in(group));
    let is_admin = is_in(&settings.admins);
    let origin = origin.to_string();
    Ok(Json(Me {
        user: principal.user.clone(),
        name: caller.name.clone(),
        groups: principal.groups.iter().cloned().collect(),
        kind: principal.kind,
        via: principal.via,
        is_reviewer: is_admin || is_in(&settings.reviewers),
        is_admin,
        login_url: login_url(&origin),
        logout_url: logout_url(&origin),
    }))
}
