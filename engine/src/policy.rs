//! The policy as the engine asks it: who a request runs as, and what of a table they get.

mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use townlake_core::names::TableRef;
use townlake_core::policy::interpret::{AccessControl, AccessDenied, Expression, Identity};
use townlake_protocol::trino::ErrorCode;

use crate::catalog::{Column, Table};
use crate::error::{Failure, Result};

pub use store::{MissingSections, PolicyError, PolicyStore, Settings};

impl From<AccessDenied> for Failure {
    fn from(denied: AccessDenied) -> Self {
        Self::new(ErrorCode::PermissionDenied, denied.to_string())
    }
}

/// A version of the policy.
#[derive(Debug)]
pub struct Policy {
    /// Which.
    pub version: u64,
    /// Its rules.
    pub control: AccessControl,
}

/// The policy for one caller.
#[derive(Debug, Clone)]
pub struct Access {
    policy: Arc<Policy>,
    identity: Identity,
}

/// An expression of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Over the table's raw columns.
    pub sql: String,
    /// As whom it is evaluated, if not as the caller.
    pub user: Option<String>,
}

/// What a caller gets of a table. Two that are equal show the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableAccess {
    /// Whether anything of it may be read.
    pub select: bool,
    /// The rows that are shown.
    pub filter: Option<Rule>,
    shown: BTreeSet<String>,
    readable: BTreeSet<String>,
    masks: BTreeMap<String, Rule>,
}

impl TableAccess {
    /// Whether `*` and DESCRIBE show the column.
    pub fn shows(&self, column: &str) -> bool {
        self.shown.contains(column)
    }

    /// Whether the column's values (or what the mask makes of them) may be read.
    pub fn reads(&self, column: &str) -> bool {
        self.select && self.readable.contains(column)
    }

    /// The masks by column.
    pub fn masks(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.masks
            .iter()
            .map(|(column, rule)| (column.as_str(), rule))
    }
}

fn rule(expression: Expression) -> Rule {
    Rule {
        sql: expression.sql,
        user: expression.evaluate_as,
    }
}

impl Access {
    /// Of an identity under a policy.
    pub fn new(policy: Arc<Policy>, identity: Identity) -> Self {
        Self { policy, identity }
    }

    /// Who runs the statement: the policy decides whether the credential and the headers allow it.
    ///
    /// # Errors
    /// They do not.
    pub fn of_request(
        policy: Arc<Policy>,
        principal: &str,
        original_user: Option<&str>,
        user: Option<&str>,
    ) -> Result<Self> {
        let identity = policy.control.identity(principal, original_user, user)?;
        Ok(Self { policy, identity })
    }

    /// The policy's rules.
    pub fn control(&self) -> &AccessControl {
        &self.policy.control
    }

    /// Who is asking.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The access by which the rows of `information_schema` are chosen: see [`Identity::while_running`].
    pub fn while_running(&self) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
            identity: self.identity.while_running(),
        }
    }

    /// What another user may do: the one whom the policy evaluates a mask or filter as.
    pub fn acting_as(&self, user: &str) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
            identity: self.control().identity_of(user),
        }
    }

    /// Whether statements may be run at all.
    ///
    /// # Errors
    /// They may not.
    pub fn check_can_execute_query(&self) -> Result<()> {
        Ok(self.control().check_can_execute_query(&self.identity)?)
    }

    /// Whether all of these columns of a table may be read.
    ///
    /// # Errors
    /// They may not.
    pub fn check_can_select(&self, table: &TableRef, columns: &[&str]) -> Result<()> {
        Ok(self
            .control()
            .check_can_select(&self.identity, table, columns)?)
    }

    /// What the caller gets of a table with these columns.
    pub fn table(&self, table: &TableRef, columns: &[&str]) -> TableAccess {
        let control = self.control();
        let select = control.check_can_select(&self.identity, table, &[]).is_ok();
        let readable = columns
            .iter()
            .filter(|column| {
                control
                    .check_can_select(&self.identity, table, &[**column])
                    .is_ok()
            })
            .map(|column| (*column).to_owned())
            .collect();
        TableAccess {
            select,
            shown: control
                .filter_columns(&self.identity, table, columns)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            readable,
            masks: control
                .column_masks(&self.identity, table, columns)
                .into_iter()
                .map(|(column, mask)| (column, rule(mask)))
                .collect(),
            filter: control.row_filter(&self.identity, table).map(rule),
        }
    }

    /// Whether SHOW TABLES lists the table.
    pub fn lists(&self, table: &TableRef) -> bool {
        !self
            .control()
            .filter_tables(&self.identity, &[table])
            .is_empty()
    }

    /// The columns that DESCRIBE shows.
    pub fn shown_columns<'t>(&self, name: &TableRef, table: &'t Table) -> Vec<&'t Column> {
        let names: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let shown: BTreeSet<&str> = self
            .control()
            .filter_columns(&self.identity, name, &names)
            .into_iter()
            .collect();
        table
            .columns
            .iter()
            .filter(|column| shown.contains(column.name.as_str()))
            .collect()
    }

    /// The catalogs that SHOW CATALOGS lists.
    pub fn filter_catalogs(&self, names: Vec<String>) -> Vec<String> {
        let refs: Vec<&str> = names.iter().map(String::as_str).collect();
        self.control()
            .filter_catalogs(&self.identity, &refs)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// The schemas that SHOW SCHEMAS lists.
    pub fn filter_schemas(&self, catalog: &str, names: Vec<String>) -> Vec<String> {
        let refs: Vec<&str> = names.iter().map(String::as_str).collect();
        self.control()
            .filter_schemas(&self.identity, catalog, &refs)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }
}
