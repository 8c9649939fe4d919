//! Tables and columns in the database.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;
use townlake_core::names::{TableRef, UserName};
use townlake_core::pii::PiiClass;
use townlake_core::policy::model::TableState;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, Statement, params};
use townlake_protocol::lifeguard::reviews::ColumnDecision;
use townlake_protocol::snapshot::TableKind;

use super::difference::{Change, ColumnRow, TableRow, column_state, kind, table_state};
use crate::input::{boolean_column, optional_moment_column};
use crate::rows::{rows, rows_with};
use crate::state::Condition;

/// What a difference is computed from.
#[derive(Debug, Clone, Deserialize)]
pub struct Seen {
    /// When the engine was asked for the newest snapshot.
    #[serde(deserialize_with = "optional_moment_column")]
    pub taken_at: Option<Timestamp>,
    /// The sum of all tables' revisions: the same as long as none of them changes, since none is ever removed.
    revisions: u64,
}

impl Seen {
    /// That it is still so.
    pub fn still_holds(&self) -> Condition {
        Condition {
            sql: "(SELECT coalesce(sum(revision), 0) = ?1 FROM tables) \
                  AND (SELECT taken_at IS ?2 FROM schema_snapshot)",
            values: params![self.revisions, self.taken_at],
        }
    }
}

/// Reads what a difference is computed from.
pub async fn seen(db: &Database) -> Result<Seen, DatabaseError> {
    let sql = "SELECT taken_at, (SELECT coalesce(sum(revision), 0) FROM tables) AS revisions FROM schema_snapshot";
    db.first(sql, params![])
        .await?
        .ok_or_else(|| DatabaseError::Shape("the schema snapshot has no row".to_owned()))
}

/// Notes a snapshot that changed nothing.
pub async fn take(db: &Database, taken_at: Timestamp) -> Result<(), DatabaseError> {
    db.batch(vec![taken(taken_at)]).await
}

/// All tables and columns, gone ones included.
pub async fn known(db: &Database) -> Result<BTreeMap<TableRef, TableRow>, DatabaseError> {
    #[derive(Deserialize)]
    struct Table {
        name: TableRef,
        kind: TableKind,
        comment: Option<String>,
        #[serde(deserialize_with = "boolean_column")]
        dropped: bool,
        state: TableState,
    }
    #[derive(Deserialize)]
    struct Column {
        table_name: TableRef,
        name: String,
        #[serde(rename = "type")]
        data_type: String,
        ordinal: u32,
        comment: Option<String>,
        #[serde(deserialize_with = "boolean_column")]
        dropped: bool,
        state: ColumnDecision,
        class: Option<PiiClass>,
    }
    let tables: Vec<Table> = db
        .all(
            "SELECT name, kind, comment, dropped, state FROM tables",
            params![],
        )
        .await?;
    let mut known: BTreeMap<TableRef, TableRow> = tables
        .into_iter()
        .map(
            |Table {
                 name,
                 kind,
                 comment,
                 dropped,
                 state,
             }| {
                (
                    name,
                    TableRow {
                        kind,
                        comment,
                        dropped,
                        state,
                        columns: BTreeMap::new(),
                    },
                )
            },
        )
        .collect();
    let sql = "SELECT table_name, name, type, ordinal, comment, dropped, state, class FROM columns";
    for column in db.all::<Column>(sql, params![]).await? {
        let Column {
            table_name,
            name,
            data_type,
            ordinal,
            comment,
            dropped,
            state,
            class,
        } = column;
        if let Some(table) = known.get_mut(&table_name) {
            table.columns.insert(
                name,
                ColumnRow {
                    data_type,
                    ordinal,
                    comment,
                    dropped,
                    state,
                    class,
                },
            );
        }
    }
    Ok(known)
}

/// What writes the change. Decisions of people are only touched where they fall back to pending.
pub fn statements(
    change: &Change,
    taken_at: Timestamp,
    user: &UserName,
    now: Timestamp,
) -> Vec<Statement> {
    let tables = change.tables.iter().map(|(table, row)| {
        json!([
            table,
            kind(row.kind),
            row.comment,
            u8::from(row.dropped),
            table_state(row.state)
        ])
    });
    let mut statements = rows_with(
        "INSERT INTO tables (name, kind, comment, dropped, state, first_seen_at, changed_at) \
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), \
         json_extract(value, '$[3]'), json_extract(value, '$[4]'), ?2, ?2 FROM json_each(?1) WHERE true \
         ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, comment = excluded.comment, \
         dropped = excluded.dropped, changed_at = excluded.changed_at, \
         decided_by = CASE WHEN state = excluded.state THEN decided_by END, \
         decided_at = CASE WHEN state = excluded.state THEN decided_at END, state = excluded.state",
        tables,
        params![now],
    );
    let columns = change.columns.iter().map(|(table, name, row)| {
        json!([
            table,
            name,
            row.data_type,
            row.ordinal,
            row.comment,
            u8::from(row.dropped),
            column_state(row.state),
            row.class,
        ])
    });
    statements.extend(rows_with(
        "INSERT INTO columns (table_name, name, type, ordinal, comment, dropped, state, class) \
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), \
         json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), \
         json_extract(value, '$[6]'), json_extract(value, '$[7]') FROM json_each(?1) WHERE true \
         ON CONFLICT (table_name, name) DO UPDATE SET type = excluded.type, ordinal = excluded.ordinal, \
         comment = excluded.comment, dropped = excluded.dropped, \
         decided_by = CASE WHEN state = excluded.state THEN decided_by END, \
         decided_at = CASE WHEN state = excluded.state THEN decided_at END, \
         state = excluded.state, class = excluded.class",
        columns,
        Vec::new(),
    ));
    let decisions = change.decisions.iter().map(|reopened| {
        json!([
            reopened.table,
            reopened.column,
            reopened.previous_state,
            reopened.previous_class,
            reopened.data_type,
            reopened.note,
        ])
    });
    statements.extend(rows_with(
        "INSERT INTO review_decisions (table_name, column_name, previous_state, previous_class, type, note, state, \
         decided_by, decided_at) \
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), \
         json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), 'pending', ?2, ?3 \
         FROM json_each(?1)",
        decisions,
        params![user.as_str(), now],
    ));
    let changed = change.tables.iter().map(|(table, _)| table);
    let changed: BTreeSet<_> = changed
        .chain(change.columns.iter().map(|(table, ..)| table))
        .collect();
    statements.extend(rows(
        "UPDATE tables SET revision = revision + 1 WHERE name IN (SELECT value FROM json_each(?1))",
        changed.into_iter().map(|table| json!(table)),
    ));
    statements.push(taken(taken_at));
    statements
}

fn taken(taken_at: Timestamp) -> Statement {
    Statement::new(
        "UPDATE schema_snapshot SET taken_at = ?1 WHERE taken_at IS NULL OR taken_at < ?1",
        params![taken_at],
    )
}
