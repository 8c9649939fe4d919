//! The document's rules with their patterns compiled, in order.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::{
    AuthorizationCheck, CatalogCheck, Checks, Field, FunctionCheck, ImpersonatedUsers,
    ImpersonationCheck, PrincipalCheck, ProcedureCheck, PropertyCheck, QueryCheck, SchemaCheck,
    SystemInformationCheck, TableCheck, Who,
};
use super::java::{self, Pattern, Replacement};
use crate::policy::document::{
    AuthorizationRule, CatalogAccess, CatalogRule, CatalogSessionPropertyRule, DocumentError,
    FunctionPrivilege, FunctionRule, ImpersonationRule, PrincipalRule, ProcedurePrivilege,
    ProcedureRule, QueryAccess, QueryRule, Rules, SchemaRule, SystemInformationRule,
    SystemSessionPropertyRule, TablePrivilege, TableRule,
};

/// Compiles all sections. An absent one becomes what Trino takes it for.
pub(super) fn compile(rules: &Rules) -> Result<Checks, DocumentError> {
    let mut catalogs = section("catalogs", rules.catalogs.as_deref(), catalog)?;
    match &mut catalogs {
        // Trino adds this rule so that its own tools reach the server's state.
        Some(catalogs) => catalogs.push(CatalogCheck {
            who: Who {
                user: Some(Pattern::Any),
                group: None,
                asks_for_role: false,
            },
            catalog: Field(Some(Pattern::Names(BTreeSet::from(["system".to_owned()])))),
            access: CatalogAccess::All,
        }),
        None => {
            catalogs = Some(vec![CatalogCheck {
                who: EVERYONE,
                catalog: ALL,
                access: CatalogAccess::All,
            }])
        }
    }
    Ok(Checks {
        catalogs: catalogs.unwrap_or_default(),
        schemas: section("schemas", rules.schemas.as_deref(), schema)?.unwrap_or_else(|| {
            vec![SchemaCheck {
                who: EVERYONE,
                catalog: ALL,
                schema: ALL,
                owner: true,
            }]
        }),
        tables: section("tables", rules.tables.as_deref(), table)?
            .unwrap_or_else(|| vec![open_tables()]),
        queries: section("queries", rules.queries.as_deref(), query)?,
        impersonation: section(
            "impersonation",
            rules.impersonation.as_deref(),
            impersonation,
        )?,
        principals: section("principals", rules.principals.as_deref(), principal)?,
        system_information: section(
            "system_information",
            rules.system_information.as_deref(),
            system_information,
        )?
        .unwrap_or_default(),
        system_session_properties: section(
            "system_session_properties",
            rules.system_session_properties.as_deref(),
            system_property,
        )?
        .unwrap_or_else(|| vec![open_properties()]),
        catalog_session_properties: section(
            "catalog_session_properties",
            rules.catalog_session_properties.as_deref(),
            catalog_property,
        )?
        .unwrap_or_else(|| vec![open_properties()]),
        functions: section("functions", rules.functions.as_deref(), function)?
            .unwrap_or_else(|| vec![builtin_functions()]),
        procedures: section("procedures", rules.procedures.as_deref(), procedure)?
            .unwrap_or_else(|| vec![builtin_procedures()]),
        authorization: section(
            "authorization",
            rules.authorization.as_deref(),
            authorization,
        )?
        .unwrap_or_default(),
    })
}

const EVERYONE: Who = Who {
    user: None,
    group: None,
    asks_for_role: false,
};
const ALL: Field = Field(None);

fn only(name: &str) -> Field {
    Field(Some(Pattern::Names(BTreeSet::from([name.to_owned()]))))
}

fn open_tables() -> TableCheck {
    TableCheck {
        who: EVERYONE,
        catalog: ALL,
        schema: ALL,
        table: ALL,
        privileges: TablePrivilege::ALL.iter().copied().collect(),
        columns: BTreeMap::new(),
        filter: None,
        filter_user: None,
    }
}

fn open_properties() -> PropertyCheck {
    PropertyCheck {
        who: EVERYONE,
        catalog: ALL,
        property: ALL,
        allow: true,
    }
}

fn builtin_functions() -> FunctionCheck {
    FunctionCheck {
        who: EVERYONE,
        catalog: only("system"),
        schema: only("builtin"),
        function: ALL,
        privileges: BTreeSet::from([FunctionPrivilege::Execute, FunctionPrivilege::GrantExecute]),
    }
}

