//! What is missing, as facts and as advice.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::awaits_review;
use crate::advice::Advice;
use crate::names::{GroupName, TableRef};
use crate::policy::evaluate::{
    Asker, ColumnAccess, ColumnReason, Standing, TableAccess, Visibility, access, decide,
};
use crate::policy::model::{Grant, Model, Privilege, Subject};
use crate::time::Timestamp;

/// What stands between an asker and what they asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such table, or it is denied, which must look the same.
    UnknownTable {
        /// The name that was asked for.
        table: TableRef,
    },
    /// There are no such columns, or they are denied, which must look the same.
    UnknownColumns {
        /// The table.
        table: TableRef,
        /// The names that were asked for.
        columns: Vec<String>,
    },
    /// Nobody has reviewed it yet.
    AwaitsReview {
        /// The table.
        table: TableRef,
        /// The columns that wait; empty: the table as a whole.
        columns: Vec<String>,
        /// Who reviews.
        reviewers: Option<GroupName>,
    },
    /// It is open, but not to the asker.
    NotGranted {
        /// The table.
        table: TableRef,
        /// The columns that no grant of theirs gives; empty: the table as a whole.
        columns: Vec<String>,
        /// The smallest group whose members read it.
        group: Option<GroupName>,
        /// Who makes grants.
        admins: Option<GroupName>,
    },
    /// They read it, but may not do this with it.
    NotWritable {
        /// The table.
        table: TableRef,
        /// What they may not do.
        privilege: Privilege,
        /// They were granted it, but something of the table is held back from them: a mask, a filter, a hidden
        /// column or a PII session.
        held_back: bool,
        /// Who makes grants.
        admins: Option<GroupName>,
    },
}

/// What keeps the asker from reading all of these columns; none to ask about the table. None if nothing does.
pub fn refusal(
    model: &Model,
    asker: Asker<'_>,
    table: &TableRef,
    columns: &[&str],
    now: Timestamp,
) -> Option<Refusal> {
    let found = access(model, asker, table, now);
    match found.visibility {
        Visibility::Absent => {
            return Some(Refusal::UnknownTable {
                table: table.clone(),
            });
        }
        Visibility::Metadata => return None,
        Visibility::Listed | Visibility::Readable => {}
    }
    let named = |wanted: &dyn Fn(Option<&ColumnReason>) -> bool| -> Vec<String> {
        columns
            .iter()
            .filter(|name| {
                let hidden = found
                    .column(name)
                    .filter(|decision| decision.access == ColumnAccess::Hidden);
                match (found.column(name), hidden) {
                    (None, _) => wanted(None),
                    (_, Some(decision)) => wanted(Some(&decision.reason)),
                    (Some(_), None) => false,
                }
            })
            .map(|name| (*name).to_owned())
            .collect()
    };
    let table = table.clone();
    let reviewers = model
        .settings
        .reviewers
        .clone()
        .or_else(|| model.settings.admins.clone());
    if whole_table_waits(&found) {
        return Some(Refusal::AwaitsReview {
            table,
            columns: Vec::new(),
            reviewers,
        });
    }
    let unknown = named(&|reason| matches!(reason, None | Some(ColumnReason::Denied)));
    if !unknown.is_empty() {
        return Some(Refusal::UnknownColumns {
            table,
            columns: unknown,
        });
    }
    let waiting = named(&|reason| {
        matches!(
            reason,
            Some(ColumnReason::AwaitsReview | ColumnReason::TypeChanged { .. })
        )
    });
    if !waiting.is_empty() {
        return Some(Refusal::AwaitsReview {
            table,
            columns: waiting,
            reviewers,
        });
    }
    let missing = named(&|reason| matches!(reason, Some(ColumnReason::NotGranted)));
    if found.visibility == Visibility::Readable && missing.is_empty() {
        return None;
    }
    Some(Refusal::NotGranted {
        group: smallest_group(model, &table, columns, now),
        admins: model.settings.admins.clone(),
        // Without a grant it is the table that they lack, whatever columns they named.
        columns: if found.visibility == Visibility::Readable {
            missing
        } else {
            Vec::new()
        },
        table,
    })
}

/// What keeps the asker from writing to the table in this way. None if nothing does.
pub fn write_refusal(
    model: &Model,
    asker: Asker<'_>,
    table: &TableRef,
    privilege: Privilege,
    now: Timestamp,
) -> Option<Refusal> {
    let standing = Standing::new(model, asker, now);
    let found = standing.access(table);
    if found.privileges.contains(&privilege) {
        return None;
    }
    if !found.is_readable() {
        return refusal(model, asker, table, &[], now);
    }
    let granted = standing
        .grants_on(table)
        .any(|grant| grant.privileges.contains(&privilege));
    Some(Refusal::NotWritable {
        table: table.clone(),
        privilege,
        held_back: granted,
        admins: model.settings.admins.clone(),
    })
}

