//! Refusals in Trino's words. Clients and the gateway tell them apart by their text.

use thiserror::Error;

use crate::names::TableRef;

/// A refusal as Trino says it, error name `PERMISSION_DENIED`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Access Denied: {0}")]
pub struct AccessDenied(String);

impl AccessDenied {
    /// A refusal in other words, after the prefix `Access Denied: `. For what an engine itself refuses.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn set_user(principal: &str, user: &str) -> Self {
        Self(format!("Principal {principal} cannot become user {user}"))
    }

    pub(super) fn impersonate(original_user: &str, user: &str) -> Self {
        Self(format!(
            "User {original_user} cannot impersonate user {user}"
        ))
    }

    pub(super) fn access_catalog(catalog: &str) -> Self {
        Self(format!("Cannot access catalog {catalog}"))
    }

    pub(super) fn show_schemas() -> Self {
        Self("Cannot show schemas".to_owned())
    }

    pub(super) fn show_tables(catalog: &str, schema: &str) -> Self {
        Self(format!("Cannot show tables of schema {catalog}.{schema}"))
    }

    pub(super) fn show_functions(catalog: &str, schema: &str) -> Self {
        Self(format!(
            "Cannot show functions of schema {catalog}.{schema}"
        ))
    }

    pub(super) fn create_schema(catalog: &str, schema: &str) -> Self {
        Self(format!("Cannot create schema {catalog}.{schema}"))
    }

    pub(super) fn drop_schema(catalog: &str, schema: &str) -> Self {
        Self(format!("Cannot drop schema {catalog}.{schema}"))
    }

    /// Trino 476 says the same of a closed table and of a closed column, and never names the column.
    pub(super) fn select(table: &TableRef) -> Self {
        Self(format!("Cannot select from table {table}"))
    }

    pub(super) fn create_view_with_select(table: &TableRef, user: &str) -> Self {
        Self(format!(
            "View owner '{user}' cannot create view that selects from {table}"
        ))
    }

    pub(super) fn update_columns(table: &TableRef, columns: &[&str]) -> Self {
        Self(format!(
            "Cannot update columns [{}] in table {table}",
            columns.join(", ")
        ))
    }

    pub(super) fn rename(kind: &str, from: &TableRef, to: &TableRef) -> Self {
        Self(format!("Cannot rename {kind} from {from} to {to}"))
    }

    pub(super) fn table_privilege(verb: &str, privilege: &str, table: &TableRef) -> Self {
        Self(format!(
            "Cannot {verb} privilege {privilege} on table {table}"
        ))
    }

    pub(super) fn execute_query() -> Self {
        Self("Cannot execute query".to_owned())
    }

    pub(super) fn view_query() -> Self {
        Self("Cannot view query".to_owned())
    }

    pub(super) fn kill_query() -> Self {
        Self("Cannot kill query".to_owned())
    }

    pub(super) fn read_system_information() -> Self {
        Self("Cannot read system information".to_owned())
    }

    pub(super) fn write_system_information() -> Self {
        Self("Cannot write system information".to_owned())
    }

    pub(super) fn set_system_session_property(property: &str) -> Self {
        Self(format!("Cannot set system session property {property}"))
    }

    pub(super) fn set_catalog_session_property(property: &str) -> Self {
        Self(format!("Cannot set catalog session property {property}"))
    }

    pub(super) fn execute_function(name: &TableRef) -> Self {
        Self(format!("Cannot execute function {name}"))
    }

    pub(super) fn execute_procedure(name: &TableRef) -> Self {
        Self(format!("Cannot execute procedure {name}"))
    }

    pub(super) fn set_authorization(kind: &str, name: &TableRef, user: &str) -> Self {
        Self(format!(
            "Cannot set authorization for {kind} {name} to USER {user}"
        ))
    }
}
