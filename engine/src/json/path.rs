//! Paths into JSON: `$.a[1]["b"]`.

use super::Json;

/// A path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<String>);

impl Path {
    /// Reads a path; nothing for one that goes to several values, or is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(name) = rest.strip_prefix('.') {
                let end = name.find(['.', '[']).unwrap_or(name.len());
                name.split_at_checked(end)?
            } else if let Some(quoted) = rest.strip_prefix("[\"") {
                quoted.split_once("\"]")?
            } else {
                rest.strip_prefix('[')?.split_once(']')?
            };
            let plain = step
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
            if step.is_empty() || !plain {
                return None;
            }
            steps.push(step.to_owned());
            rest = after;
        }
        Some(Self(steps))
    }

    /// What the path leads to, if it leads anywhere.
    pub fn find<'j>(&self, value: &'j Json) -> Option<&'j Json> {
        self.0.iter().try_fold(value, |value, step| match value {
            Json::Object(fields) => fields
                .iter()
                .find(|(key, _)| key == step)
                .map(|(_, value)| value),
            Json::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Whether it is `$`.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Read, read};
    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let Read::Value(value) = read("{\"a\": [1, {\"b c\": \"x\"}], \"1\": true}") else {
            panic!("it is JSON");
        };
        for (path, found) in [
            ("$", Some("{\"a\":[1,{\"b c\":\"x\"}],\"1\":true}")),
            ("$.a[0]", Some("1")),
            ("$.a[1][\"b c\"]", Some("\"x\"")),
            ("$.1", Some("true")),
            ("$.a[2]", None),
            ("$.c", None),
        ] {
            let got = Path::parse(path).unwrap().find(&value).map(Json::compact);
            assert_eq!(got.as_deref(), found, "{path}");
        }
    }

    #[test]
    fn paths_to_several_values_are_not_read() {
        for path in ["$..a", "$.*", "$[*]", "a", "$.a[", "$.a?"] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
