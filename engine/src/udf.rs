//! Functions with Trino's meaning, as DataFusion runs them.
//!
//! A function here is a name that says all that it depends on, a result type, and a closure over one
//! row's values. The binder has checked and coerced the arguments before.

pub mod aggregate;
pub mod array;
pub mod cell;
pub mod elements;
pub mod map;
pub mod number;
pub mod row;
pub mod sequence;
pub mod text;
pub mod time;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use townlake_sql::types::Type;

use crate::bind::Typed;
use crate::error::Result;
use crate::types::arrow_type;
use cell::{Cell, Out};

/// What a function does with whole columns of so many rows.
pub type Columns = dyn Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync;

/// A function over whole columns.
#[derive(Clone)]
struct Kernel {
    name: String,
    returns: DataType,
    signature: Signature,
    run: Arc<Columns>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

// INVARIANT: two kernels of one name and result do the same: a name holds every parameter.
impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.returns == other.returns
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Kernel {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args
            .args
            .into_iter()
            .map(|arg| arg.into_array(rows))
            .collect::<DataFusionResult<Vec<_>>>()?;
        let result = (self.run)(&arrays, rows)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &result, 0,
            )?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

/// A call of a function over whole columns. The name must hold every parameter that the closure has.
/// Instants in the result are shown in the zone of those in the arguments.
pub fn columns(name: impl Into<String>, args: Vec<Typed>, ty: Type, run: Arc<Columns>) -> Typed {
    let returns = arrow_type(&ty);
    let signature = if args.is_empty() {
        Signature::nullary(Volatility::Immutable)
    } else {
        Signature::any(args.len(), Volatility::Immutable)
    };
    let kernel = Kernel {
        name: name.into(),
        returns,
        signature,
        run,
    };
    let udf = Arc::new(ScalarUDF::new_from_impl(kernel));
    let zone = args.iter().find_map(|arg| arg.zone);
    let args = args.into_iter().map(|arg| arg.expr).collect();
    Typed::new(Expr::ScalarFunction(ScalarFunction::new_udf(udf, args)), ty).shown_in(zone)
}

/// A call of a function over one row's values; it is asked for rows with nulls too.
pub fn nullable(
    name: impl Into<String>,
    args: Vec<Typed>,
    ty: Type,
    run: impl Fn(&[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
) -> Typed {
    let returns = arrow_type(&ty);
    columns(
        name,
        args,
        ty,
        Arc::new(move |arrays, rows| {
            let readers = arrays
                .iter()
                .map(cell::reader)
                .collect::<Result<Vec<_>>>()?;
            let mut builder = cell::Builder::new(&returns, rows)?;
            let mut values: Vec<Cell<'_>> = Vec::with_capacity(readers.len());
            for i in 0..rows {
                values.clear();
                values.extend(readers.iter().map(|read| read(i)));
                builder.push(run(&values)?)?;
            }
            builder.finish()
        }),
    )
}

/// A call of a function over one row's values that is null where any argument is.
pub fn strict(
    name: impl Into<String>,
    args: Vec<Typed>,
    ty: Type,
    run: impl Fn(&[Cell<'_>]) -> Result<Out> + Send + Sync + 'static,
) -> Typed {
    nullable(name, args, ty, move |row| {
        if row.iter().any(|cell| matches!(cell, Cell::Null)) {
            Ok(Out::Null)
        } else {
            run(row)
        }
    })
}
