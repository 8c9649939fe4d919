//! Relations under another name.

use std::rc::Rc;

use sqlparser::ast::TableAlias;

use super::Binder;
use super::names::Shape;
use crate::bound::{Relation, RelationId, RelationKind, TextRange, Value};

impl Binder<'_> {
    /// A relation as FROM has it: under its alias, or under its own name.
    pub(super) fn aliased(
        &mut self,
        relation: RelationId,
        own_name: Option<Rc<[String]>>,
        alias: Option<&TableAlias>,
        at: &TextRange,
    ) -> Shape {
        let Some(alias) = alias else {
            return self.shape(relation, own_name);
        };
        let name = alias.name.value.to_lowercase();
        let columns: Vec<String> = alias
            .columns
            .iter()
            .map(|column| column.name.value.to_lowercase())
            .collect();
        let width = self.bound.relation(relation).map_or(0, |of| {
            of.columns.iter().filter(|column| !column.hidden).count()
        });
        if !columns.is_empty() && self.is_complete(relation) && width != columns.len() {
            let message = format!(
                "Column alias list has {} entries but '{}' has {} columns available",
                columns.len(),
                alias.name.value,
                width
            );
            self.problem("MISMATCHED_COLUMN_ALIASES", message, at);
        }
        let places: Vec<TextRange> = alias
            .columns
            .iter()
            .map(|column| self.source.range(column.name.span))
            .collect();
        let aliased = self.alias(relation, &name, &columns, at);
        if let Some(relation) = self.bound.relations.get_mut(aliased.0) {
            for (column, at) in relation.columns.iter_mut().zip(places) {
                column.at = at;
            }
        }
        self.shape(aliased, Some(Rc::from([name])))
    }

    /// A relation under a name, its columns under the names given, if any are.
    pub(super) fn alias(
        &mut self,
        of: RelationId,
        name: &str,
        columns: &[String],
        at: &TextRange,
    ) -> RelationId {
        let mut passed = self.passed(of);
        let complete = self.is_complete(of);
        if !columns.is_empty() {
            passed.retain(|column| !column.hidden);
        }
        if !columns.is_empty() {
            if !complete {
                // Which column stands where is not known; how many there are is.
                passed = columns
                    .iter()
                    .map(|_| crate::bound::Column {
                        name: None,
                        ty: crate::bound::Known::Unknown,
                        value: Value::Unknown,
                        at: at.clone(),
                        hidden: false,
                    })
                    .collect();
            }
            for (column, name) in passed.iter_mut().zip(columns) {
                column.name = Some(name.clone());
            }
        }
        self.push(Relation {
            kind: RelationKind::Alias {
                of,
                name: name.to_owned(),
            },
            columns: passed,
            complete: complete || !columns.is_empty(),
            at: at.clone(),
        })
    }
}
