//! What a person may do with a table: the union of their live grants, cut down by the reviews.
//!
//! # How grants add up
//! Grants may differ in columns and rows. A person sees a cell only if **one** of their grants gives both its
//! row and its column:
//! - a grant counts if it gives `select` and at least one column that is reviewed and open;
//! - a row is there if it passes the filter of any grant that counts;
//! - a column is there if any of these grants holds it; in rows that none of its holders gives, its value is
//!   NULL (the mask says `CASE WHEN <a holder's filter> THEN ... ELSE NULL END`).
//!
//! Write privileges take effect only where nothing is held back: every column readable unmasked, all rows, no
//! PII session. Anything else would let a person overwrite what they may not see, and an engine would list
//! unreviewed columns to them.

mod access;

use std::collections::BTreeSet;

pub use access::{ColumnAccess, ColumnDecision, ColumnReason, TableAccess, Visibility};

use super::ids::PiiSessionId;
use super::mask::mask;
use super::model::{ColumnState, Grant, KnownColumn, KnownTable, Model, Privilege, TableState};
use super::session::{LiveSession, live_session};
use crate::identity::Principal;
use crate::names::{TableRef, UserName};
use crate::time::Timestamp;

/// The user that masks and row filters are evaluated as. It reads everything, and nobody may act as it: with
/// it a filter may use a column that the person it is for may not see.
pub const POLICY_USER: &str = "svc-policy";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker<'a> {
    /// The person or service.
    pub user: &'a UserName,
    /// The PII session they ask under. One that is not alive, or not their own, lifts nothing.
    pub session: Option<&'a PiiSessionId>,
}

impl<'a> Asker<'a> {
    /// A user without a PII session.
    pub const fn plain(user: &'a UserName) -> Self {
        Self {
            user,
            session: None,
        }
    }
}

/// The id of the session that a verified caller asks under.
pub fn session_of(principal: &Principal) -> Option<PiiSessionId> {
    principal
        .pii
        .as_ref()
        .map(|session| PiiSessionId::from(session.id.as_str()))
}

/// An asker's grants and session at one moment, to ask about many tables.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    model: &'a Model,
    reads_everything: bool,
    grants: Vec<&'a Grant>,
    session: Option<LiveSession<'a>>,
}

impl<'a> Standing<'a> {
    /// What the asker holds at `now`. Groups are those of the model.
    pub fn new(model: &'a Model, asker: Asker<'_>, now: Timestamp) -> Self {
        let covers =
            |grant: &&Grant| grant.is_live(now) && model.covers(&grant.subject, asker.user);
        Self {
            model,
            reads_everything: may_read_everything(model, asker.user),
            grants: model.grants.iter().filter(covers).collect(),
            session: asker
                .session
                .and_then(|id| live_session(model, asker.user, id, now)),
        }
    }

    /// What they may do with the table.
    pub fn access(&self, table: &TableRef) -> TableAccess {
        if self.reads_everything {
            return everything(self.model, table);
        }
        let grants: Vec<&Grant> = self.grants_on(table).collect();
        decide(self.model, table, &grants, self.session.as_ref())
    }

    /// The grants that are about the table.
    pub fn grants_on(&self, table: &TableRef) -> impl Iterator<Item = &'a Grant> {
        self.grants
            .iter()
            .copied()
            .filter(|grant| grant.table.matches(table))
    }
}

/// What the asker may do with the table at `now`.
pub fn access(model: &Model, asker: Asker<'_>, table: &TableRef, now: Timestamp) -> TableAccess {
    Standing::new(model, asker, now).access(table)
}

/// All tables that the asker may see, with what they may do. Tables that are absent to them are left out.
pub fn accessible_tables(model: &Model, asker: Asker<'_>, now: Timestamp) -> Vec<TableAccess> {
    let standing = Standing::new(model, asker, now);
    model
        .tables
        .keys()
        .map(|table| standing.access(table))
        .filter(|access| access.visibility != Visibility::Absent)
        .collect()
}

/// Whether the user is a program that reads all tables as they are.
pub(super) fn may_read_everything(model: &Model, user: &UserName) -> bool {
    user.as_str() == POLICY_USER || model.may_scan(user)
}

