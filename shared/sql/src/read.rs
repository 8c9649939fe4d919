//! The entrance: from a statement's text to what it does and which tables it names.

use std::collections::BTreeMap;

use townlake_core::advice::Span;
use townlake_core::names::TableRef;

use crate::cursor::{Cursor, Name};
use crate::error::ReadError;
use crate::head;
use crate::limits::MAX_STATEMENTS;
use crate::statement::{Access, Reading, TableFunctionUse, TableUse};
use crate::tokens::tokenize;

/// What a statement is read against: the caller's session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// The catalog of names with one or two parts.
    pub catalog: Option<String>,
    /// The schema of names with one part.
    pub schema: Option<String>,
    /// Prepared statements by name.
    pub prepared: BTreeMap<String, String>,
}

/// Reads one statement to its last token.
///
/// # Errors
/// The text is not one statement of Trino's SQL, is larger or deeper than `limits` allow, or holds something
/// that is not understood here.
pub fn read(text: &str, session: &Session) -> Result<Reading, ReadError> {
    read_at_depth(text, session, 0)
}

/// Reads a statement that `depth` others are around.
pub(crate) fn read_at_depth(
    text: &str,
    session: &Session,
    depth: usize,
) -> Result<Reading, ReadError> {
    let tokens = tokenize(text)?;
    let mut cursor = Cursor::new(&tokens);
    let mut reader = Reader {
        session,
        tables: Vec::new(),
        table_functions: Vec::new(),
        depth,
    };
    let statement = head::read_statement(&mut cursor, &mut reader)?;
    Ok(Reading {
        statement,
        tables: reader.tables,
        table_functions: reader.table_functions,
    })
}

/// What is collected while reading.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    pub(crate) session: &'s Session,
    pub(crate) tables: Vec<TableUse>,
    pub(crate) table_functions: Vec<TableFunctionUse>,
    pub(crate) depth: usize,
}

impl Reader<'_> {
    /// Notes a mention of a table.
    pub(crate) fn note(&mut self, name: &Name, access: Access) -> Result<(), ReadError> {
        let table = self.resolve(name)?;
        self.tables.push(TableUse {
            table,
            access,
            at: name.at,
        });
        Ok(())
    }

    fn resolve(&self, name: &Name) -> Result<TableRef, ReadError> {
        let missing_catalog = || ReadError::MissingCatalog {
            name: name.dotted(),
            at: name.at,
        };
        let missing_schema = || ReadError::MissingSchema {
            name: name.dotted(),
            at: name.at,
        };
        let catalog = self.session.catalog.as_deref();
        let schema = self.session.schema.as_deref();
        match name.parts.as_slice() {
            [table] => {
                let catalog = catalog.ok_or_else(missing_catalog)?;
                Ok(TableRef::new(
                    catalog,
                    schema.ok_or_else(missing_schema)?,
                    table,
                ))
            }
            [schema, table] => Ok(TableRef::new(
                catalog.ok_or_else(missing_catalog)?,
                schema,
                table,
            )),
            [catalog, schema, table] => Ok(TableRef::new(catalog, schema, table)),
            _ => Err(ReadError::Syntax {
                message: format!(
                    "`{}` has more than the three parts catalog, schema and table",
                    name.dotted()
                ),
                at: name.at,
            }),
        }
    }

    /// Goes one statement deeper.
    pub(crate) fn enter(&mut self, at: Span) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth >= MAX_STATEMENTS {
            let what = format!("more than {MAX_STATEMENTS} statements are inside each other");
            return Err(ReadError::TooDeep { what, at });
        }
        Ok(())
    }
}
