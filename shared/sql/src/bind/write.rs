//! Statements that write.

use super::Binder;
use crate::tree::ParsedStatement;

impl Binder<'_> {
    /// A whole statement.
    pub(super) fn statement(&mut self, statement: &ParsedStatement) {
        if let Some(query) = &statement.query {
            let output = self.query(query, None);
            self.bound.output = Some(output);
        }
    }
}
