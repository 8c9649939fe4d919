//! Which tables and columns there are: what the engine says, held against what was there before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use townlake_core::names::TableRef;
use townlake_core::time::Timestamp;
use townlake_kit::trino::{self, Limits, Rows, Statement, TrinoFailure};
use townlake_protocol::skimmer::ScanProblem;
use townlake_protocol::snapshot::{Snapshot, SnapshotColumn, SnapshotTable, TableKind};

use crate::app::App;

/// The engine's own catalog: its tables describe the engine and are nobody's data.
const ENGINE_CATALOG: &str = "system";
/// More columns than this in one catalog are not read: 100 bytes each, they would fill half of an isolate's memory.
const MAX_COLUMNS: usize = 200_000;

/// What the engine showed.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Tables by name, each with its columns. None of them is dropped.
    pub tables: BTreeMap<TableRef, SnapshotTable>,
    /// Catalogs that did not answer: nothing is known of what they hold now.
    pub silent: BTreeSet<String>,
    /// Why they did not.
    pub problems: Vec<ScanProblem>,
}

/// Asks the engine for everything it has.
///
/// Fails only if the engine does not even name its catalogs.
pub async fn ask(app: &App) -> Result<Seen, TrinoFailure> {
    let catalogs = query(app, "SHOW CATALOGS").await?;
    let mut seen = Seen::default();
    for catalog in texts(&catalogs, 0)
        .into_iter()
        .filter(|catalog| catalog != ENGINE_CATALOG)
    {
        match read_catalog(app, &catalog).await {
            Ok(tables) => seen.tables.extend(tables),
            Err(failure) => {
                let detail = format!(
                    "it does not say what it holds ({failure}); what was known of it stands"
                );
                seen.problems.push(ScanProblem {
                    what: catalog.clone(),
                    detail,
                });
                seen.silent.insert(catalog.to_lowercase());
            }
        }
    }
    Ok(seen)
}

async fn read_catalog(
    app: &App,
    catalog: &str,
) -> Result<BTreeMap<TableRef, SnapshotTable>, TrinoFailure> {
    let quoted = quote(catalog);
    let tables = format!(
        "SELECT table_schema, table_name, table_type FROM {quoted}.information_schema.tables \
         WHERE table_schema <> 'information_schema'"
    );
    let columns = format!(
        "SELECT table_schema, table_name, column_name, data_type, ordinal_position \
         FROM {quoted}.information_schema.columns WHERE table_schema <> 'information_schema'"
    );
    let comments = format!(
        "SELECT schema_name, table_name, comment FROM system.metadata.table_comments WHERE catalog_name = '{}'",
        catalog.replace('\'', "''")
    );
    let (tables, columns, comments) = futures::join!(
        query(app, &tables),
        query(app, &columns),
        query(app, &comments)
    );
    // Comments are told where they can be: an engine without them still has tables.
    Ok(assemble(
        catalog,
        &tables?,
        &columns?,
        comments.ok().as_ref(),
    ))
}

fn assemble(
    catalog: &str,
    tables: &Rows,
    columns: &Rows,
    comments: Option<&Rows>,
) -> BTreeMap<TableRef, SnapshotTable> {
    let mut found = BTreeMap::new();
    for row in &tables.rows {
        if let [Value::String(schema), Value::String(name), kind] = row.as_slice() {
            let table = TableRef::new(catalog, schema, name);
            let kind = if kind == "VIEW" {
                TableKind::View
            } else {
                TableKind::Table
            };
            let new = SnapshotTable {
                table: table.clone(),
                kind,
                comment: None,
                dropped: false,
                columns: Vec::new(),
            };
            found.insert(table, new);
        }
    }
    for row in &columns.rows {
        if let [
            Value::String(schema),
            Value::String(table),
            Value::String(name),
            Value::String(data_type),
            ordinal,
        ] = row.as_slice()
            && let Some(table) = found.get_mut(&TableRef::new(catalog, schema, table))
        {
            let ordinal = ordinal
                .as_u64()
                .and_then(|ordinal| u32::try_from(ordinal).ok())
                .unwrap_or(u32::MAX);
            let data_type = data_type.clone();
            let new = SnapshotColumn {
                name: name.clone(),
                data_type,
                ordinal,
                comment: None,
                dropped: false,
            };
            table.columns.push(new);
        }
    }
    for row in comments.into_iter().flat_map(|comments| &comments.rows) {
        if let [
            Value::String(schema),
            Value::String(table),
            Value::String(comment),
        ] = row.as_slice()
            && let Some(table) = found.get_mut(&TableRef::new(catalog, schema, table))
        {
            table.comment = Some(comment.trim().to_owned()).filter(|comment| !comment.is_empty());
        }
    }
    for table in found.values_mut() {
        table
            .columns
            .sort_by(|a, b| a.ordinal.cmp(&b.ordinal).then_with(|| a.name.cmp(&b.name)));
    }
    found
}

