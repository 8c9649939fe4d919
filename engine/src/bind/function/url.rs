//! `url_extract_host` and its like.

use std::sync::LazyLock;

use ::regex::Regex;

use super::call::Call;
use super::misuse;
use crate::bind::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf::cell::{Cell, Out};

/// RFC 2396's parts: scheme, authority, path, query, fragment.
static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$")
        .ok()
});

impl Binder<'_> {
    pub(super) fn url_function(&self, call: &Call<'_>) -> Result<Option<Typed>> {
        let Some(part) = call.name.strip_prefix("url_extract_") else {
            return Ok(None);
        };
        let part = part.to_owned();
        Ok(Some(call.strict(move |row| match row {
            [Cell::Text(url)] => extract(&part, url, ""),
            [Cell::Text(url), Cell::Text(parameter)] => extract(&part, url, parameter),
            _ => Err(misuse()),
        })))
    }
}

/// A part of a URL as Java's `URI` gives it; null for what is none.
fn extract(part: &str, url: &str, parameter: &str) -> Result<Out> {
    if url.contains(|c: char| c.is_ascii_control() || " <>\"{}|\\^`".contains(c)) {
        return Ok(Out::Null);
    }
    if !url.is_ascii() || url.contains(['%', '[', ']', '@']) || url.matches('#').count() > 1 {
        return Err(Failure::unsupported(
            "A URL with escapes, user names or brackets",
        ));
    }
    let parts = PARTS.as_ref().and_then(|parts| parts.captures(url));
    let Some(parts) = parts else {
        return Err(Failure::unsupported("This URL"));
    };
    let at = |i: usize| parts.get(i).map(|part| part.as_str());
    let path = at(3).unwrap_or("");
    // Java reads `a:b` as a scheme and something opaque, and a colon in front of any slash as a mistake.
    if (at(1).is_some() && at(2).is_none() && !path.starts_with('/'))
        || (at(1).is_none()
            && at(2).is_none()
            && path
                .split('/')
                .next()
                .is_some_and(|first| first.contains(':')))
        || (at(2).is_some_and(str::is_empty))
    {
        return Err(Failure::unsupported("A URL of this kind"));
    }
    let authority = at(2).unwrap_or("");
    let (host, port) = match authority.split_once(':') {
        None => (authority, None),
        Some((host, port)) => (host, Some(port)),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let number: Option<i64> = port.and_then(|port| port.parse().ok());
    if !host.chars().all(plain)
        || host
            .split('.')
            .any(|label| label.is_empty() && !host.is_empty())
        || (port.is_some() && number.is_none())
        || host.starts_with(['-', '.'])
        || host.split('.').next_back().is_some_and(|label| {
            label.starts_with(|c: char| c.is_ascii_digit())
                && host.contains(|c: char| c.is_ascii_alphabetic())
        })
    {
        return Err(Failure::unsupported("A URL with this host"));
    }
    Ok(match part {
        "protocol" => text(at(1)),
        "host" => text(Some(host)),
        "port" => number.map_or(Out::Null, Out::Int),
        "path" => text(Some(path)),
        "query" => text(at(4)),
        "fragment" => text(at(5)),
        _ => match at(4) {
            None => Out::Null,
            Some(query) => of_query(query, parameter)?,
        },
    })
}

fn text(part: Option<&str>) -> Out {
    Out::Text(part.unwrap_or("").to_owned())
}

/// The first value of a parameter.
fn of_query(query: &str, parameter: &str) -> Result<Out> {
    if query.contains('+') {
        return Err(Failure::unsupported("A URL's parameters with escapes"));
    }
    Ok(query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(name, _)| *name == parameter)
        .map_or(Out::Null, |(_, value)| text(Some(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_url() {
        let url = "https://data.example.com:8443/a/b?x=1&y=&z#top";
        for (part, parameter, expected) in [
            ("protocol", "", Some("https")),
            ("host", "", Some("data.example.com")),
            ("port", "", Some("8443")),
            ("path", "", Some("/a/b")),
            ("query", "", Some("x=1&y=&z")),
            ("fragment", "", Some("top")),
            ("parameter", "x", Some("1")),
            ("parameter", "y", Some("")),
            ("parameter", "z", Some("")),
            ("parameter", "w", None),
        ] {
            let got = match extract(part, url, parameter).unwrap() {
                Out::Text(text) => Some(text),
                Out::Int(number) => Some(number.to_string()),
                _ => None,
            };
            assert_eq!(got.as_deref(), expected, "{part} {parameter}");
        }
    }

    #[test]
    fn what_is_no_url_has_no_parts() {
        assert!(matches!(extract("host", "no url", ""), Ok(Out::Null)));
        for url in ["mailto:ana", "http://ana@example.com", "a%20b", "http://é"] {
            assert!(extract("host", url, "").is_err(), "{url}");
        }
    }
}
