//! Aggregates that DataFusion lacks, and what is done with the results of those that it has.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::cell::{Cell, Out};
use super::{nullable, strict};
use crate::bind::Typed;
use crate::convert::fits;
use crate::error::Failure;
use crate::types::arrow_type;

/// A mean as the nearest whole number, half of one upwards: what Java's rounding gives.
pub fn rounded(mean: Typed, ty: Type) -> Typed {
    strict(format!("rounded({ty})"), vec![mean], ty, |row| match row {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the mean of values that fit, fits"
        )]
        [Cell::Float(v)] => Ok(Out::Int((v + 0.5).floor() as i64)),
        _ => Err(Failure::internal("one number")),
    })
}

/// A sum of integers, made in decimal(38,0), as a bigint.
pub fn sum_to_bigint(sum: Typed) -> Typed {
    strict("sum_bigint", vec![sum], Type::BigInt, |row| match row {
        [Cell::Decimal(v)] => i64::try_from(*v).map(Out::Int).map_err(|_| {
            Failure::new(
                ErrorCode::NumericValueOutOfRange,
                "bigint addition overflow",
            )
        }),
        _ => Err(Failure::internal("one sum")),
    })
}

/// A sum of decimals that must have at most 38 digits.
pub fn check_decimal(sum: Typed) -> Typed {
    let ty = sum.ty.clone();
    strict(format!("sum_check({ty})"), vec![sum], ty, |row| match row {
        [Cell::Decimal(v)] if fits(*v, 38) => Ok(Out::Decimal(*v)),
        [Cell::Decimal(_)] => Err(Failure::new(
            ErrorCode::NumericValueOutOfRange,
            "Decimal overflow",
        )),
        _ => Err(Failure::internal("one sum")),
    })
}

/// `sum / count`, half rounded away from zero, in the type of what was averaged.
pub fn decimal_average(parts: Vec<Typed>, ty: &Type) -> Typed {
    nullable(format!("avg({ty})"), parts, ty.clone(), |row| match row {
        [Cell::Null, _] | [_, Cell::Int(0)] => Ok(Out::Null),
        [Cell::Decimal(sum), Cell::Int(count)] => {
            let count = i128::from(*count);
            let (quotient, rest) = (sum / count, sum % count);
            let up = rest.abs() * 2 >= count;
            Ok(Out::Decimal(if up {
                quotient + sum.signum()
            } else {
                quotient
            }))
        }
        _ => Err(Failure::internal("a sum and a count")),
    })
}

/// About how many distinct values there are.
pub fn approx_distinct() -> Arc<AggregateUDF> {
    datafusion::functions_aggregate::approx_distinct::approx_distinct_udaf()
}

