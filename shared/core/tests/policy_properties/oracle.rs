//! A second opinion on how grants add up: no SQL, no merging, one grant at a time. A row is told by which of
//! the filters hold for it.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use townlake_core::names::UserName;
use townlake_core::policy::evaluate::{Asker, ColumnAccess, Visibility, access};
use townlake_core::policy::model::{ColumnState, Grant, Model, Privilege, Subject, TableState};

use crate::models::{FILTERS, NOW, TABLES, USERS, table, user};

/// Every cell of every kind of row, for everyone without a session.
pub fn agree(model: &Model) -> Result<(), TestCaseError> {
    for name in USERS {
        let user = user(name);
        if model.may_scan(&user) {
            continue;
        }
        for table in TABLES.map(table) {
            let reserved = table.catalog == "system" || table.schema == "information_schema";
            let decided = access(model, Asker::plain(&user), &table, NOW);
            let grants = reading_grants(model, &user, &table);
            let approved = !reserved
                && model.existing_table(&table).is_some()
                && model
                    .reviews
                    .get(&table)
                    .is_some_and(|review| review.state == TableState::Approved);
            for row in 0..1_u8 << FILTERS.len() {
                let holds = |filter: Option<&str>| {
                    filter.is_none_or(|filter| {
                        let position = FILTERS.iter().position(|known| *known == filter).unwrap();
                        row & (1 << position) != 0
                    })
                };
                let row_seen = decided.visibility == Visibility::Readable
                    && satisfied(decided.row_filter.as_deref(), &holds);
                let mut any = false;
                for column in &decided.columns {
                    let open = approved && is_open(model, &table, &column.name, &column.data_type);
                    let given = open
                        && grants.iter().any(|grant| {
                            grant
                                .columns
                                .as_ref()
                                .is_none_or(|columns| columns.contains(&column.name))
                                && holds(grant.row_filter.as_ref().map(|filter| filter.as_str()))
                        });
                    let seen = row_seen
                        && column.access != ColumnAccess::Hidden
                        && satisfied(column.only_where.as_deref(), &holds);
                    prop_assert_eq!(
                        seen,
                        given,
                        "{} of {} in {:#?}",
                        &column.name,
                        &table,
                        &decided
                    );
                    any |= given;
                }
                // Nor does a row count that has no cell for them.
                prop_assert_eq!(row_seen, any, "row {} of {:#?}", row, &decided);
            }
        }
    }
    Ok(())
}

fn reading_grants<'a>(
    model: &'a Model,
    user: &UserName,
    table: &townlake_core::names::TableRef,
) -> Vec<&'a Grant> {
    model
        .grants
        .iter()
        .filter(|grant| {
            let theirs = match &grant.subject {
                Subject::User(subject) => subject == user,
                Subject::Group(group) => model
                    .groups
                    .iter()
                    .any(|(name, members)| name == group && members.contains(user)),
            };
            theirs
                && grant.expires_at.is_none_or(|expires_at| expires_at > NOW)
                && grant.privileges.contains(&Privilege::Select)
                && grant.table.matches(table)
        })
        .collect()
}

fn is_open(
    model: &Model,
    table: &townlake_core::names::TableRef,
    column: &str,
    data_type: &str,
) -> bool {
    model.reviews[table]
        .columns
        .get(column)
        .is_some_and(|review| {
            review.reviewed_type == data_type
                && matches!(
                    review.state,
                    ColumnState::Clear | ColumnState::Masked { .. }
                )
        })
}

/// Whether `a`, or `(a) OR (b)`, holds.
fn satisfied(sql: Option<&str>, holds: &impl Fn(Option<&str>) -> bool) -> bool {
    sql.is_none_or(|sql| {
        sql.split(" OR ").any(|part| {
            let part = part
                .strip_prefix('(')
                .and_then(|part| part.strip_suffix(')'))
                .unwrap_or(part);
            holds(Some(part))
        })
    })
}
