//! Conditional requests (RFC 9110, section 13).

use http::{HeaderMap, header};

/// Whether the caller says that it has the content with the ETag.
pub fn is_current(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|candidate| {
            let candidate = candidate.trim();
            // Proxies that compress on the way make ETags weak; the comparison for GET is weak anyway.
            candidate.strip_prefix("W/").unwrap_or(candidate) == etag
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_found_in_whatever_form_it_comes_back() {
        for (sent, current) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("\"b\"", false),
            ("a", false),
            ("*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, sent.parse().unwrap());
            assert_eq!(is_current(&headers, "\"a\""), current, "{sent}");
        }
        assert!(!is_current(&HeaderMap::new(), "\"a\""));
    }
}
