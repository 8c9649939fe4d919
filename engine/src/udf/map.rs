//! Maps, and arrays of rows, made of arrays.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt64Array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::row::{RowConverter, SortField};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::columns;
use crate::bind::Typed;
use crate::error::{Failure, Result};
use crate::types::arrow_type;

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::internal(error.to_string())
}

fn argument(message: &str) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

/// Where a row's elements lie among a list's values.
fn range(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let at = |i: usize| {
        list.value_offsets()
            .get(i)
            .map_or(0, |offset| usize::try_from(*offset).unwrap_or(0))
    };
    at(row)..at(row + 1)
}

fn picked(list: &ListArray, picks: Vec<Option<usize>>) -> Result<ArrayRef> {
    let picks: UInt64Array = picks
        .into_iter()
        .map(|at| at.and_then(|at| u64::try_from(at).ok()))
        .collect();
    take(list.values(), &picks, None).map_err(internal)
}

/// `MAP(keys, values)`; the keys must be of a plain type.
pub fn of_arrays(keys: Typed, values: Typed, key: Type, value: Type) -> Typed {
    let ty = Type::Map(Arc::new(key), Arc::new(value));
    let returns = arrow_type(&ty);
    columns(
        format!("map({ty})"),
        vec![keys, values],
        ty,
        Arc::new(move |arrays, rows| {
            let ([keys, values], DataType::Map(entries, _)) = (arrays, &returns) else {
                return Err(Failure::internal("two arrays"));
            };
            let (keys, values) = (keys.as_list::<i32>(), values.as_list::<i32>());
            let sort = SortField::new(keys.value_type());
            let converter = RowConverter::new(vec![sort]).map_err(internal)?;
            let compared = converter
                .convert_columns(std::slice::from_ref(keys.values()))
                .map_err(internal)?;
            let (mut key_picks, mut value_picks) = (Vec::new(), Vec::new());
            let (mut lengths, mut valid) = (Vec::new(), Vec::new());
            for row in 0..rows {
                if keys.is_null(row) || values.is_null(row) {
                    lengths.push(0);
                    valid.push(false);
                    continue;
                }
                let (k, v) = (range(keys, row), range(values, row));
                if k.len() != v.len() {
                    return Err(argument("Key and value arrays must be the same length"));
                }
                let mut seen = std::collections::HashSet::new();
                for at in k.clone() {
                    if keys.values().is_null(at) {
                        return Err(argument("map key cannot be null"));
                    }
                    if !seen.insert(compared.row(at)) {
                        return Err(argument("Duplicate map keys are not allowed"));
                    }
                }
                lengths.push(k.len());
                valid.push(true);
                key_picks.extend(k.map(Some));
                value_picks.extend(v.map(Some));
            }
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(Failure::internal("a map's entries"));
            };
            let columns = vec![picked(keys, key_picks)?, picked(values, value_picks)?];
            let pairs = StructArray::try_new(fields.clone(), columns, None).map_err(internal)?;
            let map = MapArray::try_new(
                Arc::clone(entries),
                OffsetBuffer::from_lengths(lengths),
                pairs,
                Some(NullBuffer::from(valid)),
                false,
            )
            .map_err(internal)?;
            Ok(Arc::new(map) as ArrayRef)
        }),
    )
}

/// The value of a key, null if the map has none; with `strict`, a failure then.
pub fn value_of(map: Typed, wanted: Typed, value: Type, strict: bool) -> Typed {
    columns(
        if strict {
            "map_subscript"
        } else {
            "map_element_at"
        },
        vec![map, wanted],
        value,
        Arc::new(move |arrays, rows| {
            let [map, wanted] = arrays else {
                return Err(Failure::internal("two arguments"));
            };
            let map = map.as_map();
            let sort = SortField::new(map.key_type().clone());
            let converter = RowConverter::new(vec![sort]).map_err(internal)?;
            let keys = converter
                .convert_columns(std::slice::from_ref(map.keys()))
                .map_err(internal)?;
            let wanted_keys = converter
                .convert_columns(std::slice::from_ref(wanted))
                .map_err(internal)?;
            let mut picks = Vec::with_capacity(rows);
            for row in 0..rows {
                if map.is_null(row) || wanted.is_null(row) {
                    picks.push(None);
                    continue;
                }
                let at = |i: usize| {
                    map.value_offsets()
                        .get(i)
                        .map_or(0, |offset| usize::try_from(*offset).unwrap_or(0))
                };
                let found = (at(row)..at(row + 1)).find(|at| keys.row(*at) == wanted_keys.row(row));
                if strict && found.is_none() {
                    return Err(argument("Key not present in map"));
                }
                picks.push(found.and_then(|at| u64::try_from(at).ok()));
            }
            take(map.values(), &UInt64Array::from(picks), None).map_err(internal)
        }),
    )
}

/// `zip`: rows of the arrays' elements, as many as the longest has.
pub fn zip(lists: Vec<Typed>, items: Vec<Type>) -> Typed {
    let row = Type::Row(items.into_iter().map(|item| (None, item)).collect());
    let arrow = arrow_type(&row);
    columns(
        format!("zip({row})"),
        lists,
        Type::Array(Arc::new(row)),
        Arc::new(move |arrays, rows| {
            let lists: Vec<&ListArray> = arrays.iter().map(|array| array.as_list()).collect();
            let mut picks: Vec<Vec<Option<usize>>> = vec![Vec::new(); lists.len()];
            let (mut lengths, mut valid) = (Vec::new(), Vec::new());
            for row in 0..rows {
                if lists.iter().any(|list| list.is_null(row)) {
                    lengths.push(0);
                    valid.push(false);
                    continue;
                }
                let ranges: Vec<_> = lists.iter().map(|list| range(list, row)).collect();
                let longest = ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
                for (range, picks) in ranges.into_iter().zip(&mut picks) {
                    let missing = longest - range.len();
                    picks.extend(range.map(Some));
                    picks.extend(std::iter::repeat_n(None, missing));
                }
                lengths.push(longest);
                valid.push(true);
            }
            let columns = lists
                .iter()
                .zip(picks)
                .map(|(list, picks)| picked(list, picks))
                .collect::<Result<Vec<_>>>()?;
            let DataType::Struct(fields) = &arrow else {
                return Err(Failure::internal("a row"));
            };
            let values = StructArray::try_new(fields.clone(), columns, None).map_err(internal)?;
            let list = ListArray::try_new(
                Arc::new(Field::new("item", arrow.clone(), true)),
                OffsetBuffer::from_lengths(lengths),
                Arc::new(values),
                Some(NullBuffer::from(valid)),
            )
            .map_err(internal)?;
            Ok(Arc::new(list) as ArrayRef)
        }),
    )
}
