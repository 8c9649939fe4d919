//! Puts a result into the form of its era.

use serde_json::{Map, Value, json};

use super::message::{Era, Request};

/// How long a result may be kept, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// The result is not of a kind that says so.
    None,
    /// The same for everyone, for so many milliseconds.
    Public(u64),
    /// For this caller only, for so many milliseconds.
    Private(u64),
}

/// A result on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The fields of the result.
    pub result: Map<String, Value>,
    /// How long it may be kept.
    pub cache: Cache,
}

impl Reply {
    /// A result. Anything but an object becomes an empty one, since every result is an object.
    pub fn new(result: Value, cache: Cache) -> Self {
        let result = match result {
            Value::Object(result) => result,
            _ => Map::new(),
        };
        Self { result, cache }
    }

    /// The answer's body for the request.
    pub fn to_json(mut self, request: &Request, server: &Value) -> Value {
        if request.era == Era::Modern {
            self.result
                .insert("resultType".to_owned(), json!("complete"));
            let (ttl, scope) = match self.cache {
                Cache::None => (None, ""),
                Cache::Public(ttl) => (Some(ttl), "public"),
                Cache::Private(ttl) => (Some(ttl), "private"),
            };
            if let Some(ttl) = ttl {
                self.result.insert("ttlMs".to_owned(), json!(ttl));
                self.result.insert("cacheScope".to_owned(), json!(scope));
            }
            self.result.insert(
                "_meta".to_owned(),
                json!({ "io.modelcontextprotocol/serverInfo": server }),
            );
        }
        json!({ "jsonrpc": "2.0", "id": request.id, "result": self.result })
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::RequestId;
    use super::*;

    #[test]
    fn only_modern_results_say_their_type_and_age() {
        let request = |era| Request {
            id: RequestId::Number(1),
            method: "tools/list".to_owned(),
            params: Map::new(),
            era,
        };
        let reply = || Reply::new(json!({ "tools": [] }), Cache::Private(1000));
        let server = json!({ "name": "skipper" });
        let modern = reply().to_json(&request(Era::Modern), &server);
        assert_eq!(modern["result"]["resultType"], "complete");
        assert_eq!(modern["result"]["ttlMs"], 1000);
        assert_eq!(modern["result"]["cacheScope"], "private");
        assert_eq!(
            modern["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
            "skipper"
        );
        let legacy = reply().to_json(&request(Era::Legacy("2025-11-25")), &server);
        assert_eq!(legacy["result"], json!({ "tools": [] }));
    }
}
