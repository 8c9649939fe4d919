//! A statement after its names have been looked up: what the binder makes, and what analysis, lineage,
//! diagnosis and rewriting read.
//!
//! A statement is a list of relations, each with columns, each column with where it comes from. Everything
//! that is wrong or not known is data, not an early return: a statement with a mistake in one column still
//! has the lineage of the others.

mod walk;

use std::ops::Range;

use townlake_core::names::TableRef;

use crate::types::Type;

/// A place in the user's own text, in bytes. `text[range]` is what was written.
pub type TextRange = Range<usize>;

/// Something that is known, or is not. There is no third thing: what cannot be known is never guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// It is this.
    Known(T),
    /// It cannot be told, for want of a schema or because the construct is not followed.
    Unknown,
}

/// A statement's relation, as an index into `Bound::relations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(pub usize);

/// One column of one relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId {
    /// The relation.
    pub relation: RelationId,
    /// Its position there, from 0.
    pub column: usize,
}

/// A statement whose names have been looked up.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// Every relation. Those that one is made of stand before it, apart from a recursive query's own mention
    /// and the subqueries of a query's ORDER BY.
    pub relations: Vec<Relation>,
    /// What the statement's query gives, if it has one: the rows shown, or the rows written.
    pub output: Option<RelationId>,
    /// What it writes.
    pub write: Option<Write>,
    /// All that is wrong, in the order found. Trino stops at the first.
    pub problems: Vec<Problem>,
}

/// Something with rows and columns.
#[derive(Debug, Clone)]
pub struct Relation {
    /// What makes its rows.
    pub kind: RelationKind,
    /// Its columns in order. More may exist if it is not `complete`.
    pub columns: Vec<Column>,
    /// Whether these are all: a table without a known schema has those columns that were named, and maybe more.
    pub complete: bool,
    /// Where it is written.
    pub at: TextRange,
}

/// A relation's column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name, folded to lower case, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub ty: Known<Type>,
    /// What its value is.
    pub value: Value,
    /// Where it is written: a select item, or the name in a column list.
    pub at: TextRange,
    /// Whether `*` leaves it out, like Iceberg's `$path`. Only tables and what passes them on have such.
    pub hidden: bool,
}

/// Where a column's value comes from.
#[derive(Debug, Clone)]
pub enum Value {
    /// It is a column of the table that the relation is.
    Stored,
    /// Another relation's column, as it is: through an alias, `*`, a join or a CTE.
    Passed(ColumnId),
    /// One of several, row by row: a set operation's branches by position, or the two sides of `USING`.
    Merged(Vec<ColumnId>),
    /// An expression over the relation's inputs.
    Computed(Box<Expr>),
    /// It cannot be told (a table function's output, an opaque construct).
    Unknown,
}

/// What makes a relation's rows.
#[derive(Debug, Clone)]
pub enum RelationKind {
    /// A table or view that exists outside the statement.
    Table(Table),
    /// Another relation under another name: a table alias, a derived table, a mention of a CTE.
    Alias {
        /// The relation.
        of: RelationId,
        /// The new name, in lower case.
        name: String,
    },
    /// `SELECT`.
    Select(Box<Select>),
    /// `UNION`, `INTERSECT`, `EXCEPT`. Its columns are `Merged`, those of `EXCEPT` from the left side alone.
    Set {
        /// Which one.
        operation: SetOperation,
        /// Whether duplicates stay.
        all: bool,
        /// The left side.
        left: RelationId,
        /// The right side.
        right: RelationId,
    },
    /// `WITH RECURSIVE`: the first part, and what is added to it again and again.
    Recursive {
        /// The part that does not mention itself.
        base: RelationId,
        /// The part that does.
        step: RelationId,
    },
    /// A mention of a recursive query inside itself: its columns are the base's.
    Itself {
        /// The base part.
        base: RelationId,
    },
    /// `VALUES`. Its columns are `Computed` from the first row's expressions; all rows are here.
    Values(Vec<Vec<Expr>>),
    /// `a JOIN b`, `a, b`. Its columns are those of both sides, `Passed`, with `USING`'s columns first, `Merged`.
    Join(Box<Join>),
    /// `UNNEST(...) [WITH ORDINALITY]`. Its columns are `Computed` as `element(argument)` calls.
    Unnest {
        /// The arrays and maps.
        arguments: Vec<Expr>,
    },
    /// Rows in order, some left out: `ORDER BY`, `OFFSET`, `LIMIT` around a set operation or `VALUES`.
    Sorted {
        /// Of what.
        of: RelationId,
        /// The keys.
        order: Vec<SortKey>,
        /// How many.
        limit: Option<Limit>,
    },
    /// `TABLE(f(...))`, `MATCH_RECOGNIZE`, `JSON_TABLE`, and what else is not followed inside. Its columns
    /// are `Unknown` or computed; every column of its inputs counts as read.
    Opaque {
        /// What it is, e.g. `MATCH_RECOGNIZE` or the function's name.
        what: String,
        /// What it reads.
        inputs: Vec<RelationId>,
        /// The expressions it is given.
        arguments: Vec<Expr>,
        /// All of it as written, in one spelling: two of the same text do the same.
        detail: String,
    },
    /// `SELECT` without `FROM` reads one row without columns.
    OneRow,
}

