//! Keys, tokens and passwords: most kinds say by their first characters what they are.

/// A secret found by its own form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret<'a> {
    /// What it is, e.g. `a GitHub token`.
    pub what: &'static str,
    /// The part that all secrets of this kind share.
    pub prefix: &'static str,
    /// The secret itself. Never to be shown.
    pub value: &'a str,
}

/// Characters that a kind of secret is made of.
#[derive(Debug, Clone, Copy)]
enum Alphabet {
    Alphanumeric,
    Word,
    Upper,
    Hex,
    Any,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-',
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Any => {
                byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b',')
            }
        }
    }
}

/// Prefix, what it is, characters and the least and the most of them after the prefix.
type Kind = (&'static str, &'static str, Alphabet, usize, usize);

/// From the vendors' documentation and Gitleaks' rules (MIT).
const KINDS: &[Kind] = &[
    (
        "cfut_",
        "a Cloudflare user token",
        Alphabet::Alphanumeric,
        48,
        48,
    ),
    (
        "cfat_",
        "a Cloudflare account token",
        Alphabet::Alphanumeric,
        48,
        48,
    ),
    (
        "cfk_",
        "a Cloudflare API key",
        Alphabet::Alphanumeric,
        48,
        48,
    ),
    (
        "v1.0-",
        "a Cloudflare origin CA key",
        Alphabet::Word,
        171,
        171,
    ),
    ("ghp_", "a GitHub token", Alphabet::Alphanumeric, 36, 255),
    ("gho_", "a GitHub token", Alphabet::Alphanumeric, 36, 255),
    ("ghu_", "a GitHub token", Alphabet::Alphanumeric, 36, 255),
    ("ghs_", "a GitHub token", Alphabet::Word, 36, 600),
    ("ghr_", "a GitHub token", Alphabet::Alphanumeric, 36, 255),
    ("github_pat_", "a GitHub token", Alphabet::Word, 82, 82),
    ("AKIA", "an AWS access key", Alphabet::Upper, 16, 16),
    ("ASIA", "an AWS access key", Alphabet::Upper, 16, 16),
    ("ABIA", "an AWS access key", Alphabet::Upper, 16, 16),
    ("ACCA", "an AWS access key", Alphabet::Upper, 16, 16),
    ("AIza", "a Google API key", Alphabet::Word, 35, 35),
    ("GOCSPX-", "a Google OAuth secret", Alphabet::Word, 28, 28),
    ("ya29.", "a Google access token", Alphabet::Any, 20, 2000),
    ("xoxb-", "a Slack token", Alphabet::Word, 20, 200),
    ("xoxp-", "a Slack token", Alphabet::Word, 20, 200),
    ("xoxe-", "a Slack token", Alphabet::Word, 20, 250),
    ("xoxa-", "a Slack token", Alphabet::Word, 10, 200),
    ("xoxr-", "a Slack token", Alphabet::Word, 10, 200),
    ("xoxs-", "a Slack token", Alphabet::Word, 10, 200),
    ("xapp-", "a Slack token", Alphabet::Word, 20, 250),
    (
        "https://hooks.slack.com/services/",
        "a Slack webhook",
        Alphabet::Any,
        20,
        100,
    ),
    ("sk_live_", "a Stripe key", Alphabet::Alphanumeric, 10, 120),
    ("sk_test_", "a Stripe key", Alphabet::Alphanumeric, 10, 120),
    ("rk_live_", "a Stripe key", Alphabet::Alphanumeric, 10, 120),
    ("rk_test_", "a Stripe key", Alphabet::Alphanumeric, 10, 120),
    ("whsec_", "a webhook signing secret", Alphabet::Any, 20, 120),
    ("glpat-", "a GitLab token", Alphabet::Any, 20, 300),
    ("gldt-", "a GitLab token", Alphabet::Word, 20, 300),
    ("glrt-", "a GitLab token", Alphabet::Any, 20, 300),
    ("sk-ant-", "an Anthropic key", Alphabet::Word, 80, 130),
    ("sk-proj-", "an OpenAI key", Alphabet::Word, 40, 200),
    ("SG.", "a SendGrid key", Alphabet::Any, 60, 70),
    ("npm_", "an npm token", Alphabet::Alphanumeric, 36, 36),
    (
        "pypi-AgEIcHlwaS5vcmc",
        "a PyPI token",
        Alphabet::Word,
        50,
        1000,
    ),
    ("shpat_", "a Shopify token", Alphabet::Hex, 32, 32),
    ("shpca_", "a Shopify token", Alphabet::Hex, 32, 32),
    ("shppa_", "a Shopify token", Alphabet::Hex, 32, 32),
    ("shpss_", "a Shopify token", Alphabet::Hex, 32, 32),
    ("dapi", "a Databricks token", Alphabet::Hex, 32, 34),
    ("hvs.", "a Vault token", Alphabet::Word, 24, 200),
    ("hvb.", "a Vault token", Alphabet::Word, 24, 300),
    ("dop_v1_", "a DigitalOcean token", Alphabet::Hex, 64, 64),
    ("doo_v1_", "a DigitalOcean token", Alphabet::Hex, 64, 64),
    ("dor_v1_", "a DigitalOcean token", Alphabet::Hex, 64, 64),
    ("ntn_", "a Notion token", Alphabet::Alphanumeric, 40, 60),
    ("ops_eyJ", "a 1Password token", Alphabet::Any, 50, 2000),
    ("AGE-SECRET-KEY-1", "an age key", Alphabet::Upper, 58, 58),
    ("pscale_tkn_", "a PlanetScale token", Alphabet::Any, 32, 64),
    (
        "pscale_pw_",
        "a PlanetScale password",
        Alphabet::Any,
        32,
        64,
    ),
    (
        "pscale_oauth_",
        "a PlanetScale token",
        Alphabet::Any,
        32,
        64,
    ),
    ("sntrys_", "a Sentry token", Alphabet::Any, 60, 500),
    ("sntryu_", "a Sentry token", Alphabet::Hex, 64, 64),
    (
        "hf_",
        "a Hugging Face token",
        Alphabet::Alphanumeric,
        34,
        40,
    ),
    (
        "LTAI",
        "an Alibaba Cloud key",
        Alphabet::Alphanumeric,
        12,
        26,
    ),
    ("tlp_", "a Town Lake token", Alphabet::Word, 43, 43),
    ("$2a$", "a bcrypt hash of a password", Alphabet::Any, 56, 56),
    ("$2b$", "a bcrypt hash of a password", Alphabet::Any, 56, 56),
    ("$2y$", "a bcrypt hash of a password", Alphabet::Any, 56, 56),
    (
        "$argon2",
        "an Argon2 hash of a password",
        Alphabet::Any,
        40,
        300,
    ),
    (
        "$pbkdf2",
        "a PBKDF2 hash of a password",
        Alphabet::Any,
        30,
        300,
    ),
    (
        "pbkdf2_sha256$",
        "a PBKDF2 hash of a password",
        Alphabet::Any,
        30,
        200,
    ),
    (
        "$scrypt$",
        "an scrypt hash of a password",
        Alphabet::Any,
        30,
        300,
    ),
    ("$6$", "a crypt hash of a password", Alphabet::Any, 80, 130),
    ("$5$", "a crypt hash of a password", Alphabet::Any, 40, 100),
    ("$1$", "a crypt hash of a password", Alphabet::Any, 22, 40),
    (
        "{SSHA}",
        "an LDAP hash of a password",
        Alphabet::Any,
        28,
        60,
    ),
    ("{SHA}", "an LDAP hash of a password", Alphabet::Any, 28, 28),
];

