//! What a request shows to prove who sends it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use townlake_kit::failure::Failure;

/// Cloudflare Access puts its token here, on each request that it lets through.
pub const ASSERTION_HEADER: &str = "cf-access-jwt-assertion";

/// All personal access tokens begin so.
const TOKEN_PREFIX: &str = "tlp_";

/// What a request shows. At least one of the two is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// A token of Access, not yet verified.
    pub assertion: Option<String>,
    /// A personal access token, not yet looked up.
    pub token: Option<Token>,
}

/// A personal access token as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The secret.
    pub secret: String,
    /// The user name beside it, where it was sent as a password.
    pub user: Option<String>,
}

impl Credentials {
    /// Reads them from a request's headers.
    ///
    /// # Errors
    /// 401 if there are none, or if they are of no kind that is accepted. Nothing of them is repeated.
    pub fn read(headers: &HeaderMap) -> Result<Self, Failure> {
        let assertion = only_one(headers, ASSERTION_HEADER)?.map(text).transpose()?;
        let token = only_one(headers, header::AUTHORIZATION.as_str())?
            .map(authorization)
            .transpose()?;
        let assertion = assertion
            .filter(|assertion| !assertion.is_empty())
            .map(str::to_owned);
        if assertion.is_none() && token.is_none() {
            return Err(Failure::unauthorized("credential_missing", "the request does not say who sends it")
                .with_hint("sign in, or send a personal access token as `Authorization: Bearer`, or as the password"));
        }
        Ok(Self { assertion, token })
    }
}

impl fmt::Debug for Credentials {
    /// Which kinds there are, without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("assertion", &self.assertion.is_some())
            .field("token", &self.token.is_some())
            .finish()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

fn only_one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h HeaderValue>, Failure> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        // Whoever reads the first and whoever reads the last would see two different callers.
        return Err(Failure::unauthorized(
            "credential_twice",
            format!("the header `{name}` is there more than once"),
        ));
    }
    Ok(value)
}

fn text(value: &HeaderValue) -> Result<&str, Failure> {
    value.to_str().map_err(|_| unreadable())
}

fn authorization(value: &HeaderValue) -> Result<Token, Failure> {
    let (scheme, rest) = text(value)?.split_once(' ').ok_or_else(unreadable)?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return token(rest, None);
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let bytes = STANDARD.decode(rest).map_err(|_| unreadable())?;
        let pair = String::from_utf8(bytes).map_err(|_| unreadable())?;
        let (user, password) = pair.split_once(':').ok_or_else(unreadable)?;
        return token(password, Some(user).filter(|user| !user.is_empty()));
    }
    Err(Failure::unauthorized(
        "credential_unknown",
        "`Authorization` is neither Bearer nor Basic",
    )
    .with_hint("send a personal access token as `Authorization: Bearer`, or as the password"))
}

fn token(secret: &str, user: Option<&str>) -> Result<Token, Failure> {
    if !secret.starts_with(TOKEN_PREFIX) {
        return Err(Failure::unauthorized(
            "credential_unknown",
            "this is no personal access token of Town Lake",
        )
        .with_hint(
            "make a token in Town Lake and send it as `Authorization: Bearer`, or as the password",
        ));
    }
    Ok(Token {
        secret: secret.to_owned(),
        user: user.map(str::to_owned),
    })
}

fn unreadable() -> Failure {
    Failure::unauthorized("credential_unreadable", "`Authorization` cannot be read")
        .with_hint("send a personal access token as `Authorization: Bearer`, or as the password")
}
