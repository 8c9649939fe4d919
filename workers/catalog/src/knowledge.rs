//! What a caller may know of a table: that it exists unless it is denied, a column's name once it is reviewed.

use std::collections::BTreeMap;

use townlake_core::identity::Principal;
use townlake_core::names::TableRef;
use townlake_core::pii::PiiClass;
use townlake_core::policy::evaluate::{
    Asker, ColumnAccess, ColumnDecision, ColumnReason, Visibility, access, session_of,
};
use townlake_core::policy::model::{Model, TableState};
use townlake_core::time::Timestamp;
use townlake_protocol::catalog::Access;

/// What a caller may know of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// What the caller can do with it.
    pub access: Access,
    /// Whether its description may be shown: free text by the table's owner, reviewed with the table.
    pub described: bool,
    /// The columns that the caller may know of, by name.
    pub columns: BTreeMap<String, ColumnKnowledge>,
}

/// What a caller may know of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnKnowledge {
    /// Whether the caller may read it, masked or not.
    pub readable: bool,
    /// The mask that it is read through.
    pub masked: Option<PiiClass>,
}

/// What the caller may know of the table; nothing at all if it is denied, gone or was never seen.
pub fn of(
    model: &Model,
    principal: &Principal,
    table: &TableRef,
    now: Timestamp,
) -> Option<Knowledge> {
    let session = session_of(principal);
    let decided = access(
        model,
        Asker {
            user: &principal.user,
            session: session.as_ref(),
        },
        table,
        now,
    );
    match decided.visibility {
        Visibility::Absent | Visibility::Metadata => return None,
        Visibility::Listed | Visibility::Readable => {}
    }
    let columns: BTreeMap<String, ColumnKnowledge> = decided
        .columns
        .iter()
        .filter_map(|column| Some((column.name.clone(), known(column)?)))
        .collect();
    let access = if columns.values().any(|column| column.readable) {
        Access::Granted
    } else if columns.is_empty() {
        Access::AwaitsReview
    } else {
        Access::NotGranted
    };
    Some(Knowledge {
        access,
        described: model.table_state(table) == TableState::Approved,
        columns,
    })
}

/// A column's name may be known once it is reviewed and not denied, granted or not.
fn known(column: &ColumnDecision) -> Option<ColumnKnowledge> {
    let (readable, masked) = match (column.access, &column.reason) {
        (ColumnAccess::Clear | ColumnAccess::Unmasked { .. }, _) => (true, None),
        (ColumnAccess::Masked { class }, _) => (true, Some(class)),
        (ColumnAccess::Hidden, ColumnReason::NotGranted) => (false, None),
        (ColumnAccess::Hidden, _) => return None,
    };
    Some(ColumnKnowledge { readable, masked })
}
