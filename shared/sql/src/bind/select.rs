//! `SELECT`.

use sqlparser::ast::{
    Distinct, Expr as Tree, Ident, ObjectName, Select as SelectTree, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned, WildcardAdditionalOptions,
};
use sqlparser::tokenizer::Span;

use super::Binder;
use super::names::{Field, ScopeId, is_named};
use super::query::Tail;
use crate::bound::{
    About, Column, ColumnId, Expr, ExprKind, Known, Relation, RelationId, RelationKind, Select,
    TextRange, Value,
};
use crate::types::Type;

/// The columns of a SELECT while they are collected.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// Name and value of each.
    pub(super) columns: Vec<(Option<String>, Expr)>,
    /// The incomplete relations that a `*` takes columns from.
    pub(super) stars: Vec<RelationId>,
    /// How many columns stand before the first such `*`.
    before_star: usize,
    /// The first column behind the last such `*`.
    after_star: usize,
}

impl<'b> Binder<'b> {
    /// A SELECT with what stands behind it.
    pub(super) fn select(
        &mut self,
        select: &SelectTree,
        tail: &Tail<'_>,
        parent: Option<ScopeId>,
    ) -> RelationId {
        let at = self.source.range(select.span());
        let around = std::mem::take(&mut self.samples);
        let shape = self.from(&select.from, parent);
        let samples = std::mem::replace(&mut self.samples, around);
        let from = shape.relation;
        let scope = self.names.open(vec![shape], parent);
        self.named_windows(&select.named_window, scope);
        let filter = select.selection.as_ref().map(|filter| {
            let filter = self.expression(filter, scope);
            self.no_aggregates(&filter, "WHERE clause");
            self.must_be_boolean(&filter, "WHERE clause");
            filter
        });
        let distinct = matches!(select.distinct, Some(Distinct::Distinct));
        let outputs = self.outputs(select, scope, distinct);
        let group = self.group(select, &outputs, scope);
        let having = select.having.as_ref().map(|having| {
            let having = self.expression(having, scope);
            self.no_windows(&having);
            self.must_be_boolean(&having, "HAVING clause");
            having
        });
        let id = self.push(Relation {
            kind: RelationKind::Select(Box::new(Select {
                from,
                samples,
                filter,
                group,
                having,
                distinct,
                order: Vec::new(),
                limit: None,
            })),
            columns: outputs.columns.iter().map(output_column).collect(),
            complete: outputs.stars.is_empty(),
            at,
        });
        if !outputs.stars.is_empty() {
            self.names.stars.insert(id, outputs.stars.clone());
            self.names.before_star.insert(id, outputs.before_star);
            let behind = outputs.after_star..outputs.columns.len();
            self.names.after_star.insert(id, behind);
        }
        let order = self.order(tail.order, id, scope);
        let limit = self.limit(tail, scope);
        if distinct {
            self.check_distinct_order(&order, &outputs, id);
        }
        if let Some(relation) = self.bound.relations.get_mut(id.0)
            && let RelationKind::Select(select) = &mut relation.kind
        {
            select.order = order;
            select.limit = limit;
        }
        self.check_aggregation(id, &outputs);
        self.check_windows(id, &outputs);
        self.names.windows.pop();
        id
    }