/// A table or view outside the statement.
#[derive(Debug, Clone)]
pub struct Table {
    /// The name's parts as written, folded to lower case.
    pub written: Vec<String>,
    /// The full name, if the session gives what was left out.
    pub name: Option<TableRef>,
    /// Whether the schema given to the binder knows the table. Without any schema every table is taken to be.
    pub known: bool,
    /// Which state of it: `FOR VERSION AS OF`, `FOR TIMESTAMP AS OF`.
    pub version: Option<Box<Expr>>,
    /// The branch behind `@`.
    pub branch: Option<String>,
    /// The columns, in lower case, by which the schema says that its rows can be told apart: each list does.
    pub keys: Vec<Vec<String>>,
    /// Where the name stands, without alias.
    pub at: TextRange,
}

/// `SELECT`.
#[derive(Debug, Clone)]
pub struct Select {
    /// What it reads; several tables are a `Join`. `OneRow` without a FROM.
    pub from: RelationId,
    /// `TABLESAMPLE` of what it reads, in one spelling, e.g. `orders tablesample bernoulli ( 10 )`.
    pub samples: Vec<String>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// GROUP BY, or the one group of a query that only aggregates.
    pub group: Option<Group>,
    /// HAVING.
    pub having: Option<Expr>,
    /// SELECT DISTINCT.
    pub distinct: bool,
    /// ORDER BY. A key that is an output column's name or number is that column of this relation.
    pub order: Vec<SortKey>,
    /// OFFSET, LIMIT, FETCH FIRST.
    pub limit: Option<Limit>,
}

/// GROUP BY.
#[derive(Debug, Clone)]
pub struct Group {
    /// Every expression that is in a grouping set.
    pub keys: Vec<Expr>,
    /// The grouping sets, as positions in `keys`. One set with all of them for a plain GROUP BY, one empty
    /// set for an aggregation over everything.
    pub sets: Vec<Vec<usize>>,
}

/// A key of ORDER BY.
#[derive(Debug, Clone)]
pub struct SortKey {
    /// By what.
    pub expr: Expr,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Whether NULL comes first.
    pub nulls_first: bool,
}

/// How many rows.
#[derive(Debug, Clone)]
pub struct Limit {
    /// How many at the start are left out.
    pub offset: Option<Expr>,
    /// How many are given at most; nothing for `LIMIT ALL`.
    pub count: Option<Expr>,
    /// Whether it is one row without a number: `FETCH FIRST ROW ONLY`.
    pub one: bool,
    /// Whether rows that tie with the last are given too.
    pub with_ties: bool,
    /// Where it is written.
    pub at: TextRange,
}

/// A join.
#[derive(Debug, Clone)]
pub struct Join {
    /// Which kind.
    pub kind: JoinKind,
    /// The left side.
    pub left: RelationId,
    /// The right side. A lateral one may mention the left side's columns.
    pub right: RelationId,
    /// ON.
    pub condition: Option<Expr>,
    /// The columns of USING or NATURAL: left, right.
    pub using: Vec<(ColumnId, ColumnId)>,
}

