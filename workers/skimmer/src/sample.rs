//! A bounded look at a table's values: one query, first rows, cut texts.

use serde_json::Value;
use townlake_core::names::TableRef;
use townlake_core::pii::{TypeKind, leaves};
use townlake_kit::trino::{self, Limits, Rows, Statement, TrinoFailure};
use townlake_protocol::snapshot::SnapshotColumn;

use crate::app::{App, Budget};
use crate::discover::quote;

/// The most that one sample may weigh, in bytes of JSON: four at once fit into an isolate.
const MAX_BYTES: usize = 8 << 20;
/// Values that are taken out of one nested value.
const MAX_LEAVES: usize = 20;

/// A column's sampled values as text, `None` for NULL.
pub type Values = Vec<Option<String>>;

/// Samples the columns; the values come in their order.
pub async fn take(
    app: &App,
    table: &TableRef,
    columns: &[&SnapshotColumn],
) -> Result<Vec<Values>, TrinoFailure> {
    let cut = select(table, columns, &app.budget, true);
    let rows = match query(app, &cut).await {
        // An engine or a type that cannot cut texts sends them whole; they are cut here.
        Err(TrinoFailure::Query { .. }) => {
            query(app, &select(table, columns, &app.budget, false)).await?
        }
        other => other?,
    };
    Ok(columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let kind = TypeKind::of(&column.data_type);
            rows.rows
                .iter()
                .flat_map(|row| {
                    texts(
                        row.get(at).unwrap_or(&Value::Null),
                        kind,
                        app.budget.characters,
                    )
                })
                .collect()
        })
        .collect())
}

async fn query(app: &App, sql: &str) -> Result<Rows, TrinoFailure> {
    let limits = Limits {
        rows: app.budget.rows,
        bytes: MAX_BYTES,
        time: app.budget.statement,
    };
    trino::query(&app.gateway, Statement::of_service(sql, "skimmer"), limits).await
}

fn select(table: &TableRef, columns: &[&SnapshotColumn], budget: &Budget, cut: bool) -> String {
    let expressions: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = quote(&column.name);
            // `char` is not cut: Trino pads it, and it is short.
            let long = cut && column.data_type.to_ascii_lowercase().starts_with("varchar");
            if long {
                format!("substr({name}, 1, {}) AS {name}", budget.characters)
            } else {
                name
            }
        })
        .collect();
    let name = [&table.catalog, &table.schema, &table.table]
        .map(|part| quote(part))
        .join(".");
    format!(
        "SELECT {} FROM {name} LIMIT {}",
        expressions.join(", "),
        budget.rows
    )
}

/// A value as the texts that the detectors look at: one, or those inside a nested one.
fn texts(value: &Value, kind: TypeKind, limit: usize) -> Vec<Option<String>> {
    let cut = |text: String| Some(text.chars().take(limit).collect());
    match value {
        Value::Null => vec![None],
        value if kind == TypeKind::Nested => match leaves(value, MAX_LEAVES) {
            found if found.is_empty() => vec![None],
            found => found.into_iter().map(cut).collect(),
        },
        Value::String(text) => vec![cut(text.clone())],
        other => vec![cut(other.to_string())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str) -> SnapshotColumn {
        SnapshotColumn {
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            ordinal: 1,
            comment: None,
            dropped: false,
        }
    }

    #[test]
    fn names_are_quoted_and_long_texts_cut() {
        let columns = [
            column("id", "bigint"),
            column("a\"b", "varchar(20)"),
            column("code", "char(3)"),
        ];
        let columns: Vec<&SnapshotColumn> = columns.iter().collect();
        assert_eq!(
            select(
                &TableRef::new("lake", "s", "my.t"),
                &columns,
                &Budget::default(),
                true
            ),
            r#"SELECT "id", substr("a""b", 1, 400) AS "a""b", "code" FROM "lake"."s"."my.t" LIMIT 1000"#
        );
    }

    #[test]
    fn values_become_text() {
        let nested = serde_json::json!([["ana", 3], null]);
        assert_eq!(
            texts(&nested, TypeKind::Nested, 2),
            [Some("an".to_owned()), Some("3".to_owned())]
        );
        assert_eq!(texts(&Value::Null, TypeKind::Text, 9), [None]);
        assert_eq!(
            texts(&serde_json::json!(15550143), TypeKind::Integer, 9),
            [Some("15550143".to_owned())]
        );
        assert_eq!(
            texts(&serde_json::json!("[1]"), TypeKind::Text, 9),
            [Some("[1]".to_owned())]
        );
    }
}
