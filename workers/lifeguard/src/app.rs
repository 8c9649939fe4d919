//! What every route works with, and where it is configured.

use std::fmt;
use std::sync::Arc;

use townlake_core::names::GroupName;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::entry::ConfigError;
use townlake_kit::http::Outbound;

/// Lifeguard's parts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// Lifeguard's own database.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// The way to the IAM.
    pub outbound: Outbound,
    /// What the deployment decides.
    pub config: Arc<Config>,
}

/// What the deployment decides.
#[derive(Clone)]
pub struct Config {
    /// Where the directory is, e.g. `https://iam.corp.example/iam/v1/directory`.
    pub iam_url: String,
    /// Lifeguard's credential at the IAM.
    pub iam_token: String,
    /// Memberships that the IAM has not confirmed for longer than this, in seconds, do not count.
    pub iam_max_age_seconds: i64,
    /// Memberships are pulled again when they are older than this, in seconds.
    pub refresh_seconds: i64,
    /// Who decides reviews.
    pub reviewers: GroupName,
    /// Who makes grants.
    pub admins: GroupName,
    /// The front of the platform, for links, without a slash at the end.
    pub public_url: String,
}

impl Config {
    /// Reads the configuration from variables and secrets by name.
    pub fn read(
        variable: impl Fn(&str) -> Result<String, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let positive = |name: &str| -> Result<i64, ConfigError> {
            let value = variable(name)?.parse::<i64>().ok();
            value
                .filter(|seconds| *seconds > 0)
                .ok_or_else(|| ConfigError::Invalid {
                    name: name.to_owned(),
                    expected: "a positive number of seconds".to_owned(),
                })
        };
        let address = |name: &str| -> Result<String, ConfigError> {
            let value = variable(name)?.trim_end_matches('/').to_owned();
            let absolute = value.starts_with("http://") || value.starts_with("https://");
            absolute
                .then_some(value)
                .ok_or_else(|| ConfigError::Invalid {
                    name: name.to_owned(),
                    expected: "an http or https address".to_owned(),
                })
        };
        let group = |name: &str| -> Result<GroupName, ConfigError> {
            variable(name)?.parse().map_err(|_| ConfigError::Invalid {
                name: name.to_owned(),
                expected: "a group name".to_owned(),
            })
        };
        Ok(Self {
            iam_url: address("IAM_URL")?,
            iam_token: variable("IAM_TOKEN")?,
            iam_max_age_seconds: positive("IAM_MAX_AGE_SECONDS")?,
            refresh_seconds: positive("REFRESH_SECONDS")?,
            reviewers: group("REVIEWERS_GROUP")?,
            admins: group("ADMINS_GROUP")?,
            public_url: address("PUBLIC_URL")?,
        })
    }
}

impl fmt::Debug for Config {
    /// Everything but the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("iam_url", &self.iam_url)
            .field("iam_max_age_seconds", &self.iam_max_age_seconds)
            .field("refresh_seconds", &self.refresh_seconds)
            .field("reviewers", &self.reviewers)
            .field("admins", &self.admins)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_odd_variable_is_named() {
        let good = |name: &str| match name {
            "IAM_URL" => "http://127.0.0.1:1/iam/v1/directory",
            "IAM_TOKEN" => "secret",
            "IAM_MAX_AGE_SECONDS" => "300",
            "REFRESH_SECONDS" => "1",
            "REVIEWERS_GROUP" => "reviewers",
            "ADMINS_GROUP" => "admins",
            _ => "http://127.0.0.1:8787/",
        };
        let config = Config::read(|name| Ok(good(name).to_owned())).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:8787");
        assert!(!format!("{config:?}").contains("secret"));
        for (name, value) in [
            ("IAM_MAX_AGE_SECONDS", "0"),
            ("REFRESH_SECONDS", "soon"),
            ("ADMINS_GROUP", "The Admins"),
            ("PUBLIC_URL", "lake.corp.example"),
        ] {
            let read = |asked: &str| Ok(if asked == name { value } else { good(asked) }.to_owned());
            assert!(
                matches!(Config::read(read), Err(ConfigError::Invalid { name: told, .. }) if told == name)
            );
        }
    }
}
