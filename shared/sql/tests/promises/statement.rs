//! What holds for every text that anybody may send, whatever is in it. A broken promise panics.

use std::collections::BTreeSet;

use townlake_core::advice::Span;
use townlake_core::names::TableRef;
use townlake_sql::bound::{Bound, Known, TextRange};
use townlake_sql::diagnose::diagnose;
use townlake_sql::diff::diff;
use townlake_sql::edit::apply;
use townlake_sql::lineage::{BaseColumn, lineage};
use townlake_sql::rewrite::expand_stars;
use townlake_sql::types::parse_type;
use townlake_sql::{
    Others, ParsedStatement, Schema, SchemaColumn, Session, analyse, bind, mentioned, parse, read,
    shape,
};

/// Checks what reading promises. The statement, if the text is one.
pub fn parsed(text: &str) -> Option<ParsedStatement> {
    for mention in mentioned(text, &session()).tables {
        assert!(is_inside(text, mention.at), "{text}\n{mention:?}");
    }
    if let Ok(first) = shape(text) {
        let again = shape(&first.text).map(|again| again.text);
        assert_eq!(again.as_deref(), Ok(first.text.as_str()), "{text}");
    }
    match parse(text, &session()) {
        Ok(parsed) => {
            for used in &parsed.reading.tables {
                assert!(is_inside(text, used.at), "{text}\n{used:?}");
            }
            // Reading is parsing, less what a gateway does not let through.
            if let Ok(reading) = read(text, &session()) {
                assert_eq!(reading, parsed.reading, "{text}");
            }
            Some(parsed)
        }
        Err(error) => {
            let at = error.at();
            assert!(at.is_none_or(|at| is_inside(text, at)), "{text}\n{error:?}");
            assert!(!error.to_string().is_empty(), "{text}");
            None
        }
    }
}

/// Checks what looking up names promises, and all that is made of it.
pub fn followed(text: &str, statement: &ParsedStatement) {
    for schema in [schema(Others::Unknown), schema(Others::Missing)] {
        let bound = bind(statement, &schema, &session());
        places_are_in_the_text(text, &bound);
        tables_are_those_of_the_reading(text, statement, &bound);
        sources_are_touched(text, &bound);
        let same = diff(&bound, &bound);
        assert!(same.is_empty(), "{text}\n{same:?}");
        for finding in diagnose(&bound, text, &["t".to_owned(), "u".to_owned()]) {
            assert!(
                text.get(finding.at.clone()).is_some(),
                "{text}\n{finding:?}"
            );
            assert!(apply(text, &finding.fix).is_some(), "{text}\n{finding:?}");
        }
        stars_become_columns(text, &bound, &schema);
    }
}

fn places_are_in_the_text(text: &str, bound: &Bound) {
    let check = |at: &TextRange| assert!(text.get(at.clone()).is_some(), "{text}\n{at:?}");
    for relation in &bound.relations {
        check(&relation.at);
        relation.columns.iter().for_each(|column| check(&column.at));
        for expression in relation.kind.expressions() {
            expression.visit(|inner| {
                check(&inner.at);
                true
            });
        }
    }
    bound.problems.iter().for_each(|problem| check(&problem.at));
}

/// What the gateway decided by is what is bound.
fn tables_are_those_of_the_reading(text: &str, statement: &ParsedStatement, bound: &Bound) {
    let known: BTreeSet<&TableRef> = statement
        .reading
        .tables
        .iter()
        .map(|used| &used.table)
        .collect();
    let touched = analyse(bound);
    for mention in touched.reads.iter().chain(&touched.writes) {
        let table = mention.table.name.as_ref();
        assert!(
            table.is_some_and(|table| known.contains(table)),
            "{text}\n{mention:?}"
        );
    }
}

/// What a column is made of is among what the statement touches.
fn sources_are_touched(text: &str, bound: &Bound) {
    let touched = analyse(bound);
    let columns: BTreeSet<&str> = touched
        .columns
        .iter()
        .map(|used| used.column.as_str())
        .collect();
    let lineage = lineage(bound);
    let of_outputs = lineage.outputs.iter().flat_map(|output| {
        output
            .values
            .iter()
            .chain(&output.conditions)
            .chain(output.row_columns.iter())
    });
    for BaseColumn { table, column } in of_outputs.chain(&lineage.rows.columns) {
        let is_named = column == "*" || columns.contains(column.as_str());
        assert!(is_named, "{text}\n{table}.{column} of {columns:?}");
    }
}

fn stars_become_columns(text: &str, bound: &Bound, schema: &Schema) {
    if !bound.problems.is_empty() {
        return;
    }
    let Ok(edits) = expand_stars(bound, text) else {
        return;
    };
    let rewritten = apply(text, &edits);
    assert!(rewritten.is_some(), "{text}\n{edits:?}");
    let rewritten = rewritten.unwrap_or_default();
    // A text may become longer or deeper than what is read.
    let Ok(statement) = parse(&rewritten, &session()) else {
        return;
    };
    let again = bind(&statement, schema, &session());
    assert_eq!(again.problems, [], "{text}\n{rewritten}");
    assert_eq!(shown(bound), shown(&again), "{text}\n{rewritten}");
}

/// The columns that a user sees.
fn shown(bound: &Bound) -> Vec<Option<String>> {
    let output = bound.output.and_then(|id| bound.relation(id));
    let columns = output.into_iter().flat_map(|relation| &relation.columns);
    columns
        .filter(|column| !column.hidden)
        .map(|column| column.name.clone())
        .collect()
}

fn session() -> Session {
    Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        prepared: [("p".to_owned(), "SELECT * FROM t".to_owned())].into(),
    }
}

fn schema(others: Others) -> Schema {
    let mut schema = Schema::new(others);
    let columns = [
        ("a", "bigint"),
        ("b", "varchar(10)"),
        ("c", "decimal(10,2)"),
        ("d", "timestamp(3)"),
        ("e", "array(row(x bigint, y varchar))"),
        ("f", "map(varchar, double)"),
        ("g", "json"),
    ];
    let columns = |names: &[&str]| {
        let chosen = columns.iter().filter(|(name, _)| names.contains(name));
        let column = |(name, ty): &(&str, &str)| {
            SchemaColumn::new(name, parse_type(ty).map_or(Known::Unknown, Known::Known))
        };
        chosen.map(column).collect::<Vec<_>>()
    };
    schema.insert(
        TableRef::new("c", "s", "t"),
        columns(&["a", "b", "c", "d", "e"]),
    );
    schema.insert(TableRef::new("c", "s", "u"), columns(&["a", "b", "f", "g"]));
    schema
}

fn is_inside(text: &str, at: Span) -> bool {
    let line = usize::try_from(at.line)
        .ok()
        .and_then(|line| line.checked_sub(1));
    let line = line.and_then(|line| text.split('\n').nth(line));
    line.is_some_and(|line| (1..=line.chars().count() as u64 + 1).contains(&at.column))
}
