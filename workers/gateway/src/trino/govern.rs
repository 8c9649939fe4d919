//! Columns: those that a statement names must be reviewed and granted, and each `*` over a table is written out as the
//! columns that the caller may read. So nothing but named, reviewed columns reaches the engine, also in the second in
//! which an engine does not know of a new column yet.

use std::collections::{BTreeMap, BTreeSet};

use townlake_core::advice::{Advice, Span};
use townlake_core::names::TableRef;
use townlake_core::policy::evaluate::{ColumnAccess, access, is_metadata};
use townlake_core::policy::explain::refusal;
use townlake_protocol::lifeguard::audit::AuditColumn;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::analysis::{Analysis, analyse};
use townlake_sql::bound::{About, Bound, Known, TextRange};
use townlake_sql::edit::{self, Edit, Moved};
use townlake_sql::rewrite::{RewriteError, expand_stars};
use townlake_sql::types::parse_type;
use townlake_sql::{
    Access, Origin, Others, ParsedStatement, Schema, SchemaColumn, Session, Statement, bind, inner,
    nearest, parse,
};

use super::answer::Refused;
use super::check::{Question, unreadable};

/// A statement as it may go to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Governed {
    /// Its text.
    pub sql: String,
    /// The prepared statement that it runs, by name, if that one changed.
    pub prepared: Option<(String, String)>,
    /// The columns that it names or that stand behind a `*`, by table.
    pub columns: BTreeMap<TableRef, BTreeSet<String>>,
    /// What moved in the text that the engine's errors name places of: the innermost one.
    pub moved: Vec<Moved>,
}

impl Governed {
    /// The columns as the audit has them.
    pub fn audited(&self, question: Question<'_>) -> Vec<AuditColumn> {
        let Question {
            model, asker, now, ..
        } = question;
        let mut list = Vec::new();
        for (table, columns) in &self.columns {
            let found = access(model, asker, table, now);
            list.extend(columns.iter().map(|column| AuditColumn {
                table: table.clone(),
                column: column.clone(),
                masked:
                    found.column(column).is_some_and(|decision| {
                        matches!(decision.access, ColumnAccess::Masked { .. })
                    }),
            }));
        }
        list
    }
}

/// Checks the columns of a statement whose tables are checked, and writes its stars out.
///
/// # Errors
/// It names a column that is not there, not reviewed or not granted; or a `*` cannot be written out.
pub fn govern(question: Question<'_>, sql: &str, session: &Session) -> Result<Governed, Refused> {
    // A program that reads everything also reads what the policy does not know of yet.
    if question.model.may_scan(question.asker.user) {
        return Ok(unchanged(sql));
    }
    let statement = parse(sql, session).map_err(|error| unreadable(&error))?;
    match inner(&statement, session) {
        None => govern_own(question, &statement, session),
        Some(inner) => {
            let place = match &inner.origin {
                Origin::Literal(at) => Some(span(sql, at)),
                Origin::Prepared(_) => None,
            };
            let governed = govern(question, &inner.text, session).map_err(|mut refused| {
                // A place in another text would mislead.
                refused.advice.span = place;
                refused
            })?;
            put_back(sql, inner.origin, governed)
        }
    }
}

fn unchanged(sql: &str) -> Governed {
    Governed {
        sql: sql.to_owned(),
        prepared: None,
        columns: BTreeMap::new(),
        moved: Vec::new(),
    }
}

/// The outer statement with the inner one as it may go on.
fn put_back(sql: &str, origin: Origin, governed: Governed) -> Result<Governed, Refused> {
    match origin {
        Origin::Prepared(name) => Ok(Governed {
            sql: sql.to_owned(),
            prepared: governed.prepared.or(Some((name, governed.sql))),
            columns: governed.columns,
            moved: governed.moved,
        }),
        Origin::Literal(at) => {
            let literal = format!("'{}'", governed.sql.replace('\'', "''"));
            let sql = edit::apply(sql, &[Edit::replace(at, literal)])
                .ok_or_else(|| not_followed("its inner text cannot be put back", None))?;
            Ok(Governed { sql, ..governed })
        }
    }
}