/// Whether the table describes tables: an engine shows in it only what its reader may see anyway.
pub fn is_metadata(table: &TableRef) -> bool {
    table.schema == "information_schema"
        || table.catalog == "system"
            && (table.schema == "jdbc"
                || table.schema == "metadata" && table.table == "table_comments")
}

/// What these grants and this session give on the table. The one place where grants and reviews meet.
pub(super) fn decide(
    model: &Model,
    table: &TableRef,
    grants: &[&Grant],
    session: Option<&LiveSession<'_>>,
) -> TableAccess {
    if is_metadata(table) {
        return TableAccess::bare(table, metadata_visibility(model, table));
    }
    let Some(known) = model.existing_table(table).filter(|_| !is_reserved(table)) else {
        return TableAccess::bare(table, Visibility::Absent);
    };
    match model.table_state(table) {
        TableState::Denied => TableAccess::bare(table, Visibility::Absent),
        TableState::Pending => hidden(table, known, |_| ColumnReason::TableAwaitsReview),
        TableState::Approved => approved(model, table, known, grants, session),
    }
}

fn approved(
    model: &Model,
    table: &TableRef,
    known: &KnownTable,
    grants: &[&Grant],
    session: Option<&LiveSession<'_>>,
) -> TableAccess {
    let open: Vec<&KnownColumn> = existing_columns(known)
        .filter(|column| is_open(model.column_state(table, column)))
        .collect();
    let reading: Vec<&Grant> = grants
        .iter()
        .copied()
        .filter(|grant| {
            grant.privileges.contains(&Privilege::Select)
                && open.iter().any(|column| holds(grant, column))
        })
        .collect();
    if reading.is_empty() {
        return hidden(table, known, |column| review_reason(model, table, column));
    }
    let text = |grant: &Grant| {
        grant.row_filter.as_ref().map(|filter| match session {
            Some(live) => filter.for_user(&live.session.user),
            None => filter.as_str().to_owned(),
        })
    };
    let rows = rows_of(&reading, text);
    let columns: Vec<ColumnDecision> = existing_columns(known)
        .map(|column| {
            let state = model.column_state(table, column);
            let holders: Vec<&Grant> = reading
                .iter()
                .copied()
                .filter(|grant| is_open(state) && holds(grant, column))
                .collect();
            if holders.is_empty() {
                return ColumnDecision::hidden(column, review_reason(model, table, column));
            }
            let held = rows_of(&holders, text);
            // Every row that is there at all has the column if its holders give the same rows.
            let only_where = if held == rows { None } else { held };
            shown(column, state, session, only_where.as_ref().map(any_of))
        })
        .collect();
    let row_filter = rows.as_ref().map(row_filter_sql);
    let whole = row_filter.is_none()
        && session.is_none()
        && columns
            .iter()
            .all(|column| column.access == ColumnAccess::Clear && column.mask.is_none());
    let mut privileges = BTreeSet::from([Privilege::Select]);
    if whole {
        privileges.extend(
            grants
                .iter()
                .filter(|grant| grant.columns.is_none() && grant.row_filter.is_none())
                .flat_map(|grant| grant.privileges.iter().copied()),
        );
    }
    TableAccess {
        table: table.clone(),
        visibility: Visibility::Readable,
        privileges,
        columns,
        row_filter,
        closed_names: closed_names(known),
        grants: grants.iter().map(|grant| grant.id.clone()).collect(),
        session: session.map(|live| live.session.id.clone()),
    }
}

fn shown(
    column: &KnownColumn,
    state: ColumnState,
    session: Option<&LiveSession<'_>>,
    only_where: Option<String>,
) -> ColumnDecision {
    let class = match state {
        ColumnState::Masked { class } => Some(class),
        ColumnState::Clear | ColumnState::Pending | ColumnState::Denied => None,
    };
    let until = class.and_then(|class| session?.lifted.get(&class).copied());
    let (access, reason) = match (class, until) {
        (None, _) => (ColumnAccess::Clear, ColumnReason::ReviewedAsClear),
        (Some(class), None) => (
            ColumnAccess::Masked { class },
            ColumnReason::ReviewedAsMasked,
        ),
        (Some(class), Some(until)) => (
            ColumnAccess::Unmasked { class, until },
            ColumnReason::LiftedBySession,
        ),
    };
    ColumnDecision {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        mask: mask(column, class, until, only_where.as_deref()),
        access,
        only_where,
        reason,
    }
}

