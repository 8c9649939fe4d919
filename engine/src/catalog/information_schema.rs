//! `information_schema` of each catalog, filtered by what the caller may see.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator};
use townlake_core::names::TableRef;
use townlake_sql::types::Type;

use super::memory::{columns_of, text_batch};
use super::{Catalogs, Column, Table};
use crate::error::Result;
use crate::lazy::{LazyTable, Rows};
use crate::policy::Access;

/// The schema's name.
pub const NAME: &str = "information_schema";

/// Its tables.
pub const TABLES: &[&str] = &["columns", "schemata", "tables", "views"];

fn text() -> Type {
    Type::Varchar(None)
}

fn columns(table: &str) -> Option<Vec<Column>> {
    let list: Vec<(&str, Type)> = match table {
        "schemata" => vec![("catalog_name", text()), ("schema_name", text())],
        "tables" => vec![
            ("table_catalog", text()),
            ("table_schema", text()),
            ("table_name", text()),
            ("table_type", text()),
        ],
        "views" => vec![
            ("table_catalog", text()),
            ("table_schema", text()),
            ("table_name", text()),
            ("view_definition", text()),
        ],
        "columns" => vec![
            ("table_catalog", text()),
            ("table_schema", text()),
            ("table_name", text()),
            ("column_name", text()),
            ("ordinal_position", Type::BigInt),
            ("column_default", text()),
            ("is_nullable", text()),
            ("data_type", text()),
        ],
        _ => return None,
    };
    Some(columns_of(&list))
}

/// A table of it, if there is one of the name.
pub fn table(catalogs: &Catalogs, catalog: &str, table: &str, access: &Access) -> Option<Table> {
    let columns = columns(table)?;
    let (catalogs, catalog, name, access) = (
        catalogs.clone(),
        catalog.to_owned(),
        table.to_owned(),
        access.clone(),
    );
    let kinds = columns.clone();
    let rows: Rows = Arc::new(move |filters: Vec<Expr>| {
        let (catalogs, catalog, name, access, kinds) = (
            catalogs.clone(),
            catalog.clone(),
            name.clone(),
            access.clone(),
            kinds.clone(),
        );
        Box::pin(async move {
            let wanted = Wanted {
                schema: equal_to(&filters, "table_schema")
                    .or_else(|| equal_to(&filters, "schema_name")),
                table: equal_to(&filters, "table_name"),
            };
            let rows = rows(&catalogs, &catalog, &name, &access, &wanted).await?;
            text_batch(&kinds, &rows)
        })
    });
    Some(LazyTable::table(columns, rows))
}

struct Wanted {
    schema: Option<String>,
    table: Option<String>,
}

/// The constant that a column must equal by one of the filters.
pub fn equal_to(filters: &[Expr], column: &str) -> Option<String> {
    filters.iter().find_map(|filter| match filter {
        Expr::BinaryExpr(binary) if binary.op == Operator::Eq => {
            match (binary.left.as_ref(), binary.right.as_ref()) {
                (Expr::Column(c), Expr::Literal(ScalarValue::Utf8(Some(text)), _))
                | (Expr::Literal(ScalarValue::Utf8(Some(text)), _), Expr::Column(c))
                    if c.name == column =>
                {
                    Some(text.clone())
                }
                _ => None,
            }
        }
        _ => None,
    })
}

async fn rows(
    catalogs: &Catalogs,
    catalog: &str,
    name: &str,
    access: &Access,
    wanted: &Wanted,
) -> Result<Vec<Vec<Option<String>>>> {
    let some = |text: &str| Some(text.to_owned());
    let schemas = access.filter_schemas(catalog, catalogs.schemas(catalog).await?);
    if name == "schemata" {
        return Ok(schemas
            .iter()
            .map(|schema| vec![some(catalog), some(schema)])
            .collect());
    }
    let mut rows = Vec::new();
    for schema in schemas {
        if wanted
            .schema
            .as_ref()
            .is_some_and(|wanted| *wanted != schema)
        {
            continue;
        }
        for listed in catalogs.tables(catalog, &schema).await? {
            let table = TableRef::new(catalog, &schema, &listed.name);
            if wanted
                .table
                .as_ref()
                .is_some_and(|wanted| *wanted != listed.name)
                || !access.lists(&table)
            {
                continue;
            }
            let head = || vec![some(catalog), some(&schema), some(&listed.name)];
            match name {
                "tables" => {
                    let mut row = head();
                    row.push(some(if listed.is_view { "VIEW" } else { "BASE TABLE" }));
                    rows.push(row);
                }
                "columns" => {
                    // A table that went away in between, or cannot be read, has no columns to show.
                    let Ok(found) = catalogs.table(&table, access).await else {
                        continue;
                    };
                    let shown = access.shown_columns(&table, &found);
                    for (i, column) in shown.iter().enumerate() {
                        let mut row = head();
                        row.extend([
                            some(&column.name),
                            Some((i + 1).to_string()),
                            None,
                            some("YES"),
                            Some(column.ty.in_messages().to_string()),
                        ]);
                        rows.push(row);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(rows)
}
