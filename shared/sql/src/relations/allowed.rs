//! Which nodes of sqlparser's tree are Trino's and are followed. Structs are taken apart field by field, so that a
//! field of a later sqlparser fails to compile here rather than being skipped.

use sqlparser::ast::{
    Expr, GroupByExpr, Join, JoinConstraint, JoinOperator, LimitClause, OrderByKind, Query, Select,
    SelectFlavor, SelectItem, SetExpr, SetOperator, SetQuantifier, Spanned, TableFactor,
    TableSample, TableSampleKind, TableSampleMethod, TableSampleModifier, TableWithJoins, Values,
    WildcardAdditionalOptions,
};

use super::{not_understood, span};
use crate::error::ReadError;

/// Refuses with the place of a node.
macro_rules! refuse {
    ($what:expr, $node:expr) => {
        return Err(not_understood($what, span($node)))
    };
}

/// What is refused, with what to write instead.
pub(super) fn hinted(what: &str, hint: &'static str, node: &impl Spanned) -> ReadError {
    ReadError::NotUnderstood {
        what: what.to_owned(),
        hint: Some(hint),
        at: span(node),
    }
}

/// Refuses queries with clauses that Trino does not have.
pub(super) fn check_query(query: &Query) -> Result<(), ReadError> {
    let Query {
        with,
        body,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    if let Some(with) = with {
        for cte in &with.cte_tables {
            if cte.from.is_some() || cte.materialized.is_some() || cte.alias.at.is_some() {
                refuse!("this kind of WITH", cte);
            }
        }
    }
    if let Some(order_by) = order_by {
        if order_by.interpolate.is_some() {
            refuse!("INTERPOLATE", query);
        }
        match &order_by.kind {
            OrderByKind::Expressions(items)
                if items.iter().all(|item| item.with_fill.is_none()) => {}
            _ => refuse!("this kind of ORDER BY", query),
        }
    }
    match limit_clause {
        None => {}
        Some(LimitClause::LimitOffset { limit_by, .. }) if limit_by.is_empty() => {}
        Some(_) => refuse!("this kind of LIMIT", query),
    }
    if fetch.as_ref().is_some_and(|fetch| fetch.percent) {
        refuse!("FETCH with PERCENT", query);
    }
    let foreign = !locks.is_empty()
        || for_clause.is_some()
        || settings.is_some()
        || format_clause.is_some()
        || !pipe_operators.is_empty();
    if foreign {
        refuse!("a clause behind the query", query);
    }
    check_body(body)
}

/// A chain of set operations is as deep as it is long on its left side, so it is walked in a loop.
fn check_body(body: &SetExpr) -> Result<(), ReadError> {
    let mut open = vec![body];
    while let Some(body) = open.pop() {
        match body {
            // Both are visited by themselves.
            SetExpr::Select(_) | SetExpr::Query(_) => {}
            SetExpr::SetOperation {
                op: SetOperator::Minus,
                ..
            } => return Err(hinted("MINUS", "write EXCEPT", body)),
            SetExpr::SetOperation {
                set_quantifier:
                    SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName,
                right,
                ..
            } => return Err(hinted("BY NAME", "write CORRESPONDING", right.as_ref())),
            SetExpr::SetOperation { left, right, .. } => {
                open.extend([left.as_ref(), right.as_ref()])
            }
            SetExpr::Values(Values {
                explicit_row: false,
                value_keyword: false,
                rows: _,
            }) => {}
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                let hint = "put WITH behind INSERT INTO and the table";
                return Err(hinted("a change inside a query", hint, body));
            }
            _ => refuse!("this part of the query", body),
        }
    }
    Ok(())
}

/// Refuses SELECTs with clauses that Trino does not have.
pub(super) fn check_select(select: &Select) -> Result<(), ReadError> {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
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
    let foreign_clauses = [
        (
            matches!(distinct, Some(sqlparser::ast::Distinct::On(_))),
            "DISTINCT ON",
            "filter by row_number() in an outer query",
        ),
        (
            top.is_some(),
            "SELECT TOP",
            "write LIMIT at the end of the query",
        ),
        (
            into.is_some(),
            "SELECT INTO",
            "write CREATE TABLE ... AS and the query",
        ),
        (
            !lateral_views.is_empty(),
            "LATERAL VIEW",
            "write CROSS JOIN UNNEST(array) AS t (x)",
        ),
    ];
    if let Some(condition) = qualify {
        let hint = "filter by the window function in the WHERE of an outer query";
        return Err(hinted("QUALIFY", hint, condition));
    }
    for (is_there, what, hint) in foreign_clauses {
        if is_there {
            return Err(hinted(what, hint, select));
        }
    }
    let foreign = !optimizer_hints.is_empty()
        || select_modifiers.is_some()
        || exclude.is_some()
        || prewhere.is_some()
        || !connect_by.is_empty()
        || !cluster_by.is_empty()
        || !distribute_by.is_empty()
        || !sort_by.is_empty()
        || value_table_mode.is_some()
        || *flavor != SelectFlavor::Standard;
    if foreign {
        refuse!("a clause of this SELECT", select);
    }
    match group_by {
        GroupByExpr::Expressions(_, modifiers) if modifiers.is_empty() => {}
        GroupByExpr::All(_) => Err(hinted(
            "GROUP BY ALL",
            "write GROUP BY AUTO, or name the columns",
            select,
        ))?,
        _ => refuse!("this kind of GROUP BY", select),
    }
    projection.iter().try_for_each(check_item)?;
    from.iter().try_for_each(check_joins)
}

