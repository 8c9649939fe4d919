//! What a client's headers say about its session, and which of them go on to the engine.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use townlake_core::names::UserName;
use townlake_protocol::trino::headers;
use townlake_sql::Session;

use crate::origin::single;

/// The session property that names a PII session.
pub const PII_PROPERTY: &str = "pii_session";

/// Headers that go on as they are. Everything about identity is made anew, and an answer in another encoding (spooled
/// segments) would come from elsewhere, unchecked.
const PASSED: [&str; 11] = [
    headers::CATALOG,
    headers::SCHEMA,
    "x-trino-path",
    headers::SOURCE,
    headers::TIME_ZONE,
    "x-trino-language",
    "x-trino-trace-token",
    headers::PREPARED_STATEMENT,
    "x-trino-transaction-id",
    headers::CLIENT_INFO,
    "x-trino-client-tags",
];

/// As above, but more than one line of each may come.
const PASSED_LISTS: [&str; 2] = [headers::CLIENT_CAPABILITIES, "x-trino-resource-estimate"];

/// A client's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSession {
    /// What names in statements are read against.
    pub sql: Session,
    /// The PII session that it names.
    pub pii: Option<String>,
    /// The headers for the engine, without those about identity.
    pub headers: HeaderMap,
}

/// The header of one prepared statement. It goes on alone: of two names that differ in case, an engine might take the
/// other one, which nobody has read.
pub fn prepared_header(name: &str, text: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!("{}={}", encoded(name), encoded(text))
}

/// Why a client's headers cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// A user other than the caller.
    #[error("`{header}` names `{named}`, but the credential belongs to `{caller}`")]
    OtherUser {
        /// The header.
        header: &'static str,
        /// Whom it names.
        named: String,
        /// Who asks.
        caller: UserName,
    },
    /// A header that is there more than once or is not text.
    #[error("the header `{0}` cannot be read")]
    Unreadable(&'static str),
    /// An entry that is not `name=value`.
    #[error(
        "the header `{0}` is not a list of `name=value`, with percent-encoded values, separated by commas"
    )]
    Malformed(&'static str),
    /// Two PII sessions.
    #[error("the session property `pii_session` is there more than once")]
    TwoPiiSessions,
}

/// Reads a client's headers.
///
/// # Errors
/// A header is malformed, or names someone else.
pub fn read(client: &HeaderMap, caller: &UserName) -> Result<ClientSession, SessionError> {
    for header in [headers::USER, headers::ORIGINAL_USER] {
        match single(client, header) {
            Some(named) if !named.trim().eq_ignore_ascii_case(caller.as_str()) => {
                return Err(SessionError::OtherUser {
                    header,
                    named: named.to_owned(),
                    caller: caller.clone(),
                });
            }
            None if client.contains_key(header) => return Err(SessionError::Unreadable(header)),
            _ => {}
        }
    }
    let mut passed = HeaderMap::new();
    for name in PASSED.into_iter().chain(PASSED_LISTS) {
        for value in client.get_all(name) {
            passed.append(HeaderName::from_static(name), value.clone());
        }
    }
    let (pii, properties) = properties(client)?;
    if !properties.is_empty() {
        let value = HeaderValue::from_str(&properties.join(","))
            .map_err(|_| SessionError::Malformed(headers::SESSION))?;
        passed.insert(HeaderName::from_static(headers::SESSION), value);
    }
    let sql = Session {
        catalog: text(client, headers::CATALOG)?,
        schema: text(client, headers::SCHEMA)?,
        prepared: prepared(client)?,
    };
    Ok(ClientSession {
        sql,
        pii,
        headers: passed,
    })
}