/// Which rows without a partner stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// `CROSS JOIN` and the comma.
    Cross,
    /// `JOIN`.
    Inner,
    /// `LEFT JOIN`.
    Left,
    /// `RIGHT JOIN`.
    Right,
    /// `FULL JOIN`.
    Full,
}

/// An operation on two sets of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperation {
    /// All rows of both.
    Union,
    /// The rows in both.
    Intersect,
    /// The rows of the left that are not in the right.
    Except,
}

/// What a statement writes.
#[derive(Debug, Clone)]
pub struct Write {
    /// The table.
    pub table: Table,
    /// What is done.
    pub kind: WriteKind,
    /// Which of its columns get which value: for INSERT and CTAS the query's output columns, for UPDATE
    /// and MERGE the assigned expressions.
    pub assignments: Vec<Assignment>,
    /// The target as a relation, where the statement also reads it (UPDATE, DELETE, MERGE).
    pub target: Option<RelationId>,
    /// MERGE's source.
    pub source: Option<RelationId>,
    /// The condition of UPDATE, DELETE, MERGE's ON and its WHEN clauses.
    pub conditions: Vec<Expr>,
    /// The WHEN clauses of MERGE, in order.
    pub whens: Vec<When>,
}

/// A WHEN clause of MERGE.
#[derive(Debug, Clone)]
pub struct When {
    /// Whether it is for rows of the source that have a partner in the target.
    pub matched: bool,
    /// Its own condition, as a position in `Write::conditions`.
    pub condition: Option<usize>,
    /// What it does: `update`, `insert` or `delete`, with the columns that it writes.
    pub action: String,
}

/// How a statement writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// `INSERT INTO`.
    Insert,
    /// `CREATE TABLE ... AS`.
    CreateTableAs,
    /// `CREATE [MATERIALIZED] VIEW`.
    CreateView,
    /// `UPDATE`.
    Update,
    /// `DELETE FROM`.
    Delete,
    /// `MERGE INTO`.
    Merge,
}

/// A written column and its value.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The target's column, in lower case; nothing if it is only known by position in a table without schema.
    pub column: Option<String>,
    /// The value.
    pub value: AssignedValue,
}

/// What is written into a column.
#[derive(Debug, Clone)]
pub enum AssignedValue {
    /// A column of the query.
    Column(ColumnId),
    /// An expression.
    Expr(Box<Expr>),
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Known<Type>,
    /// Where it is written.
    pub at: TextRange,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A constant as written, e.g. `'abc'`, `1.5`, `DATE '2026-01-01'`, `NULL`.
    Literal(String),
    /// A column. If its relation is none of those around the expression, the subquery is correlated.
    Column(ColumnId),
    /// `?`
    Parameter,
    /// A lambda's own argument.
    Argument(String),
    /// A function by name, aggregates and windows included; also the special forms that look like one
    /// (`coalesce`, `if`, `try`, `current_date`, `extract` with its field as a literal).
    Call(Box<Call>),
    /// An operator by its usual sign in lower case: `+`, `=`, `and`, `not`, `is null`, `like`, `between`,
    /// `in` (the list behind the first), `is distinct from`, `at time zone`, `||`, `-` with one operand.
    Operator {
        /// The sign.
        sign: &'static str,
        /// What it is applied to.
        operands: Vec<Expr>,
    },
    /// `CAST`, `TRY_CAST`. The type is the expression's own.
    Cast {
        /// What is cast.
        operand: Box<Expr>,
        /// Whether a failure gives NULL.
        safe: bool,
    },
    /// `CASE`.
    Case {
        /// What is compared with each WHEN, if it has that form.
        operand: Option<Box<Expr>>,
        /// WHEN and THEN.
        branches: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// `x -> ...`
    Lambda {
        /// Its arguments' names.
        arguments: Vec<String>,
        /// What it gives.
        body: Box<Expr>,
    },
    /// A subquery in an expression.
    Subquery {
        /// How it is used.
        kind: SubqueryKind,
        /// What is compared with its rows (`x IN (...)`, `x > ALL (...)`).
        operand: Option<Box<Expr>>,
        /// The query.
        query: RelationId,
    },
    /// `ARRAY[...]`
    Array(Vec<Expr>),
    /// `ROW(...)` and `(a, b)`.
    Row(Vec<Expr>),
    /// A field of a row, by name.
    Field {
        /// The row.
        of: Box<Expr>,
        /// The field, in lower case.
        name: String,
    },
    /// `a[b]`
    Subscript {
        /// The array, map or row.
        of: Box<Expr>,
        /// The place.
        index: Box<Expr>,
    },
    /// What is not followed; whatever it mentions is in the operands.
    Opaque {
        /// What it is.
        what: String,
        /// The expressions inside.
        operands: Vec<Expr>,
    },
    /// A name that means nothing here; the problem says so.
    Unresolved(String),
    /// A column of one of several relations whose columns are not known, or of a query further out: which one
    /// cannot be told without a schema.
    OneOf {
        /// Its name in lower case.
        name: String,
        /// The relations that may have it.
        among: Vec<RelationId>,
    },
}

/// A function call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The function, in lower case, with its dots if it has any.
    pub name: String,
    /// What kind of function it is used as.
    pub kind: CallKind,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// `DISTINCT` before the arguments.
    pub distinct: bool,
    /// `FILTER (WHERE ...)`.
    pub filter: Option<Expr>,
    /// `ORDER BY` inside the parentheses or of `WITHIN GROUP`.
    pub order: Vec<SortKey>,
    /// `OVER (...)`.
    pub window: Option<Window>,
    /// What else it says, in one spelling: `ignore nulls`, `null on error`, the body of a function that the
    /// statement defines. Empty for nearly all.
    pub says: String,
    /// Whether the same arguments give the same value.
    pub deterministic: bool,
}

