//! The policy document: what an engine pulls. Its `trino` part is Trino's file-based access control, read and
//! written exactly as Trino does: an unknown key anywhere refuses the whole document, and a section that is
//! absent or `null` (`None` here) is **open**, while an empty one closes.

mod keyword;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use keyword::{
    CatalogAccess, FunctionPrivilege, ProcedurePrivilege, QueryAccess, SystemInformationAccess,
    TablePrivilege,
};
pub use rules::{
    AuthorizationRule, CatalogRule, CatalogSessionPropertyRule, ColumnRule, Environment,
    FunctionRule, ImpersonationRule, PrincipalRule, ProcedureRule, QueryRule, SchemaRule,
    SystemInformationRule, SystemSessionPropertyRule, TableRule,
};

use crate::time::Timestamp;

/// Why a text is not a policy document, or not one that can be enforced.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DocumentError {
    /// Not JSON, an unknown key, a missing key or a value of the wrong type.
    #[error("the policy document cannot be read: {0}")]
    Json(String),
    /// A section is absent or null, which an engine takes as open.
    #[error("the policy document has no section `{0}`, which would leave it open")]
    MissingSection(&'static str),
    /// A pattern that is no regular expression, or one on which engines might not agree.
    #[error("{place}: `{pattern}` {reason}")]
    Pattern {
        /// Which rule and field, e.g. `tables[3].schema`.
        place: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A rule that contradicts itself.
    #[error("{place}: {reason}")]
    Rule {
        /// Which rule, e.g. `queries[0]`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// All that an engine enforces, of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Which document this is.
    pub meta: Meta,
    /// The members of each group that rules may name.
    #[serde(default)]
    pub groups: Groups,
    /// The rules.
    pub trino: Rules,
}

/// The members of each group. Users here are names as engines see them.
pub type Groups = BTreeMap<String, BTreeSet<String>>;

/// Which document this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// The model's version.
    pub version: u64,
    /// When it was rendered.
    pub rendered_at: Timestamp,
    /// Until when it may be enforced without hearing of a newer one.
    pub valid_until: Timestamp,
}

/// The twelve sections of Trino's file-based access control.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Which catalogs, and whether for writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogs: Option<Vec<CatalogRule>>,
    /// Who owns which schemas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<SchemaRule>>,
    /// Privileges, columns, masks and row filters of tables. The first match decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Vec<TableRule>>,
    /// Who may run queries, and see or end other people's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queries: Option<Vec<QueryRule>>,
    /// Who may act as whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonation: Option<Vec<ImpersonationRule>>,
    /// Which credential may log in as which user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principals: Option<Vec<PrincipalRule>>,
    /// Who may read and change the engine's own state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_information: Option<Vec<SystemInformationRule>>,
    /// Who may set which session property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_session_properties: Option<Vec<SystemSessionPropertyRule>>,
    /// Who may set which session property of a catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_session_properties: Option<Vec<CatalogSessionPropertyRule>>,
    /// Who may call which functions, table functions included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<Vec<FunctionRule>>,
    /// Who may call which procedures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedures: Option<Vec<ProcedureRule>>,
    /// Who may give an object to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Vec<AuthorizationRule>>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// If it is not JSON of this form. Sections may still be missing ([`Rules::missing_section`]) and
    /// patterns invalid ([`AccessControl::new`](super::interpret::AccessControl::new)).
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        serde_json::from_str(text).map_err(|error| DocumentError::Json(error.to_string()))
    }
}

impl Rules {
    /// All sections there and empty: nobody may do anything.
    pub fn closed() -> Self {
        Self {
            catalogs: Some(Vec::new()),
            schemas: Some(Vec::new()),
            tables: Some(Vec::new()),
            queries: Some(Vec::new()),
            impersonation: Some(Vec::new()),
            principals: Some(Vec::new()),
            system_information: Some(Vec::new()),
            system_session_properties: Some(Vec::new()),
            catalog_session_properties: Some(Vec::new()),
            functions: Some(Vec::new()),
            procedures: Some(Vec::new()),
            authorization: Some(Vec::new()),
        }
    }

    /// The first section that is absent, and so open.
    pub fn missing_section(&self) -> Option<&'static str> {
        [
            ("catalogs", self.catalogs.is_none()),
            ("schemas", self.schemas.is_none()),
            ("tables", self.tables.is_none()),
            ("queries", self.queries.is_none()),
            ("impersonation", self.impersonation.is_none()),
            ("principals", self.principals.is_none()),
            ("system_information", self.system_information.is_none()),
            (
                "system_session_properties",
                self.system_session_properties.is_none(),
            ),
            (
                "catalog_session_properties",
                self.catalog_session_properties.is_none(),
            ),
            ("functions", self.functions.is_none()),
            ("procedures", self.procedures.is_none()),
            ("authorization", self.authorization.is_none()),
        ]
        .into_iter()
        .find_map(|(section, missing)| missing.then_some(section))
    }
}
