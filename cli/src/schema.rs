//! `schema.json`: the columns of tables, `{"table": {"column": "type"}}`; and `keys.json`, what tells their rows apart,
//! `{"table": [["id"], ["a", "b"]]}`.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::Path;
use std::{fmt, fs};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use townlake_core::names::TableRef;
use townlake_sql::bind::{Others, Schema, SchemaColumn};
use townlake_sql::bound::Known;
use townlake_sql::types::parse_type;

use crate::files::unreadable;

/// Tables by the parts of their names, with their columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    tables: BTreeMap<Vec<String>, Vec<SchemaColumn>>,
    keys: BTreeMap<Vec<String>, Vec<Vec<String>>>,
}

/// Reads a schema file.
///
/// # Errors
/// The file cannot be read or does not have the form; the message says where.
pub(crate) fn read(path: &Path) -> Result<Names, String> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    parse(&text).map_err(|message| format!("the schema `{}`: {message}", path.display()))
}

/// Reads a file of keys: each list of columns alone tells a table's rows apart.
///
/// # Errors
/// The file cannot be read or does not have the form; the message says where.
pub(crate) fn read_keys(path: &Path, names: &mut Names) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    names.keys =
        parse_keys(&text).map_err(|message| format!("the keys `{}`: {message}", path.display()))?;
    Ok(())
}

fn parse_keys(text: &str) -> Result<BTreeMap<Vec<String>, Vec<Vec<String>>>, String> {
    let tables: BTreeMap<String, Vec<Vec<String>>> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut keys = BTreeMap::new();
    for (table, lists) in tables {
        if lists.iter().any(Vec::is_empty) {
            return Err(format!("a key of `{table}` has no columns; leave it out"));
        }
        keys.insert(parts_of(&table)?, lists);
    }
    Ok(keys)
}

fn parts_of(table: &str) -> Result<Vec<String>, String> {
    let parts = split(table);
    if parts.len() > 3 || parts.iter().any(String::is_empty) {
        return Err(format!("`{table}` is not a name of one to three parts"));
    }
    Ok(parts)
}

fn parse(text: &str) -> Result<Names, String> {
    let tables: InOrder<InOrder<Value>> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut names = Names::default();
    for (table, columns) in tables.0 {
        let parts = parts_of(&table)?;
        let columns = columns.0.into_iter().map(|(column, ty)| {
            // A type that is not Trino's leaves the column without one; its name counts all the same.
            let ty = ty.as_str().and_then(|ty| parse_type(ty).ok());
            SchemaColumn::new(&column, ty.map_or(Known::Unknown, Known::Known))
        });
        names.tables.insert(parts, columns.collect());
    }
    Ok(names)
}

/// The members of an object in the order of the file: `*` stands for columns in that order.
struct InOrder<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InOrder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = InOrder<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"{"table": {"column": "type"}}"#)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(InOrder(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// The parts of a dotted name, quotes taken off.
fn split(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in name.chars() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            other => {
                if let Some(last) = parts.last_mut() {
                    last.extend(other.to_lowercase());
                }
            }
        }
    }
    parts
}

impl Names {
    /// The schema for a statement that names these tables: a name may be longer or shorter there than in the
    /// file, as long as only one table of the file can be meant.
    pub(crate) fn for_tables<'t>(
        &self,
        named: impl Iterator<Item = &'t TableRef>,
        others: Others,
    ) -> Schema {
        let mut schema = Schema::new(others);
        for table in named {
            if let Some(columns) = self.find(table) {
                schema.insert(table.clone(), columns.to_vec());
            }
            if let Some(keys) = fitting(&self.keys, table) {
                schema.set_keys(table.clone(), keys.clone());
            }
        }
        schema
    }

    /// The names of all tables.
    pub(crate) fn all(&self) -> Vec<String> {
        self.tables.keys().map(|parts| parts.join(".")).collect()
    }

    /// A table's columns, if the file has it.
    pub(crate) fn find(&self, table: &TableRef) -> Option<&[SchemaColumn]> {
        fitting(&self.tables, table).map(Vec::as_slice)
    }
}

/// What a file says of a table, if only one name in it can be meant.
fn fitting<'f, T>(named: &'f BTreeMap<Vec<String>, T>, table: &TableRef) -> Option<&'f T> {
    let parts: Vec<String> = [&table.catalog, &table.schema, &table.table]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect();
    if let Some(found) = named.get(&parts) {
        return Some(found);
    }
    let mut fitting = named
        .iter()
        .filter(|(name, _)| name.ends_with(&parts) || parts.ends_with(name));
    match (fitting.next(), fitting.next()) {
        (Some((_, found)), None) => Some(found),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_by_longer_and_shorter_names() {
        let names = parse(r#"{"lake.sales.orders": {"ID": "bigint"}, "items": {"x": "what"}, "a.t": {}, "b.t": {}}"#).unwrap();
        for (table, found) in [
            (TableRef::new("", "", "orders"), true),
            (TableRef::new("", "sales", "orders"), true),
            (TableRef::new("lake", "sales", "orders"), true),
            (TableRef::new("", "other", "orders"), false),
            (TableRef::new("lake", "x", "items"), true),
            (TableRef::new("", "", "t"), false),
            (TableRef::new("", "b", "t"), true),
        ] {
            assert_eq!(names.find(&table).is_some(), found, "{table}");
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"a.b.c.d": {}}"#,
            r#"{"a..b": {}}"#,
            r#"{"a": 1}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in [
            "[]",
            r#"{"a": ["b"]}"#,
            r#"{"a": [[]]}"#,
            r#"{"a..b": [["c"]]}"#,
        ] {
            assert!(parse_keys(text).is_err(), "{text}");
        }
    }
}
