//! The rules of the `tables` section, from effective access.

use std::collections::{BTreeMap, BTreeSet};

use super::Sessions;
use super::names::{alternation, group_of, literal};
use crate::names::{TableRef, UserName};
use crate::policy::document::{ColumnRule, Environment, Groups, TablePrivilege, TableRule};
use crate::policy::evaluate::{
    ColumnAccess, POLICY_USER, TableAccess, Visibility, decide, listed_tables, may_read_everything,
};
use crate::policy::model::{Grant, Model, Privilege, Subject};
use crate::policy::session::LiveSession;
use crate::time::Timestamp;

/// Positions in the list of live grants.
type GrantSet = BTreeSet<usize>;

/// Users with the same live grants: whatever the table, they have the same access to it. Services stand
/// alone, as their rules name them.
pub(super) struct Classes<'a> {
    live: Vec<&'a Grant>,
    people: BTreeMap<GrantSet, BTreeSet<String>>,
    services: BTreeMap<UserName, GrantSet>,
    /// Of every user with a live grant, for PII sessions.
    grants_of: BTreeMap<UserName, GrantSet>,
}

/// Who a rule is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// One user, by name: a service or a PII session.
    User(String),
    /// The synthetic group of these members.
    Group(String),
}

/// What a rule gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Body {
    privileges: BTreeSet<TablePrivilege>,
    columns: Vec<ColumnRule>,
    filter: Option<String>,
}

/// Where a rule applies and to whom, which with the same body makes tables share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    catalog: String,
    schema: String,
    who: Who,
    body: Body,
}

/// The rules of all tables, and the groups that they name.
#[derive(Debug, Default)]
pub(super) struct TablePolicies {
    /// Rules of PII sessions: before the others.
    pub(super) sessions: Vec<TableRule>,
    /// Rules of people and services.
    pub(super) classes: Vec<TableRule>,
    /// Rules that list tables: after the others.
    pub(super) listing: Vec<TableRule>,
    /// Who may write something in which catalog.
    pub(super) writers: BTreeSet<(String, Who)>,
    /// The synthetic groups.
    pub(super) groups: Groups,
}

impl<'a> Classes<'a> {
    pub(super) fn new(model: &'a Model, now: Timestamp) -> Self {
        let live: Vec<&Grant> = model
            .grants
            .iter()
            .filter(|grant| grant.is_live(now))
            .collect();
        let mut grants_of: BTreeMap<UserName, GrantSet> = BTreeMap::new();
        for (position, grant) in live.iter().enumerate() {
            let users: Vec<&UserName> = match &grant.subject {
                Subject::User(user) => vec![user],
                Subject::Group(group) => model.groups.get(group).into_iter().flatten().collect(),
            };
            for user in users {
                grants_of.entry(user.clone()).or_default().insert(position);
            }
        }
        // They have a rule of their own that gives all there is to read.
        grants_of.retain(|user, _| !may_read_everything(model, user));
        let mut people: BTreeMap<GrantSet, BTreeSet<String>> = BTreeMap::new();
        let mut services = BTreeMap::new();
        for (user, grants) in &grants_of {
            if user.is_service() {
                services.insert(user.clone(), grants.clone());
            } else {
                people
                    .entry(grants.clone())
                    .or_default()
                    .insert(user.to_string());
            }
        }
        Self {
            live,
            people,
            services,
            grants_of,
        }
    }

    pub(super) fn policies(&self, model: &Model, sessions: &Sessions<'_>) -> TablePolicies {
        let mut policies = TablePolicies::default();
        let mut of_sessions: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
        let mut of_classes: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
        for (table, _) in listed_tables(model) {
            let about: GrantSet = self
                .live
                .iter()
                .enumerate()
                .filter(|(_, grant)| grant.table.matches(table))
                .map(|(position, _)| position)
                .collect();
            for (effective_user, session) in sessions {
                let Some(grants) = self.grants_of.get(&session.session.user) else {
                    continue;
                };
                if let Some(body) = self.body(model, table, grants, &about, Some(session)) {
                    let key = Key::new(table, Who::User(effective_user.clone()), body);
                    of_sessions.entry(key).or_default().insert(&table.table);
                }
            }
            for (who, body) in self.bodies(model, table, &about, &mut policies.groups) {
                if body
                    .privileges
                    .iter()
                    .any(|privilege| *privilege != TablePrivilege::Select)
                {
                    policies
                        .writers
                        .insert((table.catalog.clone(), who.clone()));
                }
                of_classes
                    .entry(Key::new(table, who, body))
                    .or_default()
                    .insert(&table.table);
            }
        }
        policies.sessions = of_sessions
            .into_iter()
            .map(|(key, tables)| key.into_rule(&tables))
            .collect();
        policies.classes = of_classes
            .into_iter()
            .map(|(key, tables)| key.into_rule(&tables))
            .collect();
        policies.listing = listing(model);
        policies
    }

