//! The model as an engine's policy document.
//!
//! Rules are first-match and nothing merges, so each table gets one rule per class of users with the same
//! effective access ([`evaluate`](super::evaluate)), for a group that holds exactly these users; tables with
//! the same rule share it. A table that everyone may know of ends in a rule that lists it and shows nothing.
//! Users of PII sessions are in no group: their rules name them.
//!
//! The document closes whatever it does not say: all twelve sections are there.

mod names;
mod sections;
mod tables;

use std::collections::BTreeMap;

use serde_json::json;

use super::document::{Document, DocumentError, Groups, Meta};
use super::fingerprint::short_hash;
use super::interpret::AccessControl;
use super::model::Model;
use super::session::live_sessions;
use crate::time::Timestamp;

pub use names::group_of;

/// How long a document may be enforced without news from its author.
pub const VALIDITY_SECONDS: i64 = 300;

/// How long an engine may take to notice that a grant or session has run out while it is in touch: longer than
/// any refresh period. Out of touch, nothing outlives its expiry by more than this.
pub const REFRESH_GRACE_SECONDS: i64 = 15;

/// What Trino takes at most as the answer of a policy server.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Renders all that holds at `now`. The same model and moment give the same bytes.
pub fn render(model: &Model, now: Timestamp) -> Document {
    let sessions = live_sessions(model, now);
    let classes = tables::Classes::new(model, now);
    let mut groups: Groups = model
        .groups
        .iter()
        .filter(|(group, _)| !names::is_synthetic(group.as_str()))
        .map(|(group, members)| {
            (
                group.to_string(),
                members.iter().map(ToString::to_string).collect(),
            )
        })
        .collect();
    let table_policies = classes.policies(model, &sessions);
    groups.extend(
        table_policies
            .groups
            .iter()
            .map(|(group, members)| (group.clone(), members.clone())),
    );
    Document {
        meta: Meta {
            version: model.version,
            rendered_at: now,
            valid_until: valid_until(model, now),
        },
        groups,
        trino: sections::rules(model, &sessions, &table_policies),
    }
}

/// Renders and validates. Serve only this.
///
/// # Errors
/// If the model holds something that cannot be said in rules. The last good document then goes on being
/// served until it is no longer valid.
pub fn render_valid(model: &Model, now: Timestamp) -> Result<Document, DocumentError> {
    let document = render(model, now);
    validate(&document)?;
    Ok(document)
}

/// Whether an engine would accept the document and read it as it was meant.
///
/// # Errors
/// What is wrong with it.
pub fn validate(document: &Document) -> Result<(), DocumentError> {
    AccessControl::new(document)?;
    for (group, members) in &document.groups {
        if names::is_synthetic(group) && &group_of(members) != group {
            return Err(DocumentError::Rule {
                place: format!("groups.{group}"),
                reason: "its name is not the hash of its members".to_owned(),
            });
        }
    }
    let tables = document
        .trino
        .tables
        .iter()
        .flatten()
        .map(|rule| rule.group.as_deref());
    let catalogs = document
        .trino
        .catalogs
        .iter()
        .flatten()
        .map(|rule| rule.group.as_deref());
    for pattern in tables.chain(catalogs).flatten() {
        let known = document
            .groups
            .keys()
            .any(|group| names::literal(group) == pattern);
        if !known {
            return Err(DocumentError::Rule {
                place: "groups".to_owned(),
                reason: format!("there is no group for the rule of `{pattern}`"),
            });
        }
    }
    let bytes = serde_json::to_vec(document)
        .map_err(|error| DocumentError::Json(error.to_string()))?
        .len();
    if bytes > MAX_BYTES {
        return Err(DocumentError::Rule {
            place: "document".to_owned(),
            reason: format!("it has {bytes} bytes, more than the {MAX_BYTES} that an engine takes"),
        });
    }
    Ok(())
}

/// A word for the document's content, times left out: same word, same rules and version.
pub fn etag(document: &Document) -> String {
    short_hash(&json!([document.meta.version, document.groups, document.trino]).to_string())
}

/// When the rendered document changes by itself: the next expiry of a grant, an unmask grant or a session.
pub fn next_change_at(model: &Model, now: Timestamp) -> Option<Timestamp> {
    let grants = model.grants.iter().filter_map(|grant| grant.expires_at);
    let unmask_grants = model
        .unmask_grants
        .iter()
        .filter_map(|grant| grant.expires_at);
    let sessions = model.pii_sessions.iter().map(|session| session.expires_at);
    grants
        .chain(unmask_grants)
        .chain(sessions)
        .filter(|moment| *moment > now)
        .min()
}

/// Until when what holds at `now` may be enforced without news. Also for an answer that says "nothing new".
pub fn valid_until(model: &Model, now: Timestamp) -> Timestamp {
    let longest = now.plus_seconds(VALIDITY_SECONDS);
    next_change_at(model, now).map_or(longest, |change| {
        longest.min(change.plus_seconds(REFRESH_GRACE_SECONDS))
    })
}

/// Live sessions by effective user, as the parts of this module pass them on.
type Sessions<'a> = BTreeMap<String, super::session::LiveSession<'a>>;
