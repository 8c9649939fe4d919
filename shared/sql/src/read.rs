//! The entrance: from a statement's text to what it does and which tables it names.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::Query;
use sqlparser::tokenizer::Location;
use townlake_core::advice::Span;
use townlake_core::names::TableRef;

use crate::cursor::{Cursor, Name};
use crate::error::ReadError;
use crate::extras::Extras;
use crate::head;
use crate::limits::MAX_STATEMENTS;
use crate::relations;
use crate::statement::{Access, Reading, TableFunctionUse, TableUse};
use crate::text::TextMap;
use crate::tokens::{span_of, tokenize};
use crate::tree::{Change, ParsedStatement, Target};

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
    let parsed = parse_at_depth(text, session, 0)?;
    if let Some(property) = parsed.extras.session.first() {
        return Err(ReadError::NotUnderstood {
            what: format!("`{}` for one query", property.name),
            hint: Some("use SET SESSION before the query"),
            at: property.at,
        });
    }
    Ok(parsed.reading)
}

/// Reads a statement that `depth` others are around.
pub(crate) fn parse_at_depth(
    text: &str,
    session: &Session,
    depth: usize,
) -> Result<ParsedStatement, ReadError> {
    let tokens = tokenize(text)?;
    let mut cursor = Cursor::new(&tokens);
    let mut reader = Reader {
        session,
        tables: Vec::new(),
        table_functions: Vec::new(),
        depth,
        query: None,
        target: None,
        change: None,
        extras: Extras::default(),
        placed: BTreeSet::new(),
    };
    let statement = head::read_statement(&mut cursor, &mut reader)?;
    reader.check_extras()?;
    Ok(ParsedStatement {
        reading: Reading {
            statement,
            tables: reader.tables,
            table_functions: reader.table_functions,
        },
        query: reader.query,
        target: reader.target,
        change: reader.change,
        extras: reader.extras,
        text: TextMap::new(text),
    })
}

/// What is collected while reading.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    pub(crate) session: &'s Session,
    pub(crate) tables: Vec<TableUse>,
    pub(crate) table_functions: Vec<TableFunctionUse>,
    pub(crate) depth: usize,
    pub(crate) query: Option<Box<Query>>,
    pub(crate) target: Option<Target>,
    pub(crate) change: Option<Change>,
    pub(crate) extras: Extras,
    /// Tables of the tree whose time travel was found in `extras`.
    pub(crate) placed: BTreeSet<Location>,
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

    /// Notes the table that the statement writes or defines.
    pub(crate) fn note_target(&mut self, name: &Name, access: Access) -> Result<(), ReadError> {
        self.note(name, access)?;
        self.target = Some(Target {
            table: self.resolve(name)?,
            name: name.idents.clone(),
            columns: Vec::new(),
            branch: None,
        });
        Ok(())
    }

    /// Refuses what was taken out of the text and belongs to nothing, or hides a table.
    fn check_extras(&mut self) -> Result<(), ReadError> {
        let lost = self
            .extras
            .time_travel
            .keys()
            .find(|place| !self.placed.contains(place));
        if let Some(place) = lost {
            return Err(ReadError::NotUnderstood {
                what: "time travel of something that is not a table".to_owned(),
                hint: None,
                at: span_of(*place),
            });
        }
        relations::check_constants(&self.extras)
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
