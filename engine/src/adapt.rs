//! Columns of a source as the engine holds them.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Cast, Expr};

use crate::types::arrow_type;

use townlake_sql::types::Type;

/// A source's column in the engine's own representation of the type.
pub fn to_engine(column: Expr, arrow: &DataType, ty: &Type) -> Expr {
    let wanted = arrow_type(ty);
    if *arrow == wanted {
        column
    } else {
        Expr::Cast(Cast::new(Box::new(column), wanted))
    }
}
