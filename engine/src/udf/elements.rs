//! Arrays made of other arrays' elements, and questions about which elements an array has.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, new_null_array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::interleave;
use datafusion::arrow::datatypes::Field;
use datafusion::arrow::row::{Row, RowConverter, Rows, SortField};
use townlake_sql::types::Type;

use super::cell::{self, Cell};
use super::columns;
use crate::bind::Typed;
use crate::error::{Failure, Result};
use crate::types::{arrow_type, has_floats};

/// An element: of which array, and where among that array's values.
pub type Element = (usize, usize);

/// The arrays of one row, none of them null.
pub struct Lists<'r> {
    ranges: &'r [Range<usize>],
    values: &'r [ArrayRef],
    keys: &'r [Rows],
    others: &'r [Cell<'r>],
}

impl<'r> Lists<'r> {
    /// The elements of an array, in order.
    pub fn elements(&self, list: usize) -> impl DoubleEndedIterator<Item = Element> + use<> {
        self.ranges
            .get(list)
            .cloned()
            .unwrap_or(0..0)
            .map(move |at| (list, at))
    }

    /// How many elements an array has.
    pub fn len(&self, list: usize) -> usize {
        self.ranges.get(list).map_or(0, Range::len)
    }

    /// Whether an element is null.
    pub fn is_null(&self, (list, at): Element) -> bool {
        self.values
            .get(list)
            .is_none_or(|values| values.is_null(at))
    }

    /// What elements are compared and put in order by: equal for equal elements.
    pub fn key(&self, (list, at): Element) -> Option<Row<'r>> {
        self.keys.get(list).map(|keys| keys.row(at))
    }

    /// The nth argument behind the arrays.
    pub fn other(&self, n: usize) -> Option<&Cell<'r>> {
        self.others.get(n)
    }
}

/// Whether elements of the type are equal exactly where their bytes are, and in order as they are.
pub fn is_plain(ty: &Type) -> bool {
    !has_floats(ty)
        && ty.is_orderable()
        && !matches!(ty, Type::Array(_) | Type::Row(_) | Type::Unknown)
}

/// The arguments of one call, taken apart.
struct Input {
    lists: Vec<ListArray>,
    values: Vec<ArrayRef>,
    keys: Vec<Rows>,
    others: Vec<ArrayRef>,
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::internal(error.to_string())
}

impl Input {
    fn new(arrays: &[ArrayRef], count: usize, keyed: bool) -> Result<Self> {
        let (lists, others) = arrays.split_at(count.min(arrays.len()));
        let lists: Vec<ListArray> = lists.iter().map(|list| list.as_list().clone()).collect();
        let values: Vec<ArrayRef> = lists.iter().map(|list| Arc::clone(list.values())).collect();
        let mut keys = Vec::new();
        if let (true, Some(first)) = (keyed, values.first()) {
            let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])
                .map_err(internal)?;
            for values in &values {
                keys.push(
                    converter
                        .convert_columns(std::slice::from_ref(values))
                        .map_err(internal)?,
                );
            }
        }
        Ok(Self {
            lists,
            values,
            keys,
            others: others.to_vec(),
        })
    }

    /// Runs for every row; nothing for rows with a null argument.
    fn each<T>(
        &self,
        rows: usize,
        run: impl Fn(&Lists<'_>) -> Result<T>,
    ) -> Result<Vec<Option<T>>> {
        let readers = self
            .others
            .iter()
            .map(cell::reader)
            .collect::<Result<Vec<_>>>()?;
        let mut out = Vec::with_capacity(rows);
        for row in 0..rows {
            let others: Vec<Cell<'_>> = readers.iter().map(|read| read(row)).collect();
            if self.lists.iter().any(|list| list.is_null(row))
                || others.iter().any(|cell| matches!(cell, Cell::Null))
            {
                out.push(None);
                continue;
            }
            let ranges: Vec<Range<usize>> = self
                .lists
                .iter()
                .map(|list| {
                    let at = |i: usize| {
                        list.value_offsets()
                            .get(i)
                            .map_or(0, |offset| usize::try_from(*offset).unwrap_or(0))
                    };
                    at(row)..at(row + 1)
                })
                .collect();
            out.push(Some(run(&Lists {
                ranges: &ranges,
                values: &self.values,
                keys: &self.keys,
                others: &others,
            })?));
        }
        Ok(out)
    }
}

