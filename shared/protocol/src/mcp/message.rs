//! Reads a request: its headers and its body, and whether they agree.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{LEGACY, MAX_REQUEST_BYTES, MODERN, code, supported_versions};

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";

/// The headers that mean something to the protocol. Absent ones are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// `MCP-Protocol-Version`.
    pub version: Option<&'a str>,
    /// `Mcp-Method`.
    pub method: Option<&'a str>,
    /// `Mcp-Name`.
    pub name: Option<&'a str>,
}

/// A request's id, which its answer repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestId {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// By whose rules a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// Revision 2026-07-28: stateless, results say their type.
    Modern,
    /// The revision that the client named, one of [`LEGACY`].
    Legacy(&'static str),
}

/// A message that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// It wants an answer.
    Request(Request),
    /// It does not (202).
    Notification,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// What is asked.
    pub method: String,
    /// With what.
    pub params: Map<String, Value>,
    /// By whose rules.
    pub era: Era,
}

/// The `error` of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// See [`code`].
    pub code: i32,
    /// What is wrong and what to do.
    pub message: String,
    /// For programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A request that is not answered with a result, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The HTTP status.
    pub status: u16,
    /// The request's id, if it could be read.
    pub id: Option<RequestId>,
    /// What is wrong.
    pub error: ErrorObject,
}

impl Rejection {
    /// A rejection of a message that cannot be read as far as its id.
    pub fn new(status: u16, code: i32, message: impl Into<String>) -> Self {
        Self {
            status,
            id: None,
            error: ErrorObject {
                code,
                message: message.into(),
                data: None,
            },
        }
    }

    /// The same for the request of this id.
    pub fn of(mut self, id: &RequestId) -> Self {
        self.id = Some(id.clone());
        self
    }

    /// The same with data for programs.
    pub fn with_data(mut self, data: Value) -> Self {
        self.error.data = Some(data);
        self
    }

    /// The answer's body.
    pub fn to_json(&self) -> Value {
        match &self.id {
            Some(id) => json!({ "jsonrpc": "2.0", "id": id, "error": self.error }),
            None => json!({ "jsonrpc": "2.0", "error": self.error }),
        }
    }
}

/// Reads one POST.
pub fn read(headers: &Headers<'_>, body: &[u8]) -> Result<Incoming, Rejection> {
    check_media(headers)?;
    if body.len() > MAX_REQUEST_BYTES {
        return Err(Rejection::new(
            413,
            code::INVALID_REQUEST,
            format!(
                "the request has {} bytes; at most {MAX_REQUEST_BYTES} are read",
                body.len()
            ),
        ));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        Rejection::new(
            400,
            code::PARSE_ERROR,
            format!("the body is not JSON: {error}"),
        )
    })?;
    let invalid = |message: &str| Rejection::new(400, code::INVALID_REQUEST, message);
    let mut message = match value {
        Value::Object(message) => message,
        Value::Array(_) => {
            return Err(invalid(
                "batches are not served: send each message in a request of its own",
            ));
        }
        _ => {
            return Err(invalid(
                "the body is not a JSON-RPC message: it must be an object",
            ));
        }
    };
    let id = match message.remove("id") {
        None => None,
        Some(id) => Some(
            serde_json::from_value::<RequestId>(id)
                .map_err(|_| invalid("`id` must be a text or a whole number"))?,
        ),
    };
    let rejected = |rejection: Rejection| match &id {
        Some(id) => rejection.of(id),
        None => rejection,
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(rejected(invalid("`jsonrpc` must be \"2.0\"")));
    }
    let Some(Value::String(method)) = message.remove("method") else {
        return Err(rejected(invalid(
            "`method` must be a text; responses are not taken here",
        )));
    };
    let params = match message.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => {
            return Err(rejected(Rejection::new(
                400,
                code::INVALID_PARAMS,
                "`params` must be an object",
            )));
        }
    };
    let Some(id) = id else {
        return Ok(Incoming::Notification);
    };
    let era = era(headers, &method, &params).map_err(|rejection| rejection.of(&id))?;
    Ok(Incoming::Request(Request {
        id,
        method,
        params,
        era,
    }))
}