fn check_item(item: &SelectItem) -> Result<(), ReadError> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'') => {
            let hint = "quote names with double quotes";
            Err(hinted("a string as an alias", hint, item))
        }
        SelectItem::UnnamedExpr(_)
        | SelectItem::ExprWithAlias { .. }
        | SelectItem::ExprWithAliases { .. } => Ok(()),
        SelectItem::QualifiedWildcard(_, options) | SelectItem::Wildcard(options) => {
            let WildcardAdditionalOptions {
                wildcard_token: _,
                opt_ilike,
                opt_exclude,
                opt_except,
                opt_replace,
                opt_rename,
                opt_alias,
            } = options;
            let plain = opt_ilike.is_none()
                && opt_exclude.is_none()
                && opt_except.is_none()
                && opt_replace.is_none()
                && opt_rename.is_none()
                && opt_alias.is_none();
            if plain {
                Ok(())
            } else {
                refuse!("`*` with EXCEPT, REPLACE or the like", item)
            }
        }
    }
}

fn check_joins(tables: &TableWithJoins) -> Result<(), ReadError> {
    for Join {
        relation,
        global,
        join_operator,
    } in &tables.joins
    {
        let known = match join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint) => {
                if *constraint == JoinConstraint::None {
                    let hint = "write ON and a condition, or CROSS JOIN";
                    return Err(hinted("a JOIN without a condition", hint, relation));
                }
                true
            }
            JoinOperator::CrossJoin(constraint) => *constraint == JoinConstraint::None,
            _ => false,
        };
        let hint = match join_operator {
            JoinOperator::LeftSemi(_) | JoinOperator::Semi(_) => Some("write WHERE EXISTS"),
            JoinOperator::LeftAnti(_) | JoinOperator::Anti(_) => Some("write WHERE NOT EXISTS"),
            JoinOperator::CrossApply => Some("write CROSS JOIN LATERAL"),
            JoinOperator::OuterApply => Some("write LEFT JOIN LATERAL ... ON true"),
            _ => None,
        };
        if let Some(hint) = hint {
            return Err(hinted("this kind of join", hint, relation));
        }
        if !known || *global {
            refuse!("this kind of join", relation);
        }
    }
    Ok(())
}

/// Refuses what can stand in FROM but is not a table, a subquery, UNNEST, a table function or a join of these.
pub(super) fn check_factor(factor: &TableFactor) -> Result<(), ReadError> {
    let (alias, sample) = match factor {
        TableFactor::Table {
            name: _,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            if args.is_some() {
                return Err(ReadError::NotUnderstood {
                    what: "a function in FROM".to_owned(),
                    hint: Some("write `TABLE(function(...))`"),
                    at: span(factor),
                });
            }
            if version.is_some() {
                refuse!("time travel", factor);
            }
            let foreign = !with_hints.is_empty()
                || *with_ordinality
                || !partitions.is_empty()
                || json_path.is_some()
                || !index_hints.is_empty();
            if foreign {
                refuse!("what follows this table", factor);
            }
            (alias, sample.as_ref())
        }
        TableFactor::Derived {
            lateral: _,
            subquery: _,
            alias,
            sample,
        } => (alias, sample.as_ref()),
        TableFactor::TableFunction {
            expr: Expr::Function(_),
            alias,
        } => (alias, None),
        TableFactor::UNNEST {
            alias,
            array_exprs: _,
            with_offset: false,
            with_offset_alias: None,
            with_ordinality: _,
        } => (alias, None),
        TableFactor::MatchRecognize { alias, .. } => (alias, None),
        TableFactor::NestedJoin {
            table_with_joins,
            alias,
        } => {
            check_joins(table_with_joins)?;
            (alias, None)
        }
        TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => {
            return Err(hinted(
                "PIVOT",
                "write aggregates with FILTER (WHERE ...), or CROSS JOIN UNNEST",
                factor,
            ));
        }
        _ => refuse!("this in FROM", factor),
    };
    if alias.as_ref().is_some_and(|alias| alias.at.is_some()) {
        refuse!("AT behind an alias", factor);
    }
    match sample {
        None => Ok(()),
        Some(
            TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample),
        ) if is_plain_sample(sample) => Ok(()),
        Some(_) => Err(hinted(
            "this kind of TABLESAMPLE",
            "write TABLESAMPLE BERNOULLI (10)",
            factor,
        )),
    }
}

fn is_plain_sample(sample: &TableSample) -> bool {
    let TableSample {
        modifier,
        name,
        quantity,
        seed,
        bucket,
        offset,
    } = sample;
    matches!(modifier, TableSampleModifier::TableSample)
        && matches!(
            name,
            Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)
        )
        && quantity
            .as_ref()
            .is_some_and(|quantity| quantity.parenthesized && quantity.unit.is_none())
        && seed.is_none()
        && bucket.is_none()
        && offset.is_none()
}
