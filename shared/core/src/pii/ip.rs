//! IP addresses, and the version numbers that look like them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the whole text is an IPv4 address of a host, bare, with a port or as `/32`.
pub fn is_ipv4(value: &str) -> bool {
    parse_v4(value).is_some()
}

fn parse_v4(value: &str) -> Option<Ipv4Addr> {
    let host = value.strip_suffix("/32").unwrap_or(value);
    let host = match host.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        Some(_) => return None,
        None => host,
    };
    host.parse().ok()
}

/// Whether an IPv4 address could as well be a version in four parts, such as `4.18.0.3`.
pub fn is_version_like(value: &str) -> bool {
    parse_v4(value).is_some_and(|address| {
        let [major, minor, patch, build] = address.octets();
        major <= 30 && minor < 100 && patch < 100 && build < 100
    })
}

/// Whether the whole text is an IPv6 address of a host, with or without brackets, zone or `/128`.
pub fn is_ipv6(value: &str) -> bool {
    let host = value.strip_suffix("/128").unwrap_or(value);
    let host = host
        .strip_prefix('[')
        .map_or(host, |rest| rest.split(']').next().unwrap_or_default());
    let host = host.split('%').next().unwrap_or_default();
    // `::`, `::1` and times such as `1::2` are no host's address worth a finding.
    let groups = host.split(':').filter(|group| !group.is_empty()).count();
    groups >= 2 && host.len() >= 7 && host.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_only_looks_like_one() {
        for (value, v4, v6) in [
            ("203.0.113.7", true, false),
            ("203.0.113.7:443", true, false),
            ("10.0.0.1/32", true, false),
            ("10.0.0.0/8", false, false),
            ("256.1.1.1", false, false),
            ("1.02.3.4", false, false),
            ("1.2.3", false, false),
            ("2001:db8::8a2e:370:7334", false, true),
            ("fe80::1ff:fe23:4567:890a%eth2", false, true),
            ("::ffff:203.0.113.7", false, true),
            ("::", false, false),
            ("12:34:56", false, false),
            ("00:1b:44:11:3a:b7", false, false),
        ] {
            assert_eq!((is_ipv4(value), is_ipv6(value)), (v4, v6), "{value}");
        }
        assert!(
            is_version_like("4.18.0.3")
                && !is_version_like("10.20.30.140")
                && !is_version_like("203.0.113.7")
        );
    }
}
