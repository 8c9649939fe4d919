//! SELECT: the columns, GROUP BY, HAVING, windows, DISTINCT, ORDER BY.

use std::cell::RefCell;

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, GroupingSet, LogicalPlanBuilder, SortExpr};
use sqlparser::ast::{self, GroupByExpr, SelectItem, Spanned};
use townlake_protocol::trino::ErrorCode;

use super::aggregate::{Aggregation, Group, has_aggregate};
use super::expression::Env;
use super::query::{Names, Ordered, ordinal_number};
use super::scope::{Field, Relation, Scope, lower};
use super::window::Windows;
use super::{Binder, Typed};
use crate::error::{Failure, Place, Result};
use crate::sql;

/// For each grouping set the places of its keys.
type GroupingSets = Vec<Vec<usize>>;

/// An entry of the select list with `*` already expanded.
enum Item<'a> {
    Field(Box<Field>),
    Expression(&'a ast::Expr, Option<&'a ast::Ident>),
}

impl Binder<'_> {
    /// A SELECT with the ORDER BY that follows it, since that may refer to either side of the projection.
    pub(super) fn select(
        &self,
        select: &ast::Select,
        order_by: &[ast::OrderByExpr],
        names: &Names<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Ordered> {
        plain(select)?;
        let from = self.from(&select.from, names, parent)?;
        let fields = from.fields;
        let scope = Scope {
            fields: &fields,
            parent,
        };
        let mut plan = LogicalPlanBuilder::from(from.plan);
        if let Some(condition) = &select.selection {
            let env = Env::plain(&scope, names, "WHERE clause");
            plan = plan.filter(self.condition(condition, &env, "WHERE clause")?)?;
        }
        let items = self.items(select, &fields)?;

        let aggregated = !matches!(&select.group_by, GroupByExpr::Expressions(list, _) if list.is_empty())
            || select.having.is_some()
            || items
                .iter()
                .any(|item| matches!(item, Item::Expression(e, _) if has_aggregate(e)))
            || order_by.iter().any(|item| has_aggregate(&item.expr));
        let mut aggregation = None;
        let mut sets = None;
        if aggregated {
            let (groups, grouping) = self.groups(&select.group_by, &items, &scope, names)?;
            sets = grouping;
            aggregation = Some(Aggregation::new(groups));
        }
        let windows = Windows::new(&select.named_window);
        let env = |clause: &'static str| Env {
            scope: &scope,
            names,
            clause,
            aggregation: aggregation.as_ref(),
            windows: Some(&windows),
        };

        let mut outputs: Vec<Field> = Vec::new();
        let mut projection: Vec<Expr> = Vec::new();
        let mut values: Vec<Typed> = Vec::new();
        for item in &items {
            let (name, label, value) = match item {
                Item::Field(field) => (
                    field.name.clone(),
                    field.label.clone(),
                    self.group_field(field, &env("SELECT"))?,
                ),
                Item::Expression(expr, alias) => {
                    let value = self.expression(expr, &env("SELECT"))?;
                    let label = match (alias, expr) {
                        (Some(alias), _) => Some(alias.value.clone()),
                        (None, ast::Expr::Identifier(ident)) => Some(ident.value.clone()),
                        (None, ast::Expr::CompoundIdentifier(parts)) => {
                            parts.last().map(|part| part.value.clone())
                        }
                        _ => None,
                    };
                    (label.as_ref().map(|l| l.to_lowercase()), label, value)
                }
            };
            let symbol = self.symbol(name.as_deref().unwrap_or("expr"));
            projection.push(value.expr.clone().alias(&symbol));
            let mut field = Field::computed(name, symbol, &value);
            field.label = label;
            outputs.push(field);
            values.push(value);
        }
        let having = match &select.having {
            Some(having) => {
                let env = Env {
                    windows: None,
                    ..env("HAVING clause")
                };
                Some(self.condition(having, &env, "HAVING clause")?)
            }
            None => None,
        };
        let distinct = match &select.distinct {
            None | Some(ast::Distinct::All) => false,
            Some(ast::Distinct::Distinct) => true,
            Some(ast::Distinct::On(_)) => return Err(Failure::unsupported("DISTINCT ON")),
        };
        let mut keys: Vec<SortExpr> = Vec::new();
        let mut hidden = false;
        for item in order_by {
            let key = self.order_key(item, &outputs, &values, &env("ORDER BY"))?;
            let value = match key {
                Key::Output(value) => value,
                Key::Other(value) => {
                    if distinct {
                        return Err(Failure::new(
                            ErrorCode::ExpressionNotInDistinct,
                            "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                        )
                        .at(item.span()));
                    }
                    let symbol = self.symbol("key");
                    let key = value.stored_as(&symbol);
                    projection.push(value.expr.alias(&symbol));
                    hidden = true;
                    key
                }
            };
            keys.push(self.sort_key(item, value)?);
        }

        if let Some(aggregation) = aggregation {
            plan = self.aggregate(plan, &fields, aggregation, sets)?;
        }
        if let Some(having) = having {
            plan = plan.filter(having)?;
        }
        plan = windows.apply(plan)?;
        plan = plan.project(projection)?;
        if distinct {
            for field in &outputs {
                if !field.ty.is_comparable() {
                    return Err(Failure::new(
                        ErrorCode::TypeMismatch,
                        format!(
                            "DISTINCT can only be applied to comparable types (actual: {})",
                            field.ty.in_messages()
                        ),
                    ));
                }
                self.groupable(&field.ty)?;
            }
            plan = plan.distinct()?;
        }
        if !keys.is_empty() {
            plan = plan.sort(keys)?;
        }
        Ok(Ordered {
            relation: Relation {
                plan: plan.build()?,
                fields: outputs,
            },
            hidden,
        })
    }

    fn items<'s>(&self, select: &'s ast::Select, fields: &[Field]) -> Result<Vec<Item<'s>>> {
        let mut items = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => items.push(Item::Expression(expr, None)),
                SelectItem::ExprWithAlias { expr, alias } => {
                    items.push(Item::Expression(expr, Some(alias)));
                }
                SelectItem::Wildcard(options) => {
                    plain_wildcard(options)?;
                    if select.from.is_empty() {
                        return Err(Failure::new(
                            ErrorCode::SyntaxError,
                            "SELECT * not allowed in queries without FROM clause",
                        )
                        .at(item.span()));
                    }
                    if select.select_token.0.span == options.wildcard_token.0.span {
                        self.name_all(fields)?;
                    }
                    let place = Place::from(options.wildcard_token.0.span);
                    Self::star(fields.iter(), place, &mut items)?;
                }
                SelectItem::QualifiedWildcard(
                    ast::SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) => {
                    plain_wildcard(options)?;
                    let place = Place::from(name.span());
                    let prefix: Vec<String> = sql::object_parts(name)?
                        .iter()
                        .map(|p| p.to_lowercase())
                        .collect();
                    let mut hits = fields
                        .iter()
                        .filter(|field| field.relation.ends_with(&prefix))
                        .peekable();
                    if hits.peek().is_none() {
                        return Err(Failure::new(
                            ErrorCode::TableNotFound,
                            format!("Unable to resolve reference {}", prefix.join(".")),
                        )
                        .at(place));
                    }
                    Self::star(hits, place, &mut items)?;
                }
                _ => return Err(Failure::unsupported("This form of select item")),
            }
        }
        Ok(items)
    }

    /// `TABLE t` is read as a `SELECT * FROM t` that all stands at one place. In Trino it names every column,
    /// those too that `*` would leave out.
    fn name_all(&self, fields: &[Field]) -> Result<()> {
        for (table, column) in fields.iter().filter_map(|field| field.origin.as_ref()) {
            self.reads.borrow_mut().column(table, column);
        }
        if fields.iter().any(|field| field.visible) {
            return Ok(());
        }
        self.check_access()
    }

    /// What the caller may see of the columns. Nothing at all is Trino's "not found or not allowed".
    fn star<'f>(
        fields: impl Iterator<Item = &'f Field>,
        place: Place,
        items: &mut Vec<Item<'_>>,
    ) -> Result<()> {
        let before = items.len();
        items.extend(
            fields
                .filter(|field| field.visible)
                .map(|field| Item::Field(Box::new(field.clone()))),
        );
        if items.len() == before {
            return Err(Failure::new(
                ErrorCode::TableNotFound,
                "Relation not found or not allowed",
            )
            .at(place));
        }
        Ok(())
    }

    /// GROUP BY: each key, and which sets of them where there is more than one.
    fn groups(
        &self,
        group_by: &GroupByExpr,
        items: &[Item<'_>],
        scope: &Scope<'_>,
        names: &Names<'_>,
    ) -> Result<(Vec<Group>, Option<GroupingSets>)> {
        let GroupByExpr::Expressions(list, modifiers) = group_by else {
            return Err(Failure::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(Failure::unsupported("GROUP BY ... WITH"));
        }
        let groups: RefCell<Vec<Group>> = RefCell::default();
        let env = Env::plain(scope, names, "GROUP BY clause");
        let key = |expr: &ast::Expr| -> Result<usize> {
            let value = match ordinal_number(expr) {
                Some(n) => match n.checked_sub(1).and_then(|i| items.get(i)) {
                    Some(Item::Field(field)) => self.field_expr(field, 0)?,
                    Some(Item::Expression(expr, _)) => self.expression(expr, &env)?,
                    None => {
                        return Err(Failure::new(
                            ErrorCode::InvalidColumnReference,
                            format!("GROUP BY position {n} is not in select list"),
                        )
                        .at(expr.span()));
                    }
                },
                None => self.expression(expr, &env)?,
            };
            if !value.ty.is_comparable() {
                return Err(Failure::new(
                    ErrorCode::TypeMismatch,
                    format!(
                        "{} is not comparable, and therefore cannot be used in GROUP BY",
                        value.ty.in_messages()
                    ),
                )
                .at(expr.span()));
            }
            self.groupable(&value.ty)?;
            let mut groups = groups.borrow_mut();
            if let Some(i) = groups.iter().position(|group| group.value == value) {
                return Ok(i);
            }
            let symbol = self.symbol("group");
            groups.push(Group { value, symbol });
            Ok(groups.len() - 1)
        };
        let keys = |exprs: &[ast::Expr]| exprs.iter().map(&key).collect::<Result<Vec<usize>>>();
        // Each element is a list of sets; the whole is their cross product, as the standard says.
        let mut product: Vec<Vec<usize>> = vec![Vec::new()];
        let mut plain_only = true;
        for element in list {
            let sets: Vec<Vec<usize>> = match element {
                ast::Expr::GroupingSets(sets) => {
                    sets.iter().map(|set| keys(set)).collect::<Result<_>>()?
                }
                ast::Expr::Rollup(parts) => {
                    let parts = parts.iter().map(|p| keys(p)).collect::<Result<Vec<_>>>()?;
                    (0..=parts.len())
                        .rev()
                        .map(|n| parts.iter().take(n).flatten().copied().collect())
                        .collect()
                }
                ast::Expr::Cube(parts) => {
                    let parts = parts.iter().map(|p| keys(p)).collect::<Result<Vec<_>>>()?;
                    if parts.len() > 10 {
                        return Err(Failure::unsupported("CUBE of more than 10 columns"));
                    }
                    (0..1_usize << parts.len())
                        .rev()
                        .map(|bits| {
                            parts
                                .iter()
                                .enumerate()
                                .filter(|(i, _)| bits >> (parts.len() - 1 - i) & 1 == 1)
                                .flat_map(|(_, part)| part.clone())
                                .collect()
                        })
                        .collect()
                }
                ast::Expr::Tuple(exprs) => {
                    for key in keys(exprs)? {
                        for set in &mut product {
                            set.push(key);
                        }
                    }
                    continue;
                }
                expr => {
                    let key = key(expr)?;
                    for set in &mut product {
                        set.push(key);
                    }
                    continue;
                }
            };
            plain_only = false;
            product = product
                .iter()
                .flat_map(|set| {
                    sets.iter()
                        .map(|more| set.iter().chain(more).copied().collect::<Vec<_>>())
                })
                .collect();
        }
        for set in &mut product {
            set.sort_unstable();
            set.dedup();
        }
        Ok((groups.into_inner(), (!plain_only).then_some(product)))
    }

    /// Puts the aggregation on the plan: keys get columns of their own first.
    fn aggregate(
        &self,
        plan: LogicalPlanBuilder,
        fields: &[Field],
        aggregation: Aggregation,
        sets: Option<Vec<Vec<usize>>>,
    ) -> Result<LogicalPlanBuilder> {
        let mut projection: Vec<Expr> = fields
            .iter()
            .filter(|field| field.readable)
            .map(|field| Expr::Column(Column::new_unqualified(&field.symbol)))
            .collect();
        let (groups, collected) = aggregation.into_parts();
        let columns: Vec<Expr> = groups
            .iter()
            .map(|g| Expr::Column(Column::new_unqualified(&g.symbol)))
            .collect();
        projection.extend(
            groups
                .into_iter()
                .map(|group| group.value.expr.alias(&group.symbol)),
        );
        let plan = plan.project(projection)?;
        let group_exprs = match sets {
            None => columns,
            Some(sets) => vec![Expr::GroupingSet(GroupingSet::GroupingSets(
                sets.into_iter()
                    .map(|set| {
                        set.into_iter()
                            .filter_map(|i| columns.get(i).cloned())
                            .collect()
                    })
                    .collect(),
            ))],
        };
        Ok(plan.aggregate(group_exprs, collected)?)
    }

    fn order_key(
        &self,
        item: &ast::OrderByExpr,
        outputs: &[Field],
        values: &[Typed],
        env: &Env<'_>,
    ) -> Result<Key> {
        let output = |field: &Field| Key::Output(field.value());
        if let Some(field) = super::query::ordinal(&item.expr, outputs)? {
            return Ok(output(field));
        }
        if let ast::Expr::Identifier(ident) = &item.expr {
            let name = lower(std::slice::from_ref(ident));
            let mut hits = outputs
                .iter()
                .zip(values)
                .filter(|(field, _)| field.name.as_ref() == name.first());
            if let Some((field, value)) = hits.next() {
                // The same column twice under one name is no ambiguity.
                if hits.any(|(_, other)| other.expr != value.expr) {
                    return Err(Failure::new(
                        ErrorCode::AmbiguousName,
                        format!("Column '{}' is ambiguous", name.join(".")),
                    )
                    .at(ident.span));
                }
                return Ok(output(field));
            }
        }
        if refers_to_output(&item.expr, outputs, env.scope) {
            return Err(Failure::unsupported(
                "An ORDER BY expression over a column alias of the select list",
            ));
        }
        let value = self.expression(&item.expr, env)?;
        match values
            .iter()
            .position(|other| *other == value)
            .and_then(|i| outputs.get(i))
        {
            Some(field) => Ok(output(field)),
            None => Ok(Key::Other(value)),
        }
    }
}

enum Key {
    Output(Typed),
    Other(Typed),
}

/// Whether an expression within ORDER BY names an alias that shadows, or stands in for, a source column.
fn refers_to_output(expr: &ast::Expr, outputs: &[Field], scope: &Scope<'_>) -> bool {
    let mut found = false;
    let _ = ast::visit_expressions(expr, |expr| {
        if let ast::Expr::Identifier(ident) = expr {
            let name = ident.value.to_lowercase();
            let alias = outputs
                .iter()
                .any(|field| field.name.as_ref() == Some(&name));
            let source = scope
                .fields
                .iter()
                .any(|field| field.name.as_ref() == Some(&name));
            // A select item that merely repeats the source's column means the same either way; only the
            // source's own name can be bound, so an alias without one is refused too.
            found |= alias && !source;
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    found
}

fn plain_wildcard(options: &ast::WildcardAdditionalOptions) -> Result<()> {
    let ast::WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike: None,
        opt_exclude: None,
        opt_except: None,
        opt_replace: None,
        opt_rename: None,
        opt_alias: None,
    } = options
    else {
        return Err(Failure::unsupported("An option of `*`"));
    };
    Ok(())
}

/// Refuses every clause that Trino's SELECT does not have.
fn plain(select: &ast::Select) -> Result<()> {
    let ast::Select {
        select_token: _,
        optimizer_hints,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window: _,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let extra = !optimizer_hints.is_empty()
        || select_modifiers.is_some()
        || top.is_some()
        || exclude.is_some()
        || into.is_some()
        || !lateral_views.is_empty()
        || prewhere.is_some()
        || !connect_by.is_empty()
        || !cluster_by.is_empty()
        || !distribute_by.is_empty()
        || !sort_by.is_empty()
        || qualify.is_some()
        || value_table_mode.is_some()
        || !matches!(flavor, ast::SelectFlavor::Standard);
    if extra {
        return Err(Failure::unsupported("A clause of this SELECT"));
    }
    if projection.is_empty() {
        return Err(Failure::new(
            ErrorCode::SyntaxError,
            "the select list is empty",
        ));
    }
    Ok(())
}
