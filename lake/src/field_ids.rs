//! Matches the columns of a data file with the table's columns by field id.
//!
//! A name says nothing in Iceberg: a file keeps the names of the day it was written. DataFusion
//! matches by name, which turns a renamed column into silent nulls and a re-added one into the
//! dropped one's values.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::expressions::Column;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

/// The ids of a table's columns and what a file may lack.
#[derive(Debug)]
pub(crate) struct FieldIds {
    /// `namespace.table`, for messages.
    pub table: String,
    /// Column name to field id, for every column of the table.
    pub by_name: HashMap<String, i32>,
    /// Columns whose absence from a file does not mean null, with the reason.
    pub never_absent: HashMap<i32, &'static str>,
}

#[derive(Debug)]
pub(crate) struct FieldIdAdapterFactory(pub Arc<FieldIds>);

#[derive(Debug)]
struct FieldIdAdapter {
    by_name: Arc<dyn PhysicalExprAdapter>,
    physical: SchemaRef,
    /// Column name to the reason why this file cannot give the column.
    refused: BTreeMap<String, String>,
}

impl PhysicalExprAdapterFactory for FieldIdAdapterFactory {
    fn create(
        &self,
        logical: SchemaRef,
        physical: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let ids = &self.0;
        let logical_by_id: HashMap<i32, &Arc<Field>> = logical
            .fields()
            .iter()
            .filter_map(|field| ids.by_name.get(field.name()).map(|id| (*id, field)))
            .collect();
        let mut refused = BTreeMap::new();
        let mut present = Vec::with_capacity(physical.fields().len());
        let mut renamed = Vec::with_capacity(physical.fields().len());
        for field in physical.fields() {
            let Some(id) = field_id(field) else {
                return exec_err!(
                    "a data file of table `{}` carries no Iceberg field id for its column `{}`, so \
                     its columns cannot be matched safely; rewrite the table with a writer that \
                     sets field ids",
                    ids.table,
                    field.name()
                );
            };
            present.push(id);
            renamed.push(match logical_by_id.get(&id) {
                Some(logical) => {
                    if let Some(reason) = nested_mismatch(logical, field) {
                        refused.insert(logical.name().clone(), reason);
                    }
                    // The same type under another name, nullability or comment needs no cast.
                    if logical.data_type() == field.data_type() {
                        logical.as_ref().clone()
                    } else {
                        field.as_ref().clone().with_name(logical.name())
                    }
                }
                // Dropped since: a name that no column can have keeps it out of a match by name.
                None => field.as_ref().clone().with_name(format!("\0dropped {id}")),
            });
        }
        for (id, field) in &logical_by_id {
            if !present.contains(id)
                && let Some(reason) = ids.never_absent.get(id)
            {
                refused.insert(field.name().clone(), (*reason).to_owned());
            }
        }
        let refused = refused
            .into_iter()
            .map(|(column, reason)| {
                let message = format!(
                    "column `{column}` of table `{}` cannot be read from an older data file: \
                     {reason}",
                    ids.table
                );
                (column, message)
            })
            .collect();
        Ok(Arc::new(FieldIdAdapter {
            by_name: DefaultPhysicalExprAdapterFactory
                .create(logical, Arc::new(Schema::new(renamed)))?,
            physical,
            refused,
        }))
    }
}

impl PhysicalExprAdapter for FieldIdAdapter {
    fn rewrite(&self, expression: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        if !self.refused.is_empty() {
            expression.apply(|node| {
                if let Some(column) = node.downcast_ref::<Column>()
                    && let Some(message) = self.refused.get(column.name())
                {
                    return exec_err!("{message}");
                }
                Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
            })?;
        }
        // Matched under today's names, then called by the names that the file itself uses.
        let matched = self.by_name.rewrite(expression)?;
        matched
            .transform(|node| {
                let Some(column) = node.downcast_ref::<Column>() else {
                    return Ok(Transformed::no(node));
                };
                let Some(field) = self.physical.fields().get(column.index()) else {
                    return Err(DataFusionError::Internal(format!(
                        "column {} is outside the data file's {} columns",
                        column.index(),
                        self.physical.fields().len()
                    )));
                };
                let own_name: Arc<dyn PhysicalExpr> =
                    Arc::new(Column::new(field.name(), column.index()));
                Ok(Transformed::yes(own_name))
            })
            .data()
    }
}

