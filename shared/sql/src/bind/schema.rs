//! What is known about tables outside the statement.

use std::collections::BTreeMap;

use townlake_core::names::TableRef;

use crate::bound::Known;
use crate::types::Type;

/// What the tables that a statement may name are like.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    tables: BTreeMap<TableRef, Vec<SchemaColumn>>,
    keys: BTreeMap<TableRef, Vec<Vec<String>>>,
    others: Others,
}

/// What is to be thought of a table that the schema does not list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Others {
    /// It exists, and may have any columns.
    #[default]
    Unknown,
    /// It does not exist.
    Missing,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaColumn {
    /// Its name, in lower case.
    pub name: String,
    /// Its type, if known.
    pub ty: Known<Type>,
    /// Whether `*` leaves it out, like Iceberg's `$path`.
    pub hidden: bool,
}

impl Schema {
    /// No knowledge at all: any table exists, with any columns.
    pub fn none() -> Self {
        Self::default()
    }

    /// A schema without tables yet.
    pub fn new(others: Others) -> Self {
        Self {
            tables: BTreeMap::new(),
            keys: BTreeMap::new(),
            others,
        }
    }

    /// Adds a table, or replaces it.
    pub fn insert(&mut self, table: TableRef, columns: Vec<SchemaColumn>) {
        self.tables.insert(table, columns);
    }

    /// Says by which columns a table's rows can be told apart: by those of each list alone. The table need not be
    /// listed.
    pub fn set_keys(&mut self, table: TableRef, keys: Vec<Vec<String>>) {
        let folded = keys.into_iter().map(|key| {
            let columns = key.into_iter();
            columns.map(|column| column.to_lowercase()).collect()
        });
        self.keys.insert(table, folded.collect());
    }

    /// The keys of a table; none if none are known.
    pub fn keys(&self, table: &TableRef) -> &[Vec<String>] {
        self.keys.get(table).map_or(&[], Vec::as_slice)
    }

    /// A table's columns, if the schema lists it.
    pub fn columns(&self, table: &TableRef) -> Option<&[SchemaColumn]> {
        self.tables.get(table).map(Vec::as_slice)
    }

    /// What is to be thought of a table that is not listed.
    pub fn others(&self) -> Others {
        self.others
    }

    /// Every table that is listed, in order.
    pub fn tables(&self) -> impl Iterator<Item = (&TableRef, &[SchemaColumn])> {
        self.tables
            .iter()
            .map(|(table, columns)| (table, columns.as_slice()))
    }
}

impl SchemaColumn {
    /// A column that `*` shows.
    pub fn new(name: &str, ty: Known<Type>) -> Self {
        Self {
            name: name.to_lowercase(),
            ty,
            hidden: false,
        }
    }
}
