//! Columns of a source as the engine holds them.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Cast, Expr};

use crate::types::Type;

/// A source's column in the engine's own representation of the type.
pub fn to_engine(column: Expr, arrow: &DataType, ty: &Type) -> Expr {
    let wanted = ty.arrow();
    if *arrow == wanted {
        column
    } else {
        Expr::Cast(Cast::new(Box::new(column), wanted))
    }
}