/// How elements are picked: by array and place, `None` for a null.
pub type Pick = fn(&Lists<'_>) -> Result<Option<Vec<Option<Element>>>>;

/// A function over arrays of one type, and then other arguments, whose result is an array of some of the
/// arrays' elements. Null where an argument is.
pub fn picked(
    name: impl Into<String>,
    lists: Vec<Typed>,
    others: Vec<Typed>,
    item: Type,
    pick: Pick,
) -> Typed {
    let (count, keyed, arrow) = (lists.len(), is_plain(&item), arrow_type(&item));
    let args = lists.into_iter().chain(others).collect();
    columns(
        name,
        args,
        Type::Array(Arc::new(item)),
        Arc::new(move |arrays, rows| {
            let input = Input::new(arrays, count, keyed)?;
            let picks = input.each(rows, pick)?;
            let null = new_null_array(&arrow, 1);
            let mut sources: Vec<&dyn Array> = input.values.iter().map(AsRef::as_ref).collect();
            sources.push(null.as_ref());
            let mut order: Vec<Element> = Vec::new();
            let mut lengths = Vec::with_capacity(rows);
            let mut valid = Vec::with_capacity(rows);
            for pick in picks {
                let pick = pick.flatten();
                valid.push(pick.is_some());
                let pick = pick.unwrap_or_default();
                lengths.push(pick.len());
                order.extend(pick.into_iter().map(|at| at.unwrap_or((count, 0))));
            }
            let values = interleave(&sources, &order).map_err(internal)?;
            let list = ListArray::try_new(
                Arc::new(Field::new("item", arrow.clone(), true)),
                OffsetBuffer::from_lengths(lengths),
                values,
                Some(NullBuffer::from(valid)),
            )
            .map_err(internal)?;
            Ok(Arc::new(list) as ArrayRef)
        }),
    )
}

/// As [`picked`], but the result is one element.
pub fn one(
    name: impl Into<String>,
    lists: Vec<Typed>,
    item: Type,
    pick: fn(&Lists<'_>) -> Option<Element>,
) -> Typed {
    let (count, keyed, arrow) = (lists.len(), is_plain(&item), arrow_type(&item));
    columns(
        name,
        lists,
        item,
        Arc::new(move |arrays, rows| {
            let input = Input::new(arrays, count, keyed)?;
            let null = new_null_array(&arrow, 1);
            let mut sources: Vec<&dyn Array> = input.values.iter().map(AsRef::as_ref).collect();
            sources.push(null.as_ref());
            let order: Vec<Element> = input
                .each(rows, |lists| Ok(pick(lists)))?
                .into_iter()
                .map(|at| at.flatten().unwrap_or((count, 0)))
                .collect();
            interleave(&sources, &order).map_err(internal)
        }),
    )
}

/// A question about arrays of one plain type, whose answer may be unknown.
pub fn asked(
    name: impl Into<String>,
    lists: Vec<Typed>,
    ask: fn(&Lists<'_>) -> Option<bool>,
) -> Typed {
    let count = lists.len();
    columns(
        name,
        lists,
        Type::Boolean,
        Arc::new(move |arrays, rows| {
            let answers = Input::new(arrays, count, true)?.each(rows, |lists| Ok(ask(lists)))?;
            Ok(Arc::new(
                answers
                    .into_iter()
                    .map(Option::flatten)
                    .collect::<BooleanArray>(),
            ) as ArrayRef)
        }),
    )
}

/// A number about arrays of one plain type.
pub fn counted(
    name: impl Into<String>,
    lists: Vec<Typed>,
    count_of: fn(&Lists<'_>) -> i64,
) -> Typed {
    let count = lists.len();
    columns(
        name,
        lists,
        Type::BigInt,
        Arc::new(move |arrays, rows| {
            let numbers =
                Input::new(arrays, count, true)?.each(rows, |lists| Ok(count_of(lists)))?;
            Ok(Arc::new(Int64Array::from(numbers)) as ArrayRef)
        }),
    )
}
