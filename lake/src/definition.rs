//! How a table is described: its columns and comments, from Arrow to Iceberg and back.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, TimeUnit};
use iceberg::arrow::arrow_schema_to_schema_auto_assign_ids;
use iceberg::spec::Schema;

use crate::error::LakeError;

/// The table property that holds the table's comment, as Trino and Spark write it.
pub const COMMENT_PROPERTY: &str = "comment";

/// Where `iceberg` looks for a column's comment in an Arrow field.
const FIELD_COMMENT: &str = "doc";

/// A table to be made.
#[derive(Debug, Clone, Default)]
pub struct TableDefinition {
    /// The namespace, which has to exist.
    pub namespace: String,
    /// The table's name.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// What one row is; ends in a bracket that says exactness and freshness.
    pub comment: Option<String>,
    /// Further table properties.
    pub properties: HashMap<String, String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name, type and nullability; the type is narrowed or widened to what Iceberg has.
    pub field: Field,
    /// What the column means, where that is not obvious.
    pub comment: Option<String>,
}

impl Column {
    /// A nullable column.
    #[must_use]
    pub fn new(name: &str, data_type: DataType) -> Self {
        Column {
            field: Field::new(name, data_type, true),
            comment: None,
        }
    }

    /// The same column, never null.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.field = self.field.with_nullable(false);
        self
    }

    /// The same column with a comment.
    #[must_use]
    pub fn with_comment(mut self, comment: &str) -> Self {
        self.comment = Some(comment.to_owned());
        self
    }
}

impl TableDefinition {
    /// The Iceberg schema, with fresh field ids from 1.
    pub(crate) fn iceberg_schema(&self) -> Result<Schema, LakeError> {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| {
                let mut field = Field::new(
                    column.field.name(),
                    storable(column.field.data_type()),
                    column.field.is_nullable(),
                );
                if let Some(comment) = &column.comment {
                    field = field.with_metadata(HashMap::from([(
                        FIELD_COMMENT.to_owned(),
                        comment.clone(),
                    )]));
                }
                field
            })
            .collect();
        Ok(arrow_schema_to_schema_auto_assign_ids(&ArrowSchema::new(
            fields,
        ))?)
    }

    pub(crate) fn all_properties(&self) -> HashMap<String, String> {
        let mut properties = self.properties.clone();
        if let Some(comment) = &self.comment {
            properties.insert(COMMENT_PROPERTY.to_owned(), comment.clone());
        }
        properties
    }
}

/// The nearest type that Iceberg can store without loss of values. What has none (intervals,
/// times of day finer than microseconds) is left as it is, and `iceberg` refuses it by name.
fn storable(data_type: &DataType) -> DataType {
    let nested = |field: &Field, name: &str| {
        Arc::new(Field::new(
            name,
            storable(field.data_type()),
            field.is_nullable(),
        ))
    };
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::BinaryView | DataType::Binary => DataType::LargeBinary,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, None) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            DataType::Timestamp(TimeUnit::Nanosecond, zone.as_ref().map(|_| "+00:00".into()))
        }
        DataType::Timestamp(_, Some(_)) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
        }
        DataType::Dictionary(_, value) => storable(value),
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::List(field) | DataType::LargeList(field) | DataType::ListView(field) => {
            DataType::List(nested(field, "element"))
        }
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| nested(field, field.name()))
                .collect(),
        ),
        other => other.clone(),
    }
}
