//! The two tools.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use townlake_core::identity::Principal;
use townlake_protocol::mcp::types::{Annotations, CallResult, Content, Tool};
use townlake_protocol::mcp::{Cache, Rejection, Reply};
use townlake_protocol::skipper::{Envelope, ErrorKind, ExecuteError, SearchResult};

use super::invalid;
use crate::execute::execute;
use crate::functions::{self, FUNCTIONS};
use crate::routes::App;
use crate::tools;

/// The tools as they are listed: the same for everyone, in this order.
pub fn list() -> Vec<Tool> {
    vec![search_tool(), execute_tool()]
}

/// Calls a tool.
pub async fn call(
    app: &App,
    principal: &Principal,
    params: &Map<String, Value>,
) -> Result<Reply, Rejection> {
    let name = params
        .get("name")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("`params.name` must be a text"))?;
    let arguments = match params.get("arguments") {
        None => Value::Object(Map::new()),
        Some(arguments @ Value::Object(_)) => arguments.clone(),
        Some(_) => return Err(invalid("`params.arguments` must be an object")),
    };
    let result = match name {
        "search" => match read(name, arguments) {
            Ok(arguments) => search(app, principal, arguments).await,
            Err(error) => error,
        },
        "execute" => match read::<Execute>(name, arguments) {
            Ok(arguments) => executed(&execute(app, principal, &arguments.code).await),
            Err(error) => error,
        },
        name => {
            return Err(invalid(format!(
                "there is no tool `{name}`; there are `search` and `execute`"
            )));
        }
    };
    let result = serde_json::to_value(result).map_err(|error| invalid(error.to_string()))?;
    Ok(Reply::new(result, Cache::None))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    query: String,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Execute {
    code: String,
}

/// Arguments that do not fit are an answer that the model can learn from, not an error of the protocol.
fn read<T: DeserializeOwned>(tool: &str, arguments: Value) -> Result<T, CallResult> {
    serde_json::from_value(arguments).map_err(|error| {
        let takes = if tool == "search" {
            "{query: string, limit?: number}"
        } else {
            "{code: string}"
        };
        let error = ExecuteError::new(ErrorKind::Invalid, format!("`{tool}`: {error}"))
            .with_code("invalid_arguments")
            .with_hint(format!("it takes {takes}"));
        refused(error)
    })
}

async fn search(app: &App, principal: &Principal, arguments: Search) -> CallResult {
    let found = match tools::search(
        app,
        principal,
        &arguments.query,
        arguments.limit.unwrap_or(8),
    )
    .await
    {
        Ok(found) => found,
        Err(error) => return refused(error),
    };
    let hint = match (found.datasets.is_empty(), found.cut) {
        (true, _) => {
            "nothing of that name that you may know of; try fewer or other words".to_owned()
        }
        (false, 0) => {
            "call the functions in `execute`; name tables as catalog.schema.table".to_owned()
        }
        (false, cut) => format!("{cut} more datasets fit: use more words, or a higher limit"),
    };
    let result = SearchResult {
        functions: functions::search(&arguments.query)
            .into_iter()
            .take(3)
            .map(|function| function.summary())
            .collect(),
        datasets: found.datasets,
        cut: found.cut,
        hint,
    };
    structured(
        serde_json::to_value(result).unwrap_or_default(),
        false,
        Vec::new(),
    )
}

fn executed(envelope: &Envelope) -> CallResult {
    let links = envelope
        .displays
        .iter()
        .chain(
            envelope
                .truncated
                .iter()
                .filter_map(|truncation| truncation.handle.as_ref()),
        )
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(|uri| Content::ResourceLink {
            uri: uri.clone(),
            name: uri.rsplit('/').next().unwrap_or_default().to_owned(),
            description: "all of the result, for an hour".to_owned(),
            mime_type: "application/json".to_owned(),
        })
        .collect();
    structured(
        serde_json::to_value(envelope).unwrap_or_default(),
        !envelope.ok,
        links,
    )
}

/// A call that went no further than its arguments or its search.
fn refused(error: ExecuteError) -> CallResult {
    let envelope = Envelope {
        error: Some(error),
        ..Envelope::default()
    };
    structured(
        serde_json::to_value(envelope).unwrap_or_default(),
        true,
        Vec::new(),
    )
}

/// The same content as data and as text: clients forward one or the other, and neither may hold more.
fn structured(value: Value, is_error: bool, mut links: Vec<Content>) -> CallResult {
    let mut content = vec![Content::text(value.to_string())];
    content.append(&mut links);
    CallResult {
        content,
        structured_content: Some(value),
        is_error,
    }
}

fn search_tool() -> Tool {
    Tool {
        name: "search".to_owned(),
        title: "Search data and functions".to_owned(),
        description: "Finds datasets by what they hold, and functions of `skipper`, ranked. Shows only what the person \
                      may know of, with access, exactness and freshness."
            .to_owned(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "A few words, e.g. `billing product revenue`" },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100, "description": "Datasets, 8 if absent" },
            },
            "required": ["query"],
            "additionalProperties": false,
        }),
        output_schema: Some(json!({ "type": "object" })),
        annotations: Annotations {
            read_only_hint: true,
            destructive_hint: false,
            idempotent_hint: true,
            open_world_hint: false,
        },
    }
}

fn execute_tool() -> Tool {
    let functions: Vec<String> = FUNCTIONS
        .iter()
        .map(|function| {
            let (name, takes, gives) = (function.name, function.takes, function.gives);
            format!("{name}({takes}): {gives} // {}", function.description)
        })
        .collect();
    Tool {
        name: "execute".to_owned(),
        title: "Run a snippet".to_owned(),
        description: format!(
            "Runs one JavaScript snippet: top-level `await`, `return` what answers the question. No imports, no \
             network. `skipper` has these functions, all async:\n{}\n\nExample:\nconst id = await \
             skipper.start_query({{sql: \"SELECT region, sum(n) AS n FROM lake.x.y GROUP BY 1\"}});\nconst r = await \
             skipper.fetch_results({{queryId: id}});\nreturn {{about: r.about, chart: await \
             skipper.create_chart({{chartType: \"bar\", data: r.rows}})}};",
            functions.join("\n")
        ),
        input_schema: json!({
            "type": "object",
            "properties": { "code": { "type": "string", "description": "JavaScript, at most 64 KiB" } },
            "required": ["code"],
            "additionalProperties": false,
        }),
        output_schema: Some(json!({
            "type": "object",
            "properties": {
                "ok": { "type": "boolean" },
                "result": { "description": "What the snippet returned" },
                "error": {
                    "type": "object",
                    "properties": {
                        "kind": { "enum": ["syntax", "runtime", "timeout", "limit", "permission", "not_found", "sql", "invalid", "unavailable"] },
                        "message": { "type": "string" },
                        "line": { "type": "integer" },
                        "hint": { "type": "string" },
                    },
                    "required": ["kind", "message"],
                },
                "logs": { "type": "array" },
                "calls": { "type": "array" },
                "budget": { "type": "object" },
                "truncated": { "type": "array" },
                "displays": { "type": "array" },
            },
            "required": ["ok"],
        })),
        annotations: Annotations {
            read_only_hint: false,
            destructive_hint: false,
            idempotent_hint: false,
            open_world_hint: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_stay_short_enough_to_be_read_every_time() {
        let text = serde_json::to_string(&list()).unwrap();
        // About four characters a token.
        assert!(text.len() / 4 <= 1_500, "{} tokens", text.len() / 4);
        assert!(
            super::super::INSTRUCTIONS.len() <= 2_048,
            "{}",
            super::super::INSTRUCTIONS.len()
        );
    }
}
