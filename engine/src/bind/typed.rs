//! An expression and its Trino type.

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Cast, Expr};

use townlake_sql::types::Type;

use crate::types::{arrow_type, has_instants};
use crate::zone::SessionZone;

/// An expression and its Trino type. INVARIANT: the expression's Arrow type is `arrow_type(&ty)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    /// For DataFusion.
    pub expr: Expr,
    /// For everything else.
    pub ty: Type,
    /// The zone in which its instants are shown. Nothing where none can be in it but nulls.
    pub zone: Option<SessionZone>,
}

impl Typed {
    /// An expression of a type, without instants.
    pub fn new(expr: Expr, ty: Type) -> Self {
        Self {
            expr,
            ty,
            zone: None,
        }
    }

    /// The same with its instants, if there are any in it, shown in a zone.
    #[must_use]
    pub fn shown_in(self, zone: Option<SessionZone>) -> Self {
        Self {
            zone: zone.filter(|_| has_instants(&self.ty)),
            ..self
        }
    }

    /// Another expression of the same type and zone.
    #[must_use]
    pub fn with(&self, expr: Expr) -> Self {
        Self {
            expr,
            ty: self.ty.clone(),
            zone: self.zone,
        }
    }

    /// The plan's column that holds it.
    #[must_use]
    pub fn stored_as(&self, symbol: &str) -> Self {
        self.with(Expr::Column(Column::new_unqualified(symbol)))
    }

    /// A constant.
    pub fn literal(value: ScalarValue, ty: Type) -> Self {
        Self::new(Expr::Literal(value, None), ty)
    }

    /// `true` or `false`.
    pub fn boolean(value: bool) -> Self {
        Self::literal(ScalarValue::Boolean(Some(value)), Type::Boolean)
    }

    /// A 64-bit integer.
    pub fn bigint(value: i64) -> Self {
        Self::literal(ScalarValue::Int64(Some(value)), Type::BigInt)
    }

    /// A text.
    pub fn varchar(value: &str) -> Self {
        let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
        Self::literal(
            ScalarValue::Utf8(Some(value.to_owned())),
            Type::Varchar(Some(length)),
        )
    }

    /// NULL of a type.
    pub fn null(ty: Type) -> Self {
        let value = ScalarValue::try_new_null(&arrow_type(&ty));
        match value {
            Ok(value) => Self::literal(value, ty),
            // No scalar for this type: cast at run time instead.
            Err(_) => {
                let arrow = arrow_type(&ty);
                Self::new(
                    Expr::Cast(Cast::new(
                        Box::new(Expr::Literal(ScalarValue::Null, None)),
                        arrow,
                    )),
                    ty,
                )
            }
        }
    }

    /// The constant, if it is one.
    pub fn constant(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }

    /// The constant text, if it is one.
    pub fn constant_text(&self) -> Option<&str> {
        match self.constant()? {
            ScalarValue::Utf8(Some(text)) => Some(text),
            _ => None,
        }
    }

    /// The constant integer, if it is one.
    pub fn constant_integer(&self) -> Option<i64> {
        match self.constant()? {
            ScalarValue::Int8(v) => v.map(i64::from),
            ScalarValue::Int16(v) => v.map(i64::from),
            ScalarValue::Int32(v) => v.map(i64::from),
            ScalarValue::Int64(v) => *v,
            _ => None,
        }
    }

    /// Whether it is the literal NULL.
    pub fn is_null_literal(&self) -> bool {
        self.constant().is_some_and(ScalarValue::is_null)
    }
}
