//! After whatever people do through the API, the served document is valid and says what the model says.

use http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use townlake_core::names::UserName;

use crate::town::{Seen, Town, assert_agreement, user};

const PEOPLE: [&str; 4] = ["ana", "bo", "rui", "ines"];
const GROUPS: [&str; 4] = ["analysts", "engineers", "reviewers", "admins"];
const TABLES: [&str; 3] = [
    "crm.public.contacts",
    "lake.dim.accounts",
    "lake.odd.we.ird $name'(.*)",
];
const COLUMNS: [&str; 5] = ["id", "email", "phone", "odd \"col'umn", "note"];
const TYPES: [&str; 4] = ["bigint", "varchar", "varchar(20)", "date"];
/// Few, so that masks, unmask grants and sessions meet.
const CLASSES: [&str; 4] = ["email", "email", "phone", "secret"];

/// Something that people, Skimmer, the IAM or time do. Indices are taken modulo what there is.
#[derive(Debug, Clone)]
enum Deed {
    Snapshot {
        tables: Vec<(usize, Vec<(usize, usize)>)>,
    },
    Review {
        table: usize,
        state: usize,
        columns: Vec<(usize, usize, usize)>,
        remaining: usize,
    },
    Grant {
        subject: usize,
        table: usize,
        own: bool,
        columns: Option<Vec<usize>>,
        filter: bool,
        expires: Option<i64>,
    },
    Unmask {
        subject: usize,
        class: usize,
        expires: Option<i64>,
    },
    Session {
        who: usize,
        classes: Vec<usize>,
        minutes: i64,
    },
    Revoke {
        path: usize,
        index: usize,
    },
    Member {
        group: usize,
        who: usize,
        member: bool,
    },
    Active {
        who: usize,
        active: bool,
    },
    Wait {
        seconds: i64,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    let table = prop::collection::vec((0..5usize, 0..4usize), 0..5);
    let expires = || prop::option::of(1..900i64);
    prop_oneof![
        2 => prop::collection::vec((0..3usize, table), 0..4).prop_map(|tables| Deed::Snapshot { tables }),
        4 => (0..3usize, 0..4usize, prop::collection::vec((0..5usize, 0..4usize, 0..4usize), 0..4), 0..4usize)
            .prop_map(|(table, state, columns, remaining)| Deed::Review { table, state, columns, remaining }),
        4 => (0..8usize, 0..6usize, any::<bool>(), prop::option::of(prop::collection::vec(0..5usize, 1..3)),
                any::<bool>(), expires())
            .prop_map(|(subject, table, own, columns, filter, expires)| {
                Deed::Grant { subject, table, own, columns, filter, expires }
            }),
        2 => (0..8usize, 0..4usize, expires())
            .prop_map(|(subject, class, expires)| Deed::Unmask { subject, class, expires }),
        2 => (0..4usize, prop::collection::vec(0..4usize, 1..3), 1..15i64)
            .prop_map(|(who, classes, minutes)| Deed::Session { who, classes, minutes }),
        1 => (0..3usize, 0..4usize).prop_map(|(path, index)| Deed::Revoke { path, index }),
        1 => (0..2usize, 0..4usize, any::<bool>())
            .prop_map(|(group, who, member)| Deed::Member { group, who, member }),
        1 => (0..2usize, any::<bool>()).prop_map(|(who, active)| Deed::Active { who, active }),
        2 => (1..400i64).prop_map(|seconds| Deed::Wait { seconds }),
    ]
}

#[test]
fn the_served_document_is_valid_and_says_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 48,
        ..Config::default()
    });
    let deeds = prop::collection::vec(deed(), 1..40);
    let seen = std::cell::RefCell::new(Seen::default());
    runner
        .run(&deeds, |deeds| {
            let one = runtime.block_on(live(deeds));
            let mut seen = seen.borrow_mut();
            seen.readable += one.readable;
            seen.masked += one.masked;
            seen.lifted += one.lifted;
            Ok(())
        })
        .unwrap();
    let seen = seen.into_inner();
    println!("{seen:?}");
    assert!(
        seen.readable > 100 && seen.masked > 100 && seen.lifted > 20,
        "{seen:?}: nothing was looked at"
    );
}

async fn live(deeds: Vec<Deed>) -> Seen {
    let town = Town::start().await;
    let users: Vec<UserName> = PEOPLE
        .into_iter()
        .chain(["svc-gateway"])
        .map(user)
        .collect();
    let full: Vec<_> = (0..5).map(|column| (column, column % 4)).collect();
    act(
        &town,
        Deed::Snapshot {
            tables: (0..3).map(|table| (table, full.clone())).collect(),
        },
    )
    .await;
    // Something to lose: most of what is generated opens too little by itself.
    for table in 0..2 {
        act(
            &town,
            Deed::Review {
                table,
                state: 0,
                columns: vec![(1, 0, 0), (2, 0, 2)],
                remaining: 0,
            },
        )
        .await;
    }
    act(
        &town,
        Deed::Grant {
            subject: 0,
            table: 4,
            own: false,
            columns: None,
            filter: false,
            expires: Some(800),
        },
    )
    .await;
    act(
        &town,
        Deed::Unmask {
            subject: 0,
            class: 0,
            expires: Some(700),
        },
    )
    .await;
    act(
        &town,
        Deed::Session {
            who: 0,
            classes: vec![0],
            minutes: 10,
        },
    )
    .await;
    let mut version = 0;
    let mut seen = Seen::default();
    for deed in deeds {
        act(&town, deed).await;
        let (document, model) = town.served().await;
        let one = assert_agreement(&document, &model, &users, town.clock.now());
        seen.readable += one.readable;
        seen.masked += one.masked;
        seen.lifted += one.lifted;
        assert!(model.version >= version);
        version = model.version;
    }
    seen
}

