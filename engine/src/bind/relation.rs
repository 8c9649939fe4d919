//! FROM: names, subqueries, joins.

use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast::{self, JoinConstraint, JoinOperator, ObjectName, Spanned, TableFactor};
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::common_super_type;

use super::expression::Env;
use super::query::Names;
use super::scope::{Field, Relation, Scope};
use super::{Binder, Typed};
use crate::error::{Failure, Place, Result};
use crate::session::resolve_table;
use crate::sql;

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
                        ident.value,
                        l.ty.in_messages(),
                        r.ty.in_messages()
                    ),
                )
                .at(ident.span)
            })?;
            let [l, r] = [self.coerce(l, &common)?, self.coerce(r, &common)?];
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
            fields.push(Field::computed(Some(name.clone()), symbol.clone(), &value));
            projection.push(value.expr.alias(&symbol));
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
