//! What Trino's SQL says and sqlparser's tree has no place for.
//!
//! Each construct is taken out before or while sqlparser reads, and noted here by the place of the node that it
//! belongs to. Whoever walks the tree asks by that place. Nothing here holds a subquery: those are refused.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{DataType, Expr, Ident, OrderByExpr};
use sqlparser::tokenizer::Location;
use townlake_core::advice::Span;

/// What the tree of one statement does not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// `FOR VERSION AS OF ...`, by the start of the table's name.
    pub time_travel: BTreeMap<Location, TimeTravel>,
    /// Clauses of `JSON_QUERY`, `JSON_VALUE`, `JSON_EXISTS`, `JSON_OBJECT` and `JSON_ARRAY`, by the function's name.
    pub json: BTreeMap<Location, JsonClauses>,
    /// `JSON_TABLE(...)`, by its name. In the tree it is `TABLE(JSON_TABLE(...))`.
    pub json_tables: BTreeMap<Location, JsonTable>,
    /// What follows `TABLE(...)` as an argument of a table function, by the word `TABLE`.
    pub table_arguments: BTreeMap<Location, TableArgument>,
    /// `CORRESPONDING`, by the start of the query to the right of the set operation, its parentheses left out:
    /// the columns named, or none for all that both sides have.
    pub corresponding: BTreeMap<Location, Vec<Ident>>,
    /// `GROUP BY ALL ...` and `GROUP BY DISTINCT ...`, by the word `SELECT`.
    pub group_by: BTreeMap<Location, GroupByQuantifier>,
    /// `AUTO` in GROUP BY, by the word. In the tree it is a quoted name.
    pub group_by_auto: BTreeSet<Location>,
    /// `BETWEEN SYMMETRIC`, by the start of the lower bound.
    pub symmetric: BTreeSet<Location>,
    /// Parts of `MATCH_RECOGNIZE` that are not in the tree, by its word `PATTERN`; and windows with a row pattern, by
    /// the name of the function or measure before `OVER`, or of the window in a `WINDOW` clause.
    pub row_patterns: BTreeMap<Location, RowPattern>,
    /// Measures of a row pattern that a window computes: `m OVER w`, by the measure's name. In the tree each is a
    /// function without arguments.
    pub measure_calls: BTreeSet<Location>,
    /// `(a).* AS (b, c)`, by the star: the columns' names.
    pub star_columns: BTreeMap<Location, Vec<Ident>>,
    /// `WITH FUNCTION ...` before the query.
    pub functions: Vec<InlineFunction>,
    /// `WITH SESSION ...` before the query.
    pub session: Vec<SessionProperty>,
}

/// Which state of a table is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTravel {
    /// Whether the expression is a version or a point in time.
    pub kind: TimeTravelKind,
    /// A constant.
    pub expression: Expr,
}

/// What an expression of time travel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeTravelKind {
    /// `FOR VERSION AS OF`.
    Version,
    /// `FOR TIMESTAMP AS OF`.
    Timestamp,
}

/// What a JSON function says besides its arguments.
///
/// In the tree, `JSON_QUERY(j, 'p' PASSING x AS a RETURNING varchar DEFAULT d ON EMPTY)` is
/// `JSON_QUERY(j, 'p', x, d)`, and `JSON_OBJECT('a' : x, KEY 'b' VALUE y)` is `JSON_OBJECT('a', x, 'b', y)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonClauses {
    /// Names of the arguments from the third on.
    pub passing: Vec<Ident>,
    /// `RETURNING`.
    pub returning: Option<DataType>,
    /// How many of the last arguments are values of `DEFAULT`.
    pub defaults: usize,
    /// All other clauses in capitals, e.g. `WITH ARRAY WRAPPER`, `NULL ON EMPTY`.
    pub others: Vec<String>,
}

