//! The engine's configuration: one JSON file, read once at the start.
//!
//! Secrets are never in it, only the files that hold them. An unknown key is refused: a misspelt one would
//! silently not count.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// Why the engine cannot be configured.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The configuration is not what it should be.
    #[error("`{}`: {reason}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen, e.g. `127.0.0.1:8790`; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What can be read, by catalog name.
    pub catalogs: BTreeMap<String, CatalogConfig>,
    /// Where the policy comes from.
    pub policy: PolicyConfig,
    /// Who may ask.
    pub auth: AuthConfig,
    /// Who is told of finished queries. Nobody if left out.
    #[serde(default)]
    pub events: Option<EventsConfig>,
}

/// A catalog.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CatalogConfig {
    /// Iceberg tables in a local warehouse with an SQLite catalog.
    Iceberg {
        /// The folder of the tables.
        warehouse: PathBuf,
        /// The SQLite file that says which tables there are.
        catalog: PathBuf,
    },
    /// A Postgres database.
    Postgres {
        /// The file that holds its `postgres://` address.
        url_file: PathBuf,
    },
    /// Parquet files: `<directory>/<schema>/<table>/*.parquet` or `<directory>/<schema>/<table>.parquet`.
    Parquet {
        /// The folder of the schemas.
        directory: PathBuf,
    },
    /// The TPC-H benchmark's tables, made as they are read.
    Tpch {},
}

/// Where the policy comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// The document's address.
    #[serde(deserialize_with = "url")]
    pub url: Url,
    /// The file that holds the credential for it.
    pub token_file: PathBuf,
    /// How often to ask for a newer one.
    pub refresh_seconds: u32,
}

/// Who may ask.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// The file that holds the key of tokens (HS256), in base64, as Trino's `jwt.key-file`.
    pub jwt_key_file: PathBuf,
}

/// Who is told of finished queries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsConfig {
    /// Where to post.
    #[serde(deserialize_with = "url")]
    pub url: Url,
    /// The file that holds the credential for it.
    pub token_file: PathBuf,
}

impl Config {
    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// The file cannot be read, is not JSON of this form, or names a catalog that cannot be one.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let invalid = |reason: String| ConfigError::Invalid {
            file: file.to_owned(),
            reason,
        };
        let config: Self =
            serde_json::from_str(&read(file)?).map_err(|error| invalid(error.to_string()))?;
        for name in config.catalogs.keys() {
            let plain = name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if name.is_empty() || !plain {
                return Err(invalid(format!(
                    "catalog `{name}`: use lower-case letters, digits and `_`"
                )));
            }
            if name == "system" {
                return Err(invalid(
                    "catalog `system` is the engine's own; choose another name".to_owned(),
                ));
            }
        }
        if config.policy.refresh_seconds == 0 {
            return Err(invalid(
                "policy.refresh_seconds must be at least 1".to_owned(),
            ));
        }
        Ok(config)
    }
}

/// An address of a service.
fn url<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = |problem: &str| serde::de::Error::custom(format!("`{text}` {problem}"));
    let url = Url::parse(&text).map_err(|_| wrong("is no address: write http://host:port/path"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(
            "is no address: it has to start with http:// or https://",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The text is not repeated: it holds a secret.
        return Err(serde::de::Error::custom(
            "credentials belong in the token file, not in an address",
        ));
    }
    Ok(url)
}

/// A secret from its file, without the line's end.
///
/// # Errors
/// The file cannot be read or is empty.
pub fn read_secret(file: &Path) -> Result<String, ConfigError> {
    let secret = read(file)?.trim().to_owned();
    if secret.is_empty() {
        return Err(ConfigError::Invalid {
            file: file.to_owned(),
            reason: "the file is empty".to_owned(),
        });
    }
    Ok(secret)
}

fn read(file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|reason| ConfigError::File {
        file: file.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
        "listen": "127.0.0.1:0",
        "catalogs": {"tpch": {"type": "tpch"}, "files": {"type": "parquet", "directory": "files"}},
        "policy": {"url": "http://127.0.0.1:1/internal/policy", "token_file": "t", "refresh_seconds": 1},
        "auth": {"jwt_key_file": "k"}
    }"#;

    #[test]
    fn a_configuration_is_read_or_refused_with_the_place() {
        for (what, text, expected) in [
            ("as documented", GOOD.to_owned(), None),
            (
                "a misspelt key",
                GOOD.replace("refresh_seconds", "refresh"),
                Some("unknown field `refresh`"),
            ),
            (
                "an unknown kind",
                GOOD.replace("parquet", "orc"),
                Some("unknown variant `orc`"),
            ),
            (
                "no port",
                GOOD.replace("127.0.0.1:0", "127.0.0.1"),
                Some("invalid socket address"),
            ),
            (
                "a reserved name",
                GOOD.replace("\"files\":", "\"system\":"),
                Some("catalog `system`"),
            ),
            (
                "a bad name",
                GOOD.replace("\"files\":", "\"My Files\":"),
                Some("catalog `My Files`"),
            ),
            (
                "no refresh",
                GOOD.replace("\"refresh_seconds\": 1", "\"refresh_seconds\": 0"),
                Some("at least 1"),
            ),
        ] {
            let file = std::env::temp_dir()
                .join(format!("townlake-config-{}.json", what.replace(' ', "-")));
            std::fs::write(&file, text).unwrap();
            let read = Config::read(&file);
            std::fs::remove_file(&file).unwrap();
            match (read, expected) {
                (Ok(_), None) => {}
                (Err(error), Some(words)) => {
                    assert!(error.to_string().contains(words), "{what}: {error}")
                }
                (read, _) => panic!("{what}: {read:?}"),
            }
        }
    }
}
