//! Tables as the policy lets the caller see them.

use std::collections::BTreeMap;

use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast;
use townlake_core::names::TableRef;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::{Type, can_coerce};

use super::expression::Env;
use super::query::Names;
use super::scope::{Field, Relation, Scope};
use super::{Binder, Reads, Typed};
use crate::barrier;
use crate::catalog::Table;
use crate::error::{Failure, Place, Result};
use crate::policy::TableAccess;
use crate::sql;
use crate::types::has_instants;
use crate::zone::SessionZone;

impl Binder<'_> {
    /// A table as the policy lets the caller see it.
    pub(super) fn table(&self, name: &TableRef, place: Place) -> Result<Relation> {
        let table = self
            .tables
            .find(name)
            .map_err(|failure| match failure.code {
                // Trino's refusals have no place.
                ErrorCode::PermissionDenied => failure,
                _ => failure.at(place),
            })?;
        self.reads.borrow_mut().table(name);
        let columns: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let access = self.access.table(name, &columns);
        let relation = vec![
            name.catalog.clone(),
            name.schema.clone(),
            name.table.clone(),
        ];
        if !access.select {
            // Nothing of the table is scanned: the statement will be refused at the end of its analysis.
            return Ok(Relation {
                plan: LogicalPlanBuilder::empty(false).build()?,
                fields: table
                    .columns
                    .iter()
                    .map(|column| Field {
                        name: Some(column.name.clone()),
                        label: None,
                        relation: relation.clone(),
                        symbol: String::new(),
                        ty: column.ty.clone(),
                        zone: None,
                        origin: Some((name.clone(), column.name.clone())),
                        visible: access.shows(&column.name),
                        readable: false,
                    })
                    .collect(),
            });
        }
        let reference = TableReference::full(
            name.catalog.as_str(),
            name.schema.as_str(),
            name.table.as_str(),
        );
        let scan = LogicalPlanBuilder::scan(
            reference.clone(),
            datafusion::datasource::provider_as_source(table.provider.clone()),
            None,
        )?;
        let raw = self.raw_columns(name, table, &reference, &relation, &access)?;
        let plan = scan.project(raw.projection)?.build()?;
        let plain = access.filter.is_none() && access.masks().next().is_none();
        if plain {
            return Ok(Relation {
                plan,
                fields: raw.fields,
            });
        }
        self.under_policy(name, place, plan, raw.fields, &access)
    }

    /// The table's columns with a name of their own and in the engine's own representation.
    fn raw_columns(
        &self,
        name: &TableRef,
        table: &Table,
        reference: &TableReference,
        relation: &[String],
        access: &TableAccess,
    ) -> Result<Raw> {
        let mut projection = Vec::new();
        let mut fields = Vec::new();
        let schema = table.provider.schema();
        // A filter or mask may look at columns that the caller must not name (the check at the end
        // refuses that), so everything is scanned here and the optimiser prunes.
        for column in &table.columns {
            let symbol = self.symbol(&column.name);
            let source = Expr::Column(Column::new(Some(reference.clone()), &column.source));
            let arrow = schema
                .field_with_name(&column.source)
                .map_err(|error| Failure::internal(format!("table {name}: {error}")))?
                .data_type();
            let expr = crate::adapt::to_engine(source, arrow, &column.ty);
            projection.push(expr.alias(&symbol));
            fields.push(Field {
                name: Some(column.name.clone()),
                label: None,
                relation: relation.to_vec(),
                symbol,
                ty: column.ty.clone(),
                // A source's instants have no zone of their own.
                zone: has_instants(&column.ty).then_some(SessionZone::UTC),
                origin: Some((name.clone(), column.name.clone())),
                visible: access.shows(&column.name),
                readable: access.reads(&column.name),
            });
        }
        Ok(Raw { projection, fields })
    }

    /// The policy's filter on the raw rows, then all its masks at once over raw values.
    fn under_policy(
        &self,
        name: &TableRef,
        place: Place,
        plan: datafusion::logical_expr::LogicalPlan,
        fields: Vec<Field>,
        access: &TableAccess,
    ) -> Result<Relation> {
        let scope = Scope {
            fields: &fields,
            parent: None,
        };
        let names = Names::default();
        let mut builder = LogicalPlanBuilder::from(plan);
        if let Some(filter) = &access.filter {
            let tree = sql::parse_expression(&filter.sql).map_err(|error| {
                Failure::new(
                    ErrorCode::InvalidRowFilter,
                    format!("Invalid row filter for '{name}': {}", error.message),
                )
                .at(place)
            })?;
            let env = Env::plain(&scope, &names, "row filter");
            let bound =
                self.policy_expression(&tree, &env, filter.user.as_deref(), place, |m| {
                    (
                        ErrorCode::InvalidRowFilter,
                        format!("Invalid row filter for '{name}': {m}"),
                    )
                })?;
            if bound.ty != Type::Boolean && bound.ty != Type::Unknown {
                return Err(Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "Expected row filter for '{name}' to be of type BOOLEAN, but was {}",
                        bound.ty.in_messages()
                    ),
                )
                .at(place));
            }
            let bound = self.coerce(bound, &Type::Boolean)?;
            self.reads
                .borrow_mut()
                .filters
                .entry(name.clone())
                .or_default()
                .push(filter.sql.clone());
            builder = builder.filter(bound.expr)?;
            builder = barrier::above(builder)?;
        }
        let mut masks: BTreeMap<&str, Typed> = BTreeMap::new();
        for (column, mask) in access.masks() {
            // A mask for a column that the table does not have means nothing.
            let Some(field) = fields.iter().find(|f| f.name.as_deref() == Some(column)) else {
                continue;
            };
            if !field.readable {
                continue;
            }
            let full = format!("{name}.{column}");
            let invalid = |m: &str| {
                (
                    ErrorCode::InvalidColumnMask,
                    format!("Invalid column mask for '{full}': {m}"),
                )
            };
            let tree = sql::parse_expression(&mask.sql).map_err(|error| {
                let (code, message) = invalid(&error.message);
                Failure::new(code, message).at(place)
            })?;
            let env = Env::plain(&scope, &names, "column mask");
            let bound =
                self.policy_expression(&tree, &env, mask.user.as_deref(), place, invalid)?;
            if !can_coerce(&bound.ty, &field.ty) {
                return Err(Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "Expected column mask for '{full}' to be of type {}, but was {}",
                        field.ty.in_messages(),
                        bound.ty.in_messages()
                    ),
                )
                .at(place));
            }
            self.reads
                .borrow_mut()
                .masks
                .entry(name.clone())
                .or_default()
                .insert(column.to_owned(), mask.sql.clone());
            masks.insert(column, self.coerce(bound, &field.ty)?);
        }
        let mut projection = Vec::new();
        let mut out = Vec::new();
        for field in &fields {
            let Some(column) = field.name.as_deref() else {
                continue;
            };
            let mut field = field.clone();
            if field.readable {
                match masks.remove(column) {
                    Some(mask) => {
                        let symbol = self.symbol(column);
                        field.zone = mask.zone;
                        projection.push(mask.expr.alias(&symbol));
                        field.symbol = symbol;
                    }
                    None => projection.push(Expr::Column(Column::new_unqualified(&field.symbol))),
                }
            }
            out.push(field);
        }
        Ok(Relation {
            plan: builder.project(projection)?.build()?,
            fields: out,
        })
    }

    /// An expression of the policy. Its columns count as read by the caller, so a filter over a column
    /// that the caller may not see closes the table, as in Trino. One with a user of its own is checked as that
    /// user; what it reads is the policy's business, not the caller's.
    fn policy_expression(
        &self,
        tree: &ast::Expr,
        env: &Env<'_>,
        as_user: Option<&str>,
        place: Place,
        invalid: impl Fn(&str) -> (ErrorCode, String),
    ) -> Result<Typed> {
        let Some(user) = as_user else {
            return self.checked_expression(tree, env, place, invalid);
        };
        let outer = self.reads.replace(Reads::default());
        let bound = self.checked_expression(tree, env, place, invalid);
        let inner = self.reads.replace(outer);
        let own = env.scope.fields.iter().find_map(|f| f.origin.as_ref());
        for (table, columns) in &inner.columns {
            // Another table would have to be read as that user too, under its masks and filters.
            if own.is_none_or(|(own, _)| own != table) {
                return Err(Failure::unsupported(
                    "A mask or filter with a user of its own (mask_environment, filter_environment) that reads another table",
                ));
            }
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            self.access
                .acting_as(user)
                .check_can_select(table, &columns)?;
        }
        bound
    }

    /// An expression of the policy over a table's raw columns.
    fn checked_expression(
        &self,
        tree: &ast::Expr,
        env: &Env<'_>,
        place: Place,
        invalid: impl Fn(&str) -> (ErrorCode, String),
    ) -> Result<Typed> {
        // Masks see hidden columns' values; the check at the end decides whether they may.
        let fields: Vec<Field> = env
            .scope
            .fields
            .iter()
            .map(|field| Field {
                readable: true,
                ..field.clone()
            })
            .collect();
        let scope = Scope {
            fields: &fields,
            parent: None,
        };
        let env = Env::plain(&scope, env.names, env.clause);
        self.expression(tree, &env)
            .map_err(|failure| match failure.code {
                ErrorCode::PermissionDenied | ErrorCode::NotSupported => failure,
                _ => {
                    let (code, message) = invalid(&failure.message);
                    Failure {
                        code,
                        message,
                        location: None,
                    }
                    .at(place)
                }
            })
    }
}

struct Raw {
    projection: Vec<Expr>,
    fields: Vec<Field>,
}