/// How a function takes rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// One row.
    Scalar,
    /// All rows of a group.
    Aggregate,
    /// A row and those around it.
    Window,
}

/// `OVER (...)`, a named window put in.
#[derive(Debug, Clone)]
pub struct Window {
    /// PARTITION BY.
    pub partition: Vec<Expr>,
    /// ORDER BY.
    pub order: Vec<SortKey>,
    /// The frame as written, if there is one, and the expressions in it.
    pub frame: Option<(String, Vec<Expr>)>,
    /// The row pattern that chooses rows of the frame, if there is one, with all of the window in one spelling.
    pub pattern: Option<(String, Vec<Expr>)>,
}

/// How a subquery is used in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubqueryKind {
    /// Its one value.
    Scalar,
    /// Whether it has rows.
    Exists,
    /// Whether a value is among its rows.
    In,
    /// A comparison with `ALL` of its rows, by this sign.
    All(&'static str),
    /// A comparison with `ANY` or `SOME` of its rows, by this sign.
    Any(&'static str),
}

/// Something wrong with the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Trino's name for the error, e.g. `COLUMN_NOT_FOUND`.
    pub error: &'static str,
    /// Trino's own words for it.
    pub message: String,
    /// Where.
    pub at: TextRange,
    /// What a better message needs to know.
    pub about: About,
}

/// What a problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A table that the schema does not know.
    Table(Vec<String>),
    /// A column that none of the relations in reach has.
    Column {
        /// Its name, with what stood before the dot.
        name: Vec<String>,
        /// The relations that were in reach, innermost first.
        among: Vec<RelationId>,
    },
    /// A name that more than one column has.
    Ambiguous {
        /// The name.
        name: Vec<String>,
        /// The columns.
        candidates: Vec<ColumnId>,
    },
    /// A function that does not exist.
    Function(String),
    /// A column that is neither grouped by nor aggregated.
    NotGrouped(String),
    /// Types that do not fit.
    Types,
    /// Anything else.
    Other,
}

impl Bound {
    /// A relation.
    pub fn relation(&self, id: RelationId) -> Option<&Relation> {
        self.relations.get(id.0)
    }

    /// A column.
    pub fn column(&self, id: ColumnId) -> Option<&Column> {
        self.relation(id.relation)?.columns.get(id.column)
    }
}