/// The columns of a `JSON_TABLE`. In the tree its arguments are the JSON, the path, what is passed, and defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonTable {
    /// In order, those of nested paths in their place.
    pub columns: Vec<JsonTableColumn>,
    /// Names of the arguments from the third on.
    pub passing: Vec<Ident>,
}

/// A column of a `JSON_TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonTableColumn {
    /// Its name.
    pub name: Ident,
    /// Its type; none for `FOR ORDINALITY`.
    pub data_type: Option<DataType>,
}

/// What is said about a table that is given to a table function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableArgument {
    /// Its alias.
    pub alias: Option<Ident>,
    /// Its columns' names.
    pub columns: Vec<Ident>,
    /// `PARTITION BY`.
    pub partition_by: Option<Vec<Expr>>,
    /// `ORDER BY`.
    pub order_by: Vec<OrderByExpr>,
    /// `PRUNE WHEN EMPTY` and `KEEP WHEN EMPTY`.
    pub when_empty: Option<WhenEmpty>,
}

/// What a table function does about an empty table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenEmpty {
    /// It gives no rows.
    Prune,
    /// It is called.
    Keep,
}

/// Whether equal grouping sets count more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupByQuantifier {
    /// `GROUP BY ALL`, as without a word.
    All,
    /// `GROUP BY DISTINCT`.
    Distinct,
}

/// What a row pattern holds besides what is in the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowPattern {
    /// `MEASURES` of a window; those of `MATCH_RECOGNIZE` are in the tree.
    pub measures: Vec<(Expr, Ident)>,
    /// `DEFINE` of a window; those of `MATCH_RECOGNIZE` are in the tree.
    pub definitions: Vec<(Ident, Expr)>,
    /// Every name in `PATTERN`, as `label` gives it. It may qualify a column: `LAST(a.price)`.
    pub variables: BTreeSet<String>,
    /// The names that `SUBSET` makes.
    pub subsets: Vec<Ident>,
}

/// What the names of pattern variables and windows are known by: alone among Trino's names, quoted ones are told apart by
/// case.
pub fn label(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_uppercase(),
    }
}

/// A function that lives for one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineFunction {
    /// Its name.
    pub name: Vec<Ident>,
    /// Its parameters.
    pub parameters: Vec<(Ident, DataType)>,
    /// What it gives.
    pub returns: DataType,
    /// What follows `RETURN`, if that is its whole body.
    pub body: Option<Expr>,
}

/// A session property for one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionProperty {
    /// Its name, with its catalog if it has one, in lower case.
    pub name: String,
    /// Its value.
    pub value: Expr,
    /// Where its name starts.
    pub at: Span,
}

impl Extras {
    /// A construct that is in here, in words, and its place.
    pub fn first(&self) -> Option<(&'static str, Location)> {
        let Self {
            time_travel,
            json,
            json_tables,
            table_arguments,
            corresponding,
            group_by,
            group_by_auto,
            symmetric,
            row_patterns,
            measure_calls,
            star_columns,
            functions,
            session,
        } = self;
        let start = Location::new(1, 1);
        let first = |what, place: Option<&Location>| place.map(|place| (what, *place));
        first("time travel", time_travel.keys().next())
            .or(first("this JSON function", json.keys().next()))
            .or(first("JSON_TABLE", json_tables.keys().next()))
            .or(first("this table argument", table_arguments.keys().next()))
            .or(first("CORRESPONDING", corresponding.keys().next()))
            .or(first("this kind of GROUP BY", group_by.keys().next()))
            .or(first("GROUP BY AUTO", group_by_auto.first()))
            .or(first("BETWEEN SYMMETRIC", symmetric.first()))
            .or(first("a row pattern", row_patterns.keys().next()))
            .or(first("a row pattern's measure", measure_calls.first()))
            .or(first("names for `*`", star_columns.keys().next()))
            .or(functions.first().map(|_| ("WITH FUNCTION", start)))
            .or(session.first().map(|_| ("WITH SESSION", start)))
    }
}
