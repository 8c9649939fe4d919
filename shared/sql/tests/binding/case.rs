//! One case of a file: a rule, the tables, a statement, and what is expected of it.

use townlake_core::names::TableRef;
use townlake_sql::bound::Known;
use townlake_sql::types::parse_type;
use townlake_sql::{Others, Schema, SchemaColumn, Session};

/// A statement, what it is bound against, and what is expected.
pub struct Case {
    pub rule: String,
    pub session: Session,
    pub schema: Schema,
    pub sql: String,
    pub expected: String,
}

/// The cases of a file: blocks with empty lines between them, each a line `# rule`, the statement, and lines that start
/// with `=> ` and say what is expected.
///
/// `| t(a bigint)` says a table and that no others exist; without such a line nothing is known about any table.
/// `@ catalog.schema` says the session, which is `lake.s` otherwise, `@ prepared name: text` what was prepared in it. Lines
/// among `#!` at the top of the file are those of all of its cases.
pub fn cases(text: &str) -> Vec<Case> {
    let (shared, blocks): (Vec<&str>, Vec<&str>) = text
        .split("\n\n")
        .map(|block| block.trim_matches('\n'))
        .filter(|block| !block.is_empty())
        .partition(|block| block.starts_with("#!"));
    let shared: Vec<&str> = shared
        .iter()
        .flat_map(|block| block.lines())
        .filter(|line| !line.starts_with("#!"))
        .collect();
    blocks
        .into_iter()
        .map(|block| parse(block, &shared))
        .collect()
}

fn parse(block: &str, shared: &[&str]) -> Case {
    let mut rule = String::new();
    let mut sql = String::new();
    let mut expected = String::new();
    let mut tables = Vec::new();
    let mut session = session_in("lake.s");
    for line in shared.iter().copied().chain(block.lines()) {
        if let Some(text) = line.strip_prefix("# ") {
            rule = text.to_owned();
        } else if let Some(table) = line.strip_prefix("| ") {
            tables.push(table);
        } else if line == "@ no tables are known" {
            tables.clear();
        } else if line == "@ no session" {
            session = Session::default();
        } else if let Some(prepared) = line.strip_prefix("@ prepared ") {
            let (name, text) = prepared.split_once(": ").unwrap();
            session.prepared.insert(name.to_owned(), text.to_owned());
        } else if let Some(names) = line.strip_prefix("@ ") {
            session = session_in(names);
        } else if line.starts_with("=> ") {
            push_line(&mut expected, line);
        } else {
            push_line(&mut sql, line);
        }
    }
    Case {
        rule,
        session,
        schema: schema(&tables),
        // `\r` and other characters that a line of text cannot hold.
        sql: sql.replace("<CR>", "\r").replace("<NBSP>", "\u{a0}"),
        expected,
    }
}

/// In `catalog` or `catalog.schema`.
fn session_in(names: &str) -> Session {
    let (catalog, schema) = names
        .split_once('.')
        .map_or((names, None), |(catalog, schema)| (catalog, Some(schema)));
    Session {
        catalog: Some(catalog.to_owned()),
        schema: schema.map(str::to_owned),
        ..Session::default()
    }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// A schema of tables like `t(a bigint, "b" varchar(3))`; a column that ends with `hidden` is left out by `*`.
/// `t(a bigint, b bigint) key a; b` has two keys.
pub fn schema(tables: &[&str]) -> Schema {
    if tables.is_empty() {
        return Schema::none();
    }
    let mut schema = Schema::new(Others::Missing);
    for table in tables {
        let (table, keys) = table.split_once(" key ").unwrap_or((table, ""));
        let (name, columns) = table.split_once('(').unwrap();
        let columns = columns.strip_suffix(')').unwrap();
        let columns = top_level(columns)
            .into_iter()
            .map(|column| {
                let (name, ty) = column.split_once(' ').unwrap();
                let hidden = ty.ends_with(" hidden");
                let ty = ty.strip_suffix(" hidden").unwrap_or(ty);
                SchemaColumn {
                    name: name.to_owned(),
                    ty: Known::Known(parse_type(ty).unwrap()),
                    hidden,
                }
            })
            .collect();
        let parts: Vec<&str> = name.split('.').collect();
        let name = match parts.as_slice() {
            [table] => TableRef::new("lake", "s", table),
            [schema, table] => TableRef::new("lake", schema, table),
            [catalog, schema, table] => TableRef::new(catalog, schema, table),
            _ => panic!("{name}"),
        };
        let keys = keys.split("; ").filter(|key| !key.is_empty());
        let keys = keys.map(|key| key.split(", ").map(str::to_owned).collect());
        schema.set_keys(name.clone(), keys.collect());
        schema.insert(name, columns);
    }
    schema
}

fn top_level(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}
