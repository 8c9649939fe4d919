//! Which tables a grant is about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::TableRef;

/// Why a text is not a table pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a table pattern: write `catalog.schema.table`, with `*` for any whole part")]
pub struct TablePatternError(String);

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Any,
    Exactly(String),
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => None,
            "*" => Some(Self::Any),
            // A half-written wildcard that silently matched nothing would be a puzzle.
            name if name.contains('*') => None,
            name => Some(Self::Exactly(name.to_lowercase())),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(exactly) => exactly == name,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exactly(name) => f.write_str(name),
        }
    }
}

/// One table, all tables of a schema (`lake.dim.*`) or of a catalog (`tpch.*.*`), or all (`*.*.*`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TablePattern {
    catalog: Part,
    schema: Part,
    table: Part,
}

impl TablePattern {
    /// Whether the pattern is about the table.
    pub fn matches(&self, table: &TableRef) -> bool {
        self.catalog.matches(&table.catalog)
            && self.schema.matches(&table.schema)
            && self.table.matches(&table.table)
    }
}

impl From<&TableRef> for TablePattern {
    fn from(table: &TableRef) -> Self {
        Self {
            catalog: Part::Exactly(table.catalog.clone()),
            schema: Part::Exactly(table.schema.clone()),
            table: Part::Exactly(table.table.clone()),
        }
    }
}

impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.table)
    }
}

impl FromStr for TablePattern {
    type Err = TablePatternError;

    fn from_str(text: &str) -> Result<Self, TablePatternError> {
        let mut parts = text.splitn(3, '.').map(Part::parse);
        match (
            parts.next().flatten(),
            parts.next().flatten(),
            parts.next().flatten(),
        ) {
            (Some(catalog), Some(schema), Some(table)) => Ok(Self {
                catalog,
                schema,
                table,
            }),
            _ => Err(TablePatternError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for TablePattern {
    type Error = TablePatternError;

    fn try_from(text: String) -> Result<Self, TablePatternError> {
        text.parse()
    }
}

impl From<TablePattern> for String {
    fn from(pattern: TablePattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_a_whole_part() {
        for (pattern, table, matches) in [
            ("lake.dim.accounts", "lake.dim.accounts", true),
            ("lake.dim.accounts", "lake.dim.accounts$files", false),
            ("lake.dim.*", "lake.dim.anything", true),
            ("lake.dim.*", "lake.dimension.anything", false),
            ("tpch.*.*", "tpch.tiny.nation", true),
            ("*.*.*", "a.b.c", true),
            ("Lake.Dim.Accounts", "lake.dim.accounts", true),
        ] {
            let pattern: TablePattern = pattern.parse().unwrap();
            assert_eq!(
                pattern.matches(&table.parse().unwrap()),
                matches,
                "{pattern} {table}"
            );
        }
        for bad in ["", "lake", "lake.dim", "lake..x", "lake.dim.acc*", "*"] {
            assert!(bad.parse::<TablePattern>().is_err(), "{bad}");
        }
    }
}