/// Any value that is not null: the first.
pub fn any_value(ty: &Type) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(Pick {
        name: format!("any_value({ty})"),
        value: arrow_type(ty),
        by: None,
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

/// The value that stands beside the greatest (or smallest) key.
pub fn extreme_by(greatest: bool, value: &Type) -> Arc<AggregateUDF> {
    let name = if greatest { "max_by" } else { "min_by" };
    Arc::new(AggregateUDF::new_from_impl(Pick {
        name: format!("{name}({value})"),
        value: arrow_type(value),
        by: Some(greatest),
        signature: Signature::any(2, Volatility::Immutable),
    }))
}

/// The only value there is; it fails where there are more rows than one.
pub fn single_value(ty: &Type) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(Single {
        value: arrow_type(ty),
        name: format!("single_value({ty})"),
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pick {
    name: String,
    value: DataType,
    by: Option<bool>,
    signature: Signature,
}

impl AggregateUDFImpl for Pick {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.value.clone())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        let key = match args.expr_fields.get(1) {
            Some(field) => ScalarValue::try_new_null(field.data_type())?,
            None => ScalarValue::Null,
        };
        Ok(Box::new(PickState {
            value: ScalarValue::try_new_null(&self.value)?,
            key,
            seen: false,
            by: self.by,
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        let key = args
            .input_fields
            .get(1)
            .map_or(DataType::Null, |field| field.data_type().clone());
        Ok(vec![
            Arc::new(Field::new(
                format!("{}[value]", args.name),
                self.value.clone(),
                true,
            )),
            Arc::new(Field::new(format!("{}[key]", args.name), key, true)),
            Arc::new(Field::new(
                format!("{}[seen]", args.name),
                DataType::Boolean,
                true,
            )),
        ])
    }
}

#[derive(Debug)]
struct PickState {
    value: ScalarValue,
    key: ScalarValue,
    seen: bool,
    by: Option<bool>,
}

impl PickState {
    fn offer(
        &mut self,
        value: &ArrayRef,
        key: Option<&ArrayRef>,
        row: usize,
    ) -> DataFusionResult<()> {
        match (self.by, key) {
            (None, _) => {
                if !self.seen && value.is_valid(row) {
                    self.value = ScalarValue::try_from_array(value, row)?;
                    self.seen = true;
                }
            }
            (Some(greatest), Some(key)) => {
                if key.is_null(row) {
                    return Ok(());
                }
                let candidate = ScalarValue::try_from_array(key, row)?;
                let better = !self.seen
                    || match candidate.partial_cmp(&self.key) {
                        Some(std::cmp::Ordering::Greater) => greatest,
                        Some(std::cmp::Ordering::Less) => !greatest,
                        _ => false,
                    };
                if better {
                    self.value = ScalarValue::try_from_array(value, row)?;
                    self.key = candidate;
                    self.seen = true;
                }
            }
            (Some(_), None) => {}
        }
        Ok(())
    }
}

impl Accumulator for PickState {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let Some(value) = values.first() else {
            return Ok(());
        };
        for row in 0..value.len() {
            self.offer(value, values.get(1), row)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size() + self.key.size()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![
            self.value.clone(),
            self.key.clone(),
            ScalarValue::Boolean(Some(self.seen)),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let [value, key, seen] = states else {
            return Ok(());
        };
        for row in 0..value.len() {
            if ScalarValue::try_from_array(seen, row)? == ScalarValue::Boolean(Some(true)) {
                let key = self.by.is_some().then_some(key);
                self.offer(value, key, row)?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Single {
    name: String,
    value: DataType,
    signature: Signature,
}

impl AggregateUDFImpl for Single {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.value.clone())
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(SingleState {
            value: ScalarValue::try_new_null(&self.value)?,
            rows: 0,
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new(
                format!("{}[value]", args.name),
                self.value.clone(),
                true,
            )),
            Arc::new(Field::new(
                format!("{}[rows]", args.name),
                DataType::Int64,
                true,
            )),
        ])
    }
}

#[derive(Debug)]
struct SingleState {
    value: ScalarValue,
    rows: i64,
}

impl SingleState {
    fn more(&mut self, rows: i64) -> DataFusionResult<()> {
        self.rows += rows;
        if self.rows > 1 {
            return Err(Failure::new(
                ErrorCode::SubqueryMultipleRows,
                "Scalar sub-query has returned multiple rows",
            )
            .into());
        }
        Ok(())
    }
}

impl Accumulator for SingleState {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let Some(value) = values.first() else {
            return Ok(());
        };
        if value.is_empty() {
            return Ok(());
        }
        self.more(i64::try_from(value.len()).unwrap_or(i64::MAX))?;
        self.value = ScalarValue::try_from_array(value, 0)?;
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![
            self.value.clone(),
            ScalarValue::Int64(Some(self.rows)),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let [value, rows] = states else { return Ok(()) };
        for row in 0..value.len() {
            if let ScalarValue::Int64(Some(n)) = ScalarValue::try_from_array(rows, row)?
                && n > 0
            {
                self.more(n)?;
                self.value = ScalarValue::try_from_array(value, row)?;
            }
        }
        Ok(())
    }
}