/// What is there now and what is gone, and how much went since the last time.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// All of it, tombstones included.
    pub snapshot: Snapshot,
    /// Tables that were there the last time.
    pub tables_dropped: u32,
    /// Columns that were there the last time, those of dropped tables included.
    pub columns_dropped: u32,
}

/// Holds what the engine shows against what was known. What a silent catalog held stays as it was.
pub fn merge(known: Vec<SnapshotTable>, seen: Seen, taken_at: Timestamp) -> Merged {
    let Seen {
        mut tables, silent, ..
    } = seen;
    let (mut tables_dropped, mut columns_dropped) = (0, 0);
    for mut old in known {
        if let Some(new) = tables.get_mut(&old.table) {
            let names: BTreeSet<String> = new
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect();
            for mut column in old
                .columns
                .into_iter()
                .filter(|column| !names.contains(&column.name))
            {
                columns_dropped += u32::from(!column.dropped);
                column.dropped = true;
                new.columns.push(column);
            }
            continue;
        }
        if !silent.contains(&old.table.catalog) {
            tables_dropped += u32::from(!old.dropped);
            old.dropped = true;
            for column in &mut old.columns {
                columns_dropped += u32::from(!column.dropped);
                column.dropped = true;
            }
        }
        tables.insert(old.table.clone(), old);
    }
    let snapshot = Snapshot {
        taken_at,
        tables: tables.into_values().collect(),
    };
    Merged {
        snapshot,
        tables_dropped,
        columns_dropped,
    }
}

async fn query(app: &App, sql: &str) -> Result<Rows, TrinoFailure> {
    let limits = Limits {
        rows: MAX_COLUMNS,
        bytes: 48 << 20,
        time: app.budget.statement,
    };
    trino::query(&app.gateway, Statement::of_service(sql, "skimmer"), limits).await
}

fn texts(rows: &Rows, at: usize) -> Vec<String> {
    rows.rows
        .iter()
        .filter_map(|row| row.get(at)?.as_str().map(str::to_owned))
        .collect()
}

/// A name in double quotes: catalogs and columns may be called like a keyword.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[&str]) -> SnapshotTable {
        let column = |(at, name): (usize, &&str)| SnapshotColumn {
            name: (*name).to_owned(),
            data_type: "varchar".to_owned(),
            ordinal: at as u32 + 1,
            comment: None,
            dropped: false,
        };
        SnapshotTable {
            table: name.parse().unwrap(),
            kind: TableKind::Table,
            comment: None,
            dropped: false,
            columns: columns.iter().enumerate().map(column).collect(),
        }
    }

    fn seen(tables: &[SnapshotTable], silent: &[&str]) -> Seen {
        Seen {
            tables: tables
                .iter()
                .map(|table| (table.table.clone(), table.clone()))
                .collect(),
            silent: silent.iter().map(|catalog| (*catalog).to_owned()).collect(),
            problems: Vec::new(),
        }
    }

    #[test]
    fn what_is_gone_leaves_a_tombstone_and_is_counted_once() {
        let known = vec![table("a.s.kept", &["x", "y"]), table("a.s.gone", &["x"])];
        let now = Timestamp::from_millis(1);
        let merged = merge(known, seen(&[table("a.s.kept", &["x", "z"])], &[]), now);
        assert_eq!((merged.tables_dropped, merged.columns_dropped), (1, 2));
        let [gone, kept] = merged.snapshot.tables.as_slice() else {
            panic!("{merged:?}")
        };
        assert!(gone.dropped && gone.columns[0].dropped && !kept.dropped);
        let columns: Vec<_> = kept
            .columns
            .iter()
            .map(|column| (column.name.as_str(), column.dropped))
            .collect();
        assert_eq!(columns, [("x", false), ("z", false), ("y", true)]);

        let again = merge(
            merged.snapshot.tables.clone(),
            seen(&[table("a.s.kept", &["x", "z"])], &[]),
            now,
        );
        assert_eq!((again.tables_dropped, again.columns_dropped), (0, 0));
        assert_eq!(again.snapshot, merged.snapshot);

        let back = merge(
            again.snapshot.tables,
            seen(
                &[table("a.s.gone", &["x"]), table("a.s.kept", &["x", "z"])],
                &[],
            ),
            now,
        );
        assert!(back.snapshot.tables.iter().all(|table| !table.dropped));
    }

    #[test]
    fn a_silent_catalog_loses_nothing() {
        let known = vec![table("a.s.t", &["x"]), table("b.s.t", &["x"])];
        let merged = merge(
            known,
            seen(&[table("a.s.t", &["x"])], &["b"]),
            Timestamp::from_millis(1),
        );
        assert_eq!(
            (merged.tables_dropped, merged.snapshot.tables.len()),
            (0, 2)
        );
        assert!(merged.snapshot.tables.iter().all(|table| !table.dropped));
    }
}
