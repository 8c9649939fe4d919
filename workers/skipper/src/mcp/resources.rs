//! Resources: results to come back for, and the functions' declarations.

use serde_json::{Value, json};
use townlake_core::identity::Principal;
use townlake_core::time::Timestamp;
use townlake_protocol::mcp::types::{ResourceContents, ResourceTemplate};
use townlake_protocol::mcp::{Cache, Era, Rejection, Reply, Request, code};
use townlake_protocol::skipper::ExecuteError;

use super::{STATIC_TTL, failed, invalid};
use crate::routes::App;
use crate::tools::{Tools, page};
use crate::{functions, store};

const FUNCTIONS_URI: &str = "skipper://functions";
const RESULTS: &str = "skipper://results/";
/// Rows of a query that one read gives.
const ROWS: usize = 2_000;

/// The declarations, and the caller's own results of the last hour.
pub async fn list(app: &App, principal: &Principal) -> Result<Reply, Rejection> {
    let mut resources = vec![json!({
        "uri": FUNCTIONS_URI,
        "name": "functions",
        "title": "The functions of skipper",
        "description": "TypeScript declarations of everything that a snippet can call",
        "mimeType": "text/plain",
    })];
    let rows = store::list(&app.db, &principal.user, app.clock.now())
        .await
        .map_err(|error| failed(&error.into()))?;
    resources.extend(rows.into_iter().map(|row| {
        json!({
            "uri": format!("{RESULTS}{}", row.id),
            "name": row.id,
            "title": row.title,
            "mimeType": "application/json",
            "annotations": { "lastModified": Timestamp::from_millis(row.created_at), "audience": ["user", "assistant"] },
        })
    }));
    Ok(Reply::new(
        json!({ "resources": resources }),
        Cache::Private(0),
    ))
}

/// The form of a result's address.
pub fn templates() -> Reply {
    let template = ResourceTemplate {
        uri_template: format!("{RESULTS}{{id}}"),
        name: "result".to_owned(),
        title: "A result".to_owned(),
        description:
            "The rows of a query, or all of what a snippet returned; yours only, for an hour"
                .to_owned(),
        mime_type: "application/json".to_owned(),
    };
    Reply::new(
        json!({ "resourceTemplates": [template] }),
        Cache::Public(STATIC_TTL),
    )
}

/// One resource.
pub async fn read(app: &App, principal: &Principal, request: &Request) -> Result<Reply, Rejection> {
    let uri = request
        .params
        .get("uri")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("`params.uri` must be a text"))?;
    if uri == FUNCTIONS_URI {
        return Ok(contents(
            uri,
            "text/plain",
            functions::declarations(),
            Cache::Public(STATIC_TTL),
        ));
    }
    let tools = Tools {
        app: app.clone(),
        principal: principal.clone(),
    };
    let text = match uri.strip_prefix(RESULTS) {
        Some(id) if id.starts_with("qry_") => query(&tools, id)
            .await
            .map_err(|error| refused(request, uri, &error))?,
        Some(id) if id.starts_with("res_") => kept(&tools, id)
            .await
            .map_err(|error| refused(request, uri, &error))?,
        _ => return Err(absent(request, uri, "there is no such resource")),
    };
    Ok(contents(uri, "application/json", text, Cache::Private(0)))
}

async fn query(tools: &Tools, id: &str) -> Result<String, ExecuteError> {
    Ok(page(tools, id, ROWS).await?.to_json()?.to_string())
}

/// What a snippet returned, if the caller may still read every query that it may rest on as it was.
async fn kept(tools: &Tools, id: &str) -> Result<String, ExecuteError> {
    let unavailable = |error: townlake_kit::db::DatabaseError| crate::tools::failed(error.into());
    let now = tools.app.clock.now();
    let text = store::text(&tools.app.db, id, &tools.principal.user, now)
        .await
        .map_err(unavailable)?;
    let text = text.ok_or_else(|| {
        ExecuteError::new(
            townlake_protocol::skipper::ErrorKind::NotFound,
            "there is no such result of yours",
        )
    })?;
    for query in store::queries_of(&tools.app.db, id)
        .await
        .map_err(unavailable)?
    {
        page(tools, &query, 0).await?;
    }
    Ok(text)
}

fn contents(uri: &str, mime_type: &str, text: String, cache: Cache) -> Reply {
    let contents = ResourceContents {
        uri: uri.to_owned(),
        mime_type: mime_type.to_owned(),
        text,
    };
    Reply::new(json!({ "contents": [contents] }), cache)
}

fn refused(request: &Request, uri: &str, error: &ExecuteError) -> Rejection {
    let message = match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message.clone(),
    };
    absent(request, uri, &message)
}

fn absent(request: &Request, uri: &str, message: &str) -> Rejection {
    let code = if request.era == Era::Modern {
        code::INVALID_PARAMS
    } else {
        code::LEGACY_RESOURCE_NOT_FOUND
    };
    Rejection::new(200, code, message).with_data(json!({ "uri": uri }))
}
