//! One file read, analysed, and put into a report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use townlake_core::advice::Span;
use townlake_core::names::TableRef;
use townlake_sql::bind::Others;
use townlake_sql::bound::{Bound, TextRange};
use townlake_sql::diagnose::{Finding, Severity, diagnose};
use townlake_sql::lineage::{Lineage, TableRead, lineage};
use townlake_sql::{Access, ParsedStatement, ReadError, Session, mentioned};

use crate::files::unreadable;
use crate::lines::{self, Places};
use crate::schema::Names;
use crate::statements;

/// What all files are read against.
#[derive(Debug, Default)]
pub(crate) struct Context {
    names: Names,
    tables: Vec<String>,
    has_schema: bool,
    /// The names of models that are checked together: tables by these names come to be.
    models: BTreeSet<String>,
}

/// All that is known of a file.
#[derive(Debug, Default)]
pub(crate) struct FileReport {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
    /// Why a statement in it could not be read.
    pub(crate) error: Option<Problem>,
    /// What is wrong or doubtful in what could be read.
    pub(crate) problems: Vec<Problem>,
    /// The tables read by all statements.
    pub(crate) reads: Vec<TableRead>,
    /// The tables written by all statements.
    pub(crate) writes: Vec<String>,
    /// What the last statement with a query gives.
    pub(crate) lineage: Option<Lineage>,
    /// The tables whose columns `*` stands for without anybody knowing them.
    pub(crate) stars: Vec<String>,
    /// What was not followed in any statement, and where.
    pub(crate) unknown: Vec<(String, Span)>,
}

/// Something wrong at a place of a file.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) at: Span,
    /// How many characters of the line are meant.
    pub(crate) width: usize,
    /// What to write instead, all of it together.
    pub(crate) fix: Vec<Replacement>,
}

/// A text in the place of another.
#[derive(Debug, Clone)]
pub(crate) struct Replacement {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

impl Context {
    /// With the tables of a schema file, if there is one.
    pub(crate) fn new(names: Names, has_schema: bool, files: &[PathBuf]) -> Self {
        let stems = files.iter().filter_map(|file| file.file_stem());
        Self {
            models: stems
                .map(|stem| stem.to_string_lossy().to_lowercase())
                .collect(),
            tables: names.all(),
            names,
            has_schema,
        }
    }

