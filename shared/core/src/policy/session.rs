//! Which PII sessions are alive, and what each lifts.

use std::collections::BTreeMap;

use super::ids::{PiiSessionId, UnmaskGrantId};
use super::model::{Model, PiiSession};
use crate::names::UserName;
use crate::pii::PiiClass;
use crate::time::Timestamp;

/// A session that lifts something now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession<'a> {
    /// The session.
    pub session: &'a PiiSession,
    /// The classes whose masks it lifts, and until when: the session's end or that of the unmask grant behind
    /// it, whichever comes first.
    pub lifted: BTreeMap<PiiClass, Timestamp>,
}

impl LiveSession<'_> {
    /// The last moment at which it lifts anything.
    pub fn ends_at(&self) -> Timestamp {
        self.lifted
            .values()
            .max()
            .copied()
            .unwrap_or(self.session.expires_at)
    }
}

/// All sessions that are alive at `now`, by effective user.
///
/// One is alive while its time runs and its owner holds a live unmask grant for at least one of its classes.
/// A session whose nonce is malformed or used twice is dead: it could be taken for another person's.
pub fn live_sessions(model: &Model, now: Timestamp) -> BTreeMap<String, LiveSession<'_>> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for session in &model.pii_sessions {
        *uses.entry(session.nonce.as_str()).or_default() += 1;
    }
    model
        .pii_sessions
        .iter()
        .filter(|session| uses.get(session.nonce.as_str()) == Some(&1))
        .filter_map(|session| Some((session.effective_user(), live(model, session, now)?)))
        .collect()
}

/// The session with the id if it is alive at `now` and the user's own.
pub fn live_session<'a>(
    model: &'a Model,
    user: &UserName,
    id: &PiiSessionId,
    now: Timestamp,
) -> Option<LiveSession<'a>> {
    let session = model
        .pii_session(id)
        .filter(|session| &session.user == user)?;
    let alone = model
        .pii_sessions
        .iter()
        .filter(|other| other.nonce == session.nonce)
        .count()
        == 1;
    if alone {
        live(model, session, now)
    } else {
        None
    }
}

/// The unmask grants that let the user lift the class at `now`.
pub fn unmask_grants(
    model: &Model,
    user: &UserName,
    class: PiiClass,
    now: Timestamp,
) -> Vec<UnmaskGrantId> {
    model
        .unmask_grants
        .iter()
        .filter(|grant| {
            grant.class == class && grant.is_live(now) && model.covers(&grant.subject, user)
        })
        .map(|grant| grant.id.clone())
        .collect()
}

fn live<'a>(model: &Model, session: &'a PiiSession, now: Timestamp) -> Option<LiveSession<'a>> {
    let well_formed = !session.nonce.is_empty()
        && session
            .nonce
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    // Masks compare whole seconds, so the fraction of the last second is over for the rules too.
    if !well_formed
        || session.user.is_service()
        || now.as_seconds() >= session.expires_at.as_seconds()
    {
        return None;
    }
    let lifted: BTreeMap<_, _> = session
        .classes
        .iter()
        .filter_map(|class| {
            let granted_until = model
                .unmask_grants
                .iter()
                .filter(|grant| {
                    grant.class == *class
                        && grant.is_live(now)
                        && model.covers(&grant.subject, &session.user)
                })
                .map(|grant| grant.expires_at.unwrap_or(session.expires_at))
                .max()?;
            let until = granted_until.min(session.expires_at);
            (now.as_seconds() < until.as_seconds()).then_some((*class, until))
        })
        .collect();
    (!lifted.is_empty()).then_some(LiveSession { session, lifted })
}
