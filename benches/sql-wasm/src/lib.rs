//! Parses, binds and follows statements inside WebAssembly, for `benches/sql-wasm/run.mjs` and `tests/wasm.test.mjs`.

#[cfg(feature = "hostile")]
mod hostile;

use std::cell::RefCell;

use townlake_core::names::TableRef;
use townlake_sql::bound::Known;
use townlake_sql::lineage::lineage;
use townlake_sql::types::parse_type;
use townlake_sql::{Others, Schema, SchemaColumn, Session, bind, parse};

thread_local! {
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SCHEMA: RefCell<Schema> = RefCell::new(Schema::new(Others::Unknown));
}

/// Room for a text of so many bytes; the caller writes it there.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    TEXT.with_borrow_mut(|text| {
        text.clear();
        text.resize(length, 0);
        text.as_mut_ptr()
    })
}

/// Takes the text for a table: its name and its columns with their types, a line each, with a tab between.
#[unsafe(no_mangle)]
pub extern "C" fn table() {
    let text = text();
    let mut lines = text.lines();
    let Some(name) = lines.next() else { return };
    let columns = lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, ty)| {
            let ty = parse_type(ty).map_or(Known::Unknown, Known::Known);
            SchemaColumn::new(name, ty)
        })
        .collect();
    SCHEMA.with_borrow_mut(|schema| schema.insert(TableRef::new("tpch", "tiny", name), columns));
}

/// Takes the text for a statement, and gives how many columns it has.
#[unsafe(no_mangle)]
pub extern "C" fn follow() -> usize {
    let text = text();
    let session = Session {
        catalog: Some("tpch".to_owned()),
        schema: Some("tiny".to_owned()),
        ..Session::default()
    };
    let Ok(parsed) = parse(&text, &session) else {
        return 0;
    };
    SCHEMA.with_borrow(|schema| lineage(&bind(&parsed, schema, &session)).outputs.len())
}

fn text() -> String {
    TEXT.with_borrow(|text| String::from_utf8_lossy(text).into_owned())
}
