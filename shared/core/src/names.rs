//! Names of tables, users and groups, parsed once at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not a name of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not three dotted parts, or one of them is empty.
    #[error("`{0}` is not a table name: write `catalog.schema.table`")]
    Table(String),
    /// Not an e-mail address in lower case nor `svc-name`.
    #[error("`{0}` is not a user name: use a lower-case e-mail address or `svc-name`")]
    User(String),
    /// Not `[a-z0-9._-]+`.
    #[error("`{0}` is not a group name: use lower-case letters, digits, `.`, `_` and `-`")]
    Group(String),
}

/// A table's full name. Engines fold names to lower case, and so does parsing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableRef {
    /// The catalog, e.g. `lake`.
    pub catalog: String,
    /// The schema, e.g. `dim`.
    pub schema: String,
    /// The table or view, e.g. `accounts`.
    pub table: String,
}

impl TableRef {
    /// A name from its parts, folded to lower case. A part may hold any character, dots included.
    pub fn new(catalog: &str, schema: &str, table: &str) -> Self {
        Self {
            catalog: catalog.to_lowercase(),
            schema: schema.to_lowercase(),
            table: table.to_lowercase(),
        }
    }

    /// The name as SQL, each part quoted where it must be.
    pub fn to_sql(&self) -> String {
        [&self.catalog, &self.schema, &self.table]
            .map(|part| quote_identifier(part))
            .join(".")
    }
}

/// Whether a word, in any case, is one of Trino's reserved ones, which are no names without quotes.
///
/// Source: the non-terminal `nonReserved` of Trino 476's `SqlBase.g4` leaves these.
pub fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "ALTER",
        "AND",
        "AS",
        "AUTO",
        "BETWEEN",
        "BY",
        "CASE",
        "CAST",
        "CONSTRAINT",
        "CREATE",
        "CROSS",
        "CUBE",
        "CURRENT_CATALOG",
        "CURRENT_DATE",
        "CURRENT_PATH",
        "CURRENT_ROLE",
        "CURRENT_SCHEMA",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "DEALLOCATE",
        "DELETE",
        "DESCRIBE",
        "DISTINCT",
        "DROP",
        "ELSE",
        "END",
        "ESCAPE",
        "EXCEPT",
        "EXISTS",
        "EXTRACT",
        "FALSE",
        "FOR",
        "FROM",
        "FULL",
        "GROUP",
        "GROUPING",
        "HAVING",
        "IN",
        "INNER",
        "INSERT",
        "INTERSECT",
        "INTO",
        "IS",
        "JOIN",
        "JSON_ARRAY",
        "JSON_EXISTS",
        "JSON_OBJECT",
        "JSON_QUERY",
        "JSON_TABLE",
        "JSON_VALUE",
        "LEFT",
        "LIKE",
        "LISTAGG",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "NATURAL",
        "NORMALIZE",
        "NOT",
        "NULL",
        "ON",
        "OR",
        "ORDER",
        "OUTER",
        "PREPARE",
        "RECURSIVE",
        "RIGHT",
        "ROLLUP",
        "SELECT",
        "SKIP",
        "TABLE",
        "THEN",
        "TRIM",
        "TRUE",
        "UESCAPE",
        "UNION",
        "UNNEST",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
        "WITH",
    ];
    let upper = || word.bytes().map(|byte| byte.to_ascii_uppercase());
    RESERVED
        .binary_search_by(|known| known.bytes().cmp(upper()))
        .is_ok()
}

/// An identifier as SQL: bare if it is `[a-z_][a-z0-9_]*` and no reserved word, else in double quotes.
pub fn quote_identifier(name: &str) -> String {
    let mut characters = name.chars();
    let bare = characters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if bare && !is_reserved(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

impl fmt::Display for TableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.table)
    }
}

impl FromStr for TableRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // Only the first two dots separate: a table may be called `a.b`, catalogs and schemas may not.
        let mut parts = text.splitn(3, '.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(catalog), Some(schema), Some(table))
                if !catalog.is_empty() && !schema.is_empty() && !table.is_empty() =>
            {
                Ok(Self::new(catalog, schema, table))
            }
            _ => Err(NameError::Table(text.to_owned())),
        }
    }
}

/// Makes a newtype over a checked string that is a string in JSON.
macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $error:path, $valid:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                if $valid(text) { Ok(Self(text.to_owned())) } else { Err($error(text.to_owned())) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_name!(
    /// A person's e-mail address or a service's `svc-name`, in lower case.
    ///
    /// The alphabet is narrow on purpose: Trino inserts captured user names into regular expressions
    /// as they are, so a name with `|` or `*` in it would be an injection.
    UserName, NameError::User, is_user
);
checked_name!(
    /// A group of the company's IAM, in lower case.
    GroupName, NameError::Group, is_group
);

impl UserName {
    /// Whether this is a service's name rather than a person's.
    pub fn is_service(&self) -> bool {
        self.0.starts_with("svc-")
    }
}

fn is_user(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => is_group(local) && is_domain(domain),
        None => text
            .strip_prefix("svc-")
            .is_some_and(|name| !name.is_empty() && name.bytes().all(is_service_byte)),
    }
}

fn is_group(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| is_service_byte(b) || b == b'.' || b == b'_')
}

fn is_domain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| is_service_byte(b) || b == b'.')
}

fn is_service_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

impl Serialize for TableRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TableRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_or_refused() {
        for (text, ok) in [
            ("ana@corp.example", true),
            ("svc-skimmer", true),
            ("Ana@corp.example", false),
            ("ana|bo@corp.example", false),
            ("ana@corp.example+pii.1", false),
            ("svc-", false),
            ("ana", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<UserName>().is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn tables_fold_to_lower_case_and_quote_when_needed() {
        let table: TableRef = "Lake.dim.My Table".parse().unwrap();
        assert_eq!(table.to_string(), "lake.dim.my table");
        assert_eq!(table.to_sql(), "lake.dim.\"my table\"");
        assert!("lake.dim".parse::<TableRef>().is_err());
        assert!("lake..x".parse::<TableRef>().is_err());
    }
}
