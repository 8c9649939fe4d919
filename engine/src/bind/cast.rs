//! Casts, asked for and not.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::{Cast, ColumnarValue, Expr};
use datafusion::physical_expr::create_physical_expr;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, can_coerce, check_cast};

use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::types::{arrow_type, has_instants, is_held};
use crate::{convert, udf};

impl Binder<'_> {
    /// A value where another type is wanted, without being asked. The types must go together.
    pub(super) fn coerce(&self, value: Typed, to: &Type) -> Result<Typed> {
        if value.ty == *to {
            return Ok(value);
        }
        if value.ty == Type::Unknown {
            if value.is_null_literal() {
                return Ok(Typed::null(to.clone()));
            }
            return Ok(native(value, to));
        }
        let constant = value.constant().is_some();
        let result = match (&value.ty, to) {
            // Text of another length or for another use, times of other digits: the same in memory.
            (
                Type::Varchar(_),
                Type::Varchar(_) | Type::JoniRegexp | Type::JsonPath | Type::CodePoints,
            )
            | (Type::Char(_), Type::Char(_))
            | (Type::Time(_), Type::Time(_)) => retyped(value, to),
            (Type::Timestamp(_), Type::Timestamp(_))
            | (Type::TimestampTz(_), Type::TimestampTz(_)) => native(value, to),
            (Type::Varchar(_), Type::Char(_)) => udf::text::to_char(value, to.clone()),
            (
                from,
                Type::Real
                | Type::Double
                | Type::Decimal(..)
                | Type::BigInt
                | Type::Integer
                | Type::SmallInt,
            ) if from.is_integer() => native(value, to),
            (Type::Decimal(..), Type::Decimal(..)) | (Type::Real, Type::Double) => {
                native(value, to)
            }
            (Type::Decimal(..), Type::Real | Type::Double)
            | (Type::Date, Type::Timestamp(_) | Type::TimestampTz(_))
            | (Type::Timestamp(_), Type::TimestampTz(_)) => self.convert(value, to, false)?,
            (Type::Array(a), Type::Array(b)) if same_in_memory(a, b) => retyped(value, to),
            (Type::Array(a), Type::Array(b)) if native_elements(a, b) => native(value, to),
            (Type::Row(a), Type::Row(b))
                if a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|((_, x), (_, y))| native_elements(x, y)) =>
            {
                native(value, to)
            }
            (Type::Map(k, v), Type::Map(l, w)) if same_in_memory(k, l) && same_in_memory(v, w) => {
                retyped(value, to)
            }
            (from, to) if !is_held(from) || !is_held(to) => {
                return Ok(self.not_held(to));
            }
            (from, to) => {
                return Err(Failure::unsupported(format!(
                    "Turning {from} into {to} here"
                )));
            }
        };
        // A constant stays one, so that files and databases can be asked about it.
        if constant {
            self.fold(result)
        } else {
            Ok(result)
        }
    }

    /// A cast between numbers of which it is known that it cannot fail.
    pub(super) fn cast_plain(&self, value: Typed, to: &Type) -> Result<Typed> {
        if value.ty == *to {
            return Ok(value);
        }
        Ok(native(value, to))
    }

    /// `CAST` and `TRY_CAST`
    pub(super) fn cast(&self, value: Typed, to: &Type, lenient: bool) -> Result<Typed> {
        check_cast(&value.ty, to)?;
        if !is_held(to) {
            return Ok(self.not_held(to));
        }
        if !is_held(&value.ty) {
            // The statement is refused for this one.
            return Ok(Typed::null(to.clone()));
        }
        if value.ty == *to {
            return Ok(value);
        }
        if value.ty == Type::Unknown {
            return self.coerce(value, to);
        }
        match (&value.ty, to) {
            (Type::Array(a), Type::Array(b)) if native_elements(a, b) => {
                return self.coerce(value, to);
            }
            (Type::Row(from), Type::Row(fields)) if !lenient => {
                let (from, fields) = (from.clone(), fields.clone());
                return self.cast_row(&value, &from, &fields);
            }
            (Type::Array(_) | Type::Map(..) | Type::Row(_), _)
            | (_, Type::Array(_) | Type::Map(..) | Type::Row(_)) => {
                return Err(missing(&value.ty, to));
            }
            _ => {}
        }
        // What needs no check stays an expression that DataFusion understands.
        match (&value.ty, to) {
            (from, Type::Real | Type::Double) if from.is_integer() => {
                return self.coerce(value, to);
            }
            (Type::Real, Type::Double) => return self.coerce(value, to),
            (from, to) if from.is_integer() && to.is_integer() && can_coerce(from, to) => {
                return self.coerce(value, to);
            }
            (Type::Varchar(n), Type::Varchar(m))
                if m.is_none() || n.is_some_and(|n| Some(n) <= *m) =>
            {
                return Ok(retyped(value, to));
            }
            (Type::Decimal(p, s), Type::Decimal(q, t)) if t >= s && q - t >= p - s => {
                return self.coerce(value, to);
            }
            _ => {}
        }
        self.convert(value, to, lenient)
    }

    /// A row of which each field is cast; null if it is.
    fn cast_row(
        &self,
        value: &Typed,
        from: &[(Option<String>, Type)],
        to: &Arc<[(Option<String>, Type)]>,
    ) -> Result<Typed> {
        let fields = from
            .iter()
            .zip(to.iter())
            .enumerate()
            .map(|(i, ((_, from), (_, to)))| {
                self.cast(udf::row::field(value.clone(), i, from.clone()), to, false)
            })
            .collect::<Result<Vec<_>>>()?;
        let ty = Type::Row(Arc::clone(to));
        let row = retyped(self.row_of(fields)?, &ty);
        self.if_then(value.expr.clone().is_null(), Typed::null(ty), row)
    }

    fn convert(&self, value: Typed, to: &Type, lenient: bool) -> Result<Typed> {
        let from = value.ty.clone();
        if !convert::exists(&from, to) {
            return Err(missing(&from, to));
        }
        // An instant keeps the zone in which it is shown.
        let zone = value.zone.unwrap_or(self.session.zone);
        let target = to.clone();
        let function = if lenient { "try_cast" } else { "cast" };
        let mut name = format!("{function}({from}->{to})");
        if has_instants(&from) || has_instants(to) {
            name.push_str(&zone.name());
        }
        Ok(udf::strict(name, vec![value], to.clone(), move |row| {
            let Some(cell) = row.first() else {
                return Ok(udf::cell::Out::Null);
            };
            match convert::convert(cell, &from, &target, &zone) {
                // What the engine lacks, and what fails in Trino's TRY_CAST too, is no null.
                Err(failure)
                    if lenient
                        && !matches!(
                            failure.code,
                            ErrorCode::GenericInternalError | ErrorCode::NotSupported
                        ) =>
                {
                    Ok(udf::cell::Out::Null)
                }
                other => other,
            }
        })
        .shown_in(Some(zone)))
    }

    /// The value of a constant expression.
    ///
    /// # Errors
    /// What evaluating it fails with.
    pub(super) fn fold(&self, value: Typed) -> Result<Typed> {
        if value.constant().is_some() {
            return Ok(value);
        }
        let scalar = evaluate(&value.expr)?;
        Ok(value.with(Expr::Literal(scalar, None)))
    }
}

