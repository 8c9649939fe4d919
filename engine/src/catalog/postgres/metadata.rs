//! What Postgres says its tables are, and Trino's types for it.

use std::sync::Arc;

use tokio_postgres::Row;
use townlake_sql::types::Type;

use super::connection::Connections;
use super::{PostgresColumn, PostgresRelation};
use crate::error::Result;

const SCHEMAS: &str = "SELECT DISTINCT lower(nspname) FROM pg_catalog.pg_namespace
     WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
       AND has_schema_privilege(oid, 'USAGE')
     ORDER BY 1";

/// Tables, views, materialised views, foreign and partitioned tables; partitions show through their parent.
const RELATIONS: &str =
    "SELECT lower(c.relname), c.relkind IN ('v', 'm'), obj_description(c.oid, 'pg_class')
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE lower(n.nspname) = $1 AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
       AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1";

/// A table whose name differs from another's in case only is found by its exact name first.
const TABLE: &str = "SELECT c.oid::int8, n.nspname, c.relname, obj_description(c.oid, 'pg_class')
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE lower(n.nspname) = $1 AND lower(c.relname) = $2 AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
       AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY (n.nspname = $1 AND c.relname = $2) DESC, n.nspname, c.relname LIMIT 1";

const COLUMNS: &str = "SELECT a.attname, t.typname, t.typtype::text, a.atttypmod, a.attnotnull,
       col_description(a.attrelid, a.attnum)
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::int8::oid AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum";

/// A table as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The schema's name as Postgres has it.
    pub remote_schema: String,
    /// The table's name as Postgres has it.
    pub remote_table: String,
    /// What it says of itself.
    pub comment: Option<String>,
    /// The columns that can be read, in order.
    pub columns: Vec<PostgresColumn>,
}

/// All schemas but Postgres's own.
pub async fn schemas(connections: &Arc<Connections>) -> Result<Vec<String>> {
    rows(connections, SCHEMAS, &[], |row| row.try_get(0)).await
}

/// All tables and views of a schema.
pub async fn relations(
    connections: &Arc<Connections>,
    schema: &str,
) -> Result<Vec<PostgresRelation>> {
    rows(connections, RELATIONS, &[&schema], |row| {
        Ok(PostgresRelation {
            name: row.try_get(0)?,
            is_view: row.try_get(1)?,
            comment: row.try_get(2)?,
        })
    })
    .await
}

/// One table and its columns.
pub async fn table(
    connections: &Arc<Connections>,
    schema: &str,
    table: &str,
) -> Result<Option<Found>> {
    let found = rows(connections, TABLE, &[&schema, &table], |row| {
        Ok((
            row.try_get::<_, i64>(0)?,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
        ))
    })
    .await?;
    let Some((id, remote_schema, remote_table, comment)) = found.into_iter().next() else {
        return Ok(None);
    };
    let columns = rows(connections, COLUMNS, &[&id], column).await?;
    let columns = columns.into_iter().flatten().collect();
    Ok(Some(Found {
        remote_schema,
        remote_table,
        comment,
        columns,
    }))
}

async fn rows<T>(
    connections: &Arc<Connections>,
    sql: &str,
    values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    read: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
) -> Result<Vec<T>> {
    let connection = connections.get().await?;
    let rows = connection
        .query(sql, values)
        .await
        .map_err(|error| connections.failed(&error))?;
    rows.iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|error| connections.failed(&error))
}

fn column(row: &Row) -> Result<Option<PostgresColumn>, tokio_postgres::Error> {
    let remote_name: String = row.try_get(0)?;
    let type_name: String = row.try_get(1)?;
    let kind: String = row.try_get(2)?;
    let not_null: bool = row.try_get(4)?;
    let comment = row.try_get(5)?;
    Ok(
        type_of(&type_name, &kind, row.try_get(3)?).map(|ty| PostgresColumn {
            name: remote_name.to_lowercase(),
            remote_name,
            ty,
            nullable: !not_null,
            comment,
        }),
    )
}

/// Trino's type of a Postgres type, by its name, its kind (`e` is an enum) and its modifier (-1 is none).
fn type_of(name: &str, kind: &str, modifier: i32) -> Option<Type> {
    // Lengths are stored with the four bytes of the value's header.
    let length = || u32::try_from(modifier.checked_sub(4)?).ok();
    let precision = || u8::try_from(modifier).unwrap_or(6).min(6);
    Some(match name {
        "bool" => Type::Boolean,
        "int2" => Type::SmallInt,
        "int4" => Type::Integer,
        "int8" => Type::BigInt,
        "float4" => Type::Real,
        "float8" => Type::Double,
        "numeric" => decimal(modifier)?,
        "varchar" => Type::Varchar(length()),
        "bpchar" => Type::Char(length().unwrap_or(1)),
        "text" => Type::Varchar(None),
        "bytea" => Type::Varbinary,
        "date" => Type::Date,
        "time" => Type::Time(precision()),
        "timestamp" => Type::Timestamp(precision()),
        "timestamptz" => Type::TimestampTz(precision()),
        "json" | "jsonb" => Type::Json,
        "uuid" => Type::Uuid,
        _ if kind == "e" => Type::Varchar(None),
        _ => return None,
    })
}

/// A numeric without precision has no counterpart: its values may not fit 38 digits. Nor has a negative scale.
fn decimal(modifier: i32) -> Option<Type> {
    let packed = modifier.checked_sub(4).filter(|packed| *packed >= 0)?;
    let precision = u8::try_from(packed >> 16)
        .ok()
        .filter(|precision| (1..=38).contains(precision))?;
    let scale = u8::try_from(packed & 0x7ff)
        .ok()
        .filter(|scale| *scale <= precision)?;
    Some(Type::Decimal(precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_trinos_connector() {
        for (name, kind, modifier, expected) in [
            ("int8", "b", -1, Some(Type::BigInt)),
            (
                "numeric",
                "b",
                (12 << 16) + 2 + 4,
                Some(Type::Decimal(12, 2)),
            ),
            ("numeric", "b", -1, None),
            ("numeric", "b", (40 << 16) + 4, None),
            ("varchar", "b", 24, Some(Type::Varchar(Some(20)))),
            ("varchar", "b", -1, Some(Type::Varchar(None))),
            ("bpchar", "b", 7, Some(Type::Char(3))),
            ("timestamp", "b", 3, Some(Type::Timestamp(3))),
            ("timestamptz", "b", -1, Some(Type::TimestampTz(6))),
            ("mood", "e", -1, Some(Type::Varchar(None))),
            ("inet", "b", -1, None),
            ("_int4", "b", -1, None),
        ] {
            assert_eq!(type_of(name, kind, modifier), expected, "{name}");
        }
    }
}