fn builtin_procedures() -> ProcedureCheck {
    ProcedureCheck {
        who: EVERYONE,
        catalog: only("system"),
        schema: only("builtin"),
        procedure: ALL,
        privileges: BTreeSet::from([
            ProcedurePrivilege::Execute,
            ProcedurePrivilege::GrantExecute,
        ]),
    }
}

/// Where a rule stands, for messages.
#[derive(Clone, Copy)]
struct Place {
    section: &'static str,
    index: usize,
}

impl Place {
    fn pattern_error(self, field: &str, pattern: &str, reason: String) -> DocumentError {
        let place = format!("{}[{}].{field}", self.section, self.index);
        DocumentError::Pattern {
            place,
            pattern: pattern.to_owned(),
            reason,
        }
    }

    fn rule_error(self, reason: &str) -> DocumentError {
        let place = format!("{}[{}]", self.section, self.index);
        DocumentError::Rule {
            place,
            reason: reason.to_owned(),
        }
    }

    fn pattern(self, field: &str, pattern: &str) -> Result<Pattern, DocumentError> {
        Pattern::new(pattern).map_err(|reason| self.pattern_error(field, pattern, reason))
    }

    fn optional(
        self,
        field: &str,
        pattern: Option<&String>,
    ) -> Result<Option<Pattern>, DocumentError> {
        pattern
            .map(|pattern| self.pattern(field, pattern))
            .transpose()
    }

    fn field(self, field: &str, pattern: Option<&String>) -> Result<Field, DocumentError> {
        Ok(Field(self.optional(field, pattern)?))
    }

    fn who(
        self,
        user: Option<&String>,
        role: Option<&String>,
        group: Option<&String>,
    ) -> Result<Who, DocumentError> {
        Ok(Who {
            user: self.optional("user", user)?,
            group: self.optional("group", group)?,
            asks_for_role: self.optional("role", role)?.is_some(),
        })
    }
}

fn section<R, C>(
    section: &'static str,
    rules: Option<&[R]>,
    compile: impl Fn(Place, &R) -> Result<C, DocumentError>,
) -> Result<Option<Vec<C>>, DocumentError> {
    rules
        .map(|rules| {
            rules
                .iter()
                .enumerate()
                .map(|(index, rule)| compile(Place { section, index }, rule))
                .collect()
        })
        .transpose()
}

fn catalog(place: Place, rule: &CatalogRule) -> Result<CatalogCheck, DocumentError> {
    Ok(CatalogCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: place.field("catalog", rule.catalog.as_ref())?,
        access: rule.allow,
    })
}

fn schema(place: Place, rule: &SchemaRule) -> Result<SchemaCheck, DocumentError> {
    Ok(SchemaCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: place.field("catalog", rule.catalog.as_ref())?,
        schema: place.field("schema", rule.schema.as_ref())?,
        owner: rule.owner,
    })
}

fn table(place: Place, rule: &TableRule) -> Result<TableCheck, DocumentError> {
    let mut columns = BTreeMap::new();
    for column in rule.columns.iter().flatten() {
        if columns
            .insert(column.name.clone(), column.clone())
            .is_some()
        {
            return Err(place.rule_error(&format!("the column `{}` is named twice", column.name)));
        }
    }
    Ok(TableCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: place.field("catalog", rule.catalog.as_ref())?,
        schema: place.field("schema", rule.schema.as_ref())?,
        table: place.field("table", rule.table.as_ref())?,
        privileges: rule.privileges.clone(),
        columns,
        filter: rule.filter.clone(),
        filter_user: rule
            .filter_environment
            .as_ref()
            .and_then(|environment| environment.user.clone()),
    })
}

fn query(place: Place, rule: &QueryRule) -> Result<QueryCheck, DocumentError> {
    if rule.query_owner.is_some() && rule.allow.contains(&QueryAccess::Execute) {
        return Err(place.rule_error(
            "`queryOwner` cannot stand with `execute`: a query that is not run yet has no owner",
        ));
    }
    Ok(QueryCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        owner: place.optional("queryOwner", rule.query_owner.as_ref())?,
        allow: rule.allow.clone(),
    })
}

