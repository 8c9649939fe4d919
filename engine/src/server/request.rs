//! A request's headers.

use std::collections::BTreeMap;

use http::HeaderMap;
use townlake_protocol::trino::headers;

use crate::clock;
use crate::error::{Failure, Result};
use crate::session::Session;
use crate::zone::SessionZone;

/// A header's text, if it is there and not empty.
pub fn text(map: &HeaderMap, name: &str) -> Option<String> {
    map.get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Where the client sees the engine: scheme, host and the path before ours.
#[derive(Debug, Clone)]
pub struct Base(pub String);

impl Base {
    /// From the forwarded headers, which only the gateway in front can send.
    pub fn of(map: &HeaderMap) -> Self {
        let scheme = match text(map, "x-forwarded-proto").as_deref() {
            Some("https") => "https",
            _ => "http",
        };
        let host = text(map, "x-forwarded-host")
            .or_else(|| text(map, "host"))
            .unwrap_or_else(|| "localhost".to_owned());
        let prefix = text(map, "x-forwarded-prefix").unwrap_or_default();
        Self(format!("{scheme}://{host}{}", prefix.trim_end_matches('/')))
    }
}

/// The session of a request.
///
/// # Errors
/// A header that makes no sense, as Trino would answer with status 400.
pub fn session(map: &HeaderMap, principal: &str) -> std::result::Result<Session, String> {
    let user = text(map, headers::USER);
    let original = text(map, headers::ORIGINAL_USER);
    let user = user.unwrap_or_else(|| principal.to_owned());
    let original_user = original.unwrap_or_else(|| user.clone());
    let zone = match text(map, headers::TIME_ZONE) {
        None => SessionZone::Region(chrono_tz::UTC),
        Some(name) => SessionZone::parse(&name).map_err(|_| {
            format!("Invalid X-Trino-Time-Zone header: '{name}' is not a time zone")
        })?,
    };
    let capabilities = text(map, headers::CLIENT_CAPABILITIES).unwrap_or_default();
    let catalog = text(map, headers::CATALOG).map(|name| name.to_lowercase());
    let schema = text(map, headers::SCHEMA).map(|name| name.to_lowercase());
    if catalog.is_none() && schema.is_some() {
        return Err("Schema is set but catalog is not".to_owned());
    }
    Ok(Session {
        user,
        original_user,
        principal: principal.to_owned(),
        source: text(map, headers::SOURCE),
        catalog,
        schema,
        zone,
        start: clock::nanos(),
        prepared: pairs(map, headers::PREPARED_STATEMENT)?,
        properties: pairs(map, headers::SESSION)?,
        parametric_datetime: capabilities
            .split(',')
            .any(|capability| capability.trim() == "PARAMETRIC_DATETIME"),
    })
}

/// `name=value` pairs, values encoded as in a form, from all headers of the name.
fn pairs(map: &HeaderMap, name: &str) -> std::result::Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    for value in map.get_all(name) {
        let value = value
            .to_str()
            .map_err(|_| format!("Invalid {name} header"))?;
        for pair in value
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("Invalid {name} header"))?;
            pairs.insert(decode(key.trim()), decode(value.trim()));
        }
    }
    Ok(pairs)
}

fn decode(text: &str) -> String {
    url::form_urlencoded::parse(format!("v={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The statement of a request's body.
///
/// # Errors
/// It is not UTF-8.
pub fn statement(body: &[u8]) -> Result<String> {
    String::from_utf8(body.to_vec()).map_err(|_| {
        Failure::new(
            townlake_protocol::trino::ErrorCode::SyntaxError,
            "the statement is not UTF-8",
        )
    })
}
