//! Why someone may or may not see something.

use axum::extract::State;
use serde::Deserialize;
use townlake_core::names::{TableRef, UserName};
use townlake_core::policy::evaluate::{Asker, session_of};
use townlake_core::policy::explain::{explain, who_can_see};
use townlake_core::policy::ids::PiiSessionId;
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::explain::ExplainAnswer;

use crate::app::App;
use crate::authorize::standing;
use crate::input::Parameters;
use crate::{model, state};

/// What to explain.
#[derive(Debug, Clone, Deserialize)]
pub struct ExplainQuery {
    table: TableRef,
    column: Option<String>,
    user: Option<UserName>,
    session: Option<String>,
    #[serde(default)]
    viewers: bool,
}

/// `GET /api/explain?table=&column=&user=&session=&viewers=`
pub async fn get(
    State(app): State<App>,
    peer: Peer,
    Parameters(query): Parameters<ExplainQuery>,
) -> Result<Json<ExplainAnswer>, Failure> {
    let standing = standing(&app, &peer).await?;
    let user = query.user.unwrap_or_else(|| standing.user.clone());
    if user != standing.user {
        standing.require_reviewer(&app, "looking at another person's access")?;
    }
    if query.viewers {
        standing.require_reviewer(&app, "looking at who can see a table")?;
    }
    let session = match query.session {
        Some(session) => Some(PiiSessionId::from(session)),
        None if user == standing.user => session_of(&peer.principal),
        None => None,
    };
    let head = state::head(&app.db).await?;
    let (model, _) = model::assemble(&app, &head).await?;
    let now = app.clock.now();
    let column = query.column.as_deref().map(str::to_lowercase);
    let column = column.as_deref();
    let asker = Asker {
        user: &user,
        session: session.as_ref(),
    };
    let explanation = explain(&model, asker, &query.table, column, now);
    Ok(Json(ExplainAnswer {
        advice: explanation
            .refusal
            .as_ref()
            .map(|refusal| refusal.to_advice(&app.config.public_url)),
        viewers: query
            .viewers
            .then(|| who_can_see(&model, &query.table, column, now)),
        policy_version: model.version,
        explanation,
    }))
}
