//! Rows (records).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StructArray};
use datafusion::arrow::compute::{is_null, nullif};
use datafusion::arrow::datatypes::DataType;
use townlake_sql::types::Type;

use super::columns;
use crate::bind::Typed;
use crate::error::Failure;
use crate::types::arrow_type;

/// A field of a row by its position.
pub fn field(row: Typed, index: usize, ty: Type) -> Typed {
    columns(
        format!("field{index}"),
        vec![row],
        ty,
        Arc::new(move |arrays, _| {
            let row = arrays.first().ok_or_else(|| Failure::internal("a row"))?;
            let row = row
                .as_struct_opt()
                .ok_or_else(|| Failure::internal("a row"))?;
            let column = row
                .columns()
                .get(index)
                .ok_or_else(|| Failure::internal("a row lacks a field"))?;
            if row.null_count() == 0 {
                return Ok(Arc::clone(column));
            }
            // A field of no row is null.
            let missing = is_null(row).map_err(|e| Failure::internal(e.to_string()))?;
            nullif(column, &missing).map_err(|e| Failure::internal(e.to_string()))
        }),
    )
}

/// A row of values.
pub fn make(items: Vec<Typed>) -> Typed {
    let ty = Type::Row(items.iter().map(|item| (None, item.ty.clone())).collect());
    let returns = arrow_type(&ty);
    columns(
        format!("row({ty})"),
        items,
        ty,
        Arc::new(move |arrays, rows| {
            let DataType::Struct(fields) = &returns else {
                return Err(Failure::internal("a row"));
            };
            let row = StructArray::try_new_with_length(fields.clone(), arrays.to_vec(), None, rows)
                .map_err(|e| Failure::internal(e.to_string()))?;
            Ok(Arc::new(row) as ArrayRef)
        }),
    )
}
