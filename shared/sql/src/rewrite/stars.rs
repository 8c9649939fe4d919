//! `*` becomes the columns that it stands for.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use townlake_core::names::quote_identifier;

use crate::bound::{Bound, Column, ColumnId, RelationId, RelationKind, Select, TextRange, Value};
use crate::edit::Edit;
use crate::rewrite::{RewriteError, apart, star_at, word_before, written};
use crate::text::TextMap;
use crate::tree;
use crate::walk;

/// Names the columns behind each `*`, `t.*` and `TABLE t`.
///
/// They are those of the schema that the statement was bound with: bound with the reviewed columns alone, the
/// statement asks for nothing else.
///
/// # Errors
/// The columns are not known, or a name would not say which one is meant.
pub fn expand_stars(bound: &Bound, text: &str) -> Result<Vec<Edit>, RewriteError> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut kept: Vec<TextRange> = Vec::new();
    for (position, relation) in bound.relations.iter().enumerate() {
        match &relation.kind {
            RelationKind::Select(select) => {
                if !relation.complete {
                    let mut stars = stars(text).into_iter();
                    return Err(RewriteError::UnknownColumns {
                        star: "*".to_owned(),
                        at: stars
                            .find(|star| within(star, &relation.at))
                            .unwrap_or_else(|| relation.at.clone()),
                    });
                }
                let mut columns = relation.columns.as_slice();
                while let Some(first) = columns.first() {
                    let count = columns
                        .iter()
                        .take_while(|column| column.at == first.at)
                        .count();
                    let (star, rest) = columns.split_at(count);
                    columns = rest;
                    let computed = |column: &Column| matches!(column.value, Value::Computed(_));
                    if let Some(at) = star_at(text, &first.at) {
                        if star.iter().all(computed) {
                            // The fields of a row are no columns of a table.
                            kept.push(at);
                            continue;
                        }
                        match expand(bound, text, select, star, at.clone()) {
                            Ok(edit) => edits.push(edit),
                            // `(SELECT 1 AS a, 2 AS a)` names its columns; the star adds none that it does not.
                            Err(_) if !star.iter().any(|column| is_stored(bound, column)) => {
                                kept.push(at);
                            }
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
            RelationKind::Table(table) if word_before(text, table.at.start) == "table" => {
                edits.extend(table_query(bound, text, RelationId(position), &table.at)?);
            }
            _ => {}
        }
    }
    edits.sort_by_key(|edit| edit.at.start);
    edits.dedup();
    kept.extend(edits.iter().map(|edit| edit.at.clone()));
    every_star(text, &kept)?;
    Ok(edits)
}

/// Whether a column is a table's, without a query between that names it.
fn is_stored(bound: &Bound, column: &Column) -> bool {
    let mut open = match &column.value {
        Value::Passed(id) => vec![*id],
        Value::Merged(ids) => ids.clone(),
        _ => Vec::new(),
    };
    while let Some(id) = open.pop() {
        let kind = bound.relation(id.relation).map(|relation| &relation.kind);
        match bound.column(id).map(|column| &column.value) {
            Some(Value::Stored) => return true,
            _ if matches!(kind, Some(RelationKind::Select(_))) => {}
            Some(Value::Passed(from)) => open.push(*from),
            Some(Value::Merged(from)) => open.extend(from),
            _ => {}
        }
    }
    false
}

/// The stars of a text that begin a select item or end `t.*`.
fn stars(text: &str) -> Vec<TextRange> {
    let Ok((tokens, _)) = tree::tokens(text) else {
        return Vec::new();
    };
    let places = TextMap::new(text);
    let mut stars = Vec::new();
    let mut before = &Token::Comma;
    for token in &tokens {
        let begins = match before {
            Token::Comma | Token::Period => true,
            Token::Word(word) => matches!(
                word.keyword,
                Keyword::SELECT | Keyword::DISTINCT | Keyword::ALL
            ),
            _ => false,
        };
        if begins && token.token == Token::Mul {
            stars.extend(places.range(token.span));
        }
        before = &token.token;
    }
    stars
}

/// A star that was not met in the bound statement must not be let through unseen.
fn every_star(text: &str, seen: &[TextRange]) -> Result<(), RewriteError> {
    let is_seen = |star: &TextRange| seen.iter().any(|seen| within(star, seen));
    match stars(text).into_iter().find(|star| !is_seen(star)) {
        None => Ok(()),
        Some(at) => Err(RewriteError::NotNameable {
            star: "*".to_owned(),
            reason: "it is not followed here".to_owned(),
            at,
        }),
    }
}

fn within(inner: &TextRange, outer: &TextRange) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// `TABLE t` is `SELECT * FROM t`.
fn table_query(
    bound: &Bound,
    text: &str,
    id: RelationId,
    at: &TextRange,
) -> Result<Option<Edit>, RewriteError> {
    let Some(relation) = bound.relation(id) else {
        return Ok(None);
    };
    let before = text.get(..at.start).unwrap_or_default().trim_end();
    let word = before.len().saturating_sub("table".len())..before.len();
    if !relation.complete {
        return Err(RewriteError::UnknownColumns {
            star: format!("TABLE {}", written(text, at.clone())),
            at: word.start..at.end,
        });
    }
    let names: Vec<String> = relation
        .columns
        .iter()
        .filter(|column| !column.hidden)
        .filter_map(|column| column.name.as_deref())
        .map(quote_identifier)
        .collect();
    Ok(Some(Edit::replace(
        word,
        format!("SELECT {} FROM", names.join(", ")),
    )))
}

fn expand(
    bound: &Bound,
    text: &str,
    select: &Select,
    star: &[Column],
    mut at: TextRange,
) -> Result<Edit, RewriteError> {
    let refuse = |reason: String, at: &TextRange| RewriteError::NotNameable {
        star: written(text, at.clone()).to_owned(),
        reason,
        at: at.clone(),
    };
    let mut names = Vec::with_capacity(star.len());
    let mut renamed = false;
    for column in star {
        let Value::Passed(id) = column.value else {
            return Err(refuse("a column behind it is computed".to_owned(), &at));
        };
        let (mut name, own) = name_of(bound, select, id).map_err(|reason| refuse(reason, &at))?;
        if column.name.as_deref() != Some(own.as_str()) {
            let alias = column.name.as_deref().unwrap_or_default();
            name.push_str(&format!(" AS {}", quote_identifier(alias)));
            renamed = true;
        }
        names.push(name);
    }
    // `t.* AS (a, b)`: the list goes with the star.
    match behind_aliases(text, at.end) {
        Some(end) if renamed => at.end = end,
        Some(_) => return Err(refuse("its columns have other names here".to_owned(), &at)),
        None => {}
    }
    let names = apart(text, &at, &names.join(", "));
    Ok(Edit::replace(at, names))
}

/// How a column of a FROM clause is called in its SELECT, and its own name.
fn name_of(bound: &Bound, select: &Select, id: ColumnId) -> Result<(String, String), String> {
    let Some(column) = bound.column(id) else {
        return Err("a column behind it is not known".to_owned());
    };
    let Some(own) = column.name.clone() else {
        return Err("a column behind it has no name".to_owned());
    };
    let Some(leaf) = walk::leaf_column(bound, id) else {
        // A column of USING belongs to neither side.
        let from = bound.relation(select.from);
        let same = from.map_or(0, |from| count(&from.columns, &own));
        return if same == 1 {
            Ok((quote_identifier(&own), own))
        } else {
            Err(format!("more than one column is called `{own}`"))
        };
    };
    let columns = bound
        .relation(leaf.relation)
        .map(|relation| relation.columns.as_slice());
    if count(columns.unwrap_or_default(), &own) != 1 {
        return Err(format!("more than one column is called `{own}`"));
    }
    let leaves = walk::leaves(bound, select.from);
    let qualifier = qualifier(bound, leaf.relation, &leaves);
    match qualifier {
        Some(qualifier) => Ok((format!("{qualifier}.{}", quote_identifier(&own)), own)),
        None if leaves.len() == 1 => Ok((quote_identifier(&own), own)),
        None => Err(format!("the table of `{own}` has no name of its own")),
    }
}

fn count(columns: &[Column], name: &str) -> usize {
    columns
        .iter()
        .filter(|column| column.name.as_deref() == Some(name))
        .count()
}

/// The shortest name of a FROM leaf that no other leaf shares.
fn qualifier(bound: &Bound, id: RelationId, leaves: &[RelationId]) -> Option<String> {
    let parts = parts(bound, id)?;
    (1..=parts.len()).find_map(|length| {
        let name = parts.get(parts.len() - length..)?;
        let shared = leaves
            .iter()
            .filter(|leaf| **leaf != id)
            .any(|leaf| self::parts(bound, *leaf).is_some_and(|other| other.ends_with(name)));
        let quoted: Vec<String> = name.iter().map(|part| quote_identifier(part)).collect();
        (!shared).then(|| quoted.join("."))
    })
}

fn parts(bound: &Bound, id: RelationId) -> Option<Vec<String>> {
    match &bound.relation(id)?.kind {
        RelationKind::Alias { name, .. } => Some(vec![name.clone()]),
        RelationKind::Table(table) => Some(match &table.name {
            Some(name) => [&name.catalog, &name.schema, &name.table]
                .into_iter()
                .filter(|part| !part.is_empty())
                .cloned()
                .collect(),
            None => table.written.clone(),
        }),
        _ => None,
    }
}

/// The place behind `AS (a, b)`.
fn behind_aliases(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let open = rest.find('(')?;
    let between = rest.get(..open)?.trim();
    if !between.is_empty() && !between.eq_ignore_ascii_case("as") {
        return None;
    }
    let mut quoted = false;
    let close = rest.char_indices().skip(open).find(|(_, character)| {
        quoted ^= *character == '"';
        *character == ')' && !quoted
    });
    close.map(|(offset, _)| from + offset + 1)
}
