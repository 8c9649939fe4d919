//! The answer, read strictly: anything that was not agreed is no answer.

use serde::Deserialize;
use serde_json::Value;
use townlake_core::pii::PiiClass;

use super::{Asked, ModelError, Opinion};

#[derive(Deserialize)]
struct Answer {
    columns: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    class: Option<String>,
    confidence: f64,
}

/// The text of a completion: OpenAI's `choices`, or Workers AI's `response`.
pub fn content(body: &Value) -> Result<String, ModelError> {
    let choice = body.pointer("/choices/0/message/content");
    match choice.or_else(|| body.get("response")) {
        Some(Value::String(text)) => Ok(text.clone()),
        // Workers AI parses JSON on its own where it can.
        Some(object @ Value::Object(_)) => Ok(object.to_string()),
        _ => Err(ModelError::Malformed("it has no text")),
    }
}

/// The opinions about the columns that were asked about, in their order.
///
/// A column that was not asked about, an unknown class or a confidence outside of 0 to 1 spoils the whole answer: a
/// model that makes one thing up makes up others.
pub fn read(text: &str, columns: &[Asked]) -> Result<Vec<Option<Opinion>>, ModelError> {
    let answer: Answer = serde_json::from_str(unfenced(text))
        .map_err(|_| ModelError::Malformed("it is not the JSON that was asked for"))?;
    let mut opinions = vec![None; columns.len()];
    for entry in answer.columns {
        let slot = columns
            .iter()
            .position(|column| column.name == entry.name)
            .and_then(|at| opinions.get_mut(at));
        let Some(slot) = slot else {
            return Err(ModelError::Malformed("it names a column that is not there"));
        };
        if slot.is_some() {
            return Err(ModelError::Malformed("it names a column twice"));
        }
        if !(0.0..=1.0).contains(&entry.confidence) {
            return Err(ModelError::Malformed("a confidence is not between 0 and 1"));
        }
        *slot = Some(Opinion {
            class: class(entry.class.as_deref())?,
            confidence: entry.confidence,
        });
    }
    Ok(opinions)
}

fn class(word: Option<&str>) -> Result<Option<PiiClass>, ModelError> {
    match word {
        None | Some("none") => Ok(None),
        Some(word) => PiiClass::ALL
            .into_iter()
            .find(|class| class.as_str() == word)
            .map(Some)
            .ok_or(ModelError::Malformed("it names a class that is not there")),
    }
}

/// Models like to put JSON into a fence of Markdown.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text
        .strip_prefix("```json")
        .or_else(|| text.strip_prefix("```"))
        .and_then(|rest| rest.strip_suffix("```"));
    inner.unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_agreed_form_counts() {
        let asked = ["mail", "n"].map(|name| Asked {
            name: name.to_owned(),
            data_type: "varchar".to_owned(),
            samples: Vec::new(),
            detectors: None,
        });
        let email = Some(Opinion {
            class: Some(PiiClass::Email),
            confidence: 0.9,
        });
        let none = Some(Opinion {
            class: None,
            confidence: 0.8,
        });
        for (text, expected) in [
            (
                r#"{"columns":[{"name":"mail","class":"email","confidence":0.9},{"name":"n","class":"none","confidence":0.8}]}"#,
                Some(vec![email, none]),
            ),
            (
                "```json\n{\"columns\":[{\"name\":\"n\",\"class\":null,\"confidence\":0.8}]}\n```",
                Some(vec![None, none]),
            ),
            (r#"{"columns":[]}"#, Some(vec![None, None])),
            (
                r#"{"columns":[{"name":"other","class":"email","confidence":0.9}]}"#,
                None,
            ),
            (
                r#"{"columns":[{"name":"mail","class":"e-mail","confidence":0.9}]}"#,
                None,
            ),
            (
                r#"{"columns":[{"name":"mail","class":"email","confidence":9}]}"#,
                None,
            ),
            (
                r#"{"columns":[{"name":"mail","class":"email","confidence":"high"}]}"#,
                None,
            ),
            (
                r#"{"columns":[{"name":"n","class":null,"confidence":1},{"name":"n","class":null,"confidence":1}]}"#,
                None,
            ),
            ("The column mail holds e-mail addresses.", None),
            ("", None),
        ] {
            assert_eq!(read(text, &asked).ok(), expected, "{text}");
        }
    }

    #[test]
    fn the_text_is_found_in_either_protocol() {
        for (body, expected) in [
            (
                serde_json::json!({"choices": [{"message": {"content": "x"}}]}),
                Some("x"),
            ),
            (serde_json::json!({"response": "x"}), Some("x")),
            (
                serde_json::json!({"response": {"columns": []}}),
                Some(r#"{"columns":[]}"#),
            ),
            (serde_json::json!({"choices": []}), None),
            (serde_json::json!(null), None),
        ] {
            assert_eq!(content(&body).ok().as_deref(), expected, "{body}");
        }
    }
}