fn check_media(headers: &Headers<'_>) -> Result<(), Rejection> {
    let essence = |value: &str| {
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    if headers.content_type.map(essence).as_deref() != Some("application/json") {
        return Err(Rejection::new(
            415,
            code::INVALID_REQUEST,
            "send `Content-Type: application/json`",
        ));
    }
    let accepted = headers.accept.is_none_or(|accept| {
        accept
            .split(',')
            .map(essence)
            .any(|kind| matches!(kind.as_str(), "application/json" | "application/*" | "*/*"))
    });
    if accepted {
        return Ok(());
    }
    Err(Rejection::new(
        406,
        code::INVALID_REQUEST,
        "answers are JSON: send `Accept: application/json, text/event-stream`",
    ))
}

fn era(headers: &Headers<'_>, method: &str, params: &Map<String, Value>) -> Result<Era, Rejection> {
    let meta = params.get("_meta").and_then(Value::as_object);
    match (meta.and_then(|meta| meta.get(VERSION_KEY)), headers.version) {
        (Some(Value::String(version)), header) => {
            if header != Some(version) {
                return Err(mismatch("MCP-Protocol-Version", header, version));
            }
            if let Some(legacy) = legacy(version) {
                return Ok(Era::Legacy(legacy));
            }
            if version != MODERN {
                return Err(unsupported(version));
            }
            check_mirrored(headers, method, params)?;
            if meta
                .and_then(|meta| meta.get(CAPABILITIES_KEY))
                .is_none_or(|value| !value.is_object())
            {
                return Err(missing(CAPABILITIES_KEY, "an object"));
            }
            Ok(Era::Modern)
        }
        (Some(_), _) => Err(missing(VERSION_KEY, "a text")),
        // `initialize` negotiates: its header, if any, is of no consequence.
        (None, None) => Ok(Era::Legacy("2025-03-26")),
        (None, Some(version)) => match legacy(version) {
            Some(legacy) => Ok(Era::Legacy(legacy)),
            None if version == MODERN => Err(missing(VERSION_KEY, "a text")),
            None if method == "initialize" => Ok(Era::Legacy("2025-11-25")),
            None => Err(unsupported(version)),
        },
    }
}

fn legacy(version: &str) -> Option<&'static str> {
    LEGACY.into_iter().find(|legacy| *legacy == version)
}

/// Holds `Mcp-Method` and `Mcp-Name` against the body, so that nobody between us routes on something else.
fn check_mirrored(
    headers: &Headers<'_>,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Rejection> {
    if headers.method != Some(method) {
        return Err(mismatch("Mcp-Method", headers.method, method));
    }
    let source = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return Ok(()),
    };
    let Some(expected) = params.get(source).and_then(Value::as_str) else {
        return Err(Rejection::new(
            400,
            code::INVALID_PARAMS,
            format!("`params.{source}` must be a text"),
        ));
    };
    let Some(sent) = headers.name else {
        return Err(mismatch("Mcp-Name", None, expected));
    };
    match decode_sentinel(sent) {
        Some(decoded) if decoded == expected => Ok(()),
        _ => Err(mismatch("Mcp-Name", Some(sent), expected)),
    }
}

/// A header's value: as it is, or out of `=?base64?...?=`. None if it cannot be decoded.
fn decode_sentinel(value: &str) -> Option<String> {
    let value = value.trim();
    match value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    {
        None => Some(value.to_owned()),
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
    }
}

fn mismatch(header: &str, sent: Option<&str>, expected: &str) -> Rejection {
    let message = match sent {
        None => {
            format!("header mismatch: the header {header} is missing; the body says `{expected}`")
        }
        Some(sent) => format!("header mismatch: {header} is `{sent}`, the body says `{expected}`"),
    };
    Rejection::new(400, code::HEADER_MISMATCH, message)
}

fn unsupported(requested: &str) -> Rejection {
    Rejection::new(
        400,
        code::UNSUPPORTED_VERSION,
        format!("unsupported protocol version `{requested}`"),
    )
    .with_data(json!({ "supported": supported_versions(), "requested": requested }))
}

fn missing(key: &str, kind: &str) -> Rejection {
    Rejection::new(
        400,
        code::INVALID_PARAMS,
        format!("`params._meta[\"{key}\"]` must be {kind}"),
    )
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
