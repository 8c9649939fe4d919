//! One short word for what a person would see, to notice that it has changed: running queries stop, and stored
//! rows are shown only to those with the same word.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::evaluate::{ColumnDecision, TableAccess};
use super::filter::depends_on_caller;
use crate::names::UserName;

/// The fingerprint of all that the user reads of these tables, whatever their order: privileges, readable
/// columns with types and masks, and row filters. What they may not know of leaves no trace in it, so a new
/// column that awaits review stops nobody's query. A filter that asks who the user is makes it theirs alone.
///
/// 32 hexadecimal digits.
pub fn fingerprint<'a>(
    accesses: impl IntoIterator<Item = &'a TableAccess>,
    user: &UserName,
) -> String {
    let mut tables: Vec<String> = accesses
        .into_iter()
        .map(|access| content(access, user))
        .collect();
    tables.sort();
    tables.dedup();
    short_hash(&tables.join("\n"))
}

/// The first half of the SHA-256 of the text, in hexadecimal digits.
pub(super) fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    hex::encode(digest.get(..16).unwrap_or(&digest))
}

fn content(access: &TableAccess, user: &UserName) -> String {
    let columns: Vec<_> = access
        .readable_columns()
        .map(|column: &ColumnDecision| json!([column.name, column.data_type, column.mask]))
        .collect();
    let conditions = access
        .columns
        .iter()
        .filter_map(|column| column.only_where.as_ref());
    let personal = access
        .row_filter
        .iter()
        .chain(conditions)
        .any(|sql| depends_on_caller(sql));
    json!([
        access.table,
        access.visibility,
        access.privileges,
        columns,
        access.row_filter,
        personal.then_some(user),
    ])
    .to_string()
}