    fn outputs(&mut self, select: &SelectTree, scope: ScopeId, distinct: bool) -> Outputs {
        let mut outputs = Outputs::default();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let value = self.expression(expr, scope);
                    outputs.columns.push((own_name(expr), value));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let value = self.expression(expr, scope);
                    outputs
                        .columns
                        .push((Some(alias.value.to_lowercase()), value));
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    self.all_fields(expr, aliases, scope, &mut outputs);
                }
                SelectItem::Wildcard(_) => {
                    let at = self.source.range(item.span());
                    self.star(select.from.is_empty(), scope, &at, &mut outputs);
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let aliases = self.star_columns(options);
                    match kind {
                        SelectItemQualifiedWildcardKind::ObjectName(name) => {
                            self.table_star(name, aliases, scope, &mut outputs);
                        }
                        SelectItemQualifiedWildcardKind::Expr(expr) => {
                            self.all_fields(expr, aliases, scope, &mut outputs);
                        }
                    }
                }
            }
            if distinct
                && let Some((_, value)) = outputs.columns.last()
                && let Known::Known(ty) = &value.ty
                && !ty.is_comparable()
            {
                let message = format!(
                    "DISTINCT can only be applied to comparable types (actual: {}): {}",
                    ty.in_messages(),
                    self.source.text(&value.at)
                );
                let at = value.at.clone();
                self.problem("TYPE_MISMATCH", message, &at);
            }
        }
        outputs
    }

    /// `*`
    fn star(&mut self, without_from: bool, scope: ScopeId, at: &TextRange, outputs: &mut Outputs) {
        let Some(found) = self.names.scope(scope) else {
            return;
        };
        let columns: Vec<Field> = found
            .fields
            .iter()
            .filter(|field| !field.hidden)
            .cloned()
            .collect();
        let open: Vec<RelationId> = found.open.iter().map(|open| open.relation).collect();
        if columns.is_empty() && open.is_empty() {
            let message = if without_from {
                "SELECT * not allowed in queries without FROM clause"
            } else {
                "SELECT * not allowed from relation that has no columns"
            };
            self.problem("COLUMN_NOT_FOUND", message, at);
        }
        self.add_star(columns, open, at, outputs);
    }

    fn add_star(
        &mut self,
        columns: Vec<Field>,
        open: Vec<RelationId>,
        at: &TextRange,
        outputs: &mut Outputs,
    ) {
        if outputs.stars.is_empty() && !open.is_empty() {
            outputs.before_star = outputs.columns.len();
        }
        let is_open = !open.is_empty();
        outputs.stars.extend(open);
        for field in columns {
            let value = Expr {
                kind: ExprKind::Column(field.column),
                ty: self.type_of(field.column),
                at: at.clone(),
            };
            outputs.columns.push((field.name, value));
        }
        if is_open {
            outputs.after_star = outputs.columns.len();
        }
    }

    /// The names behind a star. For `(row).*` sqlparser gives the place of the dot.
    fn star_columns(&self, options: &WildcardAdditionalOptions) -> &'b [Ident] {
        let token = &options.wildcard_token.0;
        let extras = self.extras;
        let found = extras.star_columns.range(token.span.start..).next();
        let Some((star, names)) = found else {
            return &[];
        };
        let between = self.source.range(Span::new(token.span.start, *star));
        match self.source.text(&between).trim() {
            "" | "." => names,
            _ => &[],
        }
    }

    /// `t.*`, or `column.*` of a row.
    fn table_star(
        &mut self,
        name: &ObjectName,
        aliases: &[Ident],
        scope: ScopeId,
        outputs: &mut Outputs,
    ) {
        let at = self.source.range(name.span());
        let idents: Vec<Ident> = name
            .0
            .iter()
            .filter_map(|part| part.as_ident().cloned())
            .collect();
        let parts: Vec<String> = idents
            .iter()
            .map(|ident| ident.value.to_lowercase())
            .collect();
        for scope in self.names.chain(scope) {
            let Some(found) = self.names.scope(scope) else {
                continue;
            };
            let named = found
                .tables
                .iter()
                .any(|table| is_named(Some(table), &parts));
            if !named {
                continue;
            }
            let columns: Vec<Field> = found
                .fields
                .iter()
                .filter(|field| !field.hidden && is_named(field.table.as_ref(), &parts))
                .cloned()
                .collect();
            let open = found.open_as(&parts);
            if columns.is_empty() && open.is_empty() {
                let message = "SELECT * not allowed from relation that has no columns";
                self.problem("COLUMN_NOT_FOUND", message, &at);
            }
            if !aliases.is_empty() && open.is_empty() && aliases.len() != columns.len() {
                self.wrong_aliases(aliases.len(), columns.len(), &at);
            }
            if let Some(relation) = open.first()
                && !aliases.is_empty()
            {
                add_unknown(aliases, *relation, &at, outputs);
                return;
            }
            let first = outputs.columns.len();
            self.add_star(columns, open, &at, outputs);
            for (output, alias) in outputs.columns.iter_mut().skip(first).zip(aliases) {
                output.0 = Some(alias.value.to_lowercase());
            }
            return;
        }
        let before = self.bound.problems.len();
        let tree = match idents.as_slice() {
            [only] => Tree::Identifier(only.clone()),
            _ => Tree::CompoundIdentifier(idents),
        };
        let row = self.expression(&tree, scope);
        if self.bound.problems.len() > before {
            // It is neither: Trino says so of the relation.
            self.bound.problems.truncate(before);
            let message = format!("Unable to resolve reference {}", parts.join("."));
            self.problem_about("TABLE_NOT_FOUND", message, &at, About::Table(parts));
        }
        self.add_fields(row, aliases, outputs);
    }

    fn wrong_aliases(&mut self, given: usize, wanted: usize, at: &TextRange) {
        let message =
            format!("Column alias list has {given} entries but relation has {wanted} columns");
        self.problem("MISMATCHED_COLUMN_ALIASES", message, at);
    }

    /// `(row).*`
    fn all_fields(
        &mut self,
        expr: &Tree,
        aliases: &[Ident],
        scope: ScopeId,
        outputs: &mut Outputs,
    ) {
        let row = self.expression(expr, scope);
        self.add_fields(row, aliases, outputs);
    }

    fn add_fields(&mut self, row: Expr, aliases: &[Ident], outputs: &mut Outputs) {
        let at = row.at.clone();
        match &row.ty {
            Known::Known(Type::Row(_)) => {
                let fields = fields(&row);
                if !aliases.is_empty() && aliases.len() != fields.len() {
                    self.wrong_aliases(aliases.len(), fields.len(), &at);
                }
                for (index, (name, value)) in fields.into_iter().enumerate() {
                    let alias = aliases.get(index).map(|alias| alias.value.to_lowercase());
                    outputs.columns.push((alias.or(name), value));
                }
            }
            Known::Known(_) => {
                let message = "expected expression of type Row";
                self.problem_about("TYPE_MISMATCH", message, &at, About::Types);
            }
            Known::Unknown => {
                for alias in aliases {
                    let value = Expr {
                        kind: ExprKind::Opaque {
                            what: "field".to_owned(),
                            operands: vec![row.clone()],
                        },
                        ty: Known::Unknown,
                        at: at.clone(),
                    };
                    outputs
                        .columns
                        .push((Some(alias.value.to_lowercase()), value));
                }
                if aliases.is_empty() {
                    // How many fields there are is not known; all of them come from this.
                    let relation = self.push(Relation {
                        kind: RelationKind::Opaque {
                            what: "row.*".to_owned(),
                            inputs: Vec::new(),
                            arguments: vec![row],
                            detail: String::new(),
                        },
                        columns: Vec::new(),
                        complete: false,
                        at: at.clone(),
                    });
                    self.add_star(Vec::new(), vec![relation], &at, outputs);
                }
            }
        }
    }
}

