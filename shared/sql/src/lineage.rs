//! Where a statement's columns come from: for each output the columns of tables that its value is made of, those
//! that choose the value, those that decide which rows there are, and the expression itself in one spelling.
//!
//! What cannot be told is in `unknown`; it is never guessed. Start reading at `lineage`; `sources` follows columns,
//! `text` and `canon` spell expressions, `facts` says what rows are, `rows` lists joins and filters,
//! `reads` which columns a statement names.

mod canon;
mod expressions;
mod facts;
mod origin;
mod reads;
mod rows;
mod rules;
mod sources;
mod targets;
mod text;

use std::fmt;
use std::sync::Arc;

use crate::bound::{Bound, ColumnId, Known, RelationId, Table, TextRange};
use crate::types::Type;

pub(crate) use canon::{Canon, digest};
pub(crate) use origin::RowOrigin;
pub(crate) use sources::Sources;
pub(crate) use text::{Part, outside_quotes_lowered};

/// What a statement's rows and columns are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The columns that the statement's query gives, or that it writes.
    pub outputs: Vec<Output>,
    /// Whether these are all: `*` of a table without a known schema may stand for more.
    pub complete: bool,
    /// What decides which rows there are.
    pub rows: Rows,
    /// The tables that it reads, each once, with the columns that it names. A table that is only written is not here.
    pub reads: Vec<TableRead>,
    /// The tables that it writes.
    pub writes: Vec<String>,
    /// What was not followed. Outputs that it may touch say so themselves.
    pub unknown: Vec<Unknown>,
}

/// A column of a table outside the statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseColumn {
    /// The table: its full name if the session gives it, else as written.
    pub table: String,
    /// The column.
    pub column: String,
}

/// One output column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub ty: Known<Type>,
    /// What is done to its values.
    pub kind: Kind,
    /// What its value is made of.
    pub values: Vec<BaseColumn>,
    /// What chooses its value: conditions of CASE, `if` and FILTER, what windows are partitioned and ordered by.
    pub conditions: Vec<BaseColumn>,
    /// The tables whose rows decide which rows it has.
    pub row_tables: Vec<String>,
    /// The columns that decide which rows it has, those of its own subqueries included. Outputs without subqueries
    /// share them: a copy for each column of a wide DISTINCT would take quadratic time and space.
    pub row_columns: Arc<[BaseColumn]>,
    /// Its expression over base columns, in one spelling.
    pub expression: String,
    /// The rules of the CASE and `if` expressions in it.
    pub rules: Vec<Rule>,
    /// Whether the sources are all that there are.
    pub complete: bool,
    /// Where it is written.
    pub at: TextRange,
}

/// What is done to values, from the least to the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No column has a part in it.
    #[default]
    Constant,
    /// A column as it is.
    Identity,
    /// Computed row by row.
    Expression,
    /// Computed from many rows.
    Aggregate,
    /// Computed from the rows around each.
    Window,
    /// It cannot be told.
    Unknown,
}

/// One rule of a CASE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The condition; nothing for ELSE.
    pub when: Option<String>,
    /// The value.
    pub then: String,
}

/// What decides which rows there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The tables whose rows they are made of.
    pub tables: Vec<String>,
    /// The columns that decide: of joins, filters, group keys, of an order with a limit.
    pub columns: Vec<BaseColumn>,
    /// The joins, in the order of the text.
    pub joins: Vec<JoinUse>,
    /// What must hold, the joins' own conditions apart.
    pub filters: Vec<String>,
    /// What one row is: a combination of these; one row in all if there are none.
    pub grain: Vec<GrainPart>,
    /// All of it in one spelling: two statements with the same text have the same rows.
    pub text: String,
}

/// A join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinUse {
    /// `inner`, `left`, `right`, `full` or `cross`.
    pub kind: &'static str,
    /// The tables on its left.
    pub left: Vec<String>,
    /// The tables on its right.
    pub right: Vec<String>,
    /// What must be equal: left, right. Of an inner join those in WHERE too.
    pub keys: Vec<(String, String)>,
    /// What else must hold for two rows to meet.
    pub conditions: Vec<String>,
}

