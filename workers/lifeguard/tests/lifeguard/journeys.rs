//! Journeys: what people do, step by step, and who sees what after each. The steps are the JSON files beside this.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use townlake_core::policy::evaluate::Visibility;
use townlake_core::policy::ids::PiiSessionId;

use crate::iam::Mood;
use crate::town::{Town, assert_agreement, decided, snapshot, user};

/// One step.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    /// A request, its status, what its answer holds, and what to remember of it as `$name`.
    Call {
        #[serde(rename = "as")]
        who: String,
        call: String,
        #[serde(default)]
        body: Option<Value>,
        #[serde(default = "success")]
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        save: BTreeMap<String, String>,
    },
    /// What somebody sees of a table: `absent`, `listed`, or its columns.
    Sees {
        #[serde(rename = "as")]
        who: String,
        table: String,
        sees: String,
        #[serde(default)]
        session: Option<String>,
    },
    /// Seconds that pass.
    Wait { wait: i64 },
    /// What happens in the IAM.
    Iam { iam: IamStep },
    /// Skimmer reports; `[table, column, type]`, and type null for a column that is gone.
    Columns {
        columns: Vec<(String, String, Option<String>)>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum IamStep {
    Add(String, String),
    Remove(String, String),
    Close(String),
    Fail,
    Recover,
}

fn success() -> u16 {
    200
}

#[tokio::test]
async fn journeys_end_as_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lifeguard/journeys");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let steps: Vec<Step> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        travel(&name, steps).await;
    }
}

async fn travel(name: &str, steps: Vec<Step>) {
    let town = Town::with_tables().await;
    let mut saved: BTreeMap<String, String> = BTreeMap::new();
    let mut reported = snapshot(crate::town::START);
    for (number, step) in steps.into_iter().enumerate() {
        let place = format!("{name}, step {}: {step:?}", number + 1);
        match step {
            Step::Call {
                who,
                call,
                body,
                status,
                code,
                save,
            } => {
                let (method, path) = call.split_once(' ').unwrap();
                let fill = |text: &str| {
                    saved.iter().fold(text.to_owned(), |text, (name, value)| {
                        text.replace(&format!("${name}"), value)
                    })
                };
                let body = body.map(|body| serde_json::from_str(&fill(&body.to_string())).unwrap());
                let answer = town.call(&who, method, &fill(path), body).await;
                assert_eq!(answer.status, status, "{place}: {}", answer.body);
                if let Some(code) = code {
                    assert_eq!(answer.body["code"], code, "{place}");
                }
                for (name, pointer) in save {
                    let value = answer
                        .body
                        .pointer(&pointer)
                        .unwrap_or_else(|| panic!("{place}: {}", answer.body));
                    saved.insert(name, value.as_str().unwrap().to_owned());
                }
            }
            Step::Sees {
                who,
                table,
                sees,
                session,
            } => {
                let (document, model) = town.served().await;
                let now = town.clock.now();
                let users = ["ana", "bo", "rui", "ines", "svc-gateway"].map(user);
                assert_agreement(&document, &model, &users, now);
                let session = session.map(|name| PiiSessionId::from(saved[&name].as_str()));
                let sight = decided(
                    &model,
                    &user(&who),
                    session.as_ref(),
                    &table.parse().unwrap(),
                    now,
                );
                let found = match sight.visibility {
                    Visibility::Absent => "absent".to_owned(),
                    Visibility::Listed => "listed".to_owned(),
                    Visibility::Metadata => "metadata".to_owned(),
                    Visibility::Readable => {
                        let columns = sight.columns.into_iter().map(|(name, mask)| match mask {
                            None => name,
                            Some(mask) if mask.contains("to_unixtime") => format!("{name} lifted"),
                            Some(_) => format!("{name} masked"),
                        });
                        let columns = columns.collect::<Vec<_>>().join(", ");
                        sight.row_filter.map_or(columns.clone(), |filter| {
                            format!("{columns} where {filter}")
                        })
                    }
                };
                assert_eq!(found, sees, "{place}");
            }
            Step::Wait { wait } => town.wait(wait),
            Step::Iam { iam } => match iam {
                IamStep::Add(group, who) => town.iam.set_member(&group, user(&who).as_str(), true),
                IamStep::Remove(group, who) => {
                    town.iam.set_member(&group, user(&who).as_str(), false)
                }
                IamStep::Close(who) => town.iam.set_active(user(&who).as_str(), false),
                IamStep::Fail => town.iam.be(Mood::Broken),
                IamStep::Recover => town.iam.be(Mood::Well),
            },
            Step::Columns { columns } => {
                for (table, column, data_type) in columns {
                    report(&mut reported, &table, &column, data_type.as_deref());
                }
                reported["taken_at"] = town.clock.now().to_string().into();
                let body = Some(reported.clone());
                town.from(
                    "skimmer",
                    http::Method::PUT,
                    "/internal/snapshot",
                    &[],
                    body,
                )
                .await
                .ok();
            }
        }
    }
}

fn report(snapshot: &mut Value, table: &str, column: &str, data_type: Option<&str>) {
    let tables = snapshot["tables"].as_array_mut().unwrap();
    let table = tables
        .iter_mut()
        .find(|entry| entry["table"] == table)
        .unwrap();
    let columns = table["columns"].as_array_mut().unwrap();
    columns.retain(|entry| entry["name"] != column);
    if let Some(data_type) = data_type {
        columns.push(
            serde_json::json!({"name": column, "type": data_type, "ordinal": columns.len() + 1}),
        );
    }
}