fn field_id(field: &Field) -> Option<i32> {
    field
        .metadata()
        .get(PARQUET_FIELD_ID_META_KEY)?
        .parse()
        .ok()
}

/// Fields inside a structure are matched by name further down, so their ids have to agree.
fn nested_mismatch(logical: &Field, physical: &Field) -> Option<String> {
    let (mut now, mut then) = (BTreeMap::new(), BTreeMap::new());
    nested_fields(logical.data_type(), "", &mut now);
    nested_fields(physical.data_type(), "", &mut then);
    let then_by_id: HashMap<i32, &String> = then
        .iter()
        .filter_map(|(path, id)| id.map(|id| (id, path)))
        .collect();
    for (path, id) in &now {
        let same_id_elsewhere = id
            .and_then(|id| then_by_id.get(&id))
            .is_some_and(|then| *then != path);
        let other_id_here = then.get(path).is_some_and(|then| then != id);
        if same_id_elsewhere || other_id_here {
            return Some(format!(
                "its nested field `{path}` was renamed or re-made since"
            ));
        }
    }
    None
}

fn nested_fields(data_type: &DataType, prefix: &str, into: &mut BTreeMap<String, Option<i32>>) {
    match data_type {
        DataType::Struct(fields) => {
            for field in fields {
                let path = format!("{prefix}{}", field.name());
                nested_fields(field.data_type(), &format!("{path}."), into);
                into.insert(path, field_id(field));
            }
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            nested_fields(item.data_type(), &format!("{prefix}[]."), into);
        }
        DataType::Map(entries, _) => {
            if let DataType::Struct(fields) = entries.data_type() {
                for (field, part) in fields.iter().zip(["key", "value"]) {
                    nested_fields(field.data_type(), &format!("{prefix}{part}."), into);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Fields;

    use super::*;

    fn with_id(field: Field, id: i32) -> Field {
        field.with_metadata(HashMap::from([(
            PARQUET_FIELD_ID_META_KEY.to_owned(),
            id.to_string(),
        )]))
    }

    fn structure(inner: &[(&str, i32)]) -> DataType {
        DataType::Struct(
            inner
                .iter()
                .map(|(name, id)| with_id(Field::new(*name, DataType::Int64, true), *id))
                .collect::<Fields>(),
        )
    }

    /// Reads column `a` (id 1) of a table whose column has `logical` from a file with `physical`.
    fn read(logical: DataType, physical: Vec<Field>) -> Result<String> {
        let ids = FieldIds {
            table: "shop.orders".into(),
            by_name: HashMap::from([("a".into(), 1)]),
            never_absent: HashMap::from([(1, "it has a default value")]),
        };
        let adapter = FieldIdAdapterFactory(Arc::new(ids)).create(
            Arc::new(Schema::new(vec![Field::new("a", logical, true)])),
            Arc::new(Schema::new(physical)),
        )?;
        adapter
            .rewrite(Arc::new(Column::new("a", 0)))
            .map(|expression| expression.to_string())
    }

    #[test]
    fn a_column_is_found_by_its_id_and_called_by_the_files_name() {
        let physical = vec![
            with_id(Field::new("a", DataType::Int64, true), 2),
            with_id(Field::new("old", DataType::Int64, false), 1),
        ];
        assert_eq!(read(DataType::Int64, physical).unwrap(), "old@1");
    }

    #[test]
    fn what_a_file_cannot_give_is_refused() {
        let cases = [
            (
                DataType::Int64,
                vec![Field::new("a", DataType::Int64, true)],
                "no Iceberg field id for its column `a`",
            ),
            (
                DataType::Int64,
                vec![with_id(Field::new("b", DataType::Int64, true), 2)],
                "it has a default value",
            ),
            (
                structure(&[("new", 5)]),
                vec![with_id(Field::new("a", structure(&[("old", 5)]), true), 1)],
                "`new` was renamed",
            ),
            (
                structure(&[("x", 6)]),
                vec![with_id(Field::new("a", structure(&[("x", 5)]), true), 1)],
                "`x` was renamed or re-made",
            ),
        ];
        for (logical, physical, expected) in cases {
            let error = read(logical, physical).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_nested_field_that_was_added_since_is_no_mismatch() {
        let physical = Field::new("a", structure(&[("x", 5)]), true);
        assert!(read(structure(&[("x", 5), ("y", 6)]), vec![with_id(physical, 1)]).is_ok());
    }
}
