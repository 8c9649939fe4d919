//! A few prompts, for people who begin.

use serde_json::{Map, Value, json};
use townlake_protocol::mcp::types::{Prompt, PromptArgument};
use townlake_protocol::mcp::{Cache, Rejection, Reply};

use super::{STATIC_TTL, invalid};

/// The prompts.
pub fn list() -> Reply {
    let argument = |name: &str, description: &str| PromptArgument {
        name: name.to_owned(),
        description: description.to_owned(),
        required: true,
    };
    let prompts = [
        Prompt {
            name: "explore".to_owned(),
            title: "What data is there?".to_owned(),
            description: "An overview of the datasets about a topic".to_owned(),
            arguments: vec![argument("topic", "What you are interested in")],
        },
        Prompt {
            name: "answer".to_owned(),
            title: "Answer with a chart".to_owned(),
            description: "A question answered with numbers, a chart and what they rest on"
                .to_owned(),
            arguments: vec![argument("question", "Your question")],
        },
    ];
    Reply::new(json!({ "prompts": prompts }), Cache::Public(STATIC_TTL))
}

/// One prompt with its argument filled in.
pub fn get(params: &Map<String, Value>) -> Result<Reply, Rejection> {
    let name = params
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let argument = |name: &str| {
        params
            .get("arguments")
            .and_then(|arguments| arguments.get(name))
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| invalid(format!("the argument `{name}` is missing")))
    };
    let text = match name {
        "explore" => format!(
            "Which datasets do we have about {}? Use `search`, look at the most fitting ones with get_entity_details, \
             and tell me for each what a row is, how exact and fresh it is, and whether I may read it.",
            argument("topic")?
        ),
        "answer" => format!(
            "{}\n\nFind the right datasets, write one snippet that queries them, and answer with the numbers and a \
             chart. Say as of when, whether exact or sampled, and from which tables.",
            argument("question")?
        ),
        name => {
            return Err(invalid(format!(
                "there is no prompt `{name}`; there are `explore` and `answer`"
            )));
        }
    };
    let message = json!({ "role": "user", "content": { "type": "text", "text": text } });
    Ok(Reply::new(json!({ "messages": [message] }), Cache::None))
}