fn impersonation(
    place: Place,
    rule: &ImpersonationRule,
) -> Result<ImpersonationCheck, DocumentError> {
    let written = place.pattern("new_user", &rule.new_user)?;
    let users = match &rule.original_user {
        None => ImpersonatedUsers::Fixed {
            original: None,
            new: written,
        },
        Some(pattern) => {
            let original = java::capturing(pattern)
                .map_err(|reason| place.pattern_error("original_user", pattern, reason))?;
            let replacement = Replacement::new(&rule.new_user, &original)
                .map_err(|reason| place.pattern_error("new_user", &rule.new_user, reason))?;
            match replacement.constant() {
                Some(new) => ImpersonatedUsers::Fixed {
                    original: Some(place.pattern("original_user", pattern)?),
                    new: place.pattern("new_user", &new)?,
                },
                None => ImpersonatedUsers::Derived {
                    original,
                    new: replacement,
                },
            }
        }
    };
    Ok(ImpersonationCheck {
        asks_for_role: place
            .optional("original_role", rule.original_role.as_ref())?
            .is_some(),
        users,
        allow: rule.allow.unwrap_or(true),
    })
}

fn principal(place: Place, rule: &PrincipalRule) -> Result<PrincipalCheck, DocumentError> {
    if rule.user.is_none() && rule.principal_to_user.is_none() {
        return Err(place.rule_error("neither `user` nor `principal_to_user` is there"));
    }
    let principal_to_user = match &rule.principal_to_user {
        None => None,
        Some(text) => {
            let finding = java::finding(&rule.principal)
                .map_err(|reason| place.pattern_error("principal", &rule.principal, reason))?;
            let replacement = Replacement::new(text, &finding)
                .map_err(|reason| place.pattern_error("principal_to_user", text, reason))?;
            Some((finding, replacement))
        }
    };
    Ok(PrincipalCheck {
        principal: place.pattern("principal", &rule.principal)?,
        user: place.optional("user", rule.user.as_ref())?,
        principal_to_user,
        allow: rule.allow,
    })
}

fn system_information(
    place: Place,
    rule: &SystemInformationRule,
) -> Result<SystemInformationCheck, DocumentError> {
    Ok(SystemInformationCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), None)?,
        allow: rule.allow.clone(),
    })
}

fn system_property(
    place: Place,
    rule: &SystemSessionPropertyRule,
) -> Result<PropertyCheck, DocumentError> {
    Ok(PropertyCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: ALL,
        property: place.field("property", rule.property.as_ref())?,
        allow: rule.allow,
    })
}

fn catalog_property(
    place: Place,
    rule: &CatalogSessionPropertyRule,
) -> Result<PropertyCheck, DocumentError> {
    Ok(PropertyCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: place.field("catalog", rule.catalog.as_ref())?,
        property: place.field("property", rule.property.as_ref())?,
        allow: rule.allow,
    })
}

fn function(place: Place, rule: &FunctionRule) -> Result<FunctionCheck, DocumentError> {
    if rule
        .function_kinds
        .as_ref()
        .is_some_and(|kinds| !kinds.is_empty())
    {
        return Err(place.rule_error("`function_kinds` is no longer supported: leave it out"));
    }
    Ok(FunctionCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: place.field("catalog", rule.catalog.as_ref())?,
        schema: place.field("schema", rule.schema.as_ref())?,
        function: place.field("function", rule.function.as_ref())?,
        privileges: rule.privileges.clone(),
    })
}

fn procedure(place: Place, rule: &ProcedureRule) -> Result<ProcedureCheck, DocumentError> {
    Ok(ProcedureCheck {
        who: place.who(rule.user.as_ref(), rule.role.as_ref(), rule.group.as_ref())?,
        catalog: place.field("catalog", rule.catalog.as_ref())?,
        schema: place.field("schema", rule.schema.as_ref())?,
        procedure: place.field("procedure", rule.procedure.as_ref())?,
        privileges: rule.privileges.clone(),
    })
}

fn authorization(
    place: Place,
    rule: &AuthorizationRule,
) -> Result<AuthorizationCheck, DocumentError> {
    if rule.new_user.is_none() && rule.new_role.is_none() {
        return Err(place.rule_error("neither `new_user` nor `new_role` is there"));
    }
    place.optional("new_role", rule.new_role.as_ref())?;
    Ok(AuthorizationCheck {
        who: Who {
            user: place.optional("original_user", rule.original_user.as_ref())?,
            group: place.optional("original_group", rule.original_group.as_ref())?,
            asks_for_role: place
                .optional("original_role", rule.original_role.as_ref())?
                .is_some(),
        },
        new_user: place.optional("new_user", rule.new_user.as_ref())?,
        allow: rule.allow.unwrap_or(true),
    })
}
