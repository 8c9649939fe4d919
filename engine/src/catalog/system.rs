//! The `system` catalog: what clients ask an engine about itself, and no more.

use std::sync::Arc;

use datafusion::logical_expr::Expr;
use townlake_core::names::TableRef;
use townlake_sql::types::Type;

use super::information_schema::equal_to;
use super::jdbc;
use super::memory::{columns_of, text_batch};
use super::{Catalogs, Listed, Table};
use crate::error::Result;
use crate::lazy::{LazyTable, Rows};
use crate::policy::Access;

/// Its schemas.
pub const SCHEMAS: &[&str] = &["jdbc", "metadata", "runtime"];

/// The tables of a schema.
pub fn tables(schema: &str) -> Vec<Listed> {
    let names: &[&str] = match schema {
        "metadata" => &["catalogs", "table_comments"],
        "runtime" => &["nodes"],
        "jdbc" => jdbc::TABLES,
        _ => &[],
    };
    names
        .iter()
        .map(|name| Listed {
            name: (*name).to_owned(),
            is_view: false,
        })
        .collect()
}

/// A table of it, if there is one of the name.
pub fn table(catalogs: &Catalogs, schema: &str, table: &str, access: &Access) -> Option<Table> {
    let text = || Type::Varchar(None);
    let list: Vec<(&str, Type)> = match (schema, table) {
        ("metadata", "table_comments") => vec![
            ("catalog_name", text()),
            ("schema_name", text()),
            ("table_name", text()),
            ("comment", text()),
        ],
        ("metadata", "catalogs") => vec![("catalog_name", text()), ("connector_id", text())],
        ("runtime", "nodes") => vec![
            ("node_id", text()),
            ("http_uri", text()),
            ("node_version", text()),
            ("state", text()),
        ],
        ("jdbc", table) => jdbc::columns(table)?,
        _ => return None,
    };
    let columns = columns_of(&list);
    let kinds = columns.clone();
    let (catalogs, access, which) = (
        catalogs.clone(),
        access.clone(),
        format!("{schema}.{table}"),
    );
    let rows: Rows = Arc::new(move |filters: Vec<Expr>| {
        let (catalogs, access, which, kinds) = (
            catalogs.clone(),
            access.clone(),
            which.clone(),
            kinds.clone(),
        );
        Box::pin(async move {
            let rows = rows(&catalogs, &which, &access, &filters).await?;
            text_batch(&kinds, &rows)
        })
    });
    Some(LazyTable::table(columns, rows))
}

async fn rows(
    catalogs: &Catalogs,
    which: &str,
    access: &Access,
    filters: &[Expr],
) -> Result<Vec<Vec<Option<String>>>> {
    let some = |text: &str| Some(text.to_owned());
    let names = access.filter_catalogs(catalogs.names());
    match which {
        "metadata.catalogs" => {
            return Ok(names
                .iter()
                .map(|name| vec![some(name), some(name)])
                .collect());
        }
        "jdbc.catalogs" => return Ok(names.iter().map(|name| vec![some(name)]).collect()),
        "jdbc.table_types" => return Ok(vec![vec![some("TABLE")], vec![some("VIEW")]]),
        "jdbc.types" => return Ok(jdbc::type_rows()),
        "runtime.nodes" => {
            let row = [
                "embedded",
                "",
                townlake_protocol::trino::INTERNAL_NODE_VERSION,
                "active",
            ];
            return Ok(vec![row.iter().map(|text| some(text)).collect()]);
        }
        "jdbc.schemas" | "jdbc.tables" | "jdbc.columns" | "metadata.table_comments" => {}
        // There are no procedures, types of users' own, or inheritance.
        _ => return Ok(Vec::new()),
    }
    let wanted_catalog = equal_to(filters, "catalog_name")
        .or_else(|| equal_to(filters, "table_cat"))
        .or_else(|| equal_to(filters, "table_catalog"));
    let wanted_schema =
        equal_to(filters, "schema_name").or_else(|| equal_to(filters, "table_schem"));
    let wanted_table = equal_to(filters, "table_name");
    let mut rows = Vec::new();
    for catalog in names {
        if wanted_catalog
            .as_ref()
            .is_some_and(|wanted| *wanted != catalog)
        {
            continue;
        }
        // One source that is down does not hide the others.
        let Ok(schemas) = catalogs.schemas(&catalog).await else {
            continue;
        };
        for schema in access.filter_schemas(&catalog, schemas) {
            if which == "jdbc.schemas" {
                rows.push(vec![some(&schema), some(&catalog)]);
                continue;
            }
            if wanted_schema
                .as_ref()
                .is_some_and(|wanted| *wanted != schema)
            {
                continue;
            }
            let Ok(tables) = catalogs.tables(&catalog, &schema).await else {
                continue;
            };
            for listed in tables {
                let name = TableRef::new(&catalog, &schema, &listed.name);
                if wanted_table
                    .as_ref()
                    .is_some_and(|wanted| *wanted != listed.name)
                    || !access.lists(&name)
                {
                    continue;
                }
                let mut row = vec![some(&catalog), some(&schema), some(&listed.name)];
                if which == "jdbc.columns" {
                    // A table that went away in between, or cannot be read, has no columns to show.
                    let Ok(table) = Box::pin(catalogs.table(&name, access)).await else {
                        continue;
                    };
                    for (i, column) in access.shown_columns(&name, &table).into_iter().enumerate() {
                        let mut row = row.clone();
                        row.extend(jdbc::column_row(column, i + 1));
                        rows.push(row);
                    }
                    continue;
                }
                let comment = if schema == super::information_schema::NAME || catalog == "system" {
                    None
                } else {
                    Box::pin(catalogs.table(&name, access))
                        .await
                        .ok()
                        .and_then(|table| table.comment)
                };
                if which == "jdbc.tables" {
                    row.push(some(if listed.is_view { "VIEW" } else { "TABLE" }));
                    row.push(comment);
                    // Of types made of tables there are none.
                    row.extend(vec![None; 5]);
                } else {
                    row.push(comment);
                }
                rows.push(row);
            }
        }
    }
    Ok(rows)
}
