//! UNNEST.

use datafusion::common::{Column, UnnestOptions};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast::{Spanned, TableFactor};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use super::expression::Env;
use super::query::Names;
use super::relation::aliased;
use super::scope::{Field, Relation, Scope};
use super::{Binder, Typed};
use crate::error::{Failure, Result};

impl Binder<'_> {
    /// `left CROSS JOIN UNNEST(...)`: the arrays are columns of the left side, so each row is simply
    /// repeated for its elements.
    pub(super) fn unnest(
        &self,
        left: Relation,
        factor: &TableFactor,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        let TableFactor::UNNEST {
            alias,
            array_exprs,
            with_offset: false,
            with_offset_alias: None,
            with_ordinality,
        } = factor
        else {
            return Err(Failure::unsupported("This form of UNNEST"));
        };
        let scope = Scope {
            fields: &left.fields,
            parent,
        };
        let env = Env::plain(&scope, names, "UNNEST");
        let mut added: Vec<(String, Typed)> = Vec::new();
        let mut expand: Vec<(String, Typed)> = Vec::new();
        for expr in array_exprs {
            let value = self.expression(expr, &env)?;
            match &value.ty {
                Type::Array(item) => {
                    let symbol = self.symbol("unnest");
                    expand.push((symbol.clone(), element(&symbol, item, &value)));
                    added.push((symbol, value));
                }
                Type::Map(key, item) => {
                    let (key, item) = ((**key).clone(), (**item).clone());
                    for (function, ty) in [("map_keys", key), ("map_values", item)] {
                        let symbol = self.symbol("unnest");
                        let half = self.call(function, vec![value.clone()])?;
                        expand.push((symbol.clone(), element(&symbol, &ty, &value)));
                        added.push((symbol, half));
                    }
                }
                other => {
                    return Err(Failure::new(
                        ErrorCode::TypeMismatch,
                        format!("Cannot unnest type: {}", other.in_messages()),
                    )
                    .at(expr.span()));
                }
            }
        }
        if *with_ordinality {
            let arrays: Vec<Typed> = added.iter().map(|(_, value)| value.clone()).collect();
            let symbol = self.symbol("ordinality");
            expand.push((symbol.clone(), Typed::new(column(&symbol), Type::BigInt)));
            added.push((symbol, crate::udf::array::ordinals(arrays)));
        }
        let mut projection: Vec<Expr> = left
            .fields
            .iter()
            .filter(|field| field.readable)
            .map(|field| Expr::Column(Column::new_unqualified(&field.symbol)))
            .collect();
        projection.extend(
            added
                .iter()
                .map(|(symbol, value)| value.expr.clone().alias(symbol)),
        );
        let columns: Vec<Column> = expand
            .iter()
            .map(|(symbol, _)| Column::new_unqualified(symbol))
            .collect();
        let plan = LogicalPlanBuilder::from(left.plan)
            .project(projection)?
            .unnest_columns_with_options(
                columns,
                UnnestOptions {
                    preserve_nulls: false,
                    recursions: Vec::new(),
                },
            )?
            .build()?;
        let mut unnested = Vec::new();
        let mut fields_of_rows: Vec<Expr> = Vec::new();
        for (symbol, value) in expand {
            match &value.ty {
                Type::Row(fields) => {
                    for (i, (name, field_type)) in fields.iter().enumerate() {
                        let part = crate::udf::row::field(value.clone(), i, field_type.clone());
                        let part_symbol = self.symbol("field");
                        unnested.push(Field::computed(name.clone(), part_symbol.clone(), &part));
                        fields_of_rows.push(part.expr.alias(&part_symbol));
                    }
                }
                _ => {
                    fields_of_rows.push(value.expr.clone());
                    unnested.push(Field::computed(None, symbol, &value));
                }
            }
        }
        if *with_ordinality && let Some(last) = unnested.last_mut() {
            last.name = Some("ordinality".to_owned());
        }
        let mut projection: Vec<Expr> = left
            .fields
            .iter()
            .filter(|field| field.readable)
            .map(|field| Expr::Column(Column::new_unqualified(&field.symbol)))
            .collect();
        projection.extend(fields_of_rows);
        let plan = LogicalPlanBuilder::from(plan)
            .project(projection)?
            .build()?;
        let right = aliased(
            Relation {
                plan: plan.clone(),
                fields: unnested,
            },
            alias.as_ref(),
        )?;
        Ok(Relation {
            plan,
            fields: left.fields.into_iter().chain(right.fields).collect(),
        })
    }
}

fn column(symbol: &str) -> Expr {
    Expr::Column(Column::new_unqualified(symbol))
}

/// The column of what an array or map is expanded to.
fn element(symbol: &str, ty: &Type, of: &Typed) -> Typed {
    Typed::new(column(symbol), ty.clone()).shown_in(of.zone)
}
