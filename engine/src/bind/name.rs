//! Names: columns, fields of rows, and the values that come as plain names.

use datafusion::common::ScalarValue;
use sqlparser::ast;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::aggregate::not_grouped;
use super::expression::Env;
use super::{Binder, Typed};
use crate::error::{Failure, Result};
use crate::udf;

impl Binder<'_> {
    /// A column, or a field of a row column.
    pub(super) fn name(&self, parts: &[ast::Ident], env: &Env<'_>) -> Result<Typed> {
        // `current_user` and its like come as plain names.
        if let [single] = parts
            && single.quote_style.is_none()
            && let Some(value) = self.special_name(&single.value.to_lowercase())?
        {
            return Ok(value);
        }
        for known in (1..=parts.len()).rev() {
            let (column, rest) = parts.split_at(known);
            let Some(found) = env.scope.find(column)? else {
                continue;
            };
            if !rest.is_empty() && !matches!(found.field.ty, Type::Row(_)) {
                continue;
            }
            let mut value = self.field_expr(found.field, found.depth)?;
            if env.aggregation.is_some() && found.depth == 0 {
                // Grouped columns were found before this.
                let name = super::scope::lower(column).join(".");
                return Err(not_grouped(&name));
            }
            for part in rest {
                value = self.dereference(value, part)?;
            }
            return Ok(value);
        }
        let name = parts
            .iter()
            .map(|part| part.value.as_str())
            .collect::<Vec<_>>()
            .join(".");
        Err(Failure::new(
            ErrorCode::ColumnNotFound,
            format!("Column '{}' cannot be resolved", name.to_lowercase()),
        ))
    }

    /// `value.field[index]`
    pub(super) fn access_chain(
        &self,
        root: &ast::Expr,
        chain: &[ast::AccessExpr],
        env: &Env<'_>,
    ) -> Result<Typed> {
        let mut value = self.expression(root, env)?;
        for access in chain {
            value = match access {
                ast::AccessExpr::Dot(ast::Expr::Identifier(name)) => {
                    self.dereference(value, name)?
                }
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                    let index = self.expression(index, env)?;
                    self.subscript(value, index)?
                }
                _ => return Err(Failure::unsupported("This way to reach into a value")),
            };
        }
        Ok(value)
    }

    /// The functions without brackets: `current_user`, `current_date` and their like.
    pub(super) fn special_name(&self, name: &str) -> Result<Option<Typed>> {
        Ok(Some(match name {
            "current_user" => {
                let mut user = Typed::varchar(&self.session.user);
                user.ty = Type::Varchar(None);
                user
            }
            "current_catalog" | "current_schema" => {
                let value = if name == "current_catalog" {
                    &self.session.catalog
                } else {
                    &self.session.schema
                };
                Typed::literal(ScalarValue::Utf8(value.clone()), Type::Varchar(None))
            }
            "current_date" | "current_timestamp" | "localtimestamp" | "current_time"
            | "localtime" => self.call(name, Vec::new())?,
            _ => return Ok(None),
        }))
    }

    fn dereference(&self, value: Typed, name: &ast::Ident) -> Result<Typed> {
        let Type::Row(fields) = &value.ty else {
            return Err(Failure::new(
                ErrorCode::TypeMismatch,
                format!("Expression {} is not of type ROW", name.value),
            ));
        };
        let wanted = name.value.to_lowercase();
        let mut hits = fields
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| name.as_ref().is_some_and(|n| n.to_lowercase() == wanted));
        match (hits.next(), hits.next()) {
            (Some((i, (_, ty))), None) => Ok(udf::row::field(value.clone(), i, ty.clone())),
            (Some(_), Some(_)) => Err(Failure::new(
                ErrorCode::AmbiguousName,
                format!("Ambiguous row field reference: {wanted}"),
            )),
            (None, _) => Err(Failure::new(
                ErrorCode::ColumnNotFound,
                format!("Column '{wanted}' cannot be resolved"),
            )),
        }
    }
}
