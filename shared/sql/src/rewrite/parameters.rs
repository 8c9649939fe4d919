//! Parameters become values.

use std::collections::BTreeMap;

use crate::bound::{Bound, ExprKind, TextRange};
use crate::edit::Edit;
use crate::rewrite::RewriteError;
use crate::walk;

/// Puts values, each written as SQL, in the place of the question marks.
///
/// # Errors
/// There are more or fewer values than parameters.
pub fn replace_parameters(
    bound: &Bound,
    text: &str,
    values: &[String],
) -> Result<Vec<Edit>, RewriteError> {
    // A key of GROUP BY stands in the statement once and is bound twice.
    let mut places: BTreeMap<usize, TextRange> = BTreeMap::new();
    walk::every_expression(bound, &mut |expr| {
        if matches!(expr.kind, ExprKind::Parameter) {
            places.insert(expr.at.start, expr.at.clone());
        }
    });
    if places.len() != values.len() {
        return Err(RewriteError::ParameterCount {
            wanted: places.len(),
            given: values.len(),
        });
    }
    let pairs = places.into_values().zip(values);
    Ok(pairs
        .map(|(at, value)| Edit::replace(at.clone(), apart(text, &at, value)))
        .collect())
}

/// A value that does not run into what stands beside it: `-?` must not become a comment, nor `?and` a name.
fn apart(text: &str, at: &TextRange, value: &str) -> String {
    let is_word = |character: Option<char>| {
        character.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '\'')
    };
    let before = text
        .get(..at.start)
        .and_then(|before| before.chars().next_back());
    let after = text.get(at.end..).and_then(|after| after.chars().next());
    let value = if value.starts_with('-') {
        format!("({value})")
    } else {
        value.to_owned()
    };
    let lead = if is_word(before) { " " } else { "" };
    let trail = if is_word(after) { " " } else { "" };
    format!("{lead}{value}{trail}")
}