/// The fields of a value whose type is a row, with their names; none of any other value.
pub(super) fn fields(row: &Expr) -> Vec<(Option<String>, Expr)> {
    let Known::Known(Type::Row(fields)) = &row.ty else {
        return Vec::new();
    };
    let of_index = |(index, (name, ty)): (usize, &(Option<String>, Type))| {
        let folded = name.as_ref().map(|name| name.to_lowercase());
        let value = Expr {
            kind: ExprKind::Field {
                of: Box::new(row.clone()),
                name: folded.clone().unwrap_or_else(|| (index + 1).to_string()),
            },
            ty: Known::Known(ty.clone()),
            at: row.at.clone(),
        };
        (folded, value)
    };
    fields.iter().enumerate().map(of_index).collect()
}

/// `t.* AS (a, b)` over a table whose columns are not known: two of them, whichever.
fn add_unknown(aliases: &[Ident], of: RelationId, at: &TextRange, outputs: &mut Outputs) {
    for alias in aliases {
        let name = alias.value.to_lowercase();
        let value = Expr {
            kind: ExprKind::OneOf {
                name: "*".to_owned(),
                among: vec![of],
            },
            ty: Known::Unknown,
            at: at.clone(),
        };
        outputs.columns.push((Some(name), value));
    }
}

fn output_column((name, value): &(Option<String>, Expr)) -> Column {
    Column {
        name: name.clone(),
        ty: value.ty.clone(),
        at: value.at.clone(),
        value: match &value.kind {
            ExprKind::Column(column) => Value::Passed(*column),
            _ => Value::Computed(Box::new(value.clone())),
        },
        hidden: false,
    }
}

/// What Trino calls a select item without an alias: the name that it is, or nothing.
fn own_name(expr: &Tree) -> Option<String> {
    match expr {
        Tree::Identifier(name) => Some(name.value.to_lowercase()),
        Tree::CompoundIdentifier(names) => names.last().map(|name| name.value.to_lowercase()),
        Tree::Nested(inner) => own_name(inner),
        Tree::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(sqlparser::ast::AccessExpr::Dot(Tree::Identifier(name))) => {
                Some(name.value.to_lowercase())
            }
            _ => None,
        },
        _ => None,
    }
}

impl Outputs {
    /// The column with a number from 1.
    pub(super) fn at(&self, number: usize) -> Option<&Expr> {
        let (_, value) = self.columns.get(number.checked_sub(1)?)?;
        Some(value)
    }

    /// The value of a column.
    pub(super) fn value(&self, column: ColumnId, select: RelationId) -> Option<&Expr> {
        if column.relation != select {
            return None;
        }
        self.columns.get(column.column).map(|(_, value)| value)
    }
}
