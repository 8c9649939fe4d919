//! Arrays and maps.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Builder, ListArray, ListBuilder};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::interleave;
use datafusion::arrow::datatypes::{DataType, Field};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::columns;
use crate::bind::Typed;
use crate::error::{Failure, Result};
use crate::types::arrow_type;

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::internal(error.to_string())
}

/// `ARRAY[...]` of items of one type.
pub fn make(items: Vec<Typed>, item: Type) -> Typed {
    let ty = Type::Array(Arc::new(item.clone()));
    let arrow = arrow_type(&item);
    columns(
        format!("array({item})"),
        items,
        ty,
        Arc::new(move |arrays, rows| {
            let field = Arc::new(Field::new("item", arrow.clone(), true));
            let width = arrays.len();
            let values: ArrayRef = if width == 0 {
                datafusion::arrow::array::new_empty_array(&arrow)
            } else {
                let refs: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                let order: Vec<(usize, usize)> = (0..rows)
                    .flat_map(|row| (0..width).map(move |i| (i, row)))
                    .collect();
                interleave(&refs, &order).map_err(internal)?
            };
            let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(width, rows));
            Ok(
                Arc::new(ListArray::try_new(field, offsets, values, None).map_err(internal)?)
                    as ArrayRef,
            )
        }),
    )
}

/// `1, 2, ...` as many as the longest of the arrays has elements, for WITH ORDINALITY.
pub fn ordinals(arrays: Vec<Typed>) -> Typed {
    let ty = Type::Array(Arc::new(Type::BigInt));
    columns(
        "ordinals",
        arrays,
        ty,
        Arc::new(|arrays, rows| {
            let mut builder = ListBuilder::new(Int64Builder::new())
                .with_field(Arc::new(Field::new("item", DataType::Int64, true)));
            for row in 0..rows {
                let longest = arrays
                    .iter()
                    .filter(|array| array.is_valid(row))
                    .map(|array| array.as_list::<i32>().value_length(row))
                    .max()
                    .unwrap_or(0);
                builder.append_value((1..=i64::from(longest)).map(Some));
            }
            Ok(Arc::new(builder.finish()) as ArrayRef)
        }),
    )
}

/// `array[index]`, which must be there; with `lenient`, `element_at`, which gives null.
pub fn element(array: Typed, index: Typed, item: Type, lenient: bool) -> Typed {
    let name = if lenient { "element_at" } else { "subscript" };
    columns(
        name,
        vec![array, index],
        item,
        Arc::new(move |arrays, rows| {
            let [list, index] = arrays else {
                return Err(Failure::internal("two arguments"));
            };
            let list = list.as_list::<i32>();
            let index = index.as_primitive::<datafusion::arrow::datatypes::Int64Type>();
            let mut picks: Vec<Option<u64>> = Vec::with_capacity(rows);
            for row in 0..rows {
                if list.is_null(row) || index.is_null(row) {
                    picks.push(None);
                    continue;
                }
                let length = i64::from(list.value_length(row));
                let start = i64::from(list.value_offsets().get(row).copied().unwrap_or(0));
                let wanted = index.value(row);
                if wanted == 0 {
                    return Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        "SQL array indices start at 1",
                    ));
                }
                let at = if wanted > 0 {
                    wanted - 1
                } else if lenient {
                    length + wanted
                } else {
                    return Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        format!("Array subscript is negative: {wanted}"),
                    ));
                };
                if at < 0 || at >= length {
                    if lenient {
                        picks.push(None);
                        continue;
                    }
                    return Err(Failure::new(
                        ErrorCode::InvalidFunctionArgument,
                        format!(
                            "Array subscript must be less than or equal to array length: {wanted} > {length}"
                        ),
                    ));
                }
                picks.push(u64::try_from(start + at).ok());
            }
            let picks = datafusion::arrow::array::UInt64Array::from(picks);
            datafusion::arrow::compute::take(list.values(), &picks, None).map_err(internal)
        }),
    )
}

/// `cardinality` of an array or map.
pub fn cardinality(value: Typed) -> Typed {
    columns(
        "cardinality",
        vec![value],
        Type::BigInt,
        Arc::new(|arrays, rows| {
            let value = arrays
                .first()
                .ok_or_else(|| Failure::internal("one argument"))?;
            let mut builder = Int64Builder::with_capacity(rows);
            for row in 0..rows {
                if value.is_null(row) {
                    builder.append_null();
                    continue;
                }
                let length = match value.data_type() {
                    DataType::Map(..) => value.as_map().value_length(row),
                    _ => value.as_list::<i32>().value_length(row),
                };
                builder.append_value(i64::from(length));
            }
            Ok(Arc::new(builder.finish()) as ArrayRef)
        }),
    )
}

/// The keys or the values of a map, as an array.
pub fn map_side(map: Typed, keys: bool, item: Type) -> Typed {
    let arrow = arrow_type(&item);
    columns(
        if keys { "map_keys" } else { "map_values" },
        vec![map],
        Type::Array(Arc::new(item)),
        Arc::new(move |arrays, _| {
            let map = arrays
                .first()
                .ok_or_else(|| Failure::internal("one argument"))?
                .as_map();
            let values = if keys { map.keys() } else { map.values() };
            let field = Arc::new(Field::new("item", arrow.clone(), true));
            let list = ListArray::try_new(
                field,
                map.offsets().clone(),
                Arc::clone(values),
                map.nulls().cloned(),
            )
            .map_err(internal)?;
            Ok(Arc::new(list) as ArrayRef)
        }),
    )
}

/// Arrays of one type, one after the other.
pub fn concat(arrays: Vec<Typed>, item: Type) -> Typed {
    let arrow = arrow_type(&item);
    columns(
        "concat",
        arrays,
        Type::Array(Arc::new(item)),
        Arc::new(move |arrays, rows| -> Result<ArrayRef> {
            let lists: Vec<&ListArray> =
                arrays.iter().map(|array| array.as_list::<i32>()).collect();
            let values: Vec<&dyn Array> = lists.iter().map(|list| list.values().as_ref()).collect();
            let mut order: Vec<(usize, usize)> = Vec::new();
            let mut lengths = Vec::with_capacity(rows);
            let mut valid = Vec::with_capacity(rows);
            for row in 0..rows {
                if lists.iter().any(|list| list.is_null(row)) {
                    lengths.push(0);
                    valid.push(false);
                    continue;
                }
                let before = order.len();
                for (i, list) in lists.iter().enumerate() {
                    let offsets = list.value_offsets();
                    let at = |i: usize| {
                        offsets
                            .get(i)
                            .map_or(0, |o| usize::try_from(*o).unwrap_or(0))
                    };
                    order.extend((at(row)..at(row + 1)).map(|j| (i, j)));
                }
                lengths.push(order.len() - before);
                valid.push(true);
            }
            let field = Arc::new(Field::new("item", arrow.clone(), true));
            let values = interleave(&values, &order).map_err(internal)?;
            let list = ListArray::try_new(
                field,
                OffsetBuffer::from_lengths(lengths),
                values,
                Some(NullBuffer::from(valid)),
            )
            .map_err(internal)?;
            Ok(Arc::new(list))
        }),
    )
}
