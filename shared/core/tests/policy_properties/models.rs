//! Generated policy models: small pools, so that grants, reviews and sessions meet often.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use townlake_core::names::{GroupName, TableRef, UserName};
use townlake_core::pii::PiiClass;
use townlake_core::policy::model::{
    ColumnReview, ColumnState, Grant, KnownColumn, KnownTable, Model, PiiSession, Privilege,
    Service, ServicePrivilege, Settings, Subject, TableKind, TableReview, TableState, UnmaskGrant,
};
use townlake_core::time::Timestamp;

/// The moment of all tests. Expiries lie around it.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_261_600_500);

/// People and programs. The last one is in no group and has no grant.
pub const USERS: [&str; 6] = [
    "ana@corp.example",
    "bo@corp.example",
    "a-n.a_1@corp.example",
    "svc-skimmer",
    "svc-writer",
    "zed@corp.example",
];
/// Tables; the last two are never granted anything by a snapshot's word alone.
pub const TABLES: [&str; 7] = [
    "lake.dim.a",
    "lake.dim.b",
    "lake.raw.a",
    "pg.public.we.ird$|(1)",
    "lake.dim.a$files",
    "system.runtime.queries",
    "lake.information_schema.columns",
];
/// Columns; each table has some.
pub const COLUMNS: [&str; 5] = ["id", "email", "order", "odd \"col", "tags"];
/// Row filters: independent conditions, so that a row is told by which of them hold.
pub const FILTERS: [&str; 3] = ["f1 = 1", "f2 = 'x'", "f3 = current_user"];

const TYPES: [&str; 3] = ["varchar", "bigint", "array(varchar)"];
const PATTERNS: [&str; 6] = [
    "lake.dim.*",
    "lake.*.*",
    "*.*.*",
    "lake.dim.a",
    "pg.public.we.ird$|(1)",
    "lake.raw.b",
];
const GROUPS: [&str; 3] = ["analysts", "engineers", "c.fake"];

/// A name of the pool.
pub fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

/// A table's name.
pub fn table(name: &str) -> TableRef {
    name.parse().unwrap()
}

/// Any model.
pub fn model() -> impl Strategy<Value = Model> {
    (
        vec(btree_set(pick(&USERS[..5]), 0..5), GROUPS.len()),
        vec(option::weighted(0.8, known_table()), TABLES.len()),
        vec(option::weighted(0.95, review()), TABLES.len()),
        vec(grant(), 0..14),
        vec((subject(), class(), expiry()), 2..12),
        vec(
            (
                pick(&USERS[..3]),
                prop_oneof![6 => "[a-z0-9]{1,3}", 1 => Just("BAD".to_owned()), 1 => Just("n.1".to_owned())],
                btree_set(class(), 0..4),
                moment(),
            ),
            1..6,
        ),
        any::<bool>(),
    )
        .prop_map(
            |(groups, tables, reviews, grants, unmask_grants, sessions, scans)| Model {
                version: 7,
                groups: GROUPS
                    .into_iter()
                    .zip(groups)
                    .map(|(group, members)| (group.parse().unwrap(), members.into_iter().map(user).collect()))
                    .collect(),
                services: vec![
                    Service {
                        user: user("svc-skimmer"),
                        privileges: if scans {
                            BTreeSet::from([ServicePrivilege::Scan])
                        } else {
                            BTreeSet::new()
                        },
                    },
                    // A person never scans, whatever the model says.
                    Service {
                        user: user("bo@corp.example"),
                        privileges: BTreeSet::from([ServicePrivilege::Scan]),
                    },
                ],
                tables: present(tables),
                reviews: present(reviews),
                grants: numbered(grants, |number, grant: &mut Grant| {
                    grant.id = format!("grt_{number}").into()
                }),
                unmask_grants: unmask_grants
                    .into_iter()
                    .enumerate()
                    .map(|(number, (subject, class, expires_at))| UnmaskGrant {
                        id: format!("unm_{number}").into(),
                        subject,
                        class,
                        expires_at,
                        reason: String::new(),
                    })
                    .collect(),
                pii_sessions: sessions
                    .into_iter()
                    .enumerate()
                    .map(|(number, (owner, nonce, classes, expires_at))| PiiSession {
                        id: format!("pii_{number}").into(),
                        user: user(owner),
                        nonce,
                        classes,
                        expires_at,
                        reason: String::new(),
                    })
                    .collect(),
                settings: Settings::default(),
            },
        )
}

/// One for each table that has one.
fn present<T>(of_tables: Vec<Option<T>>) -> BTreeMap<TableRef, T> {
    let named = TABLES.into_iter().zip(of_tables);
    named
        .filter_map(|(name, item)| Some((table(name), item?)))
        .collect()
}

