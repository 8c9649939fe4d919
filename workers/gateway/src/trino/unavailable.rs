//! Parts that are away, in words that say what became of the statement. Causes go to the log only.

use http::StatusCode;
use townlake_core::advice::Advice;
use townlake_kit::failure::Failure;
use townlake_kit::http::HttpError;
use townlake_kit::log;
use townlake_protocol::trino::ErrorCode;

use super::answer::Refused;

/// The engine is away, in words that say what became of the statement.
pub fn engine_away(error: &HttpError) -> Refused {
    let detail = match error {
        HttpError::Timeout { .. } => {
            "it took the statement, perhaps, and then said nothing for too long"
        }
        _ => "nothing was run",
    };
    let advice = Advice::new(
        "engine_unavailable",
        "the query engine does not answer",
        detail,
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

/// There is nothing to decide with.
pub fn no_policy(error: &HttpError) -> Refused {
    log::error(
        "there is no policy to decide with",
        &[("cause", error.to_string().into())],
    );
    let advice = Advice::new(
        "policy_unavailable",
        "the policy cannot be read at the moment",
        "without it everything is closed; nothing was run",
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

/// The engine's policy is older than the session that the query runs under.
pub fn engine_behind(failure: &Failure) -> Refused {
    let advice = Advice::new(
        "engine_behind",
        "the query engine has not heard of the newest policy yet",
        failure.problem().title.clone(),
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

/// What is seen unmasked could not be put on record.
pub fn no_record(error: &HttpError) -> Refused {
    log::error(
        "a query under a PII session could not be recorded",
        &[("cause", error.to_string().into())],
    );
    let advice = Advice::new(
        "audit_unavailable",
        "the query was not run",
        "queries under a PII session are recorded first, and the record could not be written",
    )
    .with_hint("try again in a few seconds");
    Refused::new(ErrorCode::GenericInternalError, advice)
}

/// The engine answered with something that is no answer to a statement.
pub fn engine_odd(status: StatusCode) -> Refused {
    let detail = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "it does not accept the gateway's credential"
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            "it is too busy or still starting"
        }
        _ => "its answer cannot be read",
    };
    let advice = Advice::new(
        "engine_odd",
        "the query engine did not take the statement",
        detail,
    )
    .with_hint("try again in a few seconds; if it stays so, tell whoever runs the platform");
    Refused::new(ErrorCode::GenericInternalError, advice)
}