/// What is not followed to the last column is not let through.
fn not_followed(why: &str, at: Option<Span>) -> Refused {
    let mut advice = Advice::new(
        "statement_not_understood",
        format!("the statement is not understood here: {why}"),
        "what the gateway cannot read to its last column, it does not let through",
    )
    .with_hint("name each column with its table, and split the statement if it is very large");
    advice.span = at;
    Refused::new(ErrorCode::NotSupported, advice)
}

fn govern_own(
    question: Question<'_>,
    statement: &ParsedStatement,
    session: &Session,
) -> Result<Governed, Refused> {
    let sql = statement.text.text();
    if runs_another(&statement.reading.statement) {
        return Err(not_followed("the text that it runs was not found", None));
    }
    let schema = schema_of(question, statement);
    let bound = bind(statement, &schema, session);
    let analysis = analyse(&bound);
    if !analysis.complete {
        return Err(not_followed("it mentions too many columns", None));
    }
    let columns = check_columns(question, sql, &bound, &analysis)?;
    let edits = match expand_stars(&bound, sql) {
        Ok(edits) => edits,
        // What the engine says about itself it filters by itself, and its tables are not in the policy.
        Err(RewriteError::UnknownColumns { .. })
            if columns.is_empty() && reads_metadata_only(statement) =>
        {
            Vec::new()
        }
        Err(error) => return Err(not_expanded(sql, &error)),
    };
    let (sql, moved) = edit::apply(sql, &edits)
        .zip(edit::moved(sql, &edits))
        .ok_or_else(|| not_followed("its stars cannot be written out", None))?;
    Ok(Governed {
        sql,
        prepared: None,
        columns,
        moved,
    })
}

/// The tables of the statement with all of their columns, those that the caller may not read as hidden ones: `*` leaves
/// them out, and naming one is told from naming what does not exist.
fn schema_of(question: Question<'_>, statement: &ParsedStatement) -> Schema {
    let Question {
        model, asker, now, ..
    } = question;
    let mut schema = Schema::new(Others::Unknown);
    for used in &statement.reading.tables {
        if is_metadata(&used.table) || schema.columns(&used.table).is_some() {
            continue;
        }
        let found = access(model, asker, &used.table, now);
        let columns = found
            .columns
            .iter()
            .map(|column| SchemaColumn {
                hidden: column.access == ColumnAccess::Hidden,
                ..SchemaColumn::new(
                    &column.name,
                    parse_type(&column.data_type).map_or(Known::Unknown, Known::Known),
                )
            })
            .collect();
        schema.insert(used.table.clone(), columns);
    }
    schema
}

/// The columns of each table that the statement names or stands for.
fn check_columns(
    question: Question<'_>,
    sql: &str,
    bound: &Bound,
    analysis: &Analysis,
) -> Result<BTreeMap<TableRef, BTreeSet<String>>, Refused> {
    let Question {
        model, asker, now, ..
    } = question;
    let mut columns: BTreeMap<TableRef, BTreeSet<String>> = BTreeMap::new();
    for mention in &analysis.columns {
        let table = mention
            .table
            .and_then(|position| analysis.reads.get(position))
            .and_then(|read| read.table.name.clone());
        let Some(table) = table.filter(|table| !is_metadata(table)) else {
            continue;
        };
        if let Some(missing) = refusal(model, asker, &table, &[mention.column.as_str()], now) {
            let advice = missing
                .to_advice(question.public_url)
                .at(span(sql, &mention.at));
            let code = match advice.code.as_str() {
                "column_not_found" => ErrorCode::ColumnNotFound,
                _ => ErrorCode::PermissionDenied,
            };
            return Err(Refused::new(code, advice));
        }
        columns
            .entry(table)
            .or_default()
            .insert(mention.column.clone());
    }
    for problem in &bound.problems {
        match problem.error {
            "COLUMN_NOT_FOUND" => return Err(no_column(sql, bound, &problem.about, &problem.at)),
            // The binder gave up there, and what is behind was not looked at.
            "STACK_OVERFLOW" | "NOT_SUPPORTED" => {
                return Err(not_followed(&problem.message, Some(span(sql, &problem.at))));
            }
            _ => {}
        }
    }
    let is_governed = |position: &usize| {
        let table = analysis.reads.get(*position).map(|read| &read.table.name);
        !table.is_some_and(|name| name.as_ref().is_some_and(is_metadata))
    };
    match analysis
        .unknown
        .iter()
        .find(|mention| mention.among.is_empty() || mention.among.iter().any(is_governed))
    {
        Some(mention) => Err(not_followed(
            &format!("`{}` may belong to more than one table", mention.column),
            Some(span(sql, &mention.at)),
        )),
        None => Ok(columns),
    }
}

