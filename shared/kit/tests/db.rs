//! The native database does what D1 does, as far as our SQL can tell.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use serde::Deserialize;
use townlake_kit::db::{Database, DatabaseError, Statement, params};

#[derive(Debug, PartialEq, Deserialize)]
struct Thing {
    name: String,
    size: Option<i64>,
    weight: Option<f64>,
}

const INSERT: &str = "INSERT INTO things (name, size, weight) VALUES (?1, ?2, ?3)";

fn database() -> Database {
    Database::in_memory(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrations")).unwrap()
}

#[tokio::test]
async fn rows_come_back_by_column_name() {
    let db = database();
    assert_eq!(db.run(INSERT, params!["a", 1, 0.5]).await.unwrap(), 1);
    assert_eq!(
        db.run(INSERT, params!["b", None::<i64>, None::<f64>])
            .await
            .unwrap(),
        1
    );
    let things: Vec<Thing> = db
        .all("SELECT * FROM things ORDER BY name", params![])
        .await
        .unwrap();
    assert_eq!(
        things,
        [
            Thing {
                name: "a".to_owned(),
                size: Some(1),
                weight: Some(0.5)
            },
            Thing {
                name: "b".to_owned(),
                size: None,
                weight: None
            },
        ]
    );
    let none: Option<Thing> = db
        .first("SELECT * FROM things WHERE name = ?1", params!["c"])
        .await
        .unwrap();
    assert_eq!(none, None);
}

#[tokio::test]
async fn a_batch_is_written_whole_or_not_at_all() {
    let db = database();
    let row = |name: &str| Statement::new(INSERT, params![name, 1, 1.0]);
    db.batch(vec![row("a"), row("b")]).await.unwrap();
    let refused = db.batch(vec![row("c"), row("a")]).await.unwrap_err();
    assert!(
        matches!(refused, DatabaseError::Constraint(_)),
        "{refused:?}"
    );
    let names: Vec<Thing> = db.all("SELECT * FROM things", params![]).await.unwrap();
    assert_eq!(names.len(), 2);
}

#[tokio::test]
async fn a_trigger_that_refuses_is_a_constraint() {
    let db = database();
    db.run(INSERT, params!["a", 1, 1.0]).await.unwrap();
    let refused = db.run("DELETE FROM things", params![]).await.unwrap_err();
    assert!(
        matches!(&refused, DatabaseError::Constraint(message) if message.contains("things stay"))
    );
}

#[tokio::test]
async fn a_row_of_another_shape_is_an_error_not_a_default() {
    let db = database();
    db.run(INSERT, params!["a", 1, 1.0]).await.unwrap();
    let wrong = db
        .all::<Thing>("SELECT size AS name FROM things", params![])
        .await
        .unwrap_err();
    assert!(matches!(wrong, DatabaseError::Shape(_)), "{wrong:?}");
}
