//! What a reviewer's request comes to, checked as a whole before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use townlake_core::names::TableRef;
use townlake_core::pii::PiiClass;
use townlake_core::policy::model::TableState;
use townlake_kit::failure::Failure;
use townlake_protocol::lifeguard::reviews::{
    ColumnChoice, ColumnDecision, RemainingColumns, ReviewColumn, ReviewRequest, ReviewTable,
    TableDecision,
};

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decided {
    /// Tables whose state changes.
    pub tables: Vec<DecidedTable>,
    /// Columns whose state changes.
    pub columns: Vec<DecidedColumn>,
}

/// A table whose state changes.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedTable {
    /// The table.
    pub table: TableRef,
    /// The state before.
    pub previous_state: TableState,
    /// The state from now on.
    pub state: TableState,
    /// Why.
    pub note: Option<String>,
}

/// A column whose state changes.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedColumn {
    /// Its table.
    pub table: TableRef,
    /// The column.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// The state before.
    pub previous_state: ColumnDecision,
    /// The class before.
    pub previous_class: Option<PiiClass>,
    /// The state from now on.
    pub state: ColumnDecision,
    /// The class from now on.
    pub class: Option<PiiClass>,
    /// Why.
    pub note: Option<String>,
}

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecisionError {
    /// Nothing to decide.
    #[error("`tables` is empty: name at least one")]
    Nothing,
    /// No such table, or it is gone.
    #[error("there is no table `{0}`")]
    TableUnknown(TableRef),
    /// The same table twice.
    #[error("the table `{0}` is there twice")]
    TableTwice(TableRef),
    /// No such column, or it is gone.
    #[error("`{table}` has no column `{column}`")]
    ColumnUnknown {
        /// The table.
        table: TableRef,
        /// The column.
        column: String,
    },
    /// The same column twice.
    #[error("the column `{column}` of `{table}` is there twice")]
    ColumnTwice {
        /// The table.
        table: TableRef,
        /// The column.
        column: String,
    },
    /// A mask without a class.
    #[error("the column `{column}` of `{table}` is to be masked, but nobody said as what")]
    ClassMissing {
        /// The table.
        table: TableRef,
        /// The column.
        column: String,
    },
    /// A class without a mask.
    #[error("the column `{column}` of `{table}` has a class, but is not to be masked")]
    ClassUnused {
        /// The table.
        table: TableRef,
        /// The column.
        column: String,
    },
    /// It changed after the reviewer looked.
    #[error("the column `{}` of `{}` is of type `{}` now, not `{}`", .0.column, .0.table, .0.now, .0.seen)]
    TypeChanged(Box<TypeChange>),
    /// A note that is too long.
    #[error("the note on `{0}` is longer than 1000 characters")]
    NoteLong(TableRef),
}

/// A column that changed after the reviewer looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeChange {
    /// The table.
    pub table: TableRef,
    /// The column.
    pub column: String,
    /// What the reviewer saw.
    pub seen: String,
    /// What it is.
    pub now: String,
}

impl From<DecisionError> for Failure {
    fn from(error: DecisionError) -> Self {
        let detail = format!("{error}; nothing was changed");
        match error {
            DecisionError::TableUnknown(_) | DecisionError::ColumnUnknown { .. } => {
                Self::bad_request("review_unknown_name", detail)
                    .with_hint("`GET /api/reviews?state=all` lists what there is")
            }
            DecisionError::ClassMissing { .. } => Self::bad_request("review_class_missing", detail)
                .with_hint("give `class`, for example `\"email\"`; Skimmer proposed none"),
            DecisionError::ClassUnused { .. } => Self::bad_request("review_class_unused", detail)
                .with_hint("leave `class` out, or decide `masked`"),
            DecisionError::TypeChanged(_) => {
                Self::conflict("review_type_changed", detail).with_hint("look at the column again")
            }
            DecisionError::Nothing
            | DecisionError::TableTwice(_)
            | DecisionError::ColumnTwice { .. }
            | DecisionError::NoteLong(_) => Self::bad_request("review_malformed", detail),
        }
    }
}