fn numbered<T>(mut items: Vec<T>, number: impl Fn(usize, &mut T)) -> Vec<T> {
    for (position, item) in items.iter_mut().enumerate() {
        number(position, item);
    }
    items
}

fn pick(pool: &[&'static str]) -> impl Strategy<Value = &'static str> + use<> {
    proptest::sample::select(pool.to_vec())
}

fn class() -> impl Strategy<Value = PiiClass> {
    proptest::sample::select(vec![PiiClass::Email, PiiClass::Phone, PiiClass::Secret])
}

/// Around now, with the last second of a session hit often.
fn moment() -> impl Strategy<Value = Timestamp> {
    let around = proptest::sample::select(vec![-60_000, -1, 0, 1, 400, 499, 500, 1500]);
    prop_oneof![1 => around, 1 => Just(60_000)]
        .prop_map(|offset: i64| Timestamp::from_millis(NOW.as_millis() + offset))
}

fn expiry() -> impl Strategy<Value = Option<Timestamp>> {
    option::weighted(0.4, moment())
}

/// Mostly the same, so that most reviews are of the type that the column has.
fn data_type() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(TYPES[0]), 1 => Just(TYPES[1]), 1 => Just(TYPES[2])]
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        pick(&GROUPS).prop_map(|group| Subject::Group(group.parse::<GroupName>().unwrap())),
        pick(&USERS[..5]).prop_map(|name| Subject::User(user(name))),
    ]
}

fn known_table() -> impl Strategy<Value = KnownTable> {
    let column = (data_type(), proptest::bool::weighted(0.15));
    (
        proptest::bool::weighted(0.1),
        vec(option::weighted(0.7, column), COLUMNS.len()),
        any::<bool>(),
    )
        .prop_map(|(dropped, columns, recreated)| {
            let mut columns: Vec<KnownColumn> = COLUMNS
                .into_iter()
                .zip(columns)
                .filter_map(|(name, column)| {
                    let (data_type, dropped) = column?;
                    let data_type = data_type.to_owned();
                    Some(KnownColumn {
                        name: name.to_owned(),
                        data_type,
                        dropped,
                        comment: None,
                    })
                })
                .collect();
            // A column that was dropped and made again stands there twice.
            if let Some(first) = columns
                .first()
                .filter(|first| recreated && !first.dropped)
                .cloned()
            {
                columns.push(KnownColumn {
                    dropped: true,
                    ..first
                });
            }
            KnownTable {
                kind: TableKind::Table,
                comment: None,
                dropped,
                columns,
            }
        })
}

fn review() -> impl Strategy<Value = TableReview> {
    let state = prop_oneof![
        1 => Just(TableState::Pending),
        10 => Just(TableState::Approved),
        1 => Just(TableState::Denied),
    ];
    let column_state = prop_oneof![
        1 => Just(ColumnState::Pending),
        10 => Just(ColumnState::Clear),
        3 => class().prop_map(|class| ColumnState::Masked { class }),
        1 => Just(ColumnState::Denied),
    ];
    let column = (column_state, data_type()).prop_map(|(state, reviewed_type)| ColumnReview {
        state,
        reviewed_type: reviewed_type.to_owned(),
    });
    (state, vec(option::weighted(0.95, column), COLUMNS.len())).prop_map(|(state, columns)| {
        TableReview {
            state,
            columns: COLUMNS
                .into_iter()
                .zip(columns)
                .filter_map(|(name, review)| Some((name.to_owned(), review?)))
                .collect::<BTreeMap<_, _>>(),
        }
    })
}

fn grant() -> impl Strategy<Value = Grant> {
    let privilege = proptest::sample::select(vec![
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Own,
    ]);
    let privileges = prop_oneof![
        2 => Just(BTreeSet::from([Privilege::Select])),
        1 => btree_set(privilege, 0..6),
    ];
    (
        subject(),
        pick(&PATTERNS),
        privileges,
        option::weighted(0.4, btree_set(pick(&COLUMNS), 0..5)),
        option::weighted(0.4, pick(&FILTERS)),
        expiry(),
    )
        .prop_map(
            |(subject, pattern, privileges, columns, filter, expires_at)| Grant {
                id: "".into(),
                subject,
                table: pattern.parse().unwrap(),
                privileges,
                columns: columns.map(|columns| columns.into_iter().map(str::to_owned).collect()),
                row_filter: filter.map(|filter| filter.parse().unwrap()),
                expires_at,
                reason: String::new(),
            },
        )
}
