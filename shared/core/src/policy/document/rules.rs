//! One rule of each section. Every pattern is a regular expression that must match the whole name; an absent
//! one matches every name.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use super::keyword::{
    CatalogAccess, FunctionPrivilege, ProcedurePrivilege, QueryAccess, SystemInformationAccess,
    TablePrivilege,
};

/// Makes a rule: optional patterns, then the fields that say what the rule gives.
macro_rules! rule {
    (
        $(#[$doc:meta])*
        $name:ident matches { $($(#[$pattern_meta:meta])* $pattern:ident),* $(,)? }
        gives { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                #[doc = concat!("Pattern: `", stringify!($pattern), "`.")]
                $(#[$pattern_meta])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $pattern: Option<String>,
            )*
            $($(#[$field_meta])* pub $field: $type,)*
        }
    };
}

rule! {
    /// Which catalogs, and whether for writing.
    CatalogRule matches { user, role, group, catalog } gives {
        /// What may be done.
        allow: CatalogAccess
    }
}

rule! {
    /// Who owns which schemas.
    #[derive(Default)]
    SchemaRule matches { user, role, group, catalog, schema } gives {
        /// Whether they do.
        #[serde(default, deserialize_with = "null_is_false")]
        owner: bool
    }
}

rule! {
    /// Privileges, columns, masks and the row filter of tables.
    #[derive(Default)]
    TableRule matches { user, role, group, catalog, schema, table } gives {
        /// What may be done. Nothing: the table is hidden.
        privileges: BTreeSet<TablePrivilege>,
        /// Columns with a rule of their own; all others are readable as they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        columns: Option<Vec<ColumnRule>>,
        /// Only rows for which this holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<String>,
        /// Who the filter is evaluated as.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter_environment: Option<Environment>
    }
}

/// What holds for one column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// The column, in lower case.
    pub name: String,
    /// Whether it may be read; yes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<bool>,
    /// What is read in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Who the mask is evaluated as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask_environment: Option<Environment>,
}

/// Who an expression is evaluated as.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The user; the caller if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

rule! {
    /// Who may run queries, and see or end other people's.
    #[derive(Default)]
    QueryRule matches {
        user, role, group,
        #[serde(rename = "queryOwner")]
        query_owner
    } gives {
        /// What may be done.
        allow: BTreeSet<QueryAccess>
    }
}

/// Who may act as whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpersonationRule {
    /// Pattern: who acts.
    #[serde(
        default,
        alias = "originalUser",
        skip_serializing_if = "Option::is_none"
    )]
    pub original_user: Option<String>,
    /// Pattern: a role of who acts.
    #[serde(
        default,
        alias = "originalRole",
        skip_serializing_if = "Option::is_none"
    )]
    pub original_role: Option<String>,
    /// Pattern: as whom. With `original_user` it is first a replacement in which `$1` stands for what that
    /// captured and a backslash is eaten: write `[.]`, not `\.`.
    #[serde(alias = "newUser")]
    pub new_user: String,
    /// Whether they may; yes if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<bool>,
}

/// Which credential may log in as which user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrincipalRule {
    /// Pattern: the credential's subject.
    pub principal: String,
    /// Pattern: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user, made from what `principal` captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_to_user: Option<String>,
    /// Whether it may; **no** if absent.
    #[serde(default, deserialize_with = "null_is_false")]
    pub allow: bool,
}

rule! {
    /// Who may read and change the engine's own state.
    SystemInformationRule matches { user, role } gives {
        /// What may be done.
        allow: BTreeSet<SystemInformationAccess>
    }
}

rule! {
    /// Who may set which session property.
    SystemSessionPropertyRule matches { user, role, group, property } gives {
        /// Whether they may; **no** if absent.
        #[serde(default, deserialize_with = "null_is_false")]
        allow: bool
    }
}

rule! {
    /// Who may set which session property of a catalog.
    CatalogSessionPropertyRule matches { user, role, group, catalog, property } gives {
        /// Whether they may; **no** if absent.
        #[serde(default, deserialize_with = "null_is_false")]
        allow: bool
    }
}

rule! {
    /// Who may call which functions.
    FunctionRule matches { user, role, group, catalog, schema, function } gives {
        /// What may be done.
        privileges: BTreeSet<FunctionPrivilege>,
        /// No longer supported by Trino: only an empty list is accepted.
        #[serde(default, alias = "functionKinds", skip_serializing_if = "Option::is_none")]
        function_kinds: Option<Vec<String>>
    }
}

rule! {
    /// Who may call which procedures.
    ProcedureRule matches { user, role, group, catalog, schema, procedure } gives {
        /// What may be done.
        privileges: BTreeSet<ProcedurePrivilege>
    }
}

rule! {
    /// Who may give an object to whom.
    AuthorizationRule matches {
        #[serde(alias = "originalUser")]
        original_user,
        #[serde(alias = "originalGroup")]
        original_group,
        #[serde(alias = "originalRole")]
        original_role,
        #[serde(alias = "newUser")]
        new_user,
        #[serde(alias = "newRole")]
        new_role,
    } gives {
        /// Whether they may; yes if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allow: Option<bool>
    }
}

/// Jackson reads `null` for a Java `boolean` as false.
fn null_is_false<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(deserializer)?.unwrap_or_default())
}