/// What the request changes about the tables as they are. The first fault refuses all of it.
pub fn decide(
    tables: &BTreeMap<TableRef, ReviewTable>,
    request: &ReviewRequest,
) -> Result<Decided, DecisionError> {
    if request.tables.is_empty() {
        return Err(DecisionError::Nothing);
    }
    let mut decided = Decided::default();
    let mut seen = BTreeSet::new();
    for decision in &request.tables {
        let table = &decision.table;
        if !seen.insert(table) {
            return Err(DecisionError::TableTwice(table.clone()));
        }
        let reviewed = tables
            .get(table)
            .ok_or_else(|| DecisionError::TableUnknown(table.clone()))?;
        let note = decision
            .note
            .as_deref()
            .map(str::trim)
            .filter(|note| !note.is_empty())
            .map(str::to_owned);
        if note
            .as_ref()
            .is_some_and(|note| note.chars().count() > 1000)
        {
            return Err(DecisionError::NoteLong(table.clone()));
        }
        if reviewed.state != decision.state {
            decided.tables.push(DecidedTable {
                table: table.clone(),
                previous_state: reviewed.state,
                state: decision.state,
                note: note.clone(),
            });
        }
        for (column, state, class) in choices(reviewed, decision)? {
            if (column.state, column.class) != (state, class) {
                decided.columns.push(DecidedColumn {
                    table: table.clone(),
                    name: column.name.clone(),
                    data_type: column.data_type.clone(),
                    previous_state: column.state,
                    previous_class: column.class,
                    state,
                    class,
                    note: note.clone(),
                });
            }
        }
    }
    Ok(decided)
}

/// A column, and what it is to be.
type Chosen<'a> = (&'a ReviewColumn, ColumnDecision, Option<PiiClass>);

/// Each column that the decision is about, with what it is to be.
fn choices<'a>(
    reviewed: &'a ReviewTable,
    decision: &TableDecision,
) -> Result<Vec<Chosen<'a>>, DecisionError> {
    let table = &decision.table;
    let mut named = BTreeSet::new();
    let mut chosen = Vec::new();
    for choice in &decision.columns {
        let name = choice.name.to_lowercase();
        let column = reviewed
            .columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| DecisionError::ColumnUnknown {
                table: table.clone(),
                column: name.clone(),
            })?;
        if !named.insert(name.clone()) {
            return Err(DecisionError::ColumnTwice {
                table: table.clone(),
                column: name,
            });
        }
        if let Some(seen) = choice
            .data_type
            .as_ref()
            .filter(|seen| **seen != column.data_type)
        {
            return Err(DecisionError::TypeChanged(Box::new(TypeChange {
                table: table.clone(),
                column: name,
                seen: seen.clone(),
                now: column.data_type.clone(),
            })));
        }
        chosen.push((column, choice.decision, class(table, column, choice)?));
    }
    let waiting = |column: &&ReviewColumn| {
        column.state == ColumnDecision::Pending && !named.contains(&column.name)
    };
    for column in reviewed.columns.iter().filter(waiting) {
        match (decision.remaining, &column.proposal) {
            (None | Some(RemainingColumns::Pending), _)
            | (Some(RemainingColumns::Proposal), None) => {}
            (Some(RemainingColumns::Clear), _) => {
                chosen.push((column, ColumnDecision::Clear, None))
            }
            (Some(RemainingColumns::Proposal), Some(proposal)) => {
                chosen.push(match proposal.class {
                    Some(class) => (column, ColumnDecision::Masked, Some(class)),
                    None => (column, ColumnDecision::Clear, None),
                })
            }
        }
    }
    Ok(chosen)
}

