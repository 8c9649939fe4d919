//! The compiled form of each rule: what the checks look through, in order.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::Identity;
use super::java::{Pattern, Replacement};
use crate::policy::document::{
    CatalogAccess, ColumnRule, FunctionPrivilege, ProcedurePrivilege, QueryAccess,
    SystemInformationAccess, TablePrivilege,
};

/// A pattern that an absent field makes match everything.
#[derive(Debug, Clone)]
pub(super) struct Field(pub(super) Option<Pattern>);

impl Field {
    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|pattern| pattern.matches(name))
    }
}

/// Who a rule is for.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) user: Option<Pattern>,
    pub(super) group: Option<Pattern>,
    /// Open-source Trino knows no system roles, so a rule that asks for one matches nobody.
    pub(super) asks_for_role: bool,
}

impl Who {
    pub(super) fn matches(&self, identity: &Identity) -> bool {
        !self.asks_for_role
            && self
                .user
                .as_ref()
                .is_none_or(|user| user.matches(&identity.user))
            && self
                .group
                .as_ref()
                .is_none_or(|group| identity.groups.iter().any(|name| group.matches(name)))
    }
}

#[derive(Debug, Clone)]
pub(super) struct CatalogCheck {
    pub(super) who: Who,
    pub(super) catalog: Field,
    pub(super) access: CatalogAccess,
}

#[derive(Debug, Clone)]
pub(super) struct SchemaCheck {
    pub(super) who: Who,
    pub(super) catalog: Field,
    pub(super) schema: Field,
    pub(super) owner: bool,
}

#[derive(Debug, Clone)]
pub(super) struct TableCheck {
    pub(super) who: Who,
    pub(super) catalog: Field,
    pub(super) schema: Field,
    pub(super) table: Field,
    pub(super) privileges: BTreeSet<TablePrivilege>,
    pub(super) columns: BTreeMap<String, ColumnRule>,
    pub(super) filter: Option<String>,
    pub(super) filter_user: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct QueryCheck {
    pub(super) who: Who,
    pub(super) owner: Option<Pattern>,
    pub(super) allow: BTreeSet<QueryAccess>,
}

#[derive(Debug, Clone)]
pub(super) struct ImpersonationCheck {
    pub(super) asks_for_role: bool,
    pub(super) users: ImpersonatedUsers,
    pub(super) allow: bool,
}

/// Who may become whom.
#[derive(Debug, Clone)]
pub(super) enum ImpersonatedUsers {
    /// The new user does not depend on the old one's name.
    Fixed {
        original: Option<Pattern>,
        new: Pattern,
    },
    /// The new user's pattern is made from what the old one's captured.
    Derived { original: Regex, new: Replacement },
}

#[derive(Debug, Clone)]
pub(super) struct PrincipalCheck {
    pub(super) principal: Pattern,
    pub(super) user: Option<Pattern>,
    pub(super) principal_to_user: Option<(Regex, Replacement)>,
    pub(super) allow: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SystemInformationCheck {
    pub(super) who: Who,
    pub(super) allow: BTreeSet<SystemInformationAccess>,
}

#[derive(Debug, Clone)]
pub(super) struct PropertyCheck {
    pub(super) who: Who,
    /// Matches everything for system properties.
    pub(super) catalog: Field,
    pub(super) property: Field,
    pub(super) allow: bool,
}

#[derive(Debug, Clone)]
pub(super) struct FunctionCheck {
    pub(super) who: Who,
    pub(super) catalog: Field,
    pub(super) schema: Field,
    pub(super) function: Field,
    pub(super) privileges: BTreeSet<FunctionPrivilege>,
}

#[derive(Debug, Clone)]
pub(super) struct ProcedureCheck {
    pub(super) who: Who,
    pub(super) catalog: Field,
    pub(super) schema: Field,
    pub(super) procedure: Field,
    pub(super) privileges: BTreeSet<ProcedurePrivilege>,
}

#[derive(Debug, Clone)]
pub(super) struct AuthorizationCheck {
    pub(super) who: Who,
    /// None: the rule is about roles only.
    pub(super) new_user: Option<Pattern>,
    pub(super) allow: bool,
}

/// All sections. What is `None` here is open in a way that depends on the section.
#[derive(Debug, Clone)]
pub(super) struct Checks {
    pub(super) catalogs: Vec<CatalogCheck>,
    pub(super) schemas: Vec<SchemaCheck>,
    pub(super) tables: Vec<TableCheck>,
    pub(super) queries: Option<Vec<QueryCheck>>,
    pub(super) impersonation: Option<Vec<ImpersonationCheck>>,
    pub(super) principals: Option<Vec<PrincipalCheck>>,
    pub(super) system_information: Vec<SystemInformationCheck>,
    pub(super) system_session_properties: Vec<PropertyCheck>,
    pub(super) catalog_session_properties: Vec<PropertyCheck>,
    pub(super) functions: Vec<FunctionCheck>,
    pub(super) procedures: Vec<ProcedureCheck>,
    pub(super) authorization: Vec<AuthorizationCheck>,
}