/// The existing group with the fewest members whose own grants let them read these columns (the table, if
/// none); among equals the first by name.
pub fn smallest_group(
    model: &Model,
    table: &TableRef,
    columns: &[&str],
    now: Timestamp,
) -> Option<GroupName> {
    model
        .groups
        .iter()
        .filter(|(group, _)| {
            let subject = Subject::Group((*group).clone());
            let grants: Vec<&Grant> = model
                .grants
                .iter()
                .filter(|grant| {
                    grant.subject == subject && grant.is_live(now) && grant.table.matches(table)
                })
                .collect();
            !grants.is_empty() && reads(&decide(model, table, &grants, None), columns)
        })
        .min_by_key(|(group, members)| (members.len(), (*group).clone()))
        .map(|(group, _)| group.clone())
}

fn reads(access: &TableAccess, columns: &[&str]) -> bool {
    access.is_readable()
        && columns.iter().all(|name| {
            access
                .column(name)
                .is_some_and(|decision| decision.access != ColumnAccess::Hidden)
        })
}

/// Whether no grant could open anything yet: the table is unreviewed, or none of its columns is reviewed as
/// open and some still wait.
fn whole_table_waits(access: &TableAccess) -> bool {
    access.visibility == Visibility::Listed
        && access.columns.iter().any(awaits_review)
        && access
            .columns
            .iter()
            .all(|decision| awaits_review(decision) || decision.reason == ColumnReason::Denied)
}

impl Refusal {
    /// The refusal in words, with links below the platform's public address.
    pub fn to_advice(&self, public_url: &str) -> Advice {
        let ask = |table: &TableRef| request_link(public_url, table);
        match self {
            Self::UnknownTable { table } => Advice::new(
                "table_not_found",
                format!("table `{table}` does not exist"),
                "there is no table of that name that you may know of",
            )
            .with_hint("look the name up in the catalog"),
            Self::UnknownColumns { table, columns } => Advice::new(
                "column_not_found",
                format!(
                    "{} of `{table}` cannot be resolved",
                    list("column", columns)
                ),
                "there is no column of that name that you may know of",
            )
            .with_hint(format!(
                "`DESCRIBE {}` lists the columns that you may read",
                table.to_sql()
            )),
            Self::AwaitsReview {
                table,
                columns,
                reviewers,
            } => {
                let (code, what) = if columns.is_empty() {
                    ("table_awaits_review", format!("table `{table}`"))
                } else {
                    (
                        "column_awaits_review",
                        format!("{} of `{table}`", list("column", columns)),
                    )
                };
                let who = reviewers.as_ref().map_or("a reviewer".to_owned(), |group| {
                    format!("the group `{group}`")
                });
                Advice::new(
                    code,
                    format!(
                        "{what} {} review",
                        if columns.len() > 1 { "await" } else { "awaits" }
                    ),
                    "what nobody has reviewed yet is closed to everyone",
                )
                .with_hint(format!("{who} can review it"))
                .with_link("ask for a review", ask(table))
            }
            Self::NotGranted {
                table,
                columns,
                group,
                admins,
            } => {
                let (code, what) = if columns.is_empty() {
                    ("table_not_granted", format!("table `{table}`"))
                } else {
                    (
                        "column_not_granted",
                        format!("{} of `{table}`", list("column", columns)),
                    )
                };
                let hint = match (group, admins) {
                    (Some(group), _) => {
                        format!(
                            "ask to join the group `{group}`, the smallest one whose members read it"
                        )
                    }
                    (None, Some(admins)) => {
                        format!("no group reads it yet: the group `{admins}` can grant it")
                    }
                    (None, None) => "no group reads it yet: ask for a grant".to_owned(),
                };
                Advice::new(
                    code,
                    format!("you cannot read {what}"),
                    "no grant gives it to you or to a group of yours",
                )
                .with_hint(hint)
                .with_link("ask for access", ask(table))
            }
            Self::NotWritable {
                table,
                privilege,
                held_back,
                admins,
            } => {
                let detail = if *held_back {
                    "you were granted it, but part of the table is held back from you (a mask, a row filter, an \
                     unreviewed column or a PII session), and then a table is read-only"
                } else {
                    "no grant gives it to you or to a group of yours"
                };
                let advice = Advice::new(
                    "table_not_writable",
                    format!("you cannot {} `{table}`", verb(*privilege)),
                    detail,
                );
                match admins {
                    Some(admins) if !held_back => {
                        advice.with_hint(format!("the group `{admins}` can grant it"))
                    }
                    _ => advice,
                }
                .with_link("ask for access", ask(table))
            }
        }
    }
}

/// Where to ask for access to the table.
fn request_link(public_url: &str, table: &TableRef) -> String {
    let table = table.to_string();
    let table = utf8_percent_encode(&table, QUERY_VALUE);
    format!(
        "{}/requests/new?table={table}",
        public_url.trim_end_matches('/')
    )
}

/// What a value in a query string cannot hold as it is.
const QUERY_VALUE: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'_')
    .remove(b'-')
    .remove(b'~');

fn list(noun: &str, names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "{noun}{} {}",
        if names.len() == 1 { "" } else { "s" },
        quoted.join(", ")
    )
}

const fn verb(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Select => "read",
        Privilege::Insert => "insert into",
        Privilege::Update => "update",
        Privilege::Delete => "delete from",
        Privilege::Own => "change",
    }
}
