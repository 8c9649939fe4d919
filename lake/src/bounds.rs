//! A data file's column bounds, from a manifest's values to DataFusion's statistics.

use datafusion::arrow::datatypes::{DataType, Schema as ArrowSchema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use iceberg::spec::{DataFile, Datum, PrimitiveLiteral, PrimitiveType};

/// What the manifests say about one file, column by column of `schema`. The bounds are marked
/// exact because pruning asks for that; they are bounds (a value may lie inside), so these figures
/// must never answer a query. `summed` makes the ones that planning may see.
pub(crate) fn file_statistics(file: &DataFile, schema: &ArrowSchema, ids: &[i32]) -> Statistics {
    let columns = schema
        .fields()
        .iter()
        .zip(ids)
        .map(|(field, id)| column_statistics(file, field.data_type(), *id))
        .collect();
    Statistics {
        num_rows: exact_count(file.record_count()),
        total_byte_size: Precision::Absent,
        column_statistics: columns,
    }
}

fn column_statistics(file: &DataFile, data_type: &DataType, id: i32) -> ColumnStatistics {
    let mut statistics = ColumnStatistics::new_unknown();
    if let Some(nulls) = file.null_value_counts().get(&id) {
        statistics.null_count = exact_count(*nulls);
    }
    // Bounds leave NaN out, and NaN is larger than every number here: they bound a floating-point
    // column only if the file is known to hold none.
    if may_hold_nan(file, data_type, id) {
        return statistics;
    }
    let bound = |datum: Option<&Datum>| {
        datum
            .and_then(|datum| scalar(datum, data_type))
            .map_or(Precision::Absent, Precision::Exact)
    };
    statistics.min_value = bound(file.lower_bounds().get(&id));
    statistics.max_value = bound(file.upper_bounds().get(&id));
    statistics
}

/// The columns of `schema`, by index, for which the file is not known to hold no NaN.
pub(crate) fn nan_columns(file: &DataFile, schema: &ArrowSchema, ids: &[i32]) -> Vec<usize> {
    schema
        .fields()
        .iter()
        .zip(ids)
        .enumerate()
        .filter(|(_, (field, id))| may_hold_nan(file, field.data_type(), **id))
        .map(|(index, _)| index)
        .collect()
}

fn may_hold_nan(file: &DataFile, data_type: &DataType, id: i32) -> bool {
    data_type.is_floating() && file.nan_value_counts().get(&id).copied() != Some(0)
}

/// The figures of all files together, for planning: the number of rows is exact, all else a guess.
pub(crate) fn summed<'a>(
    files: impl Iterator<Item = &'a Statistics>,
    schema: &ArrowSchema,
) -> Statistics {
    let mut total: Option<Statistics> = None;
    for file in files {
        total = Some(match total {
            None => file.clone(),
            Some(sum) => add(sum, file),
        });
    }
    let mut total = total.unwrap_or_else(|| Statistics {
        num_rows: Precision::Exact(0),
        ..Statistics::new_unknown(schema)
    });
    for column in &mut total.column_statistics {
        *column = column.clone().to_inexact();
    }
    total
}

fn add(mut sum: Statistics, file: &Statistics) -> Statistics {
    sum.num_rows = sum.num_rows.add(&file.num_rows);
    for (total, column) in sum
        .column_statistics
        .iter_mut()
        .zip(&file.column_statistics)
    {
        total.null_count = total.null_count.add(&column.null_count);
        total.min_value = total.min_value.min(&column.min_value);
        total.max_value = total.max_value.max(&column.max_value);
    }
    sum
}

fn exact_count(count: u64) -> Precision<usize> {
    usize::try_from(count).map_or(Precision::Absent, Precision::Exact)
}

/// The bound as a value of the column's type of today, which may be wider than the file's.
fn scalar(datum: &Datum, data_type: &DataType) -> Option<ScalarValue> {
    let zone = || Some("+00:00".into());
    let value = match (datum.data_type(), datum.literal()) {
        (PrimitiveType::Boolean, PrimitiveLiteral::Boolean(v)) => ScalarValue::Boolean(Some(*v)),
        (PrimitiveType::Int, PrimitiveLiteral::Int(v)) => ScalarValue::Int32(Some(*v)),
        (PrimitiveType::Long, PrimitiveLiteral::Long(v)) => ScalarValue::Int64(Some(*v)),
        (PrimitiveType::Float, PrimitiveLiteral::Float(v)) => ScalarValue::Float32(Some(v.0)),
        (PrimitiveType::Double, PrimitiveLiteral::Double(v)) => ScalarValue::Float64(Some(v.0)),
        (PrimitiveType::Date, PrimitiveLiteral::Int(v)) => ScalarValue::Date32(Some(*v)),
        (PrimitiveType::Time, PrimitiveLiteral::Long(v)) => {
            ScalarValue::Time64Microsecond(Some(*v))
        }
        (PrimitiveType::Timestamp, PrimitiveLiteral::Long(v)) => {
            ScalarValue::TimestampMicrosecond(Some(*v), None)
        }
        (PrimitiveType::Timestamptz, PrimitiveLiteral::Long(v)) => {
            ScalarValue::TimestampMicrosecond(Some(*v), zone())
        }
        (PrimitiveType::TimestampNs, PrimitiveLiteral::Long(v)) => {
            ScalarValue::TimestampNanosecond(Some(*v), None)
        }
        (PrimitiveType::TimestamptzNs, PrimitiveLiteral::Long(v)) => {
            ScalarValue::TimestampNanosecond(Some(*v), zone())
        }
        (PrimitiveType::Decimal { precision, scale }, PrimitiveLiteral::Int128(v)) => {
            ScalarValue::Decimal128(
                Some(*v),
                u8::try_from(*precision).ok()?,
                i8::try_from(*scale).ok()?,
            )
        }
        (PrimitiveType::String, PrimitiveLiteral::String(v)) => ScalarValue::Utf8(Some(v.clone())),
        _ => return None,
    };
    if value.data_type() == *data_type {
        return Some(value);
    }
    value.cast_to(data_type).ok().filter(|v| !v.is_null())
}
