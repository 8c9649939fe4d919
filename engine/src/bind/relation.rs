//! FROM: tables under the policy, subqueries, joins, UNNEST.

use std::collections::BTreeMap;

use datafusion::common::{Column, JoinType, TableReference, UnnestOptions};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast::{self, JoinConstraint, JoinOperator, ObjectName, Spanned, TableFactor};
use townlake_core::names::TableRef;
use townlake_protocol::trino::ErrorCode;

use super::expression::Env;
use super::query::Names;
use super::scope::{Field, Relation, Scope};
use super::{Binder, Typed};
use crate::barrier;
use crate::catalog::Table;
use crate::error::{Failure, Place, Result};
use crate::policy::TableAccess;
use crate::session::resolve_table;
use crate::sql;
use crate::types::{Type, can_coerce, common_super_type};

impl Binder<'_> {
    /// The FROM clause. Without one: a single row without columns.
    pub(super) fn from(
        &self,
        from: &[ast::TableWithJoins],
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        let mut relation: Option<Relation> = None;
        for item in from {
            relation = Some(match relation {
                None => self.joins(item, names, parent, None)?,
                Some(left) => {
                    // A comma is a cross join whose right side may be an UNNEST of the left.
                    let left = self.cross(left, &item.relation, names, parent)?;
                    self.join_list(left, &item.joins, names, parent)?
                }
            });
        }
        match relation {
            Some(relation) => Ok(relation),
            None => Ok(Relation {
                plan: LogicalPlanBuilder::empty(true).build()?,
                fields: Vec::new(),
            }),
        }
    }

    fn joins(
        &self,
        item: &ast::TableWithJoins,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
        left: Option<&Relation>,
    ) -> Result<Relation> {
        let relation = self.factor(&item.relation, names, parent, left)?;
        self.join_list(relation, &item.joins, names, parent)
    }

    fn join_list(
        &self,
        mut relation: Relation,
        joins: &[ast::Join],
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        for join in joins {
            relation = self.deeper(|| self.join(relation, join, names, parent))?;
        }
        Ok(relation)
    }

    fn join(
        &self,
        left: Relation,
        join: &ast::Join,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        if join.global {
            return Err(Failure::unsupported("GLOBAL JOIN"));
        }
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) => (JoinType::Inner, c),
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (JoinType::Left, c),
            JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (JoinType::Right, c),
            JoinOperator::FullOuter(c) => (JoinType::Full, c),
            JoinOperator::CrossJoin(JoinConstraint::None) => {
                return self.cross(left, &join.relation, names, parent);
            }
            _ => return Err(Failure::unsupported("This kind of join")),
        };
        if matches!(join.relation, TableFactor::UNNEST { .. }) {
            if kind == JoinType::Inner && is_true(constraint) {
                return self.cross(left, &join.relation, names, parent);
            }
            return Err(Failure::unsupported("An outer join with UNNEST"));
        }
        let right = self.factor(&join.relation, names, parent, None)?;
        match constraint {
            JoinConstraint::On(condition) => {
                let fields: Vec<Field> = left.fields.iter().chain(&right.fields).cloned().collect();
                let scope = Scope {
                    fields: &fields,
                    parent,
                };
                let env = Env::plain(&scope, names, "JOIN clause");
                let condition = self.condition(condition, &env, "JOIN ON clause")?;
                let plan = LogicalPlanBuilder::from(left.plan)
                    .join_on(right.plan, kind, Some(condition))?
                    .build()?;
                Ok(Relation { plan, fields })
            }
            JoinConstraint::Using(columns) => self.using(left, right, kind, columns, parent),
            JoinConstraint::Natural => Err(Failure::new(
                ErrorCode::NotSupported,
                "Natural join not supported",
            )),
            JoinConstraint::None => Err(Failure::new(
                ErrorCode::SyntaxError,
                "a join needs ON or USING",
            )),
        }
    }

    fn cross(
        &self,
        left: Relation,
        right: &TableFactor,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        if let TableFactor::UNNEST { .. } = right {
            return self.unnest(left, right, names, parent);
        }
        let right = self.factor(right, names, parent, Some(&left))?;
        let fields = left.fields.into_iter().chain(right.fields).collect();
        let plan = LogicalPlanBuilder::from(left.plan)
            .cross_join(right.plan)?
            .build()?;
        Ok(Relation { plan, fields })
    }

    /// JOIN ... USING: the shared columns come first, once, then the rest of both sides.
    fn using(
        &self,
        left: Relation,
        right: Relation,
        kind: JoinType,
        columns: &[ObjectName],
        parent: Option<&Scope<'_>>,
    ) -> Result<Relation> {
        let mut conditions = Vec::new();
        let mut merged: Vec<(String, Typed, Typed)> = Vec::new();
        for name in columns {
            let ident = match name.0.as_slice() {
                [ast::ObjectNamePart::Identifier(ident)] => ident,
                _ => return Err(Failure::unsupported("A qualified name in USING")),
            };
            let side = |relation: &Relation, which: &str| -> Result<Typed> {
                let scope = Scope {
                    fields: &relation.fields,
                    parent: None,
                };
                match scope.find(std::slice::from_ref(ident))? {
                    Some(found) => self.field_expr(found.field, 0),
                    None => Err(Failure::new(
                        ErrorCode::ColumnNotFound,
                        format!(
                            "Column '{}' is missing from {which} side of join",
                            ident.value
                        ),
                    )
                    .at(ident.span)),
                }
            };
            let l = side(&left, "left")?;
            let r = side(&right, "right")?;
            let common = common_super_type(&l.ty, &r.ty).ok_or_else(|| {
                Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "Column types of left and right side of join on column '{}' must be comparable: {} vs {}",
                        ident.value, l.ty, r.ty
                    ),
                )
                .at(ident.span)
            })?;
            let l = self.coerce(l, &common)?;
            let r = self.coerce(r, &common)?;
            conditions.push(self.equals(l.clone(), r.clone())?.expr);
            merged.push((ident.value.to_lowercase(), l, r));
        }
        let _ = parent;
        let plan = LogicalPlanBuilder::from(left.plan)
            .join_on(right.plan, kind, conditions)?
            .build()?;
        let is_merged = |field: &Field| {
            merged
                .iter()
                .any(|(name, ..)| field.name.as_ref() == Some(name))
        };
        let mut fields = Vec::new();
        let mut projection: Vec<Expr> = Vec::new();
        for (name, l, r) in &merged {
            let symbol = self.symbol(name);
            let value = match kind {
                JoinType::Inner | JoinType::Left => l.clone(),
                JoinType::Right => r.clone(),
                _ => self.coalesce(vec![l.clone(), r.clone()])?,
            };
            projection.push(value.expr.alias(&symbol));
            fields.push(Field::computed(Some(name.clone()), symbol, value.ty));
        }
        for field in left.fields.into_iter().chain(right.fields) {
            if is_merged(&field) {
                continue;
            }
            if field.readable {
                projection.push(Expr::Column(Column::new_unqualified(&field.symbol)));
            }
            fields.push(field);
        }
        let plan = LogicalPlanBuilder::from(plan)
            .project(projection)?
            .build()?;
        Ok(Relation { plan, fields })
    }

    fn factor(
        &self,
        factor: &TableFactor,
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
        left: Option<&Relation>,
    ) -> Result<Relation> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                let relation = self.named(name, names, Place::from(name.span()))?;
                aliased(relation, alias.as_ref())
            }
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                let relation = self.deeper(|| self.query(subquery, names, None))?;
                aliased(relation, alias.as_ref())
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => self.joins(table_with_joins, names, parent, left),
            TableFactor::UNNEST { .. } => {
                let one = Relation {
                    plan: LogicalPlanBuilder::empty(true).build()?,
                    fields: Vec::new(),
                };
                self.unnest(one, factor, names, parent)
            }
            TableFactor::Table {
                version: Some(_), ..
            } => Err(Failure::unsupported("Time travel")),
            TableFactor::Table {
                sample: Some(_), ..
            }
            | TableFactor::Derived {
                sample: Some(_), ..
            } => Err(Failure::unsupported("TABLESAMPLE")),
            TableFactor::Derived { lateral: true, .. } => Err(Failure::unsupported("LATERAL")),
            TableFactor::TableFunction { .. } | TableFactor::Function { .. } => {
                Err(Failure::unsupported("A table function"))
            }
            _ => Err(Failure::unsupported("This kind of relation in FROM")),
        }
    }

    /// A name in FROM: a WITH query in reach, or a table.
    pub(super) fn named(
        &self,
        name: &ObjectName,
        names: &Names<'_>,
        place: Place,
    ) -> Result<Relation> {
        let parts = sql::object_parts(name)?;
        if let [single] = parts.as_slice()
            && let Some(cte) = names.find(single)
        {
            return self.cte(cte, single);
        }
        let table = resolve_table(&parts, self.session).map_err(|f| f.at(place))?;
        self.table(&table, place)
    }

    /// A table as the policy lets the caller see it.
    fn table(&self, name: &TableRef, place: Place) -> Result<Relation> {
        let table = self.tables.find(name).map_err(|f| f.at(place))?;
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
                        bound.ty
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
                        field.ty, bound.ty
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
    /// that the caller may not see closes the table, as in Trino; one with a user of its own does not.
    fn policy_expression(
        &self,
        tree: &ast::Expr,
        env: &Env<'_>,
        as_user: Option<&str>,
        place: Place,
        invalid: impl Fn(&str) -> (ErrorCode, String),
    ) -> Result<Typed> {
        if as_user.is_some() {
            return Err(Failure::unsupported(
                "A mask or filter with a user of its own (mask_environment, filter_environment)",
            ));
        }
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

    /// `left CROSS JOIN UNNEST(...)`: the arrays are columns of the left side, so each row is simply
    /// repeated for its elements.
    fn unnest(
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
        let mut expand: Vec<(String, Type, Option<String>)> = Vec::new();
        for expr in array_exprs {
            let value = self.expression(expr, &env)?;
            match &value.ty {
                Type::Array(item) => {
                    let symbol = self.symbol("unnest");
                    expand.push((symbol.clone(), (**item).clone(), None));
                    added.push((symbol, value));
                }
                Type::Map(key, item) => {
                    let (key, item) = ((**key).clone(), (**item).clone());
                    for (function, ty) in [("map_keys", key), ("map_values", item)] {
                        let symbol = self.symbol("unnest");
                        let half = self.call(function, vec![value.clone()])?;
                        expand.push((symbol.clone(), ty, None));
                        added.push((symbol, half));
                    }
                }
                other => {
                    return Err(Failure::new(
                        ErrorCode::TypeMismatch,
                        format!("Cannot unnest type: {other}"),
                    )
                    .at(expr.span()));
                }
            }
        }
        if *with_ordinality {
            let arrays: Vec<Typed> = added.iter().map(|(_, value)| value.clone()).collect();
            let symbol = self.symbol("ordinality");
            expand.push((symbol.clone(), Type::BigInt, None));
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
            .map(|(symbol, ..)| Column::new_unqualified(symbol))
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
        for (symbol, ty, _) in expand {
            match &ty {
                Type::Row(fields) => {
                    for (i, (name, field_type)) in fields.iter().enumerate() {
                        let part = crate::udf::row::field(
                            Typed::column(&symbol, ty.clone()),
                            i,
                            field_type.clone(),
                        );
                        let part_symbol = self.symbol("field");
                        fields_of_rows.push(part.expr.alias(&part_symbol));
                        unnested.push(Field::computed(
                            name.clone(),
                            part_symbol,
                            field_type.clone(),
                        ));
                    }
                }
                _ => {
                    fields_of_rows.push(Expr::Column(Column::new_unqualified(&symbol)));
                    unnested.push(Field::computed(None, symbol, ty));
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

struct Raw {
    projection: Vec<Expr>,
    fields: Vec<Field>,
}

fn is_true(constraint: &JoinConstraint) -> bool {
    matches!(
        constraint,
        JoinConstraint::On(ast::Expr::Value(ast::ValueWithSpan {
            value: ast::Value::Boolean(true),
            ..
        }))
    )
}

/// `AS alias (a, b)`
pub(super) fn aliased(mut relation: Relation, alias: Option<&ast::TableAlias>) -> Result<Relation> {
    let Some(alias) = alias else {
        return Ok(relation);
    };
    if alias.at.is_some() {
        return Err(Failure::unsupported("AT in an alias"));
    }
    let visible = relation.fields.iter().filter(|field| field.visible).count();
    let count = if alias.columns.is_empty() {
        visible
    } else {
        alias.columns.len()
    };
    if !alias.columns.is_empty() && count != visible {
        return Err(Failure::new(
            ErrorCode::MismatchedColumnAliases,
            format!(
                "Column alias list has {count} entries but '{}' has {visible} columns available",
                alias.name.value.to_lowercase()
            ),
        )
        .at(alias.name.span));
    }
    let name = alias.name.value.to_lowercase();
    if !alias.columns.is_empty() {
        relation.fields.retain(|field| field.visible);
    }
    for (i, field) in relation.fields.iter_mut().enumerate() {
        field.relation = vec![name.clone()];
        if let Some(column) = alias.columns.get(i) {
            if column.data_type.is_some() {
                return Err(Failure::unsupported("A type in an alias"));
            }
            field.name = Some(column.name.value.to_lowercase());
            field.label = Some(column.name.value.clone());
        }
    }
    Ok(relation)
}
