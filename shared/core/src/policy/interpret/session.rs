//! Checks about everything but tables: queries, the engine's state, session properties, functions, procedures
//! and owners.

use super::{AccessControl, AccessDenied, Identity};
use crate::names::TableRef;
use crate::policy::document::{
    CatalogAccess, FunctionPrivilege, ProcedurePrivilege, QueryAccess, SystemInformationAccess,
    TablePrivilege,
};

impl AccessControl {
    /// Whether queries may be run at all.
    ///
    /// # Errors
    /// If they may not.
    pub fn check_can_execute_query(&self, identity: &Identity) -> Result<(), AccessDenied> {
        if self.can_access_query(identity, None, QueryAccess::Execute) {
            Ok(())
        } else {
            Err(AccessDenied::execute_query())
        }
    }

    /// Whether the owner's query may be seen. Everyone may see their own.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_view_query(
        &self,
        identity: &Identity,
        owner: &str,
    ) -> Result<(), AccessDenied> {
        if identity.user == owner || self.can_access_query(identity, Some(owner), QueryAccess::View)
        {
            Ok(())
        } else {
            Err(AccessDenied::view_query())
        }
    }

    /// Whether the owner's query may be ended. Everyone may end their own.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_kill_query(
        &self,
        identity: &Identity,
        owner: &str,
    ) -> Result<(), AccessDenied> {
        if identity.user == owner || self.can_access_query(identity, Some(owner), QueryAccess::Kill)
        {
            Ok(())
        } else {
            Err(AccessDenied::kill_query())
        }
    }

    fn can_access_query(
        &self,
        identity: &Identity,
        owner: Option<&str>,
        wanted: QueryAccess,
    ) -> bool {
        let Some(queries) = &self.checks.queries else {
            return true;
        };
        queries
            .iter()
            .find(|check| {
                check.who.matches(identity)
                    && match (&check.owner, owner) {
                        (None, _) => true,
                        (Some(pattern), Some(owner)) => pattern.matches(owner),
                        // A rule about owners says nothing about a query that is yet to run.
                        (Some(_), None) => false,
                    }
            })
            .is_some_and(|check| check.allow.contains(&wanted))
    }

    /// Whether the engine's own state may be read.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_read_system_information(
        &self,
        identity: &Identity,
    ) -> Result<(), AccessDenied> {
        if self.can_access_system_information(identity, SystemInformationAccess::Read) {
            Ok(())
        } else {
            Err(AccessDenied::read_system_information())
        }
    }

    /// Whether the engine's own state may be changed.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_write_system_information(
        &self,
        identity: &Identity,
    ) -> Result<(), AccessDenied> {
        if self.can_access_system_information(identity, SystemInformationAccess::Write) {
            Ok(())
        } else {
            Err(AccessDenied::write_system_information())
        }
    }

    fn can_access_system_information(
        &self,
        identity: &Identity,
        wanted: SystemInformationAccess,
    ) -> bool {
        self.checks
            .system_information
            .iter()
            .find(|check| check.who.matches(identity))
            .is_some_and(|check| check.allow.contains(&wanted))
    }

    /// Whether the session property may be set.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_set_system_session_property(
        &self,
        identity: &Identity,
        property: &str,
    ) -> Result<(), AccessDenied> {
        let allowed = self
            .checks
            .system_session_properties
            .iter()
            .find(|check| check.who.matches(identity) && check.property.matches(property))
            .is_some_and(|check| check.allow);
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::set_system_session_property(property))
        }
    }

    /// Whether the catalog's session property may be set.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_set_catalog_session_property(
        &self,
        identity: &Identity,
        catalog: &str,
        property: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, catalog)?;
        let allowed = self
            .checks
            .catalog_session_properties
            .iter()
            .find(|check| {
                check.who.matches(identity)
                    && check.catalog.matches(catalog)
                    && check.property.matches(property)
            })
            .is_some_and(|check| check.allow);
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::set_catalog_session_property(property))
        }
    }

    /// Whether the function may be called; its name has a catalog and schema like a table's. The functions
    /// that come with the engine (`system.builtin`) always may.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_execute_function(
        &self,
        identity: &Identity,
        function: &TableRef,
    ) -> Result<(), AccessDenied> {
        let builtin = function.catalog == "system" && function.schema == "builtin";
        let allowed = builtin
            || self.can_access_catalog(identity, &function.catalog)
                && self
                    .checks
                    .functions
                    .iter()
                    .find(|check| {
                        check.who.matches(identity)
                            && check.catalog.matches(&function.catalog)
                            && check.schema.matches(&function.schema)
                            && check.function.matches(&function.table)
                    })
                    .is_some_and(|check| {
                        check.privileges.contains(&FunctionPrivilege::Execute)
                            || check.privileges.contains(&FunctionPrivilege::GrantExecute)
                    });
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::execute_function(function))
        }
    }

    /// Whether `SHOW FUNCTIONS` is allowed.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_can_show_functions(
        &self,
        identity: &Identity,
        catalog: &str,
        schema: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, catalog)?;
        if self.sees_schema(identity, catalog, schema) {
            Ok(())
        } else {
            Err(AccessDenied::show_functions(catalog, schema))
        }
    }

    /// Whether the procedure may be called.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_execute_procedure(
        &self,
        identity: &Identity,
        procedure: &TableRef,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &procedure.catalog)?;
        let builtin = procedure.catalog == "system" && procedure.schema == "builtin";
        let allowed = builtin
            || self
                .checks
                .procedures
                .iter()
                .find(|check| {
                    check.who.matches(identity)
                        && check.catalog.matches(&procedure.catalog)
                        && check.schema.matches(&procedure.schema)
                        && check.procedure.matches(&procedure.table)
                })
                .is_some_and(|check| {
                    check.privileges.contains(&ProcedurePrivilege::Execute)
                        || check.privileges.contains(&ProcedurePrivilege::GrantExecute)
                });
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::execute_procedure(procedure))
        }
    }

    /// Whether the table (or view: the kind) may be given to the user.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_can_set_table_authorization(
        &self,
        identity: &Identity,
        kind: &str,
        table: &TableRef,
        user: &str,
    ) -> Result<(), AccessDenied> {
        self.check_can_access_catalog(identity, &table.catalog)?;
        let allowed = self.has_catalog_access(identity, &table.catalog, CatalogAccess::All)
            && self.has_privilege(identity, table, TablePrivilege::Ownership)
            && self
                .checks
                .authorization
                .iter()
                .find(|check| {
                    check.who.matches(identity)
                        && check
                            .new_user
                            .as_ref()
                            .is_some_and(|pattern| pattern.matches(user))
                })
                .is_some_and(|check| check.allow);
        if allowed {
            Ok(())
        } else {
            Err(AccessDenied::set_authorization(kind, table, user))
        }
    }
}