/// Whether what runs is another statement's text.
fn runs_another(statement: &Statement) -> bool {
    match statement {
        Statement::Explain { of, .. } => runs_another(of),
        Statement::Execute { .. } | Statement::ExecuteImmediate { .. } => true,
        _ => false,
    }
}

/// A column that is not there. Only columns that the caller may read are suggested.
fn no_column(sql: &str, bound: &Bound, about: &About, at: &TextRange) -> Refused {
    let (name, known) = match about {
        About::Column { name, among } => {
            let known: Vec<String> = among
                .iter()
                .filter_map(|id| bound.relation(*id))
                .flat_map(|relation| &relation.columns)
                .filter(|column| !column.hidden)
                .filter_map(|column| column.name.clone())
                .collect();
            (name.as_slice(), known)
        }
        _ => (&[][..], Vec::new()),
    };
    let written = if name.is_empty() {
        sql.get(at.clone()).unwrap_or_default().to_owned()
    } else {
        name.join(".")
    };
    let last = name.last().cloned().unwrap_or_default();
    let advice = Advice::new(
        "column_not_found",
        // As Trino begins it; some clients look for it.
        format!("Column '{written}' cannot be resolved"),
        "no table of the statement has a column of that name that you may know of",
    )
    .at(span(sql, at));
    let advice = match nearest(&last, known.iter().map(String::as_str)).first() {
        Some(near) => advice.with_hint(format!("did you mean `{near}`?")),
        None => advice.with_hint("`DESCRIBE` lists the columns that you may read"),
    };
    Refused::new(ErrorCode::ColumnNotFound, advice)
}

fn not_expanded(sql: &str, error: &RewriteError) -> Refused {
    let place = match error {
        RewriteError::UnknownColumns { at, .. }
        | RewriteError::NotNameable { at, .. }
        | RewriteError::Limit { at, .. } => Some(span(sql, at)),
        RewriteError::ParameterCount { .. } => None,
    };
    let mut advice = Advice::new(
        "star_not_understood",
        error.to_string(),
        "only named columns go to the engine, so that a column added a moment ago stays closed",
    );
    advice.span = place;
    Refused::new(ErrorCode::NotSupported, advice)
}

fn reads_metadata_only(statement: &ParsedStatement) -> bool {
    statement
        .reading
        .tables
        .iter()
        .filter(|used| used.access >= Access::Read)
        .all(|used| is_metadata(&used.table))
}

/// Line and column of a place in the text, in characters from 1.
fn span(sql: &str, at: &TextRange) -> Span {
    let before = sql.get(..at.start).unwrap_or(sql);
    let line = before.matches('\n').count();
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count();
    let one_more = |count: usize| u64::try_from(count).unwrap_or(u64::MAX - 1) + 1;
    Span {
        line: one_more(line),
        column: one_more(column),
    }
}