/// The filters of the rows that the grants give together; all rows if none. Never empty.
fn rows_of(grants: &[&Grant], text: impl Fn(&Grant) -> Option<String>) -> Option<BTreeSet<String>> {
    grants.iter().map(|grant| text(grant)).collect()
}

fn row_filter_sql(filters: &BTreeSet<String>) -> String {
    match filters.first() {
        Some(only) if filters.len() == 1 => only.clone(),
        _ => any_of(filters),
    }
}

fn any_of(filters: &BTreeSet<String>) -> String {
    let alternatives: Vec<String> = filters.iter().map(|filter| format!("({filter})")).collect();
    alternatives.join(" OR ")
}

fn hidden(
    table: &TableRef,
    known: &KnownTable,
    reason: impl Fn(&KnownColumn) -> ColumnReason,
) -> TableAccess {
    TableAccess {
        columns: existing_columns(known)
            .map(|column| ColumnDecision::hidden(column, reason(column)))
            .collect(),
        closed_names: closed_names(known),
        ..TableAccess::bare(table, Visibility::Listed)
    }
}

fn everything(model: &Model, table: &TableRef) -> TableAccess {
    if is_metadata(table) {
        return TableAccess::bare(table, Visibility::Metadata);
    }
    if table.catalog == "system" {
        return TableAccess::bare(table, Visibility::Absent);
    }
    let columns = model
        .existing_table(table)
        .into_iter()
        .flat_map(existing_columns);
    TableAccess {
        privileges: BTreeSet::from([Privilege::Select]),
        columns: columns
            .map(|column| ColumnDecision {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                access: ColumnAccess::Clear,
                mask: None,
                only_where: None,
                reason: ColumnReason::Scan,
            })
            .collect(),
        ..TableAccess::bare(table, Visibility::Readable)
    }
}

fn metadata_visibility(model: &Model, table: &TableRef) -> Visibility {
    if table.catalog == "system" || open_catalogs(model).contains(table.catalog.as_str()) {
        Visibility::Metadata
    } else {
        Visibility::Absent
    }
}

/// The catalogs that hold a table that is there and not denied, which everyone signed in may know of.
pub(super) fn open_catalogs(model: &Model) -> BTreeSet<&str> {
    listed_tables(model)
        .map(|(table, _)| table.catalog.as_str())
        .collect()
}

/// The tables that everyone signed in may know of.
pub(super) fn listed_tables(model: &Model) -> impl Iterator<Item = (&TableRef, &KnownTable)> {
    model.tables.iter().filter(|(table, known)| {
        !known.dropped && model.table_state(table) != TableState::Denied && !is_reserved(table)
    })
}

/// Tables of the engine's own: whatever a snapshot says of them, no grant opens them.
fn is_reserved(table: &TableRef) -> bool {
    table.catalog == "system" || table.schema == "information_schema"
}

fn existing_columns(known: &KnownTable) -> impl Iterator<Item = &KnownColumn> {
    known.columns.iter().filter(|column| !column.dropped)
}

/// Names that the table had once and has no more.
fn closed_names(known: &KnownTable) -> BTreeSet<String> {
    let present: BTreeSet<&str> = existing_columns(known)
        .map(|column| column.name.as_str())
        .collect();
    known
        .columns
        .iter()
        .filter(|column| column.dropped && !present.contains(column.name.as_str()))
        .map(|column| column.name.clone())
        .collect()
}

const fn is_open(state: ColumnState) -> bool {
    matches!(state, ColumnState::Clear | ColumnState::Masked { .. })
}

fn holds(grant: &Grant, column: &KnownColumn) -> bool {
    grant
        .columns
        .as_ref()
        .is_none_or(|columns| columns.contains(&column.name))
}

fn review_reason(model: &Model, table: &TableRef, column: &KnownColumn) -> ColumnReason {
    match model.column_state(table, column) {
        ColumnState::Clear | ColumnState::Masked { .. } => ColumnReason::NotGranted,
        ColumnState::Denied => ColumnReason::Denied,
        ColumnState::Pending => {
            let reviewed = model
                .reviews
                .get(table)
                .and_then(|review| review.columns.get(&column.name));
            match reviewed {
                Some(review) if is_open(review.state) => ColumnReason::TypeChanged {
                    reviewed: review.reviewed_type.clone(),
                },
                _ => ColumnReason::AwaitsReview,
            }
        }
    }
}
