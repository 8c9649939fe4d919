//! What an engine makes of the policy document: Trino 476's file-based access control, decision for decision
//! and message for message. The embedded engine enforces with it, and tests hold it against
//! [`evaluate`](super::evaluate) and against answers recorded from a real Trino.
//!
//! # How an engine asks
//! 1. [`AccessControl::new`] for each new document; an error means to enforce none of it.
//! 2. Per request [`AccessControl::identity`], then [`AccessControl::check_can_execute_query`].
//! 3. Per table of the statement, once the names are resolved: `*` stands for
//!    [`AccessControl::filter_columns`] (none left: `TABLE_NOT_FOUND`, "Relation not found or not allowed");
//!    [`AccessControl::check_reading`] for the columns used, which gives the row filter and the masks. The filter
//!    comes first, on raw rows; then all masks at once, each over raw values. What an [`Expression`] itself
//!    reads is checked as whom it is evaluated as.
//! 4. Writes: [`AccessControl::check_can`]; after it, a table with any mask refuses `INSERT`, `UPDATE`, `DELETE`,
//!    `MERGE` and `ALTER TABLE EXECUTE`, one with a filter all of them but `INSERT` and `DELETE`.
//! 5. Rows of `information_schema` are chosen for [`Identity::while_running`].
//! 6. When a newer document arrives, ask 3 again for running queries: another [`Reading`] than before, or a
//!    refusal, ends the query. A session's effective user that can no longer be entered ends it too.

mod checks;
mod compile;
mod denied;
mod java;
mod session;
mod tables;

use std::collections::BTreeSet;

pub use denied::AccessDenied;
pub use tables::{Expression, Reading, TableAction};

use checks::{Checks, ImpersonatedUsers};

use super::document::{CatalogAccess, Document, DocumentError, Groups, Rules};

/// Who a query runs as. Rules look at the user and the groups only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The effective user, e.g. `ana@corp.example+pii.k3j9`.
    pub user: String,
    /// The groups of that very name.
    pub groups: BTreeSet<String>,
    /// The groups of whoever acts as the user: the same, unless someone does.
    pub original_groups: BTreeSet<String>,
}

impl Identity {
    /// Who the rows of `information_schema` are chosen for, and whose groups `current_groups()` gives.
    ///
    /// Trino up to 476 loses the user's own groups on the way to a running query and goes on with those of the
    /// original user (trinodb/trino#26344): under a PII session, `SHOW TABLES` asks for the session's user, and
    /// `information_schema.tables` for its owner's groups.
    pub fn while_running(&self) -> Self {
        Self {
            groups: self.original_groups.clone(),
            ..self.clone()
        }
    }
}

/// A document, compiled. Immutable: a newer document makes a new one.
#[derive(Debug, Clone)]
pub struct AccessControl {
    checks: Checks,
    groups: Groups,
}

impl AccessControl {
    /// Compiles a document that closes what it does not open.
    ///
    /// # Errors
    /// If a section is missing, a pattern is invalid or a rule contradicts itself. Then nothing of the
    /// document may be enforced, least of all in part.
    pub fn new(document: &Document) -> Result<Self, DocumentError> {
        match document.trino.missing_section() {
            Some(section) => Err(DocumentError::MissingSection(section)),
            None => Self::with_open_sections(&document.trino, &document.groups),
        }
    }

    /// Compiles rules as Trino does, which leaves a missing section open. To hold this interpreter against
    /// Trino; a server uses [`AccessControl::new`].
    ///
    /// # Errors
    /// If a pattern is invalid or a rule contradicts itself.
    pub fn with_open_sections(rules: &Rules, groups: &Groups) -> Result<Self, DocumentError> {
        Ok(Self {
            checks: compile::compile(rules)?,
            groups: groups.clone(),
        })
    }

    /// Decides who a request runs as.
    ///
    /// `principal` is the subject of the credential, `original_user` and `user` what the request's
    /// `X-Trino-Original-User` and `X-Trino-User` say, if they are there.
    ///
    /// # Errors
    /// If the credential may not log in as that user, or one user may not act as the other.
    pub fn identity(
        &self,
        principal: &str,
        original_user: Option<&str>,
        user: Option<&str>,
    ) -> Result<Identity, AccessDenied> {
        let user = user.unwrap_or(principal);
        let original_user = original_user.unwrap_or(user);
        self.check_can_set_user(principal, original_user)?;
        if principal != original_user {
            self.check_can_impersonate(principal, original_user)?;
        }
        if original_user != user {
            self.check_can_set_user(principal, user)?;
            self.check_can_impersonate(original_user, user)?;
        }
        Ok(Identity {
            original_groups: self.groups_of(original_user),
            ..self.identity_of(user)
        })
    }