/// Evaluates an expression without columns.
pub fn evaluate(expr: &Expr) -> Result<ScalarValue> {
    let physical = create_physical_expr(expr, &DFSchema::empty(), &ExecutionProps::new())?;
    let batch = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        Vec::new(),
        &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(1)),
    )
    .map_err(|error| Failure::internal(error.to_string()))?;
    match physical.evaluate(&batch)? {
        ColumnarValue::Scalar(scalar) => Ok(scalar),
        ColumnarValue::Array(array) => Ok(ScalarValue::try_from_array(&array, 0)?),
    }
}

fn native(value: Typed, to: &Type) -> Typed {
    let zone = value.zone;
    let expr = Expr::Cast(Cast::new(Box::new(value.expr), arrow_type(to)));
    Typed::new(expr, to.clone()).shown_in(zone)
}

/// A value of a type that lies in memory in the same way.
fn retyped(value: Typed, to: &Type) -> Typed {
    let zone = value.zone;
    Typed::new(value.expr, to.clone()).shown_in(zone)
}

fn missing(from: &Type, to: &Type) -> Failure {
    let (from, to) = (from.in_messages(), to.in_messages());
    Failure::unsupported(format!("CAST from {from} to {to}"))
}

fn same_in_memory(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Varchar(_), Type::Varchar(_)) | (Type::Char(_), Type::Char(_)) => true,
        (Type::Array(a), Type::Array(b)) => same_in_memory(a, b),
        (a, b) => a == b,
    }
}

/// Whether Arrow casts such elements as Trino coerces them.
fn native_elements(a: &Type, b: &Type) -> bool {
    same_in_memory(a, b)
        || match (a, b) {
            (Type::Unknown, _) | (Type::Real, Type::Double) => true,
            (a, Type::Real | Type::Double | Type::Decimal(..)) if a.is_integer() => {
                can_coerce(a, b)
            }
            (a, b) if a.is_integer() && b.is_integer() => can_coerce(a, b),
            (Type::Decimal(..), Type::Decimal(..)) => can_coerce(a, b),
            (Type::Array(a), Type::Array(b)) => native_elements(a, b),
            _ => false,
        }
}