/// The first secret inside a text, whole value or part of it.
pub fn find(text: &str) -> Option<Secret<'_>> {
    pem(text)
        .or_else(|| by_prefix(text))
        .or_else(|| jwt(text))
        .or_else(|| url_with_password(text))
}

fn pem(text: &str) -> Option<Secret<'_>> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, _) = rest.split_once("-----")?;
    (label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK").then_some(Secret {
        what: "a private key",
        prefix: "-----BEGIN ",
        value: text,
    })
}

fn by_prefix(text: &str) -> Option<Secret<'_>> {
    // A secret starts where a word does: `AKIA` inside of base64 is chance.
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        let starts = !before.is_ascii_alphanumeric() && before != b'_';
        before = byte;
        if starts
            && let Some(rest) = text.get(at..)
            && let Some(secret) = KINDS.iter().find_map(|kind| of_kind(kind, byte, rest))
        {
            return Some(secret);
        }
    }
    None
}

/// The secret that a text starts with, if it is of this kind.
fn of_kind<'a>(kind: &Kind, first: u8, text: &'a str) -> Option<Secret<'a>> {
    let (prefix, what, alphabet, min, max) = *kind;
    // Most kinds are ruled out by one byte.
    if prefix.as_bytes().first() != Some(&first) {
        return None;
    }
    let body = text.strip_prefix(prefix)?;
    let length = body.bytes().take_while(|byte| alphabet.has(*byte)).count();
    let length = body
        .get(..length)?
        .trim_end_matches(['.', ')', ';', ':', '!', '?'])
        .len();
    // Text that goes on with letters is a longer word: `npm_config_registry_of_...`.
    let ends = body
        .as_bytes()
        .get(length)
        .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_');
    let value = text.get(..prefix.len() + length)?;
    let good = ends && (min..=max).contains(&length) && is_random(body.get(..length)?);
    good.then_some(Secret {
        what,
        prefix,
        value,
    })
}