    fn bind(&self, parsed: &ParsedStatement) -> Bound {
        let named = || parsed.reading.tables.iter().map(|used| &used.table);
        let made_here = |table: &TableRef| {
            self.names.find(table).is_none() && self.models.contains(&table.table)
        };
        let others = if !self.has_schema || named().any(made_here) {
            Others::Unknown
        } else {
            Others::Missing
        };
        townlake_sql::bind(parsed, &self.names.for_tables(named(), others), &session())
    }
}

/// Catalog and schema are left empty, so that names stay as long as they are written.
fn session() -> Session {
    Session {
        catalog: Some(String::new()),
        schema: Some(String::new()),
        ..Session::default()
    }
}

impl FileReport {
    /// Whether something in the file is an error, not only doubtful.
    pub(crate) fn has_errors(&self) -> bool {
        let errors = self
            .problems
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        self.error.is_some() || errors
    }
}

/// Reads and analyses a file.
pub(crate) fn file(context: &Context, file: &Path) -> FileReport {
    let mut report = FileReport {
        file: file.to_owned(),
        ..FileReport::default()
    };
    match read(file) {
        Ok(text) => report.text = text,
        Err(message) => {
            report.error = Some(problem(
                "unreadable",
                message,
                None,
                Span { line: 1, column: 1 },
            ));
            return report;
        }
    }
    let text = std::mem::take(&mut report.text);
    let mut reads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for range in statements::split(&text) {
        let statement = text.get(range.clone()).unwrap_or_default();
        match townlake_sql::parse(statement, &session()) {
            Ok(parsed) => analyse(context, &text, &range, &parsed, &mut reads, &mut report),
            Err(error) => {
                for mention in mentioned(statement, &session()).tables {
                    reads.entry(mention.parts.join(".")).or_default();
                }
                let problem = parse_problem(&text, range.start, &error);
                report.error.get_or_insert(problem);
            }
        }
    }
    report.reads = reads
        .into_iter()
        .map(|(table, columns)| TableRead {
            table,
            columns: columns.into_iter().collect(),
        })
        .collect();
    report.writes.sort_unstable();
    report.writes.dedup();
    report.text = text;
    report
}

/// The last statement of a file that has a query, for comparing.
///
/// # Errors
/// The file cannot be read, or its statement cannot: in words, with the place.
pub(crate) fn model(context: &Context, file: &Path) -> Result<Bound, Box<Problem>> {
    let start = Span { line: 1, column: 1 };
    let text = read(file).map_err(|message| problem("unreadable", message, None, start))?;
    let mut last = None;
    for range in statements::split(&text) {
        let statement = text.get(range.clone()).unwrap_or_default();
        let parsed = townlake_sql::parse(statement, &session())
            .map_err(|error| parse_problem(&text, range.start, &error))?;
        let bound = context.bind(&parsed);
        if last.is_none() || bound.output.is_some() || bound.write.is_some() {
            last = Some(bound);
        }
    }
    last.ok_or_else(|| problem("empty", "the file has no statement".to_owned(), None, start).into())
}

fn read(file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

fn analyse(
    context: &Context,
    text: &str,
    range: &TextRange,
    parsed: &ParsedStatement,
    reads: &mut BTreeMap<String, BTreeSet<String>>,
    report: &mut FileReport,
) {
    let bound = context.bind(parsed);
    let lineage = lineage(&bound);
    for read in &lineage.reads {
        reads
            .entry(read.table.clone())
            .or_default()
            .extend(read.columns.iter().cloned());
    }
    report.writes.extend(lineage.writes.iter().cloned());
    for used in &parsed.reading.tables {
        let name = name_of(&used.table);
        match used.access {
            // Statements without a query, such as ANALYZE or DROP, are known by what they name alone.
            Access::Read | Access::Metadata => {
                if !lineage.writes.contains(&name) {
                    reads.entry(name).or_default();
                }
            }
            Access::Write | Access::Define => report.writes.push(name),
        }
    }
    let statement = text.get(range.clone()).unwrap_or_default();
    let tables: &[String] = if context.has_schema {
        &context.tables
    } else {
        &[]
    };
    let mut places = Places::of(text);
    for finding in diagnose(&bound, statement, tables) {
        let problem = found(text, &mut places, range.start, finding);
        report.problems.push(problem);
    }
    for unknown in &lineage.unknown {
        let at = places.at(range.start + unknown.at.start);
        report.unknown.push((unknown.what.clone(), at));
    }
    if !lineage.outputs.is_empty() || !lineage.complete || report.lineage.is_none() {
        let unknown = |table: &&String| {
            let listed = parsed
                .reading
                .tables
                .iter()
                .find(|used| name_of(&used.table) == **table);
            listed.is_some_and(|used| context.names.find(&used.table).is_none())
        };
        let tables = lineage.rows.tables.iter().filter(unknown);
        report.stars = if lineage.complete {
            Vec::new()
        } else {
            tables.cloned().collect()
        };
        report.lineage = Some(lineage);
    }
}

fn name_of(table: &TableRef) -> String {
    let parts = [&table.catalog, &table.schema, &table.table];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(".")
}

fn found(text: &str, places: &mut Places<'_>, start: usize, finding: Finding) -> Problem {
    let (from, to) = (start + finding.at.start, start + finding.at.end);
    Problem {
        code: finding.code.to_owned(),
        // The schema file may not know all tables.
        severity: if finding.code == "unknown_table" {
            Severity::Warning
        } else {
            finding.severity
        },
        // Trino's words give all three parts of a name, and the first ones may be empty here.
        message: finding.message.replace("'..", "'").replace("'.", "'"),
        hint: finding.hint,
        at: places.at(from),
        width: text.get(from..to).map_or(1, |meant| meant.chars().count()),
        fix: finding
            .fix
            .into_iter()
            .map(|edit| Replacement {
                start: start + edit.at.start,
                end: start + edit.at.end,
                text: edit.text,
            })
            .collect(),
    }
}

fn parse_problem(text: &str, start: usize, error: &ReadError) -> Problem {
    let begin = lines::place(text, start);
    let at = error.at().map_or(begin, |at| lines::shifted(begin, at));
    let template = text.contains("{{") || text.contains("{%");
    let hint =
        template.then(|| "templates are not rendered here: check what they render to".to_owned());
    problem("syntax", error.to_string(), hint, at)
}

fn problem(code: &str, message: String, hint: Option<String>, at: Span) -> Problem {
    Problem {
        code: code.to_owned(),
        severity: Severity::Error,
        message,
        hint,
        at,
        width: 1,
        fix: Vec::new(),
    }
}
