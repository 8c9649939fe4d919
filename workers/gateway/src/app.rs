//! What every route works with, and where it is configured.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use townlake_core::policy::model::Model;
use townlake_kit::access::{Issuer, KeyCache};
use townlake_kit::clock::Clock;
use townlake_kit::entry::ConfigError;
use townlake_kit::failure::Failure;
use townlake_kit::http::{HttpError, Outbound, Service};
use townlake_kit::policy::PolicyCache;

use crate::identify::IdentityCache;
use crate::origin::{Origin, Scheme};
use crate::trino::sync::KnownSessions;

/// The gateway's parts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// What time it is.
    pub clock: Clock,
    /// Identity, policy and audit.
    pub lifeguard: Service,
    /// Scans.
    pub skimmer: Service,
    /// Datasets and search.
    pub catalog: Service,
    /// The agent.
    pub skipper: Service,
    /// The web UI's files.
    pub assets: Service,
    /// The way to Access and its keys.
    pub access: Outbound,
    /// The way to the engine.
    pub engine: Outbound,
    /// What the deployment decides.
    pub config: Arc<Config>,
    /// What is kept between requests.
    pub kept: Kept,
}

/// What is kept between the requests of an isolate. All of it may be lost at any time.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The issuer's public keys.
    pub keys: KeyCache,
    /// The policy's model.
    pub policy: PolicyCache,
    /// Who credentials belong to.
    pub identities: IdentityCache,
    /// PII sessions that the engine is known to have heard of.
    pub sessions: KnownSessions,
}

/// What the deployment decides.
#[derive(Clone)]
pub struct Config {
    /// Whose tokens prove who a person is.
    pub issuer: Issuer,
    /// The engine's address without a slash at the end.
    pub engine_url: String,
    /// The scheme that the engine is told, whatever the caller's: Trino takes tokens only over https.
    pub engine_forwarded_proto: Scheme,
    /// The addresses of the platform; the first one is used in links.
    pub public_origins: Vec<Origin>,
    /// How old an identity or the policy's model may be.
    pub refresh_seconds: i64,
    /// Signs what the engine believes.
    pub engine_jwt_key: Vec<u8>,
    /// The engine's credential here.
    pub policy_token: String,
    /// Signs the addresses of pages.
    pub url_key: Vec<u8>,
    /// The credential of whoever ticks the crons from outside; none in production.
    pub cron_token: Option<String>,
}

impl Config {
    /// Reads the configuration from variables and secrets by name.
    ///
    /// # Errors
    /// The variable that is missing or odd. Values are never repeated.
    pub fn read(
        variable: impl Fn(&str) -> Result<String, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let invalid = |name: &str, expected: &str| ConfigError::Invalid {
            name: name.to_owned(),
            expected: expected.to_owned(),
        };
        let address = |name: &str| -> Result<String, ConfigError> {
            let value = variable(name)?.trim_end_matches('/').to_owned();
            let absolute = value.starts_with("http://") || value.starts_with("https://");
            absolute
                .then_some(value)
                .ok_or_else(|| invalid(name, "an http or https address"))
        };
        let key = |name: &str| -> Result<Vec<u8>, ConfigError> {
            let key = STANDARD.decode(variable(name)?.trim()).ok();
            // HMAC-SHA256 is as strong as its key up to 32 bytes.
            key.filter(|key| key.len() >= 32)
                .ok_or_else(|| invalid(name, "a key of at least 32 bytes in base64"))
        };
        let secret = |name: &str| -> Result<String, ConfigError> {
            let value = variable(name)?;
            if value.len() >= 16 {
                Ok(value)
            } else {
                Err(invalid(name, "a secret of at least 16 characters"))
            }
        };
        let public_origins = variable("PUBLIC_ORIGINS")?
            .split(',')
            .map(|text| Origin::parse(text.trim()))
            .collect::<Option<Vec<_>>>()
            .filter(|origins| !origins.is_empty())
            .ok_or_else(|| {
                invalid(
                    "PUBLIC_ORIGINS",
                    "a list of origins like `https://townlake.corp.example`",
                )
            })?;
        let engine_forwarded_proto = match variable("ENGINE_FORWARDED_PROTO") {
            Err(_) => Scheme::Https,
            Ok(text) => Scheme::parse(&text)
                .ok_or_else(|| invalid("ENGINE_FORWARDED_PROTO", "`http` or `https`"))?,
        };
        Ok(Self {
            issuer: Issuer {
                team_domain: address("ACCESS_TEAM_DOMAIN")?,
                audience: variable("ACCESS_AUD")?,
            },
            engine_url: address("ENGINE_URL")?,
            engine_forwarded_proto,
            public_origins,
            refresh_seconds: variable("REFRESH_SECONDS")?
                .parse()
                .ok()
                .filter(|seconds| (1..=300).contains(seconds))
                .ok_or_else(|| invalid("REFRESH_SECONDS", "a number of seconds from 1 to 300"))?,
            engine_jwt_key: key("ENGINE_JWT_KEY")?,
            policy_token: secret("POLICY_TOKEN")?,
            url_key: key("URL_KEY")?,
            cron_token: variable("CRON_TOKEN")
                .is_ok()
                .then(|| secret("CRON_TOKEN"))
                .transpose()?,
        })
    }