async fn act(town: &Town, deed: Deed) {
    let post =
        async |who: &str, path: &str, body: Value| town.call(who, "POST", path, Some(body)).await;
    let answer = match deed {
        Deed::Snapshot { tables } => {
            let mut seen = Vec::new();
            let tables: Vec<_> = tables
                .into_iter()
                .filter(|(table, _)| !seen.contains(table) && { seen.push(*table); true })
                .map(|(table, columns)| {
                    let mut names = Vec::new();
                    let columns: Vec<_> = columns
                        .into_iter()
                        .filter(|(name, _)| !names.contains(name) && { names.push(*name); true })
                        .enumerate()
                        .map(|(i, (name, kind))| json!({"name": COLUMNS[name], "type": TYPES[kind], "ordinal": i + 1}))
                        .collect();
                    json!({"table": TABLES[table], "kind": "table", "columns": columns})
                })
                .collect();
            town.wait(1);
            let body = json!({"taken_at": town.clock.now(), "tables": tables});
            town.from(
                "skimmer",
                Method::PUT,
                "/internal/snapshot",
                &[],
                Some(body),
            )
            .await
        }
        Deed::Review {
            table,
            state,
            columns,
            remaining,
        } => {
            let mut names = Vec::new();
            let columns: Vec<_> = columns
                .into_iter()
                .filter(|(name, ..)| !names.contains(name) && { names.push(*name); true })
                .map(|(name, decision, class)| match decision {
                    0 => json!({"name": COLUMNS[name], "decision": "masked", "class": CLASSES[class]}),
                    1 => json!({"name": COLUMNS[name], "decision": "denied"}),
                    2 => json!({"name": COLUMNS[name], "decision": "pending"}),
                    _ => json!({"name": COLUMNS[name], "decision": "clear"}),
                })
                .collect();
            let state = ["approved", "approved", "pending", "denied"][state];
            let remaining = ["clear", "clear", "proposal", "pending"][remaining];
            post("rui", "/api/reviews", json!({"tables": [
                {"table": TABLES[table], "state": state, "columns": columns, "remaining": remaining}]})).await
        }
        Deed::Grant {
            subject,
            table,
            own,
            columns,
            filter,
            expires,
        } => {
            let patterns = [
                TABLES[0],
                TABLES[1],
                TABLES[2],
                "lake.*.*",
                "*.*.*",
                "crm.public.*",
            ];
            let limited = columns.is_some() || filter;
            let privileges = if own && !limited {
                json!(["select", "own", "insert"])
            } else {
                json!(["select"])
            };
            post("ines", "/api/grants", json!({
                "subject": self::subject(subject), "table": patterns[table], "privileges": privileges,
                "columns": columns.map(|columns| columns.into_iter().map(|column| COLUMNS[column]).collect::<Vec<_>>()),
                "row_filter": filter.then_some("id > 7 OR owner = current_user"),
                "expires_at": expires.map(|seconds| town.clock.now().plus_seconds(seconds)),
                "reason": "test",
            })).await
        }
        Deed::Unmask {
            subject,
            class,
            expires,
        } => {
            post(
                "ines",
                "/api/unmask-grants",
                json!({
                    "subject": self::subject(subject), "class": CLASSES[class], "reason": "test",
                    "expires_at": expires.map(|seconds| town.clock.now().plus_seconds(seconds)),
                }),
            )
            .await
        }
        Deed::Session {
            who,
            classes,
            minutes,
        } => {
            let classes: Vec<_> = classes.into_iter().map(|class| CLASSES[class]).collect();
            let body = json!({"classes": classes, "minutes": minutes, "reason": "test"});
            post(PEOPLE[who], "/api/pii-sessions", body).await
        }
        Deed::Revoke { path, index } => {
            let (who, path, list) = [
                ("ines", "/api/grants", "grants"),
                ("ines", "/api/unmask-grants", "unmask_grants"),
                ("ana", "/api/pii-sessions", "pii_sessions"),
            ][path];
            let all = town.call(who, "GET", path, None).await;
            let ids = all.body[list].as_array().cloned().unwrap_or_default();
            if ids.is_empty() {
                return;
            }
            let id = ids[index % ids.len()]["id"].as_str().unwrap().to_owned();
            town.call(who, "DELETE", &format!("{path}/{id}"), None)
                .await
        }
        // Ines and Rui stay who they are, so that things go on happening.
        Deed::Member { group, who, member } => {
            town.iam
                .set_member(GROUPS[group], user(PEOPLE[who]).as_str(), member);
            return town.wait(1);
        }
        Deed::Active { who, active } => {
            town.iam.set_active(user(PEOPLE[who]).as_str(), active);
            return town.wait(1);
        }
        Deed::Wait { seconds } => return town.wait(seconds),
    };
    assert!(!answer.status.is_server_error(), "{}", answer.body);
}

fn subject(index: usize) -> Value {
    match index.checked_sub(4) {
        None => json!({"group": GROUPS[index]}),
        Some(person) => json!({"user": user(PEOPLE[person])}),
    }
}
