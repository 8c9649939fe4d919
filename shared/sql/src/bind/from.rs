//! FROM: tables, queries of WITH, derived tables, table functions.

use std::rc::Rc;

use sqlparser::ast::{
    Expr as Tree, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, Spanned,
    TableFactor, TableSampleKind, TableWithJoins,
};

use super::Binder;
use super::names::{ScopeId, Shape};
use super::schema::Others;
use crate::bound::{
    About, Column, Expr, ExprKind, JoinKind, Known, Relation, RelationId, RelationKind, Table,
    TextRange, Value,
};
use crate::types::Type;

impl Binder<'_> {
    /// FROM. Without one: one row without columns.
    pub(super) fn from(&mut self, from: &[TableWithJoins], parent: Option<ScopeId>) -> Shape {
        let mut shape: Option<Shape> = None;
        for item in from {
            shape = Some(match shape {
                None => self.joins(item, parent, None),
                Some(mut left) => {
                    // A comma is a cross join. What is joined to something else is not lateral to it.
                    let right = if item.joins.is_empty() {
                        self.right_side(&mut left, &item.relation, parent)
                    } else {
                        self.joins(item, parent, None)
                    };
                    self.join(left, right, JoinKind::Cross, None, Vec::new())
                }
            });
        }
        match shape {
            Some(shape) => shape,
            None => {
                let relation = self.push(Relation {
                    kind: RelationKind::OneRow,
                    columns: Vec::new(),
                    complete: true,
                    at: 0..0,
                });
                self.shape(relation, None)
            }
        }
    }

    /// One item of FROM. What stands to its left is in reach of what is lateral in it.
    pub(super) fn joins(
        &mut self,
        item: &TableWithJoins,
        parent: Option<ScopeId>,
        left: Option<ScopeId>,
    ) -> Shape {
        let mut shape = self.factor(&item.relation, parent, left);
        for join in &item.joins {
            shape = self.joined(shape, join, parent);
        }
        shape
    }

    /// A table, a subquery, UNNEST, a table function, a join in parentheses.
    pub(super) fn factor(
        &mut self,
        factor: &TableFactor,
        parent: Option<ScopeId>,
        left: Option<ScopeId>,
    ) -> Shape {
        let at = self.source.range(factor.span());
        match factor {
            TableFactor::Table {
                name,
                alias,
                sample,
                ..
            } => {
                self.note_sample(sample.as_ref(), &self.source.range(name.span()));
                self.named(name, alias.as_ref(), &at)
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                self.note_sample(sample.as_ref(), &self.source.range(subquery.span()));
                let around = if *lateral { left.or(parent) } else { parent };
                let relation = self.query(subquery, around);
                self.aliased(relation, None, alias.as_ref(), &at)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                let shape = self.deeper(
                    &at,
                    |binder| {
                        let nothing = binder.nothing(&at);
                        binder.shape(nothing, None)
                    },
                    |binder| binder.joins(table_with_joins, parent, left),
                );
                match alias {
                    None => shape,
                    Some(alias) => self.aliased(shape.relation, None, Some(alias), &at),
                }
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_ordinality,
                ..
            } => {
                let scope = self.lateral_scope(left, parent);
                self.unnest(array_exprs, *with_ordinality, alias.as_ref(), scope, &at)
            }
            TableFactor::TableFunction {
                expr: Tree::Function(function),
                alias,
            } => {
                let scope = self.lateral_scope(left, parent);
                let relation = self.table_function(function, scope, &at);
                self.aliased(relation, None, alias.as_ref(), &at)
            }
            TableFactor::MatchRecognize { .. } => self.match_recognize(factor, parent, left, &at),
            _ => {
                let relation = self.nothing(&at);
                self.shape(relation, None)
            }
        }
    }

    /// Notes that only some rows of a table or query are read.
    fn note_sample(&mut self, sample: Option<&TableSampleKind>, of: &TextRange) {
        if sample.is_none() {
            return;
        }
        let Some(word) = self.source.next_word(of, "TABLESAMPLE") else {
            return;
        };
        let how = self
            .source
            .with_words_behind(&word, &["BERNOULLI", "SYSTEM"]);
        let how = self.source.spelled(&self.source.with_group_behind(&how));
        let of = self.source.spelled(of);
        self.samples.push(format!("{of} {how}"));
    }

    /// The scope of what is lateral: what stands to the left, if anything does.
    fn lateral_scope(&mut self, left: Option<ScopeId>, parent: Option<ScopeId>) -> ScopeId {
        match left {
            Some(left) => left,
            None => self.names.open(Vec::new(), parent),
        }
    }

    /// A name in FROM: a query of WITH, or a table.
    fn named(
        &mut self,
        name: &ObjectName,
        alias: Option<&sqlparser::ast::TableAlias>,
        at: &TextRange,
    ) -> Shape {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .map(|part| part.value.to_lowercase())
            .collect();
        let name_at = self.source.range(name.span());
        if let [only] = parts.as_slice() {
            let found = self
                .names
                .queries
                .iter()
                .rev()
                .find(|query| query.name == *only)
                .map(|query| (query.relation, query.columns.clone(), query.recursive));
            if let Some((relation, columns, _)) = found {
                let mention = self.mention(relation, only, columns.as_deref(), alias.is_some(), at);
                let table: Rc<[String]> = Rc::from([only.clone()]);
                return match alias {
                    None => self.shape(mention, Some(table)),
                    Some(_) => self.aliased(mention, None, alias, at),
                };
            }
        }
        let travels = &self.extras.time_travel;
        let version = travels
            .get(&name.span().start)
            .map(|travel| &travel.expression);
        let shape = self.table(&parts, &name_at, version);
        let table = shape.tables.first().cloned();
        self.aliased(shape.relation, table, alias, at)
    }

    /// A mention of a query of WITH.
    fn mention(
        &mut self,
        of: RelationId,
        name: &str,
        columns: Option<&[String]>,
        is_aliased: bool,
        at: &TextRange,
    ) -> RelationId {
        if is_aliased && columns.is_none() {
            return of;
        }
        self.alias(of, name, columns.unwrap_or_default(), at)
    }

    /// A table outside the statement.
    pub(super) fn table(
        &mut self,
        parts: &[String],
        at: &TextRange,
        version: Option<&Tree>,
    ) -> Shape {
        let (name, known, listed) = self.look_up(parts, at);
        let version = version.map(|version| {
            let scope = self.names.open(Vec::new(), None);
            Box::new(self.expression(version, scope))
        });
        let path: Rc<[String]> = match &name {
            Some(name) => Rc::from([
                name.catalog.clone(),
                name.schema.clone(),
                name.table.clone(),
            ]),
            None => Rc::from(parts),
        };
        let complete = listed.is_some();
        let keys = name.as_ref().map(|name| self.schema.keys(name).to_vec());
        let columns = listed.unwrap_or_default();
        let columns = columns
            .into_iter()
            .map(|column| Column {
                name: Some(column.name),
                ty: column.ty,
                value: Value::Stored,
                at: at.clone(),
                hidden: column.hidden,
            })
            .collect();
        let relation = self.push(Relation {
            kind: RelationKind::Table(Table {
                written: parts.to_vec(),
                name,
                known,
                version,
                branch: None,
                keys: keys.unwrap_or_default(),
                at: at.clone(),
            }),
            columns,
            complete,
            at: at.clone(),
        });
        self.shape(relation, Some(path))
    }

    /// A table's full name, whether it is known, and its columns if they are.
    pub(super) fn look_up(
        &mut self,
        parts: &[String],
        at: &TextRange,
    ) -> (
        Option<townlake_core::names::TableRef>,
        bool,
        Option<Vec<super::SchemaColumn>>,
    ) {
        let name = self.full_name(parts);
        let strict = self.schema.others() == Others::Missing;
        let Some(full) = &name else {
            if strict {
                let (error, message) = if parts.len() == 1 && self.session.catalog.is_some() {
                    (
                        "MISSING_SCHEMA_NAME",
                        "Schema must be specified when session schema is not set",
                    )
                } else {
                    (
                        "MISSING_CATALOG_NAME",
                        "Catalog must be specified when session catalog is not set",
                    )
                };
                self.problem_about(error, message, at, About::Table(parts.to_vec()));
            }
            return (None, !strict, None);
        };
        if let Some(columns) = self.schema.columns(full) {
            return (name.clone(), true, Some(columns.to_vec()));
        }
        let exists = !strict
            || full.schema == "information_schema"
            || full.catalog == "system"
            || self.is_metadata_table(full);
        if !exists {
            let message = format!("Table '{full}' does not exist");
            self.problem_about("TABLE_NOT_FOUND", message, at, About::Table(parts.to_vec()));
        }
        (name, exists, None)
    }

    /// `t$snapshots` of a table that is known.
    fn is_metadata_table(&self, name: &townlake_core::names::TableRef) -> bool {
        let Some((base, _)) = name.table.rsplit_once('$') else {
            return false;
        };
        let base = townlake_core::names::TableRef::new(&name.catalog, &name.schema, base);
        self.schema.columns(&base).is_some()
    }

    /// `TABLE(f(...))`.
    fn table_function(
        &mut self,
        function: &Function,
        scope: ScopeId,
        at: &TextRange,
    ) -> RelationId {
        let name = function.name.to_string().to_lowercase();
        let mut inputs = Vec::new();
        let mut arguments = Vec::new();
        let mut left_out = Vec::new();
        let list = match &function.args {
            FunctionArguments::List(list) => list.args.as_slice(),
            _ => &[],
        };
        for argument in list {
            let (FunctionArg::Named { arg, .. }
            | FunctionArg::ExprNamed { arg, .. }
            | FunctionArg::Unnamed(arg)) = argument;
            let FunctionArgExpr::Expr(expr) = arg else {
                continue;
            };
            match expr {
                Tree::Function(inner) if is_called(inner, "table") => {
                    inputs.extend(self.table_argument(inner, scope));
                }
                Tree::Function(inner) if is_called(inner, "descriptor") => {
                    left_out.extend(descriptor(inner));
                }
                expr => arguments.push(self.expression(expr, scope)),
            }
        }
        let columns = match name.as_str() {
            "json_table" => self.json_table_columns(function, &arguments),
            "sequence" | "system.builtin.sequence" => Some(vec![Column {
                name: Some("sequential_number".to_owned()),
                ty: Known::Known(Type::BigInt),
                value: opaque("sequence", &arguments, at),
                at: at.clone(),
                hidden: false,
            }]),
            "exclude_columns" | "system.builtin.exclude_columns" => match inputs.as_slice() {
                [input] if self.is_complete(*input) => {
                    let mut passed = self.passed(*input);
                    passed.retain(|column| {
                        column
                            .name
                            .as_ref()
                            .is_none_or(|name| !left_out.contains(name))
                    });
                    Some(passed)
                }
                _ => None,
            },
            _ => None,
        };
        let name_at = self.source.range(function.name.span());
        let detail = self.source.with_group_behind(&name_at);
        let detail = self.source.spelled(&detail);
        self.push(Relation {
            kind: RelationKind::Opaque {
                what: name,
                inputs,
                arguments,
                detail,
            },
            complete: columns.is_some(),
            columns: columns.unwrap_or_default(),
            at: at.clone(),
        })
    }

    /// `TABLE(orders)` and `TABLE(SELECT ...)` as an argument of a table function.
    fn table_argument(&mut self, function: &Function, scope: ScopeId) -> Option<RelationId> {
        let FunctionArguments::List(list) = &function.args else {
            return None;
        };
        let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) = list.args.first() else {
            return None;
        };
        let idents = match expr {
            Tree::Identifier(name) => std::slice::from_ref(name),
            Tree::CompoundIdentifier(names) => names.as_slice(),
            Tree::Subquery(query) => return Some(self.query(query, Some(scope))),
            _ => return None,
        };
        let name = ObjectName::from(idents.to_vec());
        let at = self.source.range(expr.span());
        let shape = self.named(&name, None, &at);
        // How the function's rows are put together, and in which order it gets them.
        if let Some(argument) = self.extras.table_arguments.get(&function.name.span().start) {
            let inner = self.names.open(vec![shape.clone()], None);
            for expr in argument.partition_by.iter().flatten() {
                self.expression(expr, inner);
            }
            for item in &argument.order_by {
                self.expression(&item.expr, inner);
            }
        }
        Some(shape.relation)
    }

    fn json_table_columns(
        &mut self,
        function: &Function,
        arguments: &[Expr],
    ) -> Option<Vec<Column>> {
        let table = self.extras.json_tables.get(&function.name.span().start)?;
        let columns = table
            .columns
            .iter()
            .map(|column| {
                let at = self.source.range(column.name.span);
                let ty = match &column.data_type {
                    None => Known::Known(Type::BigInt),
                    Some(ty) => super::typing::written(&ty.to_string()),
                };
                Column {
                    name: Some(column.name.value.to_lowercase()),
                    ty,
                    value: opaque("json_table", arguments, &at),
                    at,
                    hidden: false,
                }
            })
            .collect();
        Some(columns)
    }
}

fn opaque(what: &str, arguments: &[Expr], at: &TextRange) -> Value {
    Value::Computed(Box::new(Expr {
        kind: ExprKind::Opaque {
            what: what.to_owned(),
            operands: arguments.to_vec(),
        },
        ty: Known::Unknown,
        at: at.clone(),
    }))
}

fn is_called(function: &Function, name: &str) -> bool {
    function.name.to_string().eq_ignore_ascii_case(name)
}

/// The names in `DESCRIPTOR(a, b)`.
fn descriptor(function: &Function) -> Vec<String> {
    let FunctionArguments::List(list) = &function.args else {
        return Vec::new();
    };
    list.args
        .iter()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Tree::Identifier(name))) => {
                Some(name.value.to_lowercase())
            }
            _ => None,
        })
        .collect()
}
