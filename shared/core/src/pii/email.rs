//! E-mail addresses.

/// Last labels of things that look like an address: `logo@2x.png`.
const FILE_ENDINGS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "ts", "json", "html", "pdf", "md",
];

/// Whether the whole text is one address, bare, as `mailto:` or as `Name <address>`.
pub fn is_email(value: &str) -> bool {
    let value = value.trim();
    let value = match value.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => value,
    };
    is_address(value.strip_prefix("mailto:").unwrap_or(value))
}

/// Whether the text is a bare address. Letters of any script are fine, blanks and quotes are not.
pub fn is_address(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let good_local = !local.is_empty()
        && local.chars().count() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    good_local && is_domain(domain)
}

fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let good_label = |label: &&str| {
        !label.is_empty()
            && label.chars().count() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let good_end = labels.last().is_some_and(|end| {
        let lower = end.to_lowercase();
        end.chars().count() >= 2
            && (end.chars().all(char::is_alphabetic) || lower.starts_with("xn--"))
            && !FILE_ENDINGS.contains(&lower.as_str())
    });
    labels.len() >= 2 && labels.iter().all(good_label) && good_end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_only_looks_like_one() {
        for (value, expected) in [
            ("ana@corp.example", true),
            ("Ana Silva <ana.silva+x@mail.corp.example>", true),
            ("mailto:ana@corp.example", true),
            ("stanisław.wójcik@wp.pl", true),
            ("用户@例子.公司", true),
            ("o'neil@corp.example", true),
            ("ana@localhost", false),
            ("react@18.2.0", false),
            ("@scope/package", false),
            ("logo@2x.png", false),
            ("git@github.com:org/repo.git", false),
            ("postgres://user:pass@db.example", false),
            ("a b@corp.example", false),
            ("ana@-corp.example", false),
            ("ana@corp..example", false),
            ("", false),
        ] {
            assert_eq!(is_email(value), expected, "{value}");
        }
    }
}