/// A part of what one row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrainPart {
    /// A row of a table.
    Row(String),
    /// A combination of values of group keys.
    Keys(Vec<String>),
    /// The same for each of several grouping sets.
    Sets(Vec<Vec<String>>),
    /// A combination of the output's own values: DISTINCT, UNION.
    Distinct(Vec<String>),
    /// It cannot be told.
    Unknown,
}

/// A table that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRead {
    /// The table.
    pub table: String,
    /// The columns of it that the statement names or takes with `*`.
    pub columns: Vec<String>,
}

/// Something that was not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What, in words.
    pub what: String,
    /// Where it is written.
    pub at: TextRange,
}

impl fmt::Display for BaseColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

impl Kind {
    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Identity => "identity",
            Self::Expression => "expression",
            Self::Aggregate => "aggregate",
            Self::Window => "window",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a statement's columns and rows come from.
pub fn lineage(bound: &Bound) -> Lineage {
    let sources = Sources::of(bound);
    let canon = Canon::of(bound, &sources, Part::Whole);
    let (reads, writes) = reads::tables(bound);
    let shared = rows::origin(&sources);
    let shared = SharedRows {
        tables: sources.table_names(&shared.tables),
        columns: sources.column_names(&shared.columns).into(),
        origin: shared,
    };
    let outputs = targets::outputs(bound)
        .iter()
        .map(|target| output(&sources, &canon, &shared, target))
        .collect();
    let complete = bound
        .output
        .and_then(|id| bound.relation(id))
        .is_none_or(|relation| relation.complete);
    Lineage {
        outputs,
        complete,
        rows: rows::of(&sources, &canon),
        reads,
        writes,
        unknown: reads::unknown(bound),
    }
}

/// The expressions of a statement's outputs.
pub(crate) fn output_texts(canon: &Canon<'_>) -> Vec<String> {
    let targets = targets::outputs(canon.bound());
    targets
        .iter()
        .map(|target| targets::expression(canon, target))
        .collect()
}

/// What decides the rows of all outputs alike.
struct SharedRows {
    origin: RowOrigin,
    tables: Vec<String>,
    columns: Arc<[BaseColumn]>,
}

fn output(
    sources: &Sources<'_>,
    canon: &Canon<'_>,
    shared: &SharedRows,
    target: &targets::Target<'_>,
) -> Output {
    let origin = targets::origin(sources, target);
    let (row_tables, row_columns) = if origin.rows.is_empty() {
        (shared.tables.clone(), Arc::clone(&shared.columns))
    } else {
        let mut rows = shared.origin.clone();
        rows.take(&origin.rows);
        rows.settle();
        let columns = sources.column_names(&rows.columns).into();
        (sources.table_names(&rows.tables), columns)
    };
    Output {
        name: target.name.clone(),
        ty: target.ty.clone(),
        kind: origin.kind,
        values: sources.column_names(&origin.values),
        conditions: sources.column_names(&origin.conditions),
        row_tables,
        row_columns,
        expression: targets::expression(canon, target),
        rules: rules::of(canon, target),
        complete: !origin.unknown && !sources.is_unfinished(),
        at: target.at.clone(),
    }
}

/// A table's name: in full if the session gives it, else as written.
pub(crate) fn table_name(table: &Table) -> String {
    match &table.name {
        // A session may leave catalog and schema empty: then the name is as long as it was written.
        Some(name) => {
            let parts = [&name.catalog, &name.schema, &name.table];
            let parts: Vec<&str> = parts
                .into_iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            parts.join(".")
        }
        None => table.written.join("."),
    }
}

/// The relation that a statement's rows are: its query's, what it merges from, or the table that it changes.
fn row_relation(bound: &Bound) -> Option<RelationId> {
    let write = bound.write.as_ref();
    bound
        .output
        .or_else(|| write.and_then(|write| write.source.or(write.target)))
}

/// All columns of a relation.
fn columns_of(bound: &Bound, id: RelationId) -> impl Iterator<Item = ColumnId> {
    let count = bound
        .relation(id)
        .map_or(0, |relation| relation.columns.len());
    (0..count).map(move |column| ColumnId {
        relation: id,
        column,
    })
}
