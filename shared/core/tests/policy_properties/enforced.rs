//! Whether an engine with the rendered document decides as the model does.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use townlake_core::policy::document::TablePrivilege;
use townlake_core::policy::evaluate::{Asker, ColumnAccess, TableAccess, Visibility, access};
use townlake_core::policy::interpret::{AccessControl, Identity};
use townlake_core::policy::model::{Model, Privilege};
use townlake_core::policy::session::live_session;

use crate::models::{COLUMNS, NOW, TABLES, USERS, table, user};

/// All users, and all sessions that are alive; dead ones must be refused.
pub fn agree(model: &Model, control: &AccessControl) -> Result<(), TestCaseError> {
    for name in USERS {
        let user = user(name);
        let identity = control.identity("gateway", Some(name), Some(name)).unwrap();
        on_all_tables(model, control, Asker::plain(&user), &identity)?;
        prop_assert!(control.check_can_execute_query(&identity).is_ok());
        // Only the gateway's credential opens anything.
        prop_assert!(control.identity(name, None, None).is_err());
    }
    prop_assert!(
        control
            .identity("gateway", Some("svc-policy"), Some("svc-policy"))
            .is_err()
    );
    for session in &model.pii_sessions {
        let effective = session.effective_user();
        let owner = session.user.as_str();
        let entered = control.identity("gateway", Some(owner), Some(&effective));
        let twins = model
            .pii_sessions
            .iter()
            .filter(|other| other.nonce == session.nonce)
            .count();
        match live_session(model, &session.user, &session.id, NOW) {
            Some(_) => {
                let asker = Asker {
                    user: &session.user,
                    session: Some(&session.id),
                };
                on_all_tables(model, control, asker, &entered.unwrap())?;
            }
            None => prop_assert!(
                entered.is_err() || twins > 1,
                "{effective} is dead and was entered"
            ),
        }
        // Nobody else enters it, nor does the gateway by itself.
        prop_assert!(control.identity("gateway", None, Some(&effective)).is_err());
        for other in USERS.iter().filter(|other| **other != owner) {
            prop_assert!(
                control
                    .identity("gateway", Some(other), Some(&effective))
                    .is_err()
            );
        }
    }
    Ok(())
}

fn on_all_tables(
    model: &Model,
    control: &AccessControl,
    asker: Asker<'_>,
    identity: &Identity,
) -> Result<(), TestCaseError> {
    for table in TABLES.map(table) {
        let decided = access(model, asker, &table, NOW);
        on_table(control, identity, &decided).map_err(|error| {
            TestCaseError::fail(format!("{identity:?} on {decided:#?}: {error}"))
        })?;
    }
    Ok(())
}

fn on_table(
    control: &AccessControl,
    identity: &Identity,
    decided: &TableAccess,
) -> Result<(), TestCaseError> {
    let table = &decided.table;
    let names: Vec<&str> = decided
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    if decided.visibility == Visibility::Metadata {
        prop_assert!(control.check_can_select(identity, table, &COLUMNS).is_ok());
        return Ok(());
    }
    prop_assert_eq!(
        control.sees_table(identity, table),
        decided.visibility != Visibility::Absent
    );
    prop_assert_eq!(
        control.filter_tables(identity, &[table]).len(),
        usize::from(decided.visibility != Visibility::Absent)
    );
    let readable: Vec<&str> = decided
        .readable_columns()
        .map(|column| column.name.as_str())
        .collect();
    prop_assert_eq!(control.filter_columns(identity, table, &names), readable);
    for column in &decided.columns {
        let selectable = control
            .check_can_select(identity, table, &[&column.name])
            .is_ok();
        prop_assert_eq!(
            selectable,
            column.access != ColumnAccess::Hidden,
            "{}",
            &column.name
        );
        if selectable {
            let masks = control.column_masks(identity, table, &[&column.name]);
            let mask = masks.get(&column.name);
            prop_assert_eq!(mask.map(|mask| &mask.sql), column.mask.as_ref());
            let conditional = mask.and_then(|mask| mask.evaluate_as.as_deref());
            prop_assert_eq!(
                conditional,
                column.only_where.as_ref().map(|_| "svc-policy")
            );
        }
    }
    for name in &decided.closed_names {
        prop_assert!(control.check_can_select(identity, table, &[name]).is_err());
    }
    let filter = control.row_filter(identity, table);
    let wanted = match decided.visibility {
        Visibility::Listed => Some("false"),
        _ => decided.row_filter.as_deref(),
    };
    prop_assert_eq!(filter.as_ref().map(|filter| filter.sql.as_str()), wanted);
    for (privilege, theirs) in [
        (Privilege::Insert, TablePrivilege::Insert),
        (Privilege::Update, TablePrivilege::Update),
        (Privilege::Delete, TablePrivilege::Delete),
        (Privilege::Own, TablePrivilege::Ownership),
    ] {
        prop_assert_eq!(
            control.has_privilege(identity, table, theirs),
            decided.privileges.contains(&privilege),
            "{:?}",
            privilege
        );
    }
    prop_assert!(!control.has_privilege(identity, table, TablePrivilege::GrantSelect));
    // The policy's own user can evaluate any mask and filter.
    if decided.visibility == Visibility::Readable {
        let policy = control.identity_of("svc-policy");
        prop_assert!(control.check_can_select(&policy, table, &names).is_ok());
        prop_assert!(control.column_masks(&policy, table, &names).is_empty());
        prop_assert!(control.row_filter(&policy, table).is_none());
    }
    Ok(())
}