fn class(
    table: &TableRef,
    column: &ReviewColumn,
    choice: &ColumnChoice,
) -> Result<Option<PiiClass>, DecisionError> {
    let names = || (table.clone(), column.name.clone());
    match (choice.decision, choice.class) {
        (ColumnDecision::Masked, Some(class)) => Ok(Some(class)),
        (ColumnDecision::Masked, None) => {
            let proposed = column.proposal.as_ref().and_then(|proposal| proposal.class);
            let (table, column) = names();
            proposed
                .map(Some)
                .ok_or(DecisionError::ClassMissing { table, column })
        }
        (_, Some(_)) => {
            let (table, column) = names();
            Err(DecisionError::ClassUnused { table, column })
        }
        (_, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tables() -> BTreeMap<TableRef, ReviewTable> {
        let table: ReviewTable = serde_json::from_value(json!({
            "table": "crm.public.contacts", "state": "pending", "kind": "table", "columns": [
                {"name": "id", "type": "bigint", "state": "pending",
                 "proposal": {"confidence": 0.9, "evidence": []}},
                {"name": "email", "type": "varchar", "state": "pending",
                 "proposal": {"class": "email", "confidence": 0.9, "evidence": []}},
                {"name": "note", "type": "varchar", "state": "pending"},
                {"name": "key", "type": "varchar", "state": "denied"},
            ],
        }))
        .unwrap();
        BTreeMap::from([(table.table.clone(), table)])
    }

    #[test]
    fn a_request_is_taken_in_whole_or_refused_with_its_first_fault() {
        for (decision, wanted) in [
            (json!({"state": "approved"}), Ok("")),
            (json!({"state": "approved", "remaining": "pending"}), Ok("")),
            (
                json!({"state": "approved", "remaining": "clear"}),
                Ok("id clear, email clear, note clear"),
            ),
            (
                json!({"state": "approved", "remaining": "proposal"}),
                Ok("id clear, email masked email"),
            ),
            (
                json!({"state": "approved", "remaining": "proposal", "columns": [{"name": "EMAIL", "decision": "pending"}]}),
                Ok("id clear"),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "email", "decision": "masked"}]}),
                Ok("email masked email"),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "note", "decision": "masked", "class": "free_text"}]}),
                Ok("note masked free_text"),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "key", "decision": "clear"}]}),
                Ok("key clear"),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "note", "decision": "masked"}]}),
                Err(
                    "the column `note` of `crm.public.contacts` is to be masked, but nobody said as what",
                ),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "id", "decision": "clear", "class": "email"}]}),
                Err(
                    "the column `id` of `crm.public.contacts` has a class, but is not to be masked",
                ),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "phone", "decision": "clear"}]}),
                Err("`crm.public.contacts` has no column `phone`"),
            ),
            (
                json!({"state": "approved", "columns": [
                    {"name": "id", "decision": "clear"}, {"name": "ID", "decision": "denied"}]}),
                Err("the column `id` of `crm.public.contacts` is there twice"),
            ),
            (
                json!({"state": "approved", "columns": [{"name": "id", "decision": "clear", "type": "integer"}]}),
                Err(
                    "the column `id` of `crm.public.contacts` is of type `bigint` now, not `integer`",
                ),
            ),
        ] {
            let mut decision = decision;
            decision["table"] = json!("crm.public.contacts");
            let request = serde_json::from_value(json!({"tables": [decision]})).unwrap();
            let found = decide(&tables(), &request).map(|decided| {
                assert_eq!(
                    decided.tables.len(),
                    1,
                    "the table goes from pending to approved"
                );
                let columns = decided.columns.iter().map(|column| {
                    let class = column
                        .class
                        .map(|class| format!(" {}", class.as_str()))
                        .unwrap_or_default();
                    format!(
                        "{} {}{class}",
                        column.name,
                        crate::schema::column_state(column.state)
                    )
                });
                columns.collect::<Vec<_>>().join(", ")
            });
            let found = found.map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), wanted);
        }
    }

    #[test]
    fn unknown_and_repeated_tables_are_refused() {
        for (names, wanted) in [
            (vec![], "`tables` is empty: name at least one"),
            (
                vec!["crm.public.gone"],
                "there is no table `crm.public.gone`",
            ),
            (
                vec!["crm.public.contacts", "CRM.public.contacts"],
                "the table `crm.public.contacts` is there twice",
            ),
        ] {
            let tables_named: Vec<_> = names
                .iter()
                .map(|name| json!({"table": name, "state": "approved"}))
                .collect();
            let request = serde_json::from_value(json!({"tables": tables_named})).unwrap();
            assert_eq!(decide(&tables(), &request).unwrap_err().to_string(), wanted);
        }
    }
}