    /// The identity of a user, unchecked: of the owner of a view, or of whom a mask is evaluated as.
    pub fn identity_of(&self, user: &str) -> Identity {
        let groups = self.groups_of(user);
        Identity {
            user: user.to_owned(),
            original_groups: groups.clone(),
            groups,
        }
    }

    fn groups_of(&self, user: &str) -> BTreeSet<String> {
        let groups = self
            .groups
            .iter()
            .filter(|(_, members)| members.contains(user));
        groups.map(|(group, _)| group.clone()).collect()
    }

    /// Whether the credential may log in as the user.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_set_user(&self, principal: &str, user: &str) -> Result<(), AccessDenied> {
        let Some(principals) = &self.checks.principals else {
            return Ok(());
        };
        let allowed = principals
            .iter()
            .find(|check| {
                check.principal.matches(principal)
                    && (check
                        .user
                        .as_ref()
                        .is_some_and(|pattern| pattern.matches(user))
                        || check.principal_to_user.as_ref().is_some_and(
                            |(pattern, replacement)| {
                                replacement.replace_all(pattern, principal) == user
                            },
                        ))
            })
            .is_some_and(|check| check.allow);
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::set_user(principal, user))
        }
    }

    /// Whether one user may act as another, as `SET SESSION AUTHORIZATION` asks too.
    ///
    /// # Errors
    /// If they may not.
    pub fn check_can_impersonate(
        &self,
        original_user: &str,
        user: &str,
    ) -> Result<(), AccessDenied> {
        let allowed = match &self.checks.impersonation {
            // Rules for principals are taken to deal with it.
            None => self.checks.principals.is_some(),
            Some(rules) => rules
                .iter()
                .find(|check| !check.asks_for_role && becomes(&check.users, original_user, user))
                .is_some_and(|check| check.allow),
        };
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::impersonate(original_user, user))
        }
    }

    /// Whether the catalog may be read at all.
    pub fn can_access_catalog(&self, identity: &Identity, catalog: &str) -> bool {
        self.has_catalog_access(identity, catalog, CatalogAccess::ReadOnly)
    }

    /// Whether the catalog may be read at all. Trino asks this before any other question about a table.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_access_catalog(
        &self,
        identity: &Identity,
        catalog: &str,
    ) -> Result<(), AccessDenied> {
        if self.can_access_catalog(identity, catalog) {
            Ok(())
        } else {
            Err(AccessDenied::access_catalog(catalog))
        }
    }

    /// The catalogs that `SHOW CATALOGS` lists: those in which there may be something to see.
    pub fn filter_catalogs<'a>(&self, identity: &Identity, catalogs: &[&'a str]) -> Vec<&'a str> {
        catalogs
            .iter()
            .copied()
            .filter(|catalog| self.sees_catalog(identity, catalog))
            .collect()
    }

    /// Whether `SHOW SCHEMAS` is allowed.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_can_show_schemas(
        &self,
        identity: &Identity,
        catalog: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, catalog)?;
        if self.sees_catalog(identity, catalog) {
            Ok(())
        } else {
            Err(AccessDenied::show_schemas())
        }
    }

    /// The schemas that `SHOW SCHEMAS` lists.
    pub fn filter_schemas<'a>(
        &self,
        identity: &Identity,
        catalog: &str,
        schemas: &[&'a str],
    ) -> Vec<&'a str> {
        schemas
            .iter()
            .copied()
            .filter(|schema| self.sees_schema(identity, catalog, schema))
            .collect()
    }

    /// Whether `SHOW TABLES` is allowed.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_can_show_tables(
        &self,
        identity: &Identity,
        catalog: &str,
        schema: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, catalog)?;
        if self.sees_schema(identity, catalog, schema) {
            Ok(())
        } else {
            Err(AccessDenied::show_tables(catalog, schema))
        }
    }

    /// Whether the user owns the schema: may create and drop it, and sees all that is in it.
    pub fn is_schema_owner(&self, identity: &Identity, catalog: &str, schema: &str) -> bool {
        self.has_catalog_access(identity, catalog, CatalogAccess::All)
            && self
                .checks
                .schemas
                .iter()
                .find(|check| {
                    check.who.matches(identity)
                        && check.catalog.matches(catalog)
                        && check.schema.matches(schema)
                })
                .is_some_and(|check| check.owner)
    }

    /// Whether a schema may be created.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_create_schema(
        &self,
        identity: &Identity,
        catalog: &str,
        schema: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, catalog)?;
        if self.is_schema_owner(identity, catalog, schema) {
            Ok(())
        } else {
            Err(AccessDenied::create_schema(catalog, schema))
        }
    }

    /// Whether a schema may be dropped.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_drop_schema(
        &self,
        identity: &Identity,
        catalog: &str,
        schema: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, catalog)?;
        if self.is_schema_owner(identity, catalog, schema) {
            Ok(())
        } else {
            Err(AccessDenied::drop_schema(catalog, schema))
        }
    }

    fn has_catalog_access(
        &self,
        identity: &Identity,
        catalog: &str,
        wanted: CatalogAccess,
    ) -> bool {
        self.checks
            .catalogs
            .iter()
            .find(|check| check.who.matches(identity) && check.catalog.matches(catalog))
            .is_some_and(|check| check.access.implies(wanted))
    }

    /// Any rule that gives something in the catalog counts, whatever stands before it.
    fn sees_catalog(&self, identity: &Identity, catalog: &str) -> bool {
        let checks = &self.checks;
        self.has_catalog_access(identity, catalog, CatalogAccess::Owner)
            || self.has_catalog_access(identity, catalog, CatalogAccess::ReadOnly)
                && (checks.schemas.iter().any(|check| {
                    check.owner && check.catalog.matches(catalog) && check.who.matches(identity)
                }) || checks.tables.iter().any(|check| {
                    !check.privileges.is_empty()
                        && check.catalog.matches(catalog)
                        && check.who.matches(identity)
                }) || checks.catalog_session_properties.iter().any(|check| {
                    check.allow && check.catalog.matches(catalog) && check.who.matches(identity)
                }) || checks.functions.iter().any(|check| {
                    !check.privileges.is_empty()
                        && check.catalog.matches(catalog)
                        && check.who.matches(identity)
                }) || checks.procedures.iter().any(|check| {
                    !check.privileges.is_empty()
                        && check.catalog.matches(catalog)
                        && check.who.matches(identity)
                }))
    }

    /// Any rule that gives something in the schema counts, whatever stands before it.
    pub(super) fn sees_schema(&self, identity: &Identity, catalog: &str, schema: &str) -> bool {
        let checks = &self.checks;
        self.has_catalog_access(identity, catalog, CatalogAccess::ReadOnly)
            && (checks.schemas.iter().any(|check| {
                check.owner
                    && check.catalog.matches(catalog)
                    && check.schema.matches(schema)
                    && check.who.matches(identity)
            }) || checks.tables.iter().any(|check| {
                !check.privileges.is_empty()
                    && check.catalog.matches(catalog)
                    && check.schema.matches(schema)
                    && check.who.matches(identity)
            }) || checks.functions.iter().any(|check| {
                !check.privileges.is_empty()
                    && check.catalog.matches(catalog)
                    && check.schema.matches(schema)
                    && check.who.matches(identity)
            }) || checks.procedures.iter().any(|check| {
                !check.privileges.is_empty()
                    && check.catalog.matches(catalog)
                    && check.schema.matches(schema)
                    && check.who.matches(identity)
            }))
    }
}

fn becomes(users: &ImpersonatedUsers, original_user: &str, user: &str) -> bool {
    match users {
        ImpersonatedUsers::Fixed { original, new } => {
            original
                .as_ref()
                .is_none_or(|original| original.matches(original_user))
                && new.matches(user)
        }
        ImpersonatedUsers::Derived { original, new } => {
            original.captures(original_user).is_some_and(|captures| {
                // What was captured becomes part of the pattern as it is. One that is no pattern then matches
                // nobody (Trino fails the query).
                java::Pattern::new(&new.expand(&captures)).is_ok_and(|new| new.matches(user))
            })
        }
    }
}
