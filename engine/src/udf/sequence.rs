//! `sequence`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::Field;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::cell::{self, Cell};
use super::columns;
use crate::bind::Typed;
use crate::error::{Failure, Result};
use crate::temporal::{self, DAY_NANOS};
use crate::types::arrow_type;

/// Trino makes no longer ones.
const MOST: i128 = 10_000;

/// Whole numbers or days from one to another, by steps: a number, or an interval for days.
pub fn sequence(args: Vec<Typed>, item: Type) -> Typed {
    let by_months = args
        .get(2)
        .is_some_and(|step| step.ty == Type::IntervalYearMonth);
    let by_days = args
        .get(2)
        .is_some_and(|step| step.ty == Type::IntervalDayTime);
    let arrow = arrow_type(&item);
    let days = item == Type::Date;
    columns(
        format!("sequence({item} {by_months} {by_days})"),
        args,
        Type::Array(Arc::new(item)),
        Arc::new(move |arrays, rows| {
            let readers = arrays
                .iter()
                .map(cell::reader)
                .collect::<Result<Vec<_>>>()?;
            let mut values: Vec<i64> = Vec::new();
            let (mut lengths, mut valid) = (Vec::new(), Vec::new());
            for row in 0..rows {
                let cells: Vec<Cell<'_>> = readers.iter().map(|read| read(row)).collect();
                let made = match cells.as_slice() {
                    [Cell::Int(start), Cell::Int(stop)] => {
                        let step = if start <= stop { 1 } else { -1 };
                        Some(by_number(*start, *stop, step)?)
                    }
                    [Cell::Int(start), Cell::Int(stop), Cell::Int(step)] if by_months => {
                        Some(by_month(*start, *stop, *step)?)
                    }
                    [Cell::Int(start), Cell::Int(stop), Cell::Int(step)] if by_days => {
                        if step % 86_400_000 != 0 {
                            return Err(argument(
                                "sequence step must be a day interval if start and end values are dates",
                            ));
                        }
                        Some(by_number(*start, *stop, step / 86_400_000)?)
                    }
                    [Cell::Int(start), Cell::Int(stop), Cell::Int(step)] => {
                        Some(by_number(*start, *stop, *step)?)
                    }
                    _ => None,
                };
                valid.push(made.is_some());
                let made = made.unwrap_or_default();
                lengths.push(made.len());
                values.extend(made);
            }
            let values: ArrayRef = if days {
                let days: std::result::Result<Vec<i32>, _> =
                    values.into_iter().map(i32::try_from).collect();
                Arc::new(Int32Array::from(
                    days.map_err(|_| argument("a date is out of range"))?,
                ))
            } else {
                Arc::new(Int64Array::from(values))
            };
            let values = cast(&values, &arrow).map_err(|e| Failure::internal(e.to_string()))?;
            let list = ListArray::try_new(
                Arc::new(Field::new("item", arrow.clone(), true)),
                OffsetBuffer::from_lengths(lengths),
                values,
                Some(NullBuffer::from(valid)),
            )
            .map_err(|e| Failure::internal(e.to_string()))?;
            Ok(Arc::new(list) as ArrayRef)
        }),
    )
}

fn argument(message: &str) -> Failure {
    Failure::new(ErrorCode::InvalidFunctionArgument, message)
}

fn check(forward: bool, backward: bool, step: i64) -> Result<()> {
    if step == 0 {
        return Err(argument("step must not be zero"));
    }
    if (step > 0 && backward) || (step < 0 && forward) {
        return Err(argument(
            "sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start",
        ));
    }
    Ok(())
}

fn too_long() -> Failure {
    argument("result of sequence function must not have more than 10000 entries")
}

fn by_number(start: i64, stop: i64, step: i64) -> Result<Vec<i64>> {
    check(start < stop, start > stop, step)?;
    let (first, last, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let count = (last - first) / step + 1;
    if count > MOST {
        return Err(too_long());
    }
    Ok((0..count)
        .filter_map(|i| i64::try_from(first + i * step).ok())
        .collect())
}

fn by_month(start: i64, stop: i64, step: i64) -> Result<Vec<i64>> {
    check(start < stop, start > stop, step)?;
    let range = || argument("a date is out of range");
    let nanos = |day: i64| i128::from(day) * DAY_NANOS;
    let months = temporal::months_between(nanos(start), nanos(stop)).ok_or_else(range)?;
    let count = months / step + 1;
    if i128::from(count) > MOST {
        return Err(too_long());
    }
    let first = temporal::date(start).ok_or_else(range)?;
    (0..count)
        .map(|i| {
            temporal::add_months(first, i * step)
                .map(|date| i64::from(temporal::days(date)))
                .ok_or_else(range)
        })
        .collect()
}