    /// What the table's rules give to whom; adds the groups that hold whom.
    fn bodies(
        &self,
        model: &Model,
        table: &TableRef,
        about: &GrantSet,
        groups: &mut Groups,
    ) -> Vec<(Who, Body)> {
        let mut members: BTreeMap<Body, BTreeSet<String>> = BTreeMap::new();
        let mut known: BTreeMap<GrantSet, Option<Body>> = BTreeMap::new();
        for (grants, users) in &self.people {
            let relevant: GrantSet = grants.intersection(about).copied().collect();
            if relevant.is_empty() {
                continue;
            }
            let body = known
                .entry(relevant)
                .or_insert_with_key(|relevant| self.body(model, table, relevant, about, None));
            if let Some(body) = body {
                members
                    .entry(body.clone())
                    .or_default()
                    .extend(users.iter().cloned());
            }
        }
        let services = self.services.iter().filter_map(|(service, grants)| {
            Some((
                Who::User(service.to_string()),
                self.body(model, table, grants, about, None)?,
            ))
        });
        let people = members.into_iter().map(|(body, members)| {
            let group = group_of(&members);
            groups.insert(group.clone(), members);
            (Who::Group(group), body)
        });
        services.chain(people).collect()
    }

    fn body(
        &self,
        model: &Model,
        table: &TableRef,
        grants: &GrantSet,
        about: &GrantSet,
        session: Option<&LiveSession<'_>>,
    ) -> Option<Body> {
        let grants: Vec<&Grant> = grants
            .intersection(about)
            .filter_map(|position| self.live.get(*position).copied())
            .collect();
        if grants.is_empty() {
            return None;
        }
        Body::new(&decide(model, table, &grants, session))
    }
}

impl Body {
    /// None if the rule that lists the table says it all.
    fn new(access: &TableAccess) -> Option<Self> {
        if access.visibility != Visibility::Readable {
            return None;
        }
        let hidden = |name: &str| ColumnRule {
            name: name.to_owned(),
            allow: Some(false),
            mask: None,
            mask_environment: None,
        };
        let mut columns: Vec<ColumnRule> = access
            .columns
            .iter()
            .filter_map(|column| match (column.access, &column.mask) {
                (ColumnAccess::Hidden, _) => Some(hidden(&column.name)),
                (_, None) => None,
                (_, Some(mask)) => Some(ColumnRule {
                    name: column.name.clone(),
                    allow: None,
                    mask: Some(mask.clone()),
                    // Only a condition on rows can ask about columns that the user may not see.
                    mask_environment: column.only_where.as_ref().map(|_| as_policy_user()),
                }),
            })
            .chain(access.closed_names.iter().map(|name| hidden(name)))
            .collect();
        columns.sort();
        Some(Self {
            privileges: access
                .privileges
                .iter()
                .map(|privilege| as_trino(*privilege))
                .collect(),
            columns,
            filter: access.row_filter.clone(),
        })
    }
}

impl Key {
    fn new(table: &TableRef, who: Who, body: Body) -> Self {
        Self {
            catalog: table.catalog.clone(),
            schema: table.schema.clone(),
            who,
            body,
        }
    }

    fn into_rule(self, tables: &BTreeSet<&str>) -> TableRule {
        let (user, group) = self.who.patterns();
        TableRule {
            user,
            group,
            catalog: Some(literal(&self.catalog)),
            schema: Some(literal(&self.schema)),
            table: Some(alternation(tables.iter().copied())),
            privileges: self.body.privileges,
            columns: (!self.body.columns.is_empty()).then_some(self.body.columns),
            filter_environment: self.body.filter.as_ref().map(|_| as_policy_user()),
            filter: self.body.filter,
            ..TableRule::default()
        }
    }
}

impl Who {
    /// The patterns of the user and of the group.
    pub(super) fn patterns(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::User(user) => (Some(literal(user)), None),
            Self::Group(group) => (None, Some(literal(group))),
        }
    }
}

/// One rule per schema that lists its tables to everyone and shows none of their rows and columns. Tables share
/// it, since a column that a table lacks is ignored.
fn listing(model: &Model) -> Vec<TableRule> {
    #[derive(Default)]
    struct Names<'a> {
        tables: BTreeSet<&'a str>,
        columns: BTreeSet<&'a str>,
    }
    let mut schemas: BTreeMap<(&str, &str), Names<'_>> = BTreeMap::new();
    for (table, known) in listed_tables(model) {
        let names = schemas.entry((&table.catalog, &table.schema)).or_default();
        names.tables.insert(&table.table);
        names
            .columns
            .extend(known.columns.iter().map(|column| column.name.as_str()));
    }
    schemas
        .into_iter()
        .map(|((catalog, schema), names)| TableRule {
            catalog: Some(literal(catalog)),
            schema: Some(literal(schema)),
            table: Some(alternation(names.tables)),
            privileges: BTreeSet::from([TablePrivilege::Select]),
            columns: Some(
                names
                    .columns
                    .into_iter()
                    .map(|name| ColumnRule {
                        name: name.to_owned(),
                        allow: Some(false),
                        mask: None,
                        mask_environment: None,
                    })
                    .collect(),
            ),
            filter: Some("false".to_owned()),
            ..TableRule::default()
        })
        .collect()
}

fn as_policy_user() -> Environment {
    Environment {
        user: Some(POLICY_USER.to_owned()),
    }
}

const fn as_trino(privilege: Privilege) -> TablePrivilege {
    match privilege {
        Privilege::Select => TablePrivilege::Select,
        Privilege::Insert => TablePrivilege::Insert,
        Privilege::Update => TablePrivilege::Update,
        Privilege::Delete => TablePrivilege::Delete,
        Privilege::Own => TablePrivilege::Ownership,
    }
}
