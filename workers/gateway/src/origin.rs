//! The addresses that the platform answers to.

use std::fmt;

use axum::extract::Request;
use http::{HeaderMap, header};

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// From `http` or `https`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A scheme and a host with its port, e.g. `https://localhost:8743`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The scheme.
    pub scheme: Scheme,
    /// The host in lower case, with the port if it is not the scheme's own.
    pub host: String,
}

impl Origin {
    /// From text like `https://localhost:8743`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.trim_end_matches('/').split_once("://")?;
        let scheme = Scheme::parse(scheme)?;
        let plain = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
        plain.then(|| Self {
            scheme,
            host: without_own_port(scheme, host),
        })
    }

    /// The origin that a request was sent to.
    ///
    /// What stands in front of the Worker (Cloudflare, or the local edge) says in `X-Forwarded-*` what it was
    /// asked for. A client that writes these itself gains nothing: whatever they say has to be on the list of
    /// the platform's own origins, and a page from elsewhere cannot set them.
    pub fn of_request(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let scheme = single(headers, "x-forwarded-proto")
            .or_else(|| request.uri().scheme_str())
            .unwrap_or("http");
        let host = single(headers, "x-forwarded-host")
            .or_else(|| single(headers, header::HOST.as_str()))
            .or_else(|| request.uri().authority().map(http::uri::Authority::as_str))?;
        Self::parse(&format!("{scheme}://{host}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)
    }
}

/// A header's value if it is there exactly once and is text.
pub fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        None
    } else {
        value.to_str().ok()
    }
}

fn without_own_port(scheme: Scheme, host: &str) -> String {
    let own = match scheme {
        Scheme::Http => ":80",
        Scheme::Https => ":443",
    };
    host.strip_suffix(own).unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_without_their_own_port_and_case() {
        for (text, expected) in [
            ("https://LOCALHOST:8743", Some("https://localhost:8743")),
            ("https://a.example:443/", Some("https://a.example")),
            ("http://[::1]:8787", Some("http://[::1]:8787")),
            ("ftp://a.example", None),
            ("https://", None),
            ("https://a.example/path", None),
            ("https://user@a.example", None),
            ("null", None),
        ] {
            let actual = Origin::parse(text).map(|origin| origin.to_string());
            assert_eq!(actual.as_deref(), expected, "{text}");
        }
    }
}