/// Whether a text looks random rather than like words: digits in it, or letters of both cases, and many different.
fn is_random(body: &str) -> bool {
    let digits = body.bytes().any(|b| b.is_ascii_digit());
    let mixed = body.bytes().any(|b| b.is_ascii_uppercase())
        && body.bytes().any(|b| b.is_ascii_lowercase());
    (digits || mixed) && distinct_bytes(body) >= 5
}

fn distinct_bytes(text: &str) -> usize {
    text.bytes()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// Three parts in base64url, the first of which is a JSON object: every such text starts with `eyJ`.
fn jwt(text: &str) -> Option<Secret<'_>> {
    text.match_indices("eyJ").find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let length = rest.bytes().take_while(|b| Alphabet::Word.has(*b) || *b == b'.').count();
        let value = rest.get(..length)?;
        let parts: Vec<&str> = value.split('.').collect();
        // A sample may be cut before the signature.
        let good = matches!(parts.as_slice(), [head, body, ..] if head.len() >= 15 && body.len() >= 10 && body.starts_with("eyJ"));
        good.then_some(Secret { what: "a signed token (JWT)", prefix: "eyJ", value })
    })
}

/// `scheme://user:password@host`.
fn url_with_password(text: &str) -> Option<Secret<'_>> {
    text.match_indices("://").find_map(|(at, mark)| {
        let authority = text
            .get(at + mark.len()..)?
            .split(['/', '?', '#', ' ', '"', '\''])
            .next()?;
        let (credentials, host) = authority.rsplit_once('@')?;
        let (_, password) = credentials.split_once(':')?;
        // Placeholders are no secrets: `postgres://user:${PASSWORD}@host`, `user:****@host`.
        let real =
            !password.is_empty() && !password.contains(['$', '{', '<', '*']) && !host.is_empty();
        real.then_some(Secret {
            what: "an address with a password in it",
            prefix: "://",
            value: text,
        })
    })
}

/// Whether a value could be a token or a key that has no mark of its own: one long word that looks random.
pub fn is_opaque(value: &str) -> bool {
    value.len() >= 16
        && value.bytes().all(|b| b.is_ascii_graphic())
        && is_random(value)
        && distinct_bytes(value) >= 8
        && !value.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_only_looks_like_one() {
        let forty = "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0";
        for (text, what) in [
            (
                format!("cfut_{forty}0a1b2c3d"),
                Some("a Cloudflare user token"),
            ),
            (format!("cfk_{forty}0a1b2c3d"), Some("a Cloudflare API key")),
            (format!("cfk_{forty}"), None),
            (
                format!("the token is ghp_{}.", &forty[..36]),
                Some("a GitHub token"),
            ),
            (format!("xghp_{}", &forty[..36]), None),
            ("AKIAIOSFODNN7EXAMPLE".to_owned(), Some("an AWS access key")),
            ("AKIAIOSFODNN7EXAMPLEX".to_owned(), None),
            (
                "npm_config_cache_directory_of_the_user_now".to_owned(),
                None,
            ),
            (
                "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
                Some("a bcrypt hash of a password"),
            ),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl".to_owned(),
                Some("a signed token (JWT)"),
            ),
            (
                "postgres://app:hunter2@db.example/main".to_owned(),
                Some("an address with a password in it"),
            ),
            (
                "postgres://app:${PASSWORD}@db.example/main".to_owned(),
                None,
            ),
            ("https://corp.example/a:b@c".to_owned(), None),
            (
                "-----BEGIN EC PRIVATE KEY-----\nMHc...".to_owned(),
                Some("a private key"),
            ),
            ("-----BEGIN CERTIFICATE-----".to_owned(), None),
            ("SG.".to_owned(), None),
            ("é-ghp_é".to_owned(), None),
        ] {
            assert_eq!(find(&text).map(|secret| secret.what), what, "{text}");
        }
        assert!(
            is_opaque("9f86d081884c7d659a2feaa0c55ad015") && !is_opaque("correct-horse-battery")
        );
    }
}