    /// The platform's address in links, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.public_origins
            .first()
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Config {
    /// Everything but the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("issuer", &self.issuer)
            .field("engine_url", &self.engine_url)
            .field("engine_forwarded_proto", &self.engine_forwarded_proto)
            .field("public_origins", &self.public_origins)
            .field("refresh_seconds", &self.refresh_seconds)
            .finish_non_exhaustive()
    }
}

impl App {
    /// The policy's model, at most `REFRESH_SECONDS` old.
    ///
    /// # Errors
    /// Lifeguard has none to give. Nothing may be let through then.
    pub async fn model(&self) -> Result<Arc<Model>, HttpError> {
        self.model_within(self.config.refresh_seconds).await
    }

    /// The policy's model as it is now.
    ///
    /// # Errors
    /// As [`App::model`].
    pub async fn newest_model(&self) -> Result<Arc<Model>, HttpError> {
        self.model_within(0).await
    }

    async fn model_within(&self, seconds: i64) -> Result<Arc<Model>, HttpError> {
        let now = self.clock.now();
        self.kept.policy.model(&self.lifeguard, seconds, now).await
    }

    /// The model for routes that answer with problems.
    ///
    /// # Errors
    /// As [`App::model`].
    pub async fn model_or_failure(&self) -> Result<Arc<Model>, Failure> {
        Ok(self.model().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(name: &str) -> Option<String> {
        let key = STANDARD.encode([7; 32]);
        Some(match name {
            "ACCESS_TEAM_DOMAIN" => "http://127.0.0.1:8787/".to_owned(),
            "ACCESS_AUD" => "townlake-local".to_owned(),
            "ENGINE_URL" => "http://127.0.0.1:8080".to_owned(),
            "PUBLIC_ORIGINS" => "http://127.0.0.1:8787, https://localhost:8743".to_owned(),
            "REFRESH_SECONDS" => "1".to_owned(),
            "ENGINE_JWT_KEY" | "URL_KEY" => key,
            "POLICY_TOKEN" => "a-secret-of-some-length".to_owned(),
            _ => return None,
        })
    }

    fn read(changed: &str, value: Option<&str>) -> Result<Config, ConfigError> {
        Config::read(|name| {
            let found = if name == changed {
                value.map(str::to_owned)
            } else {
                good(name)
            };
            found.ok_or_else(|| ConfigError::Missing(name.to_owned()))
        })
    }

    #[test]
    fn a_missing_or_odd_variable_is_named_and_no_secret_shown() {
        let config = read("", None).unwrap();
        assert_eq!(config.issuer.team_domain, "http://127.0.0.1:8787");
        assert_eq!(config.engine_forwarded_proto, Scheme::Https);
        assert_eq!(config.cron_token, None);
        let shown = format!("{config:?}");
        assert!(
            !shown.contains("a-secret") && !shown.contains("7, 7"),
            "{shown}"
        );
        for (name, value) in [
            ("ENGINE_URL", None),
            ("ENGINE_URL", Some("127.0.0.1:8080")),
            ("ENGINE_JWT_KEY", Some("c2hvcnQ=")),
            ("URL_KEY", Some("not base64!")),
            ("POLICY_TOKEN", Some("short")),
            ("CRON_TOKEN", Some("short")),
            ("PUBLIC_ORIGINS", Some("")),
            ("PUBLIC_ORIGINS", Some("http://a.example, b.example")),
            ("REFRESH_SECONDS", Some("0")),
            ("REFRESH_SECONDS", Some("soon")),
            ("ENGINE_FORWARDED_PROTO", Some("ftp")),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
            // Short numbers may well stand in what was expected.
            let repeated = value.is_some_and(|value| value.len() > 1 && error.contains(value));
            assert!(!repeated, "{error}");
        }
    }
}
