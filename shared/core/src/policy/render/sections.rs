//! The twelve sections put together.

use std::collections::BTreeSet;

use super::Sessions;
use super::names::{alternation, literal};
use super::tables::TablePolicies;
use crate::policy::document::{
    CatalogAccess, CatalogRule, ImpersonationRule, PrincipalRule, QueryAccess, QueryRule, Rules,
    TablePrivilege, TableRule,
};
use crate::policy::evaluate::{POLICY_USER, may_read_everything, open_catalogs};
use crate::policy::model::Model;

pub(super) fn rules(model: &Model, sessions: &Sessions<'_>, policies: &TablePolicies) -> Rules {
    Rules {
        catalogs: Some(catalogs(model, policies)),
        tables: Some(tables(model, policies)),
        queries: Some(queries(model, sessions)),
        impersonation: Some(impersonation(model, sessions)),
        principals: Some(vec![PrincipalRule {
            principal: literal(&model.settings.gateway),
            user: Some(".*".to_owned()),
            principal_to_user: None,
            allow: true,
        }]),
        ..Rules::closed()
    }
}

/// The programs that read everything, as one pattern.
fn scanners(model: &Model) -> String {
    let services = model.services.iter().map(|service| &service.user);
    let scanners = services
        .filter(|user| may_read_everything(model, user))
        .map(|user| user.as_str());
    alternation(scanners.chain([POLICY_USER]))
}

fn catalogs(model: &Model, policies: &TablePolicies) -> Vec<CatalogRule> {
    let mut rules = vec![CatalogRule {
        user: None,
        role: None,
        group: None,
        catalog: Some("system".to_owned()),
        allow: CatalogAccess::ReadOnly,
    }];
    rules.extend(policies.writers.iter().map(|(catalog, who)| {
        let (user, group) = who.patterns();
        CatalogRule {
            user,
            role: None,
            group,
            catalog: Some(literal(catalog)),
            allow: CatalogAccess::All,
        }
    }));
    rules.push(CatalogRule {
        user: Some(scanners(model)),
        role: None,
        group: None,
        catalog: None,
        allow: CatalogAccess::ReadOnly,
    });
    let open = open_catalogs(model);
    if !open.is_empty() {
        rules.push(CatalogRule {
            user: None,
            role: None,
            group: None,
            catalog: Some(alternation(open)),
            allow: CatalogAccess::ReadOnly,
        });
    }
    rules
}

fn tables(model: &Model, policies: &TablePolicies) -> Vec<TableRule> {
    let read = || BTreeSet::from([TablePrivilege::Select]);
    let system = |schema: &str, table: Option<&str>| TableRule {
        catalog: Some("system".to_owned()),
        schema: Some(schema.to_owned()),
        table: table.map(str::to_owned),
        privileges: read(),
        ..TableRule::default()
    };
    let mut rules = vec![
        // Clients list tables and comments through these; an engine shows in them only what the user may see.
        system("jdbc", None),
        system("metadata", Some("table_comments")),
        // Closed to the programs of the next rule too: other people's queries stand there.
        TableRule {
            catalog: Some("system".to_owned()),
            ..TableRule::default()
        },
        TableRule {
            user: Some(scanners(model)),
            privileges: read(),
            ..TableRule::default()
        },
    ];
    rules.extend(policies.sessions.iter().cloned());
    rules.extend(policies.classes.iter().cloned());
    rules.extend(policies.listing.iter().cloned());
    rules
}

fn queries(model: &Model, sessions: &Sessions<'_>) -> Vec<QueryRule> {
    // The gateway ends queries whose owner has lost the right to them, and runs none of its own.
    let mut rules = vec![QueryRule {
        user: Some(literal(&model.settings.gateway)),
        allow: BTreeSet::from([QueryAccess::View, QueryAccess::Kill]),
        ..QueryRule::default()
    }];
    // A person's queries under a session belong to another effective user, but are theirs all the same.
    rules.extend(sessions.iter().map(|(effective_user, live)| QueryRule {
        user: Some(literal(live.session.user.as_str())),
        query_owner: Some(literal(effective_user)),
        allow: BTreeSet::from([QueryAccess::View, QueryAccess::Kill]),
        ..QueryRule::default()
    }));
    rules.push(QueryRule {
        allow: BTreeSet::from([QueryAccess::Execute]),
        ..QueryRule::default()
    });
    rules
}

fn impersonation(model: &Model, sessions: &Sessions<'_>) -> Vec<ImpersonationRule> {
    let gateway = literal(&model.settings.gateway);
    let rule = |original_user: &str, new_user: &str, allow: bool| ImpersonationRule {
        original_user: Some(original_user.to_owned()),
        original_role: None,
        new_user: new_user.to_owned(),
        allow: Some(allow),
    };
    let mut rules = vec![
        // The order matters: a session is entered by its owner only, never by the gateway itself.
        rule(&gateway, ".*[+].*", false),
        rule(&gateway, POLICY_USER, false),
        rule(&gateway, "[a-z0-9._-]+@[a-z0-9.-]+|svc-[a-z0-9-]+", true),
    ];
    rules.extend(sessions.iter().map(|(effective_user, live)| {
        rule(
            &literal(live.session.user.as_str()),
            &literal(effective_user),
            true,
        )
    }));
    rules
}
