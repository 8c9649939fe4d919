//! Why someone may or may not see something, who may, and what to ask for.

mod refusal;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use refusal::{Refusal, refusal, smallest_group, write_refusal};

use super::evaluate::{
    Asker, ColumnAccess, ColumnDecision, ColumnReason, Standing, Visibility, access,
    may_read_everything,
};
use super::ids::{GrantId, PiiSessionId, UnmaskGrantId};
use super::model::{Grant, Model, Privilege, Subject};
use super::render::next_change_at;
use super::session::{live_sessions, unmask_grants};
use crate::names::{TableRef, UserName};
use crate::pii::PiiClass;
use crate::time::Timestamp;

/// What one user may do with a table, and which grant, review or missing piece decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Whose access it is.
    pub user: UserName,
    /// To which table.
    pub table: TableRef,
    /// How much of it they may know of.
    pub visibility: Visibility,
    /// What they may do.
    pub privileges: BTreeSet<Privilege>,
    /// Its reviewed columns, or the one that was asked about. Never a denied one.
    pub columns: Vec<ColumnDecision>,
    /// How many more columns await review. Their names are not for everyone.
    pub awaiting_review: usize,
    /// Only rows for which this SQL holds; all if none.
    pub row_filter: Option<String>,
    /// The live grants behind it.
    pub grants: Vec<Grant>,
    /// The PII session in effect.
    pub session: Option<PiiSessionId>,
    /// The masks that the user could lift for a while, and by which unmask grants.
    pub liftable: BTreeMap<PiiClass, Vec<UnmaskGrantId>>,
    /// What is missing, if they cannot read what was asked about.
    pub refusal: Option<Refusal>,
    /// When any of this may change by itself.
    pub next_change_at: Option<Timestamp>,
}

/// One user who sees something, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// The user.
    pub user: UserName,
    /// Under which PII session, if it makes a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<PiiSessionId>,
    /// What they read of the column, if one was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<ColumnAccess>,
    /// Only in rows for which this SQL holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_where: Vec<String>,
    /// By which grants. None: a program that reads everything.
    pub grants: Vec<GrantId>,
}

/// Explains the asker's access to a table, or to one column of it.
pub fn explain(
    model: &Model,
    asker: Asker<'_>,
    table: &TableRef,
    column: Option<&str>,
    now: Timestamp,
) -> Explanation {
    let standing = Standing::new(model, asker, now);
    let found = standing.access(table);
    let wanted = |decision: &ColumnDecision| match column {
        Some(column) => decision.name == column && decision.reason != ColumnReason::Denied,
        None => {
            decision.access != ColumnAccess::Hidden || decision.reason == ColumnReason::NotGranted
        }
    };
    let liftable = found
        .columns
        .iter()
        .filter(|decision| wanted(decision))
        .filter_map(|decision| match decision.access {
            ColumnAccess::Masked { class } => {
                Some((class, unmask_grants(model, asker.user, class, now)))
            }
            _ => None,
        })
        .filter(|(_, grants)| !grants.is_empty())
        .collect();
    Explanation {
        user: asker.user.clone(),
        table: table.clone(),
        visibility: found.visibility,
        awaiting_review: found
            .columns
            .iter()
            .filter(|decision| awaits_review(decision))
            .count(),
        grants: standing.grants_on(table).cloned().collect(),
        liftable,
        refusal: refusal(model, asker, table, column.as_slice(), now),
        next_change_at: next_change_at(model, now),
        columns: found
            .columns
            .into_iter()
            .filter(|decision| wanted(decision))
            .collect(),
        privileges: found.privileges,
        row_filter: found.row_filter,
        session: found.session,
    }
}

/// Everyone who reads the table, or the column of it, at `now`, programs included.
pub fn who_can_see(
    model: &Model,
    table: &TableRef,
    column: Option<&str>,
    now: Timestamp,
) -> Vec<Viewer> {
    let mut users: BTreeSet<&UserName> = BTreeSet::new();
    for grant in model
        .grants
        .iter()
        .filter(|grant| grant.is_live(now) && grant.table.matches(table))
    {
        match &grant.subject {
            Subject::User(user) => users.extend([user]),
            Subject::Group(group) => users.extend(model.groups.get(group).into_iter().flatten()),
        }
    }
    let services = model.services.iter().map(|service| &service.user);
    users.extend(services.filter(|service| may_read_everything(model, service)));
    let sessions = live_sessions(model, now);
    let in_sessions = sessions.values().map(|live| Asker {
        user: &live.session.user,
        session: Some(&live.session.id),
    });
    let plain = users
        .iter()
        .map(|user| viewer(model, Asker::plain(user), table, column, now));
    // A session counts only if it shows more than its owner sees without it.
    let lifted = in_sessions.map(|asker| {
        let without = viewer(model, Asker::plain(asker.user), table, column, now)?;
        viewer(model, asker, table, column, now).filter(|viewer| viewer.access != without.access)
    });
    plain.chain(lifted).flatten().collect()
}

fn viewer(
    model: &Model,
    asker: Asker<'_>,
    table: &TableRef,
    column: Option<&str>,
    now: Timestamp,
) -> Option<Viewer> {
    let found = access(model, asker, table, now);
    if found.visibility != Visibility::Readable {
        return None;
    }
    let decision = match column {
        None => None,
        Some(column) => Some(
            found
                .column(column)
                .filter(|decision| decision.access != ColumnAccess::Hidden)?,
        ),
    };
    let condition = decision.and_then(|decision| decision.only_where.clone());
    Some(Viewer {
        user: asker.user.clone(),
        session: found.session.clone(),
        access: decision.map(|decision| decision.access),
        only_where: found.row_filter.iter().cloned().chain(condition).collect(),
        grants: found.grants,
    })
}

/// Whether the column waits for a reviewer, which its table may do as a whole.
fn awaits_review(decision: &ColumnDecision) -> bool {
    matches!(
        decision.reason,
        ColumnReason::TableAwaitsReview
            | ColumnReason::AwaitsReview
            | ColumnReason::TypeChanged { .. }
    )
}
