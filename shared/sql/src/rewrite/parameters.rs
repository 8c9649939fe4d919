//! Parameters become values.

use std::collections::BTreeMap;

use crate::bound::{Bound, ExprKind, TextRange};
use crate::edit::Edit;
use crate::rewrite::{RewriteError, apart};
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
        .map(|(at, value)| Edit::replace(at.clone(), apart(text, &at, &operand(value))))
        .collect())
}

/// A negative number must not make a comment of the sign before it.
fn operand(value: &str) -> String {
    if value.starts_with('-') {
        format!("({value})")
    } else {
        value.to_owned()
    }
}