/// The PII session, and all other properties as they were sent.
fn properties(client: &HeaderMap) -> Result<(Option<String>, Vec<String>), SessionError> {
    let mut pii = None;
    let mut others = Vec::new();
    for (entry, name, value) in entries(client, headers::SESSION)? {
        if !name.trim().eq_ignore_ascii_case(PII_PROPERTY) {
            others.push(entry);
        } else if pii.replace(value).is_some() {
            return Err(SessionError::TwoPiiSessions);
        }
    }
    Ok((pii.filter(|id| !id.is_empty()), others))
}

fn prepared(client: &HeaderMap) -> Result<BTreeMap<String, String>, SessionError> {
    Ok(entries(client, headers::PREPARED_STATEMENT)?
        .into_iter()
        .map(|(_, name, value)| (name, value))
        .collect())
}

/// All entries of a header: as sent, and decoded into name and value.
fn entries(
    client: &HeaderMap,
    header: &'static str,
) -> Result<Vec<(String, String, String)>, SessionError> {
    let mut entries = Vec::new();
    for line in client.get_all(header) {
        let line = line
            .to_str()
            .map_err(|_| SessionError::Unreadable(header))?;
        for entry in line
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (name, value) = entry
                .split_once('=')
                .ok_or(SessionError::Malformed(header))?;
            let decoded = |text: &str| decode(text).ok_or(SessionError::Malformed(header));
            entries.push((
                entry.to_owned(),
                decoded(name.trim())?,
                decoded(value.trim())?,
            ));
        }
    }
    Ok(entries)
}

/// Java's form encoding, in which `+` is a space.
fn decode(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', "%20"))
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

fn text(client: &HeaderMap, header: &'static str) -> Result<Option<String>, SessionError> {
    match single(client, header) {
        Some(value) => Ok(Some(value.trim().to_lowercase()).filter(|value| !value.is_empty())),
        None if client.contains_key(header) => Err(SessionError::Unreadable(header)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_pii_session_is_taken_out_and_the_rest_goes_on_as_sent() {
        let caller: UserName = "ana@corp.example".parse().unwrap();
        let client = map(&[
            ("x-trino-user", "Ana@corp.example"),
            (
                "x-trino-session",
                "query_max_run_time=1h, pii_session=pii_1,lake.x=a%2Cb",
            ),
            ("x-trino-prepared-statement", "p=SELECT+1%2C+%3F"),
            ("x-trino-role", "system=ROLE{admin}"),
            ("x-trino-extra-credential", "a=b"),
            ("x-trino-query-data-encoding", "json+zstd"),
            ("x-trino-catalog", "Lake"),
        ]);
        let session = read(&client, &caller).unwrap();
        assert_eq!(session.pii.as_deref(), Some("pii_1"));
        assert_eq!(
            session.headers["x-trino-session"],
            "query_max_run_time=1h,lake.x=a%2Cb"
        );
        assert_eq!(session.sql.prepared["p"], "SELECT 1, ?");
        assert_eq!(session.sql.catalog.as_deref(), Some("lake"));
        for gone in [
            "x-trino-user",
            "x-trino-role",
            "x-trino-extra-credential",
            "x-trino-query-data-encoding",
        ] {
            assert!(!session.headers.contains_key(gone), "{gone}");
        }
    }

    #[test]
    fn headers_that_say_two_things_are_refused() {
        let caller: UserName = "ana@corp.example".parse().unwrap();
        for pairs in [
            &[("x-trino-user", "ines@corp.example")][..],
            &[("x-trino-original-user", "ines@corp.example")],
            &[
                ("x-trino-user", "ana@corp.example"),
                ("x-trino-user", "ines@corp.example"),
            ],
            &[("x-trino-user", "ana@corp.example+pii.abc")],
            &[("x-trino-session", "pii_session=a,PII_SESSION=b")],
            &[("x-trino-session", "pii_session")],
            &[("x-trino-session", "x=%ff")],
            &[("x-trino-catalog", "lake"), ("x-trino-catalog", "tpch")],
        ] {
            assert!(read(&multi(pairs), &caller).is_err(), "{pairs:?}");
        }
    }

    fn multi(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        map
    }
}
